"""Percent-encoding, whose module takes long to load: few values need it."""


def quote(path: str) -> str:
    """Return a path as a part of a URL; what the file system has in the place of bytes that are not UTF-8, as these."""
    from urllib.parse import quote

    return quote(path, errors="surrogateescape")


def unquote(text: str) -> str:
    """Return a part of a URL as a path; bytes that are not UTF-8 as the file system has them."""
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text, errors="surrogateescape")

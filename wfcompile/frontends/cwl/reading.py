"""cwltool as a library: it reads, checks and upgrades documents; and reads, inside the fence only, what these name."""

from __future__ import annotations

import copy
import logging
import os.path
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml.comments import CommentedSeq
from schema_salad.exceptions import ValidationException
from schema_salad.fetcher import DefaultFetcher

from wfcompile.documents import Document, display_path, not_utf8
from wfcompile.errors import Diagnostic, Refused
from wfcompile.frontends.cwl.faults import KEEP_COPY, is_remote, loc_of, message, path_of, refused, shown
from wfcompile.frontends.cwl.fence import LEADS_OUT, NO_NETWORK, Fence
from wfcompile.loc import Loc

ORIGINAL_VERSION = "http://commonwl.org/cwltool#original_cwlVersion"
REQUIREMENTS = "https://w3id.org/cwl/cwl#requirements"
OVERRIDES = "http://commonwl.org/cwltool#overrides"
EXTENSIONS = "http://commonwl.org/cwltool"
SECONDS = 60.0  # to wait for an answer from the web
# said of files that a default names, of unknown hints, which we name ourselves, and of every ExpressionTool
_IDLE = ("undefined reference to", "previously defined")
_LOGGERS = ("cwltool", "salad", "rdflib", "rdflib.term")


class Reader:
    """Reads documents and job orders, and remembers the text of every file."""

    def __init__(self, fence: Fence) -> None:
        self.fence = fence
        self.texts: dict[Path, str] = {}
        self.remote: dict[str, str] = {}  # by address
        self.warnings: list[Diagnostic] = []

    def fetcher(self, cache: Any, session: Any) -> DefaultFetcher:
        """Return what cwltool reads documents with."""
        return _Fetcher(cache, session, self, self.fence)

    def process(self, document: Document, fragment: str, requirements: list[Any], overrides: list[Any]) -> Any:
        """Return a document's process with its steps; `requirements` are those of the job order."""
        from cwltool.context import LoadingContext
        from cwltool.load_tool import fetch_document, make_tool, resolve_and_validate_document

        constructing = _Constructing()
        context = LoadingContext(
            {
                "construct_tool_object": constructing.construct,
                "disable_js_validation": True,  # a linter, which would start a node for each expression
                "doc_cache": False,
                "fetcher_constructor": self.fetcher,
                "overrides_list": overrides,
            }
        )
        _choose_schema(str(document.data["cwlVersion"]), EXTENSIONS in document.text)
        path = Path(os.path.normpath(document.path.absolute()))
        with self.speaking(document.loc()):
            uri = path.as_uri() + (f"#{fragment}" if fragment else "")
            context, read, uri = fetch_document(uri, context)
            context, uri = resolve_and_validate_document(context, read, uri)
            if requirements:
                if (context.metadata or {}).get(ORIGINAL_VERSION) == "v1.0":
                    raise ValidationException("'cwl:requirements' in a job order needs cwlVersion v1.1 or later")
                target = _main(context, uri)
                context.overrides_list.append({"overrideTarget": target, "requirements": requirements})
            process = make_tool(uri, context)
            for port, type_ in reversed(constructing.types):
                port["type"] = type_
            return process

    def overrides(self, job_order: Any, path: Path, document: Path) -> list[Any]:
        """Return the `cwltool:overrides` of a job order, taken out of it."""
        from cwltool.load_tool import resolve_overrides

        found = resolve_overrides(job_order, path.absolute().as_uri(), document.absolute().as_uri())
        del job_order[OVERRIDES]
        return found

    def job_order(self, path: Path) -> Any:
        """Return a job order with its locations resolved against the place where it stands."""
        from cwltool.load_tool import jobloaderctx
        from schema_salad.ref_resolver import Loader

        fence = self.fence.around(path.parent)
        loader = Loader(
            dict(jobloaderctx),
            fetcher_constructor=lambda cache, session: _Fetcher(cache, session, self, fence),
            doc_cache=False,
        )
        with self.speaking(Loc(display_path(path), 1, 1)):
            try:
                return loader.resolve_ref(path.absolute().as_uri(), checklinks=False)[0]
            except StopIteration:  # an empty file
                return {}

    @contextmanager
    def speaking(self, fallback: Loc | None = None) -> Iterator[None]:
        """Keep cwltool's warnings for us, and turn its errors into one message."""
        heard = _Heard()
        loggers = [logging.getLogger(name) for name in _LOGGERS]
        before = [(logger.handlers, logger.propagate, logger.level) for logger in loggers]
        for logger in loggers:
            logger.handlers, logger.propagate = [heard], False
            logger.setLevel(logging.WARNING)
        try:
            yield
        except Refused:
            raise
        except Exception as error:  # cwltool lets many kinds out
            raise refused(error, self._every(), fallback) from None
        finally:
            for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
                logger.handlers, logger.propagate = handlers, propagate
                logger.setLevel(level)
            self.warnings += heard.diagnostics()
        _refuse_outside(heard.texts, self._every(), fallback)

    def _every(self) -> dict[str, str]:
        """Return every text by its file's path or address."""
        return {**{str(path): text for path, text in self.texts.items()}, **self.remote}


class _Constructing:
    """Makes processes as cwltool does, and refuses one that runs itself, which cwltool would make for ever.

    Keeps the types of what links begin at: where pickValue is, cwltool's check of links strikes out null.
    """

    def __init__(self) -> None:
        self.outer: list[Any] = []
        self.types: list[tuple[Any, Any]] = []

    def construct(self, process: Any, context: Any) -> Any:
        """Return the process that cwltool makes of what it has read."""
        from cwltool.workflow import default_make_tool

        self._check_nest(process)
        for port in (*process.get("inputs", ()), *process.get("outputs", ())):
            if isinstance(port.get("secondaryFiles"), Mapping):  # the check of links knows only lists
                port["secondaryFiles"] = CommentedSeq([port["secondaryFiles"]])
        if process["class"] == "Workflow":
            self.types += [(port, copy.deepcopy(port["type"])) for port in process["inputs"]]
        self.outer.append(process)
        try:
            made = default_make_tool(process, context)
        finally:
            self.outer.pop()
        self.types += [(port, copy.deepcopy(port["type"])) for port in made.tool["outputs"]]
        return made

    def _check_nest(self, process: Any) -> None:
        name = process.get("id")  # a process that stands in its step has none
        if name is None or name not in [outer.get("id") for outer in self.outer]:
            return
        step = next((step for step in self.outer[-1]["steps"] if step["run"] == name), None)
        file, hash_, fragment = name.partition("#")
        what = f"the step runs '{shown(file)}{hash_}{fragment}', which it is a part of"
        raise Refused(what, "a workflow cannot run itself", step and loc_of(step, "run"))


class _Fetcher(DefaultFetcher):
    """Reads what is inside the fence, and what cwltool brings itself."""

    def __init__(self, cache: Any, session: Any, reader: Reader, fence: Fence) -> None:
        super().__init__(cache, session)
        self.reader = reader
        self.fence = fence

    def fetch_text(self, url: str, content_types: list[str] | None = None) -> str:
        if isinstance(self.cache.get(url), str):
            return str(self.cache[url])
        if is_remote(url):
            text = self.reader.remote[url] = self._downloaded(url)
            return text
        if urlsplit(url).scheme == "file" and not self.fence.holds(path_of(url)):
            raise ValidationException(f"'{path_of(url)}' {LEADS_OUT}")
        try:
            text = super().fetch_text(url, content_types)
        except UnicodeDecodeError as error:
            raise not_utf8(error, shown(url)) from None
        self.reader.texts[path_of(url)] = text
        return text

    def _downloaded(self, url: str) -> str:
        from requests import RequestException

        if not self.fence.remote or self.session is None:
            raise ValidationException(f"'{url}' {NO_NETWORK}")
        try:
            reply = self.session.get(url, timeout=SECONDS)
            reply.raise_for_status()
            return reply.content.decode("utf-8")
        except (RequestException, UnicodeDecodeError) as error:
            raise ValidationException(f"'{url}' cannot be fetched: {error}") from None

    def check_exists(self, url: str) -> bool:
        if is_remote(url):
            return self.fence.remote or url in self.cache  # what is not there is told when it is fetched
        return bool(super().check_exists(url))


class _Heard(logging.Handler):
    """Keeps the texts of warnings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())

    def diagnostics(self) -> list[Diagnostic]:
        """Return what is worth a reader's time."""
        found = []
        for text in self.texts:
            what, loc = message(text)
            if not any(words in what for words in _IDLE):
                advice = KEEP_COPY if NO_NETWORK in what else ""
                found.append(Diagnostic(loc, what.replace("Workflow checker warning: ", "", 1), advice))
        return found


def _refuse_outside(heard: list[str], texts: Mapping[str, str], fallback: Loc | None) -> None:
    """Refuse $schemas outside the fence, of which cwltool only warns."""
    for text in heard:
        if LEADS_OUT in text:
            raise refused(ValidationException(text), texts, fallback)


def _choose_schema(version: str, extended: bool) -> None:
    """Let cwltool read its own extensions where the document names them: that schema takes longer to load."""
    from cwltool.process import custom_schemas, use_custom_schema, use_standard_schema

    if extended:
        name = "extensions.yml" if version == "v1.0" else f"extensions-{version}.yml"
        use_custom_schema(version, EXTENSIONS, resources.files("cwltool").joinpath(name).read_text("utf-8"))
    elif version in custom_schemas:
        use_standard_schema(version)


def _main(context: Any, uri: str) -> str:
    """Return the identifier of the process that make_tool takes."""
    found = context.loader.resolve_ref(uri)[0]
    if isinstance(found, Mapping):
        return str(found["id"])
    return next((str(process["id"]) for process in found if process["id"].endswith("#main")), uri)

"""How `python3 lib/start.py COMMAND …` begins; the modules are in lib/runtime.zip.

Python compiles what it imports from a zip anew each time, which takes longer than most commands. $WFC_CODE is a file
name to keep the compiled modules under: one file, as good as what it was made from, for this zip and this Python. What
this file itself imports counts for every node: no `typing`, no `importlib`.
"""

import gc
import marshal
import os
import sys

if False:  # for who checks types
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any, Dict, Tuple

    Modules = Dict[str, Tuple[bool, bytes]]  # is it a package, and its code, read when it is imported

PACKAGE = "wfcompile_runtime"


class Compiled:
    """A finder and loader of compiled modules."""

    def __init__(self, modules: "Modules") -> None:
        self.modules = modules

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "Any":
        """Return the spec of a module that we have."""
        if name not in self.modules:
            return None
        return type(sys.__spec__)(name, self, is_package=self.modules[name][0])  # type: ignore[arg-type]

    def create_module(self, spec: "ModuleSpec") -> None:
        """Leave it to Python."""

    def exec_module(self, module: "ModuleType") -> None:
        """Run a module's code."""
        exec(marshal.loads(self.modules[module.__name__][1]), module.__dict__)


def compiled(archive: str) -> "Modules":
    """Return every module of ours in the zip, compiled."""
    from zipfile import ZipFile

    lean = imported("lean").lean
    modules = {}
    with ZipFile(archive) as files:
        for path in files.namelist():
            if path.startswith(PACKAGE + "/"):
                name = path[: -len(".py")].replace("/", ".")
                is_package = name.endswith(".__init__")
                code = lean(files.read(path), os.path.join(archive, path))
                modules[name[: -len(".__init__")] if is_package else name] = is_package, marshal.dumps(code)
    return modules


def keep(modules: "Modules", path: str) -> None:
    """Write compiled modules to a file that appears whole; a run that cannot be written to goes on without it."""
    temporary = "%s.%d" % (path, os.getpid())
    try:
        with open(temporary, "wb") as file:
            marshal.dump(modules, file)
        os.rename(temporary, path)
    except OSError as error:
        sys.stderr.write("the compiled runtime cannot be kept: %s\n" % error)


def imported(name: str) -> "Any":
    """Import a module of ours."""
    return __import__("%s.%s" % (PACKAGE, name), fromlist=[name])


def start(archive: str) -> int:
    """Find the modules, compiled before if possible, and run the command; returns its exit code."""
    gc.disable()  # until everything is imported
    kept = os.environ.get("WFC_CODE")
    sys.path.append(archive)
    if kept:
        status = os.stat(archive)  # as Python tells whether its own compiled files are good
        kept += ".%x.%x.%s" % (status.st_size, status.st_mtime_ns, sys.implementation.cache_tag)
        try:
            with open(kept, "rb") as file:
                modules = marshal.load(file)
        except (OSError, ValueError, EOFError, TypeError):  # not there yet, or cut short by a full disk
            modules = compiled(archive)
            keep(modules, kept)
        sys.meta_path.insert(0, Compiled(modules))
    return int(imported("main").main(sys.argv[1:]))


if __name__ == "__main__":
    code = start(os.path.join(os.path.dirname(os.path.abspath(__file__)), "runtime.zip"))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # to take all modules apart takes a fifth as long as to load them

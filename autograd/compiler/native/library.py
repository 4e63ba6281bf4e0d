"""The C compiler of the machine: source becomes functions that Python can call."""

import ctypes
import functools
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from autograd.errors import CompilationError, MissingPackageError

LONG = 2000
"""From this many lines of C on, -O3 would take three times as long as -O2, for little gain."""

FLAGS = [
    "-march=native",  # the library is used here and now
    "-fopenmp-simd",  # for the loops that say they may be computed as vectors
    "-fno-math-errno",
    # GCC 12 writes an address as null plus a distance, takes that for an access to nothing, and
    # leaves out a call that did nothing else.
    "-fno-delete-null-pointer-checks",
    "-fno-trapping-math",  # failures are looked for at the end, not where they happen
    "-ffp-contract=fast",
    "-shared",
    "-fPIC",
]


def build(source: str) -> int:
    """Compile C source, load the result, and return the handle of the library.

    Raises
    ------
    MissingPackageError
        If there is no C compiler.
    CompilationError
        If it fails, or what it made cannot be loaded.
    """
    compiler = _c_compiler()
    if compiler is None:
        named = ", which CC names: name another one, or {}" if os.environ.get("CC") else ": {}"
        raise MissingPackageError(
            "the native backend needs a C compiler, and there is no "
            + " or ".join(command[0] for command in _commands())
            + named.format("install gcc or clang (`apt install gcc`, `xcode-select --install`)")
            + ", or leave out `backend`"
        )
    level = "-O2" if source.count("\n") > LONG else "-O3"
    try:
        with tempfile.TemporaryDirectory() as folder:
            path, library = Path(folder) / "program.c", Path(folder) / "program.so"
            path.write_text(source, encoding="utf-8")
            command = [*compiler, level, *FLAGS, str(path), "-o", str(library), "-lm"]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            if result.returncode == 0:
                return _load(library)
            reason = result.stderr.strip()
    except OSError as error:
        reason = str(error)
    raise CompilationError(
        f"the C compiler {shlex.join(compiler)} failed: {reason or 'it says nothing'}. Name "
        "another one in the environment variable CC, or leave out `backend`"
    )


def function_of(library: int, name: str, prototype: Any) -> Any:
    """Return a function of a library, as a type that `ctypes.CFUNCTYPE` made."""
    return prototype(_loader().dlsym(library, name.encode()))


def unload(library: int) -> None:
    """Give back the memory of a library that nothing uses any more."""
    _loader().dlclose(library)


def _load(library: Path) -> int:
    handle: int | None = _loader().dlopen(os.fsencode(library), os.RTLD_NOW)
    if handle is None:
        raise OSError(_loader().dlerror().decode(errors="replace"))
    return handle


@functools.cache
def _loader() -> ctypes.CDLL:
    """Return the functions of C that load libraries.

    A `ctypes.CDLL` of each library would do the same, but it makes a class, and what only the
    garbage collector can free.
    """
    loader = ctypes.CDLL(None)
    loader.dlopen.argtypes, loader.dlopen.restype = [ctypes.c_char_p, ctypes.c_int], ctypes.c_void_p
    loader.dlsym.argtypes, loader.dlsym.restype = (
        [ctypes.c_void_p, ctypes.c_char_p],
        ctypes.c_void_p,
    )
    loader.dlclose.argtypes, loader.dlerror.restype = [ctypes.c_void_p], ctypes.c_char_p
    return loader


def is_available() -> bool:
    """Return whether there is a C compiler: the one that the variable CC names, if any."""
    return _c_compiler() is not None


def _c_compiler() -> list[str] | None:
    """Return the command of the first C compiler that there is."""
    return next((command for command in _commands() if shutil.which(command[0])), None)


def _commands() -> list[list[str]]:
    """Return what may call the C compiler: what CC says, or else one of the usual names."""
    named = os.environ.get("CC", "")
    try:
        command = shlex.split(named)
    except ValueError:  # an unmatched quotation mark: there is no such command
        command = [named]
    return [command] if command else [["gcc"], ["cc"], ["clang"]]

"""The C compiler of the machine: source becomes functions that Python can call."""

import ctypes
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from autograd.errors import MissingPackageError

LONG = 2000
"""Lines of C from which on -O3 would take three times as long as -O2, for little."""

FLAGS = [
    "-march=native",  # the library is used here and now
    "-fopenmp-simd",  # for the loops that say they may be computed as vectors
    "-fno-math-errno",
    "-fno-trapping-math",  # what fails is asked for at the end, not where it fails
    "-ffp-contract=fast",
    "-shared",
    "-fPIC",
]


def build(source: str) -> ctypes.CDLL:
    """Compile C source, and load the result.

    Raises
    ------
    MissingPackageError
        If there is no C compiler, or it does not work.
    """
    compiler = _c_compiler()
    if compiler is None:
        raise MissingPackageError(
            f"the native backend needs a C compiler, and there is no {' or '.join(_names())}: "
            "install gcc or clang (`apt install gcc`, `xcode-select --install`), or leave out "
            "`backend`"
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.c"
        path.write_text(source, encoding="utf-8")
        library = path.with_suffix(".so")
        command = [
            compiler,
            "-O2" if source.count("\n") > LONG else "-O3",
            *FLAGS,
            str(path),
            "-o",
            str(library),
            "-lm",
        ]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise MissingPackageError(
                f"the C compiler {compiler} failed: {result.stderr.strip() or 'it says nothing'}"
            )
        return ctypes.CDLL(str(library))


def is_available() -> bool:
    """Whether the machine has a C compiler."""
    return _c_compiler() is not None


def _c_compiler() -> str | None:
    """Return the path of the first C compiler that there is."""
    return next(filter(None, map(shutil.which, _names())), None)


def _names() -> list[str]:
    """Return what the C compiler may be called: what CC says, or else one of the usual names."""
    named = os.environ.get("CC")
    return [named] if named else ["gcc", "cc", "clang"]

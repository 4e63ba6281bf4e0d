"""Where in the user's code, outside of this library, something happens."""

import functools
import os
import sys
import sysconfig
import warnings
from types import FrameType

_HOME = os.path.dirname(os.path.dirname(__file__))
LIBRARY_FOLDERS = tuple(os.path.join(_HOME, package, "") for package in ("autograd", "nn"))
"""The folders of this library's code."""


def line_of_user_code() -> str:
    """Return file and line of the innermost caller that is the user's own code."""
    frame = _frame_of_user_code()
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def warn_user_code(message: str, category: type[Warning]) -> None:
    """Warn, and show the line of the innermost caller that is the user's own code."""
    frame = _frame_of_user_code()
    shown = frame.f_globals.setdefault("__warningregistry__", {})
    warnings.warn_explicit(
        message, category, frame.f_code.co_filename, frame.f_lineno, registry=shown
    )


def _frame_of_user_code() -> FrameType:
    """Return the innermost frame outside of all libraries, or at least outside of this one."""
    caller = sys._getframe(1)
    outside = _innermost_outside(LIBRARY_FOLDERS, caller)
    return _innermost_outside(LIBRARY_FOLDERS + _installed_folders(), caller) or outside or caller


def _innermost_outside(folders: tuple[str, ...], frame: FrameType | None) -> FrameType | None:
    while frame is not None and frame.f_code.co_filename.startswith(folders):
        frame = frame.f_back
    return frame


@functools.cache
def _installed_folders() -> tuple[str, ...]:
    """Return where Python and other packages are: NumPy calls back, and so does contextlib."""
    paths = sysconfig.get_paths()
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple(os.path.join(paths[name], "") for name in names)

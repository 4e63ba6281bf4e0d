"""Where in the user's code, outside this library, something happens."""

import os
import sys
import warnings
from types import FrameType

_HOME = os.path.dirname(os.path.dirname(__file__))
LIBRARY_FOLDERS = tuple(os.path.join(_HOME, package, "") for package in ("autograd", "nn"))
"""The folders of this library's code: all other code is the user's."""


def line_of_user_code() -> str:
    """Return file and line of the innermost caller outside this library."""
    frame = _frame_of_user_code()
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def warn_user_code(message: str, category: type[Warning]) -> None:
    """Warn, and show the line of the innermost caller outside this library."""
    frame = _frame_of_user_code()
    shown = frame.f_globals.setdefault("__warningregistry__", {})
    warnings.warn_explicit(
        message, category, frame.f_code.co_filename, frame.f_lineno, registry=shown
    )


def _frame_of_user_code() -> FrameType:
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(LIBRARY_FOLDERS):
        frame = frame.f_back
    return frame

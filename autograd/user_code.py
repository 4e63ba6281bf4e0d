"""Where in the user's code, outside this library, something happens."""

import os
import sys
import traceback
import warnings
from collections.abc import Callable
from types import FrameType

_HOME = os.path.dirname(os.path.dirname(__file__))
LIBRARY_FOLDERS = tuple(os.path.join(_HOME, package, "") for package in ("autograd", "nn"))
"""The folders of this library's code."""

_STANDARD_LIBRARY = os.path.join(os.path.dirname(os.__file__), "")


def line_of_user_code() -> str:
    """Say where the innermost caller is that is the user's own code: file and line, or cell."""
    frame = _frame_of_user_code()
    return _place(frame, frame.f_lineno)


def line_where_raised(error: BaseException) -> str:
    """Say where the innermost of the user's own code is that an error came through."""
    calls = list(traceback.walk_tb(error.__traceback__))
    own = [call for call in calls if not _calls_back(call[0].f_code.co_filename)]
    frame, line = (own or calls)[-1]
    return _place(frame, line)


def warn_user_code(message: str, category: type[Warning]) -> None:
    """Warn, and show the line of the innermost caller that is the user's own code."""
    frame = _frame_of_user_code()
    shown = frame.f_globals.setdefault("__warningregistry__", {})
    warnings.warn_explicit(
        message, category, frame.f_code.co_filename, frame.f_lineno, registry=shown
    )


def _place(frame: FrameType, line: int) -> str:
    """Name a line: in IPython and in notebooks by its cell, whose file is a temporary one."""
    path = frame.f_code.co_filename
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    cell_of = getattr(shell and shell.compile, "format_code_name", lambda path: None)  # IPython 8
    cell = cell_of(path)  # such as ("Cell", "In[3]")
    return f"{' '.join(cell)}, line {line}" if cell else f"{path}:{line}"


def _frame_of_user_code() -> FrameType:
    """Return the innermost frame of the user's code, or else of any outside of this library."""
    caller = sys._getframe(1)
    outside = _innermost(caller, lambda path: not path.startswith(LIBRARY_FOLDERS))
    return _innermost(outside, lambda path: not _calls_back(path)) or outside or caller


def _innermost(frame: FrameType | None, fits: Callable[[str], bool]) -> FrameType | None:
    """Return a frame, or the first one around it, whose file fits."""
    while frame is not None and not fits(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def _calls_back(path: str) -> bool:
    """Return whether a file belongs to this library, Python or NumPy: ``np.sort`` compares."""
    numpy = getattr(sys.modules.get("numpy"), "__path__", [])
    return path.startswith((*LIBRARY_FOLDERS, *numpy, "<frozen ")) or (
        path.startswith(_STANDARD_LIBRARY) and "site-packages" not in path
    )

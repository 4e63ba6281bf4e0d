"""A progress bar for what takes longer than a moment."""

import importlib
import sys
from typing import Any

from autograd.real_numbers import imported_type


class Progress:
    """A bar on a terminal, if tqdm is installed, or in a notebook with ipywidgets; else nothing.

    >>> with Progress(2, "loss landscape", unit="point") as bar:
    ...     for _ in range(2):
    ...         bar.advance()
    """

    def __init__(self, total: int, title: str, unit: str) -> None:
        is_notebook = isinstance(sys.stderr, imported_type("ipykernel.iostream", "OutStream"))
        self._bar = _bar(is_notebook, total, title, unit)
        self._shares_line = not is_notebook  # a widget has a place of its own
        self._is_shown = False  # not before half a second has passed

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def advance(self) -> None:
        """Count one more as done."""
        if self._bar is not None and self._bar.update():
            self._is_shown = True

    def hide(self) -> None:
        """Clear the line, so that others can print."""
        if self._is_shown and self._shares_line:
            self._bar.clear()

    def show(self, title: str) -> None:
        """Show the bar again, below what was printed, with this title."""
        if self._bar is not None:
            self._bar.set_description(title, refresh=self._is_shown and self._shares_line)


def _bar(is_notebook: bool, total: int, title: str, unit: str) -> Any:
    """Return a bar of tqdm; None where nobody would see it, or what draws it is missing."""
    if not is_notebook and (sys.stderr is None or not sys.stderr.isatty()):
        return None
    needed = ["ipywidgets", "tqdm.notebook"] if is_notebook else ["tqdm"]
    try:
        *_, drawing = map(importlib.import_module, needed)
    except ImportError:
        return None
    return drawing.tqdm(desc=title, total=total, leave=False, delay=0.5, unit=unit)

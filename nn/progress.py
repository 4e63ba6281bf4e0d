"""A progress bar for what takes longer than a moment."""

import sys
from typing import Any


class Progress:
    """A bar on standard error, if that is a terminal and tqdm is installed; otherwise nothing.

    >>> with Progress(2, "loss landscape", unit="point") as bar:
    ...     for _ in range(2):
    ...         bar.advance()
    """

    def __init__(self, total: int, title: str, unit: str) -> None:
        self._bar = _bar(total, title, unit)
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
        if self._is_shown:
            self._bar.clear()

    def show(self, title: str) -> None:
        """Show the bar again, below what was printed, with this title."""
        if self._bar is not None:
            self._bar.set_description(title, refresh=self._is_shown)


def _bar(total: int, title: str, unit: str) -> Any:
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(desc=title, total=total, leave=False, delay=0.5, unit=unit)

"""What all pictures share: how they look, where they are drawn, and how they are kept.

Colours of lines and points are those that Okabe and Ito chose for readers who see fewer of them
(https://jfly.uni-koeln.de/color/); what matters differs in shape, line or words as well.
"""

import contextlib
import io
from pathlib import Path
from typing import Any, Final

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure  # without pyplot: no window, no display, no global figures

from autograd.errors import ArgumentError
from autograd.files import as_path, replacing

BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
PURPLE, ORANGE, SKY, YELLOW = "#CC79A7", "#E69F00", "#56B4E9", "#F0E442"
PALETTE: Final = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, YELLOW)
INK, GREY = "#222222", "#B8B8B8"

SAVING: Final[dict[str, Any]] = {"dpi": 150, "bbox_inches": "tight", "pad_inches": 0.2}

_STYLE: Final[Any] = {
    "figure.facecolor": "white",
    "figure.constrained_layout.w_pad": 0.1,
    "figure.constrained_layout.h_pad": 0.1,
    "font.size": 12,
    "figure.titlesize": 16,
    "figure.titleweight": "bold",
    "axes.titlesize": 14,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "legend.frameon": False,
    "lines.linewidth": 2,
}


class Picture(Figure):
    """A figure that a notebook shows, although pyplot does not know it."""

    def _repr_png_(self) -> bytes:
        content = io.BytesIO()
        self.savefig(content, format="png", **SAVING)
        return content.getvalue()


def style() -> contextlib.AbstractContextManager[None]:
    """Return a context in which what is drawn looks like the pictures of this package.

    >>> import matplotlib
    >>> before = matplotlib.rcParams["font.size"]
    >>> with style():
    ...     matplotlib.rcParams["font.size"]
    12.0
    >>> matplotlib.rcParams["font.size"] == before
    True
    """
    return matplotlib.rc_context(_STYLE)


def new_axes(width: float, height: float, **keywords: Any) -> Axes:
    """Make a picture, sized in inches, and return its only axes."""
    axes: Axes = Picture(figsize=(width, height), layout="constrained").add_subplot(**keywords)
    return axes


def finished(axes: Axes, path: str | Path | None) -> Figure:
    """Return the figure of axes that have been drawn on, saved if there is a path to save it to."""
    figure = axes.figure.figure  # the whole picture, if it is a subfigure
    assert isinstance(figure, Figure)
    if path is not None:
        save(figure, path)
    return figure


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure to a file, as a whole or not at all.

    >>> figure = new_axes(4.0, 3.0).get_figure()
    >>> save(figure, "curves.txt")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    autograd.errors.ArgumentError: 'curves.txt' does not end in an image format: use one of ...

    Parameters
    ----------
    figure : matplotlib Figure
    path : path
        Its ending is the format: ``.png``, ``.svg``, ``.pdf`` and others that matplotlib has.

    Raises
    ------
    ArgumentError
        If there is no such format.
    FileError
        If the file cannot be written. One that was there before is then intact.
    """
    file_format = as_path(path).suffix.removeprefix(".").lower()
    formats = figure.canvas.get_supported_filetypes()
    if file_format not in formats:
        raise ArgumentError(
            f"{str(path)!r} does not end in an image format: use one of {', '.join(formats)}"
        )
    with replacing(path) as unfinished:
        figure.savefig(unfinished, format=file_format, **SAVING)

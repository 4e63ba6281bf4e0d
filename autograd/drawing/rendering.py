"""From DOT text to a picture, on a machine with Graphviz or without.

Two programs do the same: ``dot`` of a Graphviz that the system has, and ``graphviz-pure`` of the
Python package of that name, which needs nothing of the system but writes no PDF. `render` returns
what they write, `layout` only where they put things.
"""

import json
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograd.errors import ArgumentError, RenderingError

PATIENCE = 60.0
"""Seconds that a picture may take. A readable one takes less than one."""

_SHARP = dict.fromkeys(("png", "jpg", "jpeg"), ("-Gdpi=144",))  # on high-resolution screens
_UNKNOWN_FORMAT = "not recognized. Use one of"  # both programs say so
_HINTS = {
    "html": "use svg, png or pdf; ag.explore writes pages",
    "pdf": "use svg or png; pdf needs an installed Graphviz",
}


def render(source: str, format: str = "svg") -> bytes:
    """Return the picture of a graph in the DOT language.

    >>> render("digraph { a -> b }")[:5]
    b'<?xml'

    Parameters
    ----------
    source : str
        The graph.
    format : str
        "svg", "png", "pdf" or another one that the program knows.

    Raises
    ------
    ArgumentError
        If the format is unknown.
    RenderingError
        If there is no program to do it, if it fails, or takes longer than `PATIENCE`.
    """
    failures = []
    for program in renderers():
        result = _run(program, source, format)
        if result.returncode == 0:
            return result.stdout
        message = result.stderr.decode(errors="replace").strip()
        failures.append(f"{program}: {message or f'ended with {result.returncode}'}")
    if not failures:
        raise RenderingError(
            "no program to draw with: pip install graphviz-pure, or install Graphviz "
            "(apt install graphviz, brew install graphviz, winget install graphviz)"
        )
    if all(_UNKNOWN_FORMAT in failure for failure in failures):
        hint = _HINTS.get(format, "use svg, png or pdf")
        raise ArgumentError(f"no picture in the format {format!r}: {hint}")
    raise RenderingError(f"the picture cannot be drawn. {'; '.join(failures)}")


def renderers() -> list[str]:
    """Return the programs that can draw, each once, the system's Graphviz first.

    The one of the Python package is also looked for where this Python keeps its programs: that
    folder is not on the path unless the environment was activated.
    """
    found = (
        shutil.which("dot"),
        shutil.which("graphviz-pure", path=sysconfig.get_path("scripts")),
        shutil.which("graphviz-pure"),
    )
    return list(dict.fromkeys(filter(None, found)))


def _run(program: str, source: str, format: str) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(
            [program, f"-T{format}", *_SHARP.get(format, ())],
            input=source.encode(),
            capture_output=True,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise RenderingError(
            f"{program} did not lay the picture out in {PATIENCE:g} seconds: draw less of the "
            "graph, or use collapse='layer'"
        ) from None
    except OSError as error:
        raise RenderingError(f"{program} cannot be run: {error}") from error


@dataclass(frozen=True)
class Rectangle:
    """The place of a box: its center and its size, in points of 1/72 inch, y downwards."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Route:
    """The course of an edge, as the points of a cubic Bézier spline, and the center of its label.

    The first point is on the source, the last is the tip of the arrow.
    """

    points: tuple[tuple[float, float], ...]
    label: tuple[float, float] | None


@dataclass(frozen=True)
class RenderedLayout:
    """Where everything of a picture is, in points of 1/72 inch, y downwards from the upper edge."""

    width: float
    height: float
    boxes: dict[str, Rectangle]
    edges: dict[str, Route]


def layout(source: str) -> RenderedLayout:
    """Return where the boxes and edges of a graph in the DOT language are put.

    >>> place = layout('digraph { a -> b [id="e0"] }')
    >>> place.boxes["a"].y < place.boxes["b"].y
    True
    >>> place.edges["e0"].points[-1][1] < place.boxes["b"].y
    True

    Parameters
    ----------
    source : str
        The graph. An edge is listed in the result under its attribute ``id``.

    Raises
    ------
    RenderingError
        See `render`.
    """
    graph: dict[str, Any] = json.loads(render(source, "json0"))
    _, _, width, height = map(float, graph["bb"].split(","))

    def point(text: str) -> tuple[float, float]:
        x, y = map(float, text.split(","))
        return x, height - y

    boxes = {
        node["name"]: Rectangle(
            *point(node["pos"]), 72 * float(node["width"]), 72 * float(node["height"])
        )
        for node in graph.get("objects", [])
        if "pos" in node
    }
    edges = {
        edge["id"]: Route(_spline(edge["pos"], point), point(edge["lp"]) if "lp" in edge else None)
        for edge in graph.get("edges", [])
        if "id" in edge
    }
    return RenderedLayout(width, height, boxes, edges)


def _spline(text: str, point: Callable[[str], tuple[float, float]]) -> tuple[Any, ...]:
    """Read ``"e,<tip> <point> <point> ..."``, the form of an edge with an arrow at its end."""
    tip, *points = text.removeprefix("e,").split(" ")
    return tuple(map(point, [*points, tip]))

"""From DOT text to a picture, on a machine with Graphviz or without.

Two programs do the same: ``dot`` of a Graphviz that the system has, and ``graphviz-pure`` of the
Python package of that name, which needs nothing of the system but writes no PDF. `render` returns
what they write, `layout` only where they put things.
"""

import json
import shutil
import subprocess
import sysconfig
from typing import Any, TypeAlias

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


Point: TypeAlias = tuple[float, float]
"""In points of 1/72 inch, y downwards from the upper edge."""

Spline: TypeAlias = list[Point]
"""A cubic Bézier spline from a box, and last the tip of the arrow at its end."""


def layout(source: str) -> tuple[dict[str, Point], dict[str, Spline]]:
    """Return where the centers of boxes and the edges of a graph in the DOT language are put.

    >>> boxes, edges = layout('digraph { a -> b [id="e0"] }')
    >>> boxes["a"][1] < edges["e0"][0][1] < edges["e0"][-1][1] < boxes["b"][1]
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
    height = float(graph["bb"].split(",")[-1])

    def point(text: str) -> Point:
        x, y = map(float, text.split(","))
        return x, height - y

    def spline(text: str) -> Spline:
        tip, *points = text.removeprefix("e,").split(" ")  # "e,<tip> <point> <point> ..."
        return list(map(point, [*points, tip]))

    nodes, edges = graph.get("objects", []), graph.get("edges", [])
    return (
        {node["name"]: point(node["pos"]) for node in nodes if "pos" in node},
        {edge["id"]: spline(edge["pos"]) for edge in edges if "id" in edge},
    )

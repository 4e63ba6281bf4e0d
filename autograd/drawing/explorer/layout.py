"""Where the explorer page puts things at first: each group, and the page, laid out by itself.

Within each of them, every group in it is folded. When one is opened, the page itself moves the rest
aside (``layout.js``), so that nobody loses the picture they know. Groups of the same form, such as
the neurons of a layer, are laid out once.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autograd.drawing.explorer.cells import CellGraph
from autograd.drawing.explorer.ranks import ALONG, BESIDE, CARD, FOLDED, Point, in_ranks
from autograd.drawing.rendering import layout

MOST_RENDERED = 150
"""Graphviz takes minutes for some hundreds of boxes, and versions of it crash on a long chain."""

_LONGEST_COLUMN = 8
"""As many boxes without edges between them stand in one column; more in several."""


@dataclass
class Places:
    """Where things are, each within what it stands in; from left to right, y downwards, in points.

    Attributes
    ----------
    centers : list of (x, y)
        Of all cells, and after them of all groups.
    routes : list of (source, target, list of (x, y))
        Where an edge that is longer than from one rank to the next passes the ranks between.
    """

    centers: list[Point]
    routes: list[tuple[int, int, list[Point]]]


def places(graph: CellGraph) -> Places:
    """Lay out the page and each group.

    Raises
    ------
    RenderingError
        If there is no program to do it, or it takes too long.
    """
    n_cells = len(graph.cells)
    children: dict[int, list[int]] = {}
    containers = [cell.group for cell in graph.cells] + [group.within for group in graph.groups]
    for item, container in enumerate(containers):
        children.setdefault(container, []).append(item)
    edges = _edges(graph)
    centers: list[Point] = [(0, 0)] * len(containers)
    routes = []
    for container, items in children.items():
        index = {item: i for i, item in enumerate(items)}
        folded = tuple(item >= n_cells for item in items)
        inner = tuple((index[a], index[b]) for a, b in edges.get(container, {}))
        arranged = _arranged(folded, inner)
        for item, center in zip(items, arranged.centers, strict=True):
            centers[item] = center
        routes += [(items[a], items[b], points) for a, b, points in arranged.routes]
    return Places(centers, routes)


def _edges(graph: CellGraph) -> dict[int, dict[Point, None]]:
    """Return the edges between the items of each container, in the order of the cells."""
    chains = [_chain(graph, item) for item in range(len(graph.cells))]
    edges: dict[int, dict[Point, None]] = {}
    for target, cell in enumerate(graph.cells):
        for source in cell.parents:
            above = chains[source]
            container = next(group for group in chains[target] if group in above)
            edge = above[container], chains[target][container]
            if edge[0] != edge[1]:
                edges.setdefault(container, {})[edge] = None
    return edges


def _chain(graph: CellGraph, cell: int) -> dict[int, int]:
    """Return, for each container around a cell from the inside out, the item that it is part of."""
    chain, item = {}, cell
    for container in graph.containers_of(graph.cells[cell].group):
        chain[container] = item
        item = len(graph.cells) + container
    return chain


@functools.lru_cache(maxsize=256)
def _arranged(folded: tuple[bool, ...], edges: tuple[Point, ...]) -> Places:
    """Lay out items, folded groups or cells, with edges between them."""
    sizes = [FOLDED if group else CARD for group in folded]
    if not edges:
        return Places(_in_columns(sizes), [])
    if len(sizes) > MOST_RENDERED:
        return Places(in_ranks(sizes, edges), [])
    lines = ["digraph {", f"rankdir=LR nodesep={BESIDE / 72} ranksep={ALONG / 72}"]
    lines.append('node [shape=box fixedsize=true label=""]')
    lines += [
        f"n{i} [width={width / 72:.4f} height={height / 72:.4f}]"
        for i, (width, height) in enumerate(sizes)
    ]
    lines += [f"n{source} -> n{target} [id=e{i}]" for i, (source, target) in enumerate(edges)]
    found = layout("\n".join([*lines, "}"]))
    boxes = [found.boxes[f"n{i}"] for i in range(len(sizes))]
    centers = [(round(box.x), round(box.y)) for box in boxes]
    ranks = sorted({x for x, _ in centers})
    routes = []
    for i, (source, target) in enumerate(edges):
        between = [x for x in ranks if centers[source][0] < x < centers[target][0]]
        if between:
            heights = _heights(found.edges[f"e{i}"].points, between)
            routes.append((source, target, list(zip(between, heights, strict=True))))
    return Places(centers, routes)


def _in_columns(sizes: Sequence[Point]) -> list[Point]:
    """Put boxes that have nothing to do with each other into columns, or nearly a square."""
    rows = max(_LONGEST_COLUMN, math.ceil(math.sqrt(2 * len(sizes))))
    width = max(width for width, _ in sizes) + BESIDE
    height = max(height for _, height in sizes) + BESIDE
    return [(i // rows * width, i % rows * height) for i in range(len(sizes))]


def _heights(spline: Sequence[tuple[float, float]], xs: Sequence[int]) -> list[int]:
    """Return where a Bézier spline that runs to the right is at each x."""
    t = np.linspace(0.0, 1.0, 17)[:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3])
    control = np.array(spline)
    curve = np.concatenate([weights @ control[i : i + 4] for i in range(0, len(spline) - 3, 3)])
    return [round(y) for y in np.interp(xs, curve[:, 0], curve[:, 1]).tolist()]

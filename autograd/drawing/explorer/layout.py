"""Where the explorer page puts things at first: each group, and the page, laid out by itself.

Within each of them, every group in it is folded. When one is opened, the page itself moves the rest
aside (``layout.js``), so that nobody loses the picture they know. Groups of the same form, such as
the neurons of a layer, are laid out once.

What comes into a group from outside arrives at a port, a place of no size in the first rank: so its
edge finds a way between the boxes of the group, as those do that start in it.
"""

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from autograd.drawing.appearance import STRAIGHT
from autograd.drawing.explorer.cells import CellGraph
from autograd.drawing.explorer.ranks import ALONG, BESIDE, CARD, FOLDED, Edge, Point, Size, in_ranks
from autograd.drawing.rendering import layout

MOST_RENDERED = 150
"""Graphviz takes minutes for several hundred boxes, and some versions crash on a long chain."""

_LONGEST_COLUMN = 8
"""Up to this many boxes without edges between them stand in one column; more stand in several."""

Route = tuple[int | None, int | None, list[Point]]
_PORT = (0, 0)


@dataclass
class Places:
    """Where things are, each within what it stands in; from left to right, y downwards, in points.

    Attributes
    ----------
    centers : list of (x, y)
        Of all cells, and after them of all groups.
    routes : list of (source, target, list of (x, y))
        Where an edge that is longer than from one rank to the next passes the ranks between. A
        source or target of None is outside of the container.
    """

    centers: list[Point]
    routes: list[Route]


@dataclass(frozen=True)
class Form:
    """All that the layout of a container depends on; its items are numbered from 0.

    Attributes
    ----------
    folded : tuple of bool
        Whether an item is a folded group, not a cell.
    edges : tuple of (source, target)
    entered, left : tuple of int
        The items that take something from outside, and those that something outside takes.
    """

    folded: tuple[bool, ...]
    edges: tuple[Edge, ...]
    entered: tuple[int, ...]
    left: tuple[int, ...]

    @property
    def sizes(self) -> list[Size]:
        """The width and height of each item."""
        return [FOLDED if group else CARD for group in self.folded]


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
    edges, entered, left = _edges(graph)
    centers: list[Point] = [(0, 0)] * len(containers)
    routes: list[Route] = []
    for container, items in children.items():
        index = {item: i for i, item in enumerate(items)}
        form = Form(
            folded=tuple(item >= n_cells for item in items),
            edges=tuple((index[a], index[b]) for a, b in edges.get(container, {})),
            entered=tuple(index[item] for item in items if item in entered),
            left=tuple(index[item] for item in items if item in left),
        )
        arranged = _arranged(form)
        for item, center in zip(items, arranged.centers, strict=True):
            centers[item] = center
        named: dict[int | None, int | None] = {None: None, **dict(enumerate(items))}
        routes += [(named[a], named[b], points) for a, b, points in arranged.routes]
    return Places(centers, routes)


def _edges(graph: CellGraph) -> tuple[dict[int, dict[Edge, None]], set[int], set[int]]:
    """Return the edges between the items of each container, in the order of the cells.

    An edge between cells that stand in groups of their own also enters and leaves items of these,
    which are returned as well.
    """
    chains = [_chain(graph, item) for item in range(len(graph.cells))]
    edges: dict[int, dict[Edge, None]] = {}
    entered: set[int] = set()
    left: set[int] = set()
    for target, cell in enumerate(graph.cells):
        for source in cell.parents:
            ends = chains[source], chains[target]
            common = next(container for container in ends[1] if container in ends[0])
            edges.setdefault(common, {})[ends[0][common], ends[1][common]] = None
            left.update(_below(common, ends[0]))
            entered.update(_below(common, ends[1]))
    return edges, entered, left


def _chain(graph: CellGraph, cell: int) -> dict[int, int]:
    """Return, for each container around a cell from the inside out, the item that it is part of."""
    chain, item = {}, cell
    for container in graph.containers_of(graph.cells[cell].group):
        chain[container] = item
        item = len(graph.cells) + container
    return chain


def _below(container: int, chain: dict[int, int]) -> Iterator[int]:
    """Yield the items of a chain that stand in groups within a container."""
    for group, item in chain.items():
        if group == container:
            return
        yield item


@functools.lru_cache(maxsize=256)
def _arranged(form: Form) -> Places:
    """Lay out the items of a container."""
    if not form.edges:
        return _in_columns(form)
    n_items = len(form.folded)
    computed = {target for _, target in form.edges}
    ports = list(enumerate((item for item in form.entered if item in computed), start=n_items))
    sizes = form.sizes + [_PORT] * len(ports)
    edges = [*form.edges, *ports]
    if n_items > MOST_RENDERED:
        centers = in_ranks(sizes, edges)
        return Places(centers[:n_items], [(None, item, [centers[port]]) for port, item in ports])
    boxes, splines = layout(_in_dot(sizes, edges, [port for port, _ in ports]))
    centers = [(round(x), round(y)) for x, y in (boxes[f"n{i}"] for i in range(len(sizes)))]
    ranks = sorted({x for x, _ in centers})
    routes: list[Route] = []
    for i, (source, target) in enumerate(edges):
        between = [x for x in ranks if centers[source][0] < x < centers[target][0]]
        heights = _heights(splines[f"e{i}"], between)
        points = list(zip(between, heights, strict=True))
        if source >= n_items:
            routes.append((None, target, [centers[source], *points]))
        elif points:
            routes.append((source, target, points))
    return Places(centers[:n_items], routes)


def _in_dot(sizes: Sequence[Size], edges: Sequence[Edge], ports: Sequence[int]) -> str:
    """Write boxes and edges in the DOT language: chains straight, ports in the first rank."""
    lines = ["digraph {", f"rankdir=LR ordering=in nodesep={BESIDE / 72} ranksep={ALONG / 72}"]
    lines.append('node [shape=box fixedsize=true label=""]')
    lines += [
        f"n{i} [width={width / 72:.4f} height={height / 72:.4f}]"
        for i, (width, height) in enumerate(sizes)
    ]
    computed = {target for _, target in edges}
    for i, (source, target) in enumerate(edges):
        weight = STRAIGHT if source in computed else "1"
        lines.append(f"n{source} -> n{target} [id=e{i} weight={weight}]")
    if ports:
        lines.append("{rank=min " + " ".join(f"n{port}" for port in ports) + "}")
    return "\n".join([*lines, "}"])


def _in_columns(form: Form) -> Places:
    """Put items that have nothing to do with each other into columns, or nearly a square.

    Every second column is shifted by half a row, so that edges to and from the others find a way.
    """
    count = len(form.folded)
    n_columns = math.ceil(count / max(_LONGEST_COLUMN, math.ceil(math.sqrt(2 * count))))
    rows = math.ceil(count / n_columns)
    width = max(width for width, _ in form.sizes) + 2 * BESIDE
    height = max(height for _, height in form.sizes) + BESIDE
    half = height // 2

    def passing(item: int, columns: range) -> list[Point]:
        """Return the gaps nearest to the height of an item in other columns."""
        column, y = item // rows, centers[item][1]
        return [(other * width, y if (other - column) % 2 else y - half) for other in columns]

    centers = [
        (column * width, row * height + column % 2 * half)
        for column, row in (divmod(item, rows) for item in range(count))
    ]
    ways: list[Route] = [(None, item, passing(item, range(item // rows))) for item in form.entered]
    ways += [(item, None, passing(item, range(item // rows + 1, n_columns))) for item in form.left]
    return Places(centers, [way for way in ways if way[2]])


def _heights(spline: Sequence[tuple[float, float]], xs: Sequence[int]) -> list[int]:
    """Return where a Bézier spline that runs to the right is at each x."""
    if not xs:
        return []
    t = np.linspace(0.0, 1.0, 17)[:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3])
    control = np.array(spline)
    curve = np.concatenate([weights @ control[i : i + 4] for i in range(0, len(spline) - 3, 3)])
    return [round(y) for y in np.interp(xs, curve[:, 0], curve[:, 1]).tolist()]

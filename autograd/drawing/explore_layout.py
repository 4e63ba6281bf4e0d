"""Where the explorer page puts things at first: each group, and the page, laid out by itself.

Within each of them, every group in it is folded. When one is opened, the page itself moves the rest
aside (``layout.js``), so that nobody loses the picture they know. Groups of the same form, such as
the neurons of a layer, are laid out once.
"""

import functools
import math
from collections.abc import Sequence

from autograd.drawing.explore_graph import CellGraph
from autograd.drawing.rendering import layout

CARD = (114, 62)
"""Width and height of the card of a node, in points; ``layout.js`` has the same."""

FOLDED = (138, 76)
"""Width and height of a folded group."""

_BESIDE, _ALONG = 18, 74
"""Points between two boxes of one rank, and between two ranks."""

_LONGEST_COLUMN = 8
"""As many boxes without edges between them stand in one column; more in several."""


def places(graph: CellGraph) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the centers of all cells and of all groups, each within what it stands in.

    The graph runs from left to right, y downwards; the unit is a point.

    Raises
    ------
    RenderingError
        If there is no program to lay it out, or it takes too long.
    """
    n_cells = len(graph.cells)
    children: dict[int, list[int]] = {}
    for item, container in enumerate(_containers(graph)):
        children.setdefault(container, []).append(item)
    edges = _edges(graph)
    found: dict[int, tuple[int, int]] = {}
    for container, items in children.items():
        index = {item: i for i, item in enumerate(items)}
        folded = tuple(item >= n_cells for item in items)
        inner = tuple((index[a], index[b]) for a, b in edges.get(container, {}))
        found.update(zip(items, _arranged(folded, inner), strict=True))
    ordered = [found[item] for item in range(n_cells + len(graph.groups))]
    return ordered[:n_cells], ordered[n_cells:]


def _containers(graph: CellGraph) -> list[int]:
    """Return what each item stands in. Items are the cells, and after them the groups."""
    return [cell.group for cell in graph.cells] + [group.within for group in graph.groups]


def _edges(graph: CellGraph) -> dict[int, dict[tuple[int, int], None]]:
    """Return the edges between the items of each container, in the order of the cells."""
    chains = [_chain(graph, item) for item in range(len(graph.cells))]
    edges: dict[int, dict[tuple[int, int], None]] = {}
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
def _arranged(
    folded: tuple[bool, ...], edges: tuple[tuple[int, int], ...]
) -> Sequence[tuple[int, int]]:
    """Return the centers of items, folded groups or cells, with edges between them."""
    sizes = [FOLDED if group else CARD for group in folded]
    if not edges:
        return _in_columns(sizes)
    lines = ["digraph {", f"rankdir=LR nodesep={_BESIDE / 72} ranksep={_ALONG / 72}"]
    lines.append('node [shape=box fixedsize=true label=""]')
    lines += [
        f"n{i} [width={width / 72:.4f} height={height / 72:.4f}]"
        for i, (width, height) in enumerate(sizes)
    ]
    lines += [f"n{source} -> n{target}" for source, target in edges]
    boxes = layout("\n".join([*lines, "}"])).boxes
    return [(round(boxes[f"n{i}"].x), round(boxes[f"n{i}"].y)) for i in range(len(sizes))]


def _in_columns(sizes: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """Put boxes that have nothing to do with each other into columns, or nearly a square."""
    rows = max(_LONGEST_COLUMN, math.ceil(math.sqrt(2 * len(sizes))))
    width = max(width for width, _ in sizes) + _BESIDE
    height = max(height for _, height in sizes) + _BESIDE
    return [(i // rows * width, i % rows * height) for i in range(len(sizes))]

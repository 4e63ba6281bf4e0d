"""How much of a graph the explorer page shows: what is open at first, and what is too much.

There are three levels, as in `depict`: groups of layers, of neurons, and single nodes.
"""

from collections.abc import Iterable, Sequence

from autograd import operations
from autograd.drawing.depicting import Collapse
from autograd.drawing.explorer.cells import CellGraph
from autograd.errors import GraphError
from autograd.graph import Node

MOST_VISIBLE = 2000
"""The boxes up to which the page moves smoothly."""

MOST_CELLS = 30_000
"""The nodes up to which all are recomputed at once when a number is edited."""

READABLE = 40
"""With "auto", as much is opened as leaves no more boxes than this.

More than in a drawing, for a page can be zoomed, and its boxes count each product of a `dot`.
"""

_SMALLER = (
    "explore one sample instead of a batch, fewer inputs, a smaller network or a shorter loop"
)


def _levels(graph: CellGraph) -> dict[Collapse, list[int]]:
    """Return the groups that are open at each level of folding, from the fewest to all."""
    holding = sorted({group.within for group in graph.groups} - {-1})
    return {"layer": [], "neuron": holding, None: list(range(len(graph.groups)))}


def named_levels(graph: CellGraph) -> list[tuple[str, list[int]]]:
    """Return the levels by the names that the page has for them, each once."""
    levels = list(_levels(graph).values())
    if not graph.groups:
        return []
    if not levels[1]:
        return [("Boxes", levels[0]), ("Nodes", levels[2])]
    return list(zip(("Layers", "Neurons", "Nodes"), levels, strict=True))


def opened(graph: CellGraph, collapse: Collapse) -> list[int]:
    """Return the groups that are open at first.

    Raises
    ------
    GraphError
        If more boxes than the page can move are then visible.
    """
    levels = _levels(graph)
    if collapse == "auto":
        fitting = [level for level in levels.values() if _visible(graph, level) <= READABLE]
        chosen = fitting[-1] if fitting else []
    else:
        chosen = levels[collapse]
    count = _visible(graph, chosen)
    if count > MOST_VISIBLE:
        folded = _visible(graph, [])
        advice = f"with collapse='layer' it has {folded:,}" if folded <= MOST_VISIBLE else _SMALLER
        if not graph.groups:
            advice += ", or build the model of nn.Layer and nn.Neuron, which fold into boxes"
        raise GraphError(
            f"a page of {count:,} boxes cannot be read or moved; {MOST_VISIBLE:,} can: {advice}"
        )
    return chosen


def _visible(graph: CellGraph, opened: Iterable[int]) -> int:
    """Count the boxes that are seen while some groups are open."""
    is_open = {-1, *opened}
    boxes = set()
    for place, cell in enumerate(graph.cells):
        around = [group for group in graph.containers_of(cell.group) if group not in is_open]
        boxes.add(("group", around[-1]) if around else ("cell", place))
    return len(boxes)


def require_few(nodes: Sequence[Node]) -> None:
    """Refuse more nodes than a page can recompute.

    Raises
    ------
    GraphError
        If there are more.
    """
    dots = (node for node in nodes if node.operation is operations.dot)
    count = len(nodes) + sum(len(dot.parents) // 2 for dot in dots)
    if count > MOST_CELLS:
        raise GraphError(
            f"the page would have {count:,} nodes, with the products in each dot; it can recompute "
            f"{MOST_CELLS:,}: {_SMALLER}"
        )

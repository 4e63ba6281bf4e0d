"""The graph as the explorer page has it: columns of names, numbers and places.

Two things differ from the recorded graph. A `dot` is taken apart into its products and their sum,
which add up in the same order and so to the same last digit: they can then be walked through. And
nodes stand in groups within groups, so that each can be opened by itself: those that `depict` shows
as one box by layers, and in them those that it shows as one by neurons. What follows the last layer
of a model, such as the cross-entropy of its outputs, is a group, too.
"""

import itertools
import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd import operations
from autograd.drawing.depicting import Level, depict
from autograd.drawing.folding import users_of
from autograd.drawing.local import local_derivatives
from autograd.drawing.order import nodes_behind
from autograd.drawing.picture import Box
from autograd.drawing.roles import find_roles
from autograd.errors import AutogradError
from autograd.graph import Node
from autograd.operation import CONSTANT, Operation
from autograd.value import Value
from autograd.wording import counted

_FEW_PRODUCTS = 4
"""A `dot` outside of neurons with more products than this is folded at first."""

_FEW_AFTER = 6
"""If more nodes than this follow the last layer of a model, they can be folded into one box."""


@dataclass(eq=False)
class Cell:
    """A node of the page.

    Attributes
    ----------
    operation : Operation or None
        None for a leaf.
    parents : list of int
        The places of its inputs, which all come before it.
    data : float
        As computed from the leaves as they are now; nan where that does not exist.
    role, label : str
    group : int
        The innermost group that it stands in, -1 for none.
    """

    operation: Operation | None
    parents: list[int]
    data: float
    role: str
    label: str = ""
    group: int = -1


@dataclass(eq=False)
class CellGroup:
    """Cells that can be folded into one box, within a larger group or on the page (-1)."""

    title: str
    detail: str
    role: str
    within: int = -1


@dataclass(eq=False)
class CellGraph:
    """All cells, the output last, and the groups, each after the one that it is within.

    `place` maps each node of the recorded graph to the cell that shows it.
    """

    cells: list[Cell] = field(default_factory=list)
    groups: list[CellGroup] = field(default_factory=list)
    place: dict[Node, int] = field(default_factory=dict)

    def containers_of(self, item_group: int) -> Iterator[int]:
        """Yield a group and those around it, from the inside out, and -1 for the page."""
        while item_group >= 0:
            yield item_group
            item_group = self.groups[item_group].within
        yield -1

    def operations(self) -> list[tuple[Operation, int]]:
        """Return each operation once for each number of inputs that it takes, in order."""
        used = ((cell.operation, len(cell.parents)) for cell in self.cells)
        return [(op, count) for op, count in dict.fromkeys(used) if op is not None]

    def names(self, output: str) -> list[str]:
        """Return what formulas call each cell: its label, or v1, v2 and so on, the outermost first.

        Numbers that are inside of groups come last, as they are seen last.
        """
        names = [cell.label or f"{cell.data:g}".replace("-", "−") for cell in self.cells]
        taken = {cell.label for cell in self.cells}
        names[-1] = self.cells[-1].label or (output if output not in taken else "output")
        unnamed = [
            place
            for place, cell in enumerate(self.cells[:-1])
            if not cell.label and cell.role != "constant"
        ]
        depth = {p: len(list(self.containers_of(self.cells[p].group))) for p in unnamed}
        free = (name for count in itertools.count(1) if (name := f"v{count}") not in taken)
        for place in sorted(unnamed, key=depth.__getitem__):
            names[place] = next(free)
        return names


def cell_graph(root: Value, parameters: Sequence[Value]) -> CellGraph:
    """Return the graph behind an output in the form of the page.

    >>> x = Value(2.0, "x")
    >>> graph = cell_graph(operations.dot(x, x, 3.0, 4.0), [])
    >>> [(cell.operation.symbol, cell.parents, cell.data) for cell in graph.cells[3:]]
    [('*', [0, 1], 6.0), ('*', [0, 2], 8.0), ('Σ', [3, 4], 14.0)]
    """
    nodes = nodes_behind(root)
    roles = find_roles(nodes, [root], parameters)
    graph = CellGraph()
    home = _add_groups(graph, root, nodes, parameters)
    for node in nodes:
        group = home.get(node, -1)
        parents = [graph.place[parent] for parent in node.parents]
        if node.operation is operations.dot and len(parents) > 1:
            parents = _add_products(graph, parents, group)
            operation: Operation | None = operations.sum
        else:
            operation = None if node.operation is CONSTANT else node.operation
        cell = Cell(operation, parents, node.data, roles[node], str(node.label), group)
        if parents:
            cell.data = _evaluated(graph, cell)
        graph.place[node] = len(graph.cells)
        graph.cells.append(cell)
    return graph


def recorded_locals(
    graph: CellGraph, missing: Collection[Operation]
) -> list[tuple[int, list[Any]]]:
    """Return the local derivatives of the nodes that the page has no formula for."""
    return [
        (place, [in_json(x) for x in local_derivatives(node)])
        for node, place in graph.place.items()
        if node.operation in missing
    ]


def in_json(x: float) -> Any:
    """Return a float as JSON has it; what JSON has no number for as text that JavaScript reads."""
    if math.isfinite(x):
        return x
    return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"


def _add_groups(
    graph: CellGraph, root: Value, nodes: Sequence[Node], parameters: Sequence[Value]
) -> dict[Node, int]:
    """Add the boxes that show several nodes; return the innermost one of each node."""
    home: dict[Node, int] = {}
    sizes: dict[int, int] = {}
    levels: tuple[Level, ...] = ("layer", "neuron")
    pictures = [depict(root, level, parameters=parameters).boxes for level in levels]
    tail = _after_the_parts(nodes, pictures[0])
    if len(tail) > _FEW_AFTER:
        home.update(dict.fromkeys(tail, 0))
        title = str(root.label) or "output"
        graph.groups.append(CellGroup(title, counted(len(tail), "node"), "output"))
    for boxes in pictures:
        for box in boxes:
            around = {home.get(node, -1) for node in box.nodes}
            if len(box.nodes) > 1 and len(around) == 1:
                within = around.pop()
                if len(box.nodes) == sizes.get(within):
                    continue  # the same box again
                sizes[len(graph.groups)] = len(box.nodes)
                home.update(dict.fromkeys(box.nodes, len(graph.groups)))
                graph.groups.append(_group(box, within))
    _number_namesakes(graph.groups)
    return home


def _after_the_parts(nodes: Sequence[Node], boxes: Iterable[Box]) -> list[Node]:
    """Return what is computed from the parts of a model and for the output alone: the loss."""
    made = {node for box in boxes if box.part is not None for node in box.nodes}
    users = users_of(nodes)
    tail: dict[Node, None] = {}
    for node in reversed(nodes):
        within = node not in made and (node.parents or node.operation is CONSTANT)
        if within and all(user in tail for user in users[node]):
            tail[node] = None
    return list(tail) if made else []


def _number_namesakes(groups: Sequence[CellGroup]) -> None:
    """Add a number to equal titles: the neurons of a layer, the calls of a layer."""
    titles = Counter((group.within, group.title) for group in groups)
    seen: Counter[tuple[int, str]] = Counter()
    for group in groups:
        key = group.within, group.title
        seen[key] += 1
        if titles[key] > 1:
            group.title += f" #{seen[key]}"


def _group(box: Box, within: int) -> CellGroup:
    title = box.part.title if box.part else box.label or box.symbol or box.role
    return CellGroup(title, ", ".join(filter(None, box.details)), box.role, within)


def _add_products(graph: CellGraph, parents: list[int], group: int) -> list[int]:
    """Add the products of a dot, and return what is to be summed, the bias first."""
    weights, inputs, bias = operations.dot_terms(parents)
    terms = list(bias)
    if group < 0 and len(weights) > _FEW_PRODUCTS:
        group = len(graph.groups)
        graph.groups.append(CellGroup("dot", counted(len(weights), "product"), "intermediate"))
    for pair in zip(weights, inputs, strict=True):
        product = Cell(operations.mul, list(pair), math.nan, "intermediate", group=group)
        product.data = _evaluated(graph, product)
        terms.append(len(graph.cells))
        graph.cells.append(product)
    return terms


def _evaluated(graph: CellGraph, cell: Cell) -> float:
    assert cell.operation is not None
    try:
        return cell.operation.evaluate(*[graph.cells[parent].data for parent in cell.parents])
    except AutogradError:
        return math.nan

"""From a graph to its picture.

`depict` walks back from an output, lets `folding` decide which nodes share a box, reads off what a
box and an edge say, and lets `unfolding` take short weighted sums apart.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

from autograd.diagnosis import changed_node, require_numbers
from autograd.drawing.calls import parameter_part
from autograd.drawing.connections import connections_into
from autograd.drawing.folding import Group, fold
from autograd.drawing.order import nodes_behind
from autograd.drawing.picture import Box, Edge, Picture
from autograd.drawing.roles import Role, find_roles
from autograd.drawing.unfolding import unfold
from autograd.errors import ArgumentError, GraphError, NotANumberError, ShapeError
from autograd.graph import NO_GRADIENT, Node
from autograd.value import Value
from autograd.wording import counted, shown_short

Level: TypeAlias = Literal["neuron", "layer"] | None
Collapse: TypeAlias = Literal["auto"] | Level

READABLE = 30
"""The number of boxes up to which "auto" shows every node, or every neuron."""

MOST_DENSE = 300
"""The edges that any picture may have; more only if few of them meet at each box."""


def depict(
    root: Value | Sequence[Value],
    collapse: Collapse = None,
    *,
    parameters: Iterable[Value] = (),
    most: int | None = None,
) -> Picture:
    """Return the picture of what an output, or a list of outputs, was computed from.

    >>> from autograd import Value
    >>> a = Value(2.0, "a")
    >>> picture = depict(a + a)
    >>> [(box.key, box.role, box.label, box.symbol, box.data) for box in picture.boxes]
    [('n0', 'input', 'a', '', (2.0,)), ('n1', 'output', '', '+', (4.0,))]
    >>> [(edge.source, edge.target, edge.derivative) for edge in picture.edges]
    [('n0', 'n1', 1.0), ('n0', 'n1', 1.0)]

    Parameters
    ----------
    root : Value, or list of Values
    collapse : "neuron", "layer", None or "auto"
        The parts of a model of which each call becomes one box; with None, each node is a box.
        "auto" is the first of None, "neuron" and "layer" that makes at most `READABLE` boxes, else
        "layer".
    parameters : iterable of Value
        Variables to show as parameters, besides those of the `nn` package.
    most : int, optional
        The largest number of boxes to accept.

    Raises
    ------
    ArgumentError
        If `collapse` is none of these.
    ShapeError, GraphError
        If there are no outputs; or more than `most` boxes, or so many edges that they cover each
        other.
    NotANumberError, NonFiniteError
        If `root` or `parameters` are not made of Values, or a node holds something that does not
        compute as a float does.
    """
    listed = root if isinstance(root, list | tuple) else [root]
    roots = values_of(listed, "a picture shows a Value, such as model(x), or a list of them")
    known = values_of(parameters, "the parameters of a picture are Values")
    if not roots:
        raise ShapeError("a picture of nothing: the list of outputs is empty")
    nodes = nodes_behind(*roots)
    require_numbers(nodes)
    roles = find_roles(nodes, roots, known)
    levels = levels_of(collapse)
    for level in levels:
        groups = fold(nodes, level, roles)
        if len(groups) <= READABLE or level == levels[-1]:
            picture = unfold(_picture(groups, level, roots, roles, most))
            if len(picture.boxes) <= READABLE:
                break
    return picture


def _picture(
    groups: Sequence[Group],
    level: Level,
    roots: Sequence[Node],
    roles: dict[Node, Role],
    most: int | None,
) -> Picture:
    if most is not None and len(groups) > most:
        raise _too_large(f"{len(groups):,} boxes", level, roles)
    home = {node: group for group in groups for node in group.nodes}
    seen = _seen_from_outside(groups, home, roots)
    swept = any(root.parents and root.grad is not NO_GRADIENT for root in roots)
    keys = {group: f"n{index}" for index, group in enumerate(groups)}
    boxes = [_box(keys[group], group, seen[group], roles, swept) for group in groups]
    edges = [
        Edge(keys[source], keys[group], derivative, count)
        for group in groups
        for source, derivative, count in connections_into(group, seen[group], home)
    ]
    if most is not None and len(edges) > max(MOST_DENSE, 4 * len(boxes)):
        raise _too_large(f"{len(boxes):,} boxes and {len(edges):,} edges", level, roles)
    return Picture(tuple(boxes), tuple(edges), changed_node(home) is not None)


def values_of(values: Any, needed: str) -> list[Value]:
    """Return one Value, or those of an iterable, as a list.

    Raises
    ------
    NotANumberError
        If there is anything else: it says what is `needed`.
    """
    several = isinstance(values, Iterable) and not isinstance(values, str)
    found: list[Value] = []
    for value in values if several else [values]:
        if not isinstance(value, Value):
            raise NotANumberError(f"{needed}, not {shown_short(value)} ({type(value).__name__})")
        found.append(value)
    return found


def levels_of(collapse: Collapse) -> Sequence[Level]:
    """Return the levels of detail to try in turn.

    Raises
    ------
    ArgumentError
        If `collapse` is none of the options.
    """
    if collapse == "auto":
        return None, "neuron", "layer"
    if collapse not in ("neuron", "layer", None):
        raise ArgumentError(f"collapse={collapse!r}: it must be 'auto', 'neuron', 'layer' or None")
    return (collapse,)


def _too_large(size: str, level: Level, nodes: Iterable[Node]) -> GraphError:
    folds = level != "layer" and any(map(parameter_part, nodes))
    less = "collapse='layer' shows less. " if folds else ""
    return GraphError(
        f"a picture of {size} is too large to be read. {less}Draw one sample, a smaller network, "
        "a shorter loop, or one of the Values inside it"
    )


def _seen_from_outside(
    groups: Sequence[Group], home: dict[Node, Group], roots: Iterable[Node]
) -> dict[Group, tuple[Node, ...]]:
    """Return, for each group, the nodes that are used outside of it, or are roots."""
    seen = set(roots)
    for node, group in home.items():
        seen.update(parent for parent in node.parents if home[parent] is not group)
    return {group: tuple(node for node in group.nodes if node in seen) for group in groups}


def _box(key: str, group: Group, seen: Sequence[Node], roles: dict[Node, Role], swept: bool) -> Box:
    node = seen[-1]
    role: Role = "output" if "output" in map(roles.__getitem__, seen) else roles[node]
    label, details = str(node.label), []
    if group.part is not None:
        held = sum(roles[node] == "parameter" for node in group.nodes)
        called = ", ".join(dict.fromkeys(str(output.label) for output in seen if output.label))
        label = f"{group.part.title} → {called}" if called else group.part.title
        details = [group.detail, counted(held, "parameter") if held else ""]
    elif len(group.nodes) > 1 and not node.parents:
        label, details = counted(len(group.nodes), role), [group.detail]
    if group.calls > 1 and node.parents:
        details.append(counted(group.calls, "call" if group.part else "node"))
    return Box(
        key=key,
        role=role,
        label=label,
        symbol=node.operation.symbol if node.operation and not group.part else "",
        details=tuple(filter(None, details)),
        nodes=tuple(group.nodes),
        data=tuple(node.data for node in seen),
        gradients=tuple(_gradient(node, swept) for node in seen),
        part=group.part,
    )


def _gradient(node: Node, swept: bool) -> float | None:
    """Return the gradient, but not the zero that a variable holds before any backward pass."""
    return None if node.grad == 0.0 and not node.parents and not swept else node.grad

"""What there is to see in a graph: boxes and edges, before anybody draws them.

`depict` walks back from an output, lets `folding` decide which nodes share a box, and reads off
what a box and an edge say. Graphviz and the explorer page both draw the resulting `Picture`.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from autograd.drawing.calls import inputs_of, parameter_part, weighted_sum_part
from autograd.drawing.folding import Group, fold
from autograd.drawing.local import derivatives_through, local_derivatives
from autograd.drawing.order import inputs_first
from autograd.errors import ArgumentError, GraphError
from autograd.graph import NO_GRADIENT, Node
from autograd.operations import CONSTANT
from autograd.parts import Part
from autograd.value import Value

Role: TypeAlias = Literal["input", "parameter", "constant", "intermediate", "output"]
Level: TypeAlias = Literal["neuron", "layer"] | None


@dataclass(frozen=True, eq=False)
class Box:
    """One box of a picture.

    Attributes
    ----------
    key : str
        "n0", "n1" and so on, in the order of the boxes: the same in every run.
    role : str
        "input", "parameter", "constant", "intermediate" or "output".
    label : str
        The label of the node, or what the box stands for, such as "Layer(64, 32)".
    symbol : str
        That of the operation; empty for a leaf and for a part of a model.
    details : tuple of str
        What else there is to say, such as "2,080 parameters".
    nodes : tuple of Node
        The nodes inside, each after its inputs. A product of a weighted sum has none.
    data, gradients : tuple of float
        The numbers of the nodes that are seen outside of the box; None where there is no gradient.
    part : Part or None
        The neuron or layer whose call, or calls, it shows.
    """

    key: str
    role: Role
    label: str
    symbol: str
    details: tuple[str, ...]
    nodes: tuple[Node, ...]
    data: tuple[float, ...]
    gradients: tuple[float | None, ...]
    part: Part | None = None


@dataclass(frozen=True)
class Edge:
    """An arrow from a box to one that uses it.

    Attributes
    ----------
    source, target : str
        Keys of boxes.
    derivative : float or None
        The derivative of the target with respect to the source, nan where it does not exist; None
        if the edge stands for several.
    count : int
        How many edges of the graph it stands for.
    """

    source: str
    target: str
    derivative: float | None
    count: int = 1


@dataclass(frozen=True)
class Picture:
    """Boxes, each after those whose arrows it receives where the graph allows, and edges."""

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]


def depict(
    root: Value | Sequence[Value], collapse: Level = None, *, parameters: Iterable[Value] = ()
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
    root : Value, or sequence of Values
    collapse : "neuron", "layer" or None
        What each call of becomes one box; with None, each node is a box.
    parameters : iterable of Value
        Variables to show as parameters, beside those of the `nn` package.

    Raises
    ------
    ArgumentError
        If `collapse` is something else.
    GraphError
        If `root` is not made of Values.
    """
    if collapse not in ("neuron", "layer", None):
        raise ArgumentError(f"collapse={collapse!r}: it is 'neuron', 'layer' or None")
    roots: list[Node] = _roots(root)
    nodes = inputs_first(roots, lambda node: node.parents)
    roles = _roles(nodes, roots, parameters)
    groups = fold(nodes, collapse, roles.__getitem__)
    seen = _seen_from_outside(groups, roots)
    swept = any(root.parents and root.grad is not NO_GRADIENT for root in roots)
    keys = {group: f"n{index}" for index, group in enumerate(groups)}
    boxes = [_box(keys[group], group, seen[group], roles, swept) for group in groups]
    home = {node: group for group in groups for node in group.nodes}
    edges = [
        Edge(keys[source], keys[group], derivative, count)
        for group in groups
        for source, derivative, count in _edges_into(group, seen[group], home)
    ]
    return Picture(tuple(boxes), tuple(edges))


def _roots(root: object) -> list[Node]:
    roots = root if isinstance(root, list | tuple) else [root]
    for value in roots:
        if not isinstance(value, Value):
            raise GraphError(
                "a picture shows a Value, or a list of Values, and what they were computed from, "
                f"not {value!r} ({type(value).__name__})"
            )
    if not roots:
        raise GraphError("a picture of nothing: the list of outputs is empty")
    return list(roots)


def _roles(
    nodes: Sequence[Node], roots: Iterable[Node], parameters: Iterable[Node]
) -> dict[Node, Role]:
    """Tell what each node is.

    A variable is a parameter if it is one of a part of a model or among `parameters`, else an
    input; so is a number that a neuron was given. Other numbers in formulas are constants.
    """
    roles: dict[Node, Role] = {}
    known, outputs = set(parameters), set(roots)
    for node in nodes:
        if node.parents:
            roles[node] = "output" if node in outputs else "intermediate"
        elif node.operation is CONSTANT:
            roles[node] = "constant"
        else:
            is_parameter = node in known or parameter_part(node) is not None
            roles[node] = "parameter" if is_parameter else "input"
        if weighted_sum_part(node) is not None:
            roles |= {x: "input" for x in inputs_of(node) if roles[x] == "constant"}
    return roles


def _seen_from_outside(
    groups: Sequence[Group], roots: Iterable[Node]
) -> dict[Group, tuple[Node, ...]]:
    """Return, for each group, the nodes that are used outside of it, or are roots."""
    home = {node: group for group in groups for node in group.nodes}
    seen = set(roots)
    for node, group in home.items():
        seen.update(parent for parent in node.parents if home[parent] is not group)
    return {group: tuple(node for node in group.nodes if node in seen) for group in groups}


def _box(key: str, group: Group, seen: Sequence[Node], roles: dict[Node, Role], swept: bool) -> Box:
    node = seen[-1]
    role = roles[node]
    label, details = str(node.label), []
    if group.part is not None:
        held = sum(roles[node] == "parameter" for node in group.nodes)
        label = group.part.title
        details = [group.part.detail, counted(held, "parameter")]
    elif len(group.nodes) > 1 and not node.parents:
        label = counted(len(group.nodes), role)
    if group.calls > 1 and node.parents:
        details.append(counted(group.calls, "call" if group.part else "node"))
    return Box(
        key=key,
        role=role,
        label=label,
        symbol=node.operation.symbol if node.operation and not group.part else "",
        details=tuple(details),
        nodes=tuple(group.nodes),
        data=tuple(node.data for node in seen),
        gradients=tuple(_gradient(node, swept) for node in seen),
        part=group.part,
    )


def _gradient(node: Node, swept: bool) -> float | None:
    """Return the gradient, but not the zero that a variable holds before any backward pass."""
    return None if node.grad == 0.0 and not node.parents and not swept else node.grad


def counted(number: int, noun: str) -> str:
    """Write a number of things.

    >>> counted(1, "input"), counted(2080, "parameter")
    ('1 input', '2,080 parameters')
    """
    return f"{number:,} {noun}{'s' if number != 1 else ''}"


def _edges_into(
    group: Group, seen: Sequence[Node], home: dict[Node, Group]
) -> Iterator[tuple[Group, float | None, int]]:
    """Yield source, derivative and count of the edges into a group, in the order of its inputs.

    Two nodes that are shown one by one keep every edge between them. Otherwise there is one edge
    from each source; it has a derivative if it carries one number into one number.
    """
    carried: dict[Hashable, tuple[Group, dict[Node, float | None]]] = {}
    for index, (node, derivative) in enumerate(_inputs_with_derivatives(group, seen)):
        source = home[node]
        one_by_one = len(source.nodes) == len(group.nodes) == 1
        _, numbers = carried.setdefault((source, one_by_one and index), (source, {}))
        if derivative is not None:
            derivative += numbers.get(node) or 0.0
        numbers[node] = derivative
    for source, numbers in carried.values():
        yield source, next(iter(numbers.values())) if len(numbers) == 1 else None, len(numbers)


def _inputs_with_derivatives(
    group: Group, seen: Sequence[Node]
) -> Iterable[tuple[Node, float | None]]:
    if len(group.nodes) == 1:
        (node,) = group.nodes
        return zip(node.parents, local_derivatives(node), strict=True)
    if len(seen) == 1:
        return derivatives_through(group.nodes, seen[0]).items()
    inside = set(group.nodes)
    inputs = (parent for node in group.nodes for parent in node.parents if parent not in inside)
    return dict.fromkeys(inputs).items()

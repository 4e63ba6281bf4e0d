"""The graph as a tape, a flat list of numbered operations.

Nodes become indices, each after its inputs, and are classified by what they depend on:

>>> from autograd import Value
>>> x, w = Value(3.0, "x"), Value(2.0, "w")
>>> tape = read_tape([w * x + 1], inputs=[x], parameters=[w])
>>> for i, operation in enumerate(tape.operations):
...     print(i, operation, tape.operands[i], tape.varying[i], tape.trained[i], tape.constant[i])
0 None () True False False
1 None () False True False
2 <operation mul> (1, 0) True True False
3 <operation constant> () False False True
4 <operation add> (2, 3) True True False

*Varying* means that it differs from sample to sample, *trained* that a gradient flows through it to
a parameter, *constant* that its number is known already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd.errors import ArgumentError
from autograd.graph import Node
from autograd.operation import DETACH, Operation
from autograd.operations import lookup
from autograd.value import Value

UNTRAINED_BY_THE_FIRST = {DETACH, lookup}
"""The operations that send no gradient to their first operand, such as the index of a lookup."""


@dataclass(frozen=True)
class Tape:
    """A graph as parallel lists, one entry per node, inputs of a node before the node.

    Attributes
    ----------
    operations : list of Operation or None
        None for inputs and parameters.
    operands : list of tuple of int
    numbers : list of float
        What each node holds for the sample that was recorded.
    varying, trained, constant : list of bool
    n_inputs, n_parameters : int
        Inputs come first in the tape, then the parameters.
    outputs : list of int
    """

    operations: list[Operation | None]
    operands: list[tuple[int, ...]]
    numbers: list[float]
    varying: list[bool]
    trained: list[bool]
    constant: list[bool]
    n_inputs: int
    n_parameters: int
    outputs: list[int]


def read_tape(
    outputs: Sequence[Value], inputs: Sequence[Value], parameters: Sequence[Value]
) -> Tape:
    """Give numbers to the nodes behind `outputs`.

    A variable that is neither an input nor a parameter counts as a constant.

    Raises
    ------
    ArgumentError
        If an input or a parameter is given twice, or is computed.
    """
    return tape_of(numbered(behind(outputs), outputs, inputs, parameters))


@dataclass(frozen=True)
class NumberedGraph:
    """A graph whose nodes go by numbers.

    Attributes
    ----------
    nodes : list of Node
        By number: first the inputs, then the parameters, then what is behind the outputs.
    operands : list of tuple of int
        The inputs of each node, by number.
    n_inputs, n_parameters : int
    outputs : list of int
    """

    nodes: list[Node]
    operands: list[tuple[int, ...]]
    n_inputs: int
    n_parameters: int
    outputs: list[int]


def behind(outputs: Sequence[Value]) -> dict[Node, tuple[Node, ...]]:
    """Return the nodes that outputs depend on with their inputs, each after these.

    The order is that of `autograd.graph.topological_order`, which marks the nodes with gradients.
    Here nothing is marked: the gradients of parameters may be in use while a function is recorded,
    by another thread or by whoever interrupts it.
    """
    parents: dict[Any, tuple[Node, ...]] = {}
    # The nodes from an output down to the present one, each with the inputs still to be visited.
    path: list[Any] = [(None, tuple(outputs), iter(outputs))]
    while path:
        node, inputs, unvisited = path[-1]
        for parent in unvisited:
            if parent not in parents:
                theirs = parent.parents
                if theirs:
                    path.append((parent, theirs, iter(theirs)))
                    break
                parents[parent] = theirs
        else:
            parents[node] = inputs
            path.pop()
    del parents[None]  # what the outputs were the inputs of
    return parents


def numbered(
    parents: dict[Node, tuple[Node, ...]],
    outputs: Sequence[Value],
    inputs: Sequence[Value],
    parameters: Sequence[Value],
) -> NumberedGraph:
    """Give numbers to the nodes that are `behind` outputs; see `read_tape`."""
    leaves = [*inputs, *parameters]
    if len(set(leaves)) < len(leaves):
        raise ArgumentError("an input or a parameter is given more than once")
    for leaf in leaves:
        if leaf.operation is not None:
            raise ArgumentError(f"{leaf!r} is computed or constant: it cannot be set from outside")
    nodes: list[Node] = list(dict.fromkeys([*leaves, *parents]))
    number = dict(zip(nodes, range(len(nodes)), strict=True)).__getitem__
    operands: list[tuple[int, ...]] = [()] * len(leaves)
    operands += [tuple(map(number, parents[node])) for node in nodes[len(leaves) :]]
    return NumberedGraph(nodes, operands, len(inputs), len(parameters), list(map(number, outputs)))


def tape_of(graph: NumberedGraph) -> Tape:
    """Classify the nodes of a graph by what they depend on."""
    n_inputs, n_leaves = graph.n_inputs, graph.n_inputs + graph.n_parameters
    varying = [True] * n_inputs + [False] * graph.n_parameters
    trained = [not varies for varies in varying]
    constant = [False] * n_leaves
    operations = [node.operation for node in graph.nodes]
    for operation, operands in zip(operations[n_leaves:], graph.operands[n_leaves:], strict=True):
        # `in` and `map` search without a step of Python for each operand: a third of the time.
        varying.append(True in map(varying.__getitem__, operands))
        constant.append(False not in map(constant.__getitem__, operands))
        if operation in UNTRAINED_BY_THE_FIRST:
            operands = operands[1:]
        trained.append(True in map(trained.__getitem__, operands))
    return Tape(
        operations=operations,
        operands=graph.operands,
        numbers=[node.data for node in graph.nodes],
        varying=varying,
        trained=trained,
        constant=constant,
        n_inputs=n_inputs,
        n_parameters=graph.n_parameters,
        outputs=graph.outputs,
    )

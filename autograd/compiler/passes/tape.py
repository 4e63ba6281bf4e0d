"""The graph as a tape, a flat list of numbered operations.

Nodes become indices, each after its inputs, and every one is told apart by what it depends on:

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

from autograd.errors import ArgumentError
from autograd.graph import Node, topological_order
from autograd.operation import DETACH, Operation
from autograd.operations import lookup
from autograd.value import Value

CONSTANT_IN_THE_FIRST = {DETACH, lookup}
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
    inputs, parameters, outputs : list of int
        Inputs come first in the tape, then the parameters.
    """

    operations: list[Operation | None]
    operands: list[tuple[int, ...]]
    numbers: list[float]
    varying: list[bool]
    trained: list[bool]
    constant: list[bool]
    inputs: list[int]
    parameters: list[int]
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
    return tape_of(behind(outputs), outputs, inputs, parameters)


def behind(outputs: Sequence[Value]) -> dict[Node, tuple[Node, ...]]:
    """Return the nodes that outputs depend on, each after its inputs, with these."""
    return {node: node.parents for node in topological_order(*outputs)}


def tape_of(
    parents: dict[Node, tuple[Node, ...]],
    outputs: Sequence[Value],
    inputs: Sequence[Value],
    parameters: Sequence[Value],
) -> Tape:
    """Give numbers to the nodes that are `behind` outputs; see `read_tape`."""
    leaves = [*inputs, *parameters]
    if len(set(leaves)) < len(leaves):
        raise ArgumentError("an input or a parameter is given more than once")
    for leaf in leaves:
        if leaf.operation is not None:
            raise ArgumentError(f"{leaf!r} is computed or constant: it cannot be set from outside")
    nodes: list[Node] = list(dict.fromkeys([*leaves, *parents]))
    index = dict(zip(nodes, range(len(nodes)), strict=True))
    varying = [True] * len(inputs) + [False] * len(parameters)
    trained = [not varies for varies in varying]
    constant = [False] * len(leaves)
    all_operands: list[tuple[int, ...]] = [()] * len(leaves)
    for node in nodes[len(leaves) :]:
        # `in` and `map` search without a step of Python for each operand: a third of the time.
        operands = tuple(map(index.__getitem__, parents[node]))
        all_operands.append(operands)
        varying.append(True in map(varying.__getitem__, operands))
        constant.append(False not in map(constant.__getitem__, operands))
        if node.operation in CONSTANT_IN_THE_FIRST:
            operands = operands[1:]
        trained.append(True in map(trained.__getitem__, operands))
    return Tape(
        operations=[node.operation for node in nodes],
        operands=all_operands,
        numbers=[node.data for node in nodes],
        varying=varying,
        trained=trained,
        constant=constant,
        inputs=list(range(len(inputs))),
        parameters=list(range(len(inputs), len(leaves))),
        outputs=[index[output] for output in outputs],
    )

"""What a node is to a reader: an input, a parameter, a constant, intermediate, or an output."""

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from autograd.drawing.calls import inputs_of, parameter_part, weighted_sum_part
from autograd.graph import Node
from autograd.operation import CONSTANT

Role: TypeAlias = Literal["input", "parameter", "constant", "intermediate", "output"]


def find_roles(
    nodes: Sequence[Node], roots: Iterable[Node], parameters: Iterable[Node]
) -> dict[Node, Role]:
    """Return the role of each node.

    A variable is a parameter if it is one of a part of a model or among `parameters`, else an
    input. A number that a neuron was given is an input, too; other numbers in formulas are
    constants.
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

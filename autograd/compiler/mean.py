"""The mean of a batch as a node of the graph, so that `backward` reaches the parameters."""

from typing import Any

from autograd.compiler.arrays import Array
from autograd.errors import GraphError
from autograd.operation import Operation
from autograd.value import Value, as_value, node_of

COMPILED_MEAN = "compiled mean"
"""The name of the operation."""


def mean_node(mean: float, gradient: Array, parameters: list[Value]) -> Value:
    """Make the node of a batch mean: one operation on all parameters, with a known gradient."""
    if not parameters:
        return as_value(mean)

    def derivative(g: Any, out: Any, *inputs: Any) -> list[Any]:
        if isinstance(g, Value):
            raise GraphError(
                "a compiled function has first derivatives only: for higher ones, call the "
                "function itself"
            )
        return [g * slope for slope in gradient.tolist()]

    operation = Operation(
        COMPILED_MEAN,
        symbol="mean",
        forward=lambda *inputs: mean,
        array=_refuse_mean,
        derivative=derivative,
    )
    return node_of(operation, mean, tuple(parameters))


def _refuse_mean(np: Any, *inputs: Any) -> Any:
    raise GraphError(
        "the mean that a compiled function returned cannot be compiled again: inside, call the "
        "function itself"
    )

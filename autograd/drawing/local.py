"""Local derivatives: what stands on the edges of a picture.

The chain rule multiplies them along a path. That of an operation with respect to one of its inputs
is its derivative rule with the gradient 1. A picture must not fail where a derivative does not
exist, such as that of a root at 0: there it is nan.
"""

import math
from collections.abc import Sequence

from autograd.backpropagation import gradients_sent
from autograd.graph import Node


def local_derivatives(node: Node) -> tuple[float, ...]:
    """Return d node/d parent for each parent of a node, in their order.

    >>> from autograd import Value
    >>> a, b = Value(2.0), Value(-3.0)
    >>> local_derivatives(a * b)
    (-3.0, 2.0)
    >>> local_derivatives(Value(0.0).sqrt())
    (nan,)
    """
    try:
        return existing_derivatives(node)
    except (ArithmeticError, ValueError):
        return (math.nan,) * len(node.parents)


def existing_derivatives(node: Node) -> tuple[float, ...]:
    """Return what `local_derivatives` does, unless a derivative does not exist.

    Raises
    ------
    AutogradError
        See `autograd.backpropagation.gradients_sent`.
    """
    inputs = [parent.data for parent in node.parents]
    if node.operation is None or not inputs:
        return ()
    return tuple(map(float, gradients_sent(node, 1.0)))


def derivatives_through(nodes: Sequence[Node], output: Node) -> dict[Node, float]:
    """Return d output/d input for each node outside `nodes` that one of them takes as an input.

    >>> from autograd import Value
    >>> x = Value(0.0, "x")
    >>> square = x * x
    >>> y = square + 3 * x
    >>> derivatives_through([square, *y.parents[1:], y], y)[x]
    3.0

    Parameters
    ----------
    nodes : sequence of Node
        Each one after those of its inputs that are among them.
    output : Node
        One of them.
    """
    inside = set(nodes)
    gradients: dict[Node, float] = {output: 1.0}
    for node in reversed(nodes):
        gradient = gradients.get(node, 0.0)
        for parent, derivative in zip(node.parents, local_derivatives(node), strict=True):
            gradients[parent] = gradients.get(parent, 0.0) + gradient * derivative
    return {node: gradient for node, gradient in gradients.items() if node not in inside}

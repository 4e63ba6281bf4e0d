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
    if node.operation is None or not node.parents:
        return ()
    try:
        sent = gradients_sent(node, 1.0)
    except (ArithmeticError, ValueError):
        needless = gradients_sent(node, 1.0, is_needed=lambda parent: False)
        sent = [each if math.isfinite(each) else math.nan for each in needless]
    return tuple(map(float, sent))


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

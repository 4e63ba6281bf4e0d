"""A weighted sum, shown as the products and the sum that it is.

The engine computes ``w_0 x_0 + w_1 x_1 + b`` as one node, `dot`, because that is fast. A reader
wants to see the products. So a picture shows a short dot as several boxes::

    w_0, x_0 -> * -> Σ      with the derivatives  d(w_0 x_0)/dw_0 = x_0,  d(w_0 x_0)/dx_0 = w_0
    w_1, x_1 -> * -> Σ                            dΣ/d(w_i x_i) = 1
                b -> Σ                            dΣ/db = 1

of which only the sum is a node of the graph.
"""

from collections.abc import Sequence
from dataclasses import replace

from autograd import operations
from autograd.drawing.picture import Box, Edge, Picture

SHORT = 8
"""The number of products up to which a dot is unfolded."""


def unfold(picture: Picture) -> Picture:
    """Show every short dot that has a box to itself as products and a sum.

    >>> import autograd as ag
    >>> from autograd.drawing.depicting import depict
    >>> w, x, b = ag.Value(2.0, "w"), ag.Value(3.0, "x"), ag.Value(1.0, "b")
    >>> picture = depict(ag.dot([w], [x], b))  # which unfolds it
    >>> [(box.key, box.label or box.symbol, box.data) for box in picture.boxes[3:]]
    [('n3p0', '*', (6.0,)), ('n3', 'Σ', (7.0,))]
    >>> [(edge.source, edge.target, edge.derivative) for edge in picture.edges]
    [('n0', 'n3p0', 3.0), ('n1', 'n3p0', 2.0), ('n3p0', 'n3', 1.0), ('n2', 'n3', 1.0)]
    """
    edges_into: dict[str, list[Edge]] = {box.key: [] for box in picture.boxes}
    for edge in picture.edges:
        edges_into[edge.target].append(edge)
    boxes: list[Box] = []
    edges: list[Edge] = []
    for box in picture.boxes:
        into = edges_into[box.key]
        if _is_short_dot(box, into):
            products, into = _unfolded(box, into)
            boxes += products
            box = replace(box, symbol=operations.sum.symbol)
        boxes.append(box)
        edges += into
    return replace(picture, boxes=tuple(boxes), edges=tuple(edges))


def _is_short_dot(box: Box, into: Sequence[Edge]) -> bool:
    node = box.nodes[-1]
    is_dot = len(box.nodes) == 1 and node.operation is operations.dot
    return is_dot and len(into) == len(node.parents) <= 2 * SHORT + 1


def _unfolded(box: Box, into: Sequence[Edge]) -> tuple[list[Box], list[Edge]]:
    """Return the products of a dot, and the edges into them and into the sum."""
    weights, inputs, _ = operations.dot_terms(box.nodes[0].parents)
    of_weights, of_inputs, of_bias = operations.dot_terms(into)
    products: list[Box] = []
    edges: list[Edge] = []
    for i, (weight, x) in enumerate(zip(weights, inputs, strict=True)):
        key = f"{box.key}p{i}"
        number = weight.data * x.data
        products.append(
            Box(key, "intermediate", "", operations.mul.symbol, (), (), (number,), box.gradients)
        )
        edges += [replace(of_weights[i], target=key), replace(of_inputs[i], target=key)]
    edges += [Edge(product.key, box.key, 1.0) for product in products]
    return products, [*edges, *of_bias]

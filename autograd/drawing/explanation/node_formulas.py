"""Formulas for readers: what a node computes, and its local derivatives, in symbols.

A derivative rule is a function. Called with an `Expression` in place of each number, it runs once
and leaves behind what it computes:

>>> import autograd as ag
>>> x = ag.Value(0.5)
>>> y = ag.tanh(x)
>>> formula = derivative_formula(y, 0)
>>> formula.function, round(formula.number, 3)
('-', 0.786)

`formula_writing` puts it into characters, "1 - y²".
"""

import itertools
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from autograd.drawing.explanation.expressions import Expression, Symbolic, function_of
from autograd.graph import Node
from autograd.operation import CONSTANT
from autograd.operations import dot_terms

LARGEST = 40
"""Formulas of more symbols than this are not shown: the number says more."""

MANY = 5
"""Of more operands than this, only those that matter are shown."""

OMITTED = Expression(0.0, "…", ())
"""Stands for a part of a formula that is not shown."""


def symbol(node: Node) -> Symbolic:
    """Return what stands for a node in a formula: the number itself, for an unlabelled constant."""
    if node.operation is CONSTANT and not node.label:
        return node.data
    return Expression(node.data, "", (node,))


def node_formula(node: Node, keep: Collection[int] = ()) -> Symbolic:
    """Return what a node computes, with symbols for its inputs.

    Of many inputs only those at the positions `keep` are shown.
    """
    inputs = [symbol(parent) for parent in node.parents]
    assert node.operation is not None
    name = node.operation.name
    if name == "dot":
        weights, xs, bias = dot_terms(inputs)
        pairs, count = zip(weights, xs, strict=True), len(weights)
        terms = [*(Expression(0.0, "·", pair) for pair in pairs), *bias]
        kept = {count if position == 2 * count else position % count for position in keep}
        return Expression(node.data, "+", tuple(_shortened(terms, kept)))
    function = "+" if name == "sum" and len(inputs) > 1 else function_of(node.operation)
    return Expression(node.data, function, tuple(_shortened(inputs, keep)))


def reading_order(node: Node) -> Sequence[int]:
    """Return the positions of the inputs of a node, in the order that its formula shows them.

    >>> import autograd as ag
    >>> a, b, c, d = (ag.Value(i) for i in range(4))
    >>> reading_order(ag.dot([a, b], [c, d]))  # a · c + b · d
    [0, 2, 1, 3]
    """
    positions = range(len(node.parents))
    if node.operation is None or node.operation.name != "dot":
        return positions
    weights, xs, bias = dot_terms(positions)
    return [*itertools.chain(*zip(weights, xs, strict=True)), *bias]


def derivative_formula(node: Node, position: int) -> Symbolic | None:
    """Return the derivative of a node by one of its inputs in symbols, None if it is too long.

    Also None if the rule does with its arguments what only floats can do, such as ``math.cos(x)``.
    """
    target = node.parents[position]
    inputs = [
        Expression(parent.data, "", (parent,)) if parent is target else symbol(parent)
        for parent in node.parents
    ]
    assert node.operation is not None
    try:
        out = Expression(node.data, "", (node,))
        formula = node.operation.derivative(1.0, out, *inputs)[position]
    except Exception:  # a rule may do anything; one that works on floats only is no mistake
        return None
    if isinstance(formula, Expression):
        return formula if formula.size <= LARGEST else None
    return float(formula)


def nodes_in(formula: Symbolic | None) -> Iterator[Node]:
    """Yield the nodes whose symbols a formula shows."""
    if isinstance(formula, Expression):
        for operand in formula.operands:
            if isinstance(operand, Node):
                yield operand
            else:
                yield from nodes_in(operand)


def _shortened(operands: Sequence[Any], keep: Collection[int]) -> Sequence[Any]:
    """Leave out all but a few of many operands."""
    if len(operands) <= MANY:
        return operands
    shown: list[Any] = []
    for position, operand in enumerate(operands):
        if position in keep:
            shown.append(operand)
        elif not shown or shown[-1] is not OMITTED:
            shown.append(OMITTED)
    return shown

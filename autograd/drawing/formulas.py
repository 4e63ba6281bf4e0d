"""Formulas for readers: what a node computes, and its local derivatives, in symbols.

A derivative rule is a function. Called with an `Expression` in place of each number, it runs once
and leaves behind what it computes:

>>> import autograd as ag
>>> x = ag.Value(0.5)
>>> y = ag.tanh(x)
>>> formula = derivative_formula(y, 0)
>>> formula.function, round(formula.number, 3)
('-', 0.786)

`autograd.drawing.formula_writing` writes it, "1 - y²".

The compiler writes rules down too (`autograd.compiler.expressions`), as programs for any sample. A
reader looks at one sample: here an expression knows its number, so that a rule may branch, and a
condition that only tells cases apart, as in the rule of ``**``, is decided and disappears.
"""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, TypeAlias

from autograd import operations
from autograd.graph import Node
from autograd.operations import CONSTANT, Operation

LARGEST = 40
"""Formulas of more symbols than this are not shown: the number says more."""

MANY = 5
"""Of more operands than this, only those that matter are shown."""


class Expression:
    """A number with the formula it comes from.

    Attributes
    ----------
    number : float
    function : str
        One of ``+ - · / ^ neg``, a comparison, the name of an operation, or "" for a symbol.
    operands : tuple of Expression or float
        The only operand of a symbol is the node that it stands for.
    size : int
        How many symbols and functions there are in the formula.
    """

    __slots__ = ("function", "number", "operands", "size")

    def __init__(self, number: float, function: str, operands: tuple[Any, ...]) -> None:
        self.number = number
        self.function = function
        self.operands = operands
        self.size = 1 + sum(getattr(operand, "size", 0) for operand in operands)

    @staticmethod
    def record(operation: Operation, inputs: tuple[Any, ...]) -> "Symbolic":
        """Write down an operation that a derivative rule calls, such as cos in that of sin."""
        if operation.name in _OPERATORS:
            result: Symbolic = _OPERATORS[operation.name](*inputs)
            return result
        inputs = tuple(map(_decided, inputs))
        return Expression(operation.evaluate(*map(_number, inputs)), operation.name, inputs)

    def __neg__(self) -> Any:
        return _product(-1.0, self)

    def __pos__(self) -> "Expression":
        return self

    def __abs__(self) -> Any:
        return self.record(operations.abs, (self,))

    def __add__(self, other: Any) -> Any:
        return _sum(self, other)

    def __radd__(self, other: Any) -> Any:
        return _sum(other, self)

    def __sub__(self, other: Any) -> Any:
        return _difference(self, other)

    def __rsub__(self, other: Any) -> Any:
        return _difference(other, self)

    def __mul__(self, other: Any) -> Any:
        return _product(self, other)

    def __rmul__(self, other: Any) -> Any:
        return _product(other, self)

    def __truediv__(self, other: Any) -> Any:
        return _quotient(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _quotient(other, self)

    def __pow__(self, other: Any) -> Any:
        return _power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return _power(other, self)

    def __lt__(self, other: Any) -> Any:
        return Condition(self.number < _number(other), "<", (self, other))

    def __le__(self, other: Any) -> Any:
        return Condition(self.number <= _number(other), "≤", (self, other))

    def __gt__(self, other: Any) -> Any:
        return Condition(self.number > _number(other), ">", (self, other))

    def __ge__(self, other: Any) -> Any:
        return Condition(self.number >= _number(other), "≥", (self, other))


Symbolic: TypeAlias = Expression | float
"""A formula. A number stands for itself."""

OMITTED = Expression(0.0, "…", ())
"""Stands for a part of a formula that is not shown."""


class Condition(Expression):
    """A comparison: 1 where it holds and 0 elsewhere.

    It keeps its formula while it stands alone, as in the derivative of relu, and in a larger
    formula becomes its number.
    """

    def __bool__(self) -> bool:
        return bool(self.number)

    def __and__(self, other: Any) -> bool:
        return bool(self) and bool(other)

    __rand__ = __and__


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
        count = len(inputs) // 2
        pairs = zip(inputs[:count], inputs[count : 2 * count], strict=True)
        bias = inputs[2 * count :]
        terms = [*(Expression(0.0, "·", pair) for pair in pairs), *bias]
        kept = {count if position == 2 * count else position % count for position in keep}
        return Expression(node.data, "+", tuple(_shortened(terms, kept)))
    function = _SIGNS.get(name, name)
    if name == "sum" and len(inputs) > 1:
        function = "+"
    return Expression(node.data, function, tuple(_shortened(inputs, keep)))


def derivative_formula(node: Node, position: int) -> Symbolic | None:
    """Return the derivative of a node by one of its inputs in symbols, None if it is too long.

    None too if the rule does with its arguments what only floats can do, such as ``math.cos(x)``.
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


# --- arithmetic that keeps formulas short --------------------------------------------------------


def _number(x: Any) -> float:
    return x.number if isinstance(x, Expression) else x


def _decided(x: Any) -> Any:
    return float(x.number) if isinstance(x, Condition) else x


def _is(x: Any, number: float) -> bool:
    return not isinstance(x, Expression) and bool(x == number)


def _sum(a: Any, b: Any) -> Any:
    a, b = _decided(a), _decided(b)
    if _is(a, 0.0):
        return b
    if _is(b, 0.0):
        return a
    if isinstance(b, Expression) and b.function == "neg":
        return _difference(a, b.operands[0])
    return Expression(_number(a) + _number(b), "+", (a, b))


def _difference(a: Any, b: Any) -> Any:
    a, b = _decided(a), _decided(b)
    if _is(a, 0.0):
        return -b
    if _is(b, 0.0):
        return a
    if not isinstance(a, Expression) and not isinstance(b, Expression):
        return a - b
    return Expression(_number(a) - _number(b), "-", (a, b))


def _product(a: Any, b: Any) -> Any:
    if _is(a, 1.0):
        return b
    if _is(b, 1.0):
        return a
    a, b = _decided(a), _decided(b)
    if _is(a, 0.0) or _is(b, 0.0):
        return 0.0
    if not isinstance(b, Expression):  # the number stands first
        a, b = b, a
    if not isinstance(b, Expression):
        return a * b
    if _is(a, 1.0):
        return b
    if _is(a, -1.0):
        return b.operands[0] if b.function == "neg" else Expression(-b.number, "neg", (b,))
    if isinstance(a, Expression) and a.function == "neg":
        return -_product(a.operands[0], b)
    if b.function == "neg":
        return -_product(a, b.operands[0])
    if isinstance(a, Expression) and a.function == "·" and _exponent(a.operands[1], b):
        return _product(a.operands[0], _product(a.operands[1], b))
    if exponent := _exponent(a, b):
        return _power(b, exponent + 1.0)
    return Expression(_number(a) * b.number, "·", (a, b))


def _exponent(a: Any, b: Any) -> float:
    """Return e where `a` is the e-th power of the symbol `b`, otherwise 0."""
    if not isinstance(a, Expression) or not isinstance(b, Expression) or b.function:
        return 0.0
    if a.function == "^" and not isinstance(a.operands[1], Expression):
        return float(a.operands[1]) if _exponent(a.operands[0], b) else 0.0
    return 1.0 if a.function == "" and a.operands[0] is b.operands[0] else 0.0


def _quotient(a: Any, b: Any) -> Any:
    a, b = _decided(a), _decided(b)
    if _is(b, 1.0) or _is(a, 0.0):
        return a
    if isinstance(a, Expression) and a.function == "neg":
        return -_quotient(a.operands[0], b)
    return Expression(_number(a) / _number(b), "/", (a, b))


def _power(a: Any, b: Any) -> Any:
    a, b = _decided(a), _decided(b)
    if _is(b, 1.0):
        return a
    if _is(b, 0.0):
        return 1.0
    return Expression(math.pow(_number(a), _number(b)), "^", (a, b))


_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": _sum,
    "sub": _difference,
    "mul": _product,
    "div": _quotient,
    "pow": _power,
    "neg": lambda x: _product(-1.0, x),
}
_SIGNS = {"add": "+", "sub": "-", "mul": "·", "div": "/", "pow": "^", "neg": "neg"}


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

"""Numbers that remember their formula: what a derivative rule is called with to be written down.

>>> from autograd import Value
>>> x = Expression(3.0, "", (Value(3.0),))
>>> slope = 2 * x * 1.0 * x
>>> slope.number, slope.function, slope.operands[0], slope.operands[1].function
(18.0, '·', 2, '^')

The arithmetic is that of a textbook: it leaves out zeros and ones, and writes products of a symbol
with itself as powers. In `autograd.formulas` rules are written down too, for programs that serve
any sample. A reader looks at one sample: here an expression knows its number, so that a rule may
branch, and a condition that only tells cases apart, as in the rule of ``**``, is decided and
disappears.
"""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from autograd import operations
from autograd.operation import Operation


class Expression:
    """A number with the formula it comes from.

    Attributes
    ----------
    number : float
    function : str
        One of ``+ - · / ^ neg``, a comparison, an operation's `function_of`, or "" for a symbol.
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
        return Expression(operation.evaluate(*map(_number, inputs)), function_of(operation), inputs)

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

    def __bool__(self) -> bool:
        return bool(self.number)

    def __eq__(self, other: object) -> Any:
        return Condition(self.number == _number(other), "=", (self, other))

    def __ne__(self, other: object) -> Any:
        return Condition(self.number != _number(other), "≠", (self, other))

    __hash__ = object.__hash__

    def __lt__(self, other: Any) -> Any:
        return Condition(self.number < _number(other), "<", (self, other))

    def __le__(self, other: Any) -> Any:
        return Condition(self.number <= _number(other), "≤", (self, other))

    def __gt__(self, other: Any) -> Any:
        return Condition(self.number > _number(other), ">", (self, other))

    def __ge__(self, other: Any) -> Any:
        return Condition(self.number >= _number(other), "≥", (self, other))


def function_of(operation: Operation) -> str:
    """Return what an expression calls an operation: its sign, or its name.

    A name that could be read as a sign stands in parentheses.

    >>> function_of(operations.add), function_of(operations.tanh)
    ('+', 'tanh')
    """
    name = operation.name
    return _SIGNS.get(name, name if any(map(str.isalnum, name)) else f"({name})")


_SIGNS = {"add": "+", "sub": "-", "mul": "·", "div": "/", "pow": "^", "neg": "neg"}


Symbolic: TypeAlias = Expression | float
"""A formula. A number stands for itself."""


class Condition(Expression):
    """A comparison: 1 where it holds and 0 elsewhere.

    It keeps its formula while it stands alone, as in the derivative of relu, and in a larger
    formula becomes its number.
    """

    def __and__(self, other: Any) -> bool:
        return bool(self) and bool(other)

    __rand__ = __and__


# --- arithmetic that keeps formulas short --------------------------------------------------------


def _number(x: Any) -> float:
    return x.number if isinstance(x, Expression) else x


def _decided(x: Any) -> Any:
    return float(x.number) if isinstance(x, Condition) else x


def _is(x: Any, number: float) -> bool:
    return not isinstance(x, Expression) and bool(x == number)


def _are_numbers(a: Any, b: Any) -> bool:
    return not isinstance(a, Expression) and not isinstance(b, Expression)


def _sum(a: Any, b: Any) -> Any:
    a, b = _decided(a), _decided(b)
    if _is(a, 0.0):
        return b
    if _is(b, 0.0):
        return a
    if isinstance(b, Expression) and b.function == "neg":
        return _difference(a, b.operands[0])
    if _are_numbers(a, b):
        return a + b
    return Expression(_number(a) + _number(b), "+", (a, b))


def _difference(a: Any, b: Any) -> Any:
    a, b = _decided(a), _decided(b)
    if _is(a, 0.0):
        return -b
    if _is(b, 0.0):
        return a
    if _are_numbers(a, b):
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
    if _are_numbers(a, b):
        return a * b
    if not isinstance(b, Expression):  # the number stands first
        a, b = b, a
    if _is(a, 1.0):  # a condition that holds, of which only its number was left
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
    if _are_numbers(a, b):
        return a / b
    return Expression(_number(a) / _number(b), "/", (a, b))


def _power(a: Any, b: Any) -> Any:
    a, b = _decided(a), _decided(b)
    if _is(b, 1.0):
        return a
    if _is(b, 0.0):
        return 1.0
    if _are_numbers(a, b):
        return math.pow(a, b)
    return Expression(math.pow(_number(a), _number(b)), "^", (a, b))


_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": _sum,
    "sub": _difference,
    "mul": _product,
    "div": _quotient,
    "pow": _power,
    "neg": lambda x: _product(-1.0, x),
}

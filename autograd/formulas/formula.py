"""Formulas as source text: what an operation computes, written down instead of computed.

The table of operations holds functions. Called with a `Formula` in place of an array, such a
function runs once and leaves its text:

>>> from autograd.operations import tanh
>>> tanh.derivative(Formula("g"), Formula("out"), Formula("x"))[0].text
'multiply(g, subtract(1.0, multiply(out, out)))'
>>> tanh.array(NAMESPACE, Formula("x")).assigned_to("y")
'tanh(x, out=y)'

To Python a comparison is a number, 0 or 1. To NumPy it is a truth value: one cannot be subtracted
from another, and the sum of two is `True` at most. So where a rule counts them, a formula makes
them numbers:

>>> g, x = Formula("g"), Formula("x")
>>> (g * ((x > 0) + (x > 1))).text
'multiply(g, add(multiply(greater(x, 0.0), 1.0), greater(x, 1.0)))'

Functions that do more than compute (``array`` of lookup moves entries about) have no text; then
`Formula` raises `NoFormulaError`, and a backend calls the function itself. A derivative has to have
a formula.
"""

import functools
import math
import re
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from autograd.operation import Operation


class NoFormulaError(AttributeError, TypeError):
    """A function does with its arguments what cannot be written as one formula."""


@dataclass(eq=False, slots=True)
class Formula:
    """A name, or a NumPy function of formulas and numbers.

    Attributes
    ----------
    function : str
        The name, or the function's.
    arguments : tuple of Formula or number
        Empty for a name.
    """

    function: str
    arguments: tuple[Any, ...] = ()

    @property
    def text(self) -> str:
        """The formula as an expression."""
        if not self.arguments:
            return self.function
        return f"{self.function}({self._arguments_text()})"

    def assigned_to(self, name: str) -> str:
        """Return the statement that computes the formula into the array `name`."""
        writes = self.function == "dot" or is_ufunc(self.function.removesuffix(".reduce"))
        if self.arguments and writes:
            return f"{self.function}({self._arguments_text()}, out={name})"
        return f"copyto({name}, {self.text})"

    def _arguments_text(self) -> str:
        return ", ".join(as_formula(argument).text for argument in self.arguments)

    @staticmethod
    def record(operation: Operation, inputs: tuple[Any, ...]) -> Any:
        """Write down an operation that a derivative rule calls, such as cos in that of sin."""
        return operation.array(NAMESPACE, *inputs)

    def __getattr__(self, name: str) -> Any:
        raise NoFormulaError(name)

    def __getitem__(self, key: Any) -> Any:
        raise NoFormulaError("a formula has no entries or slices, as lookup takes them")

    def __pos__(self) -> "Formula":
        return self

    def __abs__(self) -> "Formula":
        return Formula("abs", (_counted(self),))

    def __neg__(self) -> "Formula":
        if _is_condition(self):
            return Formula("multiply", (self, -1.0))
        return Formula("negative", (self,))

    def __add__(self, other: Any) -> Any:
        return _sum("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _sum("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return _sum("subtract", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _sum("subtract", other, self)

    def __mul__(self, other: Any) -> "Formula":
        if _is_condition(self) and _is_condition(other):
            return Formula("logical_and", (self, other))
        return _product(_number(other), self, Formula("multiply", (self, _number(other))))

    def __rmul__(self, other: Any) -> "Formula":
        return _product(_number(other), self, Formula("multiply", (_number(other), self)))

    def __truediv__(self, other: Any) -> "Formula":
        return Formula("divide", (self, _number(other)))

    def __rtruediv__(self, other: Any) -> "Formula":
        return Formula("divide", (_number(other), self))

    def __pow__(self, other: Any) -> "Formula":
        return Formula("power", (self, _number(other)))

    def __rpow__(self, other: Any) -> "Formula":
        return Formula("power", (_number(other), self))

    # `==` and `!=` of formulas are formulas too, so that no rule takes them for an answer.
    __hash__ = object.__hash__

    def __eq__(self, other: Any) -> "Formula":  # type: ignore[override]
        return Formula("equal", (self, _number(other)))

    def __ne__(self, other: Any) -> "Formula":  # type: ignore[override]
        return Formula("not_equal", (self, _number(other)))

    def __lt__(self, other: Any) -> "Formula":
        return Formula("less", (self, _number(other)))

    def __le__(self, other: Any) -> "Formula":
        return Formula("less_equal", (self, _number(other)))

    def __gt__(self, other: Any) -> "Formula":
        return Formula("greater", (self, _number(other)))

    def __ge__(self, other: Any) -> "Formula":
        return Formula("greater_equal", (self, _number(other)))

    def __and__(self, other: Any) -> Any:
        if not isinstance(other, Formula):  # a condition that is already decided
            return self if other else False
        return Formula("logical_and", (self, other))

    __rand__ = __and__

    def __bool__(self) -> bool:
        raise NoFormulaError("a branch")


@functools.cache
def is_ufunc(function: str) -> bool:
    """Return whether NumPy has a ufunc of this name."""
    return isinstance(getattr(np, function, None), np.ufunc)


@functools.cache
def _answers(function: str) -> bool:
    """Return whether a ufunc answers a question about floats ("d") with truth values ("?")."""
    return is_ufunc(function) and any(of.endswith("d->?") for of in getattr(np, function).types)


def _is_condition(argument: Any) -> bool:
    is_call = isinstance(argument, Formula) and bool(argument.arguments)
    return is_call and _answers(argument.function)


def _counted(argument: Any) -> Any:
    """Return an argument, a condition as the number 0 or 1."""
    return Formula("multiply", (argument, 1.0)) if _is_condition(argument) else argument


def _asked(argument: Any) -> Formula:
    """Return an argument as a condition: of a number, that it is not 0."""
    return argument if _is_condition(argument) else Formula("not_equal", (argument, 0.0))


def _sum(function: str, left: Any, right: Any) -> Any:
    """Return a sum or difference; if one side is a number, NumPy makes the other one a number."""
    if right is ZERO:
        return left
    if function == "add" and _is_negative(right):
        return _sum("subtract", left, *right.arguments)
    if function == "add" and _is_negative(left):
        return _sum("subtract", right, *left.arguments)
    both = _is_condition(left) and _is_condition(right)
    return Formula(function, (_counted(left) if both else _number(left), _number(right)))


def _is_negative(argument: Any) -> bool:
    return isinstance(argument, Formula) and argument.function == "negative"


def _number(other: Any) -> Any:
    """Make a float of a whole number in a rule: only in a NumPy call may it be meant as whole."""
    return float(other) if isinstance(other, int) else other


def _product(factor: Any, formula: Formula, product: Formula) -> Formula:
    """Simplify a product with 1, -1 or 0."""
    if not isinstance(factor, float):
        return product
    return {1.0: formula, -1.0: -formula, 0.0: ZERO}.get(factor, product)


def as_formula(result: Any) -> Formula:
    """Return what a function of formulas returned as a formula, which may have been a number."""
    if isinstance(result, Formula):
        return result
    return Formula(repr(result) if math.isfinite(result) else f"float('{result}')")


def identifier(name: str) -> str:
    """Return a name for source text that reads like the name of an operation.

    >>> identifier("soft-step"), identifier("2norm"), identifier("x²")
    ('soft_step', '_2norm', 'x_')

    Different names may become the same, or a keyword: append a number.
    """
    return re.sub(r"^(?![A-Za-z_])|\W", "_", name, flags=re.ASCII)


class _Namespace:
    """Stands in for NumPy: each of its functions returns a formula."""

    def __getattr__(self, name: str) -> Any:
        if not hasattr(np, name):
            raise NoFormulaError(name)
        if not callable(getattr(np, name)):
            return getattr(np, name)  # a number, such as pi
        return _Function(name)


_CONDITIONS_FIRST = {"where": 1, "logical_and": 2}
"""How many of the arguments of a function are conditions."""


class _Function:
    """Stands in for a function of NumPy. The only method is `reduce`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *arguments: Any, **options: Any) -> Formula:
        """Apply it, with conditions as numbers: NumPy gives exp of a truth value 3 digits."""
        if options or not all(isinstance(argument, Formula | Real) for argument in arguments):
            raise NoFormulaError(self._name)  # along an axis, of a list, of a function ...
        n_conditions = _CONDITIONS_FIRST.get(self._name, 0)
        conditions = map(_asked, arguments[:n_conditions])
        numbers = map(_counted, arguments[n_conditions:])
        return Formula(self._name, (*conditions, *numbers))

    def reduce(self, operands: Any) -> Any:
        """Apply it to the first two operands, to the result and the third, and so on."""
        return functools.reduce(self, operands)

    def __getattr__(self, name: str) -> Any:
        raise NoFormulaError(f"{self._name}.{name}")


ZERO = Formula("0.0")

NAMESPACE = _Namespace()

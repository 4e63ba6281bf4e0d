"""The operations as functions: ``ag.exp``, ``ag.sum``, ``ag.dot`` and the others.

Each takes Values and numbers alike: with a Value among its arguments the result is a Value in the
graph, otherwise a float. Here the operations of `autograd.operations` get their names; formulas
composed of them are in `autograd.compositions`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar, overload

from autograd import operations
from autograd.diagnosis import require_numbers
from autograd.errors import NotANumberError, ShapeError
from autograd.graph import Row
from autograd.nested_numbers import is_nested
from autograd.operation import DETACH, Operation
from autograd.real_numbers import items_of, real_number
from autograd.value import Number, Value, as_value, function_node, new_node
from autograd.wording import counted, shown_short

Scalar = TypeVar("Scalar", Value, float)
"""A Value for Values, a float for floats."""

OfNumbers = TypeVar("OfNumbers", covariant=True)
OfValues = TypeVar("OfValues", covariant=True)


class _OfMany(Protocol[OfNumbers, OfValues]):
    """The type of a function of a list: floats give a float, a list with a Value in it a Value.

    Without it a list such as ``[x, 1.0]``, of a Value and a number, would have no type.
    """

    @overload
    def __call__(self, values: Iterable[float]) -> OfNumbers: ...
    @overload
    def __call__(self, values: Iterable[Number]) -> OfValues: ...


def of_many(function: Callable[..., Any]) -> _OfMany[float, Value]:
    """Type a function of a list: floats in, a float out; a Value among them, a Value out.

    Nothing changes at run time.
    """
    return function


def lists_of_many(function: Callable[..., Any]) -> _OfMany[list[float], list[Value]]:
    """Type a function of a list: floats in, floats out; a Value among them, Values out.

    Nothing changes at run time.
    """
    return function


# --- operations on one number --------------------------------------------------------------------


def exp(x: Scalar) -> Scalar:
    """Return e to the power of `x`.

    >>> import autograd as ag
    >>> ag.exp(0.0)
    1.0

    Raises
    ------
    NonFiniteError
        If the result is too large for a float: above about x = 709.8.
    """
    return function_node(operations.exp, x)


def expm1(x: Scalar) -> Scalar:
    """Return ``exp(x) - 1``, accurate for small `x` too.

    >>> import autograd as ag
    >>> ag.expm1(1e-20)
    1e-20

    Raises
    ------
    NonFiniteError
        If the result is too large for a float.
    """
    return function_node(operations.expm1, x)


def log(x: Scalar) -> Scalar:
    """Return the natural logarithm of a positive number.

    >>> import autograd as ag
    >>> ag.log(1.0)
    0.0

    Raises
    ------
    DomainError
        If `x` is zero or negative.
    """
    return function_node(operations.log, x)


def log1p(x: Scalar) -> Scalar:
    """Return ``log(1 + x)``, accurate for small `x` too.

    >>> import autograd as ag
    >>> ag.log1p(1e-20)
    1e-20

    Raises
    ------
    DomainError
        If `x` is -1 or less.
    """
    return function_node(operations.log1p, x)


def sqrt(x: Scalar) -> Scalar:
    """Return the square root. It has no derivative at 0.

    >>> import autograd as ag
    >>> ag.sqrt(9.0)
    3.0

    Raises
    ------
    DomainError
        If `x` is negative.
    """
    return function_node(operations.sqrt, x)


def sin(x: Scalar) -> Scalar:
    """Return the sine of `x` radians.

    >>> import autograd as ag
    >>> ag.sin(0.0)
    0.0
    """
    return function_node(operations.sin, x)


def cos(x: Scalar) -> Scalar:
    """Return the cosine of `x` radians.

    >>> import autograd as ag
    >>> ag.cos(0.0)
    1.0
    """
    return function_node(operations.cos, x)


def tanh(x: Scalar) -> Scalar:
    """Return the hyperbolic tangent, between -1 and 1.

    >>> import autograd as ag
    >>> ag.tanh(0.0)
    0.0
    """
    return function_node(operations.tanh, x)


def arctan(x: Scalar) -> Scalar:
    """Return the inverse tangent in radians, between -π/2 and π/2.

    >>> import autograd as ag
    >>> 4 * ag.arctan(1.0)
    3.141592653589793
    """
    return function_node(operations.arctan, x)


def sigmoid(x: Scalar) -> Scalar:
    """Return ``1 / (1 + exp(-x))``, between 0 and 1, without overflow.

    >>> import autograd as ag
    >>> ag.sigmoid(0.0), ag.sigmoid(1000.0), ag.sigmoid(-1000.0)
    (0.5, 1.0, 0.0)
    """
    return function_node(operations.sigmoid, x)


def relu(x: Scalar) -> Scalar:
    """Return the larger of `x` and 0. Its derivative at 0 is 0 by convention.

    >>> import autograd as ag
    >>> ag.relu(2.0), ag.relu(-2.0)
    (2.0, 0.0)
    """
    return function_node(operations.relu, x)


def softplus(x: Scalar) -> Scalar:
    """Return ``log(1 + exp(x))``, a smooth relu, without overflow.

    >>> import autograd as ag
    >>> ag.softplus(0.0) == ag.log(2.0)
    True
    >>> ag.softplus(1000.0)
    1000.0
    """
    return function_node(operations.softplus, x)


def heaviside(x: Scalar) -> Scalar:
    """Return the Heaviside step function: 1 where `x` is positive, and 0 elsewhere.

    >>> import autograd as ag
    >>> ag.heaviside(2.0), ag.heaviside(0.0)
    (1.0, 0.0)

    Its derivative is 0 everywhere.
    """
    return function_node(operations.heaviside, x)


def abs(x: Scalar) -> Scalar:
    """Return the absolute value. Its derivative at 0 is 0 by convention.

    >>> import autograd as ag
    >>> ag.abs(-2.0)
    2.0
    """
    return function_node(operations.abs, x)


def erf(x: Scalar) -> Scalar:
    """Return the error function, ``2/√π`` times the integral of ``exp(-t²)`` from 0 to `x`.

    >>> import autograd as ag
    >>> ag.erf(0.0)
    0.0
    """
    return function_node(operations.erf, x)


def erfc(x: Scalar) -> Scalar:
    """Return ``1 - erf(x)``, accurate for large `x` too.

    >>> import autograd as ag
    >>> ag.erfc(0.0)
    1.0
    """
    return function_node(operations.erfc, x)


def detach(x: Scalar) -> Scalar:
    """Return `x` as a number that no gradient flows through.

    >>> import autograd as ag
    >>> ag.grad(lambda x: x * ag.detach(x))(3.0)
    3.0
    """
    return function_node(DETACH, x)


# --- operations on many numbers ------------------------------------------------------------------


@of_many
def sum(values: Iterable[Any]) -> Any:
    """Add any number of Values and numbers, as one node.

    >>> import autograd as ag
    >>> ag.sum([1.0, 2.0, 3.0])
    6.0
    >>> len(ag.sum(ag.Value(i) for i in range(5)).parents)
    5
    """
    return _combination(operations.sum, items_of("sum", values))


def dot(weights: Iterable[Any], inputs: Iterable[Any], bias: Any = None) -> Any:
    """Return ``weights[0] * inputs[0] + weights[1] * inputs[1] + ... + bias``, as one node.

    >>> import autograd as ag
    >>> ag.dot([1.0, 2.0], [10.0, 20.0], bias=5.0)
    55.0

    Parameters
    ----------
    weights, inputs : iterable of Value or float, of equal length
    bias : Value or float, optional

    Raises
    ------
    ShapeError
        If there are not as many weights as inputs.
    """
    weights, inputs = items_of("dot", weights), items_of("dot", inputs)
    if len(weights) != len(inputs):
        sizes = f"{counted(len(weights), 'weight')} and {counted(len(inputs), 'input')}"
        raise ShapeError(f"dot needs as many inputs as weights, got {sizes}")
    biases = () if bias is None else (bias,)
    together = (*weights, *inputs, *biases)
    try:
        if together:
            return weighted_sum(weights, inputs, biases, (Row(together),))
    except AttributeError:  # there are numbers among them
        if any(isinstance(x, Value) for x in together):
            values = tuple(map(as_value, together))
            return weighted_sum(*operations.dot_terms(values), (Row(values),))
    return operations.dot.evaluate(*map(real_number, together))


def weighted_sum(
    weights: Sequence[Value], inputs: Sequence[Value], bias: Sequence[Value], rows: tuple[Row, ...]
) -> Value:
    """Return the `dot` of Values, as many weights as inputs, unchecked: what a neuron computes.

    The bias is one Value or none. The node keeps `rows`: these three as rows, or one row of all.

    Training spends most of its time here. So this repeats the forward of `operations.dot`, which
    would need the numbers taken out of the Values first: repeating it is three times as fast.
    """
    total = bias[0]._number if bias else 0.0
    try:
        for weight, x in zip(weights, inputs):  # noqa: B905  strict costs 0.4 us
            total += weight._number * x._number
    except (TypeError, OverflowError):
        require_numbers([*weights, *inputs, *bias])
        raise
    return new_node(operations.dot, total, None, rows)


def max(*values: Any) -> Any:
    """Return the largest of one list, or of several arguments.

    >>> import autograd as ag
    >>> ag.max([1.0, 3.0, 2.0]), ag.max(1.0, 3.0)
    (3.0, 3.0)

    If several are the largest, the first receives the whole gradient.

    Raises
    ------
    ShapeError
        If there are none.
    """
    return _combination(operations.max, not_empty("max", _arguments(values)))


def min(*values: Any) -> Any:
    """Return the smallest of one list, or of several arguments.

    >>> import autograd as ag
    >>> ag.min([1.0, 3.0, 2.0]), ag.min(1.0, 3.0)
    (1.0, 1.0)

    If several are the smallest, the first receives the whole gradient.

    Raises
    ------
    ShapeError
        If there are none.
    """
    return _combination(operations.min, not_empty("min", _arguments(values)))


def lookup(table: Iterable[Any], index: Any) -> Any:
    """Return ``table[index]``, as a node that a picture shows and a compiled graph can follow.

    >>> import autograd as ag
    >>> ag.lookup([10.0, 20.0, 30.0], 1)
    20.0

    A table of rows gives a row:

    >>> ag.lookup([[1.0, 2.0], [3.0, 4.0]], 1)
    [3.0, 4.0]

    Parameters
    ----------
    table : iterable of n Values or numbers, or of n rows of them of equal length
    index : int, or a whole number as float or Value, from 0 to n - 1

    Raises
    ------
    DomainError
        If `index` is not whole or out of range.
    NotANumberError
        If `index` is a list.
    ShapeError
        If rows differ in length, or are mixed with numbers.
    """
    if is_nested(index):
        shown = shown_short(index)
        raise NotANumberError(f"lookup takes one index, not {shown}: look up each of its items")
    table = items_of("lookup", table)
    rows = [entry for entry in table if is_nested(entry)]
    if not rows:
        return _combination(operations.lookup, [index, *table])
    if len(rows) < len(table):
        raise ShapeError(f"lookup needs a table of numbers or of rows, not of both: {table!r}")
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise ShapeError(f"lookup needs rows of equal length, not of the lengths {lengths}")
    return [lookup(column, index) for column in zip(*rows, strict=True)]


def _arguments(values: Sequence[Any]) -> Iterable[Any]:
    """Return the one iterable among the arguments of a function, or else the arguments."""
    return values[0] if len(values) == 1 and isinstance(values[0], Iterable) else values


def not_empty(function: str, values: Iterable[Any]) -> Sequence[Any]:
    """Return the argument of a function as a list of at least one number, or raise an error."""
    items = items_of(function, values)
    if not items:
        raise ShapeError(f"{function} of nothing: give at least one number")
    return items


def _combination(operation: Operation, inputs: Sequence[Any]) -> Any:
    if any(isinstance(x, Value) for x in inputs):
        return Value.record(operation, inputs)
    return operation.evaluate(*map(real_number, inputs))

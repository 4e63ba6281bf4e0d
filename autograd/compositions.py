"""Formulas composed of operations: ``ag.mean``, ``ag.gelu``, ``ag.softmax`` and the others.

They are written so that they stay accurate for large arguments.
"""

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from autograd import operations
from autograd.errors import NonFiniteError
from autograd.functions import (
    Scalar,
    detach,
    dot,
    erfc,
    exp,
    expm1,
    lists_of_many,
    log,
    max,
    min,
    not_empty,
    of_many,
    relu,
    sigmoid,
    sqrt,
    sum,
)
from autograd.real_numbers import items_of, real_number
from autograd.value import Value, as_value

_Formula = TypeVar("_Formula", bound=Callable[..., Any])


@of_many
def mean(values: Iterable[Any]) -> Any:
    """Return the arithmetic mean.

    >>> import autograd as ag
    >>> ag.mean([1.0, 2.0, 6.0])
    3.0

    Raises
    ------
    ShapeError
        If there are no values.
    """
    values = not_empty("mean", values)
    return sum(values) / len(values)


@of_many
def norm(values: Iterable[Any]) -> Any:
    """Return the Euclidean length, the root of the sum of squares. No derivative at the origin.

    >>> import autograd as ag
    >>> ag.norm([3.0, 4.0])
    5.0
    """
    values = items_of("norm", values)
    candidates = [*values, 0.0]
    largest = detach(max(max(candidates), -min(candidates)))
    size = max(largest, 1 - operations.heaviside(largest))  # 1 for zeros alone
    scaled = [x / size for x in values]  # squares of these neither overflow nor vanish
    return size * sqrt(dot(scaled, scaled))


def of_one(formula: _Formula) -> _Formula:
    """Let a formula of one number check plain numbers, as the operations do.

    Raises
    ------
    NotANumberError
        If an argument is neither a Value nor a real number.
    NonFiniteError
        If the result is nan.
    """

    @functools.wraps(formula)
    def checked(x: Any, *options: Any, **named: Any) -> Any:
        if isinstance(x, Value):
            return formula(x, *options, **named)
        number = real_number(x, formula.__name__)
        for option in (*options, *named.values()):
            as_value(option)  # an error, unless it is a number or a Value
        result = formula(number, *options, **named)
        if result != result:
            raise NonFiniteError(f"{formula.__name__}({number}) is nan: keep its inputs finite")
        return result

    return checked  # type: ignore[return-value]  # of the same type as the formula


@of_one
def leaky_relu(x: Scalar, slope: float = 0.01) -> Scalar:
    """Return `x` where it is positive, and ``slope * x`` elsewhere.

    >>> import autograd as ag
    >>> ag.leaky_relu(2.0), ag.leaky_relu(-2.0)
    (2.0, -0.02)
    """
    return relu(x) + slope * min(x, 0.0)


@of_one
def elu(x: Scalar, alpha: float = 1.0) -> Scalar:
    """Return `x` where it is positive, and ``alpha * (exp(x) - 1)`` elsewhere.

    >>> import autograd as ag
    >>> ag.elu(2.0), ag.elu(-1000.0)
    (2.0, -1.0)

    Clevert, Unterthiner, Hochreiter: Fast and Accurate Deep Network Learning by Exponential Linear
    Units, 2015, equation 15.
    """
    return relu(x) + alpha * expm1(min(x, 0.0))


@of_one
def gelu(x: Scalar) -> Scalar:
    """Return `x` times the probability that a standard normal variable is below `x`.

    >>> import autograd as ag
    >>> ag.gelu(0.0), ag.gelu(1000.0)
    (0.0, 1000.0)

    Hendrycks, Gimpel: Gaussian Error Linear Units, 2016; the exact form, with erfc, which keeps its
    digits where ``1 + erf`` loses them.
    """
    return x * (0.5 * erfc(-math.sqrt(0.5) * x))


@of_one
def silu(x: Scalar) -> Scalar:
    """Return ``x * sigmoid(x)``, also known as swish.

    >>> import autograd as ag
    >>> ag.silu(0.0), ag.silu(1000.0)
    (0.0, 1000.0)
    """
    return x * sigmoid(x)


@of_many
def logsumexp(values: Iterable[Any]) -> Any:
    """Return ``log(exp(x_1) + ... + exp(x_n))``, a smooth maximum, without overflow.

    >>> import autograd as ag
    >>> ag.logsumexp([1000.0, 1000.0]) == 1000.0 + ag.log(2.0)
    True

    Raises
    ------
    ShapeError
        If there are no values.
    """
    values = not_empty("logsumexp", values)
    largest = detach(max(values))  # any shift gives the same result and the same derivative
    return largest + log(sum(exp(x - largest) for x in values))


@lists_of_many
def softmax(values: Iterable[Any]) -> list[Any]:
    """Return n positive numbers that sum to 1, ``exp(x_i) / (exp(x_1) + ... + exp(x_n))``.

    >>> import autograd as ag
    >>> ag.softmax([0.0, 0.0])
    [0.5, 0.5]
    >>> ag.softmax([1000.0, -1000.0])
    [1.0, 0.0]

    Raises
    ------
    ShapeError
        If there are no values.
    """
    exponentials = [exp(x) for x in _below_largest(not_empty("softmax", values))]
    total = sum(exponentials)
    return [exponential / total for exponential in exponentials]


@lists_of_many
def log_softmax(values: Iterable[Any]) -> list[Any]:
    """Return the logarithms of `softmax`, accurate even for probabilities too small for a float.

    >>> import autograd as ag
    >>> ag.log_softmax([1000.0, -1000.0])
    [0.0, -2000.0]

    Raises
    ------
    ShapeError
        If there are no values.
    """
    shifted = _below_largest(not_empty("log_softmax", values))
    total = log(sum(exp(x) for x in shifted))
    return [x - total for x in shifted]


def _below_largest(values: Sequence[Any]) -> list[Any]:
    """Subtract the largest: softmax stays the same, and no exponential overflows."""
    largest = detach(max(values))
    return [x - largest for x in values]

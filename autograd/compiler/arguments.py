"""What users hand to a compiled function, checked before anything runs."""

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from autograd.compiler.arrays import Array, all_finite
from autograd.errors import ArgumentError, NonFiniteError, ShapeError
from autograd.real_numbers import (
    advice_for_not_finite,
    hides_numbers,
    not_an_array_of_numbers,
)
from autograd.value import Value
from autograd.wording import counted

Shapes: TypeAlias = tuple[tuple[int, ...], ...]
"""The shape of each argument, or of one sample of each."""

_LARGEST_SQUARE = {
    np.dtype(np.float32): float(np.finfo(np.float32).max) ** 2,
    np.dtype(np.float64): math.inf,
}
"""For each type: an array whose sum of squares is less holds no number too large for the type."""


def as_arrays(arrays: Sequence[Any]) -> list[Array]:
    """Return the arguments as arrays.

    Raises
    ------
    ShapeError
        If an argument is a ragged nest of lists.
    ArgumentError
        If one is a masked array: `numpy.asarray` would show what its mask hides.
    """
    converted: list[Array] = []
    for position, array in enumerate(arrays):
        if hides_numbers(array):
            raise ArgumentError(f"argument {position} has masked numbers: leave their samples out")
        try:
            converted.append(np.asarray(array))
        except ValueError as error:
            raise ShapeError(
                f"the samples of argument {position} have different shapes: they must have the same"
            ) from error
    return converted


def are_in_range(batch: Sequence[Array], dtype: np.dtype[Any]) -> bool:
    """Return whether arrays hold numbers alone, none of them nan or too large for `dtype`.

    The sums of their squares show that, in a tenth of the time that looking at each number takes.
    False may also mean that a square is too large: then `require_samples` looks at each.
    """
    largest = _LARGEST_SQUARE[dtype]
    for array in batch:
        kind = array.dtype.kind
        if kind not in "iub" and not (kind == "f" and float(np.vdot(array, array)) < largest):
            return False
    return True


def require_samples(batch: Sequence[Array], dtype: np.dtype[Any]) -> None:
    """Raise an error unless arrays hold equally many samples, of numbers in the range of `dtype`.

    >>> require_samples([np.array([1.0, 2.0]), np.array([[1], [2], [3]])], np.dtype(float))
    Traceback (most recent call last):
    autograd.errors.ShapeError: the arguments have different numbers of samples: 2, 3

    Raises
    ------
    ShapeError, ArgumentError, NonFiniteError
        If they do not fit each other, are empty, or hold something other than finite numbers.
    """
    for position, array in enumerate(batch):
        _require_kind(f"argument {position}", array, "fiub")
        if array.ndim == 0:
            raise ShapeError(
                f"argument {position} is one number, not an array of samples: "
                "a single sample is a batch of one, as in compiled([x], [y])"
            )
        if len(array) != len(batch[0]):
            lengths = ", ".join(str(len(array)) for array in batch)
            raise ShapeError(f"the arguments have different numbers of samples: {lengths}")
        if len(array) == 0:
            raise ShapeError("the batch is empty: give at least one sample")
        if array.dtype.kind == "f" and not all_finite(array):
            place = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
            advice = advice_for_not_finite(array[place])
            raise NonFiniteError(f"argument {position} holds {array[place]} at {place}: {advice}")
        _require_in_range(f"argument {position}", array, dtype)


def checked_theta(theta: Any, sizes: Sequence[int], dtype: np.dtype[Any]) -> Array:
    """Return the numbers of the parameters as an array of shape (n,), for an n of `sizes`.

    The last of these is the number of all parameters.

    Raises
    ------
    ShapeError, ArgumentError, NonFiniteError
        If it is something else, or holds a number that is too large for `dtype`.
    """
    if hides_numbers(theta):
        raise ArgumentError("theta has masked numbers: a gradient needs them all")
    try:
        numbers: Array = np.asarray(theta)
    except ValueError as error:
        raise ShapeError(f"theta is not an array of numbers: {error}") from error
    if numbers.ndim != 1 or len(numbers) not in sizes:
        parameters = counted(sizes[-1], "parameter")
        raise ShapeError(f"theta has shape {numbers.shape}: the function has {parameters}")
    _require_kind("theta", numbers, "fiu")
    _require_in_range("theta", numbers, dtype)
    return numbers


def _require_kind(name: str, array: Array, kinds: str) -> None:
    """Raise an error unless an array is of one of the kinds of numbers that NumPy has letters for.

    Raises
    ------
    ArgumentError
    """
    if array.dtype.kind in kinds:
        return
    if any(isinstance(item, Value) for item in array.flat):
        raise ArgumentError(
            f"{name} holds Values: a compiled function takes numbers only. "
            "Call the function that it was made from, which takes Values"
        )
    raise not_an_array_of_numbers(name, array)


def _require_in_range(name: str, array: Array, dtype: np.dtype[Any]) -> None:
    """Raise an error if a number would become infinite as a `dtype`."""
    if array.dtype.kind == "f" and array.itemsize > dtype.itemsize:
        beyond = np.isfinite(array) & (np.abs(array) > np.finfo(dtype).max)
        if beyond.any():
            place = tuple(np.argwhere(beyond)[0].tolist())
            raise NonFiniteError(
                f"{name} holds {array[place]} at {place}, which is too large for {dtype}"
            )


def checked_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return a type of floats that is offered.

    Raises
    ------
    ArgumentError
        If it is another one, or not a type to NumPy.
    """
    try:
        checked: Any = np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError):
        checked = repr(dtype)
    if checked not in _LARGEST_SQUARE:
        raise ArgumentError(f"a compiled function computes in float64 or float32, not {checked}")
    known: np.dtype[Any] = checked
    return known


def require_as_many_as_taken(function: Callable[..., Any], n_arguments: int) -> None:
    """Raise an error unless a function accepts this many arguments.

    >>> require_as_many_as_taken(lambda x, y: x * y, 3)
    Traceback (most recent call last):
    autograd.errors.ArgumentError: <lambda>(x, y) was given 3 arrays: too many positional arguments

    Its signature is asked: an error that it raises when called, even a TypeError, is its own.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C have none
        return
    try:
        signature.bind(*[None] * n_arguments)
    except TypeError as error:
        name = getattr(function, "__name__", type(function).__name__)
        arrays = counted(n_arguments, "array")
        raise ArgumentError(f"{name}{signature} was given {arrays}: {error}") from None

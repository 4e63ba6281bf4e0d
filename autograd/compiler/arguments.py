"""What users hand to a compiled function, checked before anything runs."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from autograd.compiler.memory import Array, all_finite
from autograd.errors import ArgumentError, NonFiniteError, NotANumberError, ShapeError
from autograd.value import Value

Shapes: TypeAlias = tuple[tuple[int, ...], ...]
"""The shape of one sample of each argument."""


def checked_batch(arrays: Sequence[Any], dtype: np.dtype[Any]) -> list[Array]:
    """Return the arguments as arrays of floats or integers, with equally many samples.

    >>> checked_batch([[1.0, 2.0], [[1], [2]]], np.dtype(float))[1].shape
    (2, 1)

    Raises
    ------
    ShapeError, ArgumentError, NonFiniteError
        If they do not fit each other, are empty, or hold something else than finite numbers in the
        range of `dtype`.
    """
    try:
        batch = [np.asarray(array) for array in arrays]
    except ValueError as error:
        raise ShapeError(f"the samples of an argument have different shapes: {error}") from error
    for position, array in enumerate(batch):
        if array.dtype.kind not in "fiub":
            raise ArgumentError(f"argument {position} is an array of {array.dtype}: give numbers")
        if array.ndim == 0:
            raise ShapeError(f"argument {position} is one number: give an array of samples")
        if len(array) != len(batch[0]):
            lengths = ", ".join(str(len(array)) for array in batch)
            raise ShapeError(f"the arguments have different numbers of samples: {lengths}")
        if len(array) == 0:
            raise ShapeError("the batch is empty")
        if array.dtype.kind == "f" and not all_finite(array):
            place = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
            raise NonFiniteError(f"argument {position} holds {array[place]} at {place}")
        _require_in_range(f"argument {position}", array, dtype)
    return batch


def checked_theta(theta: Any, n_parameters: int, dtype: np.dtype[Any]) -> Array:
    """Return the numbers of the parameters as an array of shape (n_parameters,).

    Raises
    ------
    ShapeError, ArgumentError, NonFiniteError
        If it is something else, or holds a number that is too large for `dtype`.
    """
    numbers: Array = np.asarray(theta)
    if numbers.shape != (n_parameters,):
        raise ShapeError(f"theta has shape {numbers.shape}: there are {n_parameters} parameters")
    if numbers.dtype.kind not in "fiu":
        raise ArgumentError(f"theta is an array of {numbers.dtype}: give numbers")
    _require_in_range("theta", numbers, dtype)
    return numbers


def _require_in_range(name: str, array: Array, dtype: np.dtype[Any]) -> None:
    """Raise an error if a number would become infinite as a `dtype`."""
    if array.dtype.kind == "f" and array.itemsize > dtype.itemsize:
        beyond = np.isfinite(array) & (np.abs(array) > np.finfo(dtype).max)
        if beyond.any():
            place = tuple(np.argwhere(beyond)[0].tolist())
            raise NonFiniteError(
                f"{name} holds {array[place]} at {place}, which is too large for {dtype}"
            )


def require_variables(parameters: Sequence[Value]) -> None:
    """Raise an error if something is no Value, or is given twice."""
    for parameter in parameters:
        if not isinstance(parameter, Value):
            raise NotANumberError(f"parameters are Values, not {parameter!r}")
    if len(set(parameters)) < len(parameters):
        raise ArgumentError("a parameter is given more than once")


def batch_size(batch: Sequence[Array]) -> int:
    """Return the number of samples; a function of no arguments has one."""
    return len(batch[0]) if batch else 1


def sample_shapes(batch: Sequence[Array]) -> Shapes:
    """Return the shape of one sample of each argument."""
    return tuple(array.shape[1:] for array in batch)

"""Data to train on: checked, and drawn in random mini-batches."""

from collections.abc import Iterator, Sequence, Sized
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ArgumentError, ShapeError
from autograd.real_numbers import (
    advice_for_not_finite,
    hides_numbers,
    is_list,
    not_an_array_of_numbers,
)
from autograd.wording import counted
from nn.arguments import Seed, random_generator, require, whole_number

Data: TypeAlias = Sequence[Any] | NDArray[Any]
"""n samples: a list of n items, or an array with n rows."""


def minibatches(X: Data, y: Data, batch_size: int, rng: Seed = None) -> Iterator[tuple[Any, Any]]:
    """Go once through the data in a random order, a batch at a time.

    >>> import nn
    >>> for inputs, targets in nn.minibatches([[1], [2], [3]], [10, 20, 30], 2, rng=0):
    ...     print(inputs, targets)
    [[3], [1]] [30, 10]
    [[2]] [20]

    Parameters
    ----------
    X, y : lists, or arrays with a leading axis, of n inputs and their n targets
    batch_size : int
        At least 1. The last batch is smaller if n is not a multiple of it.
    rng : numpy.random.Generator, int or None
        Draws the order.

    Yields
    ------
    (inputs, targets)
        Lists or arrays, as `X` and `y` are.

    Raises
    ------
    ShapeError
        If there are no samples, or not as many inputs as targets.
    ArgumentError
        If `batch_size` is not a positive whole number, or `rng` is not a seed or a generator.
    """
    X, y = checked_data(X, y)
    size = whole_number(batch_size, "batch_size")
    order = random_generator(rng).permutation(len(X))
    batches = (order[start : start + size] for start in range(0, len(X), size))
    return ((_select(X, batch), _select(y, batch)) for batch in batches)


def checked_data(X: Data, y: Data, names: tuple[str, str] = ("X", "y")) -> tuple[Data, Data]:
    """Return as many inputs as targets, at least one, and no nan or infinity among them.

    An object with ``__array__``, such as a pandas table, is converted: iterating over it may not
    yield its rows.

    Raises
    ------
    ShapeError, ArgumentError
        If that is not what is given.
    """
    X, y = map(_samples, (X, y), names)
    if len(X) != len(y):
        inputs, targets = counted(len(X), "input"), counted(len(y), "target")
        raise ShapeError(f"{names[0]} has {inputs} but {names[1]} has {targets}")
    if len(X) == 0:
        raise ShapeError(f"there is no data: {names[0]} and {names[1]} are empty")
    for name, data in zip(names, (X, y), strict=True):
        for place, number in _not_finite(data):
            where = f"{name}[{', '.join(map(str, place))}]"
            raise ArgumentError(f"{where} is {number}: {advice_for_not_finite(number)}")
    return X, y


def _samples(data: Any, name: str) -> Data:
    if hasattr(data, "__array__") and not isinstance(data, np.ndarray):
        try:
            data = np.asarray(data)
        except (ValueError, TypeError, RuntimeError) as error:  # the last two from PyTorch
            raise ArgumentError(f"{name} cannot be made an array: {error}") from error
    fits = isinstance(data, Sized) and is_list(data)
    require(fits, data, name, "a list, or an array with a leading axis")
    if hides_numbers(data):
        raise ArgumentError(f"{name} has masked numbers: leave their samples out")
    samples: Data = data
    return samples


def _not_finite(data: Any) -> Iterator[tuple[list[int], float]]:
    """Yield the place and the number wherever a number is infinite or nan."""
    try:
        array = np.asarray(data)
    except ValueError:  # samples of many lengths
        for index, sample in enumerate(data):
            for place, number in _not_finite(sample):
                yield [index, *place], number
        return
    if array.dtype.kind == "f":
        for indices in np.argwhere(~np.isfinite(array)):
            yield indices.tolist(), float(array[tuple(indices)])


def _select(data: Data, indices: Any) -> Any:
    if isinstance(data, np.ndarray):
        return data[indices]
    return [data[index] for index in indices]


class TrainingData(NamedTuple):
    """Samples to train on, and others to validate on: all arrays, or all lists."""

    inputs: Any
    targets: Any
    validation: tuple[Any, Any] | None


def training_data(
    X: Data, y: Data, validation: tuple[Data, Data] | None, as_arrays: bool
) -> TrainingData:
    """Check all the data to train with, and make arrays or lists of them.

    Raises
    ------
    ShapeError, ArgumentError
        If they make no sense, or arrays are needed and cannot be made.
    """

    def form(data: Data, name: str) -> Any:
        return _array(data, name) if as_arrays else as_lists(data)

    X, y = checked_data(X, y)
    held_out = None
    if validation is not None:
        is_pair = isinstance(validation, tuple | list) and len(validation) == 2
        require(is_pair, validation, "validation", "a pair of inputs and targets, (X, y)")
        names = "validation[0]", "validation[1]"
        held_out = tuple(map(form, checked_data(*validation, names), names))
    return TrainingData(form(X, "X"), form(y, "y"), held_out)


def as_lists(data: Data) -> list[Any]:
    """Make lists of arrays: Python computes with its own floats in half the time."""
    return list(data.tolist() if isinstance(data, np.ndarray) else data)


def _array(data: Data, name: str) -> NDArray[Any]:
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise ShapeError(
            f"compiled training needs samples of one shape, and those of {name} differ: "
            "make them equal, or set compiled=False"
        ) from error
    if array.dtype.kind not in "fiub":
        raise not_an_array_of_numbers(name, array)
    return array

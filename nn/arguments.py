"""Checks of arguments: a wrong one is reported at the call, not deep inside."""

import math
import operator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ArgumentError, NotANumberError, ShapeError
from autograd.real_numbers import REAL
from autograd.wording import shown_short

Seed: TypeAlias = np.random.Generator | int | None
"""A NumPy generator to draw from, a seed for one, or None for a different run each time."""


def random_generator(rng: Seed) -> np.random.Generator:
    """Return the generator that is given, or a new one from a seed.

    >>> random_generator(-1)
    Traceback (most recent call last):
        ...
    autograd.errors.ArgumentError: rng=-1: give a seed that is at least 0, a NumPy Generator or None

    Raises
    ------
    ArgumentError
        If NumPy cannot make a generator of it.
    """
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        takes = "a seed that is at least 0, a NumPy Generator or None"
        raise _wrong(rng, "rng", takes) from None


def require(fits: bool, argument: Any, name: str, takes: str) -> None:
    """Raise an error unless an argument is what a function takes.

    >>> require(False, 0.1, "optimizer", "an Optimizer")
    Traceback (most recent call last):
        ...
    autograd.errors.ArgumentError: optimizer=0.1: give an Optimizer

    Raises
    ------
    ArgumentError
        With the argument, shortened if it is long, its name, and what is taken.
    """
    if not fits:
        raise _wrong(argument, name, takes)


def _wrong(argument: Any, name: str, takes: str) -> ArgumentError:
    return ArgumentError(f"{name}={shown_short(argument)}: give {takes}")


def require_callable(argument: Any, name: str, example: str) -> None:
    """Raise an error unless an argument can be called.

    Raises
    ------
    ArgumentError
    """
    require(callable(argument), argument, name, f"a function, such as {example}")


def whole_number(number: Any, name: str, least: int = 1) -> int:
    """Return a whole number that is not below `least` as an int.

    Raises
    ------
    ArgumentError
        If it is anything else, such as True. The message calls it `name`.
    """
    try:
        whole = operator.index(number)
    except TypeError:
        whole = least - 1
    fits = whole >= least and not isinstance(number, bool)
    require(fits, number, name, f"a whole number, at least {least}")
    return whole


def require_number(number: Any, name: str) -> None:
    """Raise an error unless an argument is a real number.

    Raises
    ------
    NotANumberError
    """
    if not isinstance(number, REAL):
        raise NotANumberError(f"{name}={shown_short(number)}: give a number")


def nonnegative_number(number: Any, name: str, below: float = math.inf) -> float:
    """Return a number with ``0 <= number < below``, which nan never is, as a float.

    Raises
    ------
    NotANumberError, ArgumentError
    """
    require_number(number, name)
    try:
        converted = float(number)
    except OverflowError:
        converted = math.inf
    if not 0.0 <= converted < below:
        upper = "finite" if below == math.inf else f"below {below:g}"
        raise ArgumentError(f"{name}={shown_short(number)}: it must be {upper}, and not below 0")
    return converted


def float_array(numbers: Any, name: str) -> NDArray[np.float64]:
    """Return numbers as an array of floats.

    Raises
    ------
    ShapeError
        If they are not numbers, or lists of different lengths. The message calls them `name`.
    """
    try:
        return np.asarray(numbers, np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{name} is not an array of numbers: {error}") from error

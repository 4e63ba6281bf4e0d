"""Arguments of the wrong kind are told where they come in, not where they first fail to work."""

import operator
import reprlib
from typing import Any

from autograd.errors import ArgumentError


def require(fits: bool, argument: Any, name: str, takes: str) -> None:
    """Raise an error unless an argument is what a function takes.

    >>> require(False, 0.1, "optimizer", "an Optimizer")
    Traceback (most recent call last):
        ...
    autograd.errors.ArgumentError: optimizer=0.1: it takes an Optimizer

    Raises
    ------
    ArgumentError
        With the argument, shortened if it is long, its name, and what is taken.
    """
    if not fits:
        raise ArgumentError(f"{name}={reprlib.repr(argument)}: it takes {takes}")


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
        If it is something else. The message calls it `name`.
    """
    try:
        whole = operator.index(number)
    except TypeError:
        whole = least - 1
    require(whole >= least, number, name, f"a whole number from {least} on")
    return whole

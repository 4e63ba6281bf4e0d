"""How an operation is defined, and how mistakes in a definition are found.

A definition is checked when it is made. What its functions return can only be checked when they are
called, so a user's operation gets checking wrappers. Backpropagation, derivatives, pictures and
compiled functions then need no checks of their own.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any

from autograd.errors import ArgumentError, NotANumberError, ShapeError
from autograd.operation import BUILT_IN, OPERATIONS, Operation


def define(
    name: str,
    *,
    symbol: str,
    forward: Callable[..., float],
    array: Callable[..., Any],
    derivative: Callable[..., Sequence[Any]],
    advice: str = "",
    accumulate: Callable[..., None] | None = None,
    overflow_advice: str = "",
) -> Operation:
    """Define an operation, and with it its gradients of every order.

    >>> from autograd import Value, operations
    >>> cube = operations.define(
    ...     "cube",
    ...     symbol="x³",
    ...     forward=lambda x: x * x * x,
    ...     array=lambda np, x: x * x * x,
    ...     derivative=lambda g, out, x: (g * 3 * x * x,),
    ... )
    >>> x = Value(2.0)
    >>> y = cube(x)
    >>> y.backward()
    >>> y.data, x.grad
    (8.0, 12.0)
    >>> del operations.OPERATIONS["cube"]

    Parameters are the attributes of :class:`autograd.operation.Operation`. An operation of your own
    may be defined again, as when a cell of a notebook is run a second time: the later definition
    takes the name, and graphs recorded before keep the earlier one.

    Raises
    ------
    ArgumentError
        If the name is that of an operation of this library, or a part is of the wrong kind.
    NotANumberError, ShapeError
        When the operation is used: if `forward` does not return a real number, or `derivative` does
        not return a tuple or list with one gradient for each input.
    """
    operation = Operation(
        name, symbol, forward, array, derivative, advice, accumulate, overflow_advice
    )
    _require_sound(operation)
    if BUILT_IN:  # the library's own are complete: this is a user's, to be checked as it is used
        operation = replace(
            operation,
            forward=_checked_forward(operation),
            derivative=_checked_derivative(operation),
        )
    OPERATIONS[name] = operation
    return operation


def _require_sound(operation: Operation) -> None:
    """Raise an error if a part of an operation is of the wrong kind."""
    for part in ("name", "symbol", "advice", "overflow_advice"):
        text = getattr(operation, part)
        if not isinstance(text, str):
            raise ArgumentError(f"{part}={text!r}: give a string, such as {part}='cube'")
    name = operation.name
    if name in BUILT_IN:
        raise ArgumentError(f"{name!r} is an operation of the library: choose another name")
    for part in ("forward", "array", "derivative", "accumulate"):
        function = getattr(operation, part)
        if not callable(function) and (part, function) != ("accumulate", None):
            raise ArgumentError(f"{part}={function!r}: the operation {name} needs a function")
    inputs = operation.input_names()
    for part, others in {"forward": 0, "array": 1, "derivative": 2}.items():
        function = getattr(operation, part)
        if inputs is not None and not _takes(function, others + len(inputs)):
            raise ArgumentError(
                f"{part}{inspect.signature(function)} of {name} does not fit its derivative"
                f"{inspect.signature(operation.derivative)}: for one input x, define forward(x), "
                "array(np, x) and derivative(g, out, x)"
            )


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Return whether a function accepts `count` arguments; True if its signature is unknown."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C have none
        return True
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True


def _checked_forward(operation: Operation) -> Callable[..., float]:
    """Make `forward` return a float, or raise an error that shows what it returned."""

    @functools.wraps(operation.forward)
    def checked(*inputs: float) -> float:
        result: Any = operation.forward(*inputs)
        if not isinstance(result, Real):
            raise NotANumberError(
                f"forward of {operation.name} returned {result!r} for "
                f"{operation.expression(inputs)}: return a float, or raise ValueError where the "
                "operation does not exist"
            )
        return float(result)

    return checked


def _checked_derivative(operation: Operation) -> Callable[..., Sequence[Any]]:
    """Make a rule raise an error unless it returns one gradient for each input."""
    rule = f"the derivative rule of {operation.name}"

    @functools.wraps(operation.derivative)
    def checked(g: Any, out: Any, *inputs: Any) -> Sequence[Any]:
        sent: Any = operation.derivative(g, out, *inputs)
        if not isinstance(sent, tuple | list) or len(sent) != len(inputs):
            raise ShapeError(
                f"{rule} returned {sent!r} for {operation.expression(inputs)}: return a tuple with "
                "one gradient for each input"
            )
        for gradient in sent:
            if isinstance(gradient, _MISTAKEN):
                raise NotANumberError(
                    f"{rule} returned {gradient!r} as a gradient: return a number, 0.0 for an "
                    "input that the output does not depend on"
                )
        return sent

    return checked


_MISTAKEN = (type(None), str, list, tuple, set, dict, complex)
"""What is not a gradient. A rule may return more than numbers: Values, arrays, formulas."""

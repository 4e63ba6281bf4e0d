"""A user's operations, tried on a sample before they are compiled.

A backend writes an operation down instead of computing it. There, a mistake in a definition would
show as an error about formulas, or in one backend alone. Computing the operation once shows the
mistake itself.
"""

import contextlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.compiler.passes.tape import Tape
from autograd.errors import ArgumentError, AutogradError, ShapeError
from autograd.operation import BUILT_IN, Operation


def require_sound_operations(tape: Tape) -> None:
    """Raise an error if an operation that is not of the library returns what no backend can use.

    Each is tried once for each number of inputs that it is used with, where it first is.

    Raises
    ------
    ShapeError, NotANumberError
        If its derivative rule does not return one number for each input.
    ArgumentError
        If its ``array`` does not return an array of the shape of its inputs, or returns another
        number than its ``forward``.
    """
    own = set(tape.operations) - {None, *BUILT_IN.values()}
    tried = set()
    for index, operation in enumerate(tape.operations if own else ()):
        use = (operation, len(tape.operands[index]))
        if operation in own and operation is not None and use not in tried:
            tried.add(use)
            inputs = [tape.numbers[operand] for operand in tape.operands[index]]
            _try(operation, tape.numbers[index], inputs)


def _try(operation: Operation, out: float, inputs: Sequence[float]) -> None:
    _try_on_arrays(operation, out, inputs)
    try:
        operation.derivative(1.0, out, *inputs)
    except ShapeError:
        raise  # a rule that does not fit its inputs
    except (ArithmeticError, ValueError):
        pass  # there is no derivative at this sample: an error if one is asked for


def _try_on_arrays(operation: Operation, out: float, inputs: Sequence[float]) -> None:
    shape = _DISTANCES.shape
    try:
        result = _of_arrays(operation, inputs)
        array = np.asarray(result)
    except AutogradError:
        raise  # it tells what to do
    except Exception as error:
        raise ArgumentError(
            f"array of {operation.name} fails on arrays: {error}. Write it with functions of np"
        ) from error
    if array.dtype.kind not in "fiub" or array.shape not in (shape, ()):
        raise ArgumentError(
            f"array of {operation.name} returned {result!r}, for inputs of shape {shape}: return "
            "an array of that shape"
        )
    number = float(np.broadcast_to(array, shape)[_DISTANCES == 0.0].item())
    both_finite = math.isfinite(number) and math.isfinite(out)
    if both_finite and not math.isclose(number, out, rel_tol=1e-6, abs_tol=1e-9):
        raise ArgumentError(
            f"{operation.expression(inputs)} is {out} by its forward, and {number} by its array: "
            "make them agree, number by number. ag.gradcheck compares them"
        )


_DISTANCES = np.array([[1.0, -0.25, 0.0, 0.5]])
"""One row of four samples, by their distances from the one that is looked at.

What mixes samples shows: that one is no mean, median or extreme of them, nor would it stay in its
place if they were sorted or reversed.
"""


def _of_arrays(operation: Operation, inputs: Sequence[float]) -> Any:
    """Return what `array` makes of a sample among others; where that fails, among its equals.

    The others may lie outside of the domain. Its equals would not show that `array` mixes samples.
    """
    with np.errstate(all="ignore"):
        with contextlib.suppress(Exception):
            return operation.array(np, *(number + _DISTANCES for number in inputs))
        return operation.array(np, *(np.full(_DISTANCES.shape, number) for number in inputs))

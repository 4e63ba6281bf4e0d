"""A user's operations, tried on a sample before they are compiled.

A backend writes an operation down instead of computing it. There, a mistake in a definition would
show as an error about formulas, or in one backend alone. Computing the operation once shows the
mistake itself.
"""

import math
from collections.abc import Sequence

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
    shape = (1, 2)  # one row, two samples
    try:
        with np.errstate(all="ignore"):
            result = operation.array(np, *(np.full(shape, number) for number in inputs))
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
    number = float(array.flat[0])
    both_finite = math.isfinite(number) and math.isfinite(out)
    if both_finite and not math.isclose(number, out, rel_tol=1e-6, abs_tol=1e-9):
        raise ArgumentError(
            f"{operation.expression(inputs)} is {out} by its forward, and {number} by its array: "
            "make them agree. ag.gradcheck compares them"
        )

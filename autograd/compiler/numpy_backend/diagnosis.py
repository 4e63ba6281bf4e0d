"""Where a number left the range of floats: the operation and the sample, after the fact.

The generated program does not look at its numbers. When NumPy signals an overflow or an operation
that does not exist, the program runs once more without the signals, and the instructions are
searched in order for the first one that made something infinite of finite operands, or a nan of
operands that are none. An infinity of the user's own, such as the -inf that keeps an entry out of a
softmax, is therefore passed over; only if it has reached an output is it the error.
"""

from collections.abc import Sequence

import numpy as np

from autograd.compiler.arrays import Array
from autograd.compiler.formulas import Formula, as_formula
from autograd.compiler.numpy_backend.memory import Memory
from autograd.compiler.program import (
    Adjoint,
    Apply,
    Forward,
    Lookup,
    MatMul,
    Program,
    Region,
    SumProducts,
)
from autograd.errors import AutogradError, DomainError, NonFiniteError


def find_error(
    program: Program, memory: Memory, first_sample: int, differentiated: bool
) -> AutogradError | None:
    """Return the error that eager evaluation would have raised, None if there is none.

    Parameters
    ----------
    program : Program
    memory : Memory
        After a run of the program.
    first_sample : int
        The number of the first sample of the batch, for the message.
    differentiated : bool
        Whether the run computed gradients, else those in memory are of an earlier one.
    """
    parameters = memory.shared[: program.n_parameters, 0]
    if not np.isfinite(parameters).all():
        place = int(np.argmin(np.isfinite(parameters)))
        return NonFiniteError(f"parameter {place} is {parameters[place]}: look for what made it so")
    error = _forward_error(program, memory, first_sample)
    if error is None and differentiated:
        error = _backward_error(program, memory, first_sample)
    return error


def _numbers(region: Region, memory: Memory, gradient: bool = False) -> Array:
    """Return the numbers of a region, a row for each of its rows, of shape (n, samples)."""
    return memory.space(region, gradient)[region.rows.ravel()]


def _first(wrong: Array) -> tuple[int, int] | None:
    """Return the first row, and in it the first sample, that is wrong."""
    places = np.argwhere(wrong)
    return (int(places[0, 0]), int(places[0, 1])) if len(places) else None


# --- forward -------------------------------------------------------------------------------------


def _forward_error(program: Program, memory: Memory, first_sample: int) -> AutogradError | None:
    excess = _excess_of_operands(program, memory)
    for instruction in program.forward:
        out = instruction.out
        numbers, of_operands = _numbers(out, memory), excess[out.batch][out.rows.ravel()]
        made_infinite = ~np.isfinite(numbers) & (of_operands == 0.0)
        found = _first(made_infinite | np.isnan(numbers) & ~np.isnan(of_operands))
        if found is not None:
            return _error_at(instruction, memory, *found, first_sample, of_operands[found] == 0.0)
    if all(np.isfinite(_numbers(output, memory)).all() for output in program.outputs):
        return None
    for instruction in program.forward:
        found = _first(~np.isfinite(_numbers(instruction.out, memory)))
        if found is not None:
            return _error_at(instruction, memory, *found, first_sample, of_finite=False)
    return None


def _excess_of_operands(program: Program, memory: Memory) -> dict[bool, Array]:
    """Return, for each row of each space, the `_excess` of all that it is computed of.

    Several instructions may compute a row, each of which adds to it.
    """
    excess = {False: np.zeros_like(memory.shared), True: np.zeros_like(memory.batch)}
    for instruction in program.forward:
        out = instruction.out
        excess[out.batch][out.rows.ravel()] += _excess_of(instruction, memory)
    return excess


def _excess_of(instruction: Forward, memory: Memory) -> Array:
    """Return the excess of the operands of each row, of shape (n, samples) or (n, 1)."""
    operands = [
        _excess(memory.space(region)[region.rows])
        for region in instruction.operands
        if region is not None
    ]
    if isinstance(instruction, MatMul):
        weights, inputs = operands
        total = weights.sum(axis=1)[:, None] + inputs.sum(axis=0)
        return np.reshape(total, (instruction.out.rows.size, -1))
    if isinstance(instruction, SumProducts) and instruction.coefficients is not None:
        operands.append(_excess(instruction.coefficients[..., None]))
    shape = (-1, len(instruction.out.rows))  # the operands of each row, one after the other
    return np.asarray(sum(part.reshape(*shape, part.shape[-1]).sum(axis=0) for part in operands))


def _excess(numbers: Array) -> Array:
    """Return infinity where numbers are infinite, nan where they are nan, and 0 elsewhere."""
    excess: Array = np.where(np.isfinite(numbers), 0.0, np.abs(numbers))
    return excess


def _error_at(
    instruction: Forward, memory: Memory, row: int, sample: int, first_sample: int, of_finite: bool
) -> AutogradError:
    """Return the error about one number: it was made of finite ones, or of others."""
    where = f"(sample {first_sample + sample})"
    if isinstance(instruction, Apply):
        inputs = _inputs(instruction, memory, row, sample)
        try:
            instruction.operation.evaluate(*inputs)
        except (DomainError, NonFiniteError) as error:
            return type(error)(f"{error} {where}")
        return NonFiniteError(f"{instruction.operation.expression(inputs)} is not finite {where}")
    if of_finite:
        return NonFiniteError(f"a sum of products is too large for a float {where}")
    number = _numbers(instruction.out, memory)[row, sample]
    what = "what a lookup found" if isinstance(instruction, Lookup) else "a sum of products"
    return NonFiniteError(f"{what} is {number}: keep its inputs finite {where}")


def _inputs(instruction: Apply, memory: Memory, row: int, sample: int) -> Sequence[float]:
    spaces: list[Array] = [memory.space(operand) for operand in instruction.operands]
    return [
        float(space[operand.rows[row], min(sample, space.shape[1] - 1)])
        for operand, space in zip(instruction.operands, spaces, strict=True)
    ]


# --- backward ------------------------------------------------------------------------------------


def _backward_error(program: Program, memory: Memory, first_sample: int) -> AutogradError | None:
    for adjoint in program.adjoint:
        for target in filter(None, adjoint.targets):
            found = _first(~np.isfinite(_numbers(target.region, memory, gradient=True)))
            if found is not None:
                return _error_on_the_way_back(adjoint, memory, found[1], first_sample)
    return None


def _error_on_the_way_back(
    adjoint: Adjoint, memory: Memory, sample: int, first_sample: int
) -> AutogradError:
    instruction = adjoint.forward
    if isinstance(instruction, Apply):
        contributions = _sent(instruction, adjoint.gradient, memory)
        for target, contribution in zip(adjoint.targets, contributions, strict=True):
            found = _first(~np.isfinite(contribution)) if target is not None else None
            if found is not None:
                inputs = _inputs(instruction, memory, *found)
                return DomainError(
                    f"the derivative of {instruction.operation.expression(inputs)} is not finite "
                    f"(sample {first_sample + found[1]})"
                )
    where = f"(sample {first_sample + sample})"
    return NonFiniteError(f"the gradient of a sum of products is too large for a float {where}")


def _sent(instruction: Apply, gradient: Region, memory: Memory) -> list[Array]:
    """Return what an operation sends to each operand, in all rows and samples.

    It is computed by the formulas that the program computes: arrays know less than a rule may ask,
    see `autograd.compiler.formulas`.
    """
    out, operands = instruction.out, instruction.operands
    arrived = _numbers(gradient, memory, gradient=True)
    arrays = {"gradient": arrived, "out": _numbers(out, memory)}
    arrays |= {f"x{place}": _numbers(operand, memory) for place, operand in enumerate(operands)}
    names = {**vars(np), "np": np, **arrays}
    formulas = instruction.operation.derivative(*map(Formula, arrays))
    with np.errstate(all="ignore"):
        contributions = [eval(as_formula(formula).text, names) for formula in formulas]
    return [np.broadcast_to(contribution, arrived.shape) for contribution in contributions]

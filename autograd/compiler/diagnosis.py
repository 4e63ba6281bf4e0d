"""Where a number left the range of floats: the operation and the sample, after the fact.

The generated program does not look at its numbers. When NumPy signals an overflow or an operation
that does not exist, the program runs once more without the signals, and the instructions are
searched in order for the first one that made something infinite or nan of finite operands.
"""

from collections.abc import Sequence

import numpy as np

from autograd.compiler.memory import Array, Memory
from autograd.compiler.program import Adjoint, Apply, Forward, Program
from autograd.errors import AutogradError, DomainError, NonFiniteError


def find_error(program: Program, memory: Memory, first_sample: int) -> AutogradError | None:
    """Return the error that eager evaluation would have raised, None if all numbers are finite.

    Parameters
    ----------
    program : Program
    memory : Memory
        After a run of the program.
    first_sample : int
        The number of the first sample of the batch, for the message.
    """
    parameters = memory.shared[: program.n_parameters, 0]
    if not np.isfinite(parameters).all():
        place = int(np.argmin(np.isfinite(parameters)))
        return NonFiniteError(f"parameter {place} is {parameters[place]}: look for what made it so")
    for instruction in program.forward:
        values = memory.space(instruction.out)[instruction.out.rows.ravel()]
        if not np.isfinite(values).all():
            row, sample = np.argwhere(~np.isfinite(values))[0]
            return _forward_error(instruction, memory, row, sample, first_sample)
    for adjoint in program.adjoint:
        for target in adjoint.targets:
            if target is not None:
                sent = memory.space(target.region, gradient=True)[target.region.rows.ravel()]
                if not np.isfinite(sent).all():
                    row, sample = np.argwhere(~np.isfinite(sent))[0]
                    return _backward_error(adjoint, memory, row, sample, first_sample)
    return None


def _forward_error(
    instruction: Forward, memory: Memory, row: int, sample: int, first_sample: int
) -> AutogradError:
    where = f"(sample {first_sample + sample})"
    if isinstance(instruction, Apply):
        inputs = _inputs(instruction, memory, row, sample)
        try:
            instruction.operation.evaluate(*inputs)
        except (DomainError, NonFiniteError) as error:
            return type(error)(f"{error} {where}")
        return NonFiniteError(f"{instruction.operation.expression(inputs)} is not finite {where}")
    return NonFiniteError(f"a sum of products is too large for a float {where}")


def _backward_error(
    adjoint: Adjoint, memory: Memory, row: int, sample: int, first_sample: int
) -> AutogradError:
    instruction = adjoint.forward
    where = f"(sample {first_sample + sample})"
    if isinstance(instruction, Apply):
        out = instruction.out
        arrays = [memory.space(region)[region.rows] for region in (out, *instruction.operands)]
        with np.errstate(all="ignore"):
            gradient = memory.space(out, gradient=True)[out.rows]
            sent = instruction.operation.derivative(gradient, *arrays)
        for contribution in np.broadcast_arrays(*sent, gradient):
            if not np.isfinite(contribution).all():
                row, sample = np.argwhere(~np.isfinite(contribution))[0]
        expression = instruction.operation.expression(_inputs(instruction, memory, row, sample))
        where = f"(sample {first_sample + sample})"
        return DomainError(f"the derivative of {expression} is not finite {where}")
    return NonFiniteError(f"the gradient of a sum of products is too large for a float {where}")


def _inputs(instruction: Apply, memory: Memory, row: int, sample: int) -> Sequence[float]:
    spaces: list[Array] = [memory.space(operand) for operand in instruction.operands]
    return [
        float(space[operand.rows[row], min(sample, space.shape[1] - 1)])
        for operand, space in zip(instruction.operands, spaces, strict=True)
    ]

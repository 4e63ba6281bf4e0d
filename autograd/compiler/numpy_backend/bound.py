"""A program that runs in NumPy.

>>> from autograd import Value, tanh
>>> from autograd.compiler.passes import apply_passes
>>> from autograd.compiler.passes.tape import read_tape
>>> x, w = Value(1.0), Value(2.0)
>>> print(bind(apply_passes(read_tape([tanh(w * x)], [x], [w])).program, batch_size=4).source)
# x2[0, 0] = parameters[0]  # 1x1
# x3[0, s] = inputs[0]  # 1x4
# x8[0, 0, s] = inputs[0]  # 1x1x4
# y9[0, 0] = gradient[0]  # 1x1
def forward():
    multiply(x2, x3, out=y1)  # 1x4
    tanh(y1, out=y4)  # 1x4
<BLANKLINE>
<BLANKLINE>
def backward():
    multiply(x5, subtract(one, multiply(y4, y4)), out=y6)  # 1x4
    vecdot(g7, x8, out=y9)  # 1x1
<BLANKLINE>

The head is the `legend`: ``x2`` and ``x3`` are the rows of w and x. ``y1`` is that of their product
and ``y4`` its tanh. On the way back ``x5`` is the gradient of the tanh, ``y6`` that of the product
(``g7`` once more, with an axis for the terms of a sum), and ``y9`` that of w. A comment tells the
shape of what is written. Inputs that are read `in_place` are arguments of both functions.
"""

import bisect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd.compiler.arrays import Array, all_finite
from autograd.compiler.numpy_backend.backward import emit_adjoint, emit_zeroing
from autograd.compiler.numpy_backend.forward import emit_forward
from autograd.compiler.numpy_backend.in_place import columns_of_products
from autograd.compiler.numpy_backend.legend import legend
from autograd.compiler.numpy_backend.memory import Memory
from autograd.compiler.numpy_backend.nesting import nest_adjoint, nest_together
from autograd.compiler.numpy_backend.statements import Statements
from autograd.compiler.numpy_backend.suspects import find_suspects
from autograd.compiler.program import Program


@np.errstate(under="ignore")  # where a constant is small for float32
def bind(program: Program, batch_size: int, dtype: DTypeLike = np.float64) -> "NumPyProgram":
    """Give a program its memory for one batch size and type of floats, and write its source."""
    return NumPyProgram(program, batch_size, dtype)


class NumPyProgram:
    """A program as calls of NumPy on the rows of its memory.

    Attributes
    ----------
    batch_size : int
    """

    def __init__(self, program: Program, batch_size: int, dtype: DTypeLike) -> None:
        self.program = program
        self.batch_size = batch_size
        self.memory = memory = Memory(program, batch_size, dtype)
        self._parameters = memory.shared[: program.n_parameters, 0]
        self._gradient = memory.d_shared[: program.n_parameters, 0]
        self._inputs = memory.batch[: program.n_inputs]
        self._columns = {
            (first, end): self._inputs[first:end] for first, end in columns_of_products(program)
        }
        self._outputs = memory.stacked(program.outputs)
        objective = program.outputs[0]
        memory.space(objective, gradient=True)[objective.rows] = program.seed(batch_size)
        self._functions, names = _source(program, memory, self._columns.values())
        exec(compile(self._functions, "<compiled graph>", "exec"), names)
        # Taken out: they hold the names, and if the names held them, nothing would free either.
        self._forward: Any = names.pop("forward")
        self._backward: Callable[..., None] = names.pop("backward")

    @property
    def source(self) -> str:
        """The generated functions ``forward()`` and ``backward()``, below their `legend`."""
        head = legend(self._forward.__globals__, self.memory)
        return "".join(f"{line}\n" for line in head) + self._functions

    def run(
        self, theta: Array, inputs: Sequence[Array], differentiate: bool
    ) -> tuple[Array, Array, Sequence[int]]:
        """See `autograd.compiler.backend.BoundProgram`."""
        in_range = self._stays_in_range(theta, inputs, differentiate)
        outputs, gradient = self._outputs(), self._gradient
        is_finite = not differentiate or all_finite(gradient)
        if in_range and is_finite and all_finite(outputs):
            return outputs, gradient, ()
        suspects, wrong = find_suspects(self.program, self.memory)
        if wrong:  # each of them: in eager mode an index may be right that is rounded here
            outputs = outputs.copy()
            outputs[:, wrong] = np.nan
        if not is_finite:
            outputs, gradient = outputs.copy(), gradient.copy()
            suspects = sorted({*suspects, self._first_without_gradient(theta, inputs)})
        return outputs, gradient, suspects

    @np.errstate(divide="raise", over="raise", invalid="raise", under="ignore")
    def _stays_in_range(self, theta: Array, inputs: Sequence[Array], differentiate: bool) -> bool:
        """Compute everything, and return whether no number left the range of floats.

        If one did, it has been computed again, whatever becomes of the numbers.
        """
        columns = self._placed(theta, inputs)
        functions = (self._forward, self._backward) if differentiate else (self._forward,)
        try:
            for function in functions:
                function(*columns)
        except FloatingPointError:
            with np.errstate(all="ignore"):
                for function in functions:
                    function(*columns)
            return False
        return True

    def _first_without_gradient(self, theta: Array, inputs: Sequence[Array]) -> int:
        """Return the first sample whose part of the gradient is not finite.

        The parts of all samples may add up where they arise. So the program runs again on the first
        half of the samples, repeated, then on a quarter or on three, and so on.
        """

        def fail(count: int) -> bool:
            places = np.arange(self.batch_size) % count
            with np.errstate(all="ignore"):
                columns = self._placed(theta, [samples[places] for samples in inputs])
                self._forward(*columns)
                self._backward(*columns)
            return not all_finite(self._gradient)

        return bisect.bisect_left(range(1, self.batch_size), True, key=fail)

    def _placed(self, theta: Array, inputs: Sequence[Array]) -> Iterable[Array]:
        """Copy numbers to the memory, and return the columns that the source takes.

        These are copied, too, unless they are all of an array, and that has the type of the memory.
        """
        self._parameters[:] = theta
        columns = self._columns.copy()
        first = 0
        for samples in inputs:
            numbers = samples.reshape(self.batch_size, -1).T
            end = first + len(numbers)
            if (first, end) in columns and numbers.dtype == self._inputs.dtype:
                columns[first, end] = numbers
            else:
                self._inputs[first:end] = numbers
            first = end
        return columns.values()


def _source(
    program: Program, memory: Memory, columns: Iterable[Array]
) -> tuple[str, dict[str, Any]]:
    """Write the source of a program, and return what its names stand for.

    Both functions take the numbers of `columns`, wherever they stand.
    """
    statements = Statements(memory)
    arguments = ", ".join(map(statements.argument, columns))
    for instructions in program.by_region():
        emit_forward(statements, nest_together(instructions))
    forward, statements.lines = statements.lines, []
    for region in program.zeroed:
        emit_zeroing(statements, region)
    for adjoint in program.adjoint:
        emit_adjoint(statements, nest_adjoint(adjoint))
    functions = (
        _function(f"forward({arguments})", forward),
        _function(f"backward({arguments})", statements.lines),
    )
    return "\n\n".join(functions), statements.names


def _function(head: str, lines: list[str]) -> str:
    return f"def {head}:\n" + "".join(f"    {line}\n" for line in lines or ["pass"])

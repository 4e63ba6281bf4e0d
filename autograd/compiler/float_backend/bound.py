"""A program that runs on Python's floats.

The source holds one assignment per row, ``u3`` for shared rows and ``v3`` for batch rows, with a
``d`` before the name for gradients; what differs from sample to sample stands in a loop.

>>> from autograd import Value, tanh
>>> from autograd.compiler.passes import apply_passes
>>> from autograd.compiler.passes.tape import read_tape
>>> x, w = Value(1.0), Value(2.0)
>>> print(bind(apply_passes(read_tape([tanh(w * x)], [x], [w])).program, batch_size=4).source)
def run(theta, samples, differentiate):
    [u0] = theta
    outputs = []
    du0 = 0.0
    for [v0] in samples:
        v1 = u0 * v0
        v2 = tanh(v1)
        outputs.append([v2])
        if not differentiate:
            continue
        dv2 = 0.25
        dv1 = dv2 * (1.0 - v2 * v2)
        du0 += dv1 * v0
    return outputs, [du0]
<BLANKLINE>

Numbers in between are float64, and so are the coefficients of sums; with float32, arguments, other
constants and results are rounded.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd.compiler.arrays import Array, all_finite, copy_side_by_side
from autograd.compiler.fallback import WithFallback
from autograd.compiler.float_backend.source import float_source
from autograd.compiler.program import Program

ELEMENTS_PER_INSTRUCTION = 16
"""Up to about this many floats per instruction, on average, Python is faster than NumPy.

Measured in one process, gradient included: 1,000 steps of tanh and mul, one number at a time, run
15 times as fast here as in NumPy at 1 sample (75 us and 1.4 ms), 11 times at 2, 9 at 4, 6 at 8,
3.7 at 16, and as fast at 100. With matrix products, NumPy is faster from about 20 floats on: the
network 2-16-16-1 has 40 per instruction at 1 sample, and takes 14 us in NumPy, 35 us here.
"""


def is_faster(program: Program, batch_size: int) -> bool:
    """Return whether this backend is expected to run a program faster than `numpy_backend`."""
    n_elements = (program.n_inputs + len(program.outputs)) * batch_size
    for step in program.forward:
        largest = max(region.rows.size for region in step.operands if region is not None)
        n_elements += largest * (batch_size if step.out.batch else 1)
    return n_elements <= ELEMENTS_PER_INSTRUCTION * len(program.forward)


def bind(program: Program, batch_size: int, dtype: DTypeLike = np.float64) -> "FloatProgram":
    """Write the source of a program for one batch size and type of floats."""
    return FloatProgram(program, batch_size, dtype)


class FloatProgram(WithFallback):
    """A program as one function of floats.

    Attributes
    ----------
    source : str
        The generated function ``run(theta, samples, differentiate)``.
    """

    def __init__(self, program: Program, batch_size: int, dtype: DTypeLike) -> None:
        super().__init__(program, batch_size, dtype)
        (*parts, run), names = float_source(program, batch_size, dtype)
        self.source = "\n\n".join([*parts, run])
        functions = {f"part{n}": _defined(f"part{n}", part, names) for n, part in enumerate(parts)}
        self._function = _defined("run", run, names | functions)
        self._samples = np.empty((batch_size, program.n_inputs), dtype)

    def _attempt(
        self, theta: Array, inputs: Sequence[Array], differentiate: bool
    ) -> tuple[Array, Array] | None:
        try:
            copy_side_by_side(inputs, self._samples)
            parameters = np.asarray(theta, self.dtype)
            results = self._function(parameters.tolist(), self._samples.tolist(), differentiate)
            with np.errstate(over="raise"):
                outputs, gradient = (
                    np.array(numbers, float).astype(self.dtype) for numbers in results
                )
        except (ArithmeticError, ValueError):
            return None
        return (outputs.T, gradient) if all_finite(outputs) and all_finite(gradient) else None


def _defined(name: str, source: str, names: dict[str, Any]) -> Callable[..., Any]:
    """Return the function that the source defines, with `names` for what it calls."""
    exec(compile(source, "<compiled graph>", "exec"), names)
    function: Callable[..., Any] = names.pop(name)  # or the two would hold each other
    return function

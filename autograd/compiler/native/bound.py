"""A native program that runs."""

import ctypes
import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from autograd.compiler import numpy_backend
from autograd.compiler.memory import Array, all_finite
from autograd.compiler.native.library import build
from autograd.compiler.native.source import c_source
from autograd.compiler.program import Program


def bind(program: Program, batch_size: int, dtype: DTypeLike = np.float64) -> "BoundProgram":
    """Compile a program for one batch size and type of floats.

    Raises
    ------
    MissingPackageError
        If the machine has no C compiler.
    ArgumentError
        If an operation cannot be written in C.
    """
    return BoundProgram(program, batch_size, dtype)


class BoundProgram:
    """A program that can run.

    Attributes
    ----------
    batch_size : int
    source : str
        The whole program in C.
    """

    def __init__(self, program: Program, batch_size: int, dtype: DTypeLike) -> None:
        self.program = program
        self.batch_size = batch_size
        self.dtype = np.dtype(dtype)
        source = c_source(program, batch_size, dtype)
        self.source = source.text
        shared, d_shared = (self._zeros(program.n_shared) for _ in range(2))
        batch, d_batch = (self._zeros(program.n_batch, source.stride) for _ in range(2))
        for row, number in program.constants.items():
            shared[row] = number
        objective = program.outputs[0]
        if objective.batch:
            d_batch[objective.rows, :batch_size] = 1.0 / batch_size
        else:
            d_shared[objective.rows] = 1.0
        self._parameters = shared[: program.n_parameters]
        self._gradient = d_shared[: program.n_parameters]
        self._samples = self._zeros(batch_size, program.n_inputs)
        self._outputs = self._zeros(len(program.outputs), batch_size)
        self._memory = (shared, d_shared, batch, d_batch, self._samples, self._outputs)
        self._memory += (source.rows, source.coefficients)
        library = build(self.source)
        library.bind(*(ctypes.c_void_p(array.ctypes.data) for array in self._memory))
        self._run = library.run

    def run(self, theta: Array, inputs: Sequence[Array], first_sample: int = 0) -> Array:
        """See `autograd.compiler.program.BoundProgram`."""
        if self._fails(theta, inputs, differentiate=False):
            return self._in_numpy.run(theta, inputs, first_sample)
        return self._outputs

    def run_with_gradient(
        self, theta: Array, inputs: Sequence[Array], first_sample: int = 0
    ) -> tuple[Array, Array]:
        """See `autograd.compiler.program.BoundProgram`."""
        if self._fails(theta, inputs, differentiate=True) or not all_finite(self._gradient):
            return self._in_numpy.run_with_gradient(theta, inputs, first_sample)
        return self._outputs, self._gradient

    def _fails(self, theta: Array, inputs: Sequence[Array], differentiate: bool) -> bool:
        """Compute, and return whether a number is not finite or an index not in its table."""
        self._parameters[:] = theta
        start = 0
        for samples in inputs:
            columns = samples.reshape(self.batch_size, -1)
            stop = start + columns.shape[1]
            self._samples[:, start:stop] = columns
            start = stop
        return bool(self._run(differentiate)) or not all_finite(self._outputs)

    def _zeros(self, *shape: int) -> Array:
        """Return zeros that begin at a line of the cache, as rows do then."""
        size = int(np.prod(shape))
        numbers = np.zeros(size + 64 // self.dtype.itemsize, self.dtype)
        start = -numbers.ctypes.data % 64 // self.dtype.itemsize
        return numbers[start : start + size].reshape(shape)

    @functools.cached_property
    def _in_numpy(self) -> numpy_backend.BoundProgram:
        """The same program in NumPy, to find the operation and the sample that failed."""
        return numpy_backend.bind(self.program, self.batch_size, self.dtype)

"""A native program that runs."""

import ctypes
import weakref
from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from autograd.compiler.arrays import Array, all_finite, copy_side_by_side
from autograd.compiler.fallback import WithFallback
from autograd.compiler.native.addresses import CACHE_LINE_BYTES
from autograd.compiler.native.library import build, function_of, unload
from autograd.compiler.native.source import POINTERS, c_source
from autograd.compiler.program import Program

_SET_MEMORY = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(POINTERS))
_RUN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)


def bind(program: Program, batch_size: int, dtype: DTypeLike = np.float64) -> "NativeProgram":
    """Compile a program for one batch size and type of floats.

    Raises
    ------
    MissingPackageError, CompilationError
        If the machine has no C compiler, or it fails.
    ArgumentError
        If an operation cannot be written in C.
    """
    return NativeProgram(program, batch_size, dtype)


class NativeProgram(WithFallback):
    """A program as functions of a C library.

    Attributes
    ----------
    source : str
        The whole program in C.
    """

    def __init__(self, program: Program, batch_size: int, dtype: DTypeLike) -> None:
        super().__init__(program, batch_size, dtype)
        source = c_source(program, batch_size, dtype)
        self.source = source.text
        U, dU = (self._zeros(program.n_shared) for _ in range(2))
        V, dV = (self._zeros(program.n_batch, source.stride) for _ in range(2))
        for row, number in program.constants.items():
            U[row] = number
        objective = program.outputs[0]
        seeded = dV[:, :batch_size] if objective.batch else dU
        seeded[objective.rows] = program.seed(batch_size)
        self._parameters, self._gradient = (space[: program.n_parameters] for space in (U, dU))
        self._padding = [space[:, batch_size:] for space in (V, dV)]
        self._samples = self._zeros(batch_size, program.n_inputs)
        self._outputs = self._zeros(len(program.outputs), batch_size)
        # In the order of `POINTERS`. They are kept: the library only knows where they are.
        self._arrays = U, dU, V, dV, self._samples, self._outputs, source.rows, source.coefficients
        library = build(self.source)
        set_memory = function_of(library, "set_memory", _SET_MEMORY)
        set_memory(*(array.ctypes.data for array in self._arrays))
        self._run = function_of(library, "run", _RUN)
        weakref.finalize(self, unload, library)

    def _attempt(
        self, theta: Array, inputs: Sequence[Array], differentiate: bool
    ) -> tuple[Array, Array] | None:
        try:
            self._parameters[:] = theta
            copy_side_by_side(inputs, self._samples)
        except FloatingPointError:  # as the caller wants it; NumPy runs by rules of its own
            return None
        in_range = self._run(differentiate) == 0 and all_finite(self._outputs)
        if in_range and (not differentiate or all_finite(self._gradient)):
            return self._outputs, self._gradient
        for padding in self._padding:
            padding[:] = 0.0  # infinity times its zeros is nan, which would stay
        return None

    def _zeros(self, *shape: int) -> Array:
        """Return zeros that begin at a cache line, as their rows then do."""
        size = int(np.prod(shape))
        numbers = np.zeros(size + CACHE_LINE_BYTES // self.dtype.itemsize, self.dtype)
        start = -numbers.ctypes.data % CACHE_LINE_BYTES // self.dtype.itemsize
        return numbers[start : start + size].reshape(shape)

"""What another backend cannot finish, NumPy runs again, and tells the samples that may have failed.

Where speed counts, a backend may leave aside what failed and where: it says only that it did. The
same program in NumPy then has the suspects, and the results, which may be finite after all.
"""

import functools
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from autograd.compiler import numpy_backend
from autograd.compiler.arrays import Array
from autograd.compiler.program import Program


class WithFallback(ABC):
    """A bound program that NumPy steps in for; see `autograd.compiler.backend.BoundProgram`.

    Attributes
    ----------
    program : Program
    batch_size : int
    dtype : numpy dtype
    """

    def __init__(self, program: Program, batch_size: int, dtype: DTypeLike) -> None:
        self.program = program
        self.batch_size = batch_size
        self.dtype = np.dtype(dtype)

    @abstractmethod
    def _attempt(
        self, theta: Array, inputs: Sequence[Array], differentiate: bool
    ) -> tuple[Array, Array] | None:
        """Return outputs and gradient, if all of their numbers came out finite."""

    def run(
        self, theta: Array, inputs: Sequence[Array], differentiate: bool
    ) -> tuple[Array, Array, Sequence[int]]:
        """See `autograd.compiler.backend.BoundProgram`."""
        results = self._attempt(theta, inputs, differentiate)
        if results is None:
            return self._in_numpy.run(theta, inputs, differentiate)
        return *results, ()

    @functools.cached_property
    def _in_numpy(self) -> numpy_backend.NumPyProgram:
        return numpy_backend.bind(self.program, self.batch_size, self.dtype)

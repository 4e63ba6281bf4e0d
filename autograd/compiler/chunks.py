"""Chunks: a large batch runs in parts, whose numbers stay in the cache of the processor.

Here too a backend is chosen for each part, and what programs return, which their next run
overwrites, becomes the caller's own.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.compiler import float_backend, numpy_backend
from autograd.compiler.memory import Array
from autograd.compiler.program import Backend, BoundProgram, Program

CACHE_BYTES = 4_000_000
"""Batches whose numbers take more memory than this are run in chunks that do not."""

SMALLEST_CHUNK = 64
"""Chunks have at least so many samples: with fewer, calling takes longer than computing."""


class Chunks:
    """A program, bound to batches of one size.

    Parameters
    ----------
    program : Program
    size : int
        The number of samples of a batch.
    dtype : numpy dtype
    backend : Backend or None
        None for the one that is expected to be the fastest.
    """

    def __init__(
        self, program: Program, size: int, dtype: np.dtype[Any], backend: Backend | None
    ) -> None:
        self._shape = (len(program.outputs), size)
        self._dtype = dtype
        self._chunks: list[tuple[slice, float, BoundProgram]] = []
        bound: dict[int, BoundProgram] = {}
        for samples in _parts(size, max(1, program.n_batch * dtype.itemsize)):
            n = samples.stop - samples.start
            if n not in bound:
                few = float_backend.is_faster(program, n)
                chosen = backend or (float_backend if few else numpy_backend)
                bound[n] = chosen.bind(program, n, dtype)
            self._chunks.append((samples, n / size, bound[n]))

    def run(self, theta: Array, batch: Sequence[Array]) -> Array:
        """Return all outputs, of shape (n_outputs, size)."""
        outputs = np.empty(self._shape, self._dtype)
        for samples, _, program in self._chunks:
            chunk = [array[samples] for array in batch]
            outputs[:, samples] = program.run(theta, chunk, samples.start)
        return outputs

    def run_with_gradient(self, theta: Array, batch: Sequence[Array]) -> tuple[Array, Array]:
        """Return all outputs, and the gradient by theta of the mean of the first, as float64."""
        outputs = np.empty(self._shape, self._dtype)
        gradient: Array | None = None
        for samples, share, program in self._chunks:
            chunk = [array[samples] for array in batch]
            outputs[:, samples], slopes = program.run_with_gradient(theta, chunk, samples.start)
            part = np.multiply(slopes, share, dtype=np.float64)
            gradient = part if gradient is None else gradient + part
        assert gradient is not None  # no batch is empty
        return outputs, gradient

    @property
    def source(self) -> str:
        """The generated program, of the last chunk."""
        return self._chunks[-1][-1].source


def _parts(size: int, sample_bytes: int) -> list[slice]:
    """Return the samples of each chunk: equally many, or one more."""
    n_chunks = -(-size // max(SMALLEST_CHUNK, CACHE_BYTES // sample_bytes))
    starts = [chunk * size // n_chunks for chunk in range(n_chunks + 1)]
    return list(map(slice, starts, starts[1:]))

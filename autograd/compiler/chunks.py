"""Chunks: a large batch runs in parts, whose numbers stay in the cache of the processor.

This is between `program_cache` and the backends: here the backend is chosen, too. Chunks that run
one after the other are a bound program again, so whoever runs a batch need not know of them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd.compiler import float_backend, numpy_backend
from autograd.compiler.arrays import Array
from autograd.compiler.backend import Backend, BoundProgram
from autograd.compiler.program import Program

CACHE_BYTES = 4_000_000
"""Batches whose numbers take more memory than this are run in chunks that do not."""

SMALLEST_CHUNK = 64
"""Chunks have at least this many samples: with fewer, calling takes longer than computing."""


def bind_in_chunks(
    program: Program, batch_size: int, dtype: np.dtype[Any], backend: Backend | None
) -> BoundProgram:
    """Give a program its memory for one batch size, or for chunks of it that are small enough.

    Without a backend, each chunk runs on the one that is expected to be the fastest.
    """
    sample_bytes = max(1, program.n_batch * dtype.itemsize)
    n_chunks = -(-batch_size // max(SMALLEST_CHUNK, CACHE_BYTES // sample_bytes))
    starts = [chunk * batch_size // n_chunks for chunk in range(n_chunks + 1)]
    sizes = np.diff(starts).tolist()  # equal, or differing by 1
    bound: dict[int, BoundProgram] = {}
    for size in sorted(set(sizes)):
        few = float_backend.is_faster(program, size)
        chosen = backend or (float_backend if few else numpy_backend)
        bound[size] = chosen.bind(program, size, dtype)
    return Chunks([bound[size] for size in sizes]) if n_chunks > 1 else bound[batch_size]


class Chunks:
    """Bound programs that run one after the other, on parts of a batch."""

    def __init__(self, programs: Sequence[BoundProgram]) -> None:
        self._programs = programs
        self.batch_size = sum(program.batch_size for program in programs)

    @property
    def source(self) -> str:
        """That of the first: the others differ in their sizes at most."""
        return self._programs[0].source

    @np.errstate(invalid="ignore", under="ignore")  # where gradients are infinite, or small
    def run(
        self, theta: Array, inputs: Sequence[Array], differentiate: bool
    ) -> tuple[Array, Array, Sequence[int]]:
        """See `autograd.compiler.backend.BoundProgram`."""
        parts = []
        suspects: list[int] = []
        gradient = np.zeros(len(theta))
        for program, start, chunk in self._chunks(inputs):
            outputs, slopes, found = program.run(theta, chunk, differentiate)
            parts.append(outputs.copy())
            suspects += [start + sample for sample in found]
            if differentiate:
                gradient += slopes * (program.batch_size / self.batch_size)
        return np.concatenate(parts, axis=1), gradient, suspects

    def _chunks(self, inputs: Sequence[Array]) -> Iterator[tuple[BoundProgram, int, list[Array]]]:
        """Yield each program with its first sample and its part of the inputs."""
        start = 0
        for program in self._programs:
            stop = start + program.batch_size
            yield program, start, [samples[start:stop] for samples in inputs]
            start = stop

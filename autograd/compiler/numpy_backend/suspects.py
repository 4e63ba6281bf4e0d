"""The samples that may have failed, after a run whose numbers left the range of floats.

Every number of every sample is still in memory. So a sample is suspect if one of its numbers is
infinite or nan, or the index of a lookup that is wrong. An infinity that the user means, such as
the -inf that keeps an entry out of a softmax, stands in all of them. But where the same numbers are
infinite the same operations made them so: of such samples the first stands for all. Not so where
an index is wrong: each of these samples has got a number that is not its own.
"""

from collections.abc import Iterator

import numpy as np

from autograd.compiler.arrays import Array
from autograd.compiler.numpy_backend.lookups import are_wrong
from autograd.compiler.numpy_backend.memory import Memory
from autograd.compiler.program import Lookup, Program


def find_suspects(program: Program, memory: Memory) -> list[int]:
    """Return the first sample of each kind that is not finite throughout, in ascending order."""
    found: list[Array] = [~np.isfinite(memory.shared), ~np.isfinite(memory.batch)]
    found += _wrong_indices(program, memory)
    n_samples = memory.batch.shape[1]
    wrong = np.concatenate([np.broadcast_to(part, (len(part), n_samples)) for part in found])
    first: dict[bytes, int] = {}
    for sample in np.flatnonzero(wrong.any(axis=0)).tolist():
        first.setdefault(wrong[:, sample].tobytes(), sample)
    return list(first.values())


def wrongly_indexed(program: Program, memory: Memory) -> list[int]:
    """Return all samples that looked up at a wrong index, and got the first entry instead."""
    wrong = np.zeros(memory.batch.shape[1], bool)
    for indices in _wrong_indices(program, memory):
        wrong |= indices.any(axis=0)
    return np.flatnonzero(wrong).tolist()


def _wrong_indices(program: Program, memory: Memory) -> Iterator[Array]:
    """Yield, for each lookup, which of its indices are not whole or out of range."""
    for step in program.forward:
        if isinstance(step, Lookup):
            indices = memory.space(step.index)[step.index.rows]
            yield are_wrong(indices, len(step.table.rows))

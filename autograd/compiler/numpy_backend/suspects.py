"""The samples that may have failed, after a run whose numbers left the range of floats.

Every number of every sample is still in memory. So a sample is suspect if one of its numbers is
infinite or nan, or the index of a lookup that is wrong. An infinity that the user means, such as
the -inf that keeps an entry out of a softmax, stands in all of them. But where the same numbers are
infinite the same operations made them so: of such samples the first stands for all. Not so where
an index is wrong: each of these samples has got a number that is not its own.
"""

import numpy as np

from autograd.compiler.numpy_backend.lookups import are_wrong
from autograd.compiler.numpy_backend.memory import Memory
from autograd.compiler.program import Lookup, Program


def find_suspects(program: Program, memory: Memory) -> tuple[list[int], list[int]]:
    """Return the suspects in ascending order, and which of them looked up at a wrong index."""
    n_samples = memory.batch.shape[1]
    wrong = np.zeros(n_samples, bool)
    for step in program.forward:
        if isinstance(step, Lookup):
            indices = memory.space(step.index)[step.index.rows]
            wrong |= are_wrong(indices, len(step.table.rows)).any(axis=0)
    shared = np.broadcast_to(~np.isfinite(memory.shared), (len(memory.shared), n_samples))
    infinite = np.concatenate([~np.isfinite(memory.batch), shared])
    first: dict[bytes, int] = {}
    for sample in np.flatnonzero(infinite.any(axis=0) & ~wrong).tolist():
        first.setdefault(infinite[:, sample].tobytes(), sample)
    wrongly_indexed = np.flatnonzero(wrong).tolist()
    return sorted([*first.values(), *wrongly_indexed]), wrongly_indexed

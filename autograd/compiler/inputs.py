"""Where the inputs of a program live, and how the samples of a batch get there.

The batch space has a row for each input, so samples are transposed on their way into it. But a
matrix product takes them as they come just as well, and copying them so takes a third of the time.
Inputs that one matrix product reads, and nothing else, are therefore kept as they come: in the
memory of their rows, laid out the other way round.

>>> from autograd import Value, exp
>>> from autograd.compiler.planning import plan
>>> from autograd.compiler.tape import read_tape
>>> x, w = [Value(1.0) for _ in range(9)], [Value(2.0) for _ in range(8)]
>>> product = sum(a * b for a, b in zip(w, x))
>>> kept_as_they_come(plan(read_tape([product * x[8]], x, w)))
[(0, 8)]
>>> kept_as_they_come(plan(read_tape([product * x[7]], x, w)))
[]
"""

import itertools
from collections.abc import Sequence

import numpy as np

from autograd.compiler.adjoint import operands_of
from autograd.compiler.program import Floats, MatMul, Program, Region


class Inputs:
    """The inputs of a program, in the first rows of its batch space.

    Parameters
    ----------
    program : Program
    batch : array, (n_batch, batch_size)
        The batch space.
    """

    def __init__(self, program: Program, batch: Floats) -> None:
        self._batch_size = batch.shape[1]
        self._as_they_come = kept_as_they_come(program)
        # The inputs from start to stop, as an array of shape (batch_size, stop - start).
        self._samples: dict[tuple[int, int], Floats] = {}
        # Where an argument of the inputs from start to stop goes, and which of its columns.
        self._destinations: dict[tuple[int, int], list[tuple[Floats, slice]]] = {}
        cuts = {0, program.n_inputs, *itertools.chain(*self._as_they_come)}
        for run in itertools.pairwise(sorted(cuts)):
            rows = batch[slice(*run)]
            as_they_come = run in self._as_they_come
            self._samples[run] = rows.reshape(rows.shape[::-1]) if as_they_come else rows.T

    def fill(self, arguments: Sequence[Floats]) -> None:
        """Copy arguments, each of shape (batch_size, ...), to where the program reads them."""
        start = 0
        for argument in arguments:
            samples = argument.reshape(self._batch_size, -1)
            stop = start + samples.shape[1]
            if (start, stop) not in self._destinations:
                self._destinations[start, stop] = self._divided(start, stop)
            for destination, columns in self._destinations[start, stop]:
                destination[...] = samples[:, columns]
            start = stop

    def matrix(self, region: Region) -> Floats | None:
        """Return a region of shape (k, 1) as a matrix, if it is kept as it comes."""
        run = _run(region)
        return self._samples[run].T if run in self._as_they_come else None

    def _divided(self, first: int, last: int) -> list[tuple[Floats, slice]]:
        """Return where the inputs from first to last live, and which of them live there."""
        return [
            (samples[:, low - start : high - start], slice(low - first, high - first))
            for (start, stop), samples in self._samples.items()
            if (low := max(start, first)) < (high := min(stop, last))
        ]


def kept_as_they_come(program: Program) -> list[tuple[int, int]]:
    """Return the inputs that only matrix products read, from one to another.

    Several products may read the same inputs, but nothing may read only some of them.
    """
    runs: set[tuple[int, int]] = set()
    others = {row for region in program.outputs if region.batch for row in region.rows.tolist()}
    for step in program.forward:
        for region in operands_of(step):
            run = _run(region) if isinstance(step, MatMul) and region is step.inputs else None
            if run is not None and run[1] <= program.n_inputs:
                runs.add(run)
            elif region is not None and region.batch:
                others.update(region.rows.ravel().tolist())
    readers = np.zeros(program.n_inputs, dtype=np.int64)
    readers[[row for row in others if row < program.n_inputs]] = 1
    for run in runs:
        readers[slice(*run)] += 1
    return sorted(run for run in runs if (readers[slice(*run)] == 1).all())


def _run(region: Region) -> tuple[int, int] | None:
    """Return the first row and the one after the last, if a region is a column without gaps."""
    rows = region.rows
    if rows.shape != (rows.size, 1) or (np.diff(rows[:, 0]) != 1).any():
        return None
    return int(rows[0, 0]), int(rows[-1, 0]) + 1

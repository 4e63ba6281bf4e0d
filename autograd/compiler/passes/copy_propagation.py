"""Copy propagation: a gradient that is the copy of another one is read where that one stands.

A sum sends its gradient unchanged to each of its terms. What is sent to the one and only use of a
row is the whole gradient of that row, so no number needs to move: whoever reads the one can read
the other. The gradient of a sum is complete when it is sent, and keeps its numbers until the end.

Here the gradient of the tanh is that of the sum, in whose place it is read:

>>> from autograd import Value, tanh
>>> from autograd.compiler.passes import apply_passes
>>> from autograd.compiler.passes.tape import read_tape
>>> x, y, w = Value(1.0), Value(2.0), Value(3.0)
>>> passes = apply_passes(read_tape([tanh(w * x) + y], inputs=[x, y], parameters=[w]))
>>> for step in passes.copying.adjoint:
...     print("from d", step.gradient, "to", step.targets)
from d batch[4] to (= d batch[3], None)
from d batch[3] to (= d batch[2],)
from d batch[2] to (= d shared[0], None)
>>> for step in passes.program.adjoint:
...     print("from d", step.gradient, "to", step.targets)
from d batch[4] to (= d batch[2],)
from d batch[2] to (= d shared[0], None)

Two kinds of copies are made all the same: the gradient of a parameter, since it is a result; and a
copy that its readers would find at other distances than the originals, which they might have to
gather, unless it is one of many that are read together.
"""

import dataclasses
from collections import defaultdict

import numpy as np

from autograd.compiler.program import Adjoint, Program, Region, Space, SumProducts

WORTH_GATHERING = 3
"""From this many copies on, gathering them where they are read takes less time than making them."""


def propagate_copies(program: Program) -> Program:
    """Return the program without the copying of gradients that can be read at their source."""
    places = _Places(program)
    adjoint = []
    for number, step in enumerate(program.adjoint):
        gradient, copy = places.of(step.gradient), _copy(step)
        if copy is None or not places.share(number, copy, gradient):
            adjoint.append(dataclasses.replace(step, gradient=gradient))
    return dataclasses.replace(program, adjoint=adjoint)


def _copy(step: Adjoint) -> Region | None:
    """Return where an adjoint sends the gradient that it reads, if it does nothing else."""
    forward, target = step.forward, step.targets[0]
    if target is None or target.region.space != step.gradient.space:
        return None
    if not isinstance(forward, SumProducts) or forward.right is not None:
        return None
    return target.region if forward.coefficients is None else None


class _Places:
    """Where the gradients of rows stand.

    Attributes
    ----------
    rows : dict of space to array of int
        For each of its rows, the one that holds the gradient.
    writes : dict of space to array of int
        How often something is sent to each row, and once more where it is a result.
    readers : dict of int to list of Region
        By the number of an adjoint that copies: what later adjoints read of this copy, except
        where they gather from `WORTH_GATHERING` copies or more.
    """

    def __init__(self, program: Program) -> None:
        sizes: dict[Space, int] = {"shared": program.n_shared, "batch": program.n_batch}
        self.rows = {space: np.arange(size) for space, size in sizes.items()}
        self.writes = {space: np.zeros(size, int) for space, size in sizes.items()}
        self.writes["shared"][: program.n_parameters] = 1
        copied_by = {space: np.full(size, -1) for space, size in sizes.items()}
        for number, step in enumerate(program.adjoint):
            for target in filter(None, step.targets):
                np.add.at(self.writes[target.region.space], target.region.rows, 1)
            copy = _copy(step)
            if copy is not None:
                copied_by[copy.space][copy.rows] = number
        self.readers: dict[int, list[Region]] = defaultdict(list)
        for step in program.adjoint:
            copied = copied_by[step.gradient.space][step.gradient.rows]
            numbers = np.unique(copied[copied >= 0]).tolist()
            if len(numbers) < WORTH_GATHERING:
                for number in numbers:
                    self.readers[number].append(step.gradient)

    def of(self, region: Region) -> Region:
        """Return the rows where the gradients of a region stand."""
        return Region(region.space, self.rows[region.space][region.rows])

    def share(self, number: int, copy: Region, original: Region) -> bool:
        """Let the gradients of rows stand where their originals do, unless something forbids it.

        To see what their readers would read, they are moved first, and moved back if need be.
        """
        rows = self.rows[copy.space]
        if (self.writes[copy.space][copy.rows] > 1).any():
            return False
        rows[copy.rows] = original.rows
        if all(self.of(region).steps == region.steps for region in self.readers[number]):
            return True
        rows[copy.rows] = copy.rows
        return False

"""The backward program: an adjoint for each forward instruction, in their `backward_order`.

An adjoint sends the gradient of the instruction's output to its operands. It overwrites the rows of
a region, or adds to all of them: what is left to decide is which. If some rows hold a gradient
already and others do not, it adds, and those others are set to zero before the backward program
starts.

>>> from autograd import Value
>>> from autograd.compiler.passes import apply_passes
>>> from autograd.compiler.passes.tape import read_tape
>>> x, w = Value(1.0), Value(2.0)
>>> program = apply_passes(read_tape([w * x + w], inputs=[x], parameters=[w])).program
>>> for adjoint in program.adjoint:
...     print(adjoint.targets)
(= d shared[0], None)
(+= d shared[0], None)
"""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.passes.backward_order import backward_order
from autograd.compiler.program import (
    Adjoint,
    Apply,
    Forward,
    Lookup,
    MatMul,
    Program,
    Region,
    Space,
    Target,
)


def add_adjoint(program: Program, trained: Mapping[Space, NDArray[np.bool_]]) -> Program:
    """Return the program with the instructions for the gradient of its first output.

    Parameters
    ----------
    program : Program
        Without an adjoint.
    trained : mapping of space to array of bool
        Which of its rows depend on a parameter: no others receive a gradient.
    """
    bookkeeping = _Bookkeeping(trained, program.outputs[0])
    adjoint = []
    for step in backward_order(program.forward, bookkeeping.arrived):
        for part in bookkeeping.reached(step.instruction):
            targets = bookkeeping.targets(part, step.to_first, step.to_others)
            if any(target is not None for target in targets):
                adjoint.append(Adjoint(part, part.out, targets))
    zeroed = [Region(space, np.unique(rows)) for space, rows in bookkeeping.zeroed.items() if rows]
    return dataclasses.replace(program, adjoint=adjoint, zeroed=zeroed)


class _Bookkeeping:
    """Which gradient rows have been written."""

    def __init__(self, trained: Mapping[Space, NDArray[np.bool_]], output: Region) -> None:
        self.trained = trained
        self.written = {space: np.zeros_like(rows) for space, rows in trained.items()}
        self.written[output.space][output.rows] = True
        # Not those that were only zeroed: an operation need not have a derivative there.
        self.reached_rows = {space: rows.copy() for space, rows in self.written.items()}
        self.zeroed: dict[Space, list[int]] = {"shared": [], "batch": []}

    def arrived(self, region: Region) -> bool:
        """Return whether all rows of a region have been written."""
        return bool(self.written[region.space][region.rows].all())

    def reached(self, instruction: Forward) -> Iterator[Forward]:
        """Yield an instruction, or its parts, if a gradient arrives at rows that pass it on.

        Elsewhere the gradient is zero. Sums of products pass that on as it is; an operation is
        differentiated only in the rows reached, and only by the operands that need it: other
        derivatives may not exist.
        """
        out = instruction.out
        written = self.written[out.space]
        arrived = written[out.rows]
        passing = arrived & self.trained[out.space][out.rows]
        if isinstance(instruction, Apply):
            passing &= self.reached_rows[out.space][out.rows]
            wanted = [self.trained[operand.space][operand.rows] for operand in instruction.operands]
            cases = np.array([passing, *wanted])
            changes = np.flatnonzero((cases[:, 1:] != cases[:, :-1]).any(axis=0)) + 1
            for first, end in itertools.pairwise([0, *changes.tolist(), len(passing)]):
                if passing[first]:
                    yield _rows_of(instruction, slice(first, end))
        elif passing.any():
            self.zeroed[out.space] += out.rows[~arrived].tolist()
            written[out.rows] = True
            yield instruction

    def targets(
        self, instruction: Forward, to_first: bool, to_others: bool
    ) -> tuple[Target | None, ...]:
        """Note what an instruction sends to its first operand, to the others, or to all."""
        self._reach_operands(instruction)
        if isinstance(instruction, Lookup):  # nothing to its index, which has no derivative
            return None, self.target(instruction.table, scattered=True)
        first, *others = instruction.operands
        return (
            self.target(first if to_first else None),
            *(self.target(other if to_others else None) for other in others),
        )

    def _reach_operands(self, instruction: Forward) -> None:
        """Note the rows of operands that a gradient reaches through those of the output."""
        reached = self.reached_rows[instruction.out.space][instruction.out.rows]
        for place, operand in enumerate(instruction.operands):
            if operand is None:
                continue
            if not isinstance(instruction, MatMul):
                rows = operand.rows[..., reached]
            elif place == 0:
                rows = operand.rows[reached.any(axis=1)]
            else:
                rows = operand.rows[:, reached.any(axis=0)]
            self.reached_rows[operand.space][rows] = True

    def target(self, operand: Region | None, scattered: bool = False) -> Target | None:
        """Note a contribution to the rows of an operand, or, if `scattered`, to some of them."""
        if operand is None or not self.trained[operand.space][operand.rows].any():
            return None
        written, rows = self.written[operand.space], operand.rows.ravel()
        add = scattered or bool(written[rows].any())
        if add:
            self.zeroed[operand.space] += rows[~written[rows]].tolist()
        written[rows] = True
        return Target(operand, add)


def _rows_of(instruction: Apply, part: slice) -> Apply:
    """Return an operation on some of its rows: itself, with its regions, if these are all."""
    if part == slice(0, len(instruction.out.rows)):
        return instruction
    out, *operands = (
        Region(region.space, region.rows[part])
        for region in (instruction.out, *instruction.operands)
    )
    return Apply(instruction.operation, out, tuple(operands))

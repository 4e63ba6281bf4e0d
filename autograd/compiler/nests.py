"""Index nests: long rows of addresses as a few short loops, so that operands need no copying.

A program names rows one by one: ``0 0 0 1 1 1`` are the addresses of two numbers, each used three
times. They lie at a regular distance only when they are read as two loops, one inside the other: a
view of shape (2, 3) with steps 1 and 0. The instructions of a program are brought into such a shape
here, the same for all their operands, before the NumPy backend makes views. The planner asks as
well, to leave together what is read together.

>>> cuts(np.array([[0, 0, 0, 1, 1, 1]]))
(3, 6)
>>> cuts(np.array([[0, 1, 2, 4, 3, 5]])) is None
True
"""

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from autograd.compiler.program import (
    Addresses,
    Adjoint,
    Apply,
    Forward,
    Region,
    SumProducts,
    Target,
)

DEEPEST = 3
"""The number of loops up to which a nest is worth it: each costs time in every call."""


def nest_together(instructions: Sequence[Forward]) -> list[Forward]:
    """Bring the instructions that compute one region into the shape that suits all of them."""
    if not isinstance(instructions[0], SumProducts | Apply):
        return list(instructions)
    operands = [operand for step in instructions for operand in step.operands]
    shape = nest(filter(None, operands), len(instructions[0].out.rows))
    return [_reshaped(step, shape) for step in instructions]


def nest_adjoint(adjoint: Adjoint) -> Adjoint:
    """Bring an adjoint into the shape that suits the operands of its instruction."""
    step = adjoint.forward
    if not isinstance(step, SumProducts | Apply):
        return adjoint
    shape = nest(filter(None, step.operands), len(step.out.rows))
    targets = [
        target and Target(_with_shape(target.region, shape), target.add)
        for target in adjoint.targets
    ]
    return Adjoint(_reshaped(step, shape), tuple(targets))


def nest(regions: Iterable[Region], length: int) -> tuple[int, ...]:
    """Return the shape of the loops that all regions can be read in; one loop if there is none.

    Regions without any regularity do not count: they are gathered in any case.
    """
    wanted = {length}
    for region in regions:
        if region.steps is None:  # one loop would do for the others
            wanted.update(cuts(region.rows.reshape(-1, length)) or ())
    inner = 1
    shape: list[int] = []
    for cut in sorted(wanted):
        if cut % inner:
            return (length,)
        shape.insert(0, cut // inner)
        inner = cut
    return tuple(shape) if len(shape) <= DEEPEST else (length,)


def cuts(rows: Addresses) -> tuple[int, ...] | None:
    """Return after how many addresses each loop starts over, the innermost first.

    Parameters
    ----------
    rows : array of int, (k, n)
        Read along the second axis.

    Returns
    -------
    tuple of int or None
        The last one is n; None if the addresses are no nest of loops.
    """
    n = rows.shape[1]
    found: tuple[int, ...] = ()
    inner = 1
    while rows.shape[1] > 1:
        steps = rows[:, 1:] - rows[:, :-1]
        breaks = np.flatnonzero((steps != steps[:, :1]).any(axis=0))
        run = int(breaks[0]) + 1 if len(breaks) else rows.shape[1]
        if run == 1 or rows.shape[1] % run:
            return None
        loops = rows.reshape(len(rows), -1, run)
        if (loops[:, :, 1:] - loops[:, :, :-1] != steps[:, None, :1]).any():
            return None
        inner *= run
        found += (inner,)
        rows = loops[:, :, 0]
    return found or (n,)


def is_read_at_once(factors: Addresses) -> bool:
    """Whether all terms of sums are read as easily as one: by one more loop, or all by gathering.

    >>> is_read_at_once(np.array([[[0, 1, 2], [4, 5, 6], [8, 9, 10]]]))
    True
    >>> is_read_at_once(np.array([[[0, 1, 2], [4, 5, 6], [3, 7, 7]]]))
    False

    Parameters
    ----------
    factors : array of int, (1 or 2, k, n)
        For each factor, the addresses in each of k terms of n sums. Any two terms lie at a regular
        distance: it takes three to be a loop.
    """
    rows = factors.reshape(-1, factors.shape[2])
    if cuts(rows) is None:
        return all(cuts(row[None]) is None for row in rows)
    steps = factors[:, 1:] - factors[:, :-1]
    return len(factors[0]) > 2 and bool((steps == steps[:, :1, :1]).all())


def _reshaped(step: Forward, shape: tuple[int, ...]) -> Forward:
    """Return an instruction on the same rows, the last axis of each region in another shape."""
    if len(shape) == 1:
        return step
    if isinstance(step, Apply):
        operands = tuple(_with_shape(operand, shape) for operand in step.operands)
        return dataclasses.replace(step, out=_with_shape(step.out, shape), operands=operands)
    if isinstance(step, SumProducts):
        coefficients = step.coefficients
        return dataclasses.replace(
            step,
            out=_with_shape(step.out, shape),
            left=_with_shape(step.left, shape),
            right=step.right and _with_shape(step.right, shape),
            coefficients=None if coefficients is None else coefficients.reshape(-1, *shape),
        )
    return step


def _with_shape(region: Region, shape: tuple[int, ...]) -> Region:
    if len(shape) == 1:
        return region
    return Region(region.batch, region.rows.reshape(*region.rows.shape[:-1], *shape))

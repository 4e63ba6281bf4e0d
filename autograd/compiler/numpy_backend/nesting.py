"""Instructions in the shape of loops: the same one for all operands, so that views can read them.

Rows may lie in the order of a few loops, see `autograd.compiler.nests`. NumPy reads them without
copying once the last axis of their region has become an axis for each loop. Without that, a
convolution, pooling and layer norm take 11 to 15 % longer. Here two numbers are divided by three
others each:

>>> import numpy as np
>>> from autograd.operations import div
>>> rows = [8, 9, 10, 11, 12, 13], [0, 0, 0, 1, 1, 1], [2, 3, 4, 5, 6, 7]
>>> out, x, y = (Region("batch", np.array(row)) for row in rows)
>>> (step,) = nest_together([Apply(div, out, (x, y))])
>>> for region in (step.out, *step.operands):
...     print(region.rows.tolist(), region.steps)
[[8, 9, 10], [11, 12, 13]] (3, 1)
[[0, 0, 0], [1, 1, 1]] (1, 0)
[[2, 3, 4], [5, 6, 7]] (3, 1)
"""

import dataclasses
from collections.abc import Iterable, Sequence

from autograd.compiler.nests import cuts
from autograd.compiler.program import Adjoint, Apply, Forward, Region, SumProducts, Target

DEEPEST = 3
"""The most loops for which a nest is worth it: each costs time in every call."""


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
    shape = nest(filter(None, (adjoint.gradient, *step.operands)), len(step.out.rows))
    targets = [
        target and Target(_with_shape(target.region, shape), target.add)
        for target in adjoint.targets
    ]
    return Adjoint(_reshaped(step, shape), _with_shape(adjoint.gradient, shape), tuple(targets))


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


def _reshaped(step: Forward, shape: tuple[int, ...]) -> Forward:
    """Return an instruction on the same rows, the last axis of each region in another shape."""
    if len(shape) == 1 or not isinstance(step, SumProducts | Apply):
        return step
    out = _with_shape(step.out, shape)
    if isinstance(step, Apply):
        operands = tuple(_with_shape(operand, shape) for operand in step.operands)
        return dataclasses.replace(step, out=out, operands=operands)
    coefficients = step.coefficients
    return dataclasses.replace(
        step,
        out=out,
        left=_with_shape(step.left, shape),
        right=step.right and _with_shape(step.right, shape),
        coefficients=None if coefficients is None else coefficients.reshape(-1, *shape),
    )


def _with_shape(region: Region, shape: tuple[int, ...]) -> Region:
    if len(shape) == 1:
        return region
    return Region(region.space, region.rows.reshape(*region.rows.shape[:-1], *shape))

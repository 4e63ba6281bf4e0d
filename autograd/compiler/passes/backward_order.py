"""The order in which instructions send their gradients on.

It is the reverse order of the forward program, but for three things that can wait.

What several levels send to the same weights is computed at once: in reverse, the gradient of a
state goes step by step, but that of a matrix is the sum over all steps of d_out @ inputs.T, so one
product at the end is enough. Each step sends to its inputs only; the weights are done when the
reverse order reaches the earliest step. Without that, the RNN of the benchmark takes 11 % longer.

Here a bias w is added in two steps. Neither sends to it; the sum of both does:

>>> from autograd import Value, tanh
>>> from autograd.compiler.passes import apply_passes
>>> from autograd.compiler.passes.tape import read_tape
>>> x, w = Value(1.0), Value(2.0)
>>> tape = read_tape([tanh(tanh(x + w) + w)], inputs=[x], parameters=[w])
>>> forward = apply_passes(tape).program.forward
>>> for step, to_first, _ in backward_order(forward, arrived=lambda region: True):
...     print(type(step).__name__, step.out, "of", step.operands, to_first)
Apply batch[4] of (batch[3],) True
SumProducts batch[3] of (shared[0], None) False
SumProducts batch[3] of (batch[2], None) True
Apply batch[2] of (batch[1],) True
SumProducts batch[1] of (shared[0], None) False
SumProducts batch[1, 3] of (shared[0, 0], None) True
SumProducts batch[1] of (batch[0], None) True

What is computed once for all samples, such as a penalty of the weights, comes after the samples;
and a lookup, which sends to one entry of its table, just before the table sends on. By then other
instructions have mostly written whole rows of gradients, which need not be zeroed to be added to.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.program import Forward, Lookup, MatMul, Region, Space, SumProducts


class BackwardStep(NamedTuple):
    """An instruction whose gradient is sent on.

    Attributes
    ----------
    instruction : MatMul, SumProducts, Lookup or Apply
    to_first, to_others : bool
        Whether it sends to its first operand, which is where weights stand, and to the others.
    """

    instruction: Forward
    to_first: bool = True
    to_others: bool = True


def backward_order(
    forward: Sequence[Forward], arrived: Callable[[Region], bool]
) -> Iterator[BackwardStep]:
    """Yield the instructions in the order that the module describes.

    Lazy on purpose: each step must be booked before the next one is asked for.

    Parameters
    ----------
    forward : sequence of MatMul, SumProducts, Lookup or Apply
    arrived : callable
        Whether gradients of a region have been booked: where nothing has arrived there is nothing
        to join.
    """
    reverse = list(reversed(forward))
    samples_first = [step for step in reverse if step.out.batch]
    samples_first += [step for step in reverse if not step.out.batch]
    return _joining_weights(_lookups_late(samples_first), arrived)


def _lookups_late(instructions: Iterable[Forward]) -> Iterator[Forward]:
    """Yield lookups just before an instruction that computed an entry of their table."""
    waiting: list[Lookup] = []
    tables: set[tuple[Space, int]] = set()
    for instruction in instructions:
        if isinstance(instruction, Lookup):
            waiting.append(instruction)
            tables.update(_addresses(instruction.table))
            continue
        if waiting and not tables.isdisjoint(_addresses(instruction.out)):
            yield from waiting
            waiting.clear()
            tables.clear()
        yield instruction
    yield from waiting


def _addresses(region: Region) -> Iterator[tuple[Space, int]]:
    return ((region.space, row) for row in region.rows.ravel().tolist())


def _joining_weights(
    instructions: Iterable[Forward], arrived: Callable[[Region], bool]
) -> Iterator[BackwardStep]:
    """Yield instructions, and those with equal weights once more as one."""
    in_order = [(instruction, _weights_of(instruction)) for instruction in instructions]
    by_weights: dict[Hashable, list[Forward]] = {}
    for instruction, weights in reversed(in_order):  # so the first of a group is its earliest step
        by_weights.setdefault(weights, []).append(instruction)
    for instruction, weights in in_order:
        group = by_weights[weights]
        if weights is None or len(group) == 1:
            yield BackwardStep(instruction)
            continue
        yield BackwardStep(instruction, to_first=False)
        if instruction is group[0]:
            reached = [member for member in group if arrived(member.out)]
            if reached:
                yield BackwardStep(_joined(reached), to_others=False)


def _weights_of(instruction: Forward) -> Hashable:
    """Return what is equal for instructions that can be joined, and None for others."""
    if isinstance(instruction, MatMul):
        weights = instruction.weights.rows
    elif isinstance(instruction, SumProducts) and _only_adds_weights(instruction):
        weights = instruction.left.rows
    else:
        return None
    return type(instruction), weights.shape, weights.tobytes()


def _only_adds_weights(step: SumProducts) -> bool:
    no_factors = step.right is None and step.coefficients is None
    return no_factors and step.out.batch and not step.left.batch


def _joined(group: Sequence[Any]) -> Forward:
    """Return instructions with the same weights as one at all their places."""
    first = group[0]
    out = _side_by_side([instruction.out for instruction in group])
    if isinstance(first, MatMul):
        inputs = _side_by_side([instruction.inputs for instruction in group])
        return MatMul(out, first.weights, inputs)
    weights = _side_by_side([instruction.left for instruction in group])
    return SumProducts(out, weights, right=None, coefficients=None, add=True)


def _side_by_side(regions: Sequence[Region]) -> Region:
    rows = np.concatenate([region.rows for region in regions], axis=-1)
    return Region(regions[0].space, rows)

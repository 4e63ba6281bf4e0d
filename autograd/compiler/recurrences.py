"""What a recurrence adds to its state is computed for all steps at once.

A cell such as ``tanh(W x_t + U h_(t-1) + b)`` waits for the state before it, but only ``U h_(t-1)``
has to: ``W x_t + b`` is ready for all steps from the beginning. Such an early part of a sum becomes
a row of its own. Those of all steps then are one block, and one matrix product.

>>> from autograd import Value, dot, tanh
>>> from autograd.compiler.canonical import canonical_rows
>>> from autograd.compiler.tape import read_tape
>>> sequence, weights = [Value(1.0) for _ in range(3)], [Value(0.5) for _ in range(3)]
>>> state = 0.0
>>> for x in sequence:
...     state = tanh(dot(weights, [x, state, state * state]))
>>> tape = read_tape([state], sequence, weights)
>>> tape, rows = split_recurrences(tape, canonical_rows(tape))
>>> for index in (11, 14):
...     print(index, rows[index].terms)
11 [(1.0, 16, -1), (1.0, 4, 9), (1.0, 5, 10)]
14 [(1.0, 17, -1), (1.0, 4, 12), (1.0, 5, 13)]
>>> print(rows[16], rows[17])
Sum(terms=[(1.0, 3, 1)]) Sum(terms=[(1.0, 3, 2)])

The second and the third state are a product ready beforehand, of the weight 3 with the input 1 or
2, and two that wait for the state before.
"""

import dataclasses
import itertools
import math
from collections import defaultdict
from collections.abc import Hashable, Iterator
from typing import TypeAlias

from autograd import operations
from autograd.compiler.blocks import levels_from_inputs
from autograd.compiler.canonical import NONE, Row, Sum, Term
from autograd.compiler.tape import Tape

Split: TypeAlias = tuple[list[Term], list[Term]]
"""The early and the late terms of a sum."""


def split_recurrences(tape: Tape, rows: dict[int, Row]) -> tuple[Tape, dict[int, Row]]:
    """Give rows of their own to the early parts of sums that recur.

    Returns
    -------
    tape : Tape
        With an entry for each new row.
    rows : dict of int to Row
        Operands before what uses them.
    """
    splits = dict(_recurring(tape, rows))
    if not splits:
        return tape, rows
    trained: list[bool] = []
    with_parts: dict[int, Row] = {}
    for index, row in rows.items():
        if index in splits:
            early, late = splits[index]
            part = len(tape.operations) + len(trained)
            with_parts[part] = Sum(early)
            trained.append(any(map(tape.trained.__getitem__, with_parts[part].operands)))
            row = Sum([(1.0, part, NONE), *late])
        with_parts[index] = row
    return _extended(tape, trained), with_parts


def _extended(tape: Tape, trained: list[bool]) -> Tape:
    """Return the tape with sums that vary, and are `trained` or not."""
    n_new = len(trained)
    return dataclasses.replace(
        tape,
        operations=[*tape.operations, *[operations.sum] * n_new],
        operands=[*tape.operands, *[()] * n_new],
        numbers=[*tape.numbers, *[math.nan] * n_new],
        varying=[*tape.varying, *[True] * n_new],
        trained=[*tape.trained, *trained],
        constant=[*tape.constant, *[False] * n_new],
    )


def _recurring(tape: Tape, rows: dict[int, Row]) -> Iterator[tuple[int, Split]]:
    """Yield the sums with the same weights at several levels, if all are begun at one.

    What is left has two products at least: a single one would be no matrix product.
    """
    groups: dict[Hashable, list[tuple[int, Split]]] = defaultdict(list)
    levels: dict[int, int] = {}
    for alike in _beginning_alike(tape, rows):
        levels = levels or levels_from_inputs(rows)
        if len({levels[index] for index, _ in alike}) == 1:
            continue
        for index, terms in alike:
            weights = [_weight(tape, term) for term in terms]
            begun, is_late = _late(terms, weights, levels)
            if sum(w != NONE for w in itertools.compress(weights, is_late)) > 1:
                early = [term for term, late in zip(terms, is_late, strict=True) if not late]
                late = list(itertools.compress(terms, is_late))
                groups[begun, *sorted(weights)].append((index, (early, late)))
    for group in groups.values():
        if len({levels[index] for index, _ in group}) > 1:
            yield from group


def _beginning_alike(tape: Tape, rows: dict[int, Row]) -> list[list[tuple[int, list[Term]]]]:
    """Return sums with the same first three weights: few graphs have any but those that recur."""
    groups: dict[Hashable, list[tuple[int, list[Term]]]] = defaultdict(list)
    for index, row in rows.items():
        if isinstance(row, Sum) and len(row.terms) > 2:
            weights = (w for term in row.terms if (w := _weight(tape, term)) != NONE)
            first = tuple(itertools.islice(weights, 3))
            if len(first) == 3:
                groups[len(row.terms), first].append((index, row.terms))
    return [group for group in groups.values() if len(group) > 1]


def _late(terms: list[Term], weights: list[int], levels: dict[int, int]) -> tuple[int, list[bool]]:
    """Return the level of the first product with a weight, and which terms are ready later."""
    ready = [max(levels.get(x, 0), levels.get(y, 0)) for _, x, y in terms]
    begun = min(level for level, weight in zip(ready, weights, strict=True) if weight != NONE)
    return begun, [level > begun for level in ready]


def _weight(tape: Tape, term: Term) -> int:
    """Return the factor that is the same for all samples, if the other is not, or else `NONE`."""
    _, x, y = term
    if y == NONE or tape.varying[x] == tape.varying[y]:
        return NONE
    return y if tape.varying[x] else x

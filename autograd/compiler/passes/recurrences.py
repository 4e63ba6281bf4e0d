"""What a recurrence adds to its state is computed for all steps at once.

A cell such as ``tanh(W x_t + U h_(t-1) + b)`` waits for the state before it, but only ``U h_(t-1)``
has to: ``W x_t + b`` is ready for all steps from the beginning. Such an early part of a sum becomes
a row of its own. Those of all steps are then one block, and one matrix product. Without this pass,
the RNN of the benchmark takes 26 % longer.

>>> from autograd import Value, dot, tanh
>>> from autograd.compiler.passes.canonical import canonical_rows
>>> from autograd.compiler.passes.tape import read_tape
>>> sequence, weights = [Value(1.0) for _ in range(3)], [Value(0.5) for _ in range(3)]
>>> state = 0.0
>>> for x in sequence:
...     state = dot(weights, [x, state, tanh(state)])
>>> tape = read_tape([state], sequence, weights)
>>> tape, rows = split_recurrences(tape, canonical_rows(tape))
>>> for index in (13, 14, 10, 12):
...     print(index, rows[index])
13 <sum: 1.0 * row 3 * row 1>
14 <sum: 1.0 * row 3 * row 2>
10 <sum: 1.0 * row 4 * row 8 + 1.0 * row 5 * row 9 + 1.0 * row 13>
12 <sum: 1.0 * row 4 * row 10 + 1.0 * row 5 * row 11 + 1.0 * row 14>

The second and the third state are the sum of a product that is ready beforehand, of the weight 3
with the input 1 or 2, and of two that wait for the state before.
"""

import dataclasses
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from autograd import operations
from autograd.compiler.passes.rows import (
    BATCH,
    NONE,
    SHARED_TIMES_BATCH,
    Row,
    Sum,
    TermsByKind,
    levels_of_rows,
    no_terms,
)
from autograd.compiler.passes.tape import Tape

Split: TypeAlias = tuple[TermsByKind, TermsByKind]
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
            late[BATCH].append((1.0, part, NONE))
            with_parts[part], row = Sum(early), Sum(late)
            trained.append(any(map(tape.trained.__getitem__, with_parts[part].operands)))
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
    """Yield the sums that use the same weights at several levels, and begin at the same level.

    They have equally many terms of each kind. At least two products of each are late, as a single
    one would be no matrix product, and one is early.
    """
    by_weights: dict[tuple[int, ...], list[tuple[int, Sum]]] = defaultdict(list)
    for index, row in rows.items():
        if isinstance(row, Sum) and len(products := row.terms[SHARED_TIMES_BATCH]) > 2:
            weights = sorted([weight for _, weight, _ in products])
            by_weights[*map(len, row.terms), *weights].append((index, row))
    candidates = [alike for alike in by_weights.values() if len(alike) > 1]
    if not candidates:  # as in most graphs; finding the levels takes longer than this
        return
    levels = levels_of_rows(tape, rows)
    for alike in candidates:
        if len({levels[index] for index, _ in alike}) == 1:
            continue  # no recurrence: splitting them in vain is 10 % of planning a transformer
        by_start: dict[int, list[tuple[int, Split]]] = defaultdict(list)
        for index, row in alike:
            products = row.terms[SHARED_TIMES_BATCH]
            begun = min(max(levels[weight], levels[x]) for _, weight, x in products)
            early, late = _split(row, levels, begun)
            if len(late[SHARED_TIMES_BATCH]) > 1:
                by_start[begun].append((index, (early, late)))
        for group in by_start.values():
            if len({levels[index] for index, _ in group}) > 1:
                yield from group


def _split(row: Sum, levels: Sequence[int], begun: int) -> Split:
    """Separate the terms that are ready at the level `begun` from those that are not."""
    early, late = no_terms(), no_terms()
    for kind, terms in enumerate(row.terms):
        for term in terms:
            _, x, y = term  # the level of a factor that is `NONE` is 0, the last entry
            part = early if levels[x] <= begun and levels[y] <= begun else late
            part[kind].append(term)
    return early, late

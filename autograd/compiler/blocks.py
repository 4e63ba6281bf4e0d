"""Rows that compute the same thing at the same time become blocks.

A row can be computed as soon as its operands are. That gives it a level; rows of a level with the
same form, that is the same operation on operands of the same kinds, are one block, computed by one
instruction for all of them.

>>> from autograd import Value, exp
>>> from autograd.compiler.canonical import canonical_rows
>>> from autograd.compiler.tape import read_tape
>>> x, y = Value(1.0), Value(2.0)
>>> tape = read_tape([exp(x) + exp(y)], inputs=[x, y], parameters=[])
>>> for block in blocks(tape, canonical_rows(tape)):
...     print(block.form, block.rows)
('exp', True, (True,)) [2, 3]
('sum', True, (0, 0, 2, 0, 0)) [4]
"""

from dataclasses import dataclass
from typing import Any

from autograd.compiler.canonical import NONE, Call, Row, Term
from autograd.compiler.tape import Tape

KINDS = ("batch*batch", "shared*batch", "batch", "shared", "shared*shared")
"""The kinds of terms in a sum, by where their factors live."""


@dataclass(frozen=True)
class Block:
    """Rows of the same form that can be computed together.

    Attributes
    ----------
    form : tuple
        ``("sum", varying, number of terms of each of KINDS)``, or ``(name of the operation,
        varying, whether each operand varies)``.
    rows : list of int
        Tape indices.
    """

    form: tuple[Any, ...]
    rows: list[int]


def blocks(tape: Tape, rows: dict[int, Row]) -> list[Block]:
    """Group the rows, in an order in which they can be computed.

    Rows are computed as early as possible or as late as possible, whichever makes fewer blocks.
    """
    # With the operation beside its name: one that a user has defined again shares it.
    forms = {
        index: (_form(tape, index, row), row.operation if isinstance(row, Call) else None)
        for index, row in rows.items()
    }
    needed = _needed(rows)
    early = _grouped(forms, _levels_from_inputs(needed))
    late = _grouped(forms, _levels_from_outputs(needed))
    return early if len(early) <= len(late) else late


def kind_of(tape: Tape, term: Term) -> int:
    """Return the index in `KINDS` of a term; a constant term counts as shared."""
    _, x, y = term
    if y == NONE:
        return 2 if x != NONE and tape.varying[x] else 3
    return (4, 1, 0)[tape.varying[x] + tape.varying[y]]


def _form(tape: Tape, index: int, row: Row) -> tuple[Any, ...]:
    if isinstance(row, Call):
        varying = tuple(map(tape.varying.__getitem__, row.operands))
        return row.operation.name, tape.varying[index], varying
    counts = [0] * len(KINDS)
    for term in row.terms:
        counts[kind_of(tape, term)] += 1
    return "sum", tape.varying[index], tuple(counts)


def levels_from_inputs(rows: dict[int, Row]) -> dict[int, int]:
    """Return how many rows have to be computed one after the other before each, and itself."""
    return _levels_from_inputs(_needed(rows))


def _needed(rows: dict[int, Row]) -> dict[int, list[int]]:
    """Return the other rows that each row needs."""
    return {
        index: [operand for operand in row.operands if operand in rows]
        if isinstance(row, Call)
        else [factor for _, x, y in row.terms for factor in (x, y) if factor in rows]
        for index, row in rows.items()
    }


def _levels_from_inputs(needed: dict[int, list[int]]) -> dict[int, int]:
    levels: dict[int, int] = {}
    for index, others in needed.items():
        levels[index] = 1 + max(map(levels.__getitem__, others), default=0)
    return levels


def _levels_from_outputs(needed: dict[int, list[int]]) -> dict[int, int]:
    levels = dict.fromkeys(needed, 0)
    for index, others in reversed(needed.items()):
        before = levels[index] - 1
        for other in others:
            if levels[other] > before:
                levels[other] = before
    return levels


def _grouped(forms: dict[int, tuple[Any, ...]], levels: dict[int, int]) -> list[Block]:
    groups: dict[tuple[int, tuple[Any, ...]], list[int]] = {}
    for index, form in forms.items():
        groups.setdefault((levels[index], form), []).append(index)
    order = sorted(groups, key=lambda key: key[0])
    return [Block(key[1][0], groups[key]) for key in order]

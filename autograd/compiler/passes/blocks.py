"""Rows that compute the same thing at the same time become blocks.

A row can be computed as soon as its operands are. That gives it a level; rows of a level with the
same form, that is the same operation on operands of the same kinds, are one block, computed by one
instruction for all of them.

>>> from autograd import Value, exp
>>> from autograd.compiler.passes.canonical import canonical_rows
>>> from autograd.compiler.passes.tape import read_tape
>>> x, y = Value(1.0), Value(2.0)
>>> tape = read_tape([exp(x) + exp(y)], inputs=[x, y], parameters=[])
>>> for block in blocks(tape, canonical_rows(tape)):
...     print(block.form, block.rows)
('exp', True, (True,)) [2, 3]
('sum', True, (0, 0, 2, 0, 0)) [4]
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from autograd.compiler.passes.canonical import Call, Row
from autograd.compiler.passes.tape import Tape

Operands: TypeAlias = dict[int, Sequence[int]]
"""The tape indices that each row needs, by its own."""


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
    operands = operands_of_rows(rows)
    forms = _Forms(tape, rows)
    levels = levels_from_inputs(tape, operands)
    early = forms.grouped(levels)
    if len(early) == max(levels):  # so many rows wait one for the other: no order has fewer blocks
        return early
    late = forms.grouped(_levels_from_outputs(tape, operands))
    return early if len(early) <= len(late) else late


class _Forms:
    """The forms of rows, each numbered: they are compared often."""

    def __init__(self, tape: Tape, rows: dict[int, Row]) -> None:
        numbers: dict[Any, int] = {}
        self.of_row: dict[int, int] = {}
        for index, row in rows.items():
            # With the operation beside its name: one that a user has defined again shares it.
            form = (_form(tape, index, row), row.operation if isinstance(row, Call) else None)
            self.of_row[index] = numbers.setdefault(form, len(numbers))
        self.forms = [form for form, _ in numbers]

    def grouped(self, levels: Sequence[int]) -> list[Block]:
        """Make blocks of the rows of each level and form."""
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for index, form in self.of_row.items():
            groups[levels[index], form].append(index)
        order = sorted(groups, key=lambda key: key[0])
        return [Block(self.forms[form], groups[level, form]) for level, form in order]


def _form(tape: Tape, index: int, row: Row) -> tuple[Any, ...]:
    if isinstance(row, Call):
        varying = tuple(map(tape.varying.__getitem__, row.operands))
        return row.operation.name, tape.varying[index], varying
    return "sum", tape.varying[index], tuple(map(len, row.terms))


def operands_of_rows(rows: dict[int, Row]) -> Operands:
    """Return what each row needs."""
    return {index: row.operands for index, row in rows.items()}


def levels_from_inputs(tape: Tape, operands: Operands) -> list[int]:
    """Return how many rows have to be computed one after the other before each, and itself.

    By tape index: 0 for what is no row, and at the end for `NONE`.
    """
    levels = [0] * (len(tape.operations) + 1)
    for index, needed in operands.items():
        levels[index] = 1 + max(map(levels.__getitem__, needed), default=0)
    return levels


def _levels_from_outputs(tape: Tape, operands: Operands) -> list[int]:
    levels = [0] * len(tape.operations)
    for index, needed in reversed(operands.items()):
        before = levels[index] - 1
        for operand in needed:
            if levels[operand] > before:
                levels[operand] = before
    return levels

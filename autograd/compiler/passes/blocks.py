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

import operator
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from autograd.compiler.passes.rows import Call, Row, levels_of_rows
from autograd.compiler.passes.tape import Tape


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
    """Group the rows, each as early as possible, in an order in which they can be computed."""
    numbers: dict[Any, int] = {}  # of the forms, which are compared often
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    levels = levels_of_rows(tape, rows)
    for index, row in rows.items():
        # With the operation beside its name: one that a user has defined again shares it.
        form = (form_of(tape, index, row), row.operation if isinstance(row, Call) else None)
        groups[levels[index], numbers.setdefault(form, len(numbers))].append(index)
    forms = [form for form, _ in numbers]
    return [
        Block(forms[number], groups[level, number])
        for level, number in sorted(groups, key=operator.itemgetter(0))
    ]


def form_of(tape: Tape, index: int, row: Row) -> tuple[Any, ...]:
    """Return the form of a row: see `Block`."""
    if isinstance(row, Call):
        varying = tuple(map(tape.varying.__getitem__, row.operands))
        return row.operation.name, tape.varying[index], varying
    return "sum", tape.varying[index], tuple(map(len, row.terms))

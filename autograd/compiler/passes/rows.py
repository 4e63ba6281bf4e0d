"""The rows that are computed: sums of products, and calls of other operations.

`canonical` makes them of the nodes of a tape. A row has the tape index of the node that it
computes, and names what it reads by theirs: earlier rows, inputs, parameters and constants.

>>> total = Sum(terms=([], [(1.0, 2, 0)], [(-3.0, 1, NONE)], [], []))
>>> total
<sum: 1.0 * row 2 * row 0 + -3.0 * row 1>
>>> total.operands
(2, 0, 1)

Row 2 is shared, such as a parameter, and the others are batch rows, such as inputs.
"""

from dataclasses import dataclass
from typing import TypeAlias

from autograd.compiler.passes.tape import Tape
from autograd.operation import Operation

NONE = -1
Term: TypeAlias = tuple[float, int, int]
"""``(c, x, y)`` is c * x * y, with `NONE` for a factor that is not there."""

KINDS = ("batch*batch", "shared*batch", "batch", "shared", "shared*shared")
"""The kinds of terms in a sum, by where their factors live; a constant term counts as shared."""

SHARED_TIMES_BATCH = KINDS.index("shared*batch")
BATCH = KINDS.index("batch")

TermsByKind: TypeAlias = tuple[list[Term], ...]
"""A list for each of `KINDS`. In a term that is shared*batch, x is the shared factor."""


def no_terms() -> TermsByKind:
    """Return an empty list for each of `KINDS`."""
    return [], [], [], [], []


@dataclass(frozen=True, repr=False)
class Sum:
    """A sum of products of earlier rows.

    Attributes
    ----------
    terms : tuple of list of (coefficient, x, y)
        See `TermsByKind`.
    """

    terms: TermsByKind

    @property
    def operands(self) -> tuple[int, ...]:
        """The nodes that the terms refer to."""
        return tuple(
            [
                factor
                for terms in self.terms
                for _, x, y in terms
                for factor in (x, y)
                if factor != NONE
            ]
        )

    def __repr__(self) -> str:
        products = [
            " * ".join([str(c), *[f"row {factor}" for factor in factors if factor != NONE]])
            for terms in self.terms
            for c, *factors in terms
        ]
        return f"<sum: {' + '.join(products)}>"


@dataclass(frozen=True)
class Call:
    """An operation that is not a sum of products, on earlier rows."""

    operation: Operation
    operands: tuple[int, ...]


Row: TypeAlias = Sum | Call


def levels_of_rows(tape: Tape, rows: dict[int, Row]) -> list[int]:
    """Return the level of each row: the length of the longest chain of rows that ends with it.

    By tape index: 0 for what is no row, and at the end for `NONE`.
    """
    levels = [0] * (len(tape.operations) + 1)
    for index, row in rows.items():
        levels[index] = 1 + max(map(levels.__getitem__, row.operands), default=0)
    return levels

"""The rows that are computed: sums of products, and calls of other operations.

`canonical` makes them of the nodes of a tape. A row has the tape index of the node that it
computes, and names what it reads by theirs: earlier rows, inputs, parameters and constants.

>>> Sum(terms=([], [(1.0, 2, 0)], [(-3.0, 1, NONE)], [], [])).operands
(2, 0, 1)

This is ``1.0 * row 2 * row 0 - 3.0 * row 1``, of a shared row, such as a parameter, and two batch
rows, such as inputs.
"""

from dataclasses import dataclass
from typing import TypeAlias

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


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Call:
    """An operation that is not a sum of products, on earlier rows."""

    operation: Operation
    operands: tuple[int, ...]


Row: TypeAlias = Sum | Call

"""Where the rows of a program live.

Rows get consecutive addresses in one of two spaces, shared or batch, as they are planned: first the
parameters and the inputs, then the rows of each block. A constant gets one when it is first used.

>>> from autograd import Value, exp
>>> from autograd.compiler.passes.canonical import canonical_rows
>>> from autograd.compiler.passes.tape import read_tape
>>> x, v, w = Value(1.0), Value(2.0), Value(3.0)
>>> tape = read_tape([3 * exp(w * x) + v], inputs=[x], parameters=[v, w])
>>> layout = Layout(tape)
>>> product, exponential, total = canonical_rows(tape).items()
>>> for index, _ in (product, exponential):
...     layout.allocate([index], "batch")
batch[1]
batch[2]
>>> layout.locate_terms([total[1]], KINDS.index("batch"))
Terms(factors=array([[[2]]]), coefficients=array([[3.]]))
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.passes.rows import KINDS, NONE, Sum
from autograd.compiler.passes.tape import Tape
from autograd.compiler.program import Addresses, Region, Space

SPACES = cast("list[list[Space]]", [kind.split("*") for kind in KINDS])
"""For each kind of terms, the spaces of its factors."""

TERMS_AT_ONCE = 2**20
"""About this many terms are located at once: tables of them take 100 bytes for each."""


@dataclass(frozen=True)
class Terms:
    """The terms of one kind in n sums, k in each.

    Attributes
    ----------
    factors : array of int, (1 or 2, k, n)
        Addresses, by which the terms of each sum are sorted.
    coefficients : array of float, (k, n)
    """

    factors: Addresses
    coefficients: NDArray[np.float64]

    def of(self, sums: Addresses) -> "Terms":
        """Return the terms of some of the sums, in this order."""
        return Terms(self.factors[..., sums], self.coefficients[:, sums])


class Layout:
    """The addresses of rows.

    Attributes
    ----------
    sizes : dict of space to int
        The number of its rows.
    trained : array of bool
        Which rows of the tape depend on a parameter.
    constants : dict of int to float
        The shared rows that never change, with their numbers.
    """

    def __init__(self, tape: Tape) -> None:
        self.sizes: dict[Space, int] = {"shared": 0, "batch": 0}
        self.constants: dict[int, float] = {}
        self._row_of: dict[str, int] = {}
        self._numbers = tape.numbers
        self.trained = np.array(tape.trained, dtype=bool)
        self._trained_rows: dict[Space, list[NDArray[np.bool_]]] = {"shared": [], "batch": []}
        self._address = np.full(len(tape.operations) + 1, NONE)  # the last one is that of NONE
        leaves = range(tape.n_inputs + tape.n_parameters)
        self.allocate(leaves[tape.n_inputs :], "shared")
        self.allocate(leaves[: tape.n_inputs], "batch")

    def allocate(self, indices: Sequence[int] | Addresses, space: Space) -> Region:
        """Give consecutive addresses to rows of the tape, in the given order."""
        indices = np.asarray(indices, dtype=np.int64)
        region = self._extended(space, self.trained[indices])
        self._address[indices] = region.rows
        return region

    def allocate_copy(self, region: Region) -> Region:
        """Give addresses in the batch space to copies of shared rows."""
        return self._extended("batch", self.trained_rows(region.space)[region.rows])

    def _extended(self, space: Space, trained: NDArray[np.bool_]) -> Region:
        start = self.sizes[space]
        self.sizes[space] += len(trained)
        self._trained_rows[space].append(trained)
        return Region(space, np.arange(start, self.sizes[space]))

    def trained_rows(self, space: Space) -> NDArray[np.bool_]:
        """Return which rows of a space depend on a parameter."""
        return np.concatenate(self._trained_rows[space])

    def locate(self, indices: Sequence[int] | Addresses) -> Addresses:
        """Return the addresses of rows of the tape."""
        located = np.asarray(indices)
        for index in located[self._address[located] == NONE].tolist():  # constants not used before
            self._address[index] = self._constant(self._numbers[index])
        addresses: Addresses = self._address[located]
        return addresses

    def locate_terms(self, sums: Sequence[Sum], kind: int) -> Terms:
        """Return the terms of one kind in sums that have equally many of it.

        A term that is a number alone becomes the shared row of that number, times 1.
        """
        k = len(sums[0].terms[kind])
        factors = np.empty((len(SPACES[kind]), k, len(sums)), np.int64)
        coefficients = np.empty((k, len(sums)))
        step = 1 + TERMS_AT_ONCE // k
        for start in range(0, len(sums), step):
            part = slice(start, start + step)
            factors[..., part], coefficients[:, part] = self._located(sums[part], kind)
        return Terms(factors, coefficients)

    def _located(self, sums: Sequence[Sum], kind: int) -> tuple[Addresses, NDArray[np.float64]]:
        """Return the factors and the coefficients of `Terms`."""
        numbers = chain.from_iterable(chain.from_iterable([row.terms[kind] for row in sums]))
        table = np.fromiter(numbers, np.float64).reshape(len(sums), -1, 3)
        columns = table.transpose(2, 1, 0)
        spaces = SPACES[kind]
        coefficients, indices = columns[0], columns[1 : 1 + len(spaces)]
        factors = self._address[indices.astype(np.int64)]
        alone = factors[0] == NONE
        if alone.any():
            factors[0][alone] = list(map(self._constant, coefficients[alone].tolist()))
            coefficients[alone] = 1.0
        # Sums that were written in different orders are the same: x * y + z is z + y * x.
        if spaces in (["batch", "batch"], ["shared", "shared"]):
            factors.sort(axis=0)
        order = np.lexsort(factors[::-1], axis=0)
        each = np.arange(len(sums))
        return factors[:, order, each], coefficients[order, each]

    def _constant(self, number: float) -> int:
        """Return the shared row of a constant."""
        digits = float(number).hex()  # 0.0 and -0.0 are equal
        if digits not in self._row_of:
            self._row_of[digits] = row = self._extended("shared", np.zeros(1, bool)).rows.item(0)
            self.constants[row] = number
        return self._row_of[digits]


def in_lexicographic_order(columns: Iterable[NDArray[Any]]) -> Addresses:
    """Return the order of the rows of a table: by its first column, then by the second, ...

    >>> in_lexicographic_order([np.array([3, 1, 1]), np.array([0, 9, 8])])
    array([2, 1, 0])
    """
    order: Addresses = np.lexsort(list(columns)[::-1])
    return order

"""Rows of the memory, written as elements of C arrays.

Loops count with ``k`` and ``i``. Where rows lie at a regular distance, an index is a formula of
these; elsewhere it is read from a table.

>>> import numpy as np
>>> elements = Elements()
>>> elements.element(Region("batch", np.array([[3, 4, 5], [13, 14, 15]])))
'V[3 + 10 * k + i][s]'
>>> elements.element(Region("shared", np.array([7, 2, 5])), gradient=True)
'dU[rows[i]]'
>>> elements.rows.numbers
[7, 2, 5]
"""

import math
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from autograd.compiler.program import Region

CACHE_LINE_BYTES = 64
"""Rows of samples, and all arrays, begin and end with a cache line.

So they are made of whole vectors: those of ``kernels.c`` have 64 bytes too, or a half or a quarter.
"""

COUNTERS = ("k", "i")
"""The variables of the loops over a region of two axes; a region of one axis has only the last."""


class Elements:
    """Writes elements, and keeps the tables that they refer to.

    Attributes
    ----------
    rows, coefficients : Table
        Addresses at no regular distance, and coefficients that are not all equal.
    """

    def __init__(self) -> None:
        self.rows = Table("rows")
        self.coefficients = Table("coefficients")

    def element(self, region: Region, gradient: bool = False) -> str:
        """Return the number that is a row of a region: for batch rows that of sample s."""
        return self.row(region, gradient) + "[s]" * region.batch

    def row(self, region: Region, gradient: bool = False) -> str:
        """Return a row of a region: a number, or the array of those of all samples."""
        name = "d" * gradient + ("V" if region.batch else "U")
        if region.steps is None:
            return f"{name}[{self.rows.entry(region.rows)}]"
        return f"{name}[{index(int(region.rows.flat[0]), region.steps)}]"


class Table:
    """Numbers that the source refers to, each array of them once.

    Attributes
    ----------
    numbers : list of int or float
    """

    def __init__(self, name: str) -> None:
        self.numbers: list[Any] = []
        self._name = name
        self._starts: dict[bytes, int] = {}

    def entry(self, numbers: NDArray[Any]) -> str:
        """Return the entry for one number of an array, whose axes the counters count."""
        key = numbers.tobytes()
        if key not in self._starts:
            self._starts[key] = len(self.numbers)
            self.numbers += numbers.ravel().tolist()
        return f"{self._name}[{index(self._starts[key], in_order(numbers.shape))}]"


def index(first: int, steps: Sequence[int]) -> str:
    """Return ``first`` plus, along each axis, its step times its counter.

    >>> index(5, [3, 1])
    '5 + 3 * k + i'
    >>> index(0, [0, 1])
    'i'
    """
    counters = COUNTERS[len(COUNTERS) - len(steps) :]
    summands = [
        counter if step == 1 else f"{step} * {counter}"
        for step, counter in zip(steps, counters, strict=True)
        if step != 0
    ]
    return " + ".join([str(first)] * (first != 0 or not summands) + summands)


def in_order(shape: tuple[int, ...], width: int = 1) -> list[int]:
    """Return the steps along each axis from one number to the next, if they lie in C order.

    >>> in_order((2, 3), width=64)
    [192, 64]
    """
    return [
        width * math.prod(shape[axis + 1 :]) if length > 1 else 0
        for axis, length in enumerate(shape)
    ]

"""Statements of a native program, collected."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.arrays import Array
from autograd.compiler.native.addresses import CACHE_LINE_BYTES, COUNTERS, Elements
from autograd.compiler.native.formulas import Formulas
from autograd.compiler.program import Addresses, Program, Region, common_number
from autograd.formulas.formula import Formula


class Contribution(NamedTuple):
    """What is sent to the gradients of a region: a formula, and ``=`` or ``+=``."""

    target: Region
    formula: Any
    operator: str


class Statements:
    """Collects statements, and what they refer to.

    Attributes
    ----------
    program : Program
    dtype : numpy dtype
    batch_size : int
    stride : int
        How many numbers it is from one batch row to the next: rows begin at cache lines.
    elements : Elements
    formulas : Formulas
    scratch : int
        The size of the array ``scratch``, which holds what a statement needs for a moment.
    """

    def __init__(self, program: Program, batch_size: int, dtype: np.dtype[Any]) -> None:
        self.program = program
        self.dtype = dtype
        self.batch_size = batch_size
        line = CACHE_LINE_BYTES // dtype.itemsize
        self.stride = -(-batch_size // line) * line
        self.elements = Elements()
        self.formulas = Formulas(dtype)
        self.scratch = 0
        self._borrowed = 0
        self._lines: list[str] = []

    def taken(self) -> list[str]:
        """Return the statements so far, and start over."""
        lines, self._lines = self._lines, []
        return lines

    def emit(self, statement: str) -> None:
        """Append a statement."""
        self._lines.append(statement)

    def formula(self, region: Region, gradient: bool = False) -> Formula:
        """Return the element that is a row of a region as a formula."""
        return Formula(self.elements.element(region, gradient))

    def operand(self, region: Region) -> Any:
        """Return the formula of an operand, or its number if it is one constant throughout."""
        number = self.program.constant(region)
        return self.formula(region) if number is None else number

    def coefficient(self, coefficients: Array) -> Any:
        """Return coefficients as a formula, or as one number if they are equal."""
        number = common_number(coefficients)
        return Formula(self.elements.coefficients.entry(coefficients)) if number is None else number

    def assign(self, target: Region, formula: Any, operator: str = "=") -> None:
        """Emit the computation of a formula, for each row of a region and each sample."""
        definitions, (expression,) = self.formulas.written([formula])
        statement = f"{self.elements.element(target)} {operator} {expression};"
        body = _block([*definitions, statement])
        self.emit(f"{loops(target.rows)}{'SAMPLES ' * target.batch}{body}")

    def send(self, contributions: Sequence[Contribution], per_sample: bool) -> None:
        """Emit the sending of contributions to gradients, of regions of the same shape.

        Parameters
        ----------
        per_sample : bool
            Whether the formulas differ from sample to sample. Shared gradients then get the sum.
        """
        formulas = [contribution.formula for contribution in contributions]
        within, expressions = self.formulas.written(formulas)
        totals: list[str] = []
        after: list[str] = []
        for (target, _, operator), expression in zip(contributions, expressions, strict=True):
            gradient = self.elements.element(target, gradient=True)
            if per_sample and not target.batch:
                totals.append(f"total{len(totals) + 1}")
                within.append(f"{totals[-1]} += {expression};")
                after.append(f"{gradient} {operator} {totals[-1]};")
            else:
                within.append(f"{gradient} {operator} {expression};")
        body = _block(within)
        if totals:
            definition = f"number {', '.join(f'{total} = 0' for total in totals)};"
            body = _block([definition, f"SUMMING({', '.join(totals)}) {body}", *after])
        elif per_sample:
            body = f"SAMPLES {body}"
        self.emit(loops(contributions[0].target.rows) + body)

    def borrow(self, numbers: int) -> str:
        """Return the address of room for this many numbers, until `give_back`."""
        address = f"scratch + {self._borrowed}"
        self._borrowed += numbers
        self.scratch = max(self.scratch, self._borrowed)
        return address

    def give_back(self) -> None:
        """Return all borrowed room, to be used again."""
        self._borrowed = 0


def _block(statements: Sequence[str]) -> str:
    return statements[0] if len(statements) == 1 else f"{{ {' '.join(statements)} }}"


def loops(rows: Addresses) -> str:
    """Return the loops over the axes of a region, with none for an axis of one row."""
    counters = COUNTERS[len(COUNTERS) - rows.ndim :]
    return "".join(
        f"ALL({counter}, {length}) "
        for counter, length in zip(counters, rows.shape, strict=True)
        if length > 1
    )

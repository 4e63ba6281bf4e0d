"""The program: a flat list of instructions on whole blocks of numbers.

It is what the planner hands to a backend, and all that a backend needs. Numbers live in two spaces,
addressed by row: *shared* rows hold one number (parameters, constants, and what depends on them
alone), *batch* rows hold one for each sample. Each space has a twin for gradients, with the same
addresses.

The forward instructions are `MatMul`, `SumProducts`, `Lookup` and `Apply`; each has an adjoint,
which reads the gradient of the instruction's output and sends gradients to its operands. A `Target`
says where to, and whether the rows are written there for the first time or added to, so that no
gradient needs to be zeroed (except the few in ``zeroed``).

The five nodes x, w, w x, w x + w and its tanh become three instructions: x is already the batch row
0, and w the shared row 0.

>>> from autograd import Value, tanh
>>> from autograd.compiler.passes import apply_passes
>>> from autograd.compiler.passes.tape import read_tape
>>> x, w = Value(1.0), Value(2.0)
>>> program = apply_passes(read_tape([tanh(w * x + w)], inputs=[x], parameters=[w])).program
>>> for instruction in program.forward:
...     print(instruction)
SumProducts(out=batch[1], left=shared[0], right=batch[0], coefficients=None, add=False)
SumProducts(out=batch[1], left=shared[0], right=None, coefficients=None, add=True)
Apply(operation=<operation tanh>, out=batch[2], operands=(batch[1],))

On the way back both sums send to w, one after the other:

>>> for adjoint in program.adjoint:
...     print(type(adjoint.forward).__name__, adjoint.forward.operands, adjoint.targets)
Apply (batch[1],) (= d batch[1],)
SumProducts (shared[0], None) (= d shared[0], None)
SumProducts (shared[0], batch[0]) (+= d shared[0], None)
"""

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd.operation import Operation

Addresses: TypeAlias = NDArray[np.int64]

Space: TypeAlias = Literal["shared", "batch"]
"""Shared rows hold one number, batch rows one for each sample."""

LONGEST_LIST = 16
"""The most rows that a region lists one by one when it is printed."""


@dataclass(frozen=True, eq=False)
class Region:
    """Rows of one space, in an order and a shape.

    Attributes
    ----------
    space : "shared" or "batch"
    rows : array of int
        Their addresses, of any shape.
    """

    space: Space
    rows: Addresses

    @property
    def batch(self) -> bool:
        """Whether the rows hold a number for each sample."""
        return self.space == "batch"

    @functools.cached_property
    def steps(self) -> tuple[int, ...] | None:
        """The `regular_steps` of the rows."""
        return regular_steps(self.rows)

    @functools.cached_property
    def repeats(self) -> bool:
        """Whether a row stands in it more than once."""
        if self.steps is not None:
            lengths = self.rows.shape
            loops = [step for step, n in zip(self.steps, lengths, strict=True) if n > 1]
            if len(loops) < 2:
                return loops == [0]
        return len(np.unique(self.rows)) < self.rows.size

    def __repr__(self) -> str:
        space, rows = self.space, self.rows.ravel().tolist()
        if len(rows) > 1 and rows == list(range(rows[0], rows[0] + len(rows))):
            return f"{space}[{rows[0]}:{rows[-1] + 1}]"
        if len(rows) <= LONGEST_LIST:
            return f"{space}{rows}"
        shape = "x".join(map(str, self.rows.shape))
        if self.steps is not None:
            return f"{space}[{shape} from {rows[0]} by {' and '.join(map(str, self.steps))}]"
        return f"{space}[{shape}: {', '.join(map(str, rows[:3]))}, ..., {rows[-1]}]"


def regular_steps(rows: Addresses) -> tuple[int, ...] | None:
    """Return the distance from row to row along each axis, None if it differs along an axis.

    >>> regular_steps(np.array([[3, 3, 3], [5, 5, 5]]))
    (2, 0)
    >>> regular_steps(np.array([[3, 4, 5], [5, 7, 9]])) is None
    True

    Along an axis of length 1 it is 0.
    """
    steps = []
    for length in rows.shape:
        step = 0
        if length > 1:
            distances = rows[1:] - rows[:-1]
            step = distances.item(0)
            if distances.item(-1) != step or np.count_nonzero(distances != step):
                return None
        steps.append(step)
        rows = rows[0]  # along the other axes, all that follow are like the first
    return tuple(steps)


@dataclass(frozen=True, eq=False)
class Target:
    """Where an adjoint sends a gradient.

    Attributes
    ----------
    region : Region
        A row may stand in it several times: then it receives the sum.
    add : bool
        Whether to add to what the rows hold, or to overwrite it.
    """

    region: Region
    add: bool

    def __repr__(self) -> str:
        return f"{'+=' if self.add else '='} d {self.region}"


@dataclass(frozen=True)
class MatMul:
    """``out[r, p] = sum over k of weights[r, k] * inputs[k, p]``, in each sample."""

    out: Region
    weights: Region
    inputs: Region

    @property
    def operands(self) -> tuple[Region, Region]:
        """What it reads: weights and inputs."""
        return self.weights, self.inputs


@dataclass(frozen=True)
class SumProducts:
    """``out[n] = sum over k of coefficients[k, n] * left[k, n] * right[k, n]``.

    `right` and `coefficients` may be missing. With `add`, `out` keeps what it holds.
    """

    out: Region
    left: Region
    right: Region | None
    coefficients: NDArray[np.float64] | None
    add: bool

    @property
    def operands(self) -> tuple[Region, Region | None]:
        """What it reads: left and right."""
        return self.left, self.right


@dataclass(frozen=True)
class Apply:
    """``out[n] = operation(operands[0][n], operands[1][n], ...)``."""

    operation: Operation
    out: Region
    operands: tuple[Region, ...]


@dataclass(frozen=True)
class Lookup:
    """``out[n] = table[index[n], n]``, in each sample."""

    out: Region
    index: Region
    table: Region

    @property
    def operands(self) -> tuple[Region, Region]:
        """What it reads: index and table."""
        return self.index, self.table


Forward: TypeAlias = MatMul | SumProducts | Apply | Lookup


@dataclass(frozen=True)
class Adjoint:
    """The chain rule at a forward instruction.

    Attributes
    ----------
    forward : MatMul, SumProducts, Lookup or Apply
        One of the program; or the part of an `Apply` that a gradient reaches; or several that use
        the same weights, as one at all their places.
    gradient : Region
        Where the gradient of its ``out`` stands, in the same shape. It is complete when this runs.
        Most often these are the rows of ``out``; see `autograd.compiler.passes.copy_propagation`.
    targets : tuple of Target or None
        One per operand of the instruction, None where no gradient is wanted, or where another
        adjoint sends it.
    """

    forward: Forward
    gradient: Region
    targets: tuple[Target | None, ...]


@dataclass(frozen=True)
class Program:
    """Everything that a backend needs to compute outputs and gradients.

    Attributes
    ----------
    n_shared, n_batch : int
        The number of rows of each space.
    n_parameters, n_inputs : int
        Parameters are the first shared rows, inputs the first batch rows.
    constants : dict of int to float
        Shared rows that never change.
    forward : list of MatMul, SumProducts, Lookup, Apply
    outputs : list of Region
        One row each, batch or shared.
    adjoint : list of Adjoint
        Starts from the gradient of the first output, see `seed`.
    zeroed : list of Region
        Gradient rows to set to zero before the adjoint, each row once.
    """

    n_shared: int
    n_batch: int
    n_parameters: int
    n_inputs: int
    constants: dict[int, float]
    forward: list[Forward]
    outputs: list[Region]
    adjoint: list[Adjoint] = field(default_factory=list)
    zeroed: list[Region] = field(default_factory=list)

    def seed(self, batch_size: int) -> float:
        """Return what the adjoint starts from: the gradient of the mean by a number of the output.

        A batch row has such a number for each sample, a shared row has one for all of them.
        """
        return 1.0 / batch_size if self.outputs[0].batch else 1.0

    def by_region(self) -> Iterator[list[Forward]]:
        """Yield the forward instructions in groups, each of which computes one region.

        These follow each other and share one `Region` object as their ``out``: sums of products,
        all but the first of which add to it. (The first adds as well where a matrix product has
        been before: that wrote the rows as a region of two axes.)
        """
        for _, instructions in itertools.groupby(self.forward, key=lambda step: id(step.out)):
            yield list(instructions)

    def constant(self, region: Region) -> float | None:
        """Return the number of a region that is one constant throughout, None of any other.

        With a number, a rule decides once what it would otherwise have to ask for each element.
        """
        row = None if region.batch else common_number(region.rows)
        return None if row is None else self.constants.get(row)


def common_number(numbers: NDArray[Any]) -> Any:
    """Return the number that all elements of an array are, None if they differ.

    >>> common_number(np.array([[0.5, 0.5]])), common_number(np.array([0.5, 2.0]))
    (0.5, None)
    """
    first = numbers.flat[0]
    return first.item() if (numbers == first).all() else None

"""Blocks get addresses and become forward instructions.

The rows of a block are sorted by the addresses of their operands before they get their own. That
one rule lays everything out: the outputs of a layer end up in the order of its weights, so that the
next layer reads them as a slice.

>>> from autograd import Value, exp
>>> from autograd.compiler.passes import apply_passes
>>> from autograd.compiler.passes.tape import read_tape
>>> x, y = Value(1.0), Value(2.0)
>>> tape = read_tape([exp(y) * exp(x)], inputs=[x, y], parameters=[])
>>> for instruction in apply_passes(tape).program.forward:
...     print(type(instruction).__name__, instruction.out)
Apply batch[2:4]
SumProducts batch[4]
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import operations
from autograd.compiler.nests import is_read_at_once
from autograd.compiler.passes.blocks import Block
from autograd.compiler.passes.layout import SPACES, Layout, Terms, in_lexicographic_order
from autograd.compiler.passes.products import matrix_products
from autograd.compiler.passes.rows import SHARED_TIMES_BATCH, Call, Row
from autograd.compiler.passes.tape import Tape
from autograd.compiler.program import (
    Addresses,
    Apply,
    Forward,
    Lookup,
    MatMul,
    Program,
    Region,
    Space,
    SumProducts,
)

UNROLLED = 4
"""A sum of at most this many terms becomes one instruction per term, unless one strided view can
read all terms.
"""


def plan(
    tape: Tape, rows: dict[int, Row], blocks: Iterable[Block]
) -> tuple[Program, dict[Space, NDArray[np.bool_]]]:
    """Plan the instructions that compute the rows, block by block.

    Returns
    -------
    program : Program
        Without an adjoint.
    trained : dict of space to array of bool
        Which of its rows depend on a parameter.
    """
    planner = _Planner(tape, rows)
    for block in blocks:
        planner.add(block)
    layout = planner.layout
    return planner.program(), {space: layout.trained_rows(space) for space in layout.sizes}


class _Planner:
    def __init__(self, tape: Tape, rows: dict[int, Row]) -> None:
        self.tape = tape
        self.rows: dict[int, Any] = rows
        self.layout = Layout(tape)
        self.forward: list[Forward] = []

    def add(self, block: Block) -> None:
        """Plan the instructions of a block."""
        if isinstance(self.rows[block.rows[0]], Call):
            self.add_calls(block)
        else:
            self.add_sums(block)

    def add_calls(self, block: Block) -> None:
        """Plan one instruction for an operation on all rows of a block."""
        operation = self.rows[block.rows[0]].operation
        _, varies, operands_vary = block.form
        indices = np.array([self.rows[index].operands for index in block.rows]).T
        columns = self.layout.locate(indices)
        # First by which operands need a gradient: each case has an adjoint of its own.
        order = in_lexicographic_order([*self.layout.trained[indices], *columns])
        operands = [
            Region(_space(vary), column[order])
            for vary, column in zip(operands_vary, columns, strict=True)
        ]
        out = self.layout.allocate(np.array(block.rows)[order], _space(varies))
        if operation is operations.lookup:
            self.add_lookup(out, *operands)
        else:
            self.forward.append(Apply(operation, out, tuple(operands)))

    def add_lookup(self, out: Region, index: Region, *entries: Region) -> None:
        """Plan a lookup, its table gathered in one space."""
        if len({entry.space for entry in entries}) > 1:
            entries = self.in_batch(entries)
        table = Region(entries[0].space, np.stack([entry.rows for entry in entries]))
        self.forward.append(Lookup(out, index, table))

    def in_batch(self, regions: Sequence[Region]) -> tuple[Region, ...]:
        """Return regions in the batch space: shared rows as copies, one of each."""
        rows = np.unique([region.rows for region in regions if not region.batch])
        copies = self.layout.allocate_copy(Region("shared", rows))
        left = Region("shared", rows[None])
        self.forward.append(SumProducts(copies, left, right=None, coefficients=None, add=False))
        return tuple(
            region
            if region.batch
            else Region("batch", copies.rows[np.searchsorted(rows, region.rows)])
            for region in regions
        )

    def add_sums(self, block: Block) -> None:
        """Plan a block of sums: matrix products first, then what is left of them."""
        _, varies, counts = block.form
        indices = np.array(block.rows)
        sums = [self.rows[index] for index in block.rows]
        terms = {
            kind: self.layout.locate_terms(sums, kind) for kind, count in enumerate(counts) if count
        }
        rest = np.arange(len(sums))
        if counts[SHARED_TIMES_BATCH] > 1:
            rest = self.add_products(indices, terms)
        if len(rest):
            first = [
                (*part.factors[:, 0, rest], part.coefficients[0, rest]) for part in terms.values()
            ]
            rest = rest[in_lexicographic_order(chain.from_iterable(first))]
            out = self.layout.allocate(indices[rest], _space(varies))
            self.add_terms(out, _of(terms, rest), started=False)

    def add_products(self, indices: Addresses, terms: Mapping[int, Terms]) -> Addresses:
        """Plan the matrix products among sums, and return which of them are in none."""
        factors = terms[SHARED_TIMES_BATCH].factors
        others = {kind: part for kind, part in terms.items() if kind != SHARED_TIMES_BATCH}
        plain = (terms[SHARED_TIMES_BATCH].coefficients == 1.0).all(axis=0)
        chosen = slice(None) if plain.all() else plain  # as nearly always: without a copy
        weights, inputs = factors[..., chosen].transpose(0, 2, 1)
        products, rest = matrix_products(np.flatnonzero(plain), weights, inputs)
        for product in products:
            sums = product.sums.ravel()
            out = self.layout.allocate(indices[sums], "batch")
            matrix = Region("batch", out.rows.reshape(product.sums.shape))
            weights = Region("shared", product.weights)
            inputs = Region("batch", product.inputs)
            self.forward.append(MatMul(matrix, weights, inputs))
            self.add_terms(out, _of(others, sums), started=True)
        return np.concatenate([np.flatnonzero(~plain), rest])

    def add_terms(self, out: Region, terms: Mapping[int, Terms], started: bool) -> None:
        """Plan the instructions for each kind of terms of some sums."""
        for kind, part in terms.items():
            k = len(part.coefficients)
            unrolled = k <= UNROLLED and not is_read_at_once(part.factors)
            for piece in np.arange(k).reshape(-1, 1 if unrolled else k):
                regions = map(Region, SPACES[kind], part.factors[:, piece])
                coefficients = part.coefficients[piece]
                self.forward.append(
                    SumProducts(
                        out=out,
                        left=next(regions),
                        right=next(regions, None),
                        coefficients=None if (coefficients == 1.0).all() else coefficients,
                        add=started,
                    )
                )
                started = True

    def program(self) -> Program:
        """Return what has been planned, without an adjoint."""
        layout = self.layout
        outputs = [
            Region(_space(self.tape.varying[index]), layout.locate([index]))
            for index in self.tape.outputs
        ]
        return Program(
            n_shared=layout.sizes["shared"],
            n_batch=layout.sizes["batch"],
            n_parameters=self.tape.n_parameters,
            n_inputs=self.tape.n_inputs,
            constants=layout.constants,
            forward=self.forward,
            outputs=outputs,
        )


def _space(varies: bool) -> Space:
    return "batch" if varies else "shared"


def _of(terms: Mapping[int, Terms], sums: Addresses) -> dict[int, Terms]:
    return {kind: part.of(sums) for kind, part in terms.items()}

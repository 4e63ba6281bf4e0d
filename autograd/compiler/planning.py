"""Blocks get addresses and become forward instructions.

The rows of a block are sorted by the addresses of their operands before they get their own. That
one rule lays everything out: the outputs of a layer end up in the order of its weights, so that the
next layer reads them as a slice.

>>> from autograd import Value, exp
>>> from autograd.compiler.tape import read_tape
>>> x, y = Value(1.0), Value(2.0)
>>> program = plan(read_tape([exp(y) * exp(x)], inputs=[x, y], parameters=[]))
>>> for instruction in program.forward:
...     print(type(instruction).__name__, instruction.out)
Apply batch[2:4]
SumProducts batch[4]
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import operations
from autograd.compiler.adjoint import add_adjoint
from autograd.compiler.blocks import KINDS, Block, blocks, kind_of
from autograd.compiler.canonical import NONE, Call, Row, Sum, canonical_rows
from autograd.compiler.nests import is_read_at_once
from autograd.compiler.products import MatrixProduct, matrix_products
from autograd.compiler.program import Apply, Forward, Lookup, MatMul, Program, Region, SumProducts
from autograd.compiler.recurrences import split_recurrences
from autograd.compiler.tape import Tape

UNROLLED = 4
"""Sums of so few terms become one instruction per term, if not all are read as easily at once."""

SHARED_TIMES_BATCH = KINDS.index("shared*batch")

Part = list[tuple[int, int, float]]
"""The terms of one kind in a sum: (left address, right address or `NONE`, coefficient), sorted."""


def plan(tape: Tape) -> Program:
    """Turn a tape into a program, with the adjoint of its first output."""
    tape, rows = split_recurrences(tape, canonical_rows(tape))
    planner = _Planner(tape, rows)
    for block in blocks(tape, rows):
        planner.add(block)
    return add_adjoint(planner.program(), *planner.trained_rows())


class _Planner:
    def __init__(self, tape: Tape, rows: dict[int, Row]) -> None:
        self.tape = tape
        self.rows = rows
        self.forward: list[Forward] = []
        self.address: dict[int, int] = {}
        self.constants: dict[float, int] = {}
        self.sizes = {False: 0, True: 0}
        self.trained: dict[bool, list[int]] = {False: [], True: []}
        self.allocate(tape.parameters, batch=False)
        self.allocate(tape.inputs, batch=True)

    def allocate(self, indices: list[int], batch: bool) -> Region:
        """Give consecutive addresses to rows, in the given order."""
        start = self.sizes[batch]
        self.sizes[batch] += len(indices)
        for address, index in enumerate(indices, start):
            self.address[index] = address
            if self.tape.trained[index]:
                self.trained[batch].append(address)
        return Region(batch, np.arange(start, self.sizes[batch]))

    def constant(self, number: float) -> int:
        """Return the shared row of a constant."""
        if number not in self.constants:
            self.constants[number] = self.sizes[False]
            self.sizes[False] += 1
        return self.constants[number]

    def locate(self, index: int) -> int:
        """Return the address of an operand."""
        if self.tape.constant[index]:
            return self.constant(self.tape.numbers[index])
        return self.address[index]

    def add(self, block: Block) -> None:
        """Plan the instructions of a block."""
        if isinstance(self.rows[block.rows[0]], Call):
            self.add_calls(block)
        else:
            self.add_sums(block)

    def add_calls(self, block: Block) -> None:
        """Plan one instruction for an operation on all rows of a block."""
        located = sorted(
            ([self.locate(operand) for operand in self.rows[index].operands], index)
            for index in block.rows
        )
        first: Any = self.rows[block.rows[0]]
        addresses = np.array([operands for operands, _ in located], dtype=np.int64)
        _, varies, operands_vary = block.form
        operands = tuple(
            Region(batch, column) for batch, column in zip(operands_vary, addresses.T, strict=True)
        )
        out = self.allocate([index for _, index in located], batch=varies)
        if first.operation is operations.lookup:
            self.add_lookup(out, operands)
        else:
            self.forward.append(Apply(first.operation, out, operands))

    def add_lookup(self, out: Region, operands: tuple[Region, ...]) -> None:
        """Plan a lookup, its table gathered in one space."""
        index, *entries = operands
        if any(entry.batch for entry in entries):  # a table lies in one space
            entries = [self.in_batch(entry) for entry in entries]
        table = Region(entries[0].batch, np.stack([entry.rows for entry in entries]))
        self.forward.append(Lookup(out, index, table))

    def in_batch(self, region: Region) -> Region:
        """Return a region in the batch space, if need be by copying."""
        if region.batch:
            return region
        start = self.sizes[True]
        self.sizes[True] += len(region.rows)
        copy = Region(True, np.arange(start, self.sizes[True]))
        self.trained[True] += copy.rows[np.isin(region.rows, self.trained[False])].tolist()
        left = Region(False, region.rows[None])
        self.forward.append(SumProducts(copy, left, right=None, coefficients=None, add=False))
        return copy

    def add_sums(self, block: Block) -> None:
        """Plan a block of sums: matrix products first, then what is left of them."""
        _, varies, counts = block.form
        parts = {index: self.parts(index) for index in block.rows}
        rest = block.rows
        if varies and counts[SHARED_TIMES_BATCH] > 1:
            sums = {
                index: [(weight, x) for weight, x, _ in parts[index][SHARED_TIMES_BATCH]]
                for index in block.rows
                if all(c == 1.0 for _, _, c in parts[index][SHARED_TIMES_BATCH])
            }
            products, small = matrix_products(sums)
            for product in products:
                self.add_product(product, parts)
            rest = [index for index in block.rows if index not in sums] + small
        if rest:
            rest = sorted(rest, key=lambda index: [part[0] for part in parts[index] if part])
            out = self.allocate(rest, batch=varies)
            self.add_parts(out, [parts[index] for index in rest], started=False)

    def add_product(self, product: MatrixProduct, parts: dict[int, list[Part]]) -> None:
        """Plan a matrix product, and the other terms of its sums as additions to it."""
        indices: list[int] = product.rows.ravel().tolist()
        flat = self.allocate(indices, batch=True)
        out = Region(True, flat.rows.reshape(product.rows.shape))
        weights, inputs = Region(False, product.weights), Region(True, product.inputs)
        self.forward.append(MatMul(out, weights, inputs))
        others = [
            [part if kind != SHARED_TIMES_BATCH else [] for kind, part in enumerate(parts[index])]
            for index in indices
        ]
        self.add_parts(flat, others, started=True)

    def add_parts(self, out: Region, rows: list[list[Part]], started: bool) -> None:
        """Plan the instructions for each kind of terms, all rows having equally many of it."""
        for kind, name in enumerate(KINDS):
            if not rows[0][kind]:
                continue
            terms = np.array([row[kind] for row in rows], dtype=np.float64).transpose(1, 0, 2)
            addresses = terms[..., : 1 + ("*" in name)].transpose(2, 0, 1).astype(np.int64)
            unrolled = 1 < len(terms) <= UNROLLED and not is_read_at_once(addresses)
            pieces = np.split(terms, len(terms)) if unrolled else [terms]
            for piece in pieces:  # (k, n, 3)
                left, right = (piece[..., i].astype(np.int64) for i in (0, 1))
                left_batch, right_batch = name.startswith("batch"), name.endswith("batch")
                coefficients = None if (piece[..., 2] == 1.0).all() else piece[..., 2]
                self.forward.append(
                    SumProducts(
                        out=out,
                        left=Region(left_batch, left),
                        right=Region(right_batch, right) if "*" in name else None,
                        coefficients=coefficients,
                        add=started,
                    )
                )
                started = True

    def parts(self, index: int) -> list[Part]:
        """Return the terms of a sum, located, sorted and told apart by kind."""
        row = self.rows[index]
        assert isinstance(row, Sum)
        parts: list[Part] = [[] for _ in KINDS]
        address = self.address  # no factor is a constant: these are coefficients
        for term in row.terms:
            kind = kind_of(self.tape, term)
            coefficient, x, y = term
            if x == NONE:
                parts[kind].append((self.constant(coefficient), NONE, 1.0))
            elif y == NONE:
                parts[kind].append((address[x], NONE, coefficient))
            else:
                left, right = address[x], address[y]
                if (self.tape.varying[x], left) > (self.tape.varying[y], right):
                    left, right = right, left
                parts[kind].append((left, right, coefficient))
        for part in parts:
            if len(part) > 1:  # most have none or one: a third of the time
                part.sort()
        return parts

    def trained_rows(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which shared and which batch rows depend on a parameter."""
        shared, batch = (np.zeros(self.sizes[space], dtype=bool) for space in (False, True))
        shared[self.trained[False]] = True
        batch[self.trained[True]] = True
        return shared, batch

    def program(self) -> Program:
        """Return what has been planned, without an adjoint."""
        outputs = [
            Region(self.tape.varying[index], np.array([self.locate(index)]))
            for index in self.tape.outputs
        ]
        return Program(
            n_shared=self.sizes[False],
            n_batch=self.sizes[True],
            n_parameters=len(self.tape.parameters),
            n_inputs=len(self.tape.inputs),
            constants={row: number for number, row in self.constants.items()},
            forward=self.forward,
            outputs=outputs,
        )

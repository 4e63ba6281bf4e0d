"""Arithmetic becomes sums of products.

The same sum can be recorded as a chain of ``+``, as ``sum``, as ``dot``, with a ``-`` or a ``neg``
in between. They all become one form, ``c_1 x_1 y_1 + c_2 x_2 y_2 + ...`` with constants c, so that
the passes after this one see what is the same. Every other operation is a call of its own.

>>> from autograd import Value, tanh
>>> from autograd.compiler.passes.tape import read_tape
>>> x, w, b = Value(1.0), Value(2.0), Value(3.0)
>>> tape = read_tape([tanh(w * x - b + 1)], inputs=[x], parameters=[w, b])
>>> for index, row in canonical_rows(tape).items():
...     print(index, row)
6 <sum: 1.0 * row 1 * row 0 + -1.0 * row 2 + 1.0>
7 Call(operation=<operation tanh>, operands=(6,))

Of the four recorded operations two are left: ``w * x``, ``- b`` and ``+ 1`` are used once, in a
sum, and went into it. The terms of a sum are grouped by `KINDS`: ``w * x`` is shared*batch, the
others are shared.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from autograd import operations
from autograd.compiler.passes.rows import NONE, Call, Row, Sum, Term, no_terms
from autograd.compiler.passes.tape import Tape
from autograd.operation import Operation

_SMALLEST, _LARGEST = np.finfo(np.float32).tiny.item(), np.finfo(np.float32).max.item()


def canonical_rows(tape: Tape) -> dict[int, Row]:
    """Return what has to be computed, by tape index, operands before what uses them."""
    return _Canonicalization(tape).run()


class _Canonicalization:
    """The rows of a tape, as they are found.

    Attributes
    ----------
    tape : Tape
    rows : dict of int to Row
    waiting : dict of int to list of Term
        The sums that are used once, until it shows whether what uses them takes their terms.
    uses : list of int
        How often each node is used, as an operand or as an output.
    varies : bool
        Whether the operation that is looked at differs from sample to sample.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.rows: dict[int, Row] = {}
        self.waiting: dict[int, list[Term]] = {}
        self.uses = [0] * len(tape.operations)
        self.varies = False
        for parents in tape.operands:
            for parent in parents:
                self.uses[parent] += 1
        for output in tape.outputs:
            self.uses[output] += 2  # an output is always a row

    def run(self) -> dict[int, Row]:
        """Make each operation a row, or a part of the sum that takes its terms."""
        tape = self.tape
        for index, operation in enumerate(tape.operations):
            if operation is None or tape.constant[index]:
                continue
            self.varies = tape.varying[index]
            terms = self.as_sum(operation, tape.operands[index])
            for operand in filter(self.waiting.__contains__, tape.operands[index]):
                self.rows[operand] = self.sum(self.waiting.pop(operand))  # its terms do not join
            if terms is None:
                self.rows[index] = Call(operation, tape.operands[index])
            elif self.uses[index] == 1:
                self.waiting[index] = terms
            else:
                self.rows[index] = self.sum(terms)
        return self.rows

    def as_sum(self, operation: Operation, operands: tuple[int, ...]) -> list[Term] | None:
        """Return the sum of products that an operation is, or None."""
        tape = self.tape
        if operation is operations.add:
            return _joined(self.take_terms(operands[0], 1.0), self.take_terms(operands[1], 1.0))
        if operation is operations.sub:
            return _joined(self.take_terms(operands[0], 1.0), self.take_terms(operands[1], -1.0))
        if operation is operations.neg:
            return self.take_terms(operands[0], -1.0)
        if operation is operations.sum:
            return [term for operand in operands for term in self.take_terms(operand, 1.0)]
        if operation is operations.mul:
            return self.product(*operands)
        if operation is operations.div and self.has_reciprocal(operands[1]):
            return self.take_terms(operands[0], 1.0 / tape.numbers[operands[1]])
        if operation is operations.pow and self.is_square(operands):
            return [(1.0, operands[0], operands[0])]
        if operation is operations.lookup and tape.constant[operands[0]]:
            return self.take_terms(operands[1 + int(tape.numbers[operands[0]])], 1.0)
        return self.terms_of_dot(operands) if operation is operations.dot else None

    def terms_of_dot(self, operands: Sequence[int]) -> list[Term]:
        """Return the sum of products that a `dot` is."""
        weights, inputs, bias = operations.dot_terms(operands)
        pairs = zip(weights, inputs, strict=True)
        if True in map(self.tape.constant.__getitem__, operands):
            terms = [term for pair in pairs for term in self.product(*pair)]
        else:  # as nearly always
            terms = [(1.0, left, right) for left, right in pairs]
        for index in bias:
            terms += self.take_terms(index, 1.0)
        return terms

    def is_square(self, operands: tuple[int, ...]) -> bool:
        """Return whether a power is a product of a row with itself."""
        exponent = operands[1]
        return self.tape.constant[exponent] and self.tape.numbers[exponent] == 2.0

    def has_reciprocal(self, index: int) -> bool:
        """Return whether a node is a constant with a reciprocal, to multiply by instead."""
        return self.tape.constant[index] and _is_in_range(1.0 / self.tape.numbers[index])

    def take_terms(self, index: int, scale: float) -> list[Term]:
        """Take `scale` times a node into the sum being built, as a list of terms without zeros.

        If the node is a sum that waits and can join, these are its own terms.
        """
        if scale == 0.0 or (self.tape.constant[index] and self.tape.numbers[index] == 0.0):
            return []
        if self.tape.constant[index]:
            return [(scale * self.tape.numbers[index], NONE, NONE)]
        if index in self.waiting:
            terms = self.waiting[index]
            scaled = terms if scale == 1.0 else [(scale * c, x, y) for c, x, y in terms]
            if self.joins(index, scale, scaled):
                del self.waiting[index]
                return scaled
        return [(scale, index, NONE)]

    def joins(self, index: int, scale: float, scaled: list[Term]) -> bool:
        """Return whether a sum, here its scaled terms, goes into the one that uses it.

        Otherwise it is a row of its own. What is the same for all samples, inside what is not, is
        one, since it is then computed once; and so is a scaled sum, since factors on every term
        would hide a matrix product. A sum without terms, such as ``dot(weights, state)`` with a
        state of zeros, adds nothing and is dropped.

        Coefficients are multiplied with each other only if their product is in range:
        ``1e-200 * (1e-200 * x)`` exists for x = 1e300, but 1e-400 is 0.
        """
        if scaled and self.tape.varying[index] != self.varies:
            return False
        if abs(scale) != 1.0 and len(scaled) > 1:
            return False
        return scale == 1.0 or all(_is_in_range(c) for c, _, _ in scaled)

    def product(self, left: int, right: int) -> list[Term]:
        """Return the terms of the product of two nodes, each of which may be a constant."""
        if self.tape.constant[left]:
            left, right = right, left
        if self.tape.constant[right]:
            return self.take_terms(left, self.tape.numbers[right])
        return [(1.0, left, right)]

    def sum(self, terms: Iterable[Term]) -> Sum:
        """Return the sum of terms, grouped by kind."""
        varying = self.tape.varying
        kinds = no_terms()
        batch_batch, shared_batch, batch, shared, shared_shared = kinds
        for term in terms or [(0.0, NONE, NONE)]:
            c, x, y = term
            if y == NONE:
                (batch if x != NONE and varying[x] else shared).append(term)
            elif varying[y]:
                (batch_batch if varying[x] else shared_batch).append(term)
            elif varying[x]:
                shared_batch.append((c, y, x))
            else:
                shared_shared.append(term)
        return Sum(kinds)


def _is_in_range(coefficient: float) -> bool:
    """Return whether float32, the narrower of the types of programs, can hold all its digits."""
    return _SMALLEST <= abs(coefficient) <= _LARGEST


def _joined(some: list[Term], others: list[Term]) -> list[Term]:
    """Join two lists in the longer one: a long chain of ``+`` then costs no more than a `sum`."""
    if len(others) > len(some):
        some, others = others, some
    some.extend(others)
    return some

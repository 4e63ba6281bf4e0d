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
6 Sum(terms=([], [(1.0, 1, 0)], [], [(-1.0, 2, -1), (1.0, -1, -1)], []))
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

_SUMS = {operations.add, operations.sub, operations.neg, operations.sum}
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
    absorbed : dict of int to list of Term
        The sums that are no rows, until the sum that uses them takes their terms.
    uses : list of int
        How often each node is used, as an operand or as an output.
    consumer : list of int
        The latest node that uses it: the only one, if `uses` is 1. `NONE` if there is none.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.rows: dict[int, Row] = {}
        self.absorbed: dict[int, list[Term]] = {}
        self.uses = [0] * len(tape.operations)
        self.consumer = [NONE] * len(tape.operations)
        for index, parents in enumerate(tape.operands):
            for parent in parents:
                self.uses[parent] += 1
                self.consumer[parent] = index
        for output in tape.outputs:
            self.uses[output] += 2  # an output is always a row

    def run(self) -> dict[int, Row]:
        """Make each operation a row, or a part of the sum that uses it."""
        tape = self.tape
        for index, operation in enumerate(tape.operations):
            if operation is None or tape.constant[index]:
                continue
            terms = self.as_sum(operation, tape.operands[index])
            if terms is None:
                self.rows[index] = Call(operation, tape.operands[index])
            elif self.is_absorbed(index, terms):
                self.absorbed[index] = terms
            else:
                self.rows[index] = self.sum(terms or [(0.0, NONE, NONE)])
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
            left, right = operands
            if tape.constant[left]:
                left, right = right, left
            if tape.constant[right]:
                return self.take_terms(left, tape.numbers[right])
            return [(1.0, left, right)]
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
            terms = [term for pair in pairs if (term := self.product(*pair))[0] != 0.0]
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

        If the node was absorbed, these are its own terms, which are then used up.

        Coefficients are multiplied with each other only if their product is in range:
        ``1e-200 * (1e-200 * x)`` exists for x = 1e300, but 1e-400 is 0. If it is not, the node
        becomes a row after all.
        """
        if scale == 0.0 or (self.tape.constant[index] and self.tape.numbers[index] == 0.0):
            return []
        if self.tape.constant[index]:
            return [(scale * self.tape.numbers[index], NONE, NONE)]
        if index in self.absorbed:
            terms = self.absorbed.pop(index)
            if scale == 1.0:
                return terms
            scaled = [(scale * c, x, y) for c, x, y in terms]
            if all(_is_in_range(c) for c, _, _ in scaled):
                return scaled
            self.rows[index] = self.sum(terms)
        return [(scale, index, NONE)]

    def product(self, left: int, right: int) -> Term:
        """Return the product of two nodes as a term."""
        tape = self.tape
        if tape.constant[left]:
            left, right = right, left
        if tape.constant[left]:
            return (tape.numbers[left] * tape.numbers[right], NONE, NONE)
        if tape.constant[right]:
            return (tape.numbers[right], left, NONE)
        return (1.0, left, right)

    def sum(self, terms: Iterable[Term]) -> Sum:
        """Return the sum of terms, grouped by kind."""
        varying = self.tape.varying
        kinds = no_terms()
        batch_batch, shared_batch, batch, shared, shared_shared = kinds
        for term in terms:
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

    def is_absorbed(self, index: int, terms: list[Term]) -> bool:
        """Return whether a sum goes into the sum that uses it, rather than being a row of its own.

        It does if nothing else uses it. A scaled sum stays a row, since factors on every term
        would hide a matrix product; and so does what is the same for all samples inside what is
        not, since it is then computed once. A sum without terms, such as ``dot(weights, state)``
        with a state of zeros, adds nothing and is dropped.
        """
        if self.uses[index] != 1:
            return False
        tape, consumer = self.tape, self.consumer[index]
        if terms and tape.varying[index] != tape.varying[consumer]:
            return False
        operation, operands = tape.operations[consumer], tape.operands[consumer]
        if operation in _SUMS:
            return True
        if operation is operations.dot:
            return len(operands) % 2 == 1 and operands[-1] == index
        if len(terms) > 1:
            return False
        if operation is operations.mul:
            return any(tape.constant[operand] for operand in operands)
        return operation is operations.div and self.has_reciprocal(operands[1])


def _is_in_range(coefficient: float) -> bool:
    """Return whether float32, the narrower of the types of programs, can hold all its digits."""
    return _SMALLEST <= abs(coefficient) <= _LARGEST


def _joined(some: list[Term], others: list[Term]) -> list[Term]:
    """Join two lists in the longer one: a long chain of ``+`` then costs no more than a `sum`."""
    if len(others) > len(some):
        some, others = others, some
    some.extend(others)
    return some

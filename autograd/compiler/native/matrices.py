"""Matrix products: calls of ``multiply`` and ``correlate`` of ``kernels.c``.

These need matrices whose elements lie at regular distances. Others are copied into such ones first;
and what is sent to gradients at no regular distance is computed apart from them.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from autograd.compiler.native.addresses import in_order, index
from autograd.compiler.native.statements import Contribution, Statements, loops
from autograd.compiler.program import MatMul, Region
from autograd.formulas.formula import Formula

WIDE = 16
"""From this many inputs on, the gradient of their weights is computed from samples as they came.

There the inputs of one sample lie side by side, so each lane of a vector adds up the gradient of a
weight of its own. In the batch rows the samples of one input lie side by side, and the lanes have
to be added up at the end. For 64 x 784 weights this takes half the time.
"""


@dataclass(frozen=True)
class _Matrix:
    """What a call is given: the first element, and how far it is to the next row and column."""

    address: str
    row: int
    column: int

    def __str__(self) -> str:
        return f"(matrix){{{self.address}, {self.row}, {self.column}}}"


def emit_product(statements: Statements, step: MatMul) -> None:
    """Emit ``out = weights * inputs`` at each place."""
    factors = [_matrix(statements, step.weights), _matrix(statements, step.inputs)]
    out = _matrix(statements, step.out)
    statements.emit(_call("multiply", [out, *factors], _sizes(step), add=False))
    statements.give_back()


def emit_weight_gradient(
    statements: Statements, step: MatMul, gradient: Region, target: Region, operator: str
) -> None:
    """Emit ``d weights = d out * transposed(inputs)``, summed over samples and places."""
    sent = _matrix(statements, gradient, gradient=True)
    samples = _samples(statements, step.inputs)
    steps = target.steps
    if samples is not None and (steps is None or steps[1] == 1):  # None: computed in a copy
        n_rows, n_terms, _ = _sizes(step)
        sent = dataclasses.replace(sent, column=1)  # from sample to sample, at the one place
        sizes = n_rows, statements.batch_size, n_terms
        _send(statements, "multiply_columns", [sent, samples], sizes, target, operator)
    else:
        factors = [sent, _matrix(statements, step.inputs)]
        _send(statements, "correlate", factors, _sizes(step), target, operator)


def emit_input_gradient(
    statements: Statements, step: MatMul, gradient: Region, target: Region, operator: str
) -> None:
    """Emit ``d inputs = transposed(weights) * d out`` at each place."""
    n_rows, n_terms, n_places = _sizes(step)
    weights = _matrix(statements, Region("shared", step.weights.rows.T))
    factors = [weights, _matrix(statements, gradient, gradient=True)]
    _send(statements, "multiply", factors, (n_terms, n_rows, n_places), target, operator)


def _sizes(step: MatMul) -> tuple[int, int, int]:
    """Return the number of rows, of the terms of each sum, and of places."""
    return *step.weights.rows.shape, step.inputs.rows.shape[1]


def _send(
    statements: Statements,
    function: str,
    factors: Sequence[_Matrix],
    sizes: tuple[int, int, int],
    target: Region,
    operator: str,
) -> None:
    """Emit a product that is sent to the gradients of a target of shape (k, i)."""
    if target.steps is not None and not target.repeats:
        out = _matrix(statements, target, gradient=True)
        statements.emit(_call(function, [out, *factors], sizes, add=operator == "+="))
    else:
        out, place = _room(statements, target)
        statements.emit(_call(function, [out, *factors], sizes, add=False))
        element = Formula(f"({out.address})[{place}{' + s' * target.batch}]")
        statements.send([Contribution(target, element, operator)], per_sample=target.batch)
    statements.give_back()


def _call(
    function: str, matrices: Sequence[_Matrix], sizes: tuple[int, int, int], add: bool
) -> str:
    return f"{function}({', '.join(map(str, (*matrices, *sizes, int(add))))});"


def _matrix(statements: Statements, region: Region, gradient: bool = False) -> _Matrix:
    """Return a region of two axes as a matrix, copied if its rows lie at no regular distance."""
    steps = region.steps
    if steps is not None:
        width = statements.stride if region.batch else 1
        first = statements.elements.row(Region(region.space, region.rows[:1, :1]), gradient)
        return _Matrix(first if region.batch else f"&{first}", steps[0] * width, steps[1] * width)
    copy, place = _room(statements, region)
    row = statements.elements.row(region, gradient)
    if region.batch:  # with the zeros behind the samples
        statement = f"memcpy({copy.address} + {place}, {row}, sizeof {row});"
    else:
        statement = f"({copy.address})[{place}] = {row};"
    statements.emit(loops(region.rows) + statement)
    return copy


def _samples(statements: Statements, inputs: Region) -> _Matrix | None:
    """Return the samples of many inputs at one place as they came, if these follow each other."""
    rows, (length, n_places) = inputs.rows, inputs.rows.shape
    are_inputs = rows[-1, 0] < statements.program.n_inputs
    if length < WIDE or n_places > 1 or inputs.steps != (1, 0) or not are_inputs:
        return None
    return _Matrix(f"samples + {rows[0, 0]}", statements.program.n_inputs, 1)


def _room(statements: Statements, region: Region) -> tuple[_Matrix, str]:
    """Return room for a copy of a region: as a matrix, and the place of one row in it."""
    width = statements.stride if region.batch else 1
    room = statements.borrow(region.rows.size * width)
    place = index(0, in_order(region.rows.shape, width))
    return _Matrix(room, region.rows.shape[1] * width, width), place

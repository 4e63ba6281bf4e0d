"""Matrix products: calls of ``multiply`` and ``correlate`` of ``kernels.c``.

These take matrices whose elements lie at regular distances. Others are copied into such ones
before; and what is sent to gradients at no regular distance is computed apart from them.
"""

import numpy as np

from autograd.compiler.expressions import Formula
from autograd.compiler.native.addresses import in_order, index, regular_steps
from autograd.compiler.native.statements import Statements, loops
from autograd.compiler.program import MatMul, Region


def emit_product(statements: Statements, step: MatMul) -> None:
    """Emit ``out = weights * inputs`` at each place."""
    (n_rows, n_terms), n_places = step.weights.rows.shape, step.inputs.rows.shape[1]
    out, weights, inputs = (
        _matrix(statements, region) for region in (step.out, step.weights, step.inputs)
    )
    statements.emit(f"multiply({out}, {weights}, {inputs}, {n_rows}, {n_terms}, {n_places}, 0);")
    statements.give_back()


def emit_weight_gradient(
    statements: Statements, step: MatMul, target: Region, operator: str
) -> None:
    """Emit ``d weights = d out * transposed(inputs)``, summed over samples and places."""
    (n_rows, n_terms), n_places = step.weights.rows.shape, step.inputs.rows.shape[1]
    factors = f"{_matrix(statements, step.out, gradient=True)}, {_matrix(statements, step.inputs)}"
    _send(statements, "correlate", factors, (n_rows, n_terms, n_places), target, operator)


def emit_input_gradient(
    statements: Statements, step: MatMul, target: Region, operator: str
) -> None:
    """Emit ``d inputs = transposed(weights) * d out`` at each place."""
    (n_rows, n_terms), n_places = step.weights.rows.shape, step.inputs.rows.shape[1]
    weights = _matrix(statements, Region(False, step.weights.rows.T))
    factors = f"{weights}, {_matrix(statements, step.out, gradient=True)}"
    _send(statements, "multiply", factors, (n_terms, n_rows, n_places), target, operator)


def _send(
    statements: Statements,
    function: str,
    factors: str,
    sizes: tuple[int, int, int],
    target: Region,
    operator: str,
) -> None:
    """Emit a product that is sent to the gradients of a target of shape (k, i)."""
    of_sizes = ", ".join(map(str, sizes))
    n_columns = target.rows.shape[1]
    if _lies_regularly(target) and len(np.unique(target.rows)) == target.rows.size:
        out = _matrix(statements, target, gradient=True)
        statements.emit(f"{function}({out}, {factors}, {of_sizes}, {int(operator == '+=')});")
    else:
        width = statements.stride if target.batch else 1
        room = statements.borrow(target.rows.size * width)
        out = f"(matrix){{{room}, {n_columns * width}, {width}}}"
        statements.emit(f"{function}({out}, {factors}, {of_sizes}, 0);")
        element = Formula(_element_in_room(room, target, width))
        statements.send(target, element, operator, per_sample=target.batch)
    statements.give_back()


def _matrix(statements: Statements, region: Region, gradient: bool = False) -> str:
    """Return a region of two axes as a matrix, copied if its rows lie at no regular distance."""
    width = statements.stride if region.batch else 1
    steps = regular_steps(region.rows)
    if steps is not None:
        first = statements.elements.element(Region(region.batch, region.rows[:1, :1]), gradient)
        address = first.removesuffix("[s]") if region.batch else f"&{first}"
        return f"(matrix){{{address}, {steps[0] * width}, {steps[1] * width}}}"
    assert not gradient  # the rows of an instruction's own output follow each other
    n_columns = region.rows.shape[1]
    room = statements.borrow(region.rows.size * width)
    copy = _element_in_room(room, region, width)
    statements.emit(
        f"{loops(region.rows)}{'SAMPLES ' * region.batch}"
        f"{copy} = {statements.elements.element(region)};"
    )
    return f"(matrix){{{room}, {n_columns * width}, {width}}}"


def _element_in_room(room: str, region: Region, width: int) -> str:
    """Return the element of a copy of a region."""
    place = index(0, in_order(region.rows.shape, width))
    return f"({room})[{place}{' + s' * region.batch}]"


def _lies_regularly(region: Region) -> bool:
    return regular_steps(region.rows) is not None

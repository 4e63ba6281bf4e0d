"""The statements that compute each region."""

import functools
import operator
from collections.abc import Sequence

import numpy as np

from autograd.compiler.native.matrices import emit_product
from autograd.compiler.native.statements import Statements, loops
from autograd.compiler.program import Apply, Forward, Lookup, MatMul, Region, SumProducts
from autograd.formulas.formula import ZERO, Formula

LONGEST_SUM = 8
"""The most terms of one statement; a longer sum is a loop that adds its terms up in memory."""


def emit_forward(statements: Statements, instructions: Sequence[Forward]) -> None:
    """Emit the instructions that compute one region."""
    first = instructions[0]
    if isinstance(first, MatMul):
        emit_product(statements, first)
    elif isinstance(first, Lookup):
        _lookup(statements, first)
    elif isinstance(first, Apply):
        operands = [statements.operand(operand) for operand in first.operands]
        statements.assign(first.out, statements.formulas.forward(first.operation, operands))
    _sums_of_products(statements, [step for step in instructions if isinstance(step, SumProducts)])


def _sums_of_products(statements: Statements, steps: Sequence[SumProducts]) -> None:
    terms = [
        _product(statements, step, k)
        for step in steps
        if len(step.left.rows) <= LONGEST_SUM
        for k in range(len(step.left.rows))
    ]
    started = bool(steps) and steps[0].add
    for start in range(0, len(terms), LONGEST_SUM):
        total = functools.reduce(operator.add, terms[start : start + LONGEST_SUM])
        statements.assign(steps[0].out, total, "+=" if started else "=")
        started = True
    for step in steps:
        if len(step.left.rows) > LONGEST_SUM:
            if not started:
                statements.assign(step.out, ZERO)
            out = Region(step.out.space, np.broadcast_to(step.out.rows, step.left.rows.shape))
            statements.assign(out, _product(statements, step, slice(None)), "+=")
            started = True


def _product(statements: Statements, step: SumProducts, terms: int | slice) -> Formula:
    """Return the formula of ``coefficients * left * right``, for one of the terms or for each."""
    formula = statements.formula(Region(step.left.space, step.left.rows[terms]))
    if step.right is not None:
        formula = formula * statements.formula(Region(step.right.space, step.right.rows[terms]))
    if step.coefficients is not None:
        formula = formula * statements.coefficient(step.coefficients[terms])
    return formula


def _lookup(statements: Statements, step: Lookup) -> None:
    """Emit the reading of the entry at ``k``, for each row and sample."""
    elements = statements.elements
    out, index, entry = map(elements.element, (step.out, step.index, step.table))
    statements.emit(
        f"{loops(step.out.rows)}{'ALL(s, B) ' * step.out.batch}"
        f"{{ const int k = entry({index}, {len(step.table.rows)}); {out} = {entry}; }}"
    )

"""The statements that send each gradient on."""

from collections.abc import Sequence

import numpy as np

from autograd.compiler.native.matrices import emit_input_gradient, emit_weight_gradient
from autograd.compiler.native.statements import Contribution, Statements, loops
from autograd.compiler.program import Adjoint, Apply, Lookup, MatMul, Region, SumProducts, Target


def emit_zeroing(statements: Statements, region: Region) -> None:
    """Emit the zeroing of the gradients of a region that holds each row once."""
    statements.send([Contribution(region, 0.0, "=")], per_sample=region.batch)


def emit_adjoint(statements: Statements, adjoint: Adjoint) -> None:
    """Emit the adjoint of an instruction."""
    step, gradient, targets = adjoint.forward, adjoint.gradient, adjoint.targets
    if isinstance(step, MatMul):
        emitters = emit_weight_gradient, emit_input_gradient
        for emit, target in zip(emitters, targets, strict=True):
            if target is not None:
                emit(statements, step, gradient, target.region, _prepare(statements, target))
    elif isinstance(step, SumProducts):
        _sum_products_adjoint(statements, step, gradient, targets)
    elif isinstance(step, Lookup):
        _lookup_adjoint(statements, step, gradient, targets)
    else:
        _apply_adjoint(statements, step, gradient, targets)


def _prepare(statements: Statements, target: Target) -> str:
    """Return the operator that sends to a target, after zeroing what it would overwrite."""
    if target.add:
        return "+="
    region = target.region
    if not region.repeats:
        return "="
    emit_zeroing(statements, Region(region.space, np.unique(region.rows)))
    return "+="


def _sum_products_adjoint(
    statements: Statements, step: SumProducts, gradient: Region, targets: Sequence[Target | None]
) -> None:
    sent = Region(gradient.space, np.broadcast_to(gradient.rows, step.left.rows.shape))
    for target, other in zip(targets, (step.right, step.left), strict=True):
        if target is None:
            continue
        formula = statements.formula(sent, gradient=True)
        if step.right is not None and other is not None:
            formula = formula * statements.formula(other)
        if step.coefficients is not None:
            formula = formula * statements.coefficient(step.coefficients)
        operator = _prepare(statements, target)
        contribution = Contribution(target.region, formula, operator)
        statements.send([contribution], per_sample=step.out.batch)


def _apply_adjoint(
    statements: Statements, step: Apply, gradient: Region, targets: Sequence[Target | None]
) -> None:
    sent = statements.formula(gradient, gradient=True)
    operands = map(statements.operand, step.operands)
    formulas = statements.formulas.derivative(
        step.operation, sent, statements.formula(step.out), operands
    )
    contributions = [
        Contribution(target.region, formula, _prepare(statements, target))
        for target, formula in zip(targets, formulas, strict=True)
        if target is not None
    ]
    one_by_one = [[contribution] for contribution in contributions]
    for together in [contributions] if _independent(contributions) else one_by_one:
        statements.send(together, per_sample=step.out.batch)


def _independent(contributions: Sequence[Contribution]) -> bool:
    """Return whether contributions may be sent row by row: none overwrites what another adds to."""
    if all(contribution.operator == "+=" for contribution in contributions):
        return True
    for space in ("shared", "batch"):
        rows = [c.target.rows for c in contributions if c.target.space == space]
        if rows and len(np.unique(np.concatenate(rows))) < sum(len(part) for part in rows):
            return False
    return True


def _lookup_adjoint(
    statements: Statements, step: Lookup, gradient: Region, targets: Sequence[Target | None]
) -> None:
    """Emit the sending of each gradient to the entry that was read."""
    (to_table,) = filter(None, targets)  # nothing goes to the index
    index = statements.elements.element(step.index)
    entry = statements.elements.element(to_table.region, gradient=True)
    sent = statements.elements.element(gradient, gradient=True)
    statements.emit(
        f"{loops(step.out.rows)}{'ALL(s, B) ' * step.out.batch}"
        f"{{ const int k = (int){index}; {entry} += {sent}; }}"
    )

"""Rows, instructions and adjoints in words, as the `report` tells them.

>>> form_in_words(("sum", True, (0, 4, 0, 1, 0)), 6)
'6 sums of 4 shared*batch + 1 shared'
>>> form_in_words(("lookup", True, (True, False, False)), 1)
'1 lookup(batch, 2 shared)'
"""

import itertools
from typing import Any

from autograd.compiler.passes.rows import KINDS
from autograd.compiler.program import (
    Adjoint,
    Apply,
    Forward,
    Lookup,
    MatMul,
    SumProducts,
    common_number,
)
from autograd.wording import counted

MOST_OPERANDS = 4
"""The most operands of an operation that are listed one by one."""


def form_in_words(form: tuple[Any, ...], count: int) -> str:
    """Say what rows of a form compute; see `autograd.compiler.passes.blocks.Block`."""
    name, _, parts = form
    if name == "sum":
        terms = [f"{n} {kind}" for n, kind in zip(parts, KINDS, strict=True) if n]
        return f"{counted(count, 'sum')} of {' + '.join(terms)}"
    runs = [(varies, len(list(run))) for varies, run in itertools.groupby(parts)]
    operands = [f"{n} " * (n > 1) + ("batch" if varies else "shared") for varies, n in runs]
    return f"{count} {name}({', '.join(operands)})"


def instruction_in_words(step: Forward) -> str:
    """Say what a forward instruction computes."""
    equals, computed = "=", _kind(step)
    if isinstance(step, MatMul):
        computed += f", {step.weights} @ {step.inputs}"
    elif isinstance(step, Lookup):
        computed += f" of {step.index} in {step.table}"
    elif isinstance(step, Apply):
        operands = [str(operand) for operand in step.operands]
        if len(operands) > MOST_OPERANDS:
            operands[2:-1] = ["..."]
        computed += f"({', '.join(operands)})"
    else:
        equals, computed = "+=" if step.add else "=", _products(step)
    return f"{step.out} {equals} {computed}"


def _products(step: SumProducts) -> str:
    factors: list[Any] = [step.left] if step.right is None else [step.left, step.right]
    if step.coefficients is not None:
        number = common_number(step.coefficients)
        factors.insert(0, "coefficients" if number is None else number)
    n_terms = len(step.left.rows)
    return f"sum of {n_terms}: " * (n_terms > 1) + " * ".join(map(str, factors))


def adjoint_in_words(adjoint: Adjoint) -> str:
    """Say which gradient a backward instruction sends where."""
    sent = [f"{'+= ' * target.add}d {target.region}" for target in filter(None, adjoint.targets)]
    return f"{_kind(adjoint.forward)}: from d {adjoint.gradient} to {', '.join(sent)}"


def _kind(step: Forward) -> str:
    if isinstance(step, MatMul):
        (n_rows, n_columns), n_places = step.weights.rows.shape, step.inputs.rows.shape[1]
        places = f" at {n_places} places" if n_places > 1 else ""
        return f"{n_rows}x{n_columns} matrix product{places}"
    if isinstance(step, Apply):
        return step.operation.name
    if isinstance(step, Lookup):
        return "lookup"
    if step.right is None:
        return "sum"
    return "product" if len(step.left.rows) == 1 else "sum of products"

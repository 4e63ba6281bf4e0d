"""A variable for each row, and what is written with them: sums of products, and operations.

A matrix product and a lookup are short for one of these:

>>> row, column = Region("shared", np.array([[0, 1]])), Region("batch", np.array([[5], [6]]))
>>> spelled_out(MatMul(Region("batch", np.array([[7]])), row, column)).operands
(shared[0:2], batch[5:7])
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd import operations
from autograd.compiler.program import Apply, Forward, Lookup, MatMul, Region, Space, SumProducts
from autograd.formulas.formula import Formula


class Variable(NamedTuple):
    """What a row of a space is in the source: a name, or the number of a constant.

    >>> v3, u3 = Variable("batch", 3), Variable("shared", 3)
    >>> print(v3, u3, Variable("shared", 4, constant=0.5))
    v3 u3 0.5
    >>> v3.gradient
    'dv3'
    """

    space: Space
    row: int
    constant: float | None = None

    def __str__(self) -> str:
        if self.constant is not None:
            return repr(self.constant)
        return f"{'v' if self.space == 'batch' else 'u'}{self.row}"

    @property
    def gradient(self) -> str:
        """The name of its gradient."""
        return f"d{self}"

    @property
    def formula(self) -> Any:
        """Its name as a formula, or its number."""
        return Formula(str(self)) if self.constant is None else self.constant


def spelled_out(step: Forward) -> SumProducts | Apply:
    """Write a matrix product as sums of products, and a lookup as an operation on all entries."""
    if isinstance(step, Lookup):
        entries = [Region(step.table.space, entry) for entry in step.table.rows]
        return Apply(operations.lookup, step.out, (step.index, *entries))
    if isinstance(step, MatMul):
        (r, k), (_, p) = step.weights.rows.shape, step.inputs.rows.shape
        left = np.broadcast_to(step.weights.rows.T[:, :, None], (k, r, p))
        right = np.broadcast_to(step.inputs.rows[:, None, :], (k, r, p))
        weights, inputs = Region("shared", left), Region("batch", right)
        return SumProducts(step.out, weights, inputs, coefficients=None, add=False)
    return step


def product(coefficient: float, *factors: Variable | str | None) -> str:
    """Write a product, with none of the factors that are None.

    >>> product(-1.0, Variable("batch", 3), None)
    '-v3'
    """
    text = " * ".join(str(factor) for factor in factors if factor is not None)
    return {1.0: text, -1.0: f"-{text}"}.get(coefficient, f"{coefficient!r} * {text}")


def listed(names: Sequence[object]) -> str:
    """Write a list of names.

    >>> listed([Variable("batch", 3), "t1"])
    '[v3, t1]'
    """
    return f"[{', '.join(map(str, names))}]"

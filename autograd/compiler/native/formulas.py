"""Formulas of the operation table as C.

>>> from autograd.formulas.formula import NAMESPACE
>>> from autograd.operations import relu
>>> double = Formulas(np.dtype(np.float64))
>>> double.written([relu.array(NAMESPACE, Formula("x"))])
([], ['maximum(x, 0.0)'])
"""

import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd.errors import ArgumentError
from autograd.formulas.formula import NAMESPACE, Formula, NoFormulaError
from autograd.formulas.infix import FUNCTIONS, OPERATORS, infix
from autograd.formulas.rewriting import calls_in, rewritten
from autograd.operation import Operation

DEEPEST = 12
"""The deepest nesting of calls in one expression: what lies deeper gets a name."""

_OF_FLOATS = {math.erf: "erf", math.erfc: "erfc", math.gamma: "tgamma", math.lgamma: "lgamma"}
"""What functions of floats are called in C that NumPy does not have."""

_C_NAMES = {
    **FUNCTIONS,
    "exp": "exponential",  # in `kernels.c`
    **dict.fromkeys(["abs", "absolute", "fabs"], "fabs"),
    **{name: name for name in ("copysign", "exp2", "rint", *_OF_FLOATS.values())},
    **{name: name for name in ("logical_and", "maximum", "minimum", "where")},  # in `kernels.c`
}
"""What functions are called in C, by the names that they have in formulas."""


class Formulas:
    """Writes formulas in C, with numbers of one type.

    Parameters
    ----------
    dtype : numpy dtype
        float64 or float32.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._suffix = "f" if dtype == np.float32 else ""

    def written(self, formulas: Sequence[Any]) -> tuple[list[str], list[str]]:
        """Write formulas: the definitions of what they share or what lies deep, and expressions.

        >>> x = Formula("x")
        >>> root = Formula("sqrt", (x,))
        >>> Formulas(np.dtype(np.float64)).written([root * root, -root])
        (['number t1 = sqrt(x);'], ['t1 * t1', '-t1'])
        """
        definitions: list[str] = []

        def named(call: Formula, uses: int, depth: int) -> Formula:
            if uses == 1 and depth <= DEEPEST:
                return call
            name = f"t{len(definitions) + 1}"
            definitions.append(f"number {name} = {self._expression(call)};")
            return Formula(name)

        results = rewritten(formulas, named)
        return definitions, list(map(self._expression, results))

    def forward(self, operation: Operation, operands: Sequence[Any]) -> Any:
        """Return the formula of an operation: that of its ``array``, or a function of C.

        Raises
        ------
        ArgumentError
            If it has neither.
        """
        name = _OF_FLOATS.get(inspect.unwrap(operation.forward))  # from the check around it
        if name is not None:
            return Formula(name, tuple(operands))
        (formula,) = _known(
            operation.name,
            "Write its `array` as one formula of NumPy functions, or leave out `backend`",
            lambda: [operation.array(NAMESPACE, *operands)],
        )
        return formula

    def derivative(
        self, operation: Operation, gradient: Formula, out: Formula, operands: Iterable[Any]
    ) -> Sequence[Any]:
        """Return the formulas of what an operation sends to each operand.

        Raises
        ------
        ArgumentError
            If the rule cannot be written as formulas.
        """
        return _known(
            f"the derivative of {operation.name}",
            "Write it with plain operators and operations such as ag.exp, or leave out `backend`",
            lambda: operation.derivative(gradient, out, *operands),
        )

    def number(self, number: float) -> str:
        """Write a number.

        >>> Formulas(np.dtype(np.float32)).number(0.5)
        '0.5f'
        """
        number = float(number)
        if math.isfinite(number):
            return f"{number!r}{self._suffix}"
        return "NAN" if math.isnan(number) else "-INFINITY" if number < 0.0 else "INFINITY"

    def _expression(self, formula: Any) -> str:
        return infix(formula, self.number, _call)


def _known(what: str, advice: str, make: Callable[[], Sequence[Any]]) -> Sequence[Any]:
    """Return the formulas that `make` makes, or say of `what` it is that C cannot express them."""
    try:
        formulas = make()
        for part in calls_in(formulas, {}):
            if part.function not in _C_NAMES and part.function not in OPERATORS:
                raise NoFormulaError(f"it has no function like {part.function}")
    except TypeError as error:  # NoFormulaError, or what Python says of a Formula
        raise ArgumentError(f"{what} cannot be written in C: {error}. {advice}") from error
    return formulas


def _call(function: str, *arguments: str) -> str:
    return f"{_C_NAMES[function]}({', '.join(arguments)})"

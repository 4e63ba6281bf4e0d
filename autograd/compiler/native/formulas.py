"""Formulas of the operation table as C.

>>> from autograd.compiler.expressions import NAMESPACE
>>> from autograd.operations import erf, relu
>>> double = Formulas(np.dtype(np.float64))
>>> double.of(relu.array(NAMESPACE, Formula("x")))
([], 'maximum(x, 0.0)')
>>> double.of(double.forward(erf, [Formula("x")]))
([], 'erf(x)')
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autograd.compiler.expressions import NAMESPACE, Formula, NoFormulaError, calls_in
from autograd.compiler.infix import infix
from autograd.errors import ArgumentError
from autograd.operations import Operation

_FUNCTIONS = {
    "abs": "fabs",
    "absolute": "fabs",
    "arccos": "acos",
    "arcsin": "asin",
    "arctan": "atan",
    "arctan2": "atan2",
    "maximum": "maximum",
    "minimum": "minimum",
    "power": "pow",
    "where": "where",
}
"""What functions of NumPy are called in C, if not like those of Python's `math`, as C's all are."""


class Formulas:
    """Writes formulas in C, with numbers of one type.

    Parameters
    ----------
    dtype : numpy dtype
        float64 or float32.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._suffix = "f" if dtype == np.float32 else ""

    def number(self, number: float) -> str:
        """Write a number.

        >>> Formulas(np.dtype(np.float32)).number(0.5)
        '0.5f'
        """
        number = float(number)
        if math.isfinite(number):
            return f"{number!r}{self._suffix}"
        return "NAN" if math.isnan(number) else "-INFINITY" if number < 0.0 else "INFINITY"

    def of(self, formula: Any) -> tuple[list[str], str]:
        """Write a formula: the definitions of what it uses several times, and the expression.

        >>> x = Formula("x")
        >>> root = Formula("sqrt", (x,))
        >>> Formulas(np.dtype(np.float64)).of(root * root)
        (['number t1 = sqrt(x);'], 't1 * t1')
        """
        definitions: list[str] = []
        uses: dict[int, int] = {}
        rebuilt: dict[int, Formula] = {}
        for part in calls_in([formula], uses) if isinstance(formula, Formula) else []:
            arguments = tuple(rebuilt.get(id(argument), argument) for argument in part.arguments)
            whole = Formula(part.function, arguments)
            if uses[id(part)] > 1:
                name = f"t{len(definitions) + 1}"
                definitions.append(f"number {name} = {self._expression(whole)};")
                whole = Formula(name)
            rebuilt[id(part)] = whole
        return definitions, self._expression(rebuilt.get(id(formula), formula))

    def forward(self, operation: Operation, operands: Sequence[Any]) -> Any:
        """Return the formula of an operation: that of its ``array``, or a function of C.

        Raises
        ------
        ArgumentError
            If it has neither.
        """
        try:
            formula = operation.array(NAMESPACE, *operands)
            self.of(formula)
        except TypeError as error:  # NoFormulaError, or what Python says of a Formula
            name = getattr(operation.forward, "__name__", "")
            if getattr(math, name, None) is operation.forward:
                return Formula(name, tuple(operands))
            raise ArgumentError(
                f"{operation.name} cannot be written in C: {error}. Write its `array` as one "
                "formula of NumPy functions, or leave out `backend`"
            ) from error
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
        try:
            formulas = operation.derivative(gradient, out, *operands)
            for formula in formulas:
                self.of(formula)
        except TypeError as error:
            raise ArgumentError(
                f"the derivative of {operation.name} cannot be written in C: {error}. Write it "
                "with plain operators and operations, or leave out `backend`"
            ) from error
        return formulas

    def _expression(self, formula: Any) -> str:
        return infix(formula, self.number, _call)


def _call(function: str, *arguments: str) -> str:
    name = _FUNCTIONS.get(function, function)
    if function not in _FUNCTIONS and not hasattr(math, function):
        raise NoFormulaError(f"C has no function {function}")
    return f"{name}({', '.join(arguments)})"

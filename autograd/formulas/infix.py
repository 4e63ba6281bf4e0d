"""Formulas with operators between their operands, as Python, C and JavaScript all write them.

>>> from autograd.formulas.formula import Formula
>>> from autograd.operations import tanh
>>> (slope,) = tanh.derivative(Formula("g"), Formula("out"), Formula("x"))
>>> infix(slope, number=repr, call=str.format)
'g * (1.0 - out * out)'
"""

from collections.abc import Callable
from typing import Any

from autograd.formulas.formula import Formula

OPERATORS = {
    "less": ("<", 1, 2, 2),
    "less_equal": ("<=", 1, 2, 2),
    "greater": (">", 1, 2, 2),
    "greater_equal": (">=", 1, 2, 2),
    "equal": ("==", 1, 2, 2),
    "not_equal": ("!=", 1, 2, 2),
    "add": ("+", 2, 2, 3),
    "subtract": ("-", 2, 2, 3),
    "multiply": ("*", 3, 3, 4),
    "divide": ("/", 3, 3, 4),
    "negative": ("-", 4, 5, 5),  # it has one side; to C, two signs in a row are a decrement
}
"""The symbol, how strongly it binds, and how strongly its left and right sides have to."""

FUNCTIONS = {
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "power": "pow",
    **{
        name: name
        for name in (
            *("cbrt", "ceil", "cos", "cosh", "exp", "expm1", "floor", "hypot", "log", "log10"),
            *("log1p", "log2", "sin", "sinh", "sqrt", "tan", "tanh", "trunc"),
        )
    },
}
"""What functions of NumPy are called in C and in the ``Math`` of JavaScript alike."""

_SIGN, _ATOM = 4, 5


def infix(formula: Any, number: Callable[[Any], str], call: Callable[..., str]) -> str:
    """Write a formula, or a number, as an expression.

    Parameters
    ----------
    formula : Formula or number
    number : callable
        Writes a number.
    call : callable
        ``call(function, *arguments)`` writes what is not an operator: a function of expressions.
    """
    return _binding(formula, number, call)[0]


def _binding(
    formula: Any, number: Callable[[Any], str], call: Callable[..., str]
) -> tuple[str, int]:
    """Return an expression, and how strongly its last operator binds."""
    if not isinstance(formula, Formula):
        text = number(formula)
        return text, _SIGN if text.startswith("-") else _ATOM
    if not formula.arguments:
        return formula.function, _ATOM
    sides = [_binding(argument, number, call) for argument in formula.arguments]
    if formula.function not in OPERATORS:
        return call(formula.function, *(text for text, _ in sides)), _ATOM
    symbol, strength, *needed = OPERATORS[formula.function]
    operands = [
        text if own >= least else f"({text})"
        for (text, own), least in zip(sides, needed, strict=False)
    ]
    return f" {symbol} ".join(operands) if len(sides) == 2 else symbol + operands[0], strength

"""Formulas with operators between their operands, as Python and C both write them.

>>> from autograd.compiler.expressions import Formula
>>> from autograd.operations import tanh
>>> (slope,) = tanh.derivative(Formula("g"), Formula("out"), Formula("x"))
>>> infix(slope, number=repr, call=str.format)
'g * (1 - out * out)'
"""

from collections.abc import Callable
from typing import Any

from autograd.compiler.expressions import Formula

_OPERATORS = {
    "less": ("<", 1, 3, 3),
    "less_equal": ("<=", 1, 3, 3),
    "greater": (">", 1, 3, 3),
    "greater_equal": (">=", 1, 3, 3),
    "equal": ("==", 1, 3, 3),
    "not_equal": ("!=", 1, 3, 3),
    "logical_and": ("&", 2, 2, 3),
    "add": ("+", 3, 3, 4),
    "subtract": ("-", 3, 3, 4),
    "multiply": ("*", 4, 4, 5),
    "divide": ("/", 4, 4, 5),
}
"""The symbol, how strongly it binds, and how strongly its left and right sides have to.

The two languages disagree on whether ``&`` or a comparison binds more strongly: each of them takes
the other only in parentheses.
"""

_SIGN, _ATOM = 5, 6


def infix(formula: Any, number: Callable[[Any], str], call: Callable[..., str]) -> str:
    """Write a formula, or a number, as an expression.

    Parameters
    ----------
    formula : Formula or number
    number : callable
        Writes a number.
    call : callable
        ``call(function, *arguments)`` writes what is no operator: a function of expressions.
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
    if formula.function == "negative":
        return f"-{_enclosed(*sides[0], _ATOM)}", _SIGN  # to C, two signs are a decrement
    if formula.function in _OPERATORS:
        symbol, strength, *needed = _OPERATORS[formula.function]
        left, right = (_enclosed(*side, least) for side, least in zip(sides, needed, strict=True))
        return f"{left} {symbol} {right}", strength
    return call(formula.function, *(text for text, _ in sides)), _ATOM


def _enclosed(text: str, strength: int, needed: int) -> str:
    return text if strength >= needed else f"({text})"

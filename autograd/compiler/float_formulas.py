"""Formulas of the operation table as Python expressions on floats.

>>> from autograd.compiler.expressions import NAMESPACE
>>> from autograd.operations import relu, tanh
>>> g, out, x = Formula("g"), Formula("out"), Formula("x")
>>> expressions(tanh.derivative, g, out, x)
['g * (1.0 - out * out)']
>>> expressions(relu.array, NAMESPACE, x) is None
True

What cannot be written as one expression is no failure here: then the function itself is called, on
floats. (For relu, `array` is the maximum of two arrays, for which floats have no operator.)
"""

from collections.abc import Callable
from typing import Any

from autograd import operations
from autograd.compiler.expressions import Formula, NoFormulaError
from autograd.operations import Operation

_INFIX = {
    "less": ("<", 1, 2, 2),
    "less_equal": ("<=", 1, 2, 2),
    "greater": (">", 1, 2, 2),
    "greater_equal": (">=", 1, 2, 2),
    "equal": ("==", 1, 2, 2),
    "not_equal": ("!=", 1, 2, 2),
    "logical_and": ("&", 2, 2, 3),
    "add": ("+", 3, 3, 4),
    "subtract": ("-", 3, 3, 4),
    "multiply": ("*", 4, 4, 5),
    "divide": ("/", 4, 4, 5),
}
"""The symbol, how strongly it binds, and how strongly its left and right sides have to."""

_SIGN, _ATOM = 5, 6


def expressions(function: Callable[..., Any], *arguments: Any) -> list[str] | None:
    """Return what a function of formulas returns as Python, None if it has no such form.

    Parts that are used several times have none either: written out, they would be computed again.
    """
    try:
        results = function(*arguments)
        results = results if isinstance(results, list | tuple) else [results]
        if _share_parts(results):
            return None
        return [_binding(result)[0] for result in results]
    except TypeError:  # NoFormulaError, or what Python says of a Formula, as math.cos does
        return None


def _binding(formula: Any) -> tuple[str, int]:
    """Return a formula or a number as Python, and how strongly its last operator binds."""
    if not isinstance(formula, Formula):
        return repr(float(formula)), _ATOM
    if not formula.arguments:
        return formula.function, _ATOM
    sides = [_binding(argument) for argument in formula.arguments]
    if formula.function == "negative":
        return f"-{_enclosed(*sides[0], _SIGN)}", _SIGN
    if formula.function in _INFIX:
        symbol, strength, *needed = _INFIX[formula.function]
        left, right = (_enclosed(*side, least) for side, least in zip(sides, needed, strict=True))
        return f"{left} {symbol} {right}", strength
    name = "pow" if formula.function == "power" else formula.function
    if not isinstance(getattr(operations, name, None), Operation):
        raise NoFormulaError(name)
    return f"{name}({', '.join(text for text, _ in sides)})", _ATOM


def _enclosed(text: str, strength: int, needed: int) -> str:
    return text if strength >= needed else f"({text})"


def _share_parts(formulas: Any) -> bool:
    """Whether a part that is computed stands in several places."""
    stack = [formula for formula in formulas if isinstance(formula, Formula)]
    seen = set()
    while stack:
        part = stack.pop()
        if part.arguments:
            if id(part) in seen:
                return True
            seen.add(id(part))
            stack += [argument for argument in part.arguments if isinstance(argument, Formula)]
    return False

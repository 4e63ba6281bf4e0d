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
from autograd.compiler.infix import infix
from autograd.operations import Operation


def expressions(function: Callable[..., Any], *arguments: Any) -> list[str] | None:
    """Return what a function of formulas returns as Python, None if it has no such form.

    Parts that are used several times have none either: written out, they would be computed again.
    """
    try:
        results = function(*arguments)
        results = results if isinstance(results, list | tuple) else [results]
        if _share_parts(results):
            return None
        return [infix(result, _number, _call) for result in results]
    except TypeError:  # NoFormulaError, or what Python says of a Formula, as math.cos does
        return None


def _number(number: float) -> str:
    return repr(float(number))


def _call(function: str, *arguments: str) -> str:
    name = "pow" if function == "power" else function
    if not isinstance(getattr(operations, name, None), Operation):
        raise NoFormulaError(name)
    return f"{name}({', '.join(arguments)})"


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

"""Formulas of the operation table as Python expressions on floats.

>>> from autograd.compiler.formulas import NAMESPACE
>>> from autograd.operations import relu, tanh
>>> g, out, x = Formula("g"), Formula("out"), Formula("x")
>>> expressions(tanh.derivative, g, out, x)
['g * (1.0 - out * out)']
>>> expressions(relu.array, NAMESPACE, x) is None
True

What cannot be written as one expression is no failure here: then the function itself is called, on
floats. (For relu, `array` is the maximum of two arrays, for which floats have no operator.)
"""

from collections.abc import Callable, Sequence
from typing import Any

from autograd import operations
from autograd.compiler.formulas import Formula, NoFormulaError, calls_in
from autograd.compiler.infix import infix
from autograd.operation import Operation

DEEPEST = 50
"""The calls inside each other in one expression: Python reads no more than some 90."""


def expressions(function: Callable[..., Any], *arguments: Any) -> list[str] | None:
    """Return what a function of formulas returns as Python, None if it has no such form.

    Parts that are used several times have none either: written out, they would be computed again.
    Nor have calls deep inside each other, which Python could not read.
    """
    try:
        results = function(*arguments)
        results = results if isinstance(results, list | tuple) else [results]
        if not _fit_one_line([result for result in results if isinstance(result, Formula)]):
            return None
        return [infix(result, _number, _call) for result in results]
    except TypeError:  # NoFormulaError, or what Python says of a Formula, as math.cos does
        return None


def _number(number: float) -> str:
    return repr(float(number))


def _call(function: str, *arguments: str) -> str:
    if function == "logical_and":
        return f"({' & '.join(f'({argument})' for argument in arguments)})"
    name = "pow" if function == "power" else function
    if not isinstance(getattr(operations, name, None), Operation):
        raise NoFormulaError(name)
    return f"{name}({', '.join(arguments)})"


def _fit_one_line(formulas: Sequence[Formula]) -> bool:
    """Whether no part that is computed stands in several places, or lies too deep for Python."""
    uses: dict[int, int] = {}
    depths: dict[int, int] = {}
    for part in calls_in(formulas, uses):
        depth = 1 + max(depths.get(id(argument), 0) for argument in part.arguments)
        if uses[id(part)] > 1 or depth > DEEPEST:
            return False
        depths[id(part)] = depth
    return True

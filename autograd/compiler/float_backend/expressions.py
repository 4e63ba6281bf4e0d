"""Formulas of the operation table as Python expressions on floats.

>>> from autograd.formulas.formula import NAMESPACE
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
from autograd.formulas.formula import ZERO, Formula, NoFormulaError
from autograd.formulas.infix import infix
from autograd.formulas.rewriting import rewritten
from autograd.operation import Operation

DEEPEST = 50
"""The deepest nesting of calls in one expression: Python reads no more than about 90."""


def expressions(function: Callable[..., Any], *arguments: Any) -> list[str] | None:
    """Return what a function of formulas returns as Python, None if it has no such form.

    Parts that are used several times have none either: written out, they would be computed again.
    Nor do deeply nested calls, which Python could not read.
    """
    try:
        results = function(*arguments)
        results = results if isinstance(results, list | tuple) else [results]
        return [infix(result, _number, _call) for result in rewritten(results, _in_one_line)]
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


def _in_one_line(call: Formula, uses: int, depth: int) -> Formula:
    """Refuse a part that is used in several places, or nested too deep for Python."""
    if uses > 1 or depth > DEEPEST:
        raise NoFormulaError("a part that needs a name")
    return call


def for_some(
    wanted: Sequence[bool], rule: Callable[..., Sequence[Any]]
) -> Callable[..., list[Any]]:
    """Return a derivative rule that gives 0 for the operands that need no gradient."""

    def partial_rule(*arguments: Any) -> list[Any]:
        slopes = zip(wanted, rule(*arguments), strict=True)
        return [slope if is_wanted else ZERO for is_wanted, slope in slopes]

    return partial_rule

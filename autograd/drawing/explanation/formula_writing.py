r"""Formulas put into characters, in either notation.

>>> import autograd as ag
>>> from autograd.drawing.explanation.node_formulas import derivative_formula
>>> from autograd.drawing.notation import TEXT
>>> x = ag.Value(0.5, "x")
>>> slope = derivative_formula(ag.sqrt(x), 0)
>>> written(slope, TEXT, lambda node: node.label or "y")
'1 / (2 · y)'
>>> print(written(slope, LATEX, lambda node: node.label or "y"))
\frac{1}{2 \cdot y}
"""

from collections.abc import Callable
from typing import Any

from autograd.drawing.explanation.expressions import Expression, Symbolic
from autograd.drawing.notation import LATEX, Style
from autograd.graph import Node

_SUM, _PRODUCT, _SIGNED, _POWER, _ATOM = range(5)
"""How tightly the parts of a formula hold together."""


def written(formula: Symbolic, style: Style, name: Callable[[Node], str]) -> str:
    """Write a formula, with the `name` of each node."""
    return _write(formula, style, name)[0]


def factor(formula: Symbolic, style: Style, name: Callable[[Node], str]) -> str:
    """Write a formula as a factor of a product: in parentheses, where it needs them."""
    text, tightness = _write(formula, style, name)
    return text if tightness >= _POWER else style.in_parentheses(text)


def _write(formula: Any, style: Style, name: Callable[[Node], str]) -> tuple[str, int]:
    """Return the formula and its tightness."""

    def part(operand: Any, tightness: int) -> str:
        text, own = _write(operand, style, name)
        return text if own >= tightness else style.in_parentheses(text)

    if not isinstance(formula, Expression):
        return style.number(formula), _SIGNED if formula < 0 else _ATOM
    function, operands = formula.function, formula.operands
    match function:
        case "":
            return name(operands[0]), _ATOM
        case "…":
            return style.ellipsis, _ATOM
        case "+":
            first, *others = operands or (0.0,)
            terms = [part(first, _SUM), *(part(operand, _PRODUCT) for operand in others)]
            return " + ".join(terms), _SUM if others else _ATOM
        case "-":
            return f"{part(operands[0], _SUM)} - {part(operands[1], _PRODUCT)}", _SUM
        case "neg":
            return f"-{part(operands[0], _PRODUCT)}", _SIGNED
        case "·":
            first, second = operands
            return f"{part(first, _PRODUCT)}{style.dot}{part(second, _POWER)}", _PRODUCT
        case "/" if style is LATEX:
            return style.quotient(part(operands[0], _SUM), part(operands[1], _SUM)), _POWER
        case "/":
            return style.quotient(part(operands[0], _PRODUCT), part(operands[1], _POWER)), _PRODUCT
        case "^":
            exponent = operands[1]
            bare = style is LATEX or not isinstance(exponent, Expression)
            text = part(exponent, _SUM if bare else _ATOM)
            return style.raised(part(operands[0], _ATOM), text), _POWER
        case "<" | "≤" | ">" | "≥" | "=" | "≠":
            left, right = (part(operand, _SUM) for operand in operands)
            return style.comparison(left, function, right), _ATOM
    return style.call(function, [part(operand, _SUM) for operand in operands]), _ATOM

r"""What an explanation remarks on its formulas, and on what `backward` left.

>>> from autograd import Value
>>> from autograd.drawing.explanation.paths import chain_rule_sum
>>> from autograd.drawing.notation import LATEX, TEXT
>>> x = Value(3.0, "x")
>>> outline = Outline(chain_rule_sum(x * x, x, 5))
>>> print(*on_symbols(outline, TEXT))
where x⁽¹⁾ is x at its first use in the forward pass, x⁽²⁾ at its second
>>> print(*on_symbols(outline, LATEX))  # doctest: +ELLIPSIS
\text{where }{x}^{(1)}\text{ is }x\text{ at its first use ...
"""

import math
from collections.abc import Iterator

from autograd.drawing.explanation.outline import Outline
from autograd.drawing.notation import Style
from autograd.graph import NO_GRADIENT


def on_symbols(outline: Outline, style: Style) -> Iterator[str]:
    """Say what brackets and upper indices mean, if there are any."""
    if outline.has_conditions:
        yield style.sentence("where [ ] is 1 if the condition holds, and 0 if not")
    if outline.marked:
        name = outline.name(outline.marked, style)
        first, second = (style.raised(name, f"({place})") for place in (1, 2))
        yield style.sentence(
            "where {first} is {name} at its first use in the forward pass, {second} at its second"
            + (", and so on" if outline.last_place > 2 else ""),
            first=first,
            second=second,
            name=name,
        )


def on_backward(outline: Outline, style: Style) -> Iterator[str]:
    """Compare with what `backward` left, if it was called: the result, and if need be a reason."""
    output, wrt = outline.total.output, outline.total.wrt
    names = {"output": outline.name(output, style), "wrt": outline.name(wrt, style)}
    is_variable = wrt.operation is None
    if output.grad is NO_GRADIENT or wrt.grad is NO_GRADIENT:
        effect = "add this to" if is_variable else "put this into"
        not_yet = f"{{output}}.backward() has not been called yet: it will {effect} {{wrt}}.grad."
        yield style.sentence(not_yet, **names)
        return
    names["held"] = style.number(wrt.grad)
    if math.isclose(wrt.grad, outline.total.gradient, rel_tol=1e-9):
        yield style.sentence("{wrt}.grad = {held}: backward() found the same.", **names)
        return
    yield style.sentence("{wrt}.grad = {held}, which is not this gradient:", **names)
    if is_variable:
        adds_up = "it adds up over outputs and over calls of backward(), until {wrt}.zero_grad()."
        yield style.sentence(adds_up, **names)
    else:
        yield style.sentence("backward() was last called on another output.")

"""`explain`: one gradient as the chain rule composes it."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any

from autograd.diagnosis import (
    require_finite_output,
    require_numbers,
    require_recorded,
    require_unchanged,
)
from autograd.drawing.explanation.latex import explanation_latex
from autograd.drawing.explanation.outline import Outline
from autograd.drawing.explanation.paths import ChainRuleSum, chain_rule_sum
from autograd.drawing.explanation.text import explanation_text
from autograd.drawing.order import nodes_behind
from autograd.errors import ArgumentError, NotANumberError
from autograd.value import Value
from autograd.wording import shown_short


@dataclass(frozen=True, repr=False)
class Explanation(ChainRuleSum):
    """What `explain` returns. It prints as text; a notebook shows it as mathematics.

    >>> import autograd as ag
    >>> x = ag.Value(3.0, "x")
    >>> explanation = ag.explain(x * x + 2 * x, wrt=x)
    >>> explanation.gradient, explanation.path_count
    (8.0, 3)

    Attributes
    ----------
    output, wrt, gradient, paths, path_count, remainder
        See `autograd.drawing.explanation.paths.ChainRuleSum`.
    text : str
    latex : str
        In LaTeX's mathematical mode, without dollar signs around it.
    """

    text: str
    latex: str

    def __repr__(self) -> str:
        return self.text

    def _repr_latex_(self) -> str:
        return f"$${self.latex}$$"


def explain(output: Value, wrt: Value, paths: int = 5) -> Explanation:
    """Explain a gradient: every path of the chain rule, in symbols and in numbers.

    >>> import autograd as ag
    >>> x, w, b = ag.Value(2.0, "x"), ag.Value(-3.0, "w"), ag.Value(6.5, "b")
    >>> y = ag.tanh(w * x + b)
    >>> y.label = "y"
    >>> ag.explain(y, wrt=w)  # doctest: +NORMALIZE_WHITESPACE
    ∂y/∂w = 1.573: a small change of w changes y by 1.573 times as much.
    Forward, the numbers:
      w = -3    x = 2    b = 6.5
      v1 = w · x    = -6
      v2 = v1 + b   = 0.5
      y  = tanh(v2) = 0.4621
    Backward, the derivative of each operation by its input:
      ∂y/∂v2  = 1 - y² = 0.7864
      ∂v2/∂v1 = 1
      ∂v1/∂w  = x      = 2
    The chain rule multiplies them along the path:
      ∂y/∂w = ∂y/∂v2 · ∂v2/∂v1 · ∂v1/∂w
            = (1 - y²) · 1 · x
            = 0.7864 · 1 · 2
            = 1.573
    y.backward() has not been called yet: it will add this to w.grad.

    It computes the gradient itself, and leaves every ``grad`` alone.

    Parameters
    ----------
    output : Value
    wrt : Value
        With respect to what: a variable, or a computed node.
    paths : int
        How many to show, at least 1. If there are more, those that contribute most are shown, and
        the sum of the others.

    Returns
    -------
    Explanation
        Its attributes hold the same as plain data.

    Raises
    ------
    NotANumberError
        If `output` or `wrt` is not a Value, or a node holds something other than a number.
    GraphError
        If `output` is a constant, or a number was changed after the graph was recorded.
    ArgumentError
        If `paths` is not a positive whole number.
    DomainError, NonFiniteError
        If a derivative does not exist, or is not finite.
    """
    _check(output, wrt, paths)
    order = nodes_behind(output)
    require_numbers(order)
    require_unchanged(order)
    require_finite_output(output, "explain() of", order)
    total = chain_rule_sum(output, wrt, paths)
    outline = Outline(total)
    text, latex = explanation_text(outline), explanation_latex(outline)
    return Explanation(**vars(total), text=text, latex=latex)


def _check(output: Any, wrt: Any, paths: Any) -> None:
    for name, thing in (("output", output), ("wrt", wrt)):
        if not isinstance(thing, Value):
            shown = f"{shown_short(thing)} ({type(thing).__name__})"
            advice = ": explain one at a time" if isinstance(thing, list | tuple) else ""
            raise NotANumberError(f"explain({name}=...) takes one Value, not {shown}{advice}")
    require_recorded(output, "explain() of")
    if isinstance(paths, bool) or not isinstance(paths, Integral) or paths < 1:
        raise ArgumentError(f"paths={paths!r}: it must be a whole number, at least 1")

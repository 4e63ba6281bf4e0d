"""How mathematics is put into characters: as text for the terminal, as LaTeX for notebooks.

>>> TEXT.raised("y", "2"), LATEX.raised("y", "2")
('y²', '{y}^{2}')
"""

import math
from collections.abc import Iterable
from string import Formatter
from typing import TypeAlias

_PLAIN, _RAISED = "-0123456789()", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾"


class _Text:
    """For the terminal: ``1 - y²``."""

    dot = " · "
    ellipsis = "…"

    def number(self, number: float) -> str:
        number = float(number) + 0.0  # of a user's int; and 0 of -0
        if number.is_integer() and abs(number) < 1e12:
            return f"{number:.0f}"
        short = f"{number:.4g}"
        # What would round to a whole number keeps its decimals, or 6488.4 would look exact.
        looks_whole = "." not in short or "e+" in short
        return f"{number:.8g}" if looks_whole and abs(number) < 1e8 else short

    def quotient(self, above: str, below: str) -> str:
        return f"{above} / {below}"

    def partial(self, output: str, wrt: str) -> str:
        return f"∂{output}/∂{wrt}"

    def raised(self, base: str, exponent: str) -> str:
        """Write an exponent, or an upper index."""
        if set(exponent) <= set(_PLAIN):
            return base + exponent.translate(str.maketrans(_PLAIN, _RAISED))
        return f"{base}^{exponent}"

    def comparison(self, left: str, sign: str, right: str) -> str:
        """Write 1 where a comparison holds and 0 elsewhere."""
        return f"[{left} {sign} {right}]"

    def in_parentheses(self, text: str) -> str:
        return f"({text})"

    def call(self, name: str, arguments: Iterable[str]) -> str:
        return f"{name}({', '.join(arguments)})"

    def sentence(self, words: str, **mathematics: str) -> str:
        """Put formulas into the words of a sentence, where these have their names in braces."""
        return words.format(**mathematics)


class _Latex:
    """For notebooks: ``1 - y^{2}``, without dollar signs around it."""

    dot = r" \cdot "
    ellipsis = r"\ldots"

    def number(self, number: float) -> str:
        if not math.isfinite(number):
            return {math.inf: r"\infty", -math.inf: r"-\infty"}.get(number, r"\mathrm{nan}")
        mantissa, _, exponent = TEXT.number(number).partition("e")
        return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else mantissa

    def quotient(self, above: str, below: str) -> str:
        return rf"\frac{{{above}}}{{{below}}}"

    def partial(self, output: str, wrt: str) -> str:
        return rf"\frac{{\partial {output}}}{{\partial {wrt}}}"

    def raised(self, base: str, exponent: str) -> str:
        return rf"{{{base}}}^{{{exponent}}}"

    def comparison(self, left: str, sign: str, right: str) -> str:
        sign = {"≤": r"\leq", "≥": r"\geq", "≠": r"\neq"}.get(sign, sign)
        return rf"\left[{left} {sign} {right}\right]"

    def in_parentheses(self, text: str) -> str:
        return rf"\left({text}\right)"

    def call(self, name: str, arguments: Iterable[str]) -> str:
        if name == "sqrt":
            return rf"\sqrt{{{', '.join(arguments)}}}"
        if name == "sigmoid":
            name = r"\sigma"
        elif name in ("exp", "log", "sin", "cos", "tanh", "arctan", "max", "min"):
            name = "\\" + name
        else:
            name = rf"\mathrm{{{latex_escaped(name)}}}"
        return name + self.in_parentheses(", ".join(arguments))

    def sentence(self, words: str, **mathematics: str) -> str:
        pieces = []
        for text, name, _, _ in Formatter().parse(words):
            text = text.replace("_", r"}\_\text{")  # MathJax has no such escape inside of it
            pieces.append(rf"\text{{{text}}}" + (mathematics[name] if name else ""))
        return "".join(pieces).replace(r"\text{}", "")


Style: TypeAlias = _Text | _Latex
"""How the parts of a formula are put into characters."""

TEXT, LATEX = _Text(), _Latex()

_LATEX_CHARACTERS = str.maketrans(
    {
        "\\": r"\backslash ",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "%": r"\%",
        "&": r"\&",
        "#": r"\# ",
        "_": r"\_",
        "^": r"\wedge ",
        "~": r"\sim ",
        " ": r"\ ",
        '"': "''",
        "`": r"\backprime ",
        "<": "{<}",
        ">": "{>}",
    }
)


def latex_escaped(text: str) -> str:
    r"""Write plain text for LaTeX's mathematical mode.

    >>> print(latex_escaped("w_1 {new}"))
    w\_1\ \{new\}
    """
    return text.translate(_LATEX_CHARACTERS)

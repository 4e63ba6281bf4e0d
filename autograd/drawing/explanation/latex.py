"""An explanation as LaTeX for notebooks: one aligned block."""

import itertools
from collections.abc import Iterator

from autograd.drawing.explanation.formula_writing import factor
from autograd.drawing.explanation.outline import Outline
from autograd.drawing.explanation.remarks import on_backward, on_symbols
from autograd.drawing.explanation.text import further_paths
from autograd.drawing.notation import LATEX, latex_escaped

GIVEN_IN_A_ROW = 4
"""More numbers side by side would be wider than a notebook."""


def explanation_latex(outline: Outline) -> str:
    """Write forward pass, local derivatives, the paths and their sum."""
    blocks = [[*_forward(outline)], [*_local_derivatives(outline)], [*_chain_rule(outline)]]
    if outline.steps:
        blocks.append([f"& {remark}" for remark in on_backward(outline, LATEX)])
    rows = " \\\\[1.5ex]\n".join(" \\\\\n".join(block) for block in blocks if block)
    return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"


def _forward(outline: Outline) -> Iterator[str]:
    if outline.steps:
        names = (outline.name(node, LATEX) for node in outline.given)
        numbers = (LATEX.number(node.data) for node in outline.given)
        given = list(zip(names, numbers, strict=True))
        for start in range(0, len(given), GIVEN_IN_A_ROW):
            first, *others = given[start : start + GIVEN_IN_A_ROW]
            rest = "".join(rf" \quad {name} = {number}" for name, number in others)
            yield " &= ".join(first) + rest
    for node in outline.computed:
        equation = f"{outline.name(node, LATEX)} &= {outline.formula(node, LATEX)}"
        yield f"{equation} = {LATEX.number(node.data)}"


def _local_derivatives(outline: Outline) -> Iterator[str]:
    for step in outline.steps:
        symbols = outline.derivative(step, LATEX)
        formula = f"{symbols} = " if symbols else ""
        yield f"{outline.partial(step, LATEX)} &= {formula}{LATEX.number(step.derivative)}"
    yield from (f"& {remark}" for remark in on_symbols(outline, LATEX))


def _chain_rule(outline: Outline) -> Iterator[str]:
    """Write the sum: in derivatives, in symbols, in numbers, and the result."""
    total = outline.total
    parts = [path.product for path in total.paths]
    products = [outline.products(way, LATEX) for way in outline.ways]
    sums = [list(terms) for terms in zip(*products, strict=True)]
    if others := total.path_count - len(total.paths):
        further = rf"\left(\mathrm{{{latex_escaped(further_paths(others))}}}\right)"
        sums = [[*terms, further] for terms in sums]
        parts.append(total.remainder)
    if len(parts) > 1:
        sums.append([" + ".join(factor(part, LATEX, str) for part in parts)])
    sums.append([LATEX.number(total.gradient)])
    left = outline.whole(LATEX)
    for terms, _ in itertools.groupby(sums):
        if any(terms) and terms != [outline.whole(LATEX)]:
            first, *rest = terms
            yield f"{left} &= {first}"
            yield from (rf"&\quad + {term}" for term in rest)
            left = ""

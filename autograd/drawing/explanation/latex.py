"""An explanation as LaTeX for notebooks: one aligned block."""

import itertools
from collections.abc import Iterator, Sequence

from autograd.drawing.explanation.formula_writing import LATEX, factor, latex_escaped
from autograd.drawing.explanation.page import Page
from autograd.drawing.explanation.paths import Step
from autograd.drawing.explanation.text import further_paths


def explanation_latex(page: Page) -> str:
    """Write forward pass, local derivatives, the paths and their sum."""
    blocks = [[*_forward(page)], [*_local_derivatives(page)], [*_chain_rule(page)]]
    rows = " \\\\[1.5ex]\n".join(" \\\\\n".join(block) for block in blocks if block)
    return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"


def _forward(page: Page) -> Iterator[str]:
    if page.steps:
        names = (page.name(node, LATEX) for node in page.given)
        numbers = (LATEX.number(node.data) for node in page.given)
        first, *others = zip(names, numbers, strict=True)
        yield " &= ".join(first) + "".join(rf" \quad {name} = {number}" for name, number in others)
    for node in page.computed:
        equation = f"{page.name(node, LATEX)} &= {page.formula(node, LATEX)}"
        yield f"{equation} = {LATEX.number(node.data)}"


def _local_derivatives(page: Page) -> Iterator[str]:
    for step in page.steps:
        symbols = page.derivative(step, LATEX)
        formula = f"{symbols} = " if symbols else ""
        yield f"{page.partial(step, LATEX)} &= {formula}{LATEX.number(step.derivative)}"


def _chain_rule(page: Page) -> Iterator[str]:
    """Write the sum: in derivatives, in symbols, in numbers, and the result."""
    total = page.total
    parts = [path.product for path in total.paths]
    sums = [
        [_partials(page, way) for way in page.ways],
        [page.product(way, LATEX, in_symbols=True) for way in page.ways],
        [page.product(way, LATEX, in_symbols=False) for way in page.ways],
    ]
    if others := total.path_count - len(total.paths):
        further = rf"\left(\mathrm{{{latex_escaped(further_paths(others))}}}\right)"
        sums = [[*terms, further] for terms in sums]
        parts.append(total.remainder)
    sums.append([" + ".join(factor(part, LATEX, str) for part in parts)])
    sums.append([LATEX.number(total.gradient)])
    left = page.whole(LATEX)
    for terms, _ in itertools.groupby(sums):
        if any(terms) and terms != [page.whole(LATEX)]:
            first, *rest = terms
            yield f"{left} &= {first}"
            yield from (rf"&\quad + {term}" for term in rest)
            left = ""


def _partials(page: Page, way: Sequence[Step | None]) -> str:
    return LATEX.dot.join(page.partial(step, LATEX) if step else LATEX.ellipsis for step in way)

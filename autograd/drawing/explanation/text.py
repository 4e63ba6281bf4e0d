"""An explanation as text for the terminal."""

import itertools
import math
from collections.abc import Iterator, Sequence

from autograd.drawing.explanation.outline import Outline
from autograd.drawing.explanation.paths import Step
from autograd.drawing.explanation.remarks import on_backward, on_symbols
from autograd.drawing.notation import TEXT

WIDTH = 88


def explanation_text(outline: Outline) -> str:
    """Write forward pass, local derivatives, the paths and their sum."""
    sections = [_headline(outline)]
    if outline.steps:
        sections += [
            _forward(outline),
            _local_derivatives(outline),
            _chain_rule(outline),
            " ".join(on_backward(outline, TEXT)),
        ]
    return "\n\n".join(sections)


def _headline(outline: Outline) -> str:
    total = outline.total
    output, wrt = (outline.name(node, TEXT) for node in (total.output, total.wrt))
    number = TEXT.number(total.gradient)
    headline = f"{outline.whole(TEXT)} = {number}"
    if total.output is total.wrt:
        return f"{headline}: the derivative of a number by itself."
    if not total.paths:
        return f"{headline}: {output} does not depend on {wrt}, no path leads from it to {wrt}."
    if total.gradient == 0.0:
        return f"{headline}: a small change of {wrt} does not change {output}, to first order."
    return f"{headline}: a small change of {wrt} changes {output} by {number} times as much."


def _forward(outline: Outline) -> str:
    given = [f"{outline.name(node, TEXT)} = {TEXT.number(node.data)}" for node in outline.given]
    rows = [
        [outline.name(node, TEXT), outline.formula(node, TEXT), TEXT.number(node.data)]
        for node in outline.computed
    ]
    return _section("Forward, the numbers:", [*_side_by_side(given), *_columns(rows)])


def _local_derivatives(outline: Outline) -> str:
    rows = []
    for step in outline.steps:
        symbols = outline.derivative(step, TEXT)
        number = TEXT.number(step.derivative)
        rows.append([outline.partial(step, TEXT), *([symbols] if symbols else []), number])
    lines = _columns(rows)
    lines += on_symbols(outline, TEXT)
    return _section("Backward, the derivative of each operation by its input:", lines)


def _chain_rule(outline: Outline) -> str:
    total = outline.total
    products = zip(outline.ways, (path.product for path in total.paths), strict=True)
    if total.path_count == 1:
        lines = [line for way, number in products for line in _product(outline, way, number, "")]
        return _section("The chain rule multiplies them along the path:", lines)
    lines = []
    for index, (way, number) in enumerate(products):
        lines += _product(outline, way, number, f"path {index + 1}:")
    title = "The chain rule multiplies them along each path, and adds up the paths:"
    return _section(title, [*lines, "", *_sum(outline)])


def _product(outline: Outline, way: Sequence[Step | None], product: float, name: str) -> list[str]:
    """Write the product of the derivatives of a path, and what it is."""
    forms = [*outline.products(way, TEXT), TEXT.number(product)]
    forms = [form for form, _ in itertools.groupby(forms) if form != outline.whole(TEXT)]
    line = f"{name} {' = '.join(forms)}"
    if name and len(line) <= WIDTH:
        return [line]
    left = name or f"{outline.whole(TEXT)} ="
    lines = _wrapped(f"{left} {forms[0]}", len(left) + 1)
    for form in forms[1:]:
        lines += _wrapped(f"{'=':>{len(left)}} {form}", len(left) + 1)
    return lines


def _sum(outline: Outline) -> Iterator[str]:
    total = outline.total
    others = total.path_count - len(total.paths)
    first, *rest = [path.product for path in total.paths] + ([total.remainder] if others else [])
    terms = "".join(f" {'-' if term < 0 else '+'} {TEXT.number(abs(term))}" for term in rest)
    yield f"{outline.whole(TEXT)} = {TEXT.number(first)}{terms} = {TEXT.number(total.gradient)}"
    if others:
        verb = "contributes" if others == 1 else "contribute"
        yield f"where {further_paths(others)} {verb} {TEXT.number(total.remainder)}"


def further_paths(count: int) -> str:
    """Say how many paths are not shown; of very many, the order of magnitude.

    >>> further_paths(1), further_paths(2**30), further_paths(2**100_000)
    ('1 further path', '1,073,741,824 further paths', 'about 1e30103 further paths')
    """
    number = f"{count:,}" if count < 10**18 else f"about 1e{math.log10(count):.0f}"
    return f"{number} further path{'s' if count > 1 else ''}"


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([title, *(f"  {line}" if line else "" for line in lines)])


def _side_by_side(items: Sequence[str]) -> list[str]:
    """Put short items on as few lines as they fit on."""
    lines = [""]
    for item in items:
        if lines[-1] and len(lines[-1]) + len(item) + 4 > WIDTH:
            lines.append("")
        lines[-1] += f"    {item}" if lines[-1] else item
    return lines


def _wrapped(line: str, indent: int) -> list[str]:
    """Break a line that is too long after one of its factors."""
    first, *factors = line.split(TEXT.dot)
    lines = [first]
    for text in factors:
        if len(lines[-1]) + len(TEXT.dot) + len(text) > WIDTH:
            lines[-1] += TEXT.dot.rstrip()
            lines.append(" " * indent + text)
        else:
            lines[-1] += TEXT.dot + text
    return lines


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align ``left = formula = number``, where some rows have no formula.

    A row that is too wide is left as it is, and does not push the numbers of the others aside.
    """
    left = max(len(row[0]) for row in rows)
    fitting = [row for row in rows if len(" = ".join(row)) <= WIDTH]
    middle = max((len(row[1]) for row in fitting if len(row) == 3), default=0)
    return [
        " = ".join([row[0].ljust(left), *(cell.ljust(middle) for cell in row[1:-1]), row[-1]])
        for row in rows
    ]

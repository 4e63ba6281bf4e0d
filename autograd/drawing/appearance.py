"""How a box looks: its colours, its text, and the legend, in Graphviz's HTML-like labels.

The colours are those of Okabe and Ito, which colour-blind readers tell apart: full for the border,
thinned with white for the area, so that black text is readable on each.
"""

import html
import math
from collections.abc import Iterable, Sequence

from autograd.drawing.picture import Box, Edge
from autograd.drawing.roles import Role

COLORS: dict[Role, tuple[str, str]] = {
    "input": ("#0072b2", "#dcecf7"),
    "parameter": ("#c07c00", "#fdf0d5"),
    "constant": ("#8c8c8c", "#eeeeee"),
    "intermediate": ("#4d4d4d", "#ffffff"),
    "output": ("#009e73", "#d6f0e8"),
}
"""The colours of border and area for each role."""

TEXT = "#1f1f1f"
FAINT = "#666666"
LONGEST_LABEL = 40

FONT = "Helvetica"

GRAPH = {
    "bgcolor": "white",
    "fontcolor": FAINT,
    "fontname": FONT,
    "fontsize": "11",
    "nodesep": "0.2",
    "ordering": "in",  # inputs from top to bottom as the formula has them from left to right
    "pad": "0.2",
    "ranksep": "0.5",
}
NODES = {"fontcolor": TEXT, "fontname": FONT, "fontsize": "12", "shape": "plain"}
EDGES = {
    "arrowsize": "0.6",
    "color": "#8c8c8c",
    "fontcolor": FAINT,
    "fontname": FONT,
    "fontsize": "10",
}
STRAIGHT = "10"
"""The weight of an edge between computed boxes: a chain of them is a line, its leaves aside."""

_SIGNS = {"-": "−"}  # a hyphen is hard to see


def box_label(box: Box, number_format: str) -> str:
    """Return the table that a box shows: symbol, label, details, data and gradient."""
    border, area = COLORS[box.role]
    label = escape(box.label)
    lines = [f"<B>{label}</B>"] if label.strip() else []
    if box.details:
        lines.append(small(escape(" · ".join(box.details))))
    rows = [f'<TD COLSPAN="2" ALIGN="LEFT" BALIGN="LEFT">{line}</TD>' for line in lines]
    for name, numbers in (("data", box.data), ("grad", box.gradients)):
        number = html.escape(number_range(numbers, number_format))  # a format may fill with "<"
        rows.append(f'<TD ALIGN="LEFT">{small(name)}</TD><TD ALIGN="RIGHT">{number}</TD>')
    if box.symbol:
        symbol = f'<FONT POINT-SIZE="15">{escape(_SIGNS.get(box.symbol, box.symbol))}</FONT>'
        rows[0] = f'<TD ROWSPAN="{len(rows)}" BORDER="1" SIDES="R">{symbol}</TD>{rows[0]}'
    width = 2 if box.part else 1
    return (
        f'<<TABLE BORDER="{width}" COLOR="{border}" BGCOLOR="{area}" STYLE="ROUNDED" '
        f'CELLBORDER="0" CELLSPACING="0" CELLPADDING="6">{in_rows(rows)}</TABLE>>'
    )


def edge_label(edge: Edge, number_format: str) -> str:
    """Return what stands on an edge: its derivative, or how many numbers it carries."""
    if edge.derivative is not None:
        text = number_text(edge.derivative, number_format, undefined="undefined")
    elif edge.count > 1:
        text = f"{edge.count:,} values"
    else:
        return ""
    return f" {text} "  # keeps off the line


def legend(roles: Iterable[Role], with_derivatives: bool, changed: bool) -> str:
    """Return what stands below a picture: what its colours mean, and whether it is of one piece."""
    present = set(roles)
    cells = []
    for role, (border, area) in COLORS.items():
        if role in present:
            cells.append(
                f'<TD BORDER="1" STYLE="ROUNDED" COLOR="{border}" BGCOLOR="{area}">{role}</TD>'
            )
    if with_derivatives:
        cells.append("<TD>on the edges: local derivatives</TD>")
    rows = ["".join(cells)]
    if changed:
        note = "some numbers were changed after the graph was recorded"
        rows.append(f'<TD COLSPAN="{len(cells)}">{note}</TD>')
    return (
        '<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="6" CELLPADDING="4">'
        f"{in_rows(rows)}</TABLE>>"
    )


def number_range(numbers: Sequence[float | None], number_format: str) -> str:
    """Write one number, or the smallest and the largest of several; "–" where there is none.

    >>> number_range([2.0], ".3g"), number_range([3.0, -1.0, 2.0], ".3g"), number_range([None], "")
    ('2', '-1 to 3', '–')
    """
    known = [number for number in numbers if number is not None]
    if not known:
        return "–"
    if any(map(math.isnan, known)):
        return "nan"
    ends = dict.fromkeys(number_text(end, number_format) for end in (min(known), max(known)))
    return " to ".join(ends)


def number_text(number: float, number_format: str, undefined: str = "nan") -> str:
    """Write a number.

    >>> number_text(1 / 3, ".4g"), number_text(-0.0, ".4g"), number_text(-math.inf, ".4g")
    ('0.3333', '0', '-∞')
    """
    if math.isnan(number):
        return undefined
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    return format(number + 0.0, number_format)  # of 0.0 and -0.0, the sum is 0.0


def escape(text: str) -> str:
    r"""Write any text as part of an HTML-like label, shortened if it is long.

    >>> escape('a < "b"'), escape("two\nlines"), escape("bell \a")
    ('a &#60; &#34;b&#34;', 'two<BR/>lines', 'bell ␇')
    """
    if len(text) > LONGEST_LABEL:
        text = text[: LONGEST_LABEL - 1] + "…"
    lines = text.splitlines()
    return "<BR/>".join("".join(map(_character, line)) for line in lines)


def _character(character: str) -> str:
    """Return a character as XML allows it: control characters have pictures in Unicode."""
    if character < " ":
        return chr(0x2400 + ord(character))
    if character in "<>&\"']":  # old versions of Graphviz cannot read a ] of its own
        return f"&#{ord(character)};"
    if character == "\\":
        return r"\\"  # or Graphviz puts the name of the node for \N
    allowed = not "\ud800" <= character <= "\udfff" and character not in "\ufffe\uffff"
    return character if allowed else "\ufffd"


def small(text: str) -> str:
    """Write text small and grey."""
    return f'<FONT POINT-SIZE="10" COLOR="{FAINT}">{text}</FONT>'


def in_rows(rows: Iterable[str]) -> str:
    """Write the rows of a table."""
    return "".join(f"<TR>{row}</TR>" for row in rows)

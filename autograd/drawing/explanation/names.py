"""Names for the nodes of an explanation: their labels, or v1, v2 and so on.

>>> from autograd import Value
>>> x, y = Value(2.0, "x"), Value(3.0, "x")
>>> names = name_nodes([x, y, x * y], output=None)
>>> [name.text for name in names.values()]
['x', 'x#2', 'v1']
"""

import itertools
import re
from collections.abc import Iterable
from typing import NamedTuple

from autograd.drawing.notation import latex_escaped
from autograd.graph import Node

LONGEST = 32
"""Characters of a label that are shown."""


class Name(NamedTuple):
    """The name of a node in a text, and in LaTeX's mathematical mode."""

    text: str
    latex: str


def name_nodes(nodes: Iterable[Node], output: Node | None) -> dict[Node, Name]:
    """Give each node a name of its own, the output without a label "output"."""
    nodes = list(nodes)
    labels = {node: _shown(str(node.label)) for node in nodes}
    taken = set(labels.values())
    names: dict[Node, Name] = {}
    used: set[str] = set()
    free = (name for i in itertools.count(1) if (name := f"v{i}") not in taken)
    for node in nodes:
        label = labels[node]
        if not label:
            label = "output" if node is output and "output" not in taken else next(free)
        spellings = (f"{label}#{i}" if i > 1 else label for i in itertools.count(1))
        text = next(spelling for spelling in spellings if spelling not in used)
        used.add(text)
        names[node] = _name(text)
    return names


def _shown(label: str) -> str:
    """Put a label on one line, with visible characters only."""
    line = "".join(c if c.isprintable() else "?" for c in " ".join(label.split()))
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _name(text: str) -> Name:
    latex = rf"\mathrm{{{latex_escaped(text)}}}"
    if indexed := re.fullmatch(r"([A-Za-z])(?:_?(\d+))?", text):
        letter, index = indexed.groups()
        latex = f"{letter}_{{{index}}}" if index else letter
    # Parentheses for "x*w + b", among other factors, and for "x²", which may be raised again.
    if not re.fullmatch(r"([^\W⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ]|[.\[\]#'])+", text):
        return Name(f"({text})", rf"\left({latex}\right)")
    return Name(text, latex)

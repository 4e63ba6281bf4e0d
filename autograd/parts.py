"""Which part of a model a node belongs to.

A network is built of parts, neurons in layers, and pictures fold each into one box. The graph has
no place to say which part made a node, and needs none: every node has a label, and a
:class:`PartLabel` is a label that also knows its part. A part holds no nodes, so graphs are still
freed without the cyclic collector.
"""

from dataclasses import dataclass
from typing import Any, Literal, Self


@dataclass(eq=False, slots=True)
class Part:
    """A neuron or a layer, as pictures show it. Two parts are equal only if they are the same.

    Attributes
    ----------
    kind : "neuron" or "layer"
    title : str
        What it is, such as ``"Neuron(2)"``.
    detail : str
        What else there is to say, such as the name of its activation.
    within : Part or None
        The larger part that this one belongs to.
    """

    kind: Literal["neuron", "layer"]
    title: str
    detail: str = ""
    within: "Part | None" = None


class PartLabel(str):
    """A string, the label of a parameter or of the output of a part, which also knows that part.

    >>> neuron = Part("neuron", "Neuron(2)")
    >>> label = PartLabel("w0", neuron)
    >>> label, label.part is neuron
    ('w0', True)
    """

    part: Part

    def __new__(cls, text: str, part: Part) -> Self:
        """Make a string with a part."""
        label = super().__new__(cls, text)
        label.part = part
        return label

    def __getnewargs__(self) -> Any:
        """Copy and pickle with the part."""
        return str(self), self.part


def part_of(label: str) -> Part | None:
    """Return the part that a label names, or None if it is just a string."""
    return label.part if isinstance(label, PartLabel) else None

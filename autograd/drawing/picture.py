"""What there is to see in a graph: boxes and edges, before anybody draws them.

`depicting` makes them. Graphviz draws the resulting `Picture`, and the explorer page folds as its
boxes do.
"""

from dataclasses import dataclass

from autograd.drawing.roles import Role
from autograd.graph import Node
from autograd.parts import Part


@dataclass(frozen=True, eq=False)
class Box:
    """One box of a picture.

    Attributes
    ----------
    key : str
        "n0", "n1" and so on, in the order of the boxes: the same in every run.
    role : str
        "input", "parameter", "constant", "intermediate" or "output".
    label : str
        The label of the node, or what the box stands for, such as "Layer(64, 32)", and what its
        outputs were called.
    symbol : str
        That of the operation; empty for a leaf and for a part of a model.
    details : tuple of str
        What else there is to say, such as "2,080 parameters".
    nodes : tuple of Node
        The nodes inside, each after its inputs. A product of a weighted sum has none.
    data, gradients : tuple of float
        The numbers of the nodes that are used outside the box; None where there is no gradient.
    part : Part or None
        The neuron or layer whose call, or calls, it shows.
    """

    key: str
    role: Role
    label: str
    symbol: str
    details: tuple[str, ...]
    nodes: tuple[Node, ...]
    data: tuple[float, ...]
    gradients: tuple[float | None, ...]
    part: Part | None = None


@dataclass(frozen=True)
class Edge:
    """An arrow from a box to one that uses it.

    Attributes
    ----------
    source, target : str
        Keys of boxes.
    derivative : float or None
        The derivative of the target with respect to the source, nan where it does not exist; None
        if the edge stands for several.
    count : int
        How many edges of the graph it stands for.
    """

    source: str
    target: str
    derivative: float | None
    count: int = 1


@dataclass(frozen=True)
class Picture:
    """Boxes in the order of computation, unless boxes take from each other, and edges.

    Attributes
    ----------
    boxes : tuple of Box
    edges : tuple of Edge
    changed : bool
        Whether a number was changed after the graph was recorded. Then the derivatives on the edges
        belong to another point than the numbers in the boxes.
    """

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    changed: bool = False

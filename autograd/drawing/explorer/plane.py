"""The plane of two inputs, for the explorer page to colour by a score."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from autograd.drawing.explorer.cells import CellGraph
from autograd.errors import ArgumentError, GraphError, NotANumberError, ShapeError
from autograd.real_numbers import checked_values
from autograd.value import Value
from autograd.wording import counted, shown_short


class DecisionPlane:
    """The plane of two inputs, to be coloured by a score, and points of two classes in it.

    >>> import autograd as ag
    >>> x, y = ag.Value(1.0, "x"), ag.Value(0.5, "y")
    >>> score = x - 2 * y
    >>> plane = ag.DecisionPlane([x, y], score, points=[[0.0, 1.0], [2.0, 0.0]], classes=[-1, 1])
    >>> plane
    <DecisionPlane: 2 points>

    Parameters
    ----------
    inputs : two Values
        The leaves of the graph whose numbers run across and up.
    score : Value
        A node of the graph: positive on one side of the boundary, negative on the other.
    points : (n, 2) numbers
    classes : n numbers
        A class is positive, or it is not: +1 and -1, or 1 and 0.

    Raises
    ------
    ArgumentError, NotANumberError
        If `inputs` are not two Values in a list, or `score` is not a Value.
    ShapeError
        If the points are not n pairs of finite numbers with n classes.
    """

    def __init__(
        self,
        inputs: Sequence[Value],
        score: Value,
        points: ArrayLike = (),
        classes: ArrayLike = (),
    ) -> None:
        self.inputs = checked_values(inputs, "inputs")
        if not len(self.inputs) == len(set(self.inputs)) == 2:
            raise ArgumentError(f"a plane has two different inputs, not {shown_short(inputs)}")
        if not isinstance(score, Value):
            raise NotANumberError(f"the score of a plane is a Value, not {shown_short(score)}")
        self.score = score
        self.points = _finite("points", points)
        if self.points.size == 0:
            self.points = np.empty((0, 2))
        self.classes = _finite("classes", classes).ravel()
        if self.points.shape != (len(self.classes), 2):
            raise ShapeError(
                f"points of shape {np.shape(points)} and classes of shape {np.shape(classes)}: "
                "a plane needs n pairs and n classes"
            )

    def __repr__(self) -> str:
        return f"<DecisionPlane: {counted(len(self.points), 'point')}>"

    def on_page(self, graph: CellGraph) -> dict[str, Any]:
        """Return what the page needs.

        Raises
        ------
        GraphError
            If the inputs or the score are not in the graph, or the inputs are not leaves.
        """
        for node in (*self.inputs, self.score):
            if node not in graph.place:
                raise GraphError(f"{node!r} of the plane is not in the graph that is explored")
        for node in self.inputs:
            if node.parents:
                raise GraphError(f"{node!r} is computed: the inputs of a plane are leaves")
        return {
            "inputs": [graph.place[node] for node in self.inputs],
            "score": graph.place[self.score],
            "points": self.points.tolist(),
            "classes": self.classes.tolist(),
        }


def _finite(name: str, numbers: ArrayLike) -> Any:
    try:
        array = np.asarray(numbers, np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"the {name} of a plane are not all numbers: {error}") from None
    if not np.isfinite(array).all():
        raise ArgumentError(f"the {name} of a plane are not all finite")
    return array

"""What the explorer page shows of training: the course of a run, and the plane of two inputs."""

import base64
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from autograd.drawing.explorer.cells import CellGraph, number
from autograd.errors import ArgumentError, GraphError, ShapeError
from autograd.real_numbers import checked_values, real_number
from autograd.value import Value

MOST_NUMBERS = 200_000
"""A page holds so many numbers of a run; of a longer one it keeps epochs evenly spread."""


class TrainingHistory:
    """The numbers of parameters after each epoch of a training, and its loss.

    >>> import autograd as ag
    >>> w = ag.Value(0.0, "w")
    >>> history = ag.TrainingHistory([w])
    >>> for epoch in range(3):
    ...     loss = (w - 4.0) ** 2
    ...     loss.backward()
    ...     w.data -= 0.25 * w.grad
    ...     w.zero_grad()
    ...     history.record(loss)
    >>> history.losses, [snapshot.tolist() for snapshot in history.snapshots]
    ([None, 16.0, 4.0, 1.0], [[0.0], [2.0], [3.0], [3.5]])

    It starts with the parameters as they are, as epoch 0. With `nn.fit` it is
    ``for report in nn.fit(...): history.record(report.loss)``. Give it to `explore`.

    Parameters
    ----------
    parameters : iterable of Value
        Such as ``model.parameters()``.

    Attributes
    ----------
    parameters : list of Value
    losses : list of float or None
        By epoch. There is none of epoch 0, before the training.
    snapshots : list of arrays
        By epoch, the number of each parameter.

    Raises
    ------
    ArgumentError
        If the parameters come in no list.
    NotANumberError
        If one of them is not a Value.
    """

    def __init__(self, parameters: Iterable[Value]) -> None:
        self.parameters = checked_values(parameters, "parameters")
        self.losses: list[float | None] = [None]
        self.snapshots = [self._numbers()]

    def record(self, loss: Value | float) -> None:
        """Keep the parameters as they are now, at the end of an epoch, with its loss.

        Raises
        ------
        NotANumberError, NonFiniteError
            If the loss is no number.
        """
        self.losses.append(loss.data if isinstance(loss, Value) else real_number(loss))
        self.snapshots.append(self._numbers())

    def _numbers(self) -> Any:
        return np.array([parameter.data for parameter in self.parameters], np.float64)

    def on_page(self, graph: CellGraph) -> dict[str, Any]:
        """Return what the page needs, for the parameters that are in its graph.

        Raises
        ------
        GraphError
            If none of them is.
        """
        columns = [i for i, p in enumerate(self.parameters) if p in graph.place]
        if not columns:
            raise GraphError(
                "the output depends on none of the parameters of the training history: "
                "were they another model's?"
            )
        kept = max(2, min(len(self.losses), MOST_NUMBERS // len(columns)))
        epochs = np.unique(np.linspace(0, len(self.losses) - 1, kept).round().astype(int)).tolist()
        numbers = np.array([self.snapshots[epoch][columns] for epoch in epochs], "<f8")
        return {
            "nodes": [graph.place[self.parameters[i]] for i in columns],
            "epochs": epochs,
            "losses": [None if loss is None else number(loss) for loss in self.losses],
            "numbers": base64.b64encode(numbers.tobytes()).decode(),
        }


class DecisionPlane:
    """The plane of two inputs, to be coloured by a score, and points of two classes in it.

    >>> import autograd as ag
    >>> x, y = ag.Value(1.0, "x"), ag.Value(0.5, "y")
    >>> score = x - 2 * y
    >>> plane = ag.DecisionPlane([x, y], score, points=[[0.0, 1.0], [2.0, 0.0]], classes=[-1, 1])

    Parameters
    ----------
    inputs : two Values
        The leaves of the graph that run across and up.
    score : Value
        A node of the graph: positive on one side of the boundary, negative on the other.
    points : (n, 2) numbers
    classes : n numbers
        A class is positive, or it is not: +1 and -1, or 1 and 0.

    Raises
    ------
    GraphError
        If `inputs` are not two Values, or `score` is none.
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
        self.inputs = list(inputs)
        if len(self.inputs) != 2 or not all(isinstance(x, Value) for x in self.inputs):
            raise GraphError(f"a plane has two inputs, Values, not {inputs!r}")
        if not isinstance(score, Value):
            raise GraphError(f"the score of a plane is a Value, not {score!r}")
        self.score = score
        self.points = _finite("points", points)
        if self.points.size == 0:
            self.points = np.empty((0, 2))
        self.classes = _finite("classes", classes).ravel()
        if self.points.shape != (len(self.classes), 2):
            raise ShapeError(
                f"points of shape {np.shape(points)} and classes of shape {np.shape(classes)}: "
                "a plane takes n pairs and n classes"
            )

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

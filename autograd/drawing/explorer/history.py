"""The course of a training, for the explorer page to go through."""

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd.diagnosis import data_of
from autograd.drawing.explorer.cells import CellGraph, in_json
from autograd.errors import ArgumentError, GraphError
from autograd.real_numbers import checked_values, real_number
from autograd.value import Value
from autograd.wording import counted

MOST_NUMBERS = 200_000
"""The numbers of a run that a page can hold; of a longer one it keeps epochs evenly spread."""


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
    >>> history
    <TrainingHistory: 3 epochs of 1 parameter>

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
        By epoch; None for epoch 0, before the training.
    snapshots : list of arrays
        By epoch, the number of each parameter.

    Raises
    ------
    ArgumentError
        If the parameters are not in a list, or one of them is no variable.
    NotANumberError
        If one of them is not a Value, or holds something other than a number.
    """

    def __init__(self, parameters: Iterable[Value]) -> None:
        self.parameters = checked_values(parameters, "parameters")
        for parameter in self.parameters:
            if parameter.operation is not None:
                raise ArgumentError(
                    f"{parameter!r} is computed or constant: a training changes variables only"
                )
        self.losses: list[float | None] = [None]
        self.snapshots = [data_of(self.parameters)]

    def record(self, loss: Value | float) -> None:
        """Keep the parameters as they are now, at the end of an epoch, with its loss.

        Raises
        ------
        NotANumberError, NonFiniteError
            If the loss or a parameter is not a number. Then nothing is kept.
        """
        loss = real_number(loss.data if isinstance(loss, Value) else loss)
        self.snapshots.append(data_of(self.parameters))
        self.losses.append(loss)

    def __repr__(self) -> str:
        epochs = counted(len(self.losses) - 1, "epoch")
        return f"<TrainingHistory: {epochs} of {counted(len(self.parameters), 'parameter')}>"

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
                "do they belong to another model?"
            )
        kept = max(2, min(len(self.losses), MOST_NUMBERS // len(columns)))
        epochs = np.unique(np.linspace(0, len(self.losses) - 1, kept).round().astype(int)).tolist()
        numbers = np.array([self.snapshots[epoch][columns] for epoch in epochs], "<f8")
        return {
            "nodes": [graph.place[self.parameters[i]] for i in columns],
            "epochs": epochs,
            "losses": [None if loss is None else in_json(loss) for loss in self.losses],
            "numbers": base64.b64encode(numbers.tobytes()).decode(),
        }

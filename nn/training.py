"""`fit`: the training loop of the lecture, made visible.

Draw a random batch of samples x and targets y; forward to the predictions; the loss of the batch;
backward, and update the parameters. Again, until the data has been seen; that is an epoch.
"""

import copy
import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import autograd as ag
from autograd import Value
from autograd.errors import (
    ArgumentError,
    DivergenceError,
    DomainError,
    NonFiniteError,
    StateError,
)
from nn.archive import read_archive, write_archive
from nn.data import Data, check_data, minibatches
from nn.layers import Seed
from nn.optimizers import Optimizer


@dataclass(frozen=True)
class EpochReport:
    """What an epoch of training came to.

    Attributes
    ----------
    epoch : int
        Counted from 1.
    loss : float
        The mean over the samples, each as it was when its batch was trained on.
    metric : float
        The mean of `metric` over the same predictions, nan without one.
    validation : float
        The mean of `metric` over the validation data after the epoch, nan without them.
    seconds : float
        Of the training, without the validation.
    """

    epoch: int
    loss: float
    metric: float
    validation: float
    seconds: float


def fit(
    model: Callable[[Any], Any],
    X: Data,
    y: Data,
    loss: Callable[[Any, Any], Value],
    optimizer: Optimizer,
    *,
    epochs: int,
    batch_size: int = 32,
    rng: Seed = None,
    penalty: Callable[[], Value] | None = None,
    metric: Callable[[Any, Any], float] | None = None,
    validation: tuple[Data, Data] | None = None,
    checkpoint: str | Path | None = None,
    resume: bool = False,
) -> Iterator[EpochReport]:
    """Train a model by mini-batch gradient descent, and yield a report after each epoch.

    >>> import nn
    >>> model = nn.MLP(1, [1], rng=0)
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> optimizer = nn.SGD(model.parameters(), lr=0.1)
    >>> for report in nn.fit(model, X, y, nn.mse_loss, optimizer, epochs=200, rng=0):
    ...     pass
    >>> report.epoch, report.loss < 1e-3
    (200, True)
    >>> round(model([3.0]).data, 1)
    7.0

    It trains as it is iterated: leave the loop and training stops there.

    Parameters
    ----------
    model : callable
        From one input, an item of `X`, to a prediction.
    X, y : lists, or arrays with a leading axis, of n inputs and their n targets
    loss : callable
        ``loss(prediction, target)`` of one sample, a Value.
    optimizer : Optimizer
        Holds the parameters to train.
    epochs : int
        How often to go through the data, in all.
    batch_size : int
        The loss of a step is the mean over so many samples.
    rng : numpy.random.Generator, int or None
        Draws the batches. Seeded runs repeat exactly.
    penalty : callable, optional
        ``penalty()`` is a Value added to the loss of each batch, such as an `l2_penalty`.
    metric : callable, optional
        ``metric(prediction, target)`` of one sample, a float to report.
    validation : (X, y), optional
        Data that the model is not trained on, to report the metric of after each epoch.
    checkpoint : path, optional
        Where to save, after each epoch, all that is needed to go on.
    resume : bool
        Go on from `checkpoint` if it exists: the reports of the epochs done before come first, and
        everything is as if training had not been interrupted.

    Yields
    ------
    EpochReport

    Raises
    ------
    ShapeError, ArgumentError
        If the data or the numbers make no sense.
    DivergenceError
        If a step fails since numbers leave the range of floats. It names the step and the last
        finite loss; the parameters are those of the step before.
    StateError
        If the checkpoint is damaged or of another training.

    Notes
    -----
    Ctrl-C ends it with KeyboardInterrupt, as always; the parameters are then those of the last
    whole step. A progress bar shows on a terminal if tqdm is installed.
    """
    check_data(X, y)
    if not epochs >= 0:
        raise ArgumentError(f"epochs={epochs!r}: it takes a whole number from 0 on")
    if resume and checkpoint is None:
        raise ArgumentError("resume=True takes the checkpoint to resume from: checkpoint=path")
    if validation is not None:
        check_data(*validation)
        if metric is None:
            raise ArgumentError("validation data take a metric to report: metric=nn.accuracy")
    generator = np.random.default_rng(rng)
    minibatches(X, y, batch_size, np.random.default_rng(0))  # complains now, not in the loop
    step = _Step(model, loss, optimizer, penalty, metric)
    held_out = None if validation is None else (_rows(validation[0]), _rows(validation[1]))
    return _epochs(
        step, _rows(X), _rows(y), held_out, epochs, batch_size, generator, checkpoint, resume
    )


def _epochs(
    step: "_Step",
    X: Sequence[Any],
    y: Sequence[Any],
    held_out: tuple[Sequence[Any], Sequence[Any]] | None,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    checkpoint: str | Path | None,
    resume: bool,
) -> Iterator[EpochReport]:
    reports: list[EpochReport] = []
    if checkpoint is not None and resume and Path(checkpoint).exists():
        reports = _load_checkpoint(checkpoint, step.optimizer, rng, epochs)
        yield from reports
    for epoch in range(len(reports) + 1, epochs + 1):
        start = time.perf_counter()
        loss_sum = metric_sum = 0.0
        batches = minibatches(X, y, batch_size, rng)
        for inputs, targets in _progress(batches, -(-len(X) // batch_size), f"epoch {epoch}"):
            batch_loss, batch_metric = step(inputs, targets)
            loss_sum += batch_loss * len(inputs)
            metric_sum += batch_metric * len(inputs)
        seconds = time.perf_counter() - start
        validation = math.nan if held_out is None else step.mean_metric(*held_out)
        reports.append(
            EpochReport(epoch, loss_sum / len(X), metric_sum / len(X), validation, seconds)
        )
        if checkpoint is not None:
            _save_checkpoint(checkpoint, step.optimizer, rng, reports)
        yield reports[-1]


class _Step:
    """One step of training: forward, loss, backward, update."""

    def __init__(
        self,
        model: Callable[[Any], Any],
        loss: Callable[[Any, Any], Value],
        optimizer: Optimizer,
        penalty: Callable[[], Value] | None,
        metric: Callable[[Any, Any], float] | None,
    ) -> None:
        self.model = model
        self.loss = loss
        self.optimizer = optimizer
        self.penalty = penalty
        self.metric = metric
        self.last_loss: float | None = None

    def __call__(self, inputs: Sequence[Any], targets: Sequence[Any]) -> tuple[float, float]:
        """Train on a batch, and return the means of its loss and its metric before the update."""
        try:
            with ag.collector_paused():
                self.last_loss, metric = self._train(inputs, targets)
        except (NonFiniteError, DomainError) as error:
            number = self.optimizer.steps + 1
            raise DivergenceError(
                f"training stopped at step {number}: {error}. "
                f"The last finite loss is {self.last_loss}. Try a smaller learning rate",
                number,
                self.last_loss,
            ) from error
        return self.last_loss, metric

    def mean_metric(self, inputs: Sequence[Any], targets: Sequence[Any]) -> float:
        """Return the mean of the metric over data, without training on them."""
        assert self.metric is not None
        with ag.no_grad():
            metrics = [self.metric(self.model(x), y) for x, y in zip(inputs, targets, strict=True)]
        return sum(metrics) / len(metrics)

    def _train(self, inputs: Sequence[Any], targets: Sequence[Any]) -> tuple[float, float]:
        predictions = [self.model(x) for x in inputs]
        pairs = list(zip(predictions, targets, strict=True))
        loss = ag.mean(self.loss(prediction, target) for prediction, target in pairs)
        if self.penalty is not None:
            loss = loss + self.penalty()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        if self.metric is None:
            return loss.data, math.nan
        return loss.data, sum(self.metric(*pair) for pair in pairs) / len(pairs)


def _progress(batches: Iterable[Any], total: int, title: str) -> Iterable[Any]:
    """Show a bar on standard error, if that is a terminal and tqdm is installed."""
    if not sys.stderr.isatty():
        return batches
    try:
        from tqdm import tqdm
    except ImportError:
        return batches
    return tqdm(batches, title, total, leave=False, delay=0.5, unit="batch")


def _rows(data: Data) -> Sequence[Any]:
    """Make lists of arrays: Python computes with its own floats in half the time."""
    return list(data.tolist() if isinstance(data, np.ndarray) else data)


def _save_checkpoint(
    path: str | Path, optimizer: Optimizer, rng: np.random.Generator, reports: list[EpochReport]
) -> None:
    arrays = {
        "parameters": np.array([parameter.data for parameter in optimizer.parameters]),
        "steps": np.array(optimizer.steps),
        "rng": np.array(json.dumps(rng.bit_generator.state, default=lambda array: array.tolist())),
        "reports": np.array([astuple(report) for report in reports]),
    }
    state = {f"optimizer.{name}": array for name, array in optimizer.state.items()}
    write_archive(path, arrays | state)


def _load_checkpoint(
    path: str | Path, optimizer: Optimizer, rng: np.random.Generator, epochs: int
) -> list[EpochReport]:
    """Put the optimizer, its parameters and `rng` back to where they were; return the reports."""
    arrays = read_archive(path)
    prefix = "optimizer."
    state = {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
    try:
        numbers = arrays["parameters"].tolist()
        reports = [EpochReport(int(row[0]), *map(float, row[1:])) for row in arrays["reports"]]
        if len(reports) > epochs:
            raise ValueError(f"it has trained for {len(reports)} epochs, more than {epochs}")
        if len(numbers) != len(optimizer.parameters):
            raise ValueError(f"it has {len(numbers)} parameters, not {len(optimizer.parameters)}")
        restored_rng = copy.deepcopy(rng)
        restored_rng.bit_generator.state = json.loads(str(arrays["rng"]))
        optimizer.restore(int(arrays["steps"]), state)
    except (KeyError, ValueError, TypeError) as error:
        raise StateError(f"{path} is no checkpoint of this training: {error}") from error
    for parameter, number in zip(optimizer.parameters, numbers, strict=True):
        parameter.data = number
    rng.bit_generator.state = restored_rng.bit_generator.state
    return reports

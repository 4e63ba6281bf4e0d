"""`fit`: the training loop of the lecture, made visible.

Draw a random batch of samples x and targets y; forward to the predictions; the loss of the batch;
backward, and update the parameters. Again, until the data has been seen; that is an epoch.
"""

import abc
import copy
import json
import math
import operator
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import autograd as ag
from autograd import Value
from autograd.derivatives import map_numbers, numbers_in
from autograd.errors import (
    ArgumentError,
    DivergenceError,
    DomainError,
    NonFiniteError,
    ShapeError,
    StateError,
)
from autograd.graph import topological_order
from nn.archive import checked_array, read_archive, write_archive
from nn.data import Data, check_data, minibatches
from nn.interrupts import interrupts_deferred
from nn.layers import Seed
from nn.optimizers import Optimizer
from nn.progress import progress


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
    compiled: bool = True,
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
    compiled : bool
        Record one sample and run all as NumPy arrays: the same numbers up to rounding, twenty to
        ninety times as fast in the demos and the benchmark.
        Otherwise each sample is recorded and differentiated by itself, which also
        works for a model that does something else for each sample, or takes inputs of many lengths.
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
    if not isinstance(epochs, int) or epochs < 0:
        raise ArgumentError(f"epochs={epochs!r}: it takes a whole number from 0 on")
    if resume and checkpoint is None:
        raise ArgumentError("resume=True takes the checkpoint to resume from: checkpoint=path")
    if validation is not None:
        check_data(*validation)
        if metric is None:
            raise ArgumentError("validation data take a metric to report: metric=nn.accuracy")
    generator = np.random.default_rng(rng)
    minibatches(X, y, batch_size, np.random.default_rng(0))  # complains now, not in the loop
    kind, form = (_CompiledStep, _array) if compiled else (_EagerStep, _rows)
    step = kind(model, loss, optimizer, penalty, metric)
    held_out = None if validation is None else (form(validation[0]), form(validation[1]))
    data = _Data(form(X), form(y), held_out)
    if compiled:
        _check_targets(model, loss, optimizer, data)
    return _epochs(step, data, epochs, batch_size, generator, checkpoint, resume)


def _check_targets(
    model: Callable[[Any], Any],
    loss: Callable[[Any, Any], Value],
    optimizer: Optimizer,
    data: "_Data",
) -> None:
    """Show every target to the loss as a number, since compiled it sees them as Values only.

    Raises
    ------
    ArgumentError
        If the loss refuses one, or depends on none of the parameters of the optimizer.
    """
    prediction = model(data.inputs[0].tolist())
    for target in np.unique(data.targets, axis=0).tolist():
        try:
            value = loss(prediction, target)
        except (NonFiniteError, DomainError):
            continue  # of a prediction and a target that do not belong together
        if not isinstance(value, Value):
            raise ArgumentError(f"the loss of a sample is a Value, not {value!r}")
        if set(optimizer.parameters).isdisjoint(topological_order(value)):
            raise ArgumentError(
                "the loss depends on none of the optimizer's parameters: were they another model's?"
            )


class _Data(NamedTuple):
    inputs: Any
    targets: Any
    held_out: tuple[Any, Any] | None


def _epochs(
    step: "_Step",
    data: _Data,
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
        reports.append(_epoch(epoch, step, data, batch_size, rng))
        if checkpoint is not None:
            _save_checkpoint(checkpoint, step.optimizer, rng, reports)
        yield reports[-1]


def _epoch(
    epoch: int, step: "_Step", data: _Data, batch_size: int, rng: np.random.Generator
) -> EpochReport:
    """Train on each sample once."""
    start = time.perf_counter()
    size, loss_sum, metric_sum = len(data.inputs), 0.0, 0.0
    batches = minibatches(data.inputs, data.targets, batch_size, rng)
    step.started()
    try:
        n_batches = -(-size // batch_size)
        for inputs, targets in progress(batches, n_batches, f"epoch {epoch}", unit="batch"):
            loss, metric = step(inputs, targets)
            loss_sum += loss * len(inputs)
            metric_sum += metric * len(inputs)
    finally:
        step.finished()
    seconds = time.perf_counter() - start
    validation = math.nan if data.held_out is None else step.validate(*data.held_out)
    return EpochReport(epoch, loss_sum / size, metric_sum / size, validation, seconds)


class _Step(abc.ABC):
    """A step of training, on a batch of samples, and the metric on others."""

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

    def __call__(self, inputs: Any, targets: Any) -> tuple[float, float]:
        """Train on a batch, and return the means of its loss and its metric before the update."""
        try:
            self.last_loss, metric = self.train(inputs, targets)
        except (NonFiniteError, DomainError) as error:
            number = self.optimizer.steps + 1
            raise DivergenceError(
                f"training stopped at step {number}: {error}. "
                f"The last finite loss is {self.last_loss}. "
                "If the data are right, try a smaller learning rate",
                number,
                self.last_loss,
            ) from error
        return self.last_loss, metric

    @abc.abstractmethod
    def train(self, inputs: Any, targets: Any) -> tuple[float, float]:
        """Do forward, loss, backward and update; return the means of the loss and the metric."""

    @abc.abstractmethod
    def validate(self, inputs: Any, targets: Any) -> float:
        """Return the mean of the metric over samples, without training on them."""

    @abc.abstractmethod
    def started(self) -> None:
        """Take the parameters from the Values."""

    @abc.abstractmethod
    def finished(self) -> None:
        """Give the parameters back to the Values."""

    def mean_metric(self, predictions: Iterable[Any], targets: Sequence[Any]) -> float:
        """Return the mean of the metric, nan if there is none."""
        if self.metric is None:
            return math.nan
        metrics = [self.metric(*pair) for pair in zip(predictions, targets, strict=True)]
        return sum(metrics) / len(metrics)


class _EagerStep(_Step):
    """Records the graph of each batch anew."""

    def train(self, inputs: Any, targets: Any) -> tuple[float, float]:
        with ag.collector_paused():
            predictions = [self.model(x) for x in inputs]
            loss = ag.mean(map(self.loss, predictions, targets))
            if self.penalty is not None:
                loss = loss + self.penalty()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            return loss.data, self.mean_metric(predictions, targets)

    def validate(self, inputs: Any, targets: Any) -> float:
        with ag.no_grad():
            return self.mean_metric(map(self.model, inputs), targets)

    def started(self) -> None:
        """Do nothing: the parameters stay in the Values."""

    def finished(self) -> None:
        """Do nothing: the parameters stay in the Values."""


class _CompiledStep(_Step):
    """Records the graph of one sample, once, and runs it on whole batches.

    The parameters are kept as one vector. The Values get them at the end of an epoch.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.program = ag.compile(self.loss_and_prediction, parameters=self.optimizer.parameters)
        self.theta = self.optimizer.read()
        self.prediction_form: Any = None

    def loss_and_prediction(self, x: Any, y: Any) -> list[Any]:
        """Return what is needed of a sample: the loss first, to be differentiated."""
        prediction = self.model(x)
        loss = self.loss(prediction, y)
        if self.penalty is not None:
            loss = loss + self.penalty()
        self.prediction_form = map_numbers(lambda number: 0.0, prediction)
        return [loss, *numbers_in(prediction)]

    def train(self, inputs: Any, targets: Any) -> tuple[float, float]:
        outputs, gradient = self.program.outputs_and_grad(self.theta, inputs, targets)
        with interrupts_deferred():
            self.theta = self.optimizer.advance(self.theta, gradient)
        return float(outputs[:, 0].mean()), self.mean_metric(self.predictions(outputs), targets)

    def validate(self, inputs: Any, targets: Any) -> float:
        outputs = self.program.map(inputs, targets)
        return self.mean_metric(self.predictions(outputs), targets)

    def predictions(self, outputs: Any) -> Iterator[Any]:
        """Yield the prediction of each sample, nested as the model returned it."""
        for row in outputs[:, 1:].tolist():
            yield _nested(self.prediction_form, iter(row))

    def started(self) -> None:
        self.theta = self.optimizer.read()

    def finished(self) -> None:
        with interrupts_deferred():
            self.optimizer.write(self.theta)


def _nested(form: Any, numbers: Iterator[float]) -> Any:
    """Put numbers into lists nested as `form`."""
    if isinstance(form, list | tuple):
        return type(form)([_nested(item, numbers) for item in form])
    return next(numbers)


def _rows(data: Data) -> Sequence[Any]:
    """Make lists of arrays: Python computes with its own floats in half the time."""
    return list(data.tolist() if isinstance(data, np.ndarray) else data)


def _array(data: Data) -> NDArray[Any]:
    """Make an array of lists.

    Raises
    ------
    ShapeError
        If they have different lengths.
    """
    try:
        return np.asarray(data)
    except ValueError as error:
        raise ShapeError(
            f"compiled training takes samples of one shape: {error}. compiled=False takes any"
        ) from error


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
        theta = checked_array("parameters", arrays["parameters"], (len(optimizer.parameters),))
        rows = np.asarray(arrays["reports"], np.float64)
        reports = [EpochReport(int(row[0]), *row[1:]) for row in rows.tolist()]
        if not 1 <= len(reports) <= epochs:
            raise StateError(f"it has trained for {len(reports)} epochs, not 1 to {epochs}")
        steps = operator.index(arrays["steps"].item())
        restored_rng = copy.deepcopy(rng)
        restored_rng.bit_generator.state = json.loads(str(arrays["rng"]))
        with interrupts_deferred():
            optimizer.restore(steps, state)
            optimizer.write(theta)
            rng.bit_generator.state = restored_rng.bit_generator.state
    except KeyError as error:
        raise StateError(f"{path} is no checkpoint of fit: it has no entry {error}") from error
    except Exception as error:  # damage can raise anything
        raise StateError(f"{path} is no checkpoint of this training: {error}") from error
    return reports

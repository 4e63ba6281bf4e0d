"""`fit`: the training loop of the lecture, made visible.

Draw a random batch of samples x and targets y; forward to the predictions; the loss of the batch;
backward, and update the parameters. Again, until the data has been seen; that is an epoch. A step
is done in `nn.steps`, what an epoch leaves behind is kept in `nn.checkpoints`.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import Value, no_grad
from autograd.errors import ArgumentError, DomainError, NonFiniteError, ShapeError
from autograd.files import as_path
from nn.arguments import Seed, random_generator, require, require_callable, whole_number
from nn.checkpoints import load_checkpoint, require_writable, save_checkpoint
from nn.data import Data, checked_data, minibatches
from nn.optimizers import Optimizer
from nn.progress import progress
from nn.reports import EpochReport
from nn.steps import CompiledStep, EagerStep, Step

if TYPE_CHECKING:  # the compiler is imported when it is needed
    from autograd.compiler.program import Backend


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
    backend: "Backend | None" = None,
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
        ``metric(prediction, target)`` of one sample, a float to report. It gets floats, nested as
        the model returns its Values.
    validation : (X, y), optional
        Data that the model is not trained on, to report the metric of after each epoch.
    compiled : bool
        Record one sample and run all as NumPy arrays: the same numbers up to rounding, fifteen to
        seventy times as fast in the demos and the benchmark. Otherwise each sample is recorded and
        differentiated by itself, which also works for a model that does something else for each
        sample, or takes inputs of many lengths.
    backend : Backend, optional
        What runs the compiled program, instead of NumPy: see `autograd.compile`.
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
    StateError, FileError
        If the checkpoint is damaged or of another training, or cannot be written.

    Notes
    -----
    Ctrl-C ends it with KeyboardInterrupt, as always; the parameters are then those of the last
    whole step. A progress bar shows on a terminal if tqdm is installed.
    """
    require_callable(model, "model", "an nn.MLP")
    require_callable(loss, "loss", "nn.mse_loss")
    takes = "an Optimizer, such as nn.SGD(model.parameters(), lr=0.1)"
    require(isinstance(optimizer, Optimizer), optimizer, "optimizer", takes)
    if penalty is not None:
        require_callable(penalty, "penalty", "lambda: nn.l2_penalty(parameters)")
    if metric is not None:
        require_callable(metric, "metric", "nn.accuracy")
    for name, flag in (("compiled", compiled), ("resume", resume)):
        require(flag in (True, False), flag, name, "True or False")
    epochs = whole_number(epochs, "epochs", least=0)
    if resume and checkpoint is None:
        raise ArgumentError("resume=True takes the checkpoint to resume from: checkpoint=path")
    if checkpoint is not None:
        require_writable(checkpoint)
    if validation is not None:
        is_pair = isinstance(validation, tuple | list) and len(validation) == 2
        require(is_pair, validation, "validation", "a pair of inputs and targets, (X, y)")
        validation = checked_data(*validation)
        if metric is None:
            raise ArgumentError("validation data take a metric to report: metric=nn.accuracy")
    batch_size = whole_number(batch_size, "batch_size")
    X, y = checked_data(X, y)
    generator = random_generator(rng)
    if backend is not None and not compiled:
        raise ArgumentError("backend is what runs a compiled program: leave out compiled=False")
    parts = model, loss, optimizer, penalty, metric
    step: Step = CompiledStep(*parts, backend=backend) if compiled else EagerStep(*parts)

    def form(data: Data, name: str) -> Any:
        return _array(data, name) if compiled else _rows(data)

    held_out = None
    if validation is not None:
        held_out = form(validation[0], "validation[0]"), form(validation[1], "validation[1]")
        _check_input(model, held_out[0])
    data = _Data(form(X, "X"), form(y, "y"), held_out)
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
    prediction, checked = model(data.inputs[0].tolist()), False
    for target in np.unique(data.targets, axis=0).tolist():
        try:
            value = loss(prediction, target)
        except (NonFiniteError, DomainError):
            continue  # of a prediction and a target that do not belong together
        if not isinstance(value, Value):
            raise ArgumentError(f"the loss of a sample is a Value, not {value!r}")
        if not checked:  # once: it takes a walk through the graph
            optimizer.require_effect_on(value)
            checked = True


def _check_input(model: Callable[[Any], Any], inputs: Any) -> None:
    """Show the model an input of the validation data before it trains: an epoch would be lost.

    What the model raises if it refuses it is not caught.
    """
    (first,) = _rows(inputs[:1])
    with no_grad(), contextlib.suppress(NonFiniteError, DomainError):  # training may change that
        model(first)


class _Data(NamedTuple):
    inputs: Any
    targets: Any
    held_out: tuple[Any, Any] | None


def _epochs(
    step: Step,
    data: _Data,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    checkpoint: str | Path | None,
    resume: bool,
) -> Iterator[EpochReport]:
    reports: list[EpochReport] = []
    if checkpoint is not None and resume and as_path(checkpoint).exists():
        reports = load_checkpoint(checkpoint, step.optimizer, rng, epochs)
        yield from reports
    for epoch in range(len(reports) + 1, epochs + 1):
        reports.append(_epoch(epoch, step, data, batch_size, rng))
        if checkpoint is not None:
            save_checkpoint(checkpoint, step.optimizer, rng, reports)
        yield reports[-1]


def _epoch(
    epoch: int, step: Step, data: _Data, batch_size: int, rng: np.random.Generator
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


def _rows(data: Data) -> Sequence[Any]:
    """Make lists of arrays: Python computes with its own floats in half the time."""
    return list(data.tolist() if isinstance(data, np.ndarray) else data)


def _array(data: Data, name: str) -> NDArray[Any]:
    """Make an array of lists.

    Raises
    ------
    ShapeError
        If they have different lengths.
    ArgumentError
        If they hold something else than numbers.
    """
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise ShapeError(
            f"compiled training takes samples of one shape: {error}. compiled=False takes any"
        ) from error
    if array.dtype.kind not in "fiub":
        raise ArgumentError(f"{name} is an array of {array.dtype}: give numbers")
    return array

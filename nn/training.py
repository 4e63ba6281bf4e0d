"""`fit`: the training loop of every lecture, made visible.

Draw a random batch of samples x and targets y; forward to the predictions; the loss of the batch;
backward, and update the parameters. Repeat until all data have been seen: that is an epoch. A step
is done in `nn.steps`, and `nn.checkpoints` keeps what is needed to go on after an epoch.
"""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Value
from autograd.errors import ArgumentError, NothingTrainedWarning
from autograd.files import as_path
from autograd.user_code import warn_user_code
from nn.arguments import Seed, random_generator, require, whole_number
from nn.checkpoints import load_checkpoint, require_writable, save_checkpoint
from nn.data import Data, TrainingData, minibatches, training_data
from nn.metrics import Metric
from nn.objective import Objective
from nn.optimizer import Optimizer
from nn.progress import Progress
from nn.reports import EpochReport
from nn.steps import CompiledStep, EagerStep, Step

if TYPE_CHECKING:  # the compiler is imported when it is needed
    from autograd.compiler.backend import Backend


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
    metric: Metric | None = None,
    validation: tuple[Data, Data] | None = None,
    compiled: bool = True,
    backend: "Backend | None" = None,
    checkpoint: str | Path | None = None,
    resume: bool = False,
) -> "Training":
    """Train a model by mini-batch gradient descent, with a report after each epoch.

    It trains as it is iterated: ``nn.fit(...)`` alone does nothing, and if you leave the loop,
    training stops there.

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

    Parameters
    ----------
    model : callable
        From one input to a prediction. It gets an item of `X`; if that is an array, as a list.
    X, y : lists, or arrays with a leading axis, of n inputs and their n targets
        Not to be changed while it trains.
    loss : callable
        ``loss(prediction, target)`` of one sample, a Value.
    optimizer : Optimizer
        Holds the parameters to train.
    epochs : int
        How often to go through the data, in total.
    batch_size : int
        The loss of a step is the mean over this many samples.
    rng : numpy.random.Generator, int or None
        Draws the batches. Seeded runs repeat exactly.
    penalty : callable, optional
        ``penalty()`` is a Value added to the loss of each batch, such as an `l2_penalty`.
    metric : callable, optional
        ``metric(prediction, target)`` of one sample, a number to report, such as `accuracy`. It
        gets floats, nested as the model returns its Values, and should use nothing else: the model
        may not have the latest parameters yet. It is called in Python for each sample.
    validation : (X, y), optional
        Data that the model is not trained on. Each report has the means of the loss and of the
        metric over them.
    compiled : bool
        Record one sample and run all as NumPy arrays: the same numbers up to rounding, fifteen to a
        hundred times as fast in the demos and the benchmark. Otherwise each sample is recorded and
        differentiated by itself, which also works for a model that does something different for
        each sample, or takes inputs of many lengths.
    backend : Backend, optional
        What runs the compiled program, instead of NumPy: see `autograd.compile`.
    checkpoint : path, optional
        Where to save, after each epoch, all that is needed to go on.
    resume : bool
        Go on from `checkpoint` if it exists: the reports of the epochs done before come first,
        while the parameters are already as they were after the last of them. Everything is as if
        training had not been interrupted, if all other arguments are as they were. Parameters, the
        state of the optimizer and that of `rng` are restored, so that another seed changes nothing.
        The rest is not compared: another learning rate, batch size, loss or other data take effect
        from there on.

    Returns
    -------
    Training
        An iterator of `EpochReport`.

    Raises
    ------
    ShapeError, ArgumentError
        If the data or the numbers make no sense.
    DivergenceError
        If a step, or the validation after it, fails because numbers leave the range of floats. It
        names the step and the last finite loss; the parameters are those of the last whole step.
    StateError, FileError
        If the checkpoint is damaged or of another training run, or cannot be written.

    Warns
    -----
    NothingTrainedWarning
        If nothing asks for the first report.

    Notes
    -----
    Ctrl-C ends it with KeyboardInterrupt, as always; the parameters are then those of the last
    whole step. A progress bar shows on a terminal if tqdm is installed, and in a notebook if
    ipywidgets is, too.
    """
    _check_options(compiled, backend, checkpoint, resume)
    epochs = whole_number(epochs, "epochs", least=0)
    batch_size = whole_number(batch_size, "batch_size")
    generator = random_generator(rng)
    parts = Objective(model, loss, penalty), optimizer, metric
    step: Step = CompiledStep(*parts, backend=backend) if compiled else EagerStep(*parts)
    data = training_data(X, y, validation, as_arrays=compiled)
    step.rehearse(data)
    return Training(_epochs(step, data, epochs, batch_size, generator, checkpoint, resume))


class Training(Iterator[EpochReport]):
    """What `fit` returns: an iterator that trains for an epoch when it is asked for a report.

    >>> import nn
    >>> model = nn.MLP(1, [1], rng=0)
    >>> optimizer = nn.SGD(model.parameters(), lr=0.1)
    >>> training = nn.fit(model, [[1.0], [2.0]], [1.0, 3.0], nn.mse_loss, optimizer, epochs=2)
    >>> training
    <Training, to be iterated: for report in nn.fit(...)>
    >>> next(training).epoch, next(training).epoch
    (1, 2)

    Discarded before that, it warns, as Python does about a coroutine that was never awaited.
    """

    _was_asked = False

    def __init__(self, reports: Iterator[EpochReport]) -> None:
        self._reports = reports

    def __next__(self) -> EpochReport:
        """Train for an epoch."""
        self._was_asked = True
        return next(self._reports)

    def __repr__(self) -> str:
        return "<Training, to be iterated: for report in nn.fit(...)>"

    def __del__(self) -> None:
        if not self._was_asked:
            warn_user_code(
                "nn.fit was never iterated, so nothing was trained: use for report in nn.fit(...)",
                NothingTrainedWarning,
            )


def _check_options(
    compiled: bool, backend: "Backend | None", checkpoint: str | Path | None, resume: bool
) -> None:
    """Raise an error for an option that needs another one, or a checkpoint that has no folder."""
    for flag, name in ((compiled, "compiled"), (resume, "resume")):
        require(flag in (True, False), flag, name, "True or False")
    if backend is not None and not compiled:
        raise ArgumentError("a backend runs a compiled program: leave out compiled=False")
    if resume and checkpoint is None:
        raise ArgumentError("resume=True needs checkpoint=path, the file to resume from")
    if checkpoint is not None:
        require_writable(checkpoint)


def _epochs(
    step: Step,
    data: TrainingData,
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
    n_batches = math.ceil(len(data.inputs) / batch_size)
    with Progress((epochs - len(reports)) * n_batches, "training", unit="batch") as bar:
        for epoch in range(len(reports) + 1, epochs + 1):
            loss = f", loss {reports[-1].loss:.4g}" if reports else ""
            bar.show(f"epoch {epoch} of {epochs}{loss}")
            reports.append(_epoch(epoch, step, data, batch_size, rng, bar))
            if checkpoint is not None:
                save_checkpoint(checkpoint, step.optimizer, rng, reports)
            bar.hide()
            yield reports[-1]


def _epoch(
    epoch: int,
    step: Step,
    data: TrainingData,
    batch_size: int,
    rng: np.random.Generator,
    bar: Progress,
) -> EpochReport:
    """Train on each sample once."""
    start = time.perf_counter()
    n_seen, mean_loss, mean_metric = 0, 0.0, 0.0
    batches = minibatches(data.inputs, data.targets, batch_size, rng)
    step.read_parameters()
    try:
        try:
            for inputs, targets in batches:
                loss, metric = step(inputs, targets)
                n_seen += len(inputs)
                share = len(inputs) / n_seen  # of a mean so far: a sum could overflow
                mean_loss += (loss - mean_loss) * share
                mean_metric += (metric - mean_metric) * share
                bar.advance()
        finally:
            step.write_parameters()
    except KeyboardInterrupt:  # it may have come before the first of them was written
        step.write_parameters()
        raise
    seconds = time.perf_counter() - start
    held_out = (math.nan, math.nan) if data.validation is None else step.validate(*data.validation)
    return EpochReport(epoch, mean_loss, mean_metric, *held_out, seconds)

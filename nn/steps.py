"""A step of training: forward, loss, backward, update; eagerly, or as a compiled program.

`nn.training` draws the batches and calls a step with each.
"""

import abc
import contextlib
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

import autograd as ag
from autograd import Value
from autograd.errors import DivergenceError, DomainError, NonFiniteError, NotANumberError
from autograd.nested_numbers import copied, is_nested, map_numbers, nested_like, numbers_in
from autograd.real_numbers import REAL
from autograd.recording import differentiating
from autograd.wording import shown_short
from nn.arguments import require, require_callable
from nn.data import TrainingData, as_lists
from nn.interrupts import completed
from nn.metrics import Metric
from nn.objective import Objective, require_value
from nn.optimizer import Optimizer

if TYPE_CHECKING:  # the compiler is imported when it is needed
    from autograd.compiler.backend import Backend


class Step(abc.ABC):
    """A step of training on a batch of samples, and how well the model does on others."""

    def __init__(
        self,
        objective: Objective,
        optimizer: Optimizer,
        metric: Metric | None,
    ) -> None:
        takes = "an Optimizer, such as nn.SGD(model.parameters(), lr=0.1)"
        require(isinstance(optimizer, Optimizer), optimizer, "optimizer", takes)
        if metric is not None:
            require_callable(metric, "metric", "nn.accuracy")
        self.objective = objective
        self.optimizer = optimizer
        self.metric = metric
        self.last_loss: float | None = None

    def __call__(self, inputs: Any, targets: Any) -> tuple[float, float]:
        """Train on a batch, and return the means of its loss and its metric before the update."""
        number = self.optimizer.steps + 1
        with self._telling_of_divergence(number, f"training stopped at step {number}"):
            self.last_loss, predictions = self.train(inputs, targets)
        return self.last_loss, self.mean_metric(predictions, targets)

    def validate(self, inputs: Any, targets: Any) -> tuple[float, float]:
        """Return the means of the loss and the metric over samples, without training on them."""
        number = self.optimizer.steps
        with self._telling_of_divergence(number, f"validation failed after step {number}"):
            loss, predictions = self.evaluate(inputs, targets)
        return loss, self.mean_metric(predictions, targets)

    @contextlib.contextmanager
    def _telling_of_divergence(self, number: int, what_happened: str) -> Iterator[None]:
        try:
            yield
        except (NonFiniteError, DomainError) as error:
            message = f"{what_happened}: {str(error).rstrip('.')}. {self._advice()}"
            raise DivergenceError(message, number, self.last_loss) from error

    def _advice(self) -> str:
        """Say what to do about numbers that leave the range of floats."""
        if self.last_loss is None:
            return (
                "This is where fit began, with no finite loss yet: scale the inputs to about 1, "
                "start from other parameters, or try a smaller learning rate"
            )
        return (
            f"The last finite loss is {self.last_loss}. "
            "If the data are right, try a smaller learning rate"
        )

    def rehearse(self, data: TrainingData) -> None:
        """Try a validation input and targets now, so that bad ones fail before an epoch.

        See `Objective.rehearse`.
        """
        if data.validation is not None:
            inputs, targets = data.validation
            (first,) = as_lists(inputs[:1])
            self.objective.rehearse(first, targets)

    @abc.abstractmethod
    def train(self, inputs: Any, targets: Any) -> tuple[float, Iterable[Any]]:
        """Do forward, loss, backward and update; return the mean loss and the predictions."""

    @abc.abstractmethod
    def evaluate(self, inputs: Any, targets: Any) -> tuple[float, Iterable[Any]]:
        """Return the mean loss of samples, and the predictions as floats."""

    def read_parameters(self) -> None:  # noqa: B027  nothing to do for a step on the Values
        """Take the parameters from the Values, before an epoch."""

    def write_parameters(self) -> None:  # noqa: B027  likewise
        """Give the parameters to the Values, after an epoch."""

    def mean_metric(self, predictions: Iterable[Any], targets: Any) -> float:
        """Return the mean of the metric, nan if there is none."""
        if self.metric is None:
            return math.nan
        if isinstance(targets, np.ndarray):  # the metric gets floats, as it does in eager training
            targets = targets.tolist()
        pairs = zip(predictions, targets, strict=True)
        metrics = [_metric_as_float(self.metric(*pair)) for pair in pairs]
        return sum(metrics) / len(metrics)


class EagerStep(Step):
    """Records a new graph for each batch."""

    def train(self, inputs: Any, targets: Any) -> tuple[float, Iterable[Any]]:
        """Compute with Values, sample by sample."""
        with ag.collector_paused():
            with differentiating():  # a derivative in the loss, by ag.grad, is a part of the graph
                predictions = [self.objective.model(copied(x)) for x in inputs]
                loss = ag.mean(map(self.objective.loss, predictions, targets))
                require_value(loss)
                if self.last_loss is None:  # the first step
                    self.objective.require_trainable(loss, self.optimizer.parameters)
                loss = self.objective.penalized(loss)
            predicted = list(map(_as_floats, predictions))  # now: the step changes parameters
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            return loss.data, predicted

    def evaluate(self, inputs: Any, targets: Any) -> tuple[float, Iterable[Any]]:
        """Compute sample by sample, and keep no graph."""
        losses, predictions = [], []
        with ag.collector_paused(), differentiating():
            for x, target in zip(inputs, targets, strict=True):
                prediction = self.objective.model(copied(x))
                losses.append(float(self.objective.loss(prediction, target)))
                predictions.append(_as_floats(prediction))
            mean_loss = float(self.objective.penalized(Value(ag.mean(losses))))
        return _require_finite(mean_loss), predictions


class CompiledStep(Step):
    """Records the graph of one sample, once, and runs it on whole batches.

    The parameters are kept as one vector. The Values get them at the end of an epoch.
    """

    def __init__(self, *arguments: Any, backend: "Backend | None") -> None:
        super().__init__(*arguments)
        self.sample = _Sample(self.objective)
        self.program = ag.compile(
            self.sample, parameters=self.optimizer.parameters, backend=backend
        )
        self.theta = self.optimizer.read()

    def rehearse(self, data: TrainingData) -> None:
        """Try the loss on the targets, too: see `Objective.rehearse`.

        Raises
        ------
        ArgumentError
            If the loss refuses one, or see `Objective.require_trainable`.
        """
        super().rehearse(data)
        loss = self.objective.rehearse(data.inputs[0].tolist(), data.targets)
        if loss is not None:
            self.objective.require_trainable(loss, self.optimizer.parameters)

    def train(self, inputs: Any, targets: Any) -> tuple[float, Iterable[Any]]:
        """Run the program on the whole batch."""
        outputs, gradient = self.program.outputs_and_grad(self.theta, inputs, targets)
        loss = self._mean_loss(outputs)
        self.optimizer.advance(self.theta, gradient, keep=self._keep)
        return loss, self._predictions(outputs, inputs, targets)

    def evaluate(self, inputs: Any, targets: Any) -> tuple[float, Iterable[Any]]:
        """Run the forward half of the program on all samples."""
        outputs = self.program.map(inputs, targets)
        return self._mean_loss(outputs), self._predictions(outputs, inputs, targets)

    def _mean_loss(self, outputs: Any) -> float:
        with np.errstate(over="ignore"):
            return _require_finite(float(np.add.reduce(outputs[:, 0])) / len(outputs))

    def _predictions(self, outputs: Any, inputs: Any, targets: Any) -> Iterator[Any]:
        """Yield the prediction of each sample, nested as the model returned it."""
        rows = outputs[:, 1:]
        # As lists, since of a list without numbers only the first lengths are known.
        nesting = self.sample.nestings[np.shape(inputs[0].tolist()), np.shape(targets[0].tolist())]
        if not is_nested(nesting):  # one number, or a list: nearly always, and ten times as fast
            yield from rows[:, 0].tolist()
        elif isinstance(nesting, list) and not any(map(is_nested, nesting)):
            yield from rows.tolist()
        else:
            for row in rows.tolist():
                yield nested_like(nesting, row)

    def read_parameters(self) -> None:
        """Read them into the vector."""
        self.theta = self.optimizer.read()

    def write_parameters(self) -> None:
        """Write the vector into them."""
        completed(lambda: self.optimizer.write(self.theta))

    def _keep(self, theta: Any) -> None:
        self.theta = theta


class _Sample:
    """What is computed of a sample: the loss first, to be differentiated, and the prediction.

    A class of its own: as a method of the step it would make a reference cycle through the program.

    Attributes
    ----------
    nestings : dict of (tuple, tuple) to 0.0, or to nested lists of it
        How the model nests the numbers of a prediction, by the shapes of an input and a target:
        known once it has been recorded for them.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.nestings: dict[tuple[tuple[int, ...], ...], Any] = {}

    def __call__(self, x: Any, y: Any) -> list[Any]:
        # Before the call: the model may change the list that it is given.
        shapes = tuple([np.shape(map_numbers(lambda number: 0.0, part)) for part in (x, y)])
        prediction = self.objective.model(x)
        loss = self.objective.penalized(self.objective.loss(prediction, y))
        self.nestings[shapes] = map_numbers(lambda number: 0.0, prediction)
        return [loss, *numbers_in(prediction)]


def _require_finite(mean_loss: float) -> float:
    if not math.isfinite(mean_loss):  # though each loss is
        raise NonFiniteError("the mean of the losses is too large for a float")
    return mean_loss


def _metric_as_float(metric: Any) -> float:
    if not isinstance(metric, (*REAL, Value, np.bool_)):
        raise NotANumberError(
            f"the metric returned {shown_short(metric)} for a sample: return a number"
        )
    return float(metric)


def _as_floats(prediction: Any) -> Any:
    """Replace each Value by its number."""
    return map_numbers(lambda x: x.data if isinstance(x, Value) else x, prediction)

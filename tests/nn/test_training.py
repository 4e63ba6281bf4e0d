"""`fit`: what it trains, what it reports, and how it stops, fails and goes on."""

import contextlib
import dataclasses
import functools
import gc
import io
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import autograd as ag
import nn
from autograd import Value
from comparing import assert_close, numbers

Array: TypeAlias = NDArray[np.float64]

# Five samples in batches of two: three steps an epoch, the last one on a single sample.
X = np.array([[0.5, 1.0], [-1.0, 2.0], [3.0, 0.0], [1.5, -2.0], [-0.5, 0.25]])
y = np.array([1.0, -1.0, 2.0, 0.5, -0.5])
BATCH_SIZE, STEPS_PER_EPOCH = 2, 3


def network() -> nn.MLP:
    return nn.MLP(2, [3, 1], "tanh", rng=0)


fit = functools.partial(nn.fit, compiled=False)  # what compiling adds is tested on its own


def facts(reports: Sequence[nn.EpochReport]) -> list[str]:
    """Return all that a seeded run repeats, in a form where nan equals nan: not the seconds."""
    return [repr(dataclasses.replace(report, seconds=0.0)) for report in reports]


def expecting(error: type[BaseException] | None) -> contextlib.AbstractContextManager[Any]:
    return pytest.raises(error) if error else contextlib.nullcontext()


def train(
    model: nn.MLP, *, lr: float = 0.1, loss: Any = nn.mse_loss, epochs: int = 2, **options: Any
) -> list[nn.EpochReport]:
    optimizer = options.pop("optimizer", None) or nn.SGD(model.parameters(), lr)
    arguments = {"epochs": epochs, "batch_size": BATCH_SIZE, "rng": 0} | options
    return list(fit(model, X, y, loss, optimizer, **arguments))


# --- what it trains ------------------------------------------------------------------------------


def test_fit_is_the_loop_written_out() -> None:
    fitted, looped = network(), network()
    train(fitted, epochs=3, rng=7)

    rng = np.random.default_rng(7)
    optimizer = nn.SGD(looped.parameters(), lr=0.1)
    for _ in range(3):
        for inputs, targets in nn.minibatches(X, y, BATCH_SIZE, rng):
            optimizer.zero_grad()
            pairs = zip(inputs, targets, strict=True)
            ag.mean(nn.mse_loss(looped(x), target) for x, target in pairs).backward()
            optimizer.step()

    assert numbers(fitted) == numbers(looped)


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_fit_follows_gradient_descent_in_numpy(batch_size: int, seed: int) -> None:
    model = nn.MLP(2, [1], rng=0)
    w = np.array(numbers(model))
    train(model, lr=0.05, epochs=3, batch_size=batch_size, rng=seed)

    rng = np.random.default_rng(seed)
    X1 = np.column_stack([X, np.ones(len(X))])  # the last weight is the bias
    for _ in range(3):
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch_size):
            batch = order[start : start + batch_size]
            residuals = X1[batch] @ w - y[batch]
            w = w - 0.05 * 2 / len(batch) * X1[batch].T @ residuals

    assert_close(numbers(model), w, tolerance=1e-11)


def test_a_linear_model_arrives_at_least_squares() -> None:
    model = nn.MLP(2, [1], rng=0)
    train(model, lr=0.2, epochs=300, batch_size=len(X))
    expected, *_ = np.linalg.lstsq(np.column_stack([X, np.ones(len(X))]), y)
    np.testing.assert_allclose(numbers(model), expected, rtol=1e-9)


def test_with_an_l2_penalty_it_arrives_at_ridge_regression() -> None:
    model = nn.MLP(2, [1], rng=0)
    strength = 0.5
    penalty = functools.partial(nn.l2_penalty, model.parameters(), strength)
    train(model, lr=0.1, epochs=300, batch_size=len(X), penalty=penalty)
    X1 = np.column_stack([X, np.ones(len(X))])
    expected = np.linalg.solve(X1.T @ X1 / len(X) + strength * np.eye(3), X1.T @ y / len(X))
    np.testing.assert_allclose(numbers(model), expected, rtol=1e-9)


def test_it_learns_exclusive_or() -> None:
    model = nn.MLP(2, [8, 1], "tanh", rng=0)
    inputs = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    optimizer = nn.Adam(model.parameters(), lr=0.05)
    *_, last = fit(
        model,
        inputs,
        [0, 1, 1, 0],
        nn.binary_cross_entropy,
        optimizer,
        epochs=150,
        batch_size=2,
        rng=0,
        metric=nn.accuracy,
    )
    assert last.metric == 1.0
    assert last.loss < 0.05


def test_it_learns_three_classes() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(30) % 3
    inputs = (
        np.array([[2.0, 0.0], [-2.0, 2.0], [-2.0, -2.0]])[labels] + rng.normal(size=(30, 2)) / 3
    )
    model = nn.MLP(2, [4, 3], rng=rng)
    optimizer = nn.SGD(model.parameters(), lr=0.2)
    loss, metric = nn.cross_entropy, nn.accuracy
    *_, last = fit(model, inputs, labels, loss, optimizer, epochs=20, rng=rng, metric=metric)
    assert last.metric == 1.0


@pytest.mark.parametrize(("n_samples", "n_steps"), [(32, 1), (33, 2)])
def test_a_batch_has_32_samples_by_default(n_samples: int, n_steps: int) -> None:
    model = nn.MLP(1, [1], rng=0)
    optimizer = nn.SGD(model.parameters())
    inputs, targets = np.ones((n_samples, 1)), np.ones(n_samples)
    list(fit(model, inputs, targets, nn.mse_loss, optimizer, epochs=1))
    assert optimizer.steps == n_steps


def test_lists_and_arrays_train_alike() -> None:
    of_arrays, of_lists = network(), network()
    for model, inputs, targets in [(of_arrays, X, y), (of_lists, X.tolist(), y.tolist())]:
        optimizer = nn.SGD(model.parameters(), lr=0.1)
        list(fit(model, inputs, targets, nn.mse_loss, optimizer, epochs=2, rng=0))
    assert numbers(of_arrays) == numbers(of_lists)


def test_seeded_runs_repeat_exactly() -> None:
    first, second = network(), network()
    assert facts(train(first, rng=3)) == facts(train(second, rng=3))
    assert numbers(first) == numbers(second)


def test_another_seed_draws_other_batches() -> None:
    first, second = network(), network()
    train(first, rng=3)
    train(second, rng=4)
    assert numbers(first) != numbers(second)


def test_it_trains_only_the_parameters_of_the_optimizer() -> None:
    model = network()
    before = [numbers(layer) for layer in model.layers]
    train(model, optimizer=nn.SGD(model.layers[1].parameters(), lr=0.1))
    assert numbers(model.layers[0]) == before[0]
    assert numbers(model.layers[1]) != before[1]


def test_it_trains_as_it_is_iterated() -> None:
    model = network()
    before = numbers(model)
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    training = fit(model, X, y, nn.mse_loss, optimizer, epochs=9, batch_size=BATCH_SIZE)
    assert numbers(model) == before
    for report in training:
        assert optimizer.steps == report.epoch * STEPS_PER_EPOCH
        if report.epoch == 2:
            break
    assert optimizer.steps == 2 * STEPS_PER_EPOCH


# --- what is never trained -----------------------------------------------------------------------


def untrained(**options: Any) -> nn.Training:
    model = network()
    return nn.fit(model, X, y, nn.mse_loss, nn.SGD(model.parameters()), epochs=2, **options)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_training_that_nobody_iterates_warns(compiled: bool) -> None:
    with pytest.warns(ag.NothingTrainedWarning, match="for report in nn.fit") as caught:
        untrained(compiled=compiled)
    assert [warning.filename for warning in caught] == [__file__]


def test_it_warns_when_it_is_thrown_away_and_not_before() -> None:
    training = untrained()
    with pytest.warns(ag.NothingTrainedWarning):
        del training


def test_a_notebook_which_keeps_what_it_shows_tells_what_to_do() -> None:
    training = untrained()
    assert "for report in nn.fit(...)" in repr(training)
    next(training)


@pytest.mark.parametrize("use", [next, list, lambda training: next(iter(training))])
def test_a_training_that_was_asked_for_an_epoch_does_not_warn(use: Callable[[Any], Any]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        use(untrained())
    assert caught == []


def test_a_training_that_fails_does_not_warn() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(ag.ArgumentError):
            untrained(batch_size=0)
        with pytest.raises(ag.DomainError):
            next(untrained(metric=lambda prediction, target: ag.log(-1.0)))
    assert caught == []


def test_a_training_left_to_the_end_of_a_program_warns() -> None:
    program = """
import nn
model = nn.MLP(1, [1])
training = nn.fit(model, [[1.0]], [1.0], nn.mse_loss, nn.SGD(model.parameters()), epochs=1)
"""
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert "NothingTrainedWarning: nn.fit was never iterated" in result.stderr
    assert "Traceback" not in result.stderr


# --- what it reports -----------------------------------------------------------------------------


def test_epochs_are_counted_from_one() -> None:
    assert [report.epoch for report in train(network(), epochs=4)] == [1, 2, 3, 4]


def test_any_whole_number_counts_epochs() -> None:
    assert len(train(network(), epochs=np.int64(2))) == 2  # type: ignore[arg-type]  # is one too


def test_no_epochs_leave_the_model_as_it_is() -> None:
    model = network()
    before = numbers(model)
    assert train(model, epochs=0) == []
    assert numbers(model) == before


@given(st.integers(1, 6))
def test_loss_and_metric_are_means_over_the_samples(batch_size: int) -> None:
    model = network()
    predictions = np.array([model(x).data for x in X])
    (report,) = train(
        model, lr=0.0, epochs=1, batch_size=batch_size, metric=lambda p, t: float(p < t)
    )
    assert report.loss == pytest.approx(np.mean((predictions - y) ** 2), rel=1e-12)
    assert report.metric == pytest.approx(np.mean(predictions < y), rel=1e-12)


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_each_sample_counts_as_it_was_when_it_was_trained_on(batch_size: int, seed: int) -> None:
    losses = []

    def recorded_loss(prediction: Value, target: float) -> Value:
        loss = nn.mse_loss(prediction, target)
        losses.append(loss.data)
        return loss

    reports = train(network(), loss=recorded_loss, batch_size=batch_size, rng=seed)
    means = np.reshape(losses, (2, len(X))).mean(axis=1)
    assert [report.loss for report in reports] == pytest.approx(means.tolist(), rel=1e-12)


def test_the_metric_is_of_the_predictions_before_the_update() -> None:
    reports = train(network(), batch_size=1, metric=lambda p, t: (p - t) ** 2)
    assert [report.metric for report in reports] == [report.loss for report in reports]


@pytest.mark.parametrize("compiled", [False, True])
def test_the_metric_of_a_bare_parameter_is_that_before_the_update(compiled: bool) -> None:
    w = Value(1.0)
    optimizer = nn.SGD([w], lr=0.5)
    (report,) = fit(
        lambda x: w,
        [[0.0]],
        [0.0],
        nn.mse_loss,
        optimizer,
        epochs=1,
        metric=lambda prediction, target: prediction,
        compiled=compiled,
    )
    assert (report.metric, w.data) == (1.0, 0.0)


@pytest.mark.parametrize("kind", [np.uint8, np.float16, np.bool_, int, bool, float])
def test_the_mean_of_a_metric_is_computed_in_floats(kind: Callable[[int], Any]) -> None:
    w, n = Value(1.0), 5000
    (report,) = nn.fit(
        lambda x: w * x,
        np.ones(n),
        np.ones(n),
        nn.mse_loss,
        nn.SGD([w], lr=0.0),
        epochs=1,
        batch_size=n,
        metric=lambda prediction, target: kind(1),
    )
    assert report.metric == 1.0


HELD_OUT = (np.array([[1.0, 1.0], [-2.0, 0.5], [0.0, 0.0]]), [0.5, 1.0, -1.0])


def distance(prediction: float, target: float) -> float:
    return abs(prediction - target)


@pytest.mark.parametrize("metric", [distance, None])
@pytest.mark.parametrize("compiled", [True, False])
def test_validation_is_that_of_the_held_out_data_after_the_epoch(
    compiled: bool, metric: nn.metrics.Metric | None
) -> None:
    model = network()
    penalty = functools.partial(nn.l2_penalty, model.parameters(), 0.1)
    options: dict[str, Any] = {"metric": metric, "validation": HELD_OUT, "penalty": penalty}
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    for report in nn.fit(
        model, X, y, nn.mse_loss, optimizer, epochs=3, compiled=compiled, **options
    ):
        pairs = [(model(x), target) for x, target in zip(*HELD_OUT, strict=True)]
        loss = ag.mean(nn.mse_loss(*pair) for pair in pairs) + penalty()
        assert report.validation_loss == pytest.approx(loss.data, rel=1e-12)
        mean = np.mean([distance(prediction.data, target) for prediction, target in pairs])
        expected = mean if metric else math.nan
        assert report.validation_metric == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_validation_does_not_change_the_training() -> None:
    validated, plain = network(), network()
    reports = train(validated, metric=distance, validation=HELD_OUT)
    plain_reports = train(plain, metric=distance)
    assert numbers(validated) == numbers(plain)
    assert [report.metric for report in reports] == [report.metric for report in plain_reports]


def test_validation_keeps_no_graph() -> None:
    model, alive = network(), []

    def watched_model(x: Any) -> Any:
        alive.append(sum(type(thing) is Value for thing in gc.get_objects()))
        return model(x)

    arguments: dict[str, Any] = {"epochs": 1, "metric": distance, "validation": HELD_OUT}
    list(fit(watched_model, X, y, nn.mse_loss, nn.SGD(model.parameters()), **arguments))
    *training, _, second, third = alive
    assert second == third  # but for the sample before
    assert training[-1] > training[-2]


def test_without_a_metric_or_validation_data_it_reports_nan() -> None:
    for report in train(network()):
        rest = (report.metric, report.validation_loss, report.validation_metric)
        assert list(map(str, rest)) == ["nan"] * 3


def test_the_penalty_is_part_of_the_loss() -> None:
    model = network()
    penalty = functools.partial(nn.l2_penalty, model.parameters(), 0.1)
    (plain,) = train(model, lr=0.0, epochs=1)
    (penalized,) = train(model, lr=0.0, epochs=1, penalty=penalty)
    assert penalized.loss == pytest.approx(plain.loss + penalty().data, rel=1e-12)


def test_the_seconds_are_those_of_the_training_without_the_validation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    model = network()

    def model_that_takes_a_second(x: Any) -> Any:
        nonlocal now
        now += 1
        return model(x)

    optimizer = nn.SGD(model.parameters())
    reports = fit(
        model_that_takes_a_second,
        X,
        y,
        nn.mse_loss,
        optimizer,
        epochs=2,
        metric=distance,
        validation=HELD_OUT,
    )
    assert [report.seconds for report in reports] == [len(X), len(X)]


# --- what it refuses, at the call ----------------------------------------------------------------


BAD_ARGUMENTS: dict[str, tuple[type[Exception], dict[str, Any]]] = {
    "no data": (ag.ShapeError, {"X": [], "y": []}),
    "fewer inputs": (ag.ShapeError, {"X": X[:3]}),
    "fewer targets": (ag.ShapeError, {"y": [1.0]}),
    "no validation data": (ag.ShapeError, {"validation": ([], []), "metric": nn.accuracy}),
    "fewer to validate": (ag.ShapeError, {"validation": (X[:3], y), "metric": nn.accuracy}),
    "resume from nothing": (ag.ArgumentError, {"resume": True}),
}


@pytest.mark.parametrize(("error", "arguments"), BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS.keys())
def test_arguments_without_sense_are_refused_at_the_call(
    error: type[Exception], arguments: dict[str, Any]
) -> None:
    model = network()
    optimizer = nn.SGD(model.parameters())
    good: dict[str, Any] = {"X": X, "y": y, "epochs": 1}
    with pytest.raises(error):
        fit(model, loss=nn.mse_loss, optimizer=optimizer, **good | arguments)


@pytest.mark.parametrize(
    ("validation", "shown"),
    [
        (([], []), "validation[0] and validation[1] are empty"),
        ((X[:3], y), "validation[0] has 3 inputs but validation[1] has"),
        ((X[:1], [math.nan]), "validation[1][0] is nan"),
        ((["a"], [1.0]), "validation[0] holds 'a'"),
    ],
)
def test_errors_in_the_validation_data_say_so(validation: Any, shown: str) -> None:
    model = network()
    optimizer = nn.SGD(model.parameters())
    with pytest.raises(ag.AutogradError, match=re.escape(shown)):
        nn.fit(model, X, y, nn.mse_loss, optimizer, epochs=1, validation=validation)


def test_an_error_in_the_loss_comes_through_as_it_is() -> None:
    with pytest.raises(ag.ArgumentError, match=r"hinge_loss must be -1 or \+1"):
        train(network(), loss=nn.hinge_loss)


# --- Ctrl-C --------------------------------------------------------------------------------------


class Interrupted:
    """A loss during whose call number `at` Ctrl-C is pressed."""

    def __init__(self, at: int, model: nn.MLP) -> None:
        self.at = at
        self.model = model
        self.parameters_at_each_call: list[list[float]] = []

    def __call__(self, prediction: Value, target: float) -> Value:
        if len(self.parameters_at_each_call) == self.at:
            raise KeyboardInterrupt
        self.parameters_at_each_call.append(numbers(self.model))
        return nn.mse_loss(prediction, target)


@given(st.integers(0, 2 * len(X) - 1))
def test_an_interrupted_training_leaves_the_model_at_the_last_whole_step(call: int) -> None:
    model = network()
    uninterrupted = Interrupted(-1, model)
    train(model, loss=uninterrupted, epochs=2)

    model = network()
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    with pytest.raises(KeyboardInterrupt):
        train(model, loss=Interrupted(call, model), optimizer=optimizer)
    epoch, sample = divmod(call, len(X))
    assert optimizer.steps == epoch * STEPS_PER_EPOCH + sample // BATCH_SIZE
    assert numbers(model) == uninterrupted.parameters_at_each_call[call]


ENDLESS_TRAINING = """
import json, signal
import nn

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have turned it off

def train(stop_at_step):
    model = nn.MLP(1, [4, 1], "tanh", rng=0)
    optimizer = nn.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def loss(prediction, target):
        if optimizer.steps == stop_at_step:
            raise KeyboardInterrupt
        return nn.mse_loss(prediction, target)

    X, y = [[0.0], [1.0], [2.0]], [1.0, -1.0, 0.5]
    try:
        for report in nn.fit(model, X, y, loss, optimizer, epochs=10**9, batch_size=2, rng=0,
            compiled=False):
            if report.epoch == 20 and stop_at_step is None:
                print("training", flush=True)
    except KeyboardInterrupt:
        return optimizer.steps, [parameter.data for parameter in model.parameters()]

steps, parameters = train(None)
print(json.dumps([steps, parameters, train(steps)]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send Ctrl-C to another there")
def test_a_real_interrupt_leaves_the_model_at_the_last_whole_step() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS_TRAINING],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "training\n"
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=300)
        finally:
            process.kill()  # where it has not stopped
    assert errors == ""
    steps, parameters, (replayed_steps, replayed_parameters) = json.loads(output)
    assert steps >= 40
    assert (steps, parameters) == (replayed_steps, replayed_parameters)


# --- checkpoints ---------------------------------------------------------------------------------

OPTIMIZERS: dict[str, Callable[[list[Value]], nn.Optimizer]] = {
    "momentum and schedule": lambda parameters: nn.SGD(
        parameters, lr=nn.linear_decay(0.1, 0.01, 12), momentum=0.9
    ),
    "Adam": lambda parameters: nn.Adam(parameters, lr=0.05),
}
BIT_GENERATORS = [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64]


class Training:
    """Everything that a training changes, so that two of them can be compared bit by bit."""

    def __init__(
        self,
        make_optimizer: Callable[[list[Value]], nn.Optimizer] = OPTIMIZERS["Adam"],
        bit_generator: type[Any] = np.random.PCG64,
        *,
        seed: int = 0,
        model: nn.MLP | None = None,
    ) -> None:
        self.model = model or nn.MLP(2, [3, 1], "tanh", rng=seed)
        self.optimizer = make_optimizer(self.model.parameters())
        self.rng = np.random.Generator(bit_generator(seed))
        self.reports: list[nn.EpochReport] = []

    def run(self, *, stop_at_step: int | None = None, **options: Any) -> None:
        """Train for four epochs, or until Ctrl-C is pressed during a step."""

        def loss(prediction: Value, target: float) -> Value:
            if self.optimizer.steps == stop_at_step:
                raise KeyboardInterrupt
            return nn.mse_loss(prediction, target)

        arguments: dict[str, Any] = {"epochs": 4, "batch_size": BATCH_SIZE}
        arguments |= {"metric": distance, "validation": HELD_OUT} | options
        training = fit(self.model, X, y, loss, self.optimizer, rng=self.rng, **arguments)
        with expecting(KeyboardInterrupt if stop_at_step is not None else None):
            for report in training:
                self.reports.append(report)

    def outcome(self) -> Any:
        return (
            numbers(self.model),
            self.optimizer.steps,
            {name: array.tolist() for name, array in self.optimizer.state.items()},
            repr(self.rng.bit_generator.state),
            facts(self.reports),
        )


@pytest.mark.parametrize("make_optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
@pytest.mark.parametrize("bit_generator", BIT_GENERATORS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("step", [4, 6, 8, 11])
def test_a_resumed_training_ends_as_if_it_had_not_been_interrupted(
    tmp_path: Path, make_optimizer: Any, bit_generator: Any, step: int
) -> None:
    uninterrupted = Training(make_optimizer, bit_generator)
    uninterrupted.run()

    checkpoint = tmp_path / "training.npz"
    Training(make_optimizer, bit_generator).run(stop_at_step=step, checkpoint=checkpoint)
    resumed = Training(make_optimizer, bit_generator, seed=1)
    resumed.run(checkpoint=checkpoint, resume=True)

    assert resumed.outcome() == uninterrupted.outcome()


def test_a_training_can_be_interrupted_again_and_again(tmp_path: Path) -> None:
    checkpoint = str(tmp_path / "training.npz")
    for step in [1, 4, 5, 10, 11]:
        Training().run(stop_at_step=step, checkpoint=checkpoint, resume=True)
    resumed, uninterrupted = Training(), Training()
    resumed.run(checkpoint=checkpoint, resume=True)
    uninterrupted.run()
    assert resumed.outcome() == uninterrupted.outcome()


def test_a_checkpoint_does_not_change_the_training(tmp_path: Path) -> None:
    with_checkpoint, without = Training(), Training()
    with_checkpoint.run(checkpoint=tmp_path / "training.npz")
    without.run()
    assert with_checkpoint.outcome() == without.outcome()


def test_another_learning_rate_takes_effect_when_training_is_resumed(tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.npz"
    before = Training(lambda parameters: nn.SGD(parameters, lr=0.1))
    before.run(checkpoint=checkpoint)
    resumed = Training(lambda parameters: nn.SGD(parameters, lr=0.0), seed=1)
    resumed.run(checkpoint=checkpoint, resume=True, epochs=6)
    assert resumed.optimizer.steps > before.optimizer.steps
    assert numbers(resumed.model) == numbers(before.model)


def test_a_finished_training_resumes_to_its_end(tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.npz"
    finished, resumed = Training(), Training(seed=1)
    finished.run(checkpoint=checkpoint)
    resumed.run(checkpoint=checkpoint, resume=True)
    assert resumed.reports == finished.reports  # with the seconds of the first time
    assert resumed.outcome() == finished.outcome()


def test_a_finished_training_can_be_prolonged(tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.npz"
    short, prolonged, long = Training(), Training(seed=1), Training()
    short.run(checkpoint=checkpoint)
    prolonged.run(checkpoint=checkpoint, resume=True, epochs=6)
    long.run(epochs=6)
    assert prolonged.outcome() == long.outcome()


def test_without_resume_an_old_checkpoint_is_overwritten(tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.npz"
    Training(seed=1).run(checkpoint=checkpoint)
    alone, fresh, resumed = Training(), Training(), Training(seed=2)
    alone.run()
    fresh.run(checkpoint=checkpoint)
    resumed.run(checkpoint=checkpoint, resume=True)
    assert alone.outcome() == fresh.outcome() == resumed.outcome()


def assert_refused(training: Training, checkpoint: Path, epochs: int = 4) -> None:
    before = training.outcome()
    with pytest.raises(ag.StateError):
        training.run(checkpoint=checkpoint, resume=True, epochs=epochs)
    assert training.outcome() == before


@pytest.mark.parametrize("make_optimizer", [nn.SGD, nn.Adam])
@pytest.mark.parametrize(
    "other",
    [
        {"model": nn.MLP(2, [4, 1])},
        {"model": nn.MLP(2, [1])},
        {"model": nn.MLP(2, [1, 3, 1])},
        {"bit_generator": np.random.MT19937},
    ],
    ids=["more parameters", "fewer parameters", "other layers", "another kind of generator"],
)
def test_a_checkpoint_of_another_training_changes_nothing(
    tmp_path: Path, make_optimizer: Any, other: dict[str, Any]
) -> None:
    checkpoint = tmp_path / "training.npz"
    Training(make_optimizer).run(checkpoint=checkpoint)
    assert_refused(Training(make_optimizer, **other), checkpoint)


def test_other_layers_have_as_many_parameters() -> None:  # as the test above needs
    assert len(nn.MLP(2, [1, 3, 1]).parameters()) == len(Training().model.parameters())


def test_a_training_cannot_be_resumed_to_an_earlier_end(tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.npz"
    Training().run(checkpoint=checkpoint)
    assert_refused(Training(), checkpoint, epochs=3)


def test_a_saved_network_is_no_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    network().save(path)
    assert_refused(Training(), path)


def test_a_checkpoint_of_another_version_is_told(tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.npz"
    Training().run(checkpoint=checkpoint)
    with np.load(checkpoint) as archive:
        entries = dict(archive)
    np.savez(checkpoint, **entries | {"reports": entries["reports"][:, 1:]})
    with pytest.raises(ag.StateError, match="of another version"):
        Training().run(checkpoint=checkpoint, resume=True)


@pytest.mark.parametrize("entry", ["parameters", "steps", "rng", "reports"])
def test_a_checkpoint_without_an_entry_changes_nothing(tmp_path: Path, entry: str) -> None:
    checkpoint = tmp_path / "training.npz"
    Training().run(checkpoint=checkpoint)
    with np.load(checkpoint) as archive:
        arrays = {name: array for name, array in archive.items() if name != entry}
    np.savez(checkpoint, allow_pickle=False, **arrays)
    assert_refused(Training(), checkpoint)


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_checkpoint_that_was_cut_changes_nothing(tmp_path: Path, part: float) -> None:
    checkpoint = tmp_path / "training.npz"
    Training().run(checkpoint=checkpoint)
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(content[: int(part * len(content))])
    assert_refused(Training(), checkpoint)


# --- divergence ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "lr", "step", "last_loss", "parameters"),
    [
        (nn.mse_loss, 1e200, 2, 1.0, [1 - 2e200, -2e200]),
        (lambda p, t: p * p, 1e200, 2, 1.0, [1 - 2e200, -2e200]),
        (lambda p, t: ag.log(p), 10.0, 2, 0.0, [-9.0, -10.0]),
        (nn.mse_loss, 1e308, 1, None, [1.0, 0.0]),
        (lambda p, t: ag.exp(1000 * p), 0.1, 1, None, [1.0, 0.0]),
        (lambda p, t: ag.sqrt(p - 1), 0.1, 1, None, [1.0, 0.0]),
    ],
    ids=["overflow", "infinite loss", "logarithm", "infinite update", "first step", "derivative"],
)
def test_divergence_stops_at_the_last_whole_step_and_names_it(
    loss: Any, lr: float, step: int, last_loss: float | None, parameters: list[float]
) -> None:
    model = nn.MLP(1, [1])
    model.load_state_dict({"0.weight": [[1.0]], "0.bias": [0.0]})
    optimizer = nn.SGD(model.parameters(), lr)
    with pytest.raises(ag.DivergenceError, match=f"stopped at step {step}") as caught:
        list(fit(model, [[1.0]], [0.0], loss, optimizer, epochs=5))
    assert (caught.value.step, caught.value.last_loss) == (step, last_loss)
    told = "began, with no finite loss yet" if last_loss is None else f"finite loss is {last_loss}."
    assert told in str(caught.value)
    assert ".." not in str(caught.value)
    assert (numbers(model), optimizer.steps) == (parameters, step - 1)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_validation_that_diverges_names_the_step(compiled: bool) -> None:
    w = Value(0.0)
    training = fit(
        lambda x: ag.exp(w * x),
        [1.0],
        [100.0],
        nn.mse_loss,
        nn.SGD([w], lr=1.0),
        epochs=1,
        metric=nn.mse_loss,
        validation=([10.0], [0.0]),
        compiled=compiled,
    )
    with pytest.raises(ag.DivergenceError, match=r"failed after step 1: exp\(1980") as caught:
        list(training)
    assert (caught.value.step, caught.value.last_loss) == (1, 99.0**2)


# --- on a terminal, and elsewhere ----------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def slow_loss(prediction: Value, target: float) -> Value:
    """Make an epoch take a second: a bar shows after half of one."""
    time.sleep(1 / len(X))
    return nn.mse_loss(prediction, target)


def test_it_is_silent_where_there_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    train(network(), loss=slow_loss, epochs=1)
    assert capfd.readouterr() == ("", "")


def test_it_is_silent_without_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert len(train(network())) == 2
    assert terminal.getvalue() == ""


def test_a_progress_bar_shows_on_a_terminal_and_changes_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tqdm")

    silent, shown = network(), network()
    silent_reports = train(silent, epochs=1)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    shown_reports = train(shown, loss=slow_loss, epochs=1)
    assert "epoch 1 of 1: " in terminal.getvalue()
    assert f"/{STEPS_PER_EPOCH} " in terminal.getvalue()
    assert "\n" not in terminal.getvalue()  # the next one takes its place
    assert capfd.readouterr() == ("", "")
    assert (numbers(shown), facts(shown_reports)) == (numbers(silent), facts(silent_reports))


def test_many_short_epochs_show_a_bar_and_leave_the_line_to_others_between_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("tqdm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    model = network()
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    began = time.perf_counter()
    for report in fit(model, X, y, nn.mse_loss, optimizer, epochs=10**6, batch_size=2, rng=0):
        *_, line = terminal.getvalue().removesuffix("\r").split("\r")
        assert line.strip() == ""
        if f"epoch {report.epoch} of 1000000, loss " in terminal.getvalue():
            break
        assert time.perf_counter() - began < 60  # it would never end
    assert report.epoch > 1


# --- memory --------------------------------------------------------------------------------------


@pytest.fixture
def collector() -> Iterator[None]:
    """Put the collector back to how it was."""
    was_enabled = gc.isenabled()
    yield
    (gc.enable if was_enabled else gc.disable)()


def fail(prediction: Value, target: float) -> Value:
    raise LookupError


def interrupt(prediction: Value, target: float) -> Value:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("collector")
@pytest.mark.parametrize("switch", [gc.enable, gc.disable])
@pytest.mark.parametrize(
    ("loss", "error"),
    [
        (nn.mse_loss, None),
        (fail, LookupError),
        (interrupt, KeyboardInterrupt),
        (lambda p, t: ag.log(p - p), ag.DivergenceError),
    ],
    ids=["no error", "error", "interrupt", "divergence"],
)
def test_the_collector_is_afterwards_as_it_was(
    switch: Callable[[], None], loss: Any, error: type[BaseException] | None
) -> None:
    switch()
    before = gc.isenabled()
    with expecting(error):
        train(network(), loss=loss)
    assert gc.isenabled() is before


@pytest.mark.usefixtures("collector")
def test_the_collector_rests_during_a_step_and_works_between_epochs() -> None:
    gc.enable()
    during: set[bool] = set()

    def loss(prediction: Value, target: float) -> Value:
        during.add(gc.isenabled())
        return nn.mse_loss(prediction, target)

    model = network()
    training = fit(model, X, y, loss, nn.SGD(model.parameters()), epochs=2)
    between = {gc.isenabled() for _ in training}
    assert (during, between) == ({False}, {True})


@pytest.mark.parametrize("make_optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_a_training_step_leaves_no_cyclic_garbage(
    make_optimizer: Any, cyclic_garbage_of: Callable[[Callable[[], Any]], int]
) -> None:
    model = network()
    penalty = functools.partial(nn.l2_penalty, model.parameters())
    optimizer = make_optimizer(model.parameters())
    training = fit(model, X, y, nn.mse_loss, optimizer, epochs=2, penalty=penalty)
    next(training)  # what the first step loads may need the collector
    assert cyclic_garbage_of(lambda: next(training)) == 0


@pytest.mark.parametrize("compiled", [False, True])
def test_an_error_of_the_metric_is_no_divergence(compiled: bool) -> None:
    model = nn.MLP(1, [1], rng=0)
    training = nn.fit(
        model,
        [[1.0]],
        [0.0],
        nn.mse_loss,
        nn.SGD(model.parameters(), lr=0.1),
        epochs=1,
        metric=lambda prediction, target: ag.log(target),
        compiled=compiled,
    )
    with pytest.raises(ag.DomainError, match=r"log\(0"):
        list(training)


def test_a_checkpoint_without_a_folder_is_refused_before_training(tmp_path: Path) -> None:
    model = nn.MLP(1, [1], rng=0)
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ag.FileError, match="there is no folder"):
        nn.fit(
            model,
            [[1.0]],
            [0.0],
            nn.mse_loss,
            optimizer,
            epochs=1,
            checkpoint=tmp_path / "runs" / "training.npz",
        )


@pytest.mark.parametrize("reason", ["it is a folder", "it is not a regular file"])
def test_a_checkpoint_that_is_no_file_is_refused_before_training(
    tmp_path: Path, reason: str
) -> None:
    path = tmp_path / "training.npz"
    (os.mkfifo if "regular" in reason else os.mkdir)(path)
    model = nn.MLP(1, [1], rng=0)
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ag.FileError, match=reason):
        nn.fit(model, [[1.0]], [1.0], nn.mse_loss, optimizer, epochs=1, checkpoint=path)

"""`fit`: what it trains, what it reports, and what it refuses."""

import functools
import gc
import math
import os
import re
import subprocess
import sys
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd import Value
from autograd.compiler import native
from comparing import assert_close, numbers
from trainings import (
    BATCH_SIZE,
    HELD_OUT,
    OPTIMIZERS,
    STEPS_PER_EPOCH,
    X,
    distance,
    expecting,
    facts,
    fit,
    network,
    train,
    y,
)

# --- what it trains -------------------------------------------------------------------------------


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


# --- what is never trained ------------------------------------------------------------------------


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


# --- what it reports ------------------------------------------------------------------------------


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


@pytest.mark.parametrize("compiled", [True, False])
def test_the_mean_of_an_epoch_does_not_overflow_where_its_sum_does(compiled: bool) -> None:
    w = Value(1.0)
    arguments = (lambda x: w * x, [1.0] * 5, [0.0] * 5, lambda p, t: 1.5e308 * p, nn.SGD([w], 0.0))
    (report,) = nn.fit(*arguments, epochs=1, batch_size=1, compiled=compiled)
    assert report.loss == pytest.approx(1.5e308, rel=1e-12)


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


@pytest.mark.parametrize("compiled", [True, False])
def test_metrics_too_large_for_a_mean_are_reported_as_infinite(compiled: bool) -> None:
    w = Value(1.0)
    arguments = (lambda x: w * x, [1.0, 1.0], [0.0, 0.0], nn.mse_loss, nn.SGD([w]))
    huge = np.float64(1e308)
    training = nn.fit(*arguments, epochs=1, compiled=compiled, metric=lambda p, t: huge)
    assert next(training).metric == np.inf


@pytest.mark.parametrize("batch_size", [1, 2, 4, 7])
@pytest.mark.parametrize("size", [3, 10, 49])
def test_what_is_right_for_every_sample_is_reported_as_exactly_one(
    size: int, batch_size: int
) -> None:
    w, data = Value(1.0), [1.0] * size
    (report,) = nn.fit(
        lambda x: w * x, data, data, nn.mse_loss, nn.SGD([w]), epochs=1, batch_size=batch_size,
        metric=lambda prediction, target: 1.0, rng=0,
    )  # fmt: skip
    assert report.metric == 1.0


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


# --- what it refuses, at the call -----------------------------------------------------------------


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


def test_a_backend_is_for_compiled_training() -> None:
    with pytest.raises(ag.ArgumentError, match="a backend runs a compiled program"):
        train(network(), backend=native)


def test_samples_of_many_lengths_ask_for_eager_training() -> None:
    weight = Value(0.5)
    ragged, totals = [[1.0], [1.0, 2.0]], [2.0, 6.0]

    def fit(**options: Any) -> Iterator[nn.EpochReport]:
        model, optimizer = lambda x: weight * ag.sum(x), nn.SGD([weight], lr=0.1)
        return nn.fit(model, ragged, totals, nn.mse_loss, optimizer, epochs=20, **options)

    with pytest.raises(ag.ShapeError, match="X differ: make them equal, or set compiled=False"):
        fit()
    assert list(fit(compiled=False))[-1].loss < 1e-6
    assert weight.data == pytest.approx(2.0, abs=1e-3)


# --- memory ---------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("compiled", [True, False])
def test_a_trained_model_is_freed_without_the_cyclic_collector(compiled: bool) -> None:
    gc.disable()
    try:
        model = network()
        optimizer = nn.SGD(model.parameters())
        list(nn.fit(model, X, y, nn.mse_loss, optimizer, epochs=1, compiled=compiled))
        reference = weakref.ref(model)
        del model, optimizer
        assert reference() is None
    finally:
        gc.enable()

"""A step of training: compiled it gives what it gives eagerly, and neither diverges in silence."""

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Value
from autograd.compiler import native, numpy_backend
from autograd.nested_numbers import numbers_in
from autograd.recording import differentiating
from comparing import numbers
from trainings import facts, fit, network, train

rng = np.random.default_rng(0)
X = rng.normal(size=(22, 3))
LABELS = rng.integers(0, 4, 22)
SIGNS = rng.choice([-1, 1], 22)


def classify(compiled: bool, epochs: int = 3, **options: Any) -> tuple[nn.MLP, Any]:
    """Train a classifier; return it and the reports."""
    model = nn.MLP(3, [5, 4], activation="tanh", rng=0)
    optimizer = nn.SGD(model.parameters(), lr=0.1, momentum=0.5)
    arguments: dict[str, Any] = {"batch_size": 8, "rng": 0, "metric": nn.accuracy} | options
    arguments |= {"validation": (X[:5], LABELS[:5]), "epochs": epochs, "compiled": compiled}
    return model, list(nn.fit(model, X, LABELS, nn.cross_entropy, optimizer, **arguments))


BACKENDS = [None, *[native] * native.is_available()]


# --- eager and compiled ---------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_it_equals_eager_training(backend: Any) -> None:
    (compiled, reports), (eager, expected) = classify(True, backend=backend), classify(False)
    assert numbers(compiled) == pytest.approx(numbers(eager), rel=1e-9, abs=1e-12)
    for report, other in zip(reports, expected, strict=True):
        assert report.loss == pytest.approx(other.loss, rel=1e-9)
        assert report.validation_loss == pytest.approx(other.validation_loss, rel=1e-9)
        assert report.metric == other.metric
        assert report.validation_metric == other.validation_metric


def test_the_backend_runs_the_program() -> None:
    bound = []

    class Backend:
        def bind(self, *arguments: Any) -> Any:
            bound.append(arguments)
            return numpy_backend.bind(*arguments)

    classify(True, backend=Backend())
    assert bound


def test_seeded_runs_are_equal_to_the_last_bit() -> None:
    (model, reports), (again, the_same) = classify(True), classify(True)
    assert numbers(model) == numbers(again)
    assert facts(reports) == facts(the_same)


def test_a_penalty_counts_once() -> None:
    def train(compiled: bool) -> list[float]:
        model = nn.MLP(3, [4, 1], rng=1)
        fit = nn.fit(
            model,
            X,
            SIGNS,
            nn.hinge_loss,
            nn.SGD(model.parameters(), lr=0.05),
            epochs=3,
            rng=0,
            penalty=lambda: nn.l2_penalty(model.parameters(), strength=0.1),
            compiled=compiled,
        )
        return [*(report.loss for report in fit), *numbers(model)]

    assert train(True) == pytest.approx(train(False), rel=1e-9, abs=1e-12)


def test_a_frozen_parameter_stays() -> None:
    model = nn.MLP(3, [4, 1], rng=1)
    frozen = model.layers[0].neurons[0].weight[0]
    trained = [parameter for parameter in model.parameters() if parameter is not frozen]
    before = frozen.data
    list(nn.fit(model, X, SIGNS, nn.hinge_loss, nn.SGD(trained, lr=0.1), epochs=2, rng=0))
    assert frozen.data == before


@pytest.mark.parametrize("compiled", [False, True])
def test_a_model_may_keep_its_inputs(compiled: bool) -> None:
    class Keeping(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Layer(3, 4, "linear", rng=0)

        def __call__(self, inputs: list[Any]) -> list[Value]:
            self.inputs = inputs
            return self.layer(inputs)

    model = Keeping()
    optimizer = nn.SGD(model.parameters())
    list(nn.fit(model, X, LABELS, nn.cross_entropy, optimizer, epochs=1, compiled=compiled))
    assert list(model.state_dict()) == ["layer.weight", "layer.bias"]
    assert tuple(model.parameters()) == optimizer.parameters


@pytest.mark.parametrize("as_array", [False, True])
def test_a_model_may_change_its_list_of_inputs(as_array: bool) -> None:
    def train(compiled: bool) -> tuple[list[float], Any]:
        layer = nn.Layer(4, 4, "linear", rng=0)

        def model(inputs: list[Any]) -> list[Value]:
            inputs[0] *= 2.0
            inputs.append(1.0)
            return layer(inputs)

        data = X.copy() if as_array else X.tolist()
        optimizer = nn.SGD(layer.parameters(), lr=0.1)
        options: dict[str, Any] = {"validation": (data, LABELS), "epochs": 2, "rng": 0}
        fit = nn.fit(model, data, LABELS, nn.cross_entropy, optimizer, **options, compiled=compiled)
        assert len(list(fit)) == 2
        return numbers(layer), data

    (weights, data), (expected, same_data) = train(True), train(False)
    assert weights == pytest.approx(expected, rel=1e-9)
    assert np.array_equal(data, X)
    assert np.array_equal(same_data, X)


def test_a_model_may_change_its_input() -> None:
    w = Value(0.5)

    def model(x: list[Any]) -> Any:
        x.append(1.0)
        return ag.dot([w, w, w], x)

    options: dict[str, Any] = {"epochs": 2, "metric": lambda prediction, target: prediction}
    (*_, report) = nn.fit(
        model, [[1.0, 2.0]] * 3, [0.0] * 3, nn.mse_loss, nn.SGD([w], lr=0.0), **options
    )
    assert report.metric == 2.0


def test_a_power_law_is_fitted_to_data_with_a_zero() -> None:
    X, y = [[0.0], [1.0], [4.0]], [0.0, 3.0, 6.0]
    fitted = []
    for compiled in (True, False):
        scale, exponent = Value(1.0), Value(0.7)

        def power_law(x: Any, scale: Value = scale, exponent: Value = exponent) -> Any:
            return scale * x[0] ** exponent

        optimizer = nn.Adam([scale, exponent], lr=0.05)
        list(nn.fit(power_law, X, y, nn.mse_loss, optimizer, epochs=300, compiled=compiled, rng=0))
        fitted.append([scale.data, exponent.data])
    assert fitted[0] == pytest.approx(fitted[1], rel=1e-9)
    assert fitted[0] == pytest.approx([3.0, 0.5], abs=0.05)


def test_a_model_that_branches_is_told_what_to_do() -> None:
    weight = Value(0.5)

    def model(x: Any) -> Any:
        return weight * x[0] if x[0] > 0 else weight

    fit = nn.fit(model, X, SIGNS, nn.hinge_loss, nn.SGD([weight]), epochs=1, rng=0)
    with pytest.raises(ag.TraceError, match=r"test_steps\.py:\d+"):
        list(fit)
    arguments = (X, SIGNS, nn.hinge_loss, nn.SGD([weight]))
    assert len(list(nn.fit(model, *arguments, epochs=1, rng=0, compiled=False))) == 1


# --- derivatives in the model or the loss ---------------------------------------------------------


def test_a_derivative_by_the_input_trains_the_same_compiled_and_eager() -> None:
    times = np.linspace(0.0, 1.0, 6)[:, None]

    def trained(compiled: bool) -> list[float]:
        curve = nn.MLP(1, [4, 1], "tanh", rng=0)

        def curve_and_slope(x: Any) -> Any:
            return curve(x), ag.grad(lambda t: curve([t]))(x[0])

        def residual(prediction: Any, target: float) -> Any:
            height, slope = prediction
            return (slope + height - target) ** 2

        optimizer = nn.SGD(curve.parameters(), lr=0.1)
        training = nn.fit(
            curve_and_slope, times, np.sin(times[:, 0]), residual, optimizer,
            epochs=3, batch_size=3, rng=0, compiled=compiled,
        )  # fmt: skip
        list(training)
        return numbers(curve)

    untrained = numbers(nn.MLP(1, [4, 1], "tanh", rng=0))
    np.testing.assert_allclose(trained(False), trained(True), rtol=1e-9)
    assert not np.allclose(trained(False), untrained, atol=1e-3)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("place", ["model", "loss", "no_grad"])
def test_a_derivative_alone_is_trained(place: str, compiled: bool) -> None:
    curve = nn.MLP(1, [3, 1], "tanh", rng=0)

    def slope(x: Any) -> Any:
        return ag.grad(lambda t: curve([t]))(x[0])

    model: Any = {"model": slope, "loss": lambda x: x, "no_grad": curve}[place]
    loss: Any = nn.mse_loss if place != "loss" else lambda x, y: (slope(x) - y) ** 2
    before = numbers(curve)
    with ag.no_grad() if place == "no_grad" else contextlib.nullcontext():
        list(
            nn.fit(
                model, [[0.1], [0.5]], [1.0, 2.0], loss, nn.SGD(curve.parameters(), lr=0.1),
                epochs=1, compiled=compiled, rng=0,
            )
        )  # fmt: skip
    assert numbers(curve) != before


@pytest.mark.parametrize("create_graph", [True, False])
def test_a_gradient_in_the_loss_is_a_graph_if_it_is_asked_to_be(create_graph: bool) -> None:
    def train(compiled: bool) -> float:
        w = Value(0.7)

        def loss(prediction: Value, target: Any) -> Any:
            slope = ag.gradient(prediction, w, create_graph=create_graph)
            return (prediction - target) ** 2 + slope * slope

        data = [1.0, 2.0, -1.0], [1.0, 0.5, -0.2]
        options: dict[str, Any] = {"epochs": 3, "rng": 0, "compiled": compiled}
        model: Any = lambda x: ag.tanh(w * x)  # noqa: E731  as its type is not that of a def
        list(nn.fit(model, *data, loss, nn.SGD([w], lr=0.1), **options))
        return w.data

    assert train(compiled=True) == pytest.approx(train(compiled=False), rel=1e-12)


@pytest.mark.parametrize("compiled", [True, False])
def test_validation_differentiates_where_the_loss_does(compiled: bool) -> None:
    model = nn.MLP(1, [2, 1], activation="tanh", rng=0)
    parameters = model.parameters()

    def penalty() -> Any:  # of the slope by the input, which has to be a graph
        slope = ag.grad(lambda x: model([x]))(0.5)
        return slope**2 + ag.gradient(slope, parameters[0], create_graph=True) ** 2

    data = [[1.0], [2.0], [-1.0]], [1.0, 0.5, -0.2]
    optimizer = nn.SGD(parameters, lr=0.1)
    options: dict[str, Any] = {"epochs": 2, "validation": data, "penalty": penalty}
    *_, report = nn.fit(model, *data, nn.mse_loss, optimizer, compiled=compiled, **options)
    with differentiating():
        loss = ag.mean(map(nn.mse_loss, map(model, data[0]), data[1])) + penalty()
    assert report.validation_loss == pytest.approx(loss.data, rel=1e-12)


# --- what the metric gets -------------------------------------------------------------------------


class Tagger(nn.Module):
    """Two scores for each step of a sequence of any length."""

    def __init__(self) -> None:
        self.weights = [Value(0.5), Value(-0.3)]

    def __call__(self, sequence: list[Value]) -> list[list[Value]]:
        return [[weight * x for weight in self.weights] for x in sequence]


@pytest.mark.parametrize("lengths", [(3, 2), (2, 3)])
def test_predictions_are_nested_as_those_of_their_samples(lengths: tuple[int, int]) -> None:
    def metric(prediction: Any, target: Any) -> float:
        assert np.shape(prediction) == np.shape(target)
        return float(len(prediction))

    def loss(prediction: Any, target: Any) -> Any:
        return ag.mean(nn.mse_loss(*pair) for pair in zip(prediction, target, strict=True))

    (X_train, y_train), held_out = (
        (rng.normal(size=(6, length)), rng.normal(size=(6, length, 2))) for length in lengths
    )
    model = Tagger()
    optimizer = nn.SGD(model.parameters(), lr=0.01)
    options: dict[str, Any] = {"metric": metric, "validation": held_out}
    for report in nn.fit(model, X_train, y_train, loss, optimizer, epochs=3, **options):
        assert (report.metric, report.validation_metric) == lengths


class Scores(NamedTuple):
    first: Any
    second: Any


FORMS: dict[str, Callable[[Any, Any], Any]] = {
    "a number": lambda a, b: a,
    "a list": lambda a, b: [a, b],
    "a list of one": lambda a, b: [a],
    "a tuple": lambda a, b: (a, b),
    "a namedtuple": Scores,
    "nested lists": lambda a, b: [[a], [b, [a, b]], []],
    "a namedtuple of lists": lambda a, b: Scores([a], (b, a)),
    "a list of namedtuples": lambda a, b: [Scores(a, b), Scores(b, a)],
    "an array": lambda a, b: np.array([a, b]),
    "an array of one": lambda a, b: np.array([a]),
    "an array of two axes": lambda a, b: np.array([[a, b], [b, a]]),
    "a list of arrays": lambda a, b: [np.array([a]), np.array([b])],
}


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_metric_gets_floats_nested_as_the_model_returns_them(
    form: Callable[[Any, Any], Any], compiled: bool
) -> None:
    weight, seen = Value(2.0), []
    inputs, targets = [[1.0], [2.0], [3.0]], [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]

    def model(x: Any) -> Any:
        return form(weight * x[0], weight - x[0])

    def loss(prediction: Any, target: Any) -> Any:
        return nn.mse_loss(next(numbers_in(prediction)), target[0])

    def metric(*pair: Any) -> float:
        seen.append(repr(pair))
        return 0.0

    options: dict[str, Any] = {"metric": metric, "validation": (inputs, targets)}
    options |= {"epochs": 1, "compiled": compiled}
    list(nn.fit(model, inputs, targets, loss, nn.SGD([weight], lr=0.0), **options))
    pairs = zip(inputs, targets, strict=True)
    expected = [repr((form(2.0 * x[0], 2.0 - x[0]), target)) for x, target in pairs]
    assert sorted(seen) == sorted(2 * expected)


# --- divergence -----------------------------------------------------------------------------------


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


def test_divergence_names_step_loss_and_sample() -> None:
    model = nn.MLP(1, [1], rng=0)
    optimizer = nn.SGD(model.parameters(), lr=1e200)
    fit = nn.fit(model, [[1.0], [2.0]], [1.0, 2.0], nn.mse_loss, optimizer, epochs=9, rng=0)
    with pytest.raises(ag.DivergenceError, match=r"stopped at step 2: .*last finite loss is"):
        list(fit)
    assert optimizer.steps == 1
    assert np.isfinite(numbers(model)).all()


@pytest.mark.parametrize("compiled", [True, False])
def test_a_model_that_overflows_at_once_diverges_at_the_first_step(compiled: bool) -> None:
    w = Value(3.0)
    arguments = (lambda x: ag.exp(w * x), [500.0, 1.0], [1.0, 2.0], nn.mse_loss, nn.SGD([w]))
    training = nn.fit(*arguments, epochs=1, batch_size=2, rng=0, compiled=compiled)
    with pytest.raises(ag.DivergenceError, match=r"stopped at step 1: .*exp\("):
        next(training)
    assert w.data == 3.0


@pytest.mark.parametrize("compiled", [True, False])
def test_finite_losses_whose_mean_overflows_change_nothing(compiled: bool) -> None:
    w = Value(1.0)
    arguments = (lambda x: w * x, [1.0, 1.0], [0.0, 0.0], lambda p, t: 1e308 * p, nn.SGD([w]))
    training = nn.fit(*arguments, epochs=1, batch_size=2, rng=0, compiled=compiled)
    with pytest.raises(ag.DivergenceError, match="with no finite loss yet"):
        next(training)
    assert w.data == 1.0


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


def test_an_error_in_the_loss_comes_through_as_it_is() -> None:
    with pytest.raises(ag.ArgumentError, match=r"hinge_loss must be -1 or \+1"):
        train(network(), loss=nn.hinge_loss)

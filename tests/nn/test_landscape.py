"""The loss landscape: where its planes lie, and that it only looks."""

import io
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import autograd as ag
import nn
from autograd import Value
from autograd.errors import ArgumentError, NonFiniteError, ShapeError
from comparing import numbers
from nn.directions import principal_directions, random_directions

Array = NDArray[np.float64]

X = np.random.default_rng(1).normal(size=(12, 2))
Y = np.sign(X[:, 0])
SEEDS = st.integers(0, 2**32 - 1)


class Line(nn.Module):
    """A model whose squared loss is a quadratic function of its parameters."""

    def __init__(self, slope: float, offset: float) -> None:
        self.slope, self.offset = Value(slope), Value(offset)

    def __call__(self, x: Any) -> Any:
        return self.slope * x + self.offset


def mean_loss(
    model: Callable[[Any], Any], loss: Callable[[Any, Any], Value] = nn.hinge_loss
) -> float:
    """Return the loss without the compiler: the oracle."""
    pairs = zip(X.tolist(), Y.tolist(), strict=True)
    return float(ag.mean(loss(model(x), y) for x, y in pairs))


def recorded(model: nn.MLP, epochs: int = 5) -> list[Array]:
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    path = [optimizer.read()]
    for _ in nn.fit(model, X, Y, nn.hinge_loss, optimizer, epochs=epochs, batch_size=4, rng=0):
        path.append(optimizer.read())
    return path


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_value_at_the_centre_is_the_loss(activation: str) -> None:
    model = nn.MLP(2, [4, 1], activation=activation, rng=0)
    landscape = nn.loss_landscape(model, X, Y, nn.hinge_loss, size=3, rng=0)
    assert landscape.x[1] == landscape.y[1] == 0.0
    assert landscape.losses[1, 1] == pytest.approx(mean_loss(model), rel=1e-13)
    assert landscape.path.shape == (0, 2)
    assert np.isnan(landscape.path_shares).all()


def test_the_grid_is_where_it_says() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    limits = ((-0.5, 1.0), (0.25, 2.0))
    landscape = nn.loss_landscape(model, X, Y, nn.hinge_loss, size=4, limits=limits, rng=0)
    assert (landscape.x[0], landscape.x[-1], landscape.y[0], landscape.y[-1]) == (
        -0.5,
        1.0,
        0.25,
        2.0,
    )
    for i, y in enumerate(landscape.y):
        for j, x in enumerate(landscape.x):
            theta = landscape.center + x * landscape.directions[0] + y * landscape.directions[1]
            nn.SGD(model.parameters(), lr=0.1).write(theta)
            assert landscape.losses[i, j] == pytest.approx(mean_loss(model), rel=1e-12)


@given(st.floats(-3, 3), st.floats(-3, 3), SEEDS)
@settings(max_examples=10)
def test_a_quadratic_loss_has_the_surface_of_its_closed_form(
    slope: float, offset: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 20))
    path = rng.normal([slope, offset], size=(3, 2))
    landscape = nn.loss_landscape(Line(slope, offset), x, y, nn.mse_loss, path=path, size=5)
    grid = np.stack(np.meshgrid(landscape.x, landscape.y), axis=-1)
    theta = landscape.center + grid @ landscape.directions
    residual = theta[..., :1] * x + theta[..., 1:] - y
    np.testing.assert_allclose(landscape.losses, np.mean(residual**2, axis=-1), rtol=1e-10)


@given(SEEDS, st.integers(3, 9), st.integers(2, 30))
@settings(max_examples=30)
def test_a_planar_path_is_reproduced_exactly(seed: int, points: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    path = rng.normal(size=n) + rng.normal(size=(points, 2)) @ rng.normal(size=(2, n))
    directions = principal_directions(path)
    np.testing.assert_allclose(directions @ directions.T, np.eye(2), atol=1e-12)
    coordinates = (path - path[-1]) @ directions.T
    np.testing.assert_allclose(path[-1] + coordinates @ directions, path, atol=1e-9)
    assert (coordinates[0] <= 1e-12).all()  # it comes from the left and from below


def test_the_path_lies_where_it_went() -> None:
    """Three points span a plane, so that nothing is lost on it."""
    model = nn.MLP(2, [3, 1], rng=0)
    path = recorded(model, epochs=2)
    landscape = nn.loss_landscape(model, X, Y, nn.hinge_loss, path=path, size=3)
    assert landscape.kind == "path"
    np.testing.assert_array_equal(landscape.center, path[-1])
    np.testing.assert_allclose(
        landscape.center + landscape.path @ landscape.directions, path, atol=1e-12
    )
    assert landscape.path_shares.sum() == pytest.approx(1.0, rel=1e-12)
    assert landscape.path_losses[-1] == pytest.approx(mean_loss(model), rel=1e-12)
    for axis, grid in ((0, landscape.x), (1, landscape.y)):
        assert grid[0] < landscape.path[:, axis].min()
        assert landscape.path[:, axis].max() < grid[-1]


@given(SEEDS, st.integers(4, 12))
@settings(max_examples=20)
def test_the_shares_are_those_of_the_covariance(seed: int, points: int) -> None:
    """The largest eigenvalues over the trace: another way to the same numbers."""
    rng = np.random.default_rng(seed)
    n = len(nn.MLP(2, [2, 1]).parameters())
    path = rng.normal(size=(points, n)) * rng.uniform(0.1, 2.0, n)
    landscape = nn.loss_landscape(nn.MLP(2, [2, 1]), X, Y, nn.hinge_loss, path=path, size=2)
    variances = np.linalg.eigvalsh(np.cov(path.T))[::-1]
    np.testing.assert_allclose(landscape.path_shares, variances[:2] / variances.sum(), rtol=1e-9)


@given(SEEDS)
@settings(max_examples=20)
def test_random_directions_have_the_norm_of_each_neuron(seed: int) -> None:
    model = nn.MLP(2, [4, 3, 1], rng=seed)
    for layer in model.layers:
        for neuron in layer.neurons:
            neuron.bias.data = 1.0
    state = model.state_dict()
    for direction in random_directions(model, rng=seed):
        nn.SGD(model.parameters(), lr=0.1).write(direction)  # an array for each tensor
        for name, part in model.state_dict().items():
            if name.endswith("bias"):
                assert not part.any()
            else:
                norms = np.linalg.norm(state[name], axis=1)
                np.testing.assert_allclose(np.linalg.norm(part, axis=1), norms, rtol=1e-12)
                assert not np.allclose(np.abs(part), np.abs(state[name]))


def test_the_weights_of_a_lone_neuron_are_scaled_together() -> None:
    neuron = nn.Neuron(2, rng=0)
    neuron.weight = [3.0, 4.0]
    direction = random_directions(neuron, rng=0)[0, :2]
    assert np.linalg.norm(direction) == pytest.approx(5.0)
    assert not np.allclose(abs(direction), [3.0, 4.0])


def test_the_square_has_the_path_in_its_middle() -> None:
    path = [[0.0, 100.0], [1.0, 101.0], [0.0, 102.0], [0.0, 100.5]]
    landscape = nn.loss_landscape(
        nn.MLP(1, [1], rng=0), [[1.0]], [0.0], nn.mse_loss, path=path, size=3
    )
    middle = (landscape.path.min(axis=0) + landscape.path.max(axis=0)) / 2
    np.testing.assert_allclose([landscape.x[1], landscape.y[1]], middle, rtol=1e-9, atol=1e-9)


def test_without_a_path_there_are_two_shares_of_nothing() -> None:
    landscape = nn.loss_landscape(nn.MLP(1, [1], rng=0), [[1.0]], [0.0], nn.mse_loss, size=2)
    np.testing.assert_array_equal(landscape.path_shares, [np.nan, np.nan])


def test_a_path_is_of_numbers() -> None:
    with pytest.raises(ShapeError, match=r"path\[0\] is not an array of numbers"):
        nn.loss_landscape(nn.MLP(1, [1]), [[1.0]], [0.0], nn.mse_loss, path=[[{}, 1.0]])


def test_random_directions_see_no_scale_that_the_network_does_not_feel() -> None:
    """The reason for the norms: relu(4 w x + 4 b) / 4 is relu(w x + b)."""
    model = nn.MLP(2, [4, 1], activation="relu", rng=0)
    before = nn.loss_landscape(model, X, Y, nn.hinge_loss, size=5, rng=1)
    hidden, output = model.layers
    for parameter in hidden.parameters():
        parameter.data *= 4.0
    for weight in output.neurons[0].weight:
        weight.data /= 4.0
    after = nn.loss_landscape(model, X, Y, nn.hinge_loss, size=5, rng=1)
    np.testing.assert_allclose(after.losses, before.losses, rtol=1e-12)
    assert np.ptp(before.losses) > 0.1


def test_a_direction_reaches_shared_parameters_once() -> None:
    model = nn.Layer(2, 2, rng=0)
    model.neurons[1].weight = model.neurons[0].weight
    directions = random_directions(model, rng=0)
    assert directions.shape == (2, len(model.parameters())) == (2, 4)
    assert np.linalg.norm(directions[0]) == pytest.approx(np.linalg.norm(numbers(model)[:2]))


def test_seeded_landscapes_repeat() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    one, same, other = (
        nn.loss_landscape(model, X, Y, nn.hinge_loss, size=3, rng=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one.losses, same.losses)
    np.testing.assert_array_equal(one.directions, same.directions)
    assert not np.array_equal(one.directions, other.directions)


def test_the_path_can_be_seen_in_random_directions() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    path = recorded(model)
    landscape = nn.loss_landscape(
        model, X, Y, nn.hinge_loss, path=path, directions="random", size=3, rng=0
    )
    assert landscape.kind == "random"
    residual = path - landscape.center - landscape.path @ landscape.directions
    np.testing.assert_allclose(residual @ landscape.directions.T, 0.0, atol=1e-12)  # the nearest
    deviations = np.array(path) - np.mean(path, axis=0)
    onto_plane = np.linalg.pinv(landscape.directions) @ landscape.directions
    share = np.sum((deviations @ onto_plane) ** 2) / np.sum(deviations**2)
    assert landscape.path_shares.sum() == pytest.approx(share, rel=1e-9)
    assert landscape.x[0] <= -1 < 1 <= landscape.x[-1]


def test_a_path_that_stays_where_it_is_has_no_variance_to_share() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    landscape = nn.loss_landscape(
        model, X, Y, nn.hinge_loss, path=[numbers(model)] * 2, directions="random", size=2, rng=0
    )
    np.testing.assert_allclose(landscape.path, 0.0, atol=1e-15)
    assert np.isnan(landscape.path_shares).all()


def test_the_penalty_is_part_of_the_loss() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    parameters = model.parameters()
    landscape = nn.loss_landscape(
        model,
        X,
        Y,
        nn.hinge_loss,
        size=2,
        limits=((0, 1), (0, 1)),
        penalty=lambda: nn.l2_penalty(parameters, 0.5),
        rng=0,
    )
    expected = mean_loss(model) + 0.5 * sum(number**2 for number in numbers(model))
    assert landscape.losses[0, 0] == pytest.approx(expected, rel=1e-12)


def test_the_model_is_left_alone() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    path = recorded(model)
    model.zero_grad()
    before = numbers(model)
    nn.loss_landscape(model, X, Y, nn.hinge_loss, path=path, size=3)
    nn.loss_landscape(model, X, Y, nn.hinge_loss, size=3, rng=0)
    assert numbers(model) == before
    assert all(parameter.grad == 0.0 for parameter in model.parameters())


@pytest.mark.parametrize("exception", [KeyboardInterrupt, RuntimeError])
def test_the_model_is_left_alone_by_what_interrupts(
    exception: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    before = numbers(model)
    calls = 0
    run = ag.Compiled.value

    def interrupted(self: ag.Compiled, *arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise exception
        return run(self, *arguments)

    monkeypatch.setattr(ag.Compiled, "value", interrupted)
    with pytest.raises(exception):
        nn.loss_landscape(model, X, Y, nn.hinge_loss, size=3, rng=0)
    assert calls == 5
    assert numbers(model) == before


def test_a_loss_that_does_not_exist_is_told_with_its_place() -> None:
    model = Line(1.0, 0.0)

    def steep(prediction: Value, target: Any) -> Any:
        return ag.exp(prediction - target)

    path = [[1.0, 0.0], [2.0, 1.0], [0.0, 0.0]]
    limits = ((-1.0, 1.0), (-1.0, 1e4))
    before = numbers(model)
    with pytest.raises(NonFiniteError, match=r"the loss does not exist at \(.*narrower limits"):
        nn.loss_landscape(model, [1.0, 2.0], [0.0, 0.0], steep, path=path, limits=limits, size=3)
    assert numbers(model) == before


def test_a_mean_that_is_too_large_is_told() -> None:
    def huge(prediction: Value, target: Any) -> Any:
        return 1e308 * (1 + 0 * prediction)

    with pytest.raises(NonFiniteError, match="the mean over the batch is too large"):
        nn.loss_landscape(nn.MLP(2, [1], rng=0), X, Y, huge, size=2, rng=0)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"size": 0}, ArgumentError, "size=0"),
        ({"size": 1}, ArgumentError, "size=1"),
        ({"limits": ((1.0, -1.0), (0.0, 1.0))}, ArgumentError, "limits="),
        ({"limits": (-1.0, 1.0)}, ArgumentError, "two intervals"),
        ({"limits": ((-1.0, 1.0), (0.0,))}, ArgumentError, "two intervals"),
        ({"limits": (("a", "b"), ("c", "d"))}, ArgumentError, "two intervals"),
        ({"limits": ((-1.0, np.inf), (0.0, 1.0))}, ArgumentError, "limits="),
        ({"directions": "newton"}, ArgumentError, "'newton'"),
        ({"directions": "path"}, ArgumentError, "0 points"),
        ({"path": [np.zeros(13)] * 3}, ArgumentError, "on one line"),
        ({"path": [np.zeros(13), np.ones(13), np.full(13, 2.0)]}, ArgumentError, "on one line"),
        ({"path": [np.zeros(13), np.zeros(12)]}, ShapeError, r"path\[1\] has shape \(12,\)"),
        ({"path": [np.full(13, np.nan)]}, ArgumentError, r"path\[0\]"),
        ({"path": ["theta"]}, ShapeError, r"path\[0\] is not an array of numbers"),
        ({"path": np.zeros(13)}, ShapeError, r"path\[0\] has shape \(\)"),
    ],
)
def test_bad_arguments_are_told(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    with pytest.raises(error, match=message):
        nn.loss_landscape(model, X, Y, nn.hinge_loss, **options)


def test_an_older_generator_draws_directions() -> None:
    old: Any = np.random.RandomState(0)
    assert random_directions(nn.MLP(2, [1], rng=0), old).shape == (2, 3)


def test_targets_that_the_loss_refuses_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"hinge_loss must be -1 or \+1, not 0"):
        nn.loss_landscape(nn.MLP(2, [1], rng=0), X, Y > 0, nn.hinge_loss)


def test_bad_data_and_models_are_told() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    with pytest.raises(ShapeError, match="12 inputs"):
        nn.loss_landscape(model, X, Y[:3], nn.hinge_loss)
    with pytest.raises(ArgumentError, match="give a Module, such as"):
        nn.loss_landscape(lambda x: x[0], X, Y, nn.hinge_loss)  # type: ignore[arg-type]  # meant
    for parameter in model.parameters():
        parameter.data = 0.0
    with pytest.raises(ArgumentError, match="are 0"):
        nn.loss_landscape(model, X, Y, nn.hinge_loss)


def test_a_progress_bar_shows_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    silent_bar = pytest.importorskip("tqdm").tqdm
    bars = []

    def bar(desc: str, total: int, **options: Any) -> Any:
        bars.append((desc, total))
        return silent_bar(disable=True)

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    model = nn.MLP(2, [3, 1], rng=0)
    monkeypatch.setattr("tqdm.tqdm", bar)
    silent = nn.loss_landscape(model, X, Y, nn.hinge_loss, size=3, rng=0)
    assert bars == []
    monkeypatch.setattr(sys, "stderr", Terminal())
    shown = nn.loss_landscape(model, X, Y, nn.hinge_loss, size=3, rng=0)
    assert bars == [("loss landscape", 9)]
    np.testing.assert_array_equal(shown.losses, silent.losses)
    assert capsys.readouterr() == ("", "")

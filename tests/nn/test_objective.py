"""What a loss must be like, found out before training."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Value
from autograd.graph import reached_by_gradients

# --- targets that the loss does not take ----------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "targets"),
    [(nn.hinge_loss, [0, 1]), (nn.binary_cross_entropy, [-1, 1]), (nn.cross_entropy, [0, 2])],
)
def test_targets_are_checked_before_training(loss: Any, targets: list[int]) -> None:
    model = nn.MLP(1, [2 if loss is nn.cross_entropy else 1], rng=0)
    with pytest.raises(ag.ArgumentError):
        nn.fit(model, [[1.0], [2.0]], targets, loss, nn.SGD(model.parameters()), epochs=1)


@pytest.mark.parametrize(
    ("loss", "targets"),
    [(nn.hinge_loss, [1, 0]), (nn.binary_cross_entropy, [1, 2]), (nn.cross_entropy, [0, 2])],
)
def test_targets_of_samples_that_are_recorded_are_checked(loss: Any, targets: list[int]) -> None:
    model = nn.MLP(1, [2 if loss is nn.cross_entropy else 1], rng=0)
    compiled = ag.compile(lambda x, target: loss(model(x), target))
    with pytest.raises(ag.ArgumentError, match=r"must be|is not a class"):
        compiled([[1.0], [2.0]], targets)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (np.array([2, 1, 2, 0]), [0, 1, 2]),
        (np.array([True, False, True]), [False, True]),
        (np.array([0.5, -1.0, 0.5]), [-1.0, 0.5]),
        (np.array([[0.5], [-1.0]]), [[-1.0], [0.5]]),
        (np.arange(101.0), [*np.arange(101.0)]),
        (np.roll(np.arange(300), 7), [*range(100), 299]),
        (np.arange(300.0)[::-1, None], [[float(i)] for i in (*range(100), 299)]),
        (np.arange(6.0).reshape(3, 2), [[0.0, 1.0]]),
    ],
    ids=["whole", "bool", "few", "few lists", "101", "many", "many lists", "pairs"],
)
def test_the_smallest_targets_are_checked_and_the_largest(targets: Any, expected: Any) -> None:
    n_outputs = targets.shape[1] if targets.ndim > 1 else 1
    layer = nn.Layer(1, n_outputs, rng=0)
    checked: list[Any] = []

    def loss(prediction: Any, target: Any) -> Value:
        checked.append(target)
        return nn.mse_loss(prediction, target)

    optimizer = nn.SGD(layer.parameters())
    training = nn.fit(
        layer,
        np.zeros((len(targets), 1)),
        targets,
        loss,
        optimizer,
        epochs=1,
    )
    assert checked == expected
    next(training)


@pytest.mark.parametrize(
    "loss", [lambda p, t: ag.log(p * t) ** 2, lambda p, t: ag.exp(1000 * (1 - p * t))]
)
def test_a_prediction_need_not_suit_the_targets_of_other_samples(
    loss: Callable[[Value, Any], Value],
) -> None:
    w, signs = Value(1.0), [1.0, -1.0]
    with pytest.raises(ArithmeticError):
        loss(w * signs[0], signs[1])
    (report,) = nn.fit(lambda x: w * x, signs, signs, loss, nn.SGD([w]), epochs=1)
    assert report.loss in (0.0, 1.0)


def test_to_check_many_targets_takes_one_walk_through_the_graph(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, walks = nn.MLP(1, [1], rng=0), []

    def counted(root: Value) -> Any:
        walks.append(root)
        return reached_by_gradients(root)

    monkeypatch.setattr(nn.objective, "reached_by_gradients", counted)
    targets = np.linspace(0.0, 1.0, 50)
    optimizer = nn.SGD(model.parameters())
    next(nn.fit(model, targets[:, None], targets, nn.mse_loss, optimizer, epochs=1))
    assert len(walks) == 1


# --- losses that train nothing --------------------------------------------------------------------


@pytest.mark.parametrize("compiled", [True, False])
def test_an_optimizer_of_another_model_is_refused(compiled: bool) -> None:
    model, other = nn.MLP(1, [1], rng=0), nn.MLP(1, [1], rng=0)
    optimizer = nn.SGD(other.parameters())
    with pytest.raises(ag.ArgumentError, match="another model"):
        list(nn.fit(model, [[1.0]], [2.0], nn.mse_loss, optimizer, epochs=1, compiled=compiled))


@pytest.mark.parametrize("compiled", [True, False])
def test_a_loss_behind_detach_is_told(compiled: bool) -> None:
    w = Value(0.5)
    with pytest.raises(ag.ArgumentError, match=r"depends on none .* ag\.detach"):
        list(
            nn.fit(
                lambda x: w * x,
                [1.0],
                [2.0],
                lambda prediction, target: ag.detach((prediction - target) ** 2),
                nn.SGD([w]),
                epochs=1,
                compiled=compiled,
            )
        )


@pytest.mark.parametrize("compiled", [True, False])
def test_a_loss_that_is_a_number_is_told(compiled: bool) -> None:
    w = Value(1.0)
    constant: Any = lambda prediction, target: 1.0  # noqa: E731  typed for the checker
    data = [1.0, 2.0]
    with pytest.raises(ag.ArgumentError, match=r"the loss of a sample must be a Value, not 1\.0"):
        list(
            nn.fit(lambda x: w * x, data, data, constant, nn.SGD([w]), epochs=1, compiled=compiled)
        )


class Line(nn.Module):
    """A line through the origin, with a slope that is made as an instance says."""

    def __init__(self, slope: Any) -> None:
        self.slope, self.offset = slope, Value(0.0)

    def __call__(self, x: Any) -> Any:
        self.output = self.slope * x + self.offset
        return self.output


@pytest.mark.parametrize("compiled", [True, False])
def test_a_weight_that_was_computed_is_told(compiled: bool) -> None:
    model = Line(Value(3.0) * 0.1)
    data, optimizer = [1.0, 2.0], nn.SGD(model.parameters())
    with pytest.raises(
        ag.ArgumentError, match=r"'slope' .* make it a parameter, Value\(0\.3\).*detach"
    ):
        list(nn.fit(model, data, data, nn.mse_loss, optimizer, epochs=1, compiled=compiled))
    assert model.offset.data == 0.0


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("make", [Value, lambda number: ag.detach(Value(number) * 0.1)])
def test_what_is_meant_to_stay_and_earlier_outputs_are_not_in_the_way(
    make: Callable[[float], Value], compiled: bool
) -> None:
    model = Line(make(0.3))
    model(2.0)
    data, optimizer = [1.0, 2.0], nn.SGD(model.parameters())
    for _ in range(2):
        list(nn.fit(model, data, data, nn.mse_loss, optimizer, epochs=1, compiled=compiled))


@pytest.mark.parametrize("compiled", [True, False])
def test_a_model_is_given_as_it_is_and_not_compiled(compiled: bool) -> None:
    model = nn.MLP(1, [1], rng=0)
    arguments: Any = ([[1.0]], [2.0], nn.mse_loss, nn.SGD(model.parameters()))
    with pytest.raises(ag.ArgumentError, match=r"<compiled MLP.* give the model itself"):
        nn.fit(ag.compile(model), *arguments, epochs=1, compiled=compiled)


# --- losses that do not exist for every pair of samples -------------------------------------------


def test_a_loss_that_exists_for_no_target_is_left_to_training() -> None:
    w = Value(1.0)
    sgd = nn.SGD([w])
    for model, loss in [
        (lambda x: w * x, lambda prediction, target: ag.log(-prediction * prediction)),
        (lambda x: ag.log(-w * x), nn.mse_loss),
    ]:
        training = nn.fit(model, [1.0], [0.0], loss, sgd, epochs=1)
        with pytest.raises(ag.DivergenceError):
            next(training)


@pytest.mark.parametrize(
    ("targets", "loss"),
    [
        ([[1.0], [1.0, 2.0]], lambda prediction, t: nn.mse_loss([prediction] * len(t), t)),
        ([{"y": 1.0}, {"y": 2.0}], lambda prediction, t: (prediction - t["y"]) ** 2),
    ],
)
def test_targets_for_validation_may_be_of_many_lengths_or_no_numbers(
    targets: Any, loss: Any
) -> None:
    w, data = Value(1.0), ([1.0, 2.0], targets)
    options: dict[str, Any] = {"validation": data, "compiled": False}
    assert list(nn.fit(lambda x: w * x, *data, loss, nn.SGD([w]), epochs=1, **options))

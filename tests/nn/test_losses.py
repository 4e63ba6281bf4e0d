"""Losses against their formulas in high precision, and the targets they refuse."""

import math
import sys
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd import Value
from comparing import close

scores = st.floats(-1000, 1000)
logit_lists = st.lists(scores, min_size=1, max_size=6)
probabilities = st.floats(0, 1)
signs = st.sampled_from([-1, 1])


def shifted(numbers: list[float], offset: float) -> list[float]:
    return [number + offset for number in numbers]


def loss_and_gradient(loss: Value, variables: list[Value]) -> tuple[float, list[float]]:
    return loss.data, ag.gradient(loss, variables)


# --- mse_loss ------------------------------------------------------------------------------------


@given(st.lists(st.tuples(scores, scores), min_size=1, max_size=6))
def test_mse_is_the_mean_of_squares(pairs: list[tuple[float, float]]) -> None:
    predictions, targets = (np.array(column) for column in zip(*pairs, strict=True))
    variables = [Value(p) for p in predictions]
    loss, gradient = loss_and_gradient(nn.mse_loss(variables, targets), variables)
    assert loss == close(np.mean((predictions - targets) ** 2))
    assert gradient == close(2 * (predictions - targets) / len(pairs))


@given(scores, scores)
def test_mse_of_a_number_is_that_of_a_list_of_one(prediction: float, target: float) -> None:
    of_number = nn.mse_loss(Value(prediction), target)
    assert of_number.data == nn.mse_loss([Value(prediction)], [target]).data


def test_a_target_that_is_a_value_receives_its_gradient() -> None:
    prediction, target = Value(3.0), Value(1.0)
    nn.mse_loss(prediction, target).backward()
    assert (prediction.grad, target.grad) == (4.0, -4.0)


@pytest.mark.parametrize(
    ("n_predictions", "n_targets"), [(2, 1), (1, 2), (3, 2), (0, 1), (1, 0), (0, 0)]
)
def test_mse_takes_as_many_targets_as_predictions_and_one_at_least(
    n_predictions: int, n_targets: int
) -> None:
    predictions = [Value(1.0) for _ in range(n_predictions)]
    with pytest.raises(ag.ShapeError):
        nn.mse_loss(predictions, [1.0] * n_targets)


@pytest.mark.parametrize("target", ["3", None, 1j, math.nan], ids=repr)
def test_mse_takes_real_numbers_as_targets(target: Any) -> None:
    with pytest.raises((ag.NotANumberError, ag.NonFiniteError)):
        nn.mse_loss(Value(1.0), target)


# --- cross_entropy -------------------------------------------------------------------------------


@given(logit_lists | st.builds(shifted, logit_lists, st.floats(-1e9, 1e9)), st.data())
@example([1e6 + 0.5, 1e6, 1e6 - 1.25], None)
@example([1000.0, -1000.0], None)
@example([-1000.0, 1000.0], None)
@example([1000.0, 1000.0, 1000.0], None)
def test_cross_entropy_is_minus_the_log_of_the_softmax(
    logits: list[float], data: st.DataObject | None
) -> None:
    label = data.draw(st.integers(0, len(logits) - 1)) if data else 0
    variables = [Value(x) for x in logits]
    loss, gradient = loss_and_gradient(nn.cross_entropy(variables, label), variables)
    with mpmath.workdps(50):
        exponentials = [mpmath.exp(x) for x in logits]
        total = mpmath.fsum(exponentials)
        expected = mpmath.log(total) - logits[label]
        softmax = [exponential / total for exponential in exponentials]
    one_hot = [float(index == label) for index in range(len(logits))]
    assert loss == pytest.approx(float(expected), rel=1e-14, abs=2e-15)
    assert gradient == pytest.approx(
        [float(p - right) for p, right in zip(softmax, one_hot, strict=True)], rel=1e-11, abs=1e-12
    )


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=6), st.floats(-1000, 1000))
def test_a_shift_of_all_logits_does_not_change_cross_entropy(
    logits: list[float], shift: float
) -> None:
    loss, other = (
        nn.cross_entropy([Value(x) for x in shifted(logits, offset)], 0).data
        for offset in (0.0, shift)
    )
    assert other == pytest.approx(loss, abs=1e-11)


@pytest.mark.parametrize("label", [1, 1.0, np.int64(1), np.float64(1.0), Value(1.0)], ids=repr)
def test_a_whole_number_of_any_kind_is_a_label(label: Any) -> None:
    logits = [Value(0.0), Value(1.0), Value(2.0)]
    expected = math.log(1 + math.e + math.e**2) - 1
    assert nn.cross_entropy(logits, label).data == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("label", [3, -1, 1.5, math.nan, math.inf, "1", None, [1]], ids=repr)
def test_a_label_is_one_of_the_classes(label: Any) -> None:
    with pytest.raises(ag.ArgumentError, match="whole number from 0 to 2"):
        nn.cross_entropy([Value(0.0), Value(1.0), Value(2.0)], label)


@pytest.mark.parametrize("logits", [[], Value(1.0), 1.0], ids=repr)
def test_cross_entropy_takes_a_list_of_logits(logits: Any) -> None:
    with pytest.raises(ag.ShapeError, match="one output, use binary_cross_entropy"):
        nn.cross_entropy(logits, 0)


# --- binary_cross_entropy ------------------------------------------------------------------------


@given(scores, probabilities)
@example(1000.0, 1.0)
@example(1000.0, 0.0)
@example(-1000.0, 1.0)
@example(-1000.0, 0.0)
@example(37.0, 1.0)  # 1 - p is smaller than the last digit of 1
@example(-37.0, 0.0)
@example(30.0, 1.0 - 1e-10)
@example(-30.0, 1e-10)
def test_binary_cross_entropy_is_minus_the_log_likelihood(logit: float, target: float) -> None:
    variable = Value(logit)
    loss, (gradient,) = loss_and_gradient(nn.binary_cross_entropy(variable, target), [variable])
    with mpmath.workdps(1000):  # 1 - p is 1e-434 where the logit is 1000
        p = 1 / (1 + mpmath.exp(-mpmath.mpf(logit)))
        expected = -target * mpmath.log(p) - (1 - mpmath.mpf(target)) * mpmath.log(1 - p)
    smallest = sys.float_info.min  # below it floats lose digits
    assert loss == pytest.approx(float(expected), rel=2e-15, abs=smallest)
    assert gradient == close(float(p - target))


@given(scores, st.sampled_from([0.0, 1.0]))
@example(37.0, 1.0)
def test_the_gradient_of_binary_cross_entropy_keeps_its_digits(logit: float, label: float) -> None:
    variable = Value(logit)
    (gradient,) = ag.gradient(nn.binary_cross_entropy(variable, label), [variable])
    with mpmath.workdps(1000):
        expected = 1 / (1 + mpmath.exp(-mpmath.mpf(logit))) - label
    assert gradient == pytest.approx(float(expected), rel=2e-15, abs=sys.float_info.min)


@given(scores, probabilities)
def test_binary_cross_entropy_is_cross_entropy_of_two_classes(logit: float, p: float) -> None:
    classes = [Value(0.0), Value(logit)]
    expected = (1 - p) * nn.cross_entropy(classes, 0) + p * nn.cross_entropy(classes, 1)
    assert nn.binary_cross_entropy(Value(logit), p).data == pytest.approx(expected.data, abs=1e-12)


@pytest.mark.parametrize(
    "target", [-1, -1e-9, 1 + 1e-9, 2, math.nan, math.inf, "1", None, [1], 1j], ids=repr
)
def test_the_target_of_binary_cross_entropy_is_a_probability(target: Any) -> None:
    with pytest.raises(ag.ArgumentError, match="from 0 to 1"):
        nn.binary_cross_entropy(Value(0.5), target)


# --- hinge_loss ----------------------------------------------------------------------------------


@given(scores, signs)
@example(1.0, 1)
@example(-1.0, -1)
def test_hinge_loss_is_what_is_missing_to_a_margin_of_one(score: float, target: int) -> None:
    variable = Value(score)
    loss, (gradient,) = loss_and_gradient(nn.hinge_loss(variable, target), [variable])
    assert loss == max(0.0, 1.0 - target * score)
    assert gradient == (-target if loss > 0 else 0.0)


@pytest.mark.parametrize("target", [0, 2, 0.5, math.nan, "1", None], ids=repr)
def test_the_target_of_hinge_loss_is_plus_or_minus_one(target: Any) -> None:
    with pytest.raises(ag.ArgumentError, match=r"-1 or \+1"):
        nn.hinge_loss(Value(0.5), target)


# --- what went through a sigmoid or a softmax before ---------------------------------------------


def training(model: Any, loss: Any, compiled: bool) -> Any:
    optimizer = nn.SGD(model.parameters())
    data = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    return list(nn.fit(model, *data, loss, optimizer, epochs=1, compiled=compiled))


class Probabilities(nn.MLP):
    """A network that ends in a softmax, as those that predict do and those that train do not."""

    def __call__(self, inputs: Any) -> Any:
        return ag.softmax(super().__call__(inputs))


@pytest.mark.parametrize("compiled", [True, False])
def test_binary_cross_entropy_refuses_a_sigmoid(compiled: bool) -> None:
    model = nn.MLP(2, [3, 1], output_activation="sigmoid", rng=0)
    with pytest.raises(ag.ArgumentError, match=r"before the sigmoid.*output_activation='linear'"):
        training(model, nn.binary_cross_entropy, compiled)
    with pytest.raises(ag.ArgumentError, match="before the sigmoid"):
        nn.binary_cross_entropy(model([1.0, 2.0]), 1)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_cross_entropy_refuses_a_softmax(n_classes: int, compiled: bool) -> None:
    model = Probabilities(2, [3, n_classes], rng=0)
    with pytest.raises(ag.ArgumentError, match="before the softmax"):
        training(model, nn.cross_entropy, compiled)
    with pytest.raises(ag.ArgumentError, match="before the softmax"):
        nn.cross_entropy(model([1.0, 2.0]), 1)


@pytest.mark.parametrize(
    "logits",
    [
        lambda x: [x[0] / x[2], x[1] / x[2]],
        lambda x: [ag.exp(x[0]) / x[2], ag.exp(x[1]) / x[2]],
        lambda x: [ag.exp(x[0]) / ag.sum(x), ag.exp(x[1]) / ag.sum(x)],
        lambda x: [value / ag.sum(x) for value in x],
        lambda x: [value / ag.sum(x[:2]) for value in x[:2]],
        lambda x: ag.softmax(x)[:2],
        lambda x: [*ag.softmax(x)[:2], ag.softmax(x)[2]],
        lambda x: [*ag.softmax(x), x[0]],
        lambda x: ag.log_softmax(x),
        lambda x: [ag.sigmoid(value) for value in x],
    ],
)
def test_what_is_no_whole_softmax_may_be_logits(logits: Any) -> None:
    variables = [Value(1.0), Value(2.0), Value(4.0)]
    numbers = [logit.data for logit in logits(variables)]
    expected = -math.log(math.exp(numbers[0]) / sum(map(math.exp, numbers)))
    assert nn.cross_entropy(logits(variables), 0).data == pytest.approx(expected, rel=1e-12)


def test_a_quotient_may_be_the_only_logit() -> None:
    assert nn.cross_entropy([Value(1.0) / Value(2.0)], 0).data == 0.0


def test_a_target_that_is_a_value_is_used_as_it_is() -> None:
    assert nn.hinge_loss(Value(0.25), Value(2.0)).data == 0.5


def test_a_number_may_be_the_target_inside_a_compiled_function() -> None:
    w = Value(0.5)
    assert ag.compile(lambda x: nn.hinge_loss(w * x, 1))([0.5]).data == 0.75


# --- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "shown"),
    [
        (lambda: nn.mse_loss(None, 1.0), "None"),
        (lambda: nn.mse_loss(Value(1.0), None), "None"),
        (lambda: nn.mse_loss([[Value(1.0)]], [[1.0]]), r"\[Value"),
        (lambda: nn.mse_loss("a", "b"), "'a'"),
        (lambda: nn.hinge_loss(None, 1), "None"),  # type: ignore[arg-type]
        (lambda: nn.hinge_loss([Value(1.0)], 1), r"\[Value"),  # type: ignore[arg-type]
        (lambda: nn.binary_cross_entropy(None, 1), "None"),  # type: ignore[arg-type]
        (lambda: nn.binary_cross_entropy([Value(1.0)], 1), r"\[Value"),  # type: ignore[arg-type]
        (lambda: nn.cross_entropy([None, None], 1), "None"),  # type: ignore[list-item]
    ],
)
def test_losses_are_of_numbers(loss: Any, shown: str) -> None:
    with pytest.raises(ag.NotANumberError, match=f"not {shown}"):
        loss()


@pytest.mark.parametrize(
    ("loss", "prediction"),
    [
        (nn.mse_loss, [Value(1.0), Value(2.0)]),
        (nn.cross_entropy, [Value(1.0), Value(2.0)]),
        (nn.binary_cross_entropy, Value(1.0)),
        (nn.hinge_loss, Value(1.0)),
    ],
)
def test_a_batch_is_told_how_its_loss_is_written(loss: Any, prediction: Any) -> None:
    with pytest.raises(ag.NotANumberError, match="for a batch, write") as caught:
        loss([prediction] * 3, [1, 1, 1])
    advice = str(caught.value).partition("for a batch, write ")[2]
    predictions, targets = [prediction] * 3, [[1, 1] if loss is nn.mse_loss else 1] * 3
    mean = eval(advice, {"ag": ag, "nn": nn, "predictions": predictions, "targets": targets})
    assert mean.data == close(loss(predictions[0], targets[0]).data)


LOSSES: dict[str, Any] = {
    "mse_loss": nn.mse_loss,
    "cross_entropy": lambda logit, label: nn.cross_entropy([logit, Value(0.5)], label),
    "binary_cross_entropy": nn.binary_cross_entropy,
    "hinge_loss": nn.hinge_loss,
}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


@every_loss
def test_a_number_may_be_an_array_of_no_axes(loss: Any) -> None:
    expected = loss(Value(3.0), 1).data
    assert loss(Value(3.0), np.array(1)).data == expected
    if loss is not LOSSES["cross_entropy"]:  # whose logits are several
        assert loss(np.array(Value(3.0)), 1).data == expected


@every_loss
def test_a_target_may_be_what_a_comparison_of_arrays_gives(loss: Any) -> None:
    (is_one,) = np.array([1.0]) > 0
    assert loss(Value(3.0), is_one).data == loss(Value(3.0), 1).data


@every_loss
@pytest.mark.parametrize("target", [[0, 1], [[0, 1]], [[1]], []], ids=repr)
def test_an_array_is_no_target_of_one_prediction(loss: Any, target: Any) -> None:
    for kind in (np.array, list):
        with pytest.raises((ag.ArgumentError, ag.NotANumberError)):
            loss(Value(3.0), kind(target))


@every_loss
@pytest.mark.parametrize("shape", [(1, 2), (2, 2), (2, 1), (1, 1)], ids=repr)
def test_a_matrix_is_no_prediction(loss: Any, shape: Any) -> None:
    predictions = np.array([Value(1.0) for _ in range(math.prod(shape))]).reshape(shape)
    for prediction in (predictions, predictions.tolist(), list(predictions)):
        with pytest.raises((ag.ArgumentError, ag.NotANumberError)):
            loss(prediction, 1)
        with pytest.raises((ag.ArgumentError, ag.NotANumberError)):
            nn.mse_loss(prediction, np.ones(shape))
        with pytest.raises(ag.NotANumberError):
            nn.cross_entropy(prediction, 1)


@pytest.mark.parametrize("kind", [list, tuple, np.array, iter])
def test_several_predictions_come_in_any_list(kind: Any) -> None:
    logits = [Value(1.0), Value(2.0), Value(-1.0)]
    assert nn.cross_entropy(kind(logits), 1).data == nn.cross_entropy(logits, 1).data
    targets = [3.0, 2.0, 1.0]
    assert nn.mse_loss(kind(logits), kind(targets)).data == nn.mse_loss(logits, targets).data


# --- l2_penalty ----------------------------------------------------------------------------------


@given(st.lists(scores, min_size=1, max_size=6), st.floats(0, 10))
def test_l2_penalty_is_the_strength_times_the_squared_length(
    weights: list[float], strength: float
) -> None:
    variables = [Value(w) for w in weights]
    loss, gradient = loss_and_gradient(nn.l2_penalty(variables, strength), variables)
    assert loss == close(strength * math.fsum(w * w for w in weights))
    assert gradient == close([2 * strength * w for w in weights])


def test_the_default_strength_of_l2_penalty_is_small() -> None:
    assert nn.l2_penalty([Value(3.0), Value(4.0)]).data == pytest.approx(0.0025, rel=1e-12)


def test_l2_penalty_takes_any_iterable() -> None:
    assert nn.l2_penalty(iter([Value(3.0), Value(4.0)]), strength=1.0).data == 25.0

"""Accuracy: right or wrong, for scores of several classes and for a single one."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd import ArgumentError, NonFiniteError, NotANumberError, ShapeError, Value

scores = st.floats(-1000, 1000)
as_numbers_or_values = pytest.mark.parametrize("number", [float, Value], ids=["float", "Value"])


@as_numbers_or_values
@given(logits=st.lists(scores, min_size=2, max_size=6))
def test_the_largest_score_is_the_predicted_class(
    number: Callable[[float], Any], logits: list[float]
) -> None:
    prediction = [number(logit) for logit in logits]
    rights = [nn.accuracy(prediction, label) for label in range(len(logits))]
    assert rights == np.eye(len(logits))[np.argmax(logits)].tolist()


@as_numbers_or_values
@given(score=scores, positive=st.booleans(), negative_label=st.sampled_from([0, -1, -1.0]))
def test_a_single_score_is_right_if_it_has_the_sign_of_the_target(
    number: Callable[[float], Any], score: float, positive: bool, negative_label: float
) -> None:
    target = 1 if positive else negative_label
    for prediction in (number(score), [number(score)]):
        assert nn.accuracy(prediction, target) == float((score > 0) is positive)


@pytest.mark.parametrize("kind", [tuple, np.array])
def test_a_tuple_or_an_array_of_scores_is_a_prediction(kind: Any) -> None:
    assert nn.accuracy(kind([0.0, 1.0]), 1) == 1.0


@pytest.mark.parametrize(
    ("prediction", "target"),
    [(None, 1), ([None, 1.0], 1), ("a", 1), ([1.0, 2.0], "a"), ([1.0, 2.0], [0, 1]), (1.0, None)],
)
def test_scores_and_targets_are_numbers(prediction: Any, target: Any) -> None:
    with pytest.raises(NotANumberError):
        nn.accuracy(prediction, target)


def test_many_predictions_are_told_how_to_be_averaged() -> None:
    predictions, targets = [[0.0, 1.0], [2.0, 1.0]], [1, 1]
    for target in (targets, 1):
        with pytest.raises(NotANumberError, match=r"ag\.mean"):
            nn.accuracy(predictions, target)  # type: ignore[arg-type]
    assert ag.mean(map(nn.accuracy, predictions, targets)) == 0.5


def test_a_prediction_has_a_score() -> None:
    with pytest.raises(ShapeError, match=r"not \[\]"):
        nn.accuracy([], 1)


@pytest.mark.parametrize("target", [2, 0.5, -2.0, float("nan")])
def test_a_single_score_has_two_classes(target: float) -> None:
    with pytest.raises(ArgumentError, match="is -1 or 0 against 1, not"):
        nn.accuracy(0.3, target)


@pytest.mark.parametrize(
    ("scores", "target"), [([math.nan, 1.0], 0), ([1.0, math.nan], 0), (math.nan, 0)]
)
def test_nan_is_not_right(scores: Any, target: int) -> None:
    with pytest.raises(NonFiniteError, match="is nan"):
        nn.accuracy(scores, target)

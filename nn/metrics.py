"""Metrics: numbers to report. They are not trained on; the loss is."""

import math
from collections.abc import Callable
from typing import Any, SupportsFloat, TypeAlias

from autograd.errors import ArgumentError, NonFiniteError, NotANumberError, ShapeError
from autograd.nested_numbers import is_nested
from autograd.real_numbers import is_list
from autograd.value import as_value
from autograd.wording import shown_short

Metric: TypeAlias = Callable[[Any, Any], SupportsFloat]
"""From the prediction for a sample and its target to a number."""


def accuracy(prediction: Any, target: float) -> float:
    """Return 1.0 if the prediction is right, else 0.0.

    >>> import nn
    >>> nn.accuracy([0.1, 2.0, -1.0], 1)
    1.0

    One score, in a list or not, is right if it is positive exactly when the target is:

    >>> nn.accuracy(-0.3, -1), nn.accuracy(-0.3, 1), nn.accuracy([-0.3], 0)
    (1.0, 0.0, 1.0)

    Parameters
    ----------
    prediction : list or array of n Values or numbers, or one
        The largest of several is the predicted class.
    target : float
        The class, or for a single score, -1 or 0 against 1.

    Raises
    ------
    ArgumentError
        If the target of a single score is another number.
    ShapeError
        If there is no score.
    NonFiniteError
        If a score is nan.
    NotANumberError
        If a score or the target is not a number.
    """
    scores = list(prediction) if is_list(prediction) else [prediction]
    if not scores:
        raise ShapeError("accuracy needs the scores of the classes, or one score, not []")
    try:
        scores, target = [float(score) for score in scores], float(target)
    except (TypeError, ValueError):
        if any(map(is_nested, (*scores, target))):
            raise NotANumberError(
                "accuracy takes the prediction for one sample and its target. The mean over many "
                "is ag.mean(map(nn.accuracy, predictions, targets))"
            ) from None
        for number in (*scores, target):
            as_value(number)  # raises an error that says more
        raise
    if any(map(math.isnan, scores)):
        raise NonFiniteError(f"one of the scores {shown_short(scores)} is nan: nothing is right")
    if len(scores) > 1:
        return float(scores.index(max(scores)) == target)
    if target not in (-1, 0, 1):
        raise ArgumentError(f"the target of a single score is -1 or 0 against 1, not {target:g}")
    return float((scores[0] > 0) == (target > 0))

"""How good a prediction is, in a number for people. Training follows the loss."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def accuracy(prediction: Any, target: float) -> float:
    """Return 1.0 if the prediction is right, else 0.0.

    >>> import nn
    >>> nn.accuracy([0.1, 2.0, -1.0], 1)
    1.0

    One score is right if it is positive exactly when the target is:

    >>> nn.accuracy(-0.3, -1), nn.accuracy(-0.3, 1), nn.accuracy(-0.3, 0)
    (1.0, 0.0, 1.0)

    Parameters
    ----------
    prediction : list or array of n Values or numbers, or one
        The largest of the list is the predicted class.
    target : float
        The class, or for a single score, -1 or 0 against 1.
    """
    if isinstance(prediction, Sequence | np.ndarray):
        scores = [float(score) for score in prediction]
        return float(scores.index(max(scores)) == target)
    return float((float(prediction) > 0) == (target > 0))

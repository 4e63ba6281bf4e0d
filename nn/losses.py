"""Losses of one sample. The loss of a batch is the mean of its samples' losses.

Each takes what a network returns, and the target from the data. Targets that are Values (the inputs
of a graph that is recorded for any sample) are used as they are; numbers are checked. Of compiled
losses only the samples that are recorded can be checked.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

import autograd as ag
from autograd import Value, operations
from autograd.errors import ArgumentError, NotANumberError, ShapeError
from autograd.modes import modes
from autograd.nested_numbers import is_nested
from autograd.real_numbers import REAL, is_list
from autograd.value import Number, as_value
from autograd.wording import counted, shown_short
from nn.arguments import require


def mse_loss(prediction: Any, target: Any) -> Value:
    """Return the mean of the squared differences.

    >>> import nn
    >>> from autograd import Value
    >>> nn.mse_loss(Value(3.0), 1.0).data
    4.0
    >>> nn.mse_loss([Value(3.0), Value(0.0)], [1.0, 0.0]).data
    2.0

    Parameters
    ----------
    prediction, target : number, or list of n numbers

    Raises
    ------
    ShapeError
        If their lengths differ.
    NotANumberError
        If something in them is not a number.
    """
    predictions, targets = _as_list(prediction), _as_list(target)
    if len(predictions) != len(targets):
        given = f"{counted(len(predictions), 'prediction')} and {counted(len(targets), 'target')}"
        raise ShapeError(f"mse_loss needs as many targets as predictions, got {given}")
    pairs = zip(predictions, targets, strict=True)
    squares = [(_number(p, "mse_loss") - _number(t, "mse_loss")) ** 2 for p, t in pairs]
    return squares[0] if len(squares) == 1 else ag.mean(squares)


def cross_entropy(logits: Iterable[Value], label: Number) -> Value:
    """Return ``-log(softmax(logits)[label])``: how surprising the right class is.

    Takes the weighted sums of the last layer as they are, and applies the softmax itself.

    >>> import nn
    >>> from autograd import Value
    >>> loss = nn.cross_entropy([Value(0.0), Value(0.0)], 1)
    >>> round(loss.data, 6)
    0.693147

    Parameters
    ----------
    logits : list or array of n Values
        The outputs of a network with n classes, before any softmax.
    label : int
        The right class, from 0 to n - 1.

    Raises
    ------
    ArgumentError
        If `label` is not a class, or the logits went through a softmax before.
    ShapeError
        If `logits` is not a list of at least one.
    NotANumberError
        If a logit is not a number.
    """
    given, logits, label = logits, _as_list(logits), _without_array(label)
    if not is_list(given) or not logits:
        raise ShapeError(
            f"cross_entropy needs a list of logits, one per class, not {shown_short(given)}: "
            "for a network with one output, use binary_cross_entropy"
        )
    logits = [_number(logit, "cross_entropy") for logit in logits]
    number = _to_check(label)
    if not isinstance(number, Value) and number not in range(len(logits)):
        raise ArgumentError(
            f"the label {shown_short(number)} is not a class: with {counted(len(logits), 'logit')} "
            f"it must be a whole number from 0 to {len(logits) - 1}"
        )
    if _is_softmax(logits):
        raise ArgumentError(
            "cross_entropy takes the logits, before the softmax, and applies the softmax itself: "
            "leave it out of the model"
        )
    largest = ag.detach(ag.max(logits))  # as in `log_softmax`: subtracted last, it costs digits
    shifted = [logit - largest for logit in logits]
    return ag.log(ag.sum(map(ag.exp, shifted))) - ag.lookup(shifted, label)


def binary_cross_entropy(logit: Value, target: Number) -> Value:
    """Return ``-log(p)`` for target 1 and ``-log(1 - p)`` for target 0, with p = sigmoid(logit).

    Takes the logit, as `cross_entropy` does, because p rounds to 1 from a logit of 37 on: so the
    last layer is linear, not a sigmoid. PyTorch calls this ``binary_cross_entropy_with_logits``;
    its ``binary_cross_entropy`` takes p.

    >>> import nn
    >>> from autograd import Value
    >>> nn.binary_cross_entropy(Value(1000.0), 1).data
    0.0
    >>> nn.binary_cross_entropy(Value(1000.0), 0).data
    1000.0

    Parameters
    ----------
    logit : Value
    target : float
        The probability that the class is 1, from 0 to 1: usually exactly 0 or 1.

    Raises
    ------
    ArgumentError
        If `target` is not a number from 0 to 1, or the logit went through a sigmoid before.
    NotANumberError
        If `logit` is not a number.
    """
    logit, target = _number(logit, "binary_cross_entropy"), _without_array(target)
    number = _to_check(target)
    is_probability = isinstance(number, REAL) and 0 <= float(number) <= 1
    if not isinstance(number, Value) and not is_probability:
        raise ArgumentError(
            f"the target of binary_cross_entropy must be from 0 to 1, not {shown_short(number)}"
        )
    if logit.operation is operations.sigmoid:
        raise ArgumentError(
            "binary_cross_entropy takes the weighted sum, before the sigmoid, and applies the "
            "sigmoid itself: give the model output_activation='linear'"
        )
    # -log p and -log(1 - p): neither is negative, so that no digits cancel in their sum.
    return target * ag.softplus(-logit) + (1 - target) * ag.softplus(logit)


def hinge_loss(score: Value, target: Number) -> Value:
    """Return ``max(0, 1 - target * score)``: no loss once the score is right by a margin of 1.

    >>> import nn
    >>> from autograd import Value
    >>> nn.hinge_loss(Value(0.25), 1).data
    0.75

    Parameters
    ----------
    score : Value
    target : -1 or +1

    Raises
    ------
    ArgumentError
        If `target` is something else.
    NotANumberError
        If `score` is not a number.
    """
    score, target = _number(score, "hinge_loss"), _without_array(target)
    number = _to_check(target)
    if not isinstance(number, Value) and number not in (-1, 1):
        raise ArgumentError(f"the target of hinge_loss must be -1 or +1, not {shown_short(number)}")
    return ag.relu(1 - target * score)


def l2_penalty(parameters: Iterable[Value], strength: float = 1e-4) -> Value:
    """Return `strength` times the sum of the squares, to be added to the loss of a batch.

    >>> import nn
    >>> from autograd import Value
    >>> nn.l2_penalty([Value(3.0), Value(4.0)], strength=0.1).data
    2.5
    """
    takes = "the parameters themselves, such as model.parameters()"
    require(is_list(parameters), parameters, "parameters", takes)
    parameters = list(parameters)
    return strength * ag.dot(parameters, parameters)


def _as_list(numbers: Any) -> list[Any]:
    numbers = _without_array(numbers)
    return list(numbers) if is_list(numbers) else [numbers]


def _number(number: Any, loss: str) -> Value:
    """Return one number of what a loss is given as a Value."""
    number = _without_array(number)
    if is_nested(number):
        raise NotANumberError(
            f"{loss} takes one sample, and needs a number there, not {shown_short(number)}: "
            f"for a batch, write ag.mean(map(nn.{loss}, predictions, targets))"
        )
    return as_value(number)


def _without_array(numbers: Any) -> Any:
    """Return what NumPy made as the number or the nested lists in it, to compare and compute."""
    return numbers.tolist() if isinstance(numbers, np.ndarray | np.bool_) else numbers


def _to_check(target: Any) -> Any:
    """Return a target; if it is an input of a function that is being compiled, its number."""
    is_input = isinstance(target, Value) and target.operation is None
    return target.data if is_input and modes.tracing else target


def _is_softmax(values: list[Value]) -> bool:
    """Return whether `ag.softmax` made these: exponentials, each divided by the sum of them all."""
    quotients = [v.parents for v in values if v.operation is operations.div]
    if len(quotients) < len(values):
        return False
    exponentials, totals = zip(*quotients, strict=True)
    return (
        len(set(totals)) == 1
        and totals[0].operation is operations.sum
        and totals[0].parents == exponentials
        and all(exponential.operation is operations.exp for exponential in exponentials)
    )

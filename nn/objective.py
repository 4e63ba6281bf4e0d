"""`Objective`: what training minimizes, the mean loss of the samples and a penalty."""

import contextlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd import Value
from autograd.errors import ArgumentError, DomainError, NonFiniteError
from autograd.graph import Node, reached_by_gradients
from autograd.nested_numbers import copied
from autograd.real_numbers import imported_type
from autograd.recording import differentiating
from autograd.wording import shown_short
from nn.arguments import require, require_callable
from nn.module import Module, computed_values


class Objective:
    """The loss of a model, with a penalty on its parameters if there is one.

    >>> import nn
    >>> from autograd import Value
    >>> w = Value(3.0)
    >>> objective = Objective(lambda x: w * x, nn.mse_loss, lambda: nn.l2_penalty([w], 0.1))
    >>> round(objective(2.0, 5.0).data, 12)  # (3 * 2 - 5)² + 0.1 * 3²
    1.9

    Parameters
    ----------
    model : callable
        From an input to a prediction.
    loss : callable
        From a prediction and a target to a Value.
    penalty : callable, optional
        Takes nothing and returns a Value.

    Raises
    ------
    ArgumentError
        If one of them cannot be called, or the model takes batches, since it is compiled.
    """

    def __init__(
        self,
        model: Callable[[Any], Any],
        loss: Callable[[Any, Any], Value],
        penalty: Callable[[], Value] | None = None,
    ) -> None:
        require_callable(model, "model", "an nn.MLP")
        is_compiled = isinstance(model, imported_type("autograd.compiler.compiled", "Compiled"))
        itself = "the model itself, which is compiled together with the loss"
        require(not is_compiled, model, "model", itself)
        require_callable(loss, "loss", "nn.mse_loss")
        if penalty is not None:
            require_callable(penalty, "penalty", "lambda: nn.l2_penalty(parameters)")
        self.model = model
        self.loss = loss
        self.penalty = penalty
        self._computed = list(computed_values(model)) if isinstance(model, Module) else []

    def __call__(self, x: Any, target: Any) -> Value:
        """Return the loss of one sample, with the penalty."""
        return self.penalized(self.loss(self.model(x), target))

    def penalized(self, loss: Value) -> Value:
        """Add the penalty to the loss of a sample, or to the mean loss of many."""
        return loss if self.penalty is None else loss + self.penalty()

    def rehearse(self, x: Any, targets: Any) -> Value | None:
        """Call the model with an input and the loss with plain numbers as targets.

        Compiled, a loss gets its targets as Values, which it does not check. The prediction is that
        for one input: it need not suit every target, so that errors about numbers are left to
        training. Return the last loss, or None if every call ends in such an error.

        Raises
        ------
        ArgumentError
            If the loss refuses a target, or returns something other than a Value.
        """
        loss = None
        with differentiating():  # as in training: a derivative in the loss is a part of the graph
            try:
                prediction = self.model(copied(x))
            except (NonFiniteError, DomainError):
                return None
            for target in _targets_to_try(targets):
                with contextlib.suppress(NonFiniteError, DomainError):
                    loss = self.loss(prediction, target)
                    require_value(loss)
        return loss

    def require_trainable(self, loss: Value, parameters: Iterable[Value]) -> None:
        """Raise an error unless training changes all that it should.

        Raises
        ------
        ArgumentError
            If the loss of a sample depends on none of the parameters of the optimizer, or on a
            Value that the model, a `Module`, had computed before.
        """
        reached = reached_by_gradients(loss)
        _require_any_of(parameters, reached, "optimizer")
        computed, self._computed = self._computed, []  # not to be kept: they may hold graphs
        for name, value in computed:
            if value in reached:
                raise ArgumentError(
                    f"{name!r} of the model was computed, so training cannot change it: make it a "
                    f"parameter, Value({value.data:.4g}), compute it in __call__, or, if it is to "
                    "stay, keep ag.detach(...) of it"
                )


def require_value(loss: Any) -> None:
    """Raise an error unless a loss can be differentiated.

    Raises
    ------
    ArgumentError
    """
    if not isinstance(loss, Value):
        raise ArgumentError(f"the loss of a sample must be a Value, not {shown_short(loss)}")


def require_effect(parameters: Iterable[Value], loss: Value, owner: str) -> None:
    """Raise an error if a loss depends on none of the parameters of an `owner`.

    Raises
    ------
    ArgumentError
    """
    _require_any_of(parameters, reached_by_gradients(loss), owner)


def _require_any_of(parameters: Iterable[Value], reached: set[Node], owner: str) -> None:
    if reached.isdisjoint(parameters):
        raise ArgumentError(
            f"the loss depends on none of the {owner}'s parameters: is it that of another model? "
            "Through ag.detach, too, no gradient reaches them"
        )


def _targets_to_try(targets: Any) -> Any:
    """Return distinct targets, the 100 smallest and the largest; the first, if they are lists."""
    try:
        array = np.asarray(targets)
    except ValueError:  # lists of many lengths
        return targets[:1]
    if array.dtype.kind not in "fiub" or array[0].size != 1:
        return array[:1].tolist()
    distinct = np.unique(array).reshape(-1, *array.shape[1:]).tolist()
    return [*distinct[:100], *distinct[100:][-1:]]

"""`Objective`: what training minimizes, the mean loss of the samples and a penalty."""

from collections.abc import Callable
from typing import Any

from autograd import Value
from nn.arguments import require_callable


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
        If one of them cannot be called.
    """

    def __init__(
        self,
        model: Callable[[Any], Any],
        loss: Callable[[Any, Any], Value],
        penalty: Callable[[], Value] | None = None,
    ) -> None:
        require_callable(model, "model", "an nn.MLP")
        require_callable(loss, "loss", "nn.mse_loss")
        if penalty is not None:
            require_callable(penalty, "penalty", "lambda: nn.l2_penalty(parameters)")
        self.model = model
        self.loss = loss
        self.penalty = penalty

    def __call__(self, x: Any, target: Any) -> Value:
        """Return the loss of one sample, with the penalty."""
        return self.penalized(self.loss(self.model(x), target))

    def penalized(self, loss: Value) -> Value:
        """Add the penalty to the loss of a sample, or to the mean loss of many."""
        return loss if self.penalty is None else loss + self.penalty()

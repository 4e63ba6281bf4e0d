"""Optimizers: the formulas by which the gradient moves the parameters."""

from collections.abc import Iterable

import numpy as np

from autograd import Value
from autograd.errors import ArgumentError
from nn.arguments import nonnegative_number, require
from nn.optimizer import Optimizer, Vector
from nn.schedules import Schedule


class SGD(Optimizer):
    """Stochastic gradient descent: ``w <- w - lr * dL/dw``, with L the mean loss of a batch.

    >>> import nn
    >>> from autograd import Value
    >>> w = Value(3.0)
    >>> optimizer = nn.SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    2.4

    Parameters
    ----------
    parameters, lr, weight_decay
        See `Optimizer`.
    momentum : float
        How much of its last velocity the step keeps, from 0 to below 1:
        ``v <- momentum * v + dL/dw;  w <- w - lr * v``.
    nesterov : bool
        Look ahead along the velocity: ``w <- w - lr * (dL/dw + momentum * v)``. Sutskever et al.:
        On the importance of initialization and momentum in deep learning, 2013, in PyTorch's form.
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.momentum = nonnegative_number(momentum, "momentum", below=1.0)
        if nesterov and self.momentum == 0.0:
            raise ArgumentError("nesterov needs momentum above 0: SGD(..., momentum=0.9)")
        self.nesterov = nesterov

    def update(
        self, theta: Vector, gradient: Vector, state: dict[str, Vector]
    ) -> tuple[Vector, dict[str, Vector]]:
        """Apply the formula: see `Optimizer.update`."""
        gradient = self._decayed(gradient, theta)
        if not self.momentum:
            return theta - self.learning_rate() * gradient, state
        velocity = self.momentum * self._carried(state, "velocity") + gradient
        direction = gradient + self.momentum * velocity if self.nesterov else velocity
        return theta - self.learning_rate() * direction, {"velocity": velocity}


class Adam(Optimizer):
    """Steps of about `lr` in each parameter, whatever the size of its gradient.

    >>> import nn
    >>> from autograd import Value
    >>> w = Value(3.0)
    >>> optimizer = nn.Adam([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    2.9

    Kingma, Ba: Adam: A Method for Stochastic Optimization, 2014, algorithm 1.

    Parameters
    ----------
    parameters, lr, weight_decay
        See `Optimizer`.
    betas : pair of float
        How much is kept of the running means of the gradient and of its square.
    epsilon : float
        Above 0: keeps the quotient finite where all gradients were zero. PyTorch's ``eps``.
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        is_pair = isinstance(betas, tuple | list) and len(betas) == 2
        require(is_pair, betas, "betas", "two numbers, such as (0.9, 0.999)")
        self.betas = tuple(nonnegative_number(beta, "betas", below=1.0) for beta in betas)
        self.epsilon = nonnegative_number(epsilon, "epsilon")
        require(self.epsilon > 0.0, epsilon, "epsilon", "a number above 0, such as 1e-8")

    def update(
        self, theta: Vector, gradient: Vector, state: dict[str, Vector]
    ) -> tuple[Vector, dict[str, Vector]]:
        """Apply the formula: see `Optimizer.update`."""
        direction, state = self._direction(self._decayed(gradient, theta), state)
        return theta - self.learning_rate() * direction, state

    def _direction(
        self, gradient: Vector, state: dict[str, Vector]
    ) -> tuple[Vector, dict[str, Vector]]:
        first, second = self.betas
        mean = first * self._carried(state, "mean") + (1 - first) * gradient
        square = second * self._carried(state, "square") + (1 - second) * gradient**2
        count = self.steps + 1
        unbiased_mean = mean / (1 - first**count)
        unbiased_square = square / (1 - second**count)
        direction = unbiased_mean / (np.sqrt(unbiased_square) + self.epsilon)
        return direction, {"mean": mean, "square": square}


class AdamW(Adam):
    """Adam, with weights that decay apart from the gradient: ``w <- w - lr * weight_decay * w``.

    >>> import nn
    >>> from autograd import Value
    >>> w = Value(3.0)
    >>> optimizer = nn.AdamW([w], lr=0.1, weight_decay=0.5)
    >>> optimizer.step()
    >>> round(w.data, 6)
    2.85

    Loshchilov, Hutter: Decoupled Weight Decay Regularization, 2017, algorithm 2.

    Parameters
    ----------
    parameters, lr, betas, epsilon
        See `Adam`.
    weight_decay : float
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas, epsilon, weight_decay)

    def update(
        self, theta: Vector, gradient: Vector, state: dict[str, Vector]
    ) -> tuple[Vector, dict[str, Vector]]:
        """Apply the formula: see `Optimizer.update`."""
        rate = self.learning_rate()  # read once: a schedule may count its calls
        direction, state = self._direction(gradient, state)
        return theta * (1 - rate * self.weight_decay) - rate * direction, state

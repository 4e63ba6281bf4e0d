"""Optimizers: how the gradient moves the parameters.

Each is one formula over the flat vector of all parameters. ``update`` is that formula; ``step``
gathers the vector and the gradient from the Values, applies it, and writes the result back.
Compiled training keeps the vector and calls ``advance``.
"""

import math
from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd import Value
from autograd.diagnosis import counted, describe, require_numbers
from autograd.errors import ArgumentError, NonFiniteError, NotANumberError, ShapeError, StateError
from autograd.graph import topological_order
from autograd.real_numbers import REAL, checked_values
from nn.archive import checked_array
from nn.arguments import float_array, require, require_in_range
from nn.interrupts import completed
from nn.schedules import Schedule

Vector: TypeAlias = NDArray[np.float64]


class Optimizer:
    """What all optimizers share.

    Copy or pickle an optimizer together with its model, ``pickle.dumps((model, optimizer))``: then
    the copies share their parameters too.

    Parameters
    ----------
    parameters : iterable of Value
        The variables to train: ``model.parameters()``.
    lr : float or schedule
        The learning rate, or a function that gives it after a number of steps (`nn.schedules`).
    weight_decay : float
        Adds ``weight_decay * parameter`` to the gradient.

    Attributes
    ----------
    parameters : list of Value
    steps : int
        The number of steps done.
    state : dict of str to array
        What the formula carries from step to step: arrays as long as `parameters`.

    Raises
    ------
    ArgumentError
        If a number is negative or nan, there are no parameters, or one is repeated or not a
        variable.
    """

    def __init__(
        self, parameters: Iterable[Value], lr: float | Schedule, weight_decay: float = 0.0
    ) -> None:
        if not callable(lr):
            require_in_range(lr, "lr", 0.0, math.inf)
        require_in_range(weight_decay, "weight_decay", 0.0, math.inf)
        self.parameters = _checked_parameters(parameters)
        self.lr = lr
        self.weight_decay = weight_decay
        self.steps = 0
        self.state: dict[str, Vector] = {}

    def learning_rate(self) -> float:
        """Return the learning rate of the next step.

        Raises
        ------
        ArgumentError
            If it is negative or infinite, given by a schedule or set since.
        """
        if callable(self.lr):
            rate, name = self.lr(self.steps), f"the schedule at step {self.steps}, lr"
        else:
            rate, name = self.lr, "lr"
        require_in_range(rate, name, 0.0, math.inf)
        return rate

    def update(
        self, theta: Vector, gradient: Vector, state: dict[str, Vector]
    ) -> tuple[Vector, dict[str, Vector]]:
        """Return the parameters and the state after a step, for those before it."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        for parameter in self.parameters:
            parameter.zero_grad()

    def step(self) -> None:
        """Move every parameter by its gradient.

        See `advance`.

        Raises
        ------
        NonFiniteError
            If a parameter would become infinite or nan.
        NotANumberError
            If the gradient of a parameter is not a number.
        """
        self.advance(self.read(), self.gradient(), keep=self.write)

    def advance(self, theta: Vector, gradient: Vector, keep: Callable[[Vector], None]) -> None:
        """Move parameters by their gradient, and count the step.

        The step is done as a whole or not at all, even if Ctrl-C is pressed.

        Parameters
        ----------
        theta, gradient : array, (n,)
        keep : callable
            Takes the parameters after the step; twice, if Ctrl-C is pressed meanwhile.

        Raises
        ------
        NonFiniteError
            If a parameter would become infinite or nan.
        """
        with np.errstate(all="ignore"):  # the error below says more
            moved, state = self.update(theta, gradient, self.state)
        if not all(np.isfinite(array).all() for array in (moved, *state.values())):
            raise NonFiniteError(
                f"step {self.steps + 1} would make a parameter infinite: the learning rate "
                f"{self.learning_rate()} is too large, or the gradient is"
            )
        steps = self.steps + 1

        def finish() -> None:
            keep(moved)
            self.state, self.steps = state, steps

        completed(finish)

    def require_effect_on(self, loss: Value) -> None:
        """Raise an error if no step can change a loss.

        Raises
        ------
        ArgumentError
            If it depends on none of the parameters.
        """
        if set(self.parameters).isdisjoint(topological_order(loss)):
            raise ArgumentError(
                "the loss depends on none of the optimizer's parameters: were they another model's?"
            )

    def read(self) -> Vector:
        """Return the numbers of the parameters.

        Raises
        ------
        NotANumberError
            If one holds something else.
        """
        try:
            return np.array([parameter.data for parameter in self.parameters], np.float64)
        except (TypeError, ValueError):
            require_numbers(self.parameters)
            raise

    def gradient(self) -> Vector:
        """Return the gradients of the parameters.

        Raises
        ------
        NotANumberError
            If one is not a number.
        """
        gradients = [parameter.grad for parameter in self.parameters]
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            if not isinstance(gradient, REAL):
                raise NotANumberError(
                    f"the gradient of {describe(parameter)} is {gradient!r}, not a number: "
                    "optimizer.zero_grad() sets it to 0, and loss.backward() adds to it"
                )
        return np.array(gradients, np.float64)

    def write(self, theta: Vector) -> None:
        """Set the numbers of the parameters.

        Raises
        ------
        ShapeError
            If there are not as many numbers. Then no parameter is changed.
        """
        numbers = float_array(theta, "theta")
        if numbers.shape != (len(self.parameters),):
            parameters = counted(len(self.parameters), "parameter")
            raise ShapeError(f"theta has shape {numbers.shape}: the optimizer has {parameters}")
        for parameter, number in zip(self.parameters, numbers.tolist(), strict=True):
            parameter.data = number

    def restore(self, steps: int, state: dict[str, Vector]) -> None:
        """Go on from the `steps` and the `state` of an optimizer like this one.

        Raises
        ------
        StateError
            If the state is not one of such an optimizer. Then nothing is changed.
        """
        expected = set(self.state_names) if steps else set()
        if steps < 0 or set(state) != expected:
            raise StateError(
                f"{type(self).__name__} after {counted(steps, 'step')} carries {sorted(expected)}, "
                f"this state {sorted(state)}"
            )
        shape = (len(self.parameters),)
        arrays = {name: checked_array(name, array, shape) for name, array in state.items()}
        self.steps, self.state = steps, arrays

    @property
    def state_names(self) -> tuple[str, ...]:
        """The names of the arrays that the formula carries."""
        return ()

    def __repr__(self) -> str:
        parameters, steps = counted(len(self.parameters), "parameter"), counted(self.steps, "step")
        return f"{type(self).__name__}({parameters}, lr={self.lr}) after {steps}"

    def _decayed(self, gradient: Vector, theta: Vector) -> Vector:
        """Return the gradient with that of the weight decay."""
        return gradient + self.weight_decay * theta if self.weight_decay else gradient

    def _carried(self, state: dict[str, Vector], name: str) -> Vector:
        """Return an array of the state, zeros before the first step."""
        return state[name] if name in state else np.zeros(len(self.parameters))


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
        require_in_range(momentum, "momentum", 0.0, 1.0)
        if nesterov and momentum == 0.0:
            raise ArgumentError("nesterov takes a momentum above 0: SGD(..., momentum=0.9)")
        self.momentum = momentum
        self.nesterov = nesterov

    @property
    def state_names(self) -> tuple[str, ...]:
        """The velocity, if there is a momentum."""
        return ("velocity",) if self.momentum else ()

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
        for beta in betas:
            require_in_range(beta, "betas", 0.0, 1.0)
        require_in_range(epsilon, "epsilon", 0.0, math.inf)
        require(epsilon > 0.0, epsilon, "epsilon", "a number above 0, such as 1e-8")
        self.betas = betas
        self.epsilon = epsilon

    @property
    def state_names(self) -> tuple[str, ...]:
        """The running means of the gradient and of its square."""
        return ("mean", "square")

    def update(
        self, theta: Vector, gradient: Vector, state: dict[str, Vector]
    ) -> tuple[Vector, dict[str, Vector]]:
        """Apply the formula: see `Optimizer.update`."""
        return self._adam(theta, self._decayed(gradient, theta), state)

    def _adam(
        self, theta: Vector, gradient: Vector, state: dict[str, Vector]
    ) -> tuple[Vector, dict[str, Vector]]:
        first, second = self.betas
        mean = first * self._carried(state, "mean") + (1 - first) * gradient
        square = second * self._carried(state, "square") + (1 - second) * gradient**2
        count = self.steps + 1
        unbiased_mean = mean / (1 - first**count)
        unbiased_square = square / (1 - second**count)
        change = self.learning_rate() * unbiased_mean / (np.sqrt(unbiased_square) + self.epsilon)
        return theta - change, {"mean": mean, "square": square}


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
        decayed = theta * (1 - self.learning_rate() * self.weight_decay)
        return self._adam(decayed, gradient, state)


def _checked_parameters(parameters: Iterable[Value]) -> list[Value]:
    parameters = checked_values(parameters, "parameters")
    if not parameters:
        raise ArgumentError("an optimizer needs parameters: pass model.parameters()")
    for parameter in parameters:
        if parameter.operation is not None:
            raise ArgumentError(f"{parameter!r} is computed or constant: train variables only")
    if len(set(parameters)) < len(parameters):
        raise ArgumentError("a parameter is given more than once: it would be stepped twice")
    return parameters

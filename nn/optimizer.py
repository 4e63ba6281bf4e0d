"""`Optimizer`: how a step is done, whatever its formula.

An optimizer is one formula over the flat vector of all parameters. ``update`` is that formula:
`nn.optimizers` writes them out. ``step`` gathers the vector and the gradient from the Values,
applies it, and writes the result back. Compiled training keeps the vector and calls ``advance``.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd import Value
from autograd.diagnosis import data_of, describe
from autograd.errors import (
    ArgumentError,
    GraphError,
    NonFiniteError,
    NotANumberError,
    ShapeError,
    StateError,
)
from autograd.real_numbers import REAL, checked_values
from autograd.wording import counted, shown_short
from nn.archive import checked_array
from nn.arguments import float_array, nonnegative_number, whole_number
from nn.interrupts import completed
from nn.schedules import Schedule

Vector: TypeAlias = NDArray[np.float64]


class Optimizer:
    """What all optimizers share.

    A subclass is a formula. This one is plain descent with gradients cut to length 1:

    >>> import nn
    >>> import numpy as np
    >>> from autograd import Value
    >>> class Clipped(nn.Optimizer):
    ...     def update(self, theta, gradient, state):
    ...         step = gradient / max(1.0, np.linalg.norm(gradient))
    ...         return theta - self.learning_rate() * step, state
    >>> w = Value(3.0)
    >>> optimizer = Clipped([w], lr=0.5)
    >>> (100 * w).backward()
    >>> optimizer.step()
    >>> w.data
    2.5

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
    parameters : tuple of Value
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
        self.parameters = tuple(_checked_parameters(parameters))
        self.lr = lr if callable(lr) else nonnegative_number(lr, "lr")
        self.weight_decay = nonnegative_number(weight_decay, "weight_decay")
        self.steps = 0
        self.state: dict[str, Vector] = {}

    def learning_rate(self) -> float:
        """Return the learning rate of the next step.

        >>> import nn
        >>> nn.SGD([Value(1.0)], lr=nn.linear_decay(0.1, 0.0, steps=100)).learning_rate()
        0.1

        Raises
        ------
        ArgumentError
            If it is negative or infinite, given by a schedule or set since.
        """
        if callable(self.lr):
            rate, name = self.lr(self.steps), f"the schedule at step {self.steps}, lr"
        else:
            rate, name = self.lr, "lr"
        return nonnegative_number(rate, name)

    def update(
        self, theta: Vector, gradient: Vector, state: dict[str, Vector]
    ) -> tuple[Vector, dict[str, Vector]]:
        """Return the parameters and the state after a step, in new arrays: a subclass says how.

        Parameters
        ----------
        theta, gradient : array, (n,)
            They cannot be written to, nor can the state: a step that fails must change nothing.
        state : dict of str to array, (n,)
            What the step before returned; empty at the first.

        Raises
        ------
        GraphError
            If it does not; `step` raises it if something else is returned.
        """
        raise GraphError(
            f"{self!r} does not say how to step: give its class a method "
            "update(self, theta, gradient, state) that returns the new theta and the new state"
        )

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero.

        >>> import nn
        >>> w = Value(3.0)
        >>> (w * w).backward()
        >>> nn.SGD([w]).zero_grad()
        >>> w.grad
        0.0
        """
        for parameter in self.parameters:
            parameter.zero_grad()

    def step(self) -> None:
        """Move every parameter by its gradient.

        >>> import nn
        >>> w = Value(3.0)
        >>> optimizer = nn.SGD([w], lr=0.25)
        >>> for _ in range(2):  # the gradient of w * w is 2 w
        ...     optimizer.zero_grad()
        ...     (w * w).backward()
        ...     optimizer.step()
        >>> w.data, optimizer.steps
        (0.75, 2)

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

        >>> import nn
        >>> optimizer = nn.SGD([Value(3.0)], lr=0.25)
        >>> optimizer.advance(np.array([3.0]), np.array([6.0]), keep=print)
        [1.5]

        The step is done as a whole or not at all, even if Ctrl-C is pressed.

        Parameters
        ----------
        theta, gradient : array, (n,)
        keep : callable
            Receives the parameters after the step; called twice if Ctrl-C is pressed meanwhile.

        Raises
        ------
        NonFiniteError
            If a parameter would become infinite or nan.
        """
        before = {name: _read_only(array) for name, array in self.state.items()}
        moved, state = self._updated(_read_only(theta), _read_only(gradient), before)
        steps = self.steps + 1
        if not all(np.isfinite(array).all() for array in (moved, *state.values())):
            self._require_finite(theta)
            raise NonFiniteError(
                f"step {steps} would make a parameter infinite: the learning rate "
                f"{self.learning_rate()} is too large, or the gradient is"
            )

        def finish() -> None:
            keep(moved)
            self.state, self.steps = state, steps

        completed(finish)

    def read(self) -> Vector:
        """Return the numbers of the parameters.

        >>> import nn
        >>> nn.SGD([Value(1.0), Value(2.0)]).read()
        array([1., 2.])

        Raises
        ------
        NotANumberError
            If one holds something else.
        """
        return data_of(self.parameters)

    def gradient(self) -> Vector:
        """Return the gradients of the parameters.

        >>> import nn
        >>> a, b = Value(1.0), Value(2.0)
        >>> (a * b).backward()
        >>> nn.SGD([a, b]).gradient()
        array([2., 1.])

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

        >>> import nn
        >>> w = Value(1.0)
        >>> nn.SGD([w]).write(np.array([5.0]))
        >>> w.data
        5.0

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

        >>> import nn
        >>> optimizer = nn.SGD([Value(1.0)], lr=0.1, momentum=0.9)
        >>> optimizer.restore(steps=40, state={"velocity": np.array([2.5])})
        >>> optimizer
        SGD(1 parameter, lr=0.1, momentum=0.9) after 40 steps

        Raises
        ------
        ArgumentError
            If `steps` is not a whole number of steps.
        StateError
            If the state is not one of such an optimizer. Then nothing is changed.
        """
        steps = whole_number(steps, "steps", least=0)
        expected = self._names_of_state() if steps else set()
        if set(state) != expected:
            raise StateError(
                f"{type(self).__name__} after {counted(steps, 'step')} carries {sorted(expected)}, "
                f"this state has {sorted(state)}"
            )
        shape = (len(self.parameters),)
        arrays = {name: checked_array(name, array, shape) for name, array in state.items()}
        self.steps, self.state = steps, arrays

    def __repr__(self) -> str:
        """Show the options, except those that are 0 or off."""
        options = {"lr": self.lr} | {
            name: option
            for name, option in vars(self).items()
            if isinstance(option, bool | float | tuple) and option and name != "parameters"
        }
        parameters = counted(len(self.parameters), "parameter")
        shown = ", ".join(f"{name}={option!r}" for name, option in options.items())
        return f"{type(self).__name__}({parameters}, {shown}) after {counted(self.steps, 'step')}"

    def _names_of_state(self) -> set[str]:
        """Return the names of the arrays that the formula carries, as a step shows them."""
        zeros = np.zeros(len(self.parameters))
        return set(self._updated(zeros, zeros, {})[1])

    def _updated(
        self, theta: Vector, gradient: Vector, state: dict[str, Vector]
    ) -> tuple[Vector, dict[str, Vector]]:
        """Apply the formula, and check what it returns.

        Raises
        ------
        GraphError
            If that is not new parameters and a new state.
        """
        with np.errstate(all="ignore"):  # what is not finite gets an error of ours
            result: Any = self.update(theta, gradient, state)
        is_pair = isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], dict)
        vectors = [result[0], *result[1].values()] if is_pair else [None]
        if not all(_is_like(theta, vector) for vector in vectors):
            raise GraphError(
                f"{type(self).__name__}.update returned {shown_short(result)}: return the new "
                f"theta, an array of {len(theta)} floats, and the new state, a dict of such arrays"
            )
        moved, new_state = result
        return moved, new_state

    def _require_finite(self, theta: Vector) -> None:
        for parameter, number in zip(self.parameters, theta.tolist(), strict=True):
            if not math.isfinite(number):
                raise NonFiniteError(f"{describe(parameter)} is {number} already, before the step")

    def _decayed(self, gradient: Vector, theta: Vector) -> Vector:
        """Return the gradient with that of the weight decay."""
        return gradient + self.weight_decay * theta if self.weight_decay else gradient

    def _carried(self, state: dict[str, Vector], name: str) -> Vector:
        """Return an array of the state, zeros before the first step."""
        return state[name] if name in state else np.zeros(len(self.parameters))


def _is_like(theta: Vector, thing: Any) -> bool:
    is_array = isinstance(thing, np.ndarray)
    return is_array and thing.shape == theta.shape and thing.dtype == theta.dtype


def _read_only(array: Vector) -> Vector:
    view = array.view()
    view.flags.writeable = False
    return view


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

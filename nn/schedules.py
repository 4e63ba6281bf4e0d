"""Learning rates that change during training.

A schedule is a function of the number of steps done so far. An optimizer takes one in place of a
number: ``SGD(parameters, lr=nn.linear_decay(1.0, 0.1, steps=100))``.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from autograd.errors import ArgumentError
from autograd.wording import shown_short
from nn.arguments import require_number

Schedule: TypeAlias = Callable[[int], float]


class _Schedule(partial[float]):
    """A formula with its numbers. Unlike a lambda it can be pickled, and read."""

    def __repr__(self) -> str:
        name = self.func.__name__.removeprefix("_")
        return f"{name}({', '.join(map(repr, self.args))})"


def linear_decay(start: float, end: float, steps: int) -> Schedule:
    """Go from `start` to `end` in a straight line, and stay there after `steps`.

    >>> import nn
    >>> rate = nn.linear_decay(1.0, 0.5, steps=2)
    >>> rate(0), rate(1), rate(2), rate(9)
    (1.0, 0.75, 0.5, 0.5)
    >>> rate
    linear_decay(1.0, 0.5, 2)
    """
    _require(start=start, end=end, steps=steps)
    return _Schedule(_linear_decay, start, end, steps)


def _linear_decay(start: float, end: float, steps: int, step: int) -> float:
    return start * max(1 - step / steps, 0.0) + end * min(step / steps, 1.0)


def cosine_decay(start: float, end: float, steps: int) -> Schedule:
    """Go from `start` to `end` along half a wave of the cosine, and stay there after `steps`.

    >>> import nn
    >>> rate = nn.cosine_decay(1.0, 0.0, steps=4)
    >>> [round(rate(step), 3) for step in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]

    Loshchilov, Hutter: SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, equation 5.
    """
    _require(start=start, end=end, steps=steps)
    return _Schedule(_cosine_decay, start, end, steps)


def _cosine_decay(start: float, end: float, steps: int, step: int) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(step / steps, 1.0))) / 2


def step_decay(start: float, factor: float, every: int) -> Schedule:
    """Multiply the rate by `factor` after each `every` steps.

    >>> import nn
    >>> rate = nn.step_decay(1.0, 0.1, every=10)
    >>> rate(0), rate(9), rate(10)
    (1.0, 1.0, 0.1)
    """
    _require(start=start, factor=factor, every=every)
    return _Schedule(_step_decay, start, factor, every)


def _step_decay(start: float, factor: float, every: int, step: int) -> float:
    return start * factor ** (step // every)


def warmup(schedule: Schedule | float, steps: int) -> Schedule:
    """Rise to a rate, or to a schedule, over the first `steps`.

    >>> import nn
    >>> rate = nn.warmup(0.5, steps=5)
    >>> rate(0), rate(4), rate(5)
    (0.1, 0.5, 0.5)
    """
    _require(steps=steps)
    if not callable(schedule):
        require_number(schedule, "schedule")
    return _Schedule(_warmup, schedule, steps)


def _warmup(schedule: Schedule | float, steps: int, step: int) -> float:
    rate = schedule(step) if callable(schedule) else schedule
    return rate * min((step + 1) / steps, 1.0)


def _require(**numbers: float) -> None:
    """Raise an error unless these are numbers, and the last, which counts steps, at least 1."""
    for name, number in numbers.items():
        require_number(number, name)
    *_, steps = numbers.values()
    if not steps >= 1:
        raise ArgumentError(f"a schedule needs at least 1 step, not {shown_short(steps)}")

"""A small training that many tests run, and what of it repeats."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Value

# Five samples in batches of two: three steps an epoch, the last one on a single sample.
X = np.array([[0.5, 1.0], [-1.0, 2.0], [3.0, 0.0], [1.5, -2.0], [-0.5, 0.25]])
y = np.array([1.0, -1.0, 2.0, 0.5, -0.5])
N_SAMPLES, BATCH_SIZE, STEPS_PER_EPOCH = 5, 2, 3

HELD_OUT = (np.array([[1.0, 1.0], [-2.0, 0.5], [0.0, 0.0]]), [0.5, 1.0, -1.0])

OPTIMIZERS: dict[str, Callable[[list[Value]], nn.Optimizer]] = {
    "momentum and schedule": lambda parameters: nn.SGD(
        parameters, lr=nn.linear_decay(0.1, 0.01, 12), momentum=0.9
    ),
    "Adam": lambda parameters: nn.Adam(parameters, lr=0.05),
}


def network() -> nn.MLP:
    return nn.MLP(2, [3, 1], "tanh", rng=0)


fit = functools.partial(nn.fit, compiled=False)  # eager, where a loss sees each sample


def facts(reports: Sequence[nn.EpochReport]) -> list[str]:
    """Return all that a seeded run repeats, in a form where nan equals nan: not the seconds."""
    return [repr(dataclasses.replace(report, seconds=0.0)) for report in reports]


def expecting(error: type[BaseException] | None) -> contextlib.AbstractContextManager[Any]:
    return pytest.raises(error) if error else contextlib.nullcontext()


def distance(prediction: float, target: float) -> float:
    return abs(prediction - target)


def train(
    model: nn.MLP, *, lr: float = 0.1, loss: Any = nn.mse_loss, epochs: int = 2, **options: Any
) -> list[nn.EpochReport]:
    optimizer = options.pop("optimizer", None) or nn.SGD(model.parameters(), lr)
    arguments = {"epochs": epochs, "batch_size": BATCH_SIZE, "rng": 0} | options
    return list(fit(model, X, y, loss, optimizer, **arguments))

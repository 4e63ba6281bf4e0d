"""This project, compiled: the scalar loss through the public interface, as a user calls it.

It runs on NumPy, which is its own choice for all but narrow graphs and small batches.
"""

import functools
from collections.abc import Callable
from typing import Any

from workloads import WORKLOADS, Array, Workload

import autograd as ag
from autograd import Value
from autograd.compiler import numpy_backend
from autograd.compiler.backend import Backend


def step_of(
    workload: Workload, backend: Backend | None = None
) -> Callable[[], tuple[float, Array]]:
    values = workload.values()
    function = loss_with_penalty(workload, values)
    compiled = ag.compile(function, parameters=values, backend=backend)
    return lambda: compiled.value_and_grad(workload.theta, *workload.batch)


def loss_with_penalty(workload: Workload, values: list[Value]) -> Callable[..., Value]:
    loss = workload.loss_of(values)

    def function(*sample: Any) -> Value:
        return loss(*sample) + workload.penalty(values)

    return function


STEPS = dict.fromkeys(WORKLOADS, functools.partial(step_of, backend=numpy_backend))

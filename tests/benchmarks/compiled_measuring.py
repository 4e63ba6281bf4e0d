"""How a compiled step is measured: what contestants compute, how long, and what compiling costs.

These functions run in the process of the contestant; see `processes`.
"""

import functools
import importlib
import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from peers.ours_compiled import loss_with_penalty
from processes import collector, mean_seconds, measured
from workloads import WORKLOADS, Array

import autograd as ag
from autograd import Value, operations
from autograd.compiler import native
from autograd.compiler.chunks import bind_in_chunks


@functools.lru_cache(maxsize=1)  # a finished workload is no burden to the next
def the_step(module: str, workload: str) -> Callable[[], tuple[Any, Any]]:
    step: Callable[[], tuple[Any, Any]]
    step = importlib.import_module(module).STEPS[workload](WORKLOADS[workload]())
    return step


def takes_part(module: str, workload: str) -> bool:
    """Tell whether the workload was written for the contestant in `module`."""
    return bool(workload in importlib.import_module(module).STEPS)


def loss_and_gradient(module: str, workload: str) -> tuple[float, Array]:
    """Take two steps and return what the second computes: the first may leave nothing behind."""
    step = the_step(module, workload)
    step()
    loss, gradient = step()
    return float(loss), np.array(gradient)


def step_seconds(module: str, workload: str, turn_seconds: float) -> float:
    with collector(False):
        return mean_seconds(the_step(module, workload), turn_seconds)


class Graph(NamedTuple):
    """The size of the graph of one sample.

    Attributes
    ----------
    recorded : int
        Nodes as they are recorded, a weighted sum being one.
    nodes : int
        Nodes if each operation took two numbers at most, as in micrograd.
    """

    recorded: int
    nodes: int


def graph_of_a_sample(workload_name: str) -> Graph:
    workload = WORKLOADS[workload_name]()
    function = loss_with_penalty(workload, workload.values())
    root = function(*workload.sample(0))
    seen: set[Any] = {root}
    waiting: list[Any] = [root]
    while waiting:
        new = set(waiting.pop().parents) - seen
        seen |= new
        waiting.extend(new)
    return Graph(len(seen), sum(map(_operations_on_two, seen)))


def _operations_on_two(node: Value) -> int:
    if node.operation is operations.lookup:
        return 1
    return max(1, len(node.parents) - 1)  # n numbers are joined by n - 1 sums; dot: also products


class Compilation(NamedTuple):
    """Seconds that the stages of a compilation take.

    Attributes
    ----------
    recording : float
        To run the function on Values, for two samples.
    planning : float
        From their graphs to the program.
    binding : float
        From the program to arrays and source for one batch size.
    """

    recording: float
    planning: float
    binding: float


def compilation_seconds(workload_name: str) -> Compilation:
    """Compile anew, with Python's collector on, as a user would."""
    workload = WORKLOADS[workload_name]()
    values = workload.values()
    recording, binding = Stopwatch(), Stopwatch()

    class Backend:
        @staticmethod
        def bind(*arguments: Any) -> Any:
            return binding.time(bind_in_chunks, *arguments, None)

    loss = loss_with_penalty(workload, values)
    compiled = ag.compile(
        lambda *sample: recording.time(loss, *sample), parameters=values, backend=Backend()
    )
    step = functools.partial(compiled.value_and_grad, workload.theta, *workload.batch)
    first, second = measured(step, 1), measured(step, 1)
    planning = first - second - recording.seconds - binding.seconds
    return Compilation(recording.seconds, planning, binding.seconds)


def native_binding_seconds(workload_name: str) -> float:
    """Bind natively, once: the C compiler, a process of its own, takes nearly all of the time."""
    workload = WORKLOADS[workload_name]()
    values = workload.values()
    function = loss_with_penalty(workload, values)
    seconds = math.nan

    class Backend:
        @staticmethod
        def bind(*arguments: Any) -> Any:
            nonlocal seconds
            start = time.perf_counter()
            bound = native.bind(*arguments)
            seconds = time.perf_counter() - start
            return bound

    compiled = ag.compile(function, parameters=values, backend=Backend())
    compiled.value_and_grad(workload.theta, *workload.batch)
    return seconds


class Stopwatch:
    """Adds up the seconds of calls."""

    seconds = 0.0

    def time(self, function: Callable[..., Any], *arguments: Any) -> Any:
        start = time.process_time()
        try:
            return function(*arguments)
        finally:
            self.seconds += time.process_time() - start

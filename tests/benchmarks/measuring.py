"""How contestants are measured: whether they agree, how long a step takes, what a node costs.

Each contestant works in a process of its own, so that none has a collector that looks through the
objects of another: those of PyTorch alone would make micrograd 1.4 times as slow. The processes
take turns, one at a time: turns in quick succession see the same machine, busy or not, so their
ratio can be trusted. Time is the processor's: it does not pass while other programs run.
"""

import contextlib
import functools
import gc
import multiprocessing
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple, TypeVar

from contestants import Contestant, ScalarProgram

Result = TypeVar("Result")


class OwnProcess(ProcessPoolExecutor):
    """A process that holds one contestant. Use it in a ``with`` block."""

    def __init__(self, kind: type[Contestant]) -> None:
        spawn = multiprocessing.get_context("spawn")  # a fork would hold all that this one holds
        super().__init__(max_workers=1, mp_context=spawn)
        self.kind = kind

    def measure(self, how: Callable[[Any], Result]) -> Result:
        """Call `how`, a function of this module, with the contestant at its initial weights."""
        return self.submit(_measure, how, self.kind).result()


def _measure(how: Callable[[Any], Result], kind: type[Contestant]) -> Result:
    contestant = _the_contestant(kind)
    contestant.start_over()
    return how(contestant)


@functools.cache
def _the_contestant(kind: type[Contestant]) -> Contestant:
    return kind()


class Training(NamedTuple):
    """The losses of some steps, and the weights after them."""

    losses: list[float]
    weights: list[float]


def train(contestant: Contestant) -> Training:
    """Take three steps: if a step left its gradient to the next, the weights would tell."""
    with _collector(False):
        return Training([contestant.step() for _ in range(3)], contestant.weights())


class Step(NamedTuple):
    """Seconds of a step with Python's cyclic garbage collector on, as by default, and off."""

    collector_on: float
    collector_off: float


def step_seconds(contestant: Contestant, turn_seconds: float) -> Step:
    """Time the step, with either setting of the collector for `turn_seconds` or one step."""
    return Step(
        _mean_step_seconds(contestant, turn_seconds, collector=True),
        _mean_step_seconds(contestant, turn_seconds, collector=False),
    )


def _mean_step_seconds(contestant: Contestant, turn_seconds: float, collector: bool) -> float:
    """Return the mean over consecutive steps, since collections come at one step in several.

    With the collector on, a step before the first leaves it what it has to remove, as in any
    training loop. With the collector off, that is removed outside the timing.
    """
    with _collector(collector):
        warm_up = _seconds(contestant.step, 1)
        if not collector:
            gc.collect()
        repetitions = max(1, int(turn_seconds / warm_up))
        return _seconds(contestant.step, repetitions) / repetitions


def _seconds(function: Callable[[], object], repetitions: int) -> float:
    start = time.process_time()
    for _ in range(repetitions):
        function()
    return time.process_time() - start


class Stages(NamedTuple):
    """Seconds to record the graph of a step, and to go through it backward."""

    forward: float
    backward: float


def stage_seconds(program: ScalarProgram) -> Stages:
    """Time the two stages of a step, with the collector off."""
    with _collector(False):
        program.step()  # to warm up
        gc.collect()
        start = time.process_time()
        loss = program.forward()
        middle = time.process_time()
        program.backward(loss)
        end = time.process_time()
    return Stages(middle - start, end - middle)


class Graph(NamedTuple):
    """The number of nodes that a step records, and the memory that they take."""

    nodes: int
    bytes_after_forward: int
    bytes_after_backward: int


def weigh(program: ScalarProgram) -> Graph:
    """Record the graph of a step, and see what stays in memory."""
    with _collector(False):
        tracemalloc.start()
        loss = program.forward()
        after_forward = _bytes_in_use()
        program.backward(loss)
        after_backward = _bytes_in_use()
        tracemalloc.stop()
    return Graph(_count_nodes(program, loss), after_forward, after_backward)


def _bytes_in_use() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _count_nodes(program: ScalarProgram, output: Any) -> int:
    """Walk from nodes to their parents."""
    seen, waiting = {output}, [output]
    while waiting:
        new = set(program.parents(waiting.pop())) - seen
        seen |= new
        waiting.extend(new)
    return len(seen)


@contextlib.contextmanager
def _collector(on: bool) -> Iterator[None]:
    """Set the collector, and leave no garbage to the next turn."""
    gc.collect()
    if not on:
        gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()

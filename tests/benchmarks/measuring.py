"""How a training step is measured: whether contestants agree, what a step and what a node costs.

These functions run in the process of the contestant; see `processes`.
"""

import functools
import gc
import time
import tracemalloc
from collections.abc import Callable
from typing import Any, NamedTuple

from contestants import Contestant, ScalarProgram
from processes import OwnProcess, Result, collector, mean_seconds


class Entrant(OwnProcess):
    """A process that holds one contestant."""

    def __init__(self, kind: type[Contestant]) -> None:
        super().__init__()
        self.kind = kind

    def measure(self, how: Callable[[Any], Result]) -> Result:
        """Call `how`, a function of this module, with the contestant at its initial weights."""
        return self.run(_measure, how, self.kind)


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
    with collector(False):
        return Training([contestant.step() for _ in range(3)], contestant.weights())


class Step(NamedTuple):
    """Seconds of a step with Python's cyclic garbage collector on, as by default, and off."""

    collector_on: float
    collector_off: float


def step_seconds(contestant: Contestant, turn_seconds: float) -> Step:
    """Time the step, with either setting of the collector for `turn_seconds` or one step."""
    seconds = []
    for on in (True, False):
        with collector(on):
            # With the collector on, a first step leaves the others what there is to remove, as in
            # any training loop. With it off, that is removed outside the timing.
            contestant.step()
            if not on:
                gc.collect()
            seconds.append(mean_seconds(contestant.step, turn_seconds))
    return Step(*seconds)


class Stages(NamedTuple):
    """Seconds to record the graph of a step, and to go through it backward."""

    forward: float
    backward: float


def stage_seconds(program: ScalarProgram) -> Stages:
    """Time the two stages of a step, with the collector off."""
    with collector(False):
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
    with collector(False):
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

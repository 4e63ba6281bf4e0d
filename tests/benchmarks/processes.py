"""Contestants work in processes of their own and take turns.

In a process of its own, none has a collector that looks through the objects of another: those of
PyTorch alone would make micrograd 1.4 times as slow. Turns in quick succession see the same
machine, busy or not, so that their ratio can be trusted. Time is the processor's: it does not pass
while other programs run.
"""

import contextlib
import gc
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class OwnProcess(ProcessPoolExecutor):
    """A process that stays, with one thread for its arithmetic. Use it in a ``with`` block."""

    def __init__(self) -> None:
        os.environ.update(ONE_THREAD)  # inherited, and read when a library is first imported
        spawn = multiprocessing.get_context("spawn")  # a fork would hold all that this one holds
        super().__init__(max_workers=1, mp_context=spawn, initializer=_stay_on_one_processor)

    def run(
        self,
        function: Callable[Parameters, Result],
        *arguments: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Result:
        """Call a function of a module in that process, and wait for what it returns."""
        return self.submit(function, *arguments, **named).result()


def _stay_on_one_processor() -> None:
    # JAX, which has no setting for it, then leaves nothing to threads: a small step takes half
    # the time.
    if sys.platform == "linux":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def take_turns(
    title: str, turns: Sequence[Callable[[], Result]], rounds: int
) -> Iterator[list[Result]]:
    """Yield what the turns of each round return."""
    for number in range(1, rounds + 1):
        report(f"{title}: round {number} of {rounds}")
        yield [turn() for turn in turns]


def mean_seconds(step: Callable[[], object], turn_seconds: float) -> float:
    """Return the mean over as many consecutive steps as take `turn_seconds`, at least one.

    The first is to warm up, and alone counts only if the turn is over after it.
    """
    seconds = measured(step, 1)
    repetitions = int(turn_seconds / seconds)
    return measured(step, repetitions) / repetitions if repetitions else seconds


def measured(function: Callable[[], object], repetitions: int) -> float:
    """Return the seconds that the calls take together."""
    start = time.process_time()
    for _ in range(repetitions):
        function()
    return time.process_time() - start


@contextlib.contextmanager
def collector(on: bool) -> Iterator[None]:
    """Set Python's cyclic garbage collector, and leave no garbage to the next turn."""
    gc.collect()
    if not on:
        gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()


def report(text: str) -> None:
    """Tell about progress, apart from the tables."""
    print(text, file=sys.stderr, flush=True)

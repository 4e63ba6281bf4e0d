"""Ctrl-C, pressed at any line that our code executes."""

import contextlib
import itertools
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, TypeVar

Result = TypeVar("Result")


def press_ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


class CtrlC:
    """Presses Ctrl-C before the `at`-th line that some modules execute in the block.

    It raises KeyboardInterrupt there, whatever a shell has set for the tests. The block may change
    what it does, but not for longer than it lasts.

    Attributes
    ----------
    modules : tuple of str
        How the names of the modules begin.
    """

    def __init__(self, at: int, modules: tuple[str, ...]) -> None:
        self.at = at
        self.modules = modules
        self.count = 0

    def __enter__(self) -> "CtrlC":
        self.handler_before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.tracer_before = sys.gettrace()
        sys.settrace(self.trace)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(self.tracer_before)
        handler = signal.signal(signal.SIGINT, self.handler_before)
        assert handler is signal.default_int_handler

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        if not frame.f_globals.get("__name__", "").startswith(self.modules):
            return None
        if frame.f_code.co_name == "__del__":  # Python swallows whatever is raised there
            return None
        if event == "line":
            self.count += 1
            if self.count == self.at:
                press_ctrl_c()
        return self.trace


def interrupted_at_every(
    stride: int,
    make: Callable[[], Result],
    act: Callable[[Result], object],
    modules: tuple[str, ...] = ("nn", "autograd", "contextlib", "signal"),
) -> Iterator[Result]:
    """Make something and act on it, with Ctrl-C pressed ever later, until it is too late.

    It is never swallowed: the action ends with KeyboardInterrupt.
    """
    for at in itertools.count(1, stride):
        thing = make()
        with contextlib.suppress(KeyboardInterrupt), CtrlC(at, modules) as ctrl_c:
            act(thing)
            assert ctrl_c.count < at, "Ctrl-C was swallowed"
            return
        yield thing

"""The modes of a thread: how its operations are recorded while a context is open.

Each applies to one thread, can be nested, and ends with its block, even if an exception ends that.
The contexts are in `autograd.recording` and `autograd.tracing`. An operation checks the modes of
its thread only if ``open_contexts`` is not empty; looking there takes 3 % of its time.

Blocks may end in another order than that in which they began: those of two coroutines do, and so
does one that Ctrl-C interrupts before its first line, which Python ends when it is collected. So
none restores what it found. A mode is always that of the latest block which is still open.
"""

import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from autograd.graph import Node


class _Modes(threading.local):
    """The modes of the current thread, as they are outside of all blocks."""

    recording = True
    detecting_anomalies = False
    differentiating = False
    applying_rules = False  # to Values, which a rule may compare, even with `==`
    tracing: type[Node] | None = None  # the kind of Values that a function is recorded on

    def __init__(self) -> None:
        self.located: list[Node] = []  # the nodes of this thread in `origins`
        self.open_blocks: dict[str, dict[object, Any]] = defaultdict(dict)  # a token, and its value


open_contexts: set[object] = set()
"""A token for each open context, in any thread, whose mode operations must check.

Not a counter: counting from several threads needs a lock, which an interrupt could leave held.
"""

modes = _Modes()


_Name: TypeAlias = Literal[
    "recording", "detecting_anomalies", "differentiating", "applying_rules", "tracing"
]


@contextlib.contextmanager
def mode(name: _Name, value: Any) -> Iterator[None]:
    """Set one mode of this thread for a block."""
    token, open_blocks = object(), modes.open_blocks[name]

    def end() -> None:
        open_blocks.pop(token, None)
        others = modes.open_blocks[name].values()  # of the thread that collects the block, perhaps
        setattr(modes, name, next(reversed(others), getattr(_Modes, name)))

    try:
        try:
            open_blocks[token] = value
            setattr(modes, name, value)
            yield
        finally:
            end()
    except KeyboardInterrupt:  # it may have come just before the end
        end()
        raise


@contextlib.contextmanager
def operation_mode(name: _Name, value: Any) -> Iterator[None]:
    """Set a mode that operations must check: without a token they check none."""
    token = object()
    open_contexts.add(token)  # an interrupt just here leaves it there, which only costs time
    try:
        with mode(name, value):
            yield
    finally:
        open_contexts.discard(token)

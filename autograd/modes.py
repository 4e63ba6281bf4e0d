"""The modes of a thread: how its operations are recorded while a context is open.

Each holds for one thread, nests, and ends with its block, also by an exception. The contexts are in
`autograd.recording` and `autograd.tracing`. While none is open in any thread, an operation only
looks at ``activity.contexts``, which is 3 % of it.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from autograd.graph import Node


class _Activity:
    """Counts the contexts open in all threads."""

    __slots__ = ("_lock", "contexts")

    def __init__(self) -> None:
        self.contexts = 0
        self._lock = threading.Lock()

    def change(self, by: int) -> None:
        with self._lock:
            self.contexts += by


class _Modes(threading.local):
    """The modes of the current thread."""

    recording = True
    detecting_anomalies = False
    differentiating = False
    applying_rules = False
    tracing: type[Node] | None = None

    def __init__(self) -> None:
        self.located: list[Node] = []  # the nodes of this thread in `origins`


activity = _Activity()
modes = _Modes()


_Name: TypeAlias = Literal[
    "recording", "detecting_anomalies", "differentiating", "applying_rules", "tracing"
]


@contextlib.contextmanager
def mode(name: _Name, value: Any) -> Iterator[None]:
    """Set one mode of this thread for a block, and then what it was before."""
    previous = getattr(modes, name)
    activity.change(+1)  # if an interrupt hits just here, it stays too high: that costs time only
    try:
        setattr(modes, name, value)
        yield
    finally:
        setattr(modes, name, previous)
        activity.change(-1)

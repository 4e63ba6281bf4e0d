"""The modes of a thread: how its operations are recorded while a context is open.

Each holds for one thread, nests, and ends with its block, also by an exception. The contexts are in
`autograd.recording` and `autograd.tracing`. While none that operations heed is open in any thread,
an operation only looks at ``open_contexts``, which is 3 % of it.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from autograd.graph import Node


class _Modes(threading.local):
    """The modes of the current thread."""

    recording = True
    detecting_anomalies = False
    differentiating = False
    applying_rules = False
    tracing: type[Node] | None = None

    def __init__(self) -> None:
        self.located: list[Node] = []  # the nodes of this thread in `origins`


open_contexts: set[object] = set()
"""A token for each context that operations heed, in any thread.

Not a counter: to count from several threads takes a lock, which an interrupt could leave held.
"""

modes = _Modes()


_Name: TypeAlias = Literal[
    "recording", "detecting_anomalies", "differentiating", "applying_rules", "tracing"
]


@contextlib.contextmanager
def mode(name: _Name, value: Any) -> Iterator[None]:
    """Set one mode of this thread for a block, and then what it was before."""
    previous = getattr(modes, name)
    try:
        try:
            setattr(modes, name, value)
            yield
        finally:
            setattr(modes, name, previous)
    except KeyboardInterrupt:  # it may have come just before that
        setattr(modes, name, previous)
        raise


@contextlib.contextmanager
def heeded_mode(name: _Name, value: Any) -> Iterator[None]:
    """Set a mode that operations have to heed, for otherwise they do not look at any."""
    token = object()
    open_contexts.add(token)  # an interrupt just here leaves it there: that costs time only
    try:
        with mode(name, value):
            yield
    finally:
        open_contexts.discard(token)

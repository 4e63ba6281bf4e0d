"""Python's cyclic garbage collector, which graphs do not need."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Pause Python's cyclic garbage collector while a large graph is recorded.

    >>> import autograd as ag
    >>> with ag.collector_paused():
    ...     total = ag.sum(ag.Value(i) for i in range(10_000))

    Graphs hold no reference cycles and are freed without the collector, yet it looks at every node
    again and again while they grow.
    """
    was_enabled = gc.isenabled()
    try:
        gc.disable()
        yield
    finally:
        if was_enabled:
            gc.enable()

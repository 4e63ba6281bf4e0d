"""Ctrl-C, held back while a change must not be left half done."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Let a Ctrl-C that comes inside the block take effect at its end.

    Python delivers interrupts to the main thread only, so there is nothing to do in others.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or handler is None:
        yield
        return
    received: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: received.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if received:
            signal.raise_signal(signal.SIGINT)


def completed(change: Callable[[], None]) -> None:
    """Make a change as a whole, even if Ctrl-C is pressed: then it is made again, undisturbed.

    `change` must be idempotent. This is free, where `interrupts_deferred` takes 10 us, so it suits
    what is done in every step.
    """
    try:
        change()
    except KeyboardInterrupt:
        with interrupts_deferred():
            change()
        raise

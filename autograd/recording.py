"""How operations are recorded: as usual, not at all, or with an eye on anomalies.

Each context below holds for one thread, nests, and ends with its block, also by an exception.
`Value` hands every new node to :func:`apply_modes` while any context is open in any thread, and
otherwise only looks at ``activity.contexts``, which is 3 % of an operation.
"""

import contextlib
import math
import threading
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from autograd.diagnosis import describe
from autograd.errors import NonFiniteError, TraceError
from autograd.graph import Node, origins
from autograd.operation import CONSTANT, DETACH
from autograd.user_code import line_of_user_code


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
_modes = _Modes()


_Name: TypeAlias = Literal[
    "recording", "detecting_anomalies", "differentiating", "applying_rules", "tracing"
]


@contextlib.contextmanager
def _mode(name: _Name, value: Any) -> Iterator[None]:
    previous = getattr(_modes, name)
    activity.change(+1)  # if an interrupt hits just here, it stays too high: that costs time only
    try:
        setattr(_modes, name, value)
        yield
    finally:
        setattr(_modes, name, previous)
        activity.change(-1)


@contextlib.contextmanager
def no_grad() -> Iterator[None]:
    """Compute without recording a graph: results are constants.

    >>> import autograd as ag
    >>> x = ag.Value(3.0)
    >>> with ag.no_grad():
    ...     y = x * x
    >>> y.data, y.parents
    (9.0, ())

    Also a decorator, with its parentheses:

    >>> @ag.no_grad()
    ... def predict(x):
    ...     return 2 * x
    >>> predict(x).parents
    ()
    """
    with _mode("recording", False):
        yield


@contextlib.contextmanager
def enable_grad() -> Iterator[None]:
    """Record again inside a `no_grad` block.

    >>> import autograd as ag
    >>> x = ag.Value(3.0)
    >>> with ag.no_grad(), ag.enable_grad():
    ...     y = x * x
    >>> len(y.parents)
    2
    """
    with _mode("recording", True):
        yield


def is_recording() -> bool:
    """Tell whether operations of this thread are recorded: not so under `no_grad`."""
    return _modes.recording


@contextlib.contextmanager
def differentiating() -> Iterator[bool]:
    """Record a function whose derivative is wanted.

    Yields whether that derivative is a part of a larger formula: whether this thread is computing
    a function that is being differentiated or compiled already.
    """
    within_another = _modes.differentiating or _modes.tracing is not None
    with _mode("differentiating", True), enable_grad():
        yield within_another


@contextlib.contextmanager
def applying_rules() -> Iterator[None]:
    """Apply derivative rules to Values. A rule may compare them, also with ``==``."""
    with _mode("applying_rules", True):
        yield


def is_applying_rules() -> bool:
    """Tell whether this thread applies derivative rules to Values."""
    return _modes.applying_rules


def is_tracing() -> bool:
    """Tell whether this thread records a function that has to work for any sample."""
    return _modes.tracing is not None


@contextlib.contextmanager
def detect_anomaly() -> Iterator[None]:
    """Find the line that makes an infinite or nan number, in the formula or in its gradient.

    >>> import autograd as ag
    >>> x = ag.Value(1e200, "x")
    >>> with ag.detect_anomaly():
    ...     x * x  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    autograd.errors.NonFiniteError: 1e+200 * 1e+200 (made at <doctest ...>:2) is inf

    Slower, and nodes live until the block ends: meant for the search, not for training. Call
    ``backward()`` inside the block.

    Raises
    ------
    NonFiniteError
        At the first operation that makes an infinite number of finite ones, or a nan; and by
        ``backward()`` at the first gradient that is not finite. It names operation, node and line.
    GraphError
        By ``backward()``, if a number was changed after the graph was recorded: a node keeps the
        number that it was computed with.
    """
    try:
        with _mode("detecting_anomalies", True):
            yield
    finally:
        if not _modes.detecting_anomalies:
            for node in _modes.located:
                origins.pop(node, None)
            _modes.located.clear()


@contextlib.contextmanager
def tracing(kind: type[Node]) -> Iterator[None]:
    """Refuse to tell Python the number of a `Value`, while a function is recorded for any sample.

    Every node that is made becomes one of `kind`.
    """
    with _mode("tracing", kind), enable_grad():
        yield


def refuse_while_tracing(reading: str) -> None:
    """Raise an error if this thread records a function that has to work for any sample.

    Raises
    ------
    TraceError
        With the line of the user's code, and what to write instead.
    """
    if activity.contexts and _modes.tracing:
        raise TraceError(
            f"{line_of_user_code()}: a number of the compiled function is {reading}. It is known "
            "for one sample only, so what follows would be wrong for the others. ag.max, ag.min, "
            "ag.relu, ag.abs and ag.lookup choose for each sample; ag.exp and its like compute "
            "with Values, as the functions of math do not"
        )


def refuse_backward_while_tracing() -> None:
    """Raise an error if this thread records a function that has to work for any sample.

    Raises
    ------
    TraceError
        Since ``backward`` would leave the gradients of one sample.
    """
    if _modes.tracing is not None:
        raise TraceError(
            f"{line_of_user_code()}: backward() inside of a compiled function would give the "
            "gradients of one sample. ag.grad and ag.gradient give those of each"
        )


def apply_modes(node: Node) -> None:
    """Bring a node that an operation has just made in line with the modes of this thread."""
    if _modes.tracing is not None:
        node.__class__ = _modes.tracing
    if _modes.detecting_anomalies:
        origins[node] = line_of_user_code()
        _modes.located.append(node)
        inputs_finite = all(math.isfinite(parent.data) for parent in node.parents)
        if math.isnan(node.data) or (inputs_finite and math.isinf(node.data)):
            raise NonFiniteError(f"{describe(node)} is {node.data}")
    if not _modes.recording:
        if _modes.tracing is not None:
            _detach(node)
        else:
            node.operation, node._first, node._second = CONSTANT, None, ()


def _detach(node: Node) -> None:
    """Make a node one that sends nothing back, with what it was as its input.

    Its number is another one for each sample, so it is not a constant.
    """
    computed = object.__new__(type(node))
    for slot in Node.__slots__:
        setattr(computed, slot, getattr(node, slot))
    node.operation, node._first, node._second = DETACH, computed, None

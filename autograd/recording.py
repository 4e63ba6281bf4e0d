"""How operations are recorded: as usual, not at all, or with an eye on anomalies.

The contexts below set modes of a thread: see `autograd.modes`. While one is open that operations
must check, `Value` hands every new node to :func:`apply_modes`.
"""

import contextlib
import functools
import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, overload

from autograd.diagnosis import describe
from autograd.errors import ArgumentError, GraphError, NonFiniteError
from autograd.graph import Node, origins
from autograd.modes import mode, modes, operation_mode
from autograd.operation import CONSTANT
from autograd.tracing import detach_in_place
from autograd.user_code import line_of_user_code
from autograd.wording import shown_short

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Block:
    """A context: for each ``with``, or as a decorator for each call of a function."""

    def __init__(self, name: str, begin: Callable[[], Any]) -> None:
        self._name = name
        self._begin = begin
        self._begun: list[Any] = []

    def __enter__(self) -> None:
        self._begun.append(self._begin())
        self._begun[-1].__enter__()

    def __exit__(self, *exception: Any) -> bool | None:
        return self._begun.pop().__exit__(*exception)  # type: ignore[no-any-return]

    def __call__(self, function: _Function) -> _Function:
        """Decorate a function.

        Raises
        ------
        ArgumentError
            If its body does not run when it is called, but as it is iterated or awaited.
        """
        if not callable(function) or any(runs_later(function) for runs_later in _RUN_LATER):
            raise ArgumentError(
                f"{self._name} decorates functions that compute when they are called, not "
                f"{shown_short(function)}: write `with ag.{self._name}():` around the computation"
            )
        return self._begin()(function)  # type: ignore[no-any-return]


_RUN_LATER = (
    inspect.isgeneratorfunction,
    inspect.iscoroutinefunction,
    inspect.isasyncgenfunction,
)


@overload
def no_grad() -> Block: ...
@overload
def no_grad(function: _Function) -> _Function: ...
def no_grad(function: Any = None) -> Any:
    """Compute without recording a graph: results are constants.

    >>> import autograd as ag
    >>> x = ag.Value(3.0)
    >>> with ag.no_grad():
    ...     y = x * x
    >>> y.data, y.parents
    (9.0, ())

    Also a decorator, with or without parentheses:

    >>> @ag.no_grad
    ... def predict(x):
    ...     return 2 * x
    >>> predict(x).parents
    ()

    Raises
    ------
    NonFiniteError
        By an operation whose result is nan.
    ArgumentError
        If it is to decorate a generator function or a coroutine, whose body runs later.
    """
    block = Block("no_grad", functools.partial(operation_mode, "recording", False))
    return block if function is None else block(function)


@overload
def enable_grad() -> Block: ...
@overload
def enable_grad(function: _Function) -> _Function: ...
def enable_grad(function: Any = None) -> Any:
    """Record again inside a `no_grad` block.

    >>> import autograd as ag
    >>> x = ag.Value(3.0)
    >>> with ag.no_grad(), ag.enable_grad():
    ...     y = x * x
    >>> len(y.parents)
    2

    Also a decorator, as `no_grad`.
    """
    block = Block("enable_grad", functools.partial(mode, "recording", True))
    return block if function is None else block(function)


@contextlib.contextmanager
def differentiating() -> Iterator[bool]:
    """Record a function whose derivative is wanted.

    Yields whether that derivative is a part of a larger formula: whether this thread is already
    computing a function that is being differentiated or compiled.
    """
    within_another = modes.differentiating or modes.tracing is not None
    with mode("differentiating", True), enable_grad():
        yield within_another


def refuse_in_rules() -> None:
    """Raise an error if this thread is applying derivative rules to Values.

    Raises
    ------
    GraphError
        Since a rule that makes floats of Values, as ``math.cos`` does, has no derivative itself.
    """
    if modes.applying_rules:
        raise GraphError(
            f"{line_of_user_code()}: a derivative rule converts a Value to a float, and so loses "
            "its own derivative: use ag.exp and the like, not the functions of math"
        )


@contextlib.contextmanager
def detect_anomaly() -> Iterator[None]:
    """Find the line where a number becomes infinite or nan, in the formula or in its gradient.

    >>> import autograd as ag
    >>> x = ag.Value(1e200, "x")
    >>> with ag.detect_anomaly():
    ...     x * x  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    autograd.errors.NonFiniteError: 1e+200 * 1e+200 (made at <doctest ...>:2) is inf

    It is slower, and nodes live until the block ends: meant for finding a fault, not for training.
    Call ``backward()`` inside the block.

    Raises
    ------
    NonFiniteError
        At the first operation whose result is nan, or infinite though its inputs are finite; and by
        ``backward()`` at the first gradient that is not finite. It names operation, node and line.
    GraphError
        By ``backward()``, if a number was changed after the graph was recorded: a node keeps the
        number that it was computed with.
    """
    try:
        with operation_mode("detecting_anomalies", True):
            yield
    finally:
        if not modes.detecting_anomalies:
            for node in modes.located:
                origins.pop(node, None)
            modes.located.clear()


def apply_modes(node: Node) -> None:
    """Bring a node that an operation has just made in line with the modes of this thread."""
    kind = modes.tracing
    if kind is not None:
        node.__class__ = kind
    if modes.detecting_anomalies:
        origins[node] = line_of_user_code()
        modes.located.append(node)
        inputs_finite = all(math.isfinite(parent.data) for parent in node.parents)
        if math.isnan(node.data) or (inputs_finite and math.isinf(node.data)):
            raise NonFiniteError(f"{describe(node)} is {node.data}")
    if not modes.recording:
        if kind is not None:
            detach_in_place(node)
        else:
            if isinstance(node.data, float) and math.isnan(node.data):  # no backward() finds it
                raise NonFiniteError(f"{describe(node)} is nan: keep its inputs finite")
            node.operation, node._first, node._second = CONSTANT, None, ()

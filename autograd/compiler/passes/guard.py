"""The guard on the numbers of Values while a function is recorded for any sample.

The graph of one sample stands for all only if nothing in it depends on the numbers. So while it is
recorded, asking a Value for its number raises a `TraceError`: inputs and what is computed are of
the class `TracedValue`, and the variables that a function reaches are of it as long as it runs.

Some ways are left open. If a function goes there with an input, comparing two samples shows it; if
it goes there with a parameter, nothing does:

- ``.data`` of a variable that the graph does not reach: nothing shows that it is a parameter,
- text, such as ``f"{w:.3f}"``: to print is to look, not to compute,
- what this library reads for the user: ``model.state_dict()``, or the items of
  ``ag.sum(map(operator.attrgetter("data"), weights))``, with no line of the user in between.

>>> from autograd.tracing import tracing
>>> w = Value(2.0)
>>> with tracing(TracedValue), guarding([w]):
...     isinstance(w, TracedValue), isinstance(3.0 * w, TracedValue)
(True, True)
>>> isinstance(w, TracedValue), w.data
(False, 2.0)
"""

import contextlib
import copyreg
import functools
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, NoReturn

from autograd.graph import Node
from autograd.tracing import refuse_gradients_while_tracing, refuse_while_tracing
from autograd.user_code import LIBRARY_FOLDERS
from autograd.value import Value


class TracedValue(Value):
    """An input, a parameter, or what is computed, while a function is recorded for any sample.

    It differs from a Value in that users cannot read its number or its gradient, though the
    operations can. A function may keep one, and other threads may meet one while it runs: so its
    copies, also those that are pickled, are of the class `plain`.
    """

    __slots__ = ()

    plain: ClassVar[type[Value]] = Value

    @property
    def data(self) -> float:
        """The number, for the code of this library."""
        if not _is_of_library(sys._getframe(1).f_code.co_filename):
            refuse_while_tracing("read with .data")
        return self._number

    @data.setter
    def data(self, number: float) -> None:
        _set_number(self, number)

    @property
    def grad(self) -> float:
        """The gradient, for the code of this library."""
        if not _is_of_library(sys._getframe(1).f_code.co_filename):
            refuse_gradients_while_tracing(".grad")
        return _gradient_of(self)

    @grad.setter
    def grad(self, gradient: float) -> None:
        _set_gradient(self, gradient)

    def __index__(self) -> NoReturn:
        refuse_while_tracing("used as an integer")
        raise TypeError("'Value' object cannot be interpreted as an integer")  # as of any Value

    def __reduce_ex__(self, protocol: Any) -> Any:
        refuse_while_tracing("copied or pickled")
        # Not that of super(): by now another thread may have taken the guard off.
        parts: Any = object.__reduce_ex__(self, protocol)
        make, arguments, *state = parts
        if make is copyreg.__newobj__:  # type: ignore[attr-defined]  # private to its stub
            make = object.__new__  # to the other one, pickle refuses any class but that of self
        return _without_guard(make), tuple(map(_without_guard, arguments)), *state


TracedValue.__name__ = Value.__name__  # in what Python says of a wrong use


def _without_guard(thing: Any) -> Any:
    """Return the class that a guarded one stands for, and anything else as it is."""
    is_guarded = isinstance(thing, type) and issubclass(thing, TracedValue)
    return thing.plain if is_guarded else thing


@functools.cache
def _with_guard(kind: Any) -> Any:
    """Return the class of a variable with the guard of `TracedValue`: itself, if it has it."""
    if issubclass(kind, TracedValue):
        return kind
    if kind is Value:
        return TracedValue
    return type(kind.__name__, (kind, TracedValue), {"__slots__": (), "plain": kind})


_set_number: Any = vars(Node)["data"].__set__
_gradient_of: Callable[[Node], float] = vars(Node)["grad"].__get__
_set_gradient: Any = vars(Node)["grad"].__set__


@functools.cache  # asked for each number read: a quarter less time for that
def _is_of_library(path: str) -> bool:
    return path.startswith(LIBRARY_FOLDERS)


_guarded: list[set[Value]] = []
"""The variables that each recording guards, in all threads: several may guard the same."""

_lock = threading.RLock()  # an interrupted thread may take it again


@contextlib.contextmanager
def guarding(variables: Iterable[Value]) -> Iterator[None]:
    """Keep the numbers of variables from users too, in a thread that is recording."""
    mine = set(variables)
    try:
        with _lock:
            _guarded.append(mine)
            for variable in mine:
                kind: Any = type(variable)
                variable.__class__ = _with_guard(kind)
        yield
    finally:
        try:
            _stop_guarding(mine)
        except KeyboardInterrupt:
            _stop_guarding(mine)
            raise


def _stop_guarding(mine: set[Value]) -> None:
    """Restore the classes of the variables that no other recording guards."""
    with _lock:
        _guarded[:] = [others for others in _guarded if others is not mine]
        for variable in mine.difference(*_guarded):
            variable.__class__ = _without_guard(type(variable))

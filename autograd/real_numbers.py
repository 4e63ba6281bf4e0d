"""What counts as a real number, a list or a list of Values, and what to say about the rest."""

import math
import sys
from collections.abc import Iterable, Mapping, Sequence, Set
from numbers import Complex, Real
from typing import Any, TypeVar

from autograd.errors import ArgumentError, NonFiniteError, NotANumberError, ShapeError
from autograd.graph import Node
from autograd.wording import shown_short

_Value = TypeVar("_Value", bound=Node)

REAL = (float, int, Real)  # in this order: checking for the abstract Real alone takes 0.3 us


def real_number(number: Any, function: str = "") -> float:
    """Return `number` as a float, or raise an error that says what to give instead.

    It names the `function` of one number whose argument this is, if it is one.
    """
    if not isinstance(number, REAL) and not is_numpy_bool(number):
        raise NotANumberError(_not_a_number(number, function))
    try:
        data = float(number)
    except OverflowError:
        raise NonFiniteError(f"{shown_short(number)} is too large for a float") from None
    except TypeError:  # NumPy counts a time span as a real number
        raise NotANumberError(_not_a_number(number, function)) from None
    if data != data:
        raise NonFiniteError("a Value cannot be nan: find where it comes from, or leave it out")
    return data


def imported_type(module: str, name: str) -> Any:
    """Return a type for `isinstance`, if its module has been imported, and else no type.

    Whoever holds such a thing has imported it, so it need not be imported to ask: NumPy would take
    0.1 s. Another thread may be importing it now: then the type may not be there yet.
    """
    return getattr(sys.modules.get(module), name, ())


def is_numpy_bool(thing: Any) -> bool:
    """Return whether this is a bool of NumPy, which unlike Python's is not a registered real."""
    return isinstance(thing, imported_type("numpy", "bool_"))


def hides_numbers(thing: Any) -> bool:
    """Return whether this is a masked array of NumPy with masked numbers."""
    is_masked_array = isinstance(thing, imported_type("numpy.ma", "MaskedArray"))
    return is_masked_array and bool(thing.mask.any())


def _not_a_number(thing: Any, function: str) -> str:
    """Say what `thing` is, and how to make Values of it or to apply `function` to it."""
    shown = shown_short(thing)
    needed = f"{function} takes one number" if function else "a Value holds one real number"
    problem = f"{needed}, not {shown} ({type(thing).__name__})"
    if isinstance(thing, str):
        return f"{problem}: {_advice_for_text(thing)}"
    if isinstance(thing, Complex):
        return f"{problem}: use .real, .imag or abs()"
    if isinstance(thing, Node):
        return f"{problem}: use it as it is"
    if getattr(thing, "shape", None) == ():
        return f"{problem}: take the number out of it with .item()"
    if hasattr(thing, "tolist") or hasattr(thing, "__len__"):
        return f"{problem}: {_advice_for_many(thing, function)}"
    if hasattr(thing, "__float__"):
        return f"{problem}: convert it first, float({shown})"
    return f"{problem}: give it a number"


def _advice_for_many(things: Any, function: str) -> str:
    is_array = hasattr(things, "tolist")
    if not function:
        items = "number in .tolist()" if is_array else "element"
        return f"make one of each {items}, [Value(x) for x in ...]"
    if not is_array:
        return f"write [ag.{function}(x) for x in ...]"
    of_numpy = getattr(sys.modules.get("numpy"), function, None)
    if getattr(of_numpy, "nin", None) == 1:  # a function of one array; np.heaviside is one of two
        return f"write np.{function}(x)"
    return f"write np.vectorize(ag.{function})(x)"


def is_list(thing: Any) -> bool:
    """Return whether something has items in order: not a set, a dict, or an array without axes.

    >>> is_list([1.0, 2.0]), is_list(iter("xy")), is_list({1.0, 2.0}), is_list({0: 1.0})
    (True, True, False, False)
    """
    if isinstance(thing, _LISTS):  # checking for the abstract classes takes 0.4 us
        return True
    ordered = isinstance(thing, Iterable) and not isinstance(thing, Mapping | Set)
    return ordered and getattr(thing, "shape", None) != ()


_LISTS = (list, tuple)


def items_of(function: str, values: Any) -> Sequence[Any]:
    """Return the argument of a function as a list, or raise an error that names the function.

    Raises
    ------
    ShapeError
        If it is not a list.
    """
    if isinstance(values, _LISTS):
        return values
    if not is_list(values):
        problem = f"{function} takes a list of numbers, not {shown_short(values)}"
        raise ShapeError(f"{problem}: {_advice_for_no_list(values)}")
    return list(values)


def _advice_for_no_list(thing: Any) -> str:
    if isinstance(thing, Mapping):
        return "for a dict d, give list(d.values())"
    if isinstance(thing, Set):
        return "a set has no order, give a list instead"
    return "give [x] for one number x"


def _advice_for_text(text: str) -> str:
    try:
        float(text)
    except ValueError:
        return "it cannot be read as a number"
    return f"convert it first, float({shown_short(text)})"


def checked_values(values: Iterable[_Value], name: str) -> list[_Value]:
    """Return Values as a list.

    Raises
    ------
    ArgumentError
        If they are not in a list. The message calls them `name`.
    NotANumberError
        If something else is among them.
    """
    if not is_list(values):
        raise ArgumentError(
            f"{name}={shown_short(values)}: give a list of Values, [w] or model.parameters()"
        )
    listed = list(values)
    for value in listed:
        if not isinstance(value, Node):
            raise NotANumberError(f"{name} must be Values, not {shown_short(value)}")
    return listed


def not_an_array_of_numbers(name: str, array: Any) -> ArgumentError:
    """Return the error for an array that holds something else, with the first such item.

    >>> import numpy as np
    >>> not_an_array_of_numbers("y", np.array(["cat", "dog"]))
    ArgumentError("y holds 'cat' at (0,): give numbers")
    """
    import numpy as np

    for place, item in zip(np.ndindex(array.shape), array.ravel().tolist(), strict=True):
        if not isinstance(item, REAL):
            where = f" at {place}" if place else ""
            return ArgumentError(f"{name} holds {shown_short(item)}{where}: give numbers")
    return ArgumentError(f"{name} is an array of {array.dtype}: give floats")


def advice_for_not_finite(number: float) -> str:
    """Say what to do about data that is infinite or nan."""
    return "a mask can hold -1e9 instead" if number == -math.inf else "leave it out"

"""Numbers nested in lists, tuples and NumPy arrays: what is differentiated, and its derivatives.

>>> point = [2.0, (3.0, 4.0)]
>>> list(numbers_in(point)), map_numbers(str, point)
([2.0, 3.0, 4.0], ['2.0', ('3.0', '4.0')])
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from autograd.real_numbers import imported_type

Numbers: TypeAlias = Any
"""A number, or a list, tuple or NumPy array of them, nested to any depth."""


def is_nested(numbers: Numbers) -> bool:
    """Return whether `numbers` is a list, a tuple or an array, not a single number."""
    return isinstance(numbers, list | tuple) or _is_array(numbers)


def numbers_in(numbers: Numbers) -> Iterator[Any]:
    """Yield each number of nested lists.

    >>> list(numbers_in([1, [2, 3]]))
    [1, 2, 3]
    """
    if is_nested(numbers):
        for item in _items(numbers):
            yield from numbers_in(item)
    else:
        yield numbers


def map_numbers(function: Callable[[Any], Any], numbers: Numbers) -> Numbers:
    """Apply `function` to each number, and keep the nesting.

    >>> map_numbers(abs, [-1, [2, -3]])
    [1, [2, 3]]
    """
    if not is_nested(numbers):
        return function(numbers)
    items = [map_numbers(function, item) for item in _items(numbers)]
    if _is_array(numbers):
        return _stacked(items) if items else numbers
    return type(numbers)(*items) if hasattr(numbers, "_fields") else type(numbers)(items)


def copied(numbers: Numbers) -> Numbers:
    """Return the same numbers in lists and arrays of their own, which may be changed.

    >>> row = [1, [2]]
    >>> copied(row) == row, copied(row) is row
    (True, False)
    """
    return map_numbers(lambda number: number, numbers)


def nested_like(nesting: Numbers, numbers: Iterable[Any]) -> Numbers:
    """Return as many numbers as a nesting holds, nested as they are.

    >>> nested_like([0, [0, 0]], [1, 2, 3])
    [1, [2, 3]]
    """
    in_order = iter(numbers)
    return map_numbers(lambda _: next(in_order), nesting)


def _items(numbers: Numbers) -> Numbers:
    """Return what has the items: of `numpy.matrix`, whose rows are matrices again, the array."""
    return numbers.A if isinstance(numbers, imported_type("numpy", "matrix")) else numbers


def _stacked(items: list[Any]) -> Numbers:
    """Make an array of numbers or of equal arrays: what else there is stays in a list."""
    import numpy as np

    has_lists = any(isinstance(item, list | tuple) for item in items)
    return items if has_lists or len(set(map(np.shape, items))) > 1 else np.array(items)


def _is_array(thing: Any) -> bool:
    return isinstance(thing, imported_type("numpy", "ndarray")) and thing.ndim > 0

"""The order in which pictures list things: inputs before what uses them, as a formula is read."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def inputs_first(ends: Iterable[T], inputs: Callable[[T], Iterable[T]]) -> list[T]:
    """List everything that `ends` depend on, each after its inputs, first inputs first.

    Unlike `autograd.graph.topological_order` it touches no gradient, and works on boxes as well as
    on nodes.

    >>> uses = {"y": ["a", "b"], "b": ["a", "x"], "a": [], "x": []}
    >>> inputs_first(["y"], uses.__getitem__)
    ['a', 'x', 'b', 'y']
    """
    listed: dict[T, None] = {}
    begun: set[T] = set()
    stack = list(ends)[::-1]
    while stack:
        thing = stack[-1]
        if thing in begun:
            listed.setdefault(stack.pop())
        else:
            begun.add(thing)
            stack += [before for before in list(inputs(thing))[::-1] if before not in begun]
    return list(listed)

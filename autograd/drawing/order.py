"""The order in which pictures list things: inputs before what uses them, as a formula is read."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from autograd.graph import Node

T = TypeVar("T", bound=Hashable)


def nodes_behind(*outputs: Node) -> list[Node]:
    """List the nodes that some were computed from, and these themselves, each after its inputs.

    >>> from autograd import Value
    >>> x, y = Value(2.0), Value(3.0)
    >>> [node.data for node in nodes_behind(x * y, x)]
    [2.0, 3.0, 6.0]
    """
    return inputs_first(outputs, lambda node: node.parents)


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

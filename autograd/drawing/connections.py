"""The edges between groups of nodes, with the derivatives that belong on them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from autograd.drawing.folding import Group
from autograd.drawing.local import derivatives_through, local_derivatives
from autograd.graph import Node


def connections_into(
    group: Group, seen: Sequence[Node], home: Mapping[Node, Group]
) -> Iterator[tuple[Group, float | None, int]]:
    """Yield source, derivative and count of the edges into a group, in the order of its inputs.

    Two nodes that are shown one by one keep every edge between them. Otherwise there is one edge
    from each source. It has a derivative if it carries one number into one number.

    Parameters
    ----------
    group : Group
    seen : sequence of Node
        The nodes of the group that are used outside of it.
    home : mapping from Node to Group
        The group of every node.
    """
    # By source, or between two single nodes by place: the source, and the derivative with respect
    # to each node of it that the edge carries, None if that is not known.
    bundles: dict[Group | int, tuple[Group, dict[Node, float | None]]] = {}
    for place, (node, derivative) in enumerate(_inputs_with_derivatives(group, seen)):
        source = home[node]
        one_by_one = len(source.nodes) == len(group.nodes) == 1
        _, derivatives = bundles.setdefault(place if one_by_one else source, (source, {}))
        if derivative is not None:
            derivative += derivatives.get(node) or 0.0
        derivatives[node] = derivative
    for source, derivatives in bundles.values():
        first, *others = derivatives.values()
        yield source, None if others else first, 1 + len(others)


def _inputs_with_derivatives(
    group: Group, seen: Sequence[Node]
) -> Iterable[tuple[Node, float | None]]:
    if len(group.nodes) == 1:
        (node,) = group.nodes
        return zip(node.parents, local_derivatives(node), strict=True)
    if len(seen) == 1:
        return derivatives_through(group.nodes, seen[0]).items()
    inside = set(group.nodes)
    inputs = (parent for node in group.nodes for parent in node.parents if parent not in inside)
    return dict.fromkeys(inputs).items()

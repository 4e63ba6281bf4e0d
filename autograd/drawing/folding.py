"""What is shown as one box: the nodes of a graph, sorted into groups.

First, each call of a part of the model is one group (see `calls`), and every other node its own.
Then groups of one kind with inputs of one kind are shown as one if there are more than a few: the
ten exponentials of a softmax, the calls of one layer on all samples of a batch. So are leaves that
the same groups use, such as the 64 inputs of a layer; the constants of a loop each stay beside
their step. Last, parameters go into the box of the part that uses them.

Folding keeps the graph free of cycles: no group takes anything from one like itself.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from autograd.drawing.calls import Call, find_calls, parameter_part
from autograd.drawing.order import inputs_first
from autograd.drawing.roles import Role
from autograd.graph import Node
from autograd.parts import Part

FEW = 4
"""Up to this many groups that are alike are shown one by one; more become one."""


@dataclass(eq=False)
class Group:
    """The nodes of one box.

    Attributes
    ----------
    nodes : list of Node
        Each one after those of its inputs that are among them.
    part : Part or None
        The part of a model that made them, if one did.
    detail : str
        What there is to say of the part, such as its activation, if that is among the nodes. Of
        parameters that several boxes use, whose they are.
    calls : int
        How many calls of the part, or how many nodes, were joined.
    """

    nodes: list[Node]
    part: Part | None = None
    detail: str = ""
    calls: int = 1


def fold(
    nodes: Sequence[Node],
    level: Literal["neuron", "layer"] | None,
    roles: Mapping[Node, Role],
) -> list[Group]:
    """Sort nodes into groups, each node into one, each group after those it takes inputs from.

    Parameters
    ----------
    nodes : sequence of Node
        Each one after its inputs.
    level : "neuron", "layer" or None
        The parts that become one group each; with None every node is a group.
    roles : mapping from Node to Role
        Nodes of different roles stay apart.
    """
    if level is None:
        return [Group([node]) for node in nodes]
    users = users_of(nodes)
    groups = _groups(find_calls(users, level), users, roles)
    groups = _join_alike(groups, users, roles)
    _place_parameters(groups, users, level)
    position = {node: index for index, node in enumerate(nodes)}
    for group in groups:
        group.nodes.sort(key=position.__getitem__)
    groups.sort(key=lambda group: position[group.nodes[0]])
    home = _home(groups)
    return inputs_first(groups, lambda group: _groups_above(group, home))


def users_of(nodes: Iterable[Node]) -> dict[Node, list[Node]]:
    """Return, for each node, those among `nodes` that take it as an input."""
    users: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in users:
        for parent in dict.fromkeys(node.parents):
            users[parent].append(node)
    return users


def _groups(
    calls: Sequence[Call], users: dict[Node, list[Node]], roles: Mapping[Node, Role]
) -> list[Group]:
    """Make a group of each call, with the constants of its formula, and of each other node.

    The parameters of parts are left out: `_place_parameters` brings them in.
    """
    groups = [Group(list(call.nodes), call.part, call.detail) for call in calls]
    home = _home(groups)
    for node in users:
        if node in home or parameter_part(node) is not None:
            continue
        homes = {home.get(user) for user in users[node]}
        only = homes.pop() if len(homes) == 1 else None
        if only is not None and roles[node] == "constant":
            only.nodes.insert(0, node)
        else:
            groups.append(Group([node]))
    return groups


def _join_alike(
    groups: Sequence[Group], users: dict[Node, list[Node]], roles: Mapping[Node, Role]
) -> list[Group]:
    """Join more than a few groups that are alike into one, and then leaves that these use alike."""
    likeness = _likeness(groups, users, roles)
    computed = _join([group for group in groups if group.nodes[-1].parents], likeness.__getitem__)
    home = _home(computed)

    def use(leaf: Group) -> Hashable:
        (node,) = leaf.nodes
        return roles[node], frozenset(home[user] for user in users[node])

    return computed + _join([group for group in groups if not group.nodes[-1].parents], use)


def _join(groups: Iterable[Group], likeness: Callable[[Group], Hashable]) -> list[Group]:
    alike: dict[Hashable, list[Group]] = {}
    for group in groups:
        alike.setdefault(likeness(group), []).append(group)
    joined: list[Group] = []
    for same in alike.values():
        if len(same) <= FEW:
            joined += same
        else:
            nodes = [node for group in same for node in group.nodes]
            joined.append(Group(nodes, same[0].part, same[0].detail, len(same)))
    return joined


def _likeness(
    groups: Sequence[Group], users: dict[Node, list[Node]], roles: Mapping[Node, Role]
) -> dict[Group, int]:
    """Give each group a number, the same to those that are alike.

    Leaves are alike if the same parts or operations use them. Other groups are alike if they are
    calls of one part, or one operation under one label, on inputs that are alike.
    """
    home = _home(groups)
    numbers: dict[Hashable, int] = {}
    likeness: dict[Group, int] = {}
    for group in inputs_first(groups, lambda group: _groups_above(group, home)):
        node = group.nodes[-1]
        what: Hashable
        if node.parents:
            above = dict.fromkeys(likeness.get(other) for other in _groups_above(group, home))
            made_by = group.part or (node.operation, node.label)
            what = made_by, group.detail, *above
        else:
            what = frozenset(home[user].part or user.operation for user in users[node])
        likeness[group] = numbers.setdefault((roles[node], what), len(numbers))
    return likeness


def _place_parameters(
    groups: list[Group], users: dict[Node, list[Node]], level: Literal["neuron", "layer"]
) -> None:
    """Bring each parameter into the one box that uses it; those that several use get their own."""
    home = _home(groups)
    shared: dict[Hashable, Group] = {}
    for node in users:
        part = parameter_part(node)
        if part is None:
            continue
        homes = list(dict.fromkeys(home[user] for user in users[node]))
        if len(homes) == 1 and homes[0].part is not None:
            homes[0].nodes.append(node)
            continue
        owner = part.within or part if level == "layer" else part
        group = shared.setdefault((owner, *homes), Group([], detail=owner.title))
        group.nodes.append(node)
    groups += shared.values()


def _home(groups: Iterable[Group]) -> dict[Node, Group]:
    return {node: group for group in groups for node in group.nodes}


def _groups_above(group: Group, home: dict[Node, Group]) -> Iterator[Group]:
    """Yield the groups that `group` takes its inputs from. Parameters of parts are in none."""
    for node in group.nodes:
        for parent in node.parents:
            if home.get(parent, group) is not group:
                yield home[parent]

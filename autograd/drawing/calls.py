"""Where a graph calls the parts of a model: which nodes are one neuron at work.

A neuron leaves three traces: the labels of its parameters, a `dot` that takes them, and the label
of its output. One call of it is the nodes on the way from the output back to that dot. A neuron
whose output was given another label is known by its dot, and by an activation that is one operation
on that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from autograd import operations
from autograd.graph import Node
from autograd.parts import Part, part_of

LINEAR = "linear"
"""The activation that makes no node."""


@dataclass(eq=False)
class Call:
    """The nodes that one call of a part made, each after its inputs, without its parameters.

    `detail` is that of the part, or empty if the nodes lack the activation that it names.
    """

    part: Part
    nodes: list[Node]
    detail: str


def parameter_part(node: Node) -> Part | None:
    """Return the part whose parameter a node is, or None if it is no parameter of one."""
    return part_of(node.label) if node.operation is None else None


def weighted_sum_part(node: Node) -> Part | None:
    """Return the neuron whose weighted sum a node is: a dot with weights and a bias of a part."""
    if node.operation is not operations.dot:
        return None
    weights, _, bias = operations.dot_terms(node.parents)
    if not bias:
        return None
    return next(filter(None, map(parameter_part, [*bias, *weights])), None)


def inputs_of(weighted_sum: Node) -> Sequence[Node]:
    """Return what the weights of a weighted sum are multiplied with."""
    return operations.dot_terms(weighted_sum.parents)[1]


def find_calls(
    users: Mapping[Node, Sequence[Node]], level: Literal["neuron", "layer"]
) -> list[Call]:
    """Find the calls of all neurons, or of all layers.

    Parameters
    ----------
    users : mapping
        Each node, after its inputs, with the nodes that take it as an input.
    level : "neuron" or "layer"
    """
    neurons = _neuron_calls(users)
    return neurons if level == "neuron" else _layer_calls(neurons)


def _neuron_calls(users: Mapping[Node, Sequence[Node]]) -> list[Call]:
    position = {node: index for index, node in enumerate(users)}
    calls, taken = [], set()
    for node in users:
        part = part_of(node.label)
        if part is not None and node.parents:
            made = sorted(_back_to_weighted_sum(node, part), key=position.__getitem__)
            made = [behind for behind in _leading_on(made, part) if behind not in taken]
            if made:
                calls.append(Call(part, made, part.detail))
                taken.update(made)
    for node in users:
        part = weighted_sum_part(node)
        if part is not None and node not in taken:
            calls.append(_relabelled_call(part, node, users[node]))
    return sorted(calls, key=lambda call: position[call.nodes[-1]])


def _relabelled_call(part: Part, weighted_sum: Node, users: Sequence[Node]) -> Call:
    """Return the call of a neuron that is known by its weighted sum alone."""
    made = [(user.operation and user.operation.name, user.parents) for user in users]
    if made == [(part.detail, (weighted_sum,))]:
        return Call(part, [weighted_sum, *users], part.detail)
    return Call(part, [weighted_sum], LINEAR if part.detail == LINEAR else "")


def _back_to_weighted_sum(output: Node, part: Part) -> set[Node]:
    """Walk back from the output of a neuron as far as its weighted sum and the other neurons."""
    seen, stack = {output}, [output]
    while stack:
        node = stack.pop()
        if weighted_sum_part(node) is not part:
            for parent in node.parents:
                if parent.parents and parent not in seen and part_of(parent.label) is None:
                    seen.add(parent)
                    stack.append(parent)
    return seen


def _leading_on(nodes: Iterable[Node], part: Part) -> list[Node]:
    """Keep, of nodes in topological order, the weighted sum and what is computed from it."""
    kept: dict[Node, None] = {}
    for node in nodes:
        if weighted_sum_part(node) is part or any(parent in kept for parent in node.parents):
            kept[node] = None
    return list(kept)


def _layer_calls(neurons: Sequence[Call]) -> list[Call]:
    """Join the calls of the neurons of one layer on the same inputs."""
    layers: dict[object, Call] = {}
    for call in neurons:
        part = call.part.within or call.part
        key = part, inputs_of(call.nodes[0])
        layer = layers.setdefault(key, Call(part, [], part.detail))
        layer.nodes.extend(call.nodes)
        if not call.detail:
            layer.detail = ""
    return list(layers.values())

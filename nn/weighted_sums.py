"""Where a graph has the z of each layer: what it computes from its parameters and its inputs.

A layer multiplies its parameters with what comes in, and adds up. That is one node or many: a z may
be ``ag.dot(w, x, b)``, or ``w[0] * x[0] + w[1] * x[1] + b``, or part of a product of matrices of
Values. Two rules find them:

1. An operation on a parameter makes a *term*: a product, a `dot`, a `lookup`.
2. Terms that are only added up are one z, the sum of them all. It takes each parameter and each
   input once: where a sum would take one twice, it adds up several z, as of samples or places.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain

from autograd import Value, operations
from autograd.graph import Node, topological_order
from autograd.operation import DETACH

_SUMS = {operations.add, operations.sub, operations.neg, operations.sum}


def weighted_sums(loss: Value, layers: Sequence[Sequence[Value]]) -> list[list[Node]]:
    """Find the z of each layer, the first ones computed first.

    >>> from autograd import Value
    >>> w, b = [Value(0.5), Value(-1.0)], Value(0.25)
    >>> z = w[0] * 3.0 + w[1] * 2.0 + b
    >>> weighted_sums(z.tanh() ** 2, [[*w, b]]) == [[z]]
    True

    Parameters
    ----------
    loss : Value
        Without penalties on the parameters, whose products would be terms, too.
    layers : sequence of sequences of Value
        The parameters of each layer, the first layer first.
    """
    layers_with: dict[Node, set[int]] = defaultdict(set)  # tied ones are in several
    for layer, parameters in enumerate(layers):
        for parameter in parameters:
            layers_with[parameter].add(layer)
    order = topological_order(loss)
    uses = Counter(chain.from_iterable(node.parents for node in order))
    layers_in: dict[Node, set[int]] = {}  # each z so far
    taken: dict[Node, set[Node]] = {}  # the parameters and the inputs in a sum
    for node in order:
        own = [parent for parent in node.parents if parent in layers_with]
        if node.operation in _SUMS:
            terms = [p for p in node.parents if p in layers_in and uses[p] == 1]
            parts = [{parameter} for parameter in own]
            parts += [taken.pop(term, set(term.parents)) for term in terms]
            union = _disjoint_union(parts)
            if union is not None:
                of_terms = map(layers_in.pop, terms)
                layers_in[node] = set[int]().union(*of_terms, *(layers_with[p] for p in own))
                taken[node] = union
        elif own and node.operation is not DETACH:
            layers_in[node] = set[int]().union(*(layers_with[p] for p in own))
    return [[z for z, of in layers_in.items() if layer in of] for layer in range(len(layers))]


def _disjoint_union(sets: list[set[Node]]) -> set[Node] | None:
    """Return the largest of some sets with the others in it, None if any two have one in common.

    It is not copied: what a loop adds up grows by one at a time.
    """
    if not sets:
        return None
    union, count = max(sets, key=len), sum(map(len, sets))
    union.update(*sets)
    return union if len(union) == count else None

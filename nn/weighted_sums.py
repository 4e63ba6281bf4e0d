"""Where the z of each layer are in a graph: what it computes from its parameters and its inputs.

A layer multiplies its parameters with what comes in, and adds up. That is one node or many: a z may
be ``ag.dot(w, x, b)``, or ``w[0] * x[0] + w[1] * x[1] + b``, or part of a product of matrices of
Values. And a penalty multiplies parameters and adds up too. Three rules tell what is what:

1. What is computed from parameters and numbers alone is no z. It is a *weight*, as the parameters
   themselves are: a penalty, or something like ``v / norm(v)`` to multiply inputs with. But inputs
   may be plain numbers: so a number times a parameter is a product with an input, unless that is
   squared at once, or its absolute value taken.
2. An operation on a weight and an input makes a *term*. To a layer, the parameters of those before
   it are inputs: the row that a model takes out of a table of them is the z of that table.
3. Terms that are only added up are one z, the sum of them all. It takes each parameter and each
   input once: where a sum would take one twice, it adds up several z, as of samples or places.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from autograd import Value, operations
from autograd.graph import Node, topological_order
from autograd.operation import CONSTANT, DETACH

_SUMS = {operations.add, operations.sub, operations.neg, operations.sum}
_PRODUCTS = {operations.mul, operations.div}
_NUMBERS_ARE_NO_INPUTS = {*_SUMS, operations.pow, operations.max, operations.min}
"""Beside a parameter, they take a number for an offset, an exponent or a bound."""


def weighted_sums(loss: Value, layers: Sequence[Sequence[Value]]) -> list[list[Node]]:
    """Find the z of each layer, the first ones computed first.

    >>> from autograd import Value
    >>> w, b = [Value(0.5), Value(-1.0)], Value(0.25)
    >>> z = w[0] * 3.0 + w[1] * 2.0 + b
    >>> penalty = 0.1 * sum(p * p for p in [*w, b])
    >>> weighted_sums(z.tanh() + penalty, [[*w, b]]) == [[z]]
    True

    Parameters
    ----------
    loss : Value
    layers : sequence of sequences of Value
        The parameters of each layer, the first layer first.
    """
    graph = _Graph(loss, layers)
    sums = _Sums(graph)
    for node in graph.order:
        if node.parents and node not in graph.weights and node not in graph.numbers:
            sums.meet(node)
    return sums.by_layer(len(layers))


class _Graph:
    """Who uses whom, and what is a weight.

    Attributes
    ----------
    weights : dict of Node to frozenset of int
        What is computed from parameters and numbers alone, with the layers of those parameters.
    numbers : set of Node
        Constants, what is computed from them alone, and what no gradient flows through.
    users : dict of Node to list of Node
        What is computed from a node that was computed itself.
    """

    def __init__(self, loss: Node, layers: Sequence[Sequence[Value]]) -> None:
        self.order = topological_order(loss)
        self.parameters: dict[Node, frozenset[int]] = {
            parameter: frozenset([layer]) for layer, own in enumerate(layers) for parameter in own
        }
        self.weights = dict(self.parameters)
        self.users: dict[Node, list[Node]] = {}
        for node in self.order:
            for parent in node.parents:
                if parent.parents:
                    self.users.setdefault(parent, []).append(node)
        self.numbers: set[Node] = set()
        for node in self.order:
            self._classify(node)

    def _classify(self, node: Node) -> None:
        parents = node.parents
        if node.operation in (CONSTANT, DETACH) or (parents and self.numbers.issuperset(parents)):
            self.numbers.add(node)
        elif parents and self._is_weight(node):
            own = (self.weights[p] for p in parents if p in self.weights)
            self.weights[node] = frozenset(chain.from_iterable(own))

    def _is_weight(self, node: Node) -> bool:
        """Tell whether a node is computed from weights and numbers, none of which is an input."""
        return (
            all(parent in self.weights or parent in self.numbers for parent in node.parents)
            and not self._takes_number(node)
            and not self.weights_as_inputs(node)
        )

    def _takes_number(self, node: Node) -> bool:
        """Tell whether a number is the input that a parameter meets in a node."""
        return (
            node.operation not in _NUMBERS_ARE_NO_INPUTS
            and not self.numbers.isdisjoint(node.parents)
            and not self.parameters.keys().isdisjoint(node.parents)
            and not self._is_squared(node)
        )

    def _is_squared(self, product: Node) -> bool:
        """Tell whether a number times a parameter is only squared, or taken without its sign."""
        users = self.users.get(product, [])
        base = {product, *self.parameters.keys() & set(product.parents)}
        return (
            product.operation in _PRODUCTS
            and bool(users)
            and all(
                user.operation in (operations.pow, operations.abs)
                or any(product in pair and base.issuperset(pair) for pair in _factors(user))
                for user in users
            )
        )

    def weights_as_inputs(self, node: Node) -> set[Node]:
        """Return the weights that a product takes for inputs of another layer's parameters."""
        found: set[Node] = set()
        for pair in _factors(node):
            parameters = [factor for factor in pair if factor in self.parameters]
            if parameters and all(factor in self.weights for factor in pair):
                first, second = (self.weights[factor] for factor in pair)
                if first.isdisjoint(second):
                    of_last_layer = max(parameters, key=lambda p: max(self.weights[p]))
                    found.update(factor for factor in pair if factor is not of_last_layer)
        return found


class _Sums:
    """The z so far: terms, and sums of them."""

    def __init__(self, graph: _Graph) -> None:
        self._graph = graph
        self._layers: dict[Node, frozenset[int]] = {}
        self._taken: dict[Node, set[Node]] = {}  # the parameters and the inputs in a sum

    def meet(self, node: Node) -> None:
        """Take in a node that depends on an input, after all that it is computed from."""
        if node.operation in _SUMS:
            self._add_up(node)
            return
        weights, inputs = self._graph.weights, self._graph.weights_as_inputs(node)
        for weight in inputs:
            self._layers[weight] = weights[weight]
        own = [weights[p] for p in node.parents if p in weights and p not in inputs]
        if own:
            self._layers[node] = frozenset(chain.from_iterable(own))

    def _add_up(self, node: Node) -> None:
        """Let a sum take the place of its summands, unless they have something in common."""
        parameters, users = self._graph.parameters, self._graph.users
        biases = [parent for parent in node.parents if parent in parameters]
        terms = [p for p in node.parents if p in self._layers and len(users.get(p, ())) == 1]
        taken = [{bias} for bias in biases]
        taken += [self._taken.pop(term, set(term.parents)) for term in terms]
        if not taken:
            return
        union = max(taken, key=len)
        count = sum(map(len, taken))
        union.update(*taken)
        if len(union) == count:
            own = [*(parameters[bias] for bias in biases), *map(self._layers.pop, terms)]
            self._layers[node] = frozenset(chain.from_iterable(own))
            self._taken[node] = union

    def by_layer(self, n_layers: int) -> list[list[Node]]:
        """List the z of each layer."""
        z: list[list[Node]] = [[] for _ in range(n_layers)]
        for node, layers in self._layers.items():
            for layer in layers:
                z[layer].append(node)
        return z


def _factors(node: Node) -> Iterator[tuple[Node, Node]]:
    """Yield the pairs that a node multiplies or divides."""
    if node.operation in _PRODUCTS:
        first, second = node.parents
        yield first, second
    elif node.operation is operations.dot:
        weights, inputs, _ = operations.dot_terms(node.parents)
        yield from zip(weights, inputs, strict=True)

"""The gradient of an output over its graph, returned instead of being left in the nodes.

With ``create_graph=True`` the derivative rules are applied to Values instead of floats, so the
gradient is a graph of its own and can be differentiated again. `autograd.derivatives` builds the
derivatives of functions on it.
"""

import contextlib
import math
from collections.abc import Iterable, Sequence
from typing import Any

from autograd.backpropagation import gradients_sent
from autograd.diagnosis import (
    describe,
    raise_rule_error,
    require_finite_output,
    require_numbers,
    require_recorded,
)
from autograd.errors import NonFiniteError, NotANumberError
from autograd.graph import Node, reached_by_gradients, topological_order
from autograd.modes import modes, operation_mode
from autograd.nested_numbers import Numbers, map_numbers, numbers_in
from autograd.operation import DETACH, SEED, Operation
from autograd.recording import enable_grad
from autograd.value import Value


def gradient(output: Value, wrt: Numbers, create_graph: bool = False) -> Numbers:
    """Return d output / d node for each node of `wrt`, in the same nesting.

    >>> import autograd as ag
    >>> x, y = ag.Value(2.0), ag.Value(3.0)
    >>> z = x * x * y
    >>> ag.gradient(z, [x, y])
    [12.0, 4.0]

    Parameters
    ----------
    output : Value
    wrt : Value, or nested lists or arrays of them
        Variables, or computed nodes.
    create_graph : bool
        Return Values, which can be differentiated again, instead of floats:

        >>> first = ag.gradient(z, x, create_graph=True)
        >>> ag.gradient(first, x)
        6.0

        In a compiled function, where the numbers differ from sample to sample, what takes the place
        of floats are detached Values.

    Raises
    ------
    NotANumberError
        If `output` or an item of `wrt` is not a Value.
    GraphError
        If `output` is a constant: nothing was recorded.
    DomainError, NonFiniteError
        If a derivative does not exist, or it or the output is not finite.
    """
    things: list[Any] = [output, *numbers_in(wrt)]
    for place, thing in enumerate(things):
        if not isinstance(thing, Value):
            problem = f"gradient() takes Values, or lists of them, not {thing!r}"
            if place == 0 and isinstance(thing, float):
                problem += ". To differentiate a gradient again, compute it with create_graph=True"
            raise NotANumberError(problem)
    require_recorded(output, "gradient() of")
    with enable_grad():  # a gradient that is to be a graph is one under no_grad() too
        if create_graph or modes.tracing is None:
            return gradient_or_zero(output, wrt, create_graph)
        # In a compiled function the numbers differ from sample to sample: it needs a graph.
        slopes = gradient_or_zero(output, wrt, create_graph=True)
        return map_numbers(lambda slope: Value.record(DETACH, [slope]), slopes)


def gradient_or_zero(output: Value, wrt: Numbers, create_graph: bool) -> Numbers:
    """Compute `gradient`, even of an output that happens to be a constant: 0 for each node."""
    return in_nesting(
        gradients_by_node(output, list(numbers_in(wrt)), create_graph), wrt, create_graph
    )


def in_nesting(gradients: dict[Node, Any], wrt: Numbers, create_graph: bool) -> Numbers:
    """Put the gradient of each node of `wrt` in its place: 0, where none arrived."""
    zero = Value.record(SEED, [0.0]) if create_graph else 0.0
    return map_numbers(lambda node: gradients.get(node, zero), wrt)


def gradients_by_node(
    output: Value, targets: Sequence[Node], create_graph: bool
) -> dict[Node, Any]:
    """Return the gradient of every node between `targets` and `output`, where one arrives."""
    order = topological_order(output)
    require_finite_output(output, "gradient() of", order)
    require_numbers(node for node in order if node.operation is None)
    if any(node.operation is DETACH for node in order):  # what is detached needs no derivative
        reached = reached_by_gradients(output)
        order = [node for node in order if node in reached]
    gradients: dict[Node, Any] = {output: Value.record(SEED, [1.0]) if create_graph else 1.0}
    with operation_mode("applying_rules", True) if create_graph else contextlib.nullcontext():
        _propagate(gradients, *_on_the_way(targets, order), create_graph)
    for target in targets:
        _require_finite(gradients.get(target, 0.0), target)
    return gradients


def _on_the_way(
    targets: Sequence[Node], order: Iterable[Node]
) -> tuple[set[Node], list[tuple[Node, Operation]]]:
    """Return `targets` with every node computed from them, and a list of the latter in order."""
    dependent = set(targets)
    between: list[tuple[Node, Operation]] = []
    for node in order:
        if node.operation is not None and any(parent in dependent for parent in node.parents):
            dependent.add(node)
            between.append((node, node.operation))
    return dependent, between


def _propagate(
    gradients: dict[Node, Any],
    dependent: set[Node],
    between: Sequence[tuple[Node, Operation]],
    create_graph: bool,
) -> None:
    """Apply the chain rule from the last node to the first, with the gradients kept aside."""
    for node, operation in reversed(between):
        gradient = gradients.get(node, 0.0)
        if not create_graph and gradient == 0.0 and operation.stops_zeros:
            continue
        inputs = node.parents
        if create_graph:
            sent = _sent_as_values(node, operation, inputs, gradient)
        else:
            sent = gradients_sent(node, gradient, dependent.__contains__)
        for parent, contribution in zip(inputs, sent, strict=True):
            if parent in dependent:
                so_far = gradients.get(parent)
                gradients[parent] = contribution if so_far is None else so_far + contribution


def _require_finite(gradient: Any, target: Node) -> None:
    if not math.isfinite(gradient.data if isinstance(gradient, Value) else gradient):
        raise NonFiniteError(
            f"the gradient with respect to {describe(target)} is not finite: "
            "put the formula inside detect_anomaly() to see where it leaves the range of floats"
        )


def _sent_as_values(
    node: Node, operation: Operation, inputs: Sequence[Node], gradient: Any
) -> Sequence[Any]:
    """Apply the derivative rule of a node to Values: that is to be a graph again."""
    try:
        return operation.derivative(gradient, node, *inputs)
    except (TypeError, ArithmeticError, ValueError) as cause:
        raise_rule_error(node, cause, [node, *inputs])


def is_independent(outputs: Numbers, wrt: Numbers) -> bool:
    """Return whether no node of `outputs` depends on one of `wrt`, though there are both.

    What contains a derivative does: that of 3 x is rightly a constant.
    """
    order, nodes = topological_order(*numbers_in(outputs)), set(numbers_in(wrt))
    contains_derivative = any(node.operation is SEED for node in order)
    return bool(order and nodes) and nodes.isdisjoint(order) and not contains_derivative

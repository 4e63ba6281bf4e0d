"""Backpropagation: the chain rule at every node of a graph, from the output back to the variables.

`backward` lists the nodes with a `Visit` of the graph, and in reverse asks the operation of each
what its gradient means for its inputs. All gradients begin at 0, and if speed did not matter, the
rest would read::

    output.grad = 1.0
    for node in reversed([node for node in order if node.parents]):
        inputs = [parent.data for parent in node.parents]
        gradients = node.operation.derivative(node.grad, node.data, *inputs)
        for parent, gradient in zip(node.parents, gradients):
            parent.grad += gradient

What can go wrong there is in `autograd.diagnosis`.
"""

import math
from typing import Any

from autograd.diagnosis import (
    gradient_error,
    gradient_given,
    raise_rule_error,
    require_finite_gradients,
    require_finite_output,
    require_numbers,
    require_recorded,
    require_unchanged,
)
from autograd.errors import DomainError, NonFiniteError
from autograd.graph import Node, Visit, origins, reached_by_gradients


def backward(root: Node) -> None:
    """Compute d root/d node for every node that `root` depends on, into ``node.grad``.

    A leaf adds the gradient to what it holds; a computed node holds the gradient of this pass. If
    anything goes wrong, every ``grad`` is what it was before the call.

    Raises
    ------
    GraphError
        If `root` is a constant: nothing was recorded. Under ``detect_anomaly()``, also if a number
        of the graph has been changed since it was recorded.
    NonFiniteError
        If `root` or a resulting gradient is infinite or nan. The message names the operation.
    DomainError
        If a derivative does not exist, such as that of sqrt at 0.
    """
    require_recorded(root, "backward() from")
    visit = Visit()
    try:
        visit.walk(root)
        if root in origins:
            require_unchanged(visit.order)
        require_finite_output(root, "backward() from", visit.order)
        _fill_gradients(root, visit)
        if root in origins:
            require_finite_gradients(visit.order)
    except BaseException:
        visit.undo()
        raise


def _fill_gradients(root: Node, visit: Visit) -> None:
    """Send gradients from the root to the variables, and add what these held before."""
    # Not in `backward` itself: between nested `try`, Python 3.11 has an instruction that neither of
    # them covers, and Ctrl-C there would leave the gradients as they are.
    root.grad = 1.0
    try:
        _sweep(visit.order)
        _add_to_variables(visit, visit.order)
    except (DomainError, NonFiniteError):  # perhaps of what is detached, and needs no derivative
        reached = reached_by_gradients(root)
        if len(reached) == len(visit.order):
            raise
        for node in visit.order:
            node.grad = visit.zero
        root.grad = 1.0
        order = [node for node in visit.order if node in reached]
        _sweep(order)
        _add_to_variables(visit, order)


def _sweep(order: list[Node]) -> None:
    """Apply the chain rule, from the last node to the first: dL/dx += dL/dnode * dnode/dx."""
    node: Any = None
    try:
        for node in reversed(order):
            operation, gradient = node.operation, node.grad
            if operation is None:
                continue
            accumulate = operation.accumulate
            if accumulate is not None:
                if gradient != 0.0:  # as `Operation.stops_zeros` says
                    accumulate(gradient, node._first, node._second)
            elif node._second is None:  # one input: the loop below would take twice as long
                (sent,) = operation.derivative(gradient, node.data, node._first.data)
                node._first.grad += sent
            else:
                inputs = node.parents
                all_sent = operation.derivative(
                    gradient, node.data, *[parent.data for parent in inputs]
                )
                for parent, sent in zip(inputs, all_sent, strict=True):
                    parent.grad += sent
    except (TypeError, ArithmeticError, ValueError) as cause:
        raise_rule_error(node, cause, order)


def _add_to_variables(visit: Visit, order: list[Node]) -> None:
    """Add what each variable held before to its gradient of this pass, through `order`."""
    for node, before in visit.held:
        if node.operation is None:
            if type(node.data) is not float:
                require_numbers([node])
            if type(before) is not float:
                before = gradient_given(node, before)
            node.grad += before
            if not math.isfinite(node.grad):
                raise gradient_error(node, order)

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

import itertools
import math
from collections.abc import Callable, Sequence
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
from autograd.operation import CONSTANT, DETACH


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
        If a derivative does not exist, such as that of sqrt at 0. One by a constant need not.
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
    except (DomainError, NonFiniteError):  # perhaps of a derivative that nothing needs
        for node in visit.order:
            node.grad = visit.zero
        root.grad = 1.0
        reached = reached_by_gradients(root)
        order = [node for node in visit.order if node in reached]
        _sweep_where_needed(order)
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


def _sweep_where_needed(order: list[Node]) -> None:
    """Do what `_sweep` does, but ask for no derivative by a constant, which gets no gradient."""
    for node in reversed(order):
        operation = node.operation
        if operation is None or (operation.stops_zeros and node.grad == 0.0):
            continue
        for parent, sent in zip(node.parents, gradients_sent(node, node.grad), strict=True):
            if needs_derivative(parent):
                parent.grad += sent


def needs_derivative(node: Node) -> bool:
    """Return whether a gradient of a node may be wanted: not of a constant, or what is detached."""
    return node.operation is not CONSTANT and node.operation is not DETACH


def gradients_sent(
    node: Node, gradient: float, is_needed: Callable[[Node], bool] = needs_derivative
) -> Sequence[float]:
    """Apply the derivative rule of a node to floats.

    >>> from autograd import Value
    >>> gradients_sent(Value(3.0) * Value(5.0), 1.0)
    (5.0, 3.0)

    A derivative that is not needed, as by a constant, may not exist. It is infinite or nan then:

    >>> gradients_sent(0.0 ** Value(0.5), 1.0)
    [inf, 0.0]

    Raises
    ------
    AutogradError
        See `autograd.diagnosis.raise_rule_error`.
    """
    assert node.operation is not None
    rule, parents = node.operation.derivative, node.parents
    numbers = [gradient, node.data, *[parent.data for parent in parents]]
    try:
        return rule(*numbers)
    except (TypeError, ArithmeticError, ValueError) as cause:
        if not isinstance(cause, TypeError) and not all(map(is_needed, parents)):
            sent = _sent_in_numpy(rule, numbers)
            needed = itertools.compress(sent, map(is_needed, parents))
            if all(map(math.isfinite, needed)):
                return sent
        raise_rule_error(node, cause, [node, *parents])


def _sent_in_numpy(rule: Callable[..., Sequence[Any]], numbers: list[float]) -> list[float]:
    """Apply a rule to floats of NumPy, which divide by zero; nan for each input if that fails."""
    import numpy as np

    try:
        with np.errstate(all="ignore"):
            return list(map(float, rule(*map(np.float64, numbers))))
    except (TypeError, ArithmeticError, ValueError):
        return [math.nan] * (len(numbers) - 2)


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

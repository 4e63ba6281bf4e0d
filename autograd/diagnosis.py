"""What is wrong with a graph or with a gradient, and where: checks, and the errors they raise.

Each message names the node by its formula in numbers, and says what to do.
"""

import math
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from autograd.errors import (
    AutogradError,
    DomainError,
    GraphError,
    NonFiniteError,
    NotANumberError,
    ShapeError,
)
from autograd.graph import Node, origins, topological_order
from autograd.operation import CONSTANT
from autograd.real_numbers import REAL, is_numpy_bool, real_number
from autograd.wording import shown_short

if TYPE_CHECKING:  # NumPy is imported when it is needed
    import numpy as np
    from numpy.typing import NDArray


def describe(node: Node) -> str:
    """Write a node for a message: its formula in numbers, its label, and where it was made."""
    if node.operation is None or node.operation is CONSTANT:
        text = f"the number {node.data}"
    else:
        text = node.operation.expression([parent.data for parent in node.parents])
    notes = [f"labelled {node.label!r}"] if node.label else []
    if node in origins:
        notes.append(f"made at {origins[node]}")
    return f"{text} ({', '.join(notes)})" if notes else text


def require_recorded(output: Node, caller: str) -> None:
    """Raise an error if `output` is a constant, which no gradient flows back from.

    Raises
    ------
    GraphError
        Its message begins with `caller`, such as "backward() from".
    """
    if output.operation is CONSTANT:
        raise GraphError(
            f"{caller} {output!r}, a constant: it has no graph. Was it computed under no_grad(), "
            "or from plain numbers only?"
        )


def require_finite_output(output: Node, caller: str, order: Sequence[Node]) -> None:
    """Raise an error if `output`, the last of `order`, is not a finite number.

    Raises
    ------
    NotANumberError
        If a node of `order` holds something other than a number.
    NonFiniteError
        If `output` is infinite or nan. The message begins with `caller`.
    """
    if type(output.data) is not float:
        require_numbers(order)
    if not math.isfinite(output.data):
        raise NonFiniteError(
            f"{caller} an output that is {output.data}: {_first_to_look_at(order)}. {_advice()}"
        )


def nan_error(value: Node) -> NonFiniteError:
    """Return the error for a Value that is nan, when its number is read."""
    return NonFiniteError(
        f"this Value is nan: {_first_to_look_at(topological_order(value))}. "
        "detect_anomaly() names the line"
    )


def _first_to_look_at(order: Iterable[Node]) -> str:
    culprit = max((node for node in order if not math.isfinite(node.data)), key=_suspicion)
    return f"the first number to look at is {culprit.data}, from {describe(culprit)}"


def _suspicion(node: Node) -> int:
    """Rank a node that is infinite or nan by how likely it is the first to look at.

    2 for one that is made of finite numbers, and 1 for a nan that is not made of another, as that
    of ``inf - inf``. 0 for what passes on what it got, and for an infinity of the user's own, such
    as the -inf that keeps an entry out of a softmax.
    """
    inputs = [parent.data for parent in node.parents]
    if inputs and all(map(math.isfinite, inputs)):
        return 2
    return 1 if math.isnan(node.data) and not any(map(math.isnan, inputs)) else 0


def require_numbers(nodes: Iterable[Node]) -> None:
    """Raise an error if one of `nodes` holds something that does not compute as a float does.

    Anything may be assigned to ``w.data``, and checking it wherever it is read would take too long:
    so this is called where arithmetic has failed, and for what a gradient has been computed from.

    Raises
    ------
    NotANumberError, NonFiniteError
        With the variable that it came from, and what to write.
    """
    for node in nodes:
        if not _computes_as_a_float(node.data):
            order = topological_order(node)
            raise _assignment_error(next(n for n in order if not _computes_as_a_float(n.data)))


def data_of(nodes: Sequence[Node]) -> "NDArray[np.float64]":
    """Return the numbers that nodes hold, as an array.

    Raises
    ------
    NotANumberError, NonFiniteError
        If one holds something else, which NumPy might take for a number: None, or a string.
    """
    import numpy as np

    held = [node.data for node in nodes]
    try:
        data = np.array(held)
    except ValueError:  # there are arrays among them
        data = np.empty(0)
    if data.dtype != np.float64 or data.shape != (len(held),):
        require_numbers(nodes)
        data = np.array(held, np.float64)
    return data


def _computes_as_a_float(held: Any) -> bool:
    """Return whether arithmetic with `held` is that of floats.

    Other numbers of NumPy wrap around or round to a size of their own, even next to a float.
    """
    return isinstance(held, float) or (isinstance(held, int) and abs(held) <= sys.float_info.max)


def _assignment_error(variable: Node) -> AutogradError:
    """Return the error for a variable to which something that is not a float was assigned."""
    held: Any = variable.data
    problem = f"{variable.label or 'a Value'} holds {shown_short(held)} ({type(held).__name__}), "
    if isinstance(held, int):
        return NonFiniteError(
            f"{problem}too large for a float: assign a smaller number to its data"
        )
    if isinstance(held, REAL) or is_numpy_bool(held):
        return NotANumberError(
            f"{problem}which does not compute as a float does: assign float(...) to its data"
        )
    what_to_do = "assign a float to its data"
    if isinstance(held, Node):
        what_to_do = "write w.data = w.data - lr * w.grad, with .data on both sides"
    return NotANumberError(f"{problem}not a number: {what_to_do}")


def require_unchanged(order: Iterable[Node]) -> None:
    """Raise an error if there is a `changed_node`.

    Raises
    ------
    GraphError
        With that node.
    """
    node = changed_node(order)
    if node is not None:
        variables = dict.fromkeys(str(p.label) for p in node.parents if p.operation is None)
        names = " or ".join(label or "a variable" for label in variables)
        raise GraphError(
            f"{names or 'a number'} was changed after the graph was recorded: "
            f"{describe(node)} was {node.data} then. Compute the formula again"
        )


def changed_node(order: Iterable[Node]) -> Node | None:
    """Return the first node, if any, that is no longer what its operation makes of its inputs.

    A node keeps the number that it was computed with, and the derivative rules read those of its
    inputs as they are: after ``x.data = 5.0`` the two belong to different points.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> y = x * x
    >>> changed_node([x, y]) is None
    True
    >>> x.data = 5.0
    >>> changed_node([x, y])
    Value(4.0)
    """
    for node in order:
        if node.operation is None or not node.parents:
            continue
        inputs = [parent.data for parent in node.parents]
        try:
            data = node.operation.forward(*inputs)
        except (ArithmeticError, TypeError, ValueError):
            data = math.nan
        if data != node.data and not (data != data and node.data != node.data):
            return node
    return None


def raise_rule_error(node: Node, cause: Exception, nodes: Iterable[Node]) -> NoReturn:
    """Raise the error for users when the derivative rule of `node` failed with `cause`.

    Raises
    ------
    NotANumberError, NonFiniteError
        If one of `nodes`, which took part, does not hold a number.
    DomainError, NonFiniteError
        If the derivative does not exist, or is too large.
    Exception
        Otherwise `cause` as it is: a mistake in the rule.
    """
    require_numbers(nodes)
    if isinstance(cause, TypeError | ShapeError):
        raise cause
    kind = NonFiniteError if isinstance(cause, OverflowError) else DomainError
    problem = "is too large for a float" if kind is NonFiniteError else "does not exist"
    raise kind(f"the derivative of {describe(node)} {problem}. {_advice()}") from cause


def require_finite_gradients(order: Sequence[Node]) -> None:
    """Raise an error if a gradient is infinite or nan: of several, the nearest to the output.

    Raises
    ------
    NonFiniteError
        With the derivative that made it so.
    """
    for node in reversed(order):
        if not math.isfinite(node.grad):
            raise gradient_error(node, order)


def gradient_given(variable: Node, held: Any) -> float:
    """Return what a user has set the gradient of a variable to, as a float: None is 0.

    Raises
    ------
    NotANumberError, NonFiniteError
        If it is something else, or too large for a float.
    """
    if held is not None and not isinstance(held, REAL):
        raise NotANumberError(
            f"the gradient of {describe(variable)} was set to {shown_short(held)}, not a number: "
            "zero_grad() sets it to 0, and backward() adds to it"
        )
    return real_number(held or 0.0)


def gradient_error(node: Node, order: Sequence[Node]) -> NonFiniteError:
    """Return the error that says why the gradient of `node`, one of `order`, is not finite.

    It names the first derivative that was not, on the way from the output to the node.
    """
    culprit: Any
    for culprit in reversed(order):
        if culprit.operation is None:
            continue
        if not math.isfinite(culprit.grad):
            node = culprit
            break
        inputs = [parent.data for parent in culprit.parents]
        try:
            contributions = culprit.operation.derivative(culprit.grad, culprit.data, *inputs)
        except (ArithmeticError, ValueError):  # of a derivative by a constant: nothing needs it
            continue
        if not all(map(math.isfinite, contributions)):
            return NonFiniteError(
                f"the gradient that {describe(culprit)} sends on is not finite: "
                f"{culprit.grad} became {', '.join(map(str, contributions))}. {_advice()}"
            )
    return NonFiniteError(
        f"the gradient of {describe(node)} is {node.grad}: the contributions add up to more than "
        f"a float can hold, or it was {node.grad} before the call. {_advice()}"
    )


def _advice() -> str:
    if origins:
        return "No gradient was changed."
    return "No gradient was changed; detect_anomaly() names the line."

"""Check derivatives: finite differences against backpropagation.

`gradcheck` is for anyone who writes a formula with branches of its own, or defines an operation: of
each operation it also compares the form on arrays, which compiled functions use, with the form on
floats, what its derivative rule makes of two different gradients, and what `accumulate` does.
"""

import math
import operator
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from autograd.backpropagation import gradients_sent
from autograd.derivatives import differentiated, one_number
from autograd.errors import ArgumentError, DomainError, GradientCheckError, NonFiniteError
from autograd.gradients import gradients_by_node
from autograd.graph import Node, topological_order
from autograd.nested_numbers import Numbers, is_nested, map_numbers, nested_like, numbers_in
from autograd.operation import Operation
from autograd.real_numbers import real_number
from autograd.recording import differentiating, enable_grad, no_grad
from autograd.value import Value, node_of

STEP = 6e-6  # the cube root of a float's rounding error: the best for central differences
TOLERANCE = 1e-7
SMALLEST = sys.float_info.min  # differences below it are rounding
ROUNDING = 5 * sys.float_info.epsilon  # of each number in a formula, relative to it


def gradcheck(
    function: Callable[..., Any],
    *inputs: Numbers,
    order: int = 1,
    step: float = STEP,
    tolerance: float = TOLERANCE,
) -> bool:
    """Compare the gradient of a function with central differences, for every input.

    For each operation that the function uses, it also compares the form on arrays with that on
    floats and ``accumulate``, if there is one, with the derivative rule; and it checks that what
    the rule sends on is proportional to what arrives.

    >>> import autograd as ag
    >>> ag.gradcheck(lambda x, y: ag.sin(x) * y**3, 0.5, 2.0)
    True

    Parameters
    ----------
    function : callable
        Takes as many arguments as `inputs`, returns one Value (or a number).
    *inputs : float, or nested lists or arrays of floats
        The point to check at.
    order : 1 or 2
        With 2, also compares the second derivatives with differences of the first.
    step : float
        Half the distance between the two points of a difference, relative to an input above 1.
    tolerance : float
        The largest difference allowed, relative to the derivative, on top of what rounding may add
        and, up to this, the length of the step.

    Returns
    -------
    bool
        True, so that it can stand in an ``assert``.

    Raises
    ------
    GradientCheckError
        If a derivative disagrees. It shows the point, both derivatives, and the worst input. Or if
        an operation differs between arrays and floats or between its rule and ``accumulate``, or
        its rule is not proportional to g.
    ArgumentError
        If `order`, `step` or `tolerance` make no sense, there are no inputs, or the function is
        undefined one step from the point.

    Notes
    -----
    ``f'(x) ≈ (f(x + h) - f(x - h)) / 2h`` is wrong by about ``h² f''' / 6``, which half the step
    would make a quarter, and by the rounding of ``f / h``; with h = 6e-6 both are near 1e-10. Each
    number of the formula is rounded, and moves the result as its gradient says. So a large constant
    hides small derivatives: next to 1e8, none below 0.04 can be checked. At a kink, such as relu
    at 0, the difference is the mean of both sides, and the check rightly fails.
    """
    if not callable(function):
        raise ArgumentError(f"gradcheck takes a function, not {function!r}: gradcheck(f, 1.0)")
    if order not in (1, 2):
        raise ArgumentError(f"gradcheck takes order 1 or 2, not {order!r}")
    for name, number in (("step", step), ("tolerance", tolerance)):
        if number != number or not 0 < real_number(number) < math.inf:
            raise ArgumentError(f"gradcheck needs a positive, finite {name}, not {number!r}")
    point = map_numbers(real_number, inputs)
    names = list(_names(point))
    if not names:
        raise ArgumentError("gradcheck needs at least one input: gradcheck(f, 1.0)")

    def at_point(numbers: Numbers) -> Any:
        return function(*numbers)

    with enable_grad():
        output = one_number(at_point(map_numbers(Value, point)))

    def slopes(numbers: Numbers) -> Numbers:  # `grad`, without its warning about constants
        return differentiated(at_point, numbers)[1]

    subject = f"of {function.name} " if isinstance(function, Operation) else ""
    _compare(at_point, point, subject, step, tolerance)
    for node in topological_order(output):
        if node.operation is not None and node.parents:
            _check_rule(node.operation, node, float(tolerance))
            _compare_on_arrays(node.operation, node, float(tolerance))
    if order == 2:
        for index, name in enumerate(names):
            slope = partial(_component, slopes, index)
            of_slope = f"of the derivative {subject}with respect to {name}, "
            _compare(slope, point, of_slope, step, tolerance)
    return True


def _check_rule(operation: Operation, node: Node, tolerance: float) -> None:
    """Apply the rule of a node to two gradients: twice as much arrives, so twice as much leaves."""
    numbers = [parent.data for parent in node.parents]
    try:
        sent = operation.derivative(1.0, node.data, *numbers)
        sent_for_other = operation.derivative(-2.0, node.data, *numbers)
    except (ArithmeticError, ValueError):  # there is no derivative here, and none was needed
        return
    for one, other in zip(sent, sent_for_other, strict=True):
        if not _are_close(-2.0 * one, other, tolerance) and not math.isnan(other):
            raise GradientCheckError(
                f"the derivative rule of {operation.name} is not proportional to g, the gradient "
                f"that arrives:\n  at {operation.expression(numbers)} it sends on {one} for g = 1, "
                f"but {other} for g = -2\nEach gradient it returns must be g times a derivative"
            )
    if operation.accumulate is not None:
        _check_accumulate(operation, node, sent_for_other, tolerance)


def _check_accumulate(
    operation: Operation, node: Node, sent: Sequence[float], tolerance: float
) -> None:
    """Let the step of `backward` that an operation has beside its rule send the same for g = -2.

    It is applied twice, with g = -1: it has to add.
    """
    assert operation.accumulate is not None
    inputs = [Value(parent.data) for parent in node.parents]
    with enable_grad():
        copy = node_of(operation, node.data, tuple(inputs))
    formula = operation.expression([x.data for x in inputs])
    try:
        for _ in range(2):
            operation.accumulate(-1.0, copy._first, copy._second)
    except (ArithmeticError, ValueError) as error:
        raise GradientCheckError(
            f"`accumulate` of {operation.name} fails at {formula}, unlike its derivative rule"
        ) from error
    added = [x.grad for x in inputs]
    if not all(_are_close(*pair, tolerance) for pair in zip(sent, added, strict=True)):
        raise GradientCheckError(
            f"`accumulate` of {operation.name} disagrees with its derivative rule:\n"
            f"  at {formula}, called twice with g = -1, it adds {added}, and the rule returns "
            f"{list(sent)} for g = -2"
        )


def _are_close(one: float, other: float, tolerance: float) -> bool:
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=SMALLEST)


def _compare_on_arrays(operation: Operation, node: Node, tolerance: float) -> None:
    """Compute a node again, and beside it a sample one step below if the operation exists there."""
    import numpy as np

    numbers = [parent.data for parent in node.parents]
    others = [number - STEP * max(1.0, abs(number)) for number in numbers]
    try:
        expected = [node.data, operation.evaluate(*others)]
    except (DomainError, NonFiniteError):
        others, expected = numbers, [node.data, node.data]
    try:
        with np.errstate(all="ignore"):
            result = np.asarray(operation.array(np, *np.array([numbers, others]).T))
    except Exception as error:
        raise GradientCheckError(f"{operation.name} fails on arrays: {error}") from error
    if result.shape != (2,) or not np.allclose(result, expected, rtol=tolerance, atol=tolerance):
        raise GradientCheckError(
            f"{operation.name} differs between arrays and floats:\n"
            f"  on floats  {operation.expression(numbers)} = {node.data}\n"
            f"  on arrays  of this sample and a near one: {result}"
        )


def _compare(
    function: Callable[[Numbers], Any],
    point: Numbers,
    subject: str,
    step: float,
    tolerance: float,
) -> None:
    """Compare at each number of `point`, and report the worst disagreement."""
    slopes, rounding = _slopes_and_rounding(function, point)
    worst, report = 1.0, ""
    numbers = numbers_in(point)
    for index, (name, x, slope) in enumerate(zip(_names(point), numbers, slopes, strict=True)):
        h = step * max(1.0, abs(x))
        if x + h / 2 == x - h / 2:
            raise ArgumentError(f"step={step} is too small: {x} + {h} is rounded to {x + h}")
        try:
            numeric = _difference(function, point, index, h)
            closer = _difference(function, point, index, h / 2)
        except (DomainError, NonFiniteError) as cause:
            raise ArgumentError(
                f"the function is undefined one step from {name} = {x}: {cause}. "
                f"Use a smaller step than {step}"
            ) from cause
        truncation = min(tolerance, 2 * abs(numeric - closer))
        relative = tolerance * max(abs(slope), abs(numeric))
        allowed = relative + truncation + rounding / h + SMALLEST
        error = abs(slope - numeric) / allowed
        if not error <= worst:
            worst = error
            report = (
                f"the derivative {subject}with respect to {name} = {x} disagrees:\n"
                f"  backpropagation     {slope}\n"
                f"  finite differences  {numeric}\n"
                f"  difference          {abs(slope - numeric):.3g}, allowed {allowed:.3g}\n"
                f"  at the point        {', '.join(map(str, point))}\n"
                "Is a derivative rule wrong, is the step too large, is a kink or a jump near, or "
                "does the function leave the graph, by math.sin, float() or .data?"
            )
    if report:
        raise GradientCheckError(report)


def _slopes_and_rounding(
    function: Callable[[Numbers], Any], point: Numbers
) -> tuple[list[float], float]:
    """Return the gradient of a function, and how much rounding may move its result.

    Each computed number, and each number that it was computed from, may be off by `ROUNDING`
    relative to it; that moves the result by as much times the derivative with respect to it.
    """
    with differentiating():
        inputs = map_numbers(Value, point)
        nodes = list(numbers_in(inputs))
        gradients = gradients_by_node(one_number(function(inputs)), nodes, create_graph=False)
    moved = 0.0
    for node, gradient in gradients.items():
        if node.operation is not None and gradient != 0.0:
            numbers = [parent.data for parent in node.parents]
            sent = gradients_sent(node, gradient)
            products = map(operator.mul, [gradient, *sent], [node.data, *numbers])
            moved += sum(abs(product) for product in products if math.isfinite(product))
    return [gradients.get(node, 0.0) for node in nodes], ROUNDING * moved


def _difference(function: Callable[[Numbers], Any], point: Numbers, index: int, h: float) -> float:
    """Return the central difference by one of the numbers of `point`."""
    x: float = list(numbers_in(point))[index]
    above, below = (_evaluate(function, point, index, near) for near in (x + h, x - h))
    return (above - below) / ((x + h) - (x - h))


def _evaluate(function: Callable[[Numbers], Any], point: Numbers, index: int, x: float) -> float:
    """Compute a function where one of the numbers of `point` is `x`."""
    numbers = list(numbers_in(point))
    numbers[index] = x
    with no_grad():
        return float(function(nested_like(point, map(Value, numbers))))


def _component(function: Callable[[Numbers], Numbers], index: int, point: Numbers) -> Any:
    return list(numbers_in(function(point)))[index]


def _names(point: Sequence[Numbers]) -> Iterator[str]:
    """Name each number by its place: ``input 1[0]`` is ``inputs[1][0]``."""
    for index, numbers in enumerate(point):
        yield from _names_inside(numbers, f"input {index}")


def _names_inside(numbers: Numbers, name: str) -> Iterator[str]:
    if is_nested(numbers):
        for index, item in enumerate(numbers):
            yield from _names_inside(item, f"{name}[{index}]")
    else:
        yield name

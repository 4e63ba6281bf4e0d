"""Derivatives of any order: of functions (`grad`, `hessian`) and over a graph (`gradient`).

`Value.backward` leaves its result in the nodes. The functions here return it, and leave every
``grad`` alone. With ``create_graph=True`` the derivative rules are applied to Values in place of
floats, so the gradient is a graph of its own and can be differentiated again.
"""

import contextlib
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from autograd import operations
from autograd.diagnosis import (
    derivative_error,
    describe,
    require_finite_output,
    require_numbers,
    require_recorded,
)
from autograd.errors import (
    ArgumentError,
    IndependenceWarning,
    NonFiniteError,
    NotANumberError,
    ShapeError,
)
from autograd.functions import detach
from autograd.graph import Node, topological_order
from autograd.nested_numbers import Numbers, map_numbers, numbers_in
from autograd.operation import CONSTANT, Operation
from autograd.real_numbers import shown_short
from autograd.recording import (
    applying_rules,
    differentiating,
    enable_grad,
    is_recording,
)
from autograd.tracing import is_tracing
from autograd.user_code import warn_user_code
from autograd.value import Value, as_value


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
        Return Values, which can be differentiated again, in place of floats:

        >>> first = ag.gradient(z, x, create_graph=True)
        >>> ag.gradient(first, x)
        6.0

    Raises
    ------
    NotANumberError
        If `output` or an item of `wrt` is not a Value.
    GraphError
        If `output` is a constant: nothing was recorded.
    DomainError, NonFiniteError
        If a derivative does not exist, or it or the output is not finite.
    """
    for node in (output, *numbers_in(wrt)):
        if not isinstance(node, Value):
            raise NotANumberError(f"gradient() takes Values, or lists of them, not {node!r}")
    require_recorded(output, "gradient() of")
    with enable_grad():  # a gradient that is to be a graph is one under no_grad() too
        # In a compiled function the numbers differ from sample to sample: it takes a graph.
        return _gradient(output, wrt, create_graph or is_tracing())


def _gradient(output: Value, wrt: Numbers, create_graph: bool) -> Numbers:
    """Compute `gradient`, also of an output that happens to be a constant: 0 for each node."""
    return _nested(_gradients(output, list(numbers_in(wrt)), create_graph), wrt, create_graph)


def _nested(gradients: dict[Node, Any], wrt: Numbers, create_graph: bool) -> Numbers:
    """Put the gradient of each node of `wrt` in its place: 0, where none arrived."""
    zero = _recorded(0.0) if create_graph else 0.0
    return map_numbers(lambda node: gradients.get(node, zero), wrt)


def _gradients(output: Value, targets: Sequence[Node], create_graph: bool) -> dict[Node, Any]:
    """Return the gradient of every node between `targets` and `output`, where one arrives."""
    order = topological_order(output)
    require_finite_output(output, "gradient() of", order)
    gradients: dict[Node, Any] = {output: _recorded(1.0) if create_graph else 1.0}
    with applying_rules() if create_graph else contextlib.nullcontext():
        _sweep(gradients, *_on_the_way(targets, order), create_graph)
    for target in targets:
        _require_finite(gradients.get(target, 0.0), target)
    return gradients


def _on_the_way(
    targets: Sequence[Node], order: Iterable[Node]
) -> tuple[set[Node], list[tuple[Node, Operation]]]:
    """Return what depends on `targets`, those among it, and the operations between them."""
    dependent = set(targets)
    between: list[tuple[Node, Operation]] = []  # not those behind the targets
    for node in order:
        if node.operation is not None and any(parent in dependent for parent in node.parents):
            dependent.add(node)
            between.append((node, node.operation))
    return dependent, between


def _sweep(
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
        sent = _sent(node, operation, gradient, create_graph)
        for parent, contribution in zip(node.parents, sent, strict=True):
            if parent in dependent:
                so_far = gradients.get(parent)
                gradients[parent] = contribution if so_far is None else so_far + contribution


def _require_finite(gradient: Any, target: Node) -> None:
    if not math.isfinite(gradient.data if isinstance(gradient, Value) else gradient):
        raise NonFiniteError(
            f"the gradient with respect to {describe(target)} is not finite: "
            "detect_anomaly() around the formula tells where it leaves the range of floats"
        )


def _sent(node: Node, operation: Operation, gradient: Any, create_graph: bool) -> Sequence[Any]:
    """Apply the derivative rule of a node to floats, or to Values if that is to be a graph."""
    number: Callable[[Node], Any] = (lambda node: node) if create_graph else _data
    try:
        return operation.derivative(gradient, number(node), *map(number, node.parents))
    except TypeError:
        require_numbers([node, *node.parents])
        raise
    except ShapeError:
        raise  # a rule that does not fit its inputs
    except (ArithmeticError, ValueError) as cause:
        raise derivative_error(node, cause) from cause


def _recorded(number: float) -> Value:
    """Make a node of a number that is a gradient: unlike a constant, it may be differentiated."""
    return Value.record(operations.sum, [number])


def _is_recorded(node: Node) -> bool:
    """Tell a node that `_recorded` made: no formula is the sum of one constant."""
    return node.operation is operations.sum and [p.operation for p in node.parents] == [CONSTANT]


def grad(function: Callable[..., Any]) -> Callable[..., Numbers]:
    """Return the function that computes the gradient of `function`.

    >>> import autograd as ag
    >>> slope = ag.grad(lambda x: x**3)
    >>> slope(2.0)
    12.0
    >>> ag.grad(slope)(2.0), ag.grad(ag.grad(slope))(2.0)
    (12.0, 6.0)

    Parameters
    ----------
    function : callable
        Takes a number, nested lists of numbers or an array, and returns one number. Further
        arguments are passed on as they are; the gradient is with respect to the first.

        >>> ag.grad(lambda point, scale: scale * point[0] * point[1])([2.0, 3.0], 10.0)
        [30.0, 20.0]

        It is called with a Value for each number, at an array with an array of Values:

        >>> import numpy as np
        >>> ag.grad(lambda x: np.tanh(x).sum())(np.array([0.0, 0.5]))
        array([1.        , 0.78644773])

    Returns
    -------
    callable
        Takes the arguments of `function`; returns floats nested as its first argument. Given
        Values, or called inside a function that is being differentiated itself, it returns
        Values, which depend on all that they were computed from:

        >>> ag.grad(lambda x: x * ag.grad(lambda y: x * y)(2.0))(3.0)
        6.0

    Raises
    ------
    ArgumentError
        If `function` cannot be called.
    NotANumberError
        If an item of the first argument, or the result, is not a real number.
    DomainError, NonFiniteError
        If the derivative does not exist, or it or the result is not finite.

    Warns
    -----
    IndependenceWarning
        If the result does not depend on the first argument, as that of ``math.sin(x)``.

    Notes
    -----
    What `function` reaches from outside, such as the weights of a model, counts as a constant: at a
    number the gradient is one of floats. To differentiate by the weights too, give it a Value, or
    call `gradient` with ``create_graph=True``.
    """
    _require_function("grad", function)

    def gradient_of_function(x: Numbers, /, *arguments: Any, **options: Any) -> Numbers:
        return _value_and_gradient(function, x, *arguments, **options)[1]

    return _named("grad", function, gradient_of_function)


def value_and_grad(function: Callable[..., Any]) -> Callable[..., tuple[Any, Numbers]]:
    """Return the function that computes `function` and its gradient at once: see `grad`.

    >>> import autograd as ag
    >>> ag.value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """
    _require_function("value_and_grad", function)

    def value_and_gradient_of_function(
        x: Numbers, /, *arguments: Any, **options: Any
    ) -> tuple[Any, Numbers]:
        return _value_and_gradient(function, x, *arguments, **options)

    return _named("value_and_grad", function, value_and_gradient_of_function)


def _value_and_gradient(
    function: Callable[..., Any], x: Numbers, /, *arguments: Any, **options: Any
) -> tuple[Any, Numbers]:
    """Compute a function and its gradient, and warn if that is 0 by an oversight."""
    value, slopes, depends = differentiated(function, x, *arguments, **options)
    if not depends:
        warn_user_code(_INDEPENDENT, IndependenceWarning)
    return value, slopes


_INDEPENDENT = (
    "the result does not depend on the argument, so every derivative is 0: use ag.sin and its "
    "like, not the functions of math, float() or .data, which leave the graph. If the function is "
    "meant to be constant, silence autograd.IndependenceWarning"
)


def differentiated(
    function: Callable[..., Any], x: Numbers, /, *arguments: Any, **options: Any
) -> tuple[Any, Numbers, bool]:
    """Compute a function, its gradient, and whether its result depends on `x` as one expects."""
    with _variables(x) as (inputs, as_graph):
        output = one_number(function(inputs, *arguments, **options))
        nodes = list(numbers_in(inputs))
        gradients = _gradients(output, nodes, as_graph)
        depends = not nodes or not gradients.keys().isdisjoint(nodes) or _has_derivatives(output)
        slopes = _nested(gradients, inputs, as_graph)
    return _result(output if as_graph else output.data), _result(slopes), depends


def one_number(result: Any) -> Value:
    """Return the result of a function to differentiate as a Value.

    Raises
    ------
    NotANumberError
        If it is not one number.
    """
    if isinstance(result, list | tuple):
        raise NotANumberError(
            f"the function returned {shown_short(result)}, and a gradient is that of one number: "
            "return one, or call gradient(y, x) for each y that is computed from Values x"
        )
    return as_value(result)


def _has_derivatives(output: Node) -> bool:
    """Tell whether a derivative is a part of `output`: that of 3 x is no surprise as a constant."""
    return any(map(_is_recorded, topological_order(output)))


def hessian(function: Callable[..., Any]) -> Callable[..., Numbers]:
    """Return the function that computes all second derivatives of `function`.

    >>> import autograd as ag
    >>> ag.hessian(lambda p: p[0] ** 2 * p[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]

    Returns
    -------
    callable
        For a list of n numbers it returns n lists of n: row i holds d²f / dx_i dx_j; for an array
        of them an array. For other nestings, the nesting of the argument with each number replaced
        by that nesting.
    """
    _require_function("hessian", function)

    def hessian_of_function(x: Numbers, /, *arguments: Any, **options: Any) -> Numbers:
        with _variables(x) as (inputs, as_graph):
            slopes = _value_and_gradient(function, inputs, *arguments, **options)[1]
            rows = map_numbers(lambda slope: _gradient(slope, inputs, as_graph), slopes)
        return _result(rows)

    return _named("hessian", function, hessian_of_function)


def _require_function(caller: str, function: Any) -> None:
    if not callable(function):
        raise ArgumentError(
            f"{caller}() takes a function, not {function!r}: {caller}(f)(x). For the derivatives "
            "of what is computed already there is gradient(output, wrt)"
        )


def _named(
    caller: str, function: Callable[..., Any], derivative: Callable[..., Any]
) -> Callable[..., Any]:
    """Name a derivative after its function, whose arguments it takes: ``grad(sin)``."""
    functools.update_wrapper(derivative, function, assigned=["__module__"], updated=[])
    name = getattr(function, "__name__", type(function).__name__)  # a model or a partial has none
    derivative.__name__ = derivative.__qualname__ = f"{caller}({name})"
    derivative.__doc__ = f"`autograd.{caller}` of `{name}`, with respect to its first argument."
    return derivative


@contextlib.contextmanager
def _variables(x: Numbers) -> Iterator[tuple[Numbers, bool]]:
    """Record a function of `x`: yield its inputs, and whether the derivative is to be a graph."""
    as_graph = any(isinstance(number, Value) for number in numbers_in(x))
    with differentiating() as within_another:
        yield map_numbers(_fresh, x), as_graph or within_another


def _result(numbers: Numbers) -> Numbers:
    """Return what was computed with a graph of its own, as a constant under `no_grad`."""
    return numbers if is_recording() else map_numbers(detach, numbers)


def _fresh(x: Any) -> Value:
    """Make a variable of a number, and of a Value a node of its own to differentiate by.

    The function may also use the Value itself, from outside, and that use is not meant.
    """
    return x * 1.0 if isinstance(x, Value) else Value(x)


def _data(node: Node) -> float:
    return node.data

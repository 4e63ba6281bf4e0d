"""Derivatives of functions, of any order: `grad`, `value_and_grad`, `jacobian` and `hessian`.

Each records the function at a point, as a graph, and returns the gradient over it.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

from autograd.errors import ArgumentError, IndependenceWarning, NotANumberError
from autograd.functions import detach
from autograd.gradients import gradient_or_zero, gradients_by_node, in_nesting, is_independent
from autograd.modes import modes
from autograd.nested_numbers import Numbers, copied, is_nested, map_numbers, numbers_in
from autograd.recording import differentiating
from autograd.user_code import warn_user_code
from autograd.value import Value, as_value
from autograd.wording import shown_short


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

    def gradient_of_function(x: Numbers, /, *arguments: Any, **options: Any) -> Numbers:
        return _value_and_gradient(function, x, *arguments, **options)[1]

    return _derivative_of("grad", function, gradient_of_function)


def value_and_grad(function: Callable[..., Any]) -> Callable[..., tuple[Any, Numbers]]:
    """Return the function that computes `function` and its gradient at once: see `grad`.

    >>> import autograd as ag
    >>> ag.value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """

    def value_and_gradient_of_function(
        x: Numbers, /, *arguments: Any, **options: Any
    ) -> tuple[Any, Numbers]:
        return _value_and_gradient(function, x, *arguments, **options)

    return _derivative_of("value_and_grad", function, value_and_gradient_of_function)


def _value_and_gradient(
    function: Callable[..., Any], x: Numbers, /, *arguments: Any, **options: Any
) -> tuple[Any, Numbers]:
    """Compute a function and its gradient, and warn if that is 0, most likely by mistake."""
    value, slopes, independent = differentiated(function, x, *arguments, **options)
    if independent:
        warn_user_code(_INDEPENDENT, IndependenceWarning)
    return value, slopes


_INDEPENDENT = (
    "the result does not depend on the argument, so every derivative is 0: use ag.sin and the "
    "like, not the functions of math, float() or .data, which leave the graph. If the function is "
    "meant to be constant, silence autograd.IndependenceWarning"
)


def differentiated(
    function: Callable[..., Any], x: Numbers, /, *arguments: Any, **options: Any
) -> tuple[Any, Numbers, bool]:
    """Compute a function, its gradient, and whether its result does not depend on `x`."""
    with _variables(x) as (inputs, as_graph):
        output = one_number(function(copied(inputs), *arguments, **options))
        nodes = list(numbers_in(inputs))
        gradients = gradients_by_node(output, nodes, as_graph)
        # A gradient that arrives settles it, but one of zero may end on the way.
        independent = gradients.keys().isdisjoint(nodes) and is_independent(output, nodes)
        slopes = in_nesting(gradients, inputs, as_graph)
    return _result(output if as_graph else output.data), _result(slopes), independent


def one_number(result: Any) -> Value:
    """Return the result of a function that is to be differentiated, as a Value.

    Raises
    ------
    NotANumberError
        If it is not one number.
    """
    if is_nested(result):
        raise NotANumberError(
            f"the function returned {shown_short(result)}, but only one number has a gradient: "
            "return one, or take jacobian(f) instead, which has the gradient of each"
        )
    return as_value(result)


def jacobian(function: Callable[..., Any]) -> Callable[..., Numbers]:
    """Return the function that computes the gradient of each result of `function`.

    >>> import autograd as ag
    >>> ag.jacobian(lambda p: [p[0] + p[1], p[0] * p[1]])([2.0, 3.0])
    [[1.0, 1.0], [3.0, 2.0]]

    Parameters
    ----------
    function : callable
        Takes what the function of `grad` does, and returns a number, nested lists or an array.

    Returns
    -------
    callable
        For a list of n numbers and m results it returns m lists of n: row i holds d y_i / d x_j;
        for arrays of them an array. For other nestings, the nesting of the results with each number
        replaced by its gradient, nested as the argument.

    Raises
    ------
    ArgumentError
        If `function` cannot be called.
    NotANumberError
        If an item of the first argument, or of the results, is not a real number.
    DomainError, NonFiniteError
        If a derivative does not exist, or it or a result is not finite.

    Warns
    -----
    IndependenceWarning
        If no result depends on the first argument.
    """

    def jacobian_of_function(x: Numbers, /, *arguments: Any, **options: Any) -> Numbers:
        with _variables(x) as (inputs, as_graph):
            outputs = map_numbers(as_value, function(copied(inputs), *arguments, **options))
            rows = map_numbers(lambda y: gradient_or_zero(y, inputs, as_graph), outputs)
        if is_independent(outputs, inputs):
            warn_user_code(_INDEPENDENT, IndependenceWarning)
        return _result(rows)

    return _derivative_of("jacobian", function, jacobian_of_function)


def hessian(function: Callable[..., Any]) -> Callable[..., Numbers]:
    """Return the function that computes all second derivatives of `function`.

    >>> import autograd as ag
    >>> ag.hessian(lambda p: p[0] ** 2 * p[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]

    Parameters
    ----------
    function : callable
        See `grad`. The derivatives are with respect to its first argument.

    Returns
    -------
    callable
        For a list of n numbers it returns n lists of n: row i holds d²f / dx_i dx_j; for an array
        of them an array. For other nestings, the nesting of the argument with each number replaced
        by that nesting.
    """

    def hessian_of_function(x: Numbers, /, *arguments: Any, **options: Any) -> Numbers:
        with _variables(x) as (inputs, as_graph):
            slopes = _value_and_gradient(function, inputs, *arguments, **options)[1]
            rows = map_numbers(lambda slope: gradient_or_zero(slope, inputs, as_graph), slopes)
        return _result(rows)

    return _derivative_of("hessian", function, hessian_of_function)


def _derivative_of(
    caller: str, function: Any, derivative: Callable[..., Any]
) -> Callable[..., Any]:
    """Name a derivative after its function, which has to be one: ``grad(sin)``."""
    if not callable(function):
        raise ArgumentError(
            f"{caller}() takes a function, not {function!r}: {caller}(f)(x). For derivatives of "
            "what is already computed, use gradient(output, wrt)"
        )
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
    """Return a derivative to the caller: a constant under `no_grad`, where it was recorded too."""
    return numbers if modes.recording else map_numbers(detach, numbers)


def _fresh(x: Any) -> Value:
    """Make a variable of a number, and of a Value a node of its own to differentiate by.

    The function may also use the Value itself, from outside, and that use does not count.
    """
    return x * 1.0 if isinstance(x, Value) else Value(x)

"""A compiled function may differentiate: `ag.grad` means inside of it what it means outside."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value, operations
from autograd.compiler import float_backend, numpy_backend

POINTS = np.array([0.5, 1.5, 2.5, -1.0, -2.25])

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "square": lambda x: x**2,
    "cube": lambda x: x**3,
    "exponential": lambda x: 2**x,
    "power of powers": lambda x: (x * x + 1) ** x,
    "relu": ag.relu,
    "abs": ag.abs,
    "leaky_relu": ag.leaky_relu,
    "elu": ag.elu,
    "gelu": ag.gelu,
    "max": lambda x: ag.max(x, 0.5 * x + 1),
    "min": lambda x: ag.min([x, 1.0, x * x]),
    "norm": lambda x: ag.norm([x, 2.0]),
    "logsumexp": lambda x: ag.logsumexp([x, 1.0]),
    "softmax": lambda x: ag.softmax([x, 1.0, 2 * x])[0],
    "lookup": lambda x: ag.lookup([x, x * x], 1),
}


@pytest.mark.parametrize("backend", [numpy_backend, float_backend])
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_a_derivative_is_compiled_as_it_is_computed(
    function: Callable[[Any], Any], backend: Any
) -> None:
    for derivative in (ag.grad(function), ag.grad(ag.grad(function))):
        expected = [derivative(point) for point in POINTS.tolist()]
        compiled = ag.compile(lambda x, of=derivative: of(x), backend=backend)
        np.testing.assert_allclose(compiled.map(POINTS), expected, rtol=1e-12)


def test_a_loss_with_a_derivative_in_it_is_differentiated() -> None:
    w = Value(0.7)

    def loss(x: Any) -> Any:
        slope: Any = ag.grad(lambda y: ag.relu(w * y) * y**3)
        return (slope(x) - 1) ** 2

    mean = ag.compile(loss)(POINTS)
    eager = ag.mean([loss(Value(point)) for point in POINTS.tolist()])
    assert mean.data == pytest.approx(eager.data, rel=1e-12)
    mean.backward()
    assert w.grad == pytest.approx(ag.gradient(eager, w), rel=1e-12)


def test_comparisons_of_the_user_are_still_refused() -> None:
    slope = ag.grad(lambda y: y * y if y > 0 else y)
    with pytest.raises(ag.TraceError, match="compared"):
        ag.compile(lambda x: slope(x)).map(POINTS)


def test_what_is_computed_under_no_grad_is_new_for_each_sample_and_parameter() -> None:
    w = Value(2.0)

    def function(x: Any) -> Any:
        with ag.no_grad():
            square = x * w * w
        return w * square

    compiled = ag.compile(function, parameters=[w])
    assert compiled.map(POINTS).tolist() == pytest.approx((8 * POINTS).tolist())
    _, gradient = compiled.value_and_grad(np.array([5.0]), POINTS)
    assert gradient == pytest.approx([25 * POINTS.mean()])  # nothing flows through the square


def test_gradients_of_a_graph_are_new_for_each_sample() -> None:
    compiled = ag.compile(lambda x: x * ag.gradient(x * x, x))
    assert compiled.map(POINTS).tolist() == pytest.approx((2 * POINTS**2).tolist())


def test_backward_is_refused_inside_of_a_compiled_function() -> None:
    w = Value(2.0)

    def function(x: Any) -> Any:
        (w * x).backward()
        return w * x

    with pytest.raises(ag.TraceError, match=r"backward\(\) inside a compiled function"):
        ag.compile(function)(POINTS)
    assert w.grad == 0.0


@pytest.mark.parametrize("of_input", [True, False])
def test_a_gradient_is_not_read_inside_of_a_compiled_function(of_input: bool) -> None:
    w = Value(2.0)
    w.grad = 5.0

    def function(x: Any) -> Any:
        y = w * x
        return y * (x if of_input else w).grad

    with pytest.raises(ag.TraceError, match=r"\.grad inside a compiled function"):
        ag.compile(function)(POINTS)
    assert w.grad == 5.0


def within(x: Any) -> Any:
    """Whether x lies between -1 and 1, and is not 0.5."""
    return (x > -1) & (x < 1) & (x != 0.5)


def test_a_rule_of_ones_own_may_compare_and_join_comparisons() -> None:
    bump = operations.define(
        "bump",
        symbol="bump",
        forward=lambda x: x * x * within(x),
        array=lambda np, x: x * x * within(x),
        derivative=lambda g, out, x: (g * 2 * x * within(x),),
    )
    slope = ag.grad(bump)
    expected = [slope(point) for point in POINTS.tolist()]
    assert [ag.grad(bump)(Value(point)).data for point in POINTS.tolist()] == expected
    for backend in (numpy_backend, float_backend):
        compiled = ag.compile(lambda x: slope(x), backend=backend)
        assert compiled.map(POINTS).tolist() == pytest.approx(expected)

"""A compiled function may differentiate: `ag.grad` means inside of it what it means outside."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value
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

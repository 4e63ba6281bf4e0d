"""What is finite in eager mode is finite when it is compiled, and the same.

The passes group and regroup what was recorded. None of that may make a number overflow or underflow
that did not, nor ask for a derivative that nobody needs.
"""

import functools
import operator
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd as ag
from autograd import Value
from autograd.compiler import chunks, float_backend, native, numpy_backend
from autograd.errors import NonFiniteError

BACKENDS = pytest.mark.parametrize("backend", [numpy_backend, float_backend])
Function = Callable[..., Any]


def assert_eager_agrees(
    function: Function, weights: list[Value], *arrays: Any, backend: Any
) -> None:
    eager = ag.mean([function(*map(Value, sample)) for sample in zip(*arrays, strict=True)])
    program = ag.compile(function, parameters=weights, backend=backend)
    theta = np.array([weight.data for weight in weights])
    mean, gradient = program.value_and_grad(theta, *map(np.array, arrays))
    assert mean == pytest.approx(eager.data, rel=1e-12, abs=0.0)
    assert gradient == pytest.approx(np.array(ag.gradient(eager, weights)), rel=1e-12, abs=0.0)


# --- derivatives that nobody needs ---------------------------------------------------------------


@BACKENDS
@pytest.mark.parametrize("other", ["first", "last"])
def test_an_operand_without_gradient_is_not_differentiated(backend: Any, other: str) -> None:
    """Only the second quotient needs the derivative by its denominator."""
    w, u = Value(1.0), Value(1.0)
    a, b = [1.0, 2.0, 3.0], [1.0, 1e-170, 2.0]  # b**2 underflows

    def function(a: Any, b: Any) -> Any:
        quotients = [(w * a) / b, a / (u * a)]
        return ag.sum(quotients if other == "last" else quotients[::-1])

    assert_eager_agrees(function, [w, u], a, b, backend=backend)


@BACKENDS
def test_a_base_without_gradient_is_not_differentiated(backend: Any) -> None:
    """By a base of 0, the derivative of a square root does not exist."""
    w, u = Value(0.5), Value(1.0)
    program = ag.compile(lambda a, b: a**w + (u * b) ** w, parameters=[w, u], backend=backend)
    mean, gradient = program.value_and_grad(np.array([0.5, 1.0]), [0.0], [4.0])
    assert mean == 2.0
    assert gradient == pytest.approx([2 * np.log(4.0), 1.0])


# --- coefficients that are multiplied beforehand -------------------------------------------------

SCALED: dict[str, tuple[Function, float]] = {
    "an underflow": (lambda w, x: w * x * 1e-200 * 1e-200, 1.0),
    "an underflow behind a sign": (lambda w, x: -(w * x * 1e-200) * 1e-200, 1.0),
    "an underflow of large numbers": (
        lambda w, x: w * (x * 1e-200 * 1e-200 * 1e200 * 1e200),
        1e200,
    ),
    "digits lost on the way": (lambda w, x: w * (x * 1e-160 * 1e-160), 1e300),
    "an overflow of small numbers": (
        lambda w, x: w * (x * 1e200 * 1e200 * 1e-200 * 1e-200),
        1e-200,
    ),
    "in a sum": (lambda w, x: 1 - w * (2 * (x * 1e-160) * 1e-160 + x / 1e300), 1e300),
    "division by a small number": (lambda w, x: w * (x / 1e-310), 1e-310),
    "division by a large number": (lambda w, x: w * (x / 1.7e308), 1.5e308),
    "division of a product": (lambda w, x: w * (x * 1e-10 / 1e-310), 1e-310),
    "division twice": (lambda w, x: w * (x / 1e200 / 1e200), 1e300),
}


@BACKENDS
@pytest.mark.parametrize("batch_size", [1, 30])
@pytest.mark.parametrize("name", SCALED)
def test_numbers_that_scale_neither_vanish_nor_overflow(
    name: str, batch_size: int, backend: Any
) -> None:
    function, x = SCALED[name]
    w = Value(1.0)
    assert_eager_agrees(lambda x: function(w, x), [w], [x] * batch_size, backend=backend)


@BACKENDS
@pytest.mark.parametrize(("scale", "x"), [(1e-25, 1e38), (1e25, 1e-37)])
def test_numbers_that_scale_are_not_multiplied_beyond_float32(
    scale: float, x: float, backend: Any
) -> None:
    w = Value(1.0)
    program = ag.compile(lambda x: w * (x * scale * scale), dtype=np.float32, backend=backend)
    assert program.map(np.full(30, x)) == pytest.approx(x * scale * scale, rel=1e-6, abs=0.0)


@BACKENDS
@pytest.mark.parametrize("divisor", [1e44, -1e46])
def test_a_divisor_beyond_float32_is_told(divisor: float, backend: Any) -> None:
    """Its reciprocal as a float32 has no digits left, or is zero."""
    w = Value(1.0)
    program = ag.compile(lambda x: w * (x / divisor), dtype=np.float32, backend=backend)
    with pytest.raises(NonFiniteError, match=r"the constant .* is too large for float32"):
        program.map(np.full(30, 1e38))


powers_of_ten = st.integers(-150, 150).map(lambda exponent: 10.0**exponent)
scalings = st.tuples(st.sampled_from([operator.mul, operator.truediv]), powers_of_ten)


@given(powers_of_ten, st.lists(scalings, max_size=8))
def test_what_is_scaled_step_by_step_stays_what_it_is(x: float, steps: list[Any]) -> None:
    def scaled(x: Any) -> Any:
        return functools.reduce(lambda y, step: step[0](y, step[1]), steps, x)

    on_the_way = accumulate(steps, lambda y, step: step[0](y, step[1]), initial=x)
    assume(all(1e-290 < y < 1e290 for y in on_the_way))
    w = Value(0.5)
    program = ag.compile(lambda x: ag.abs(w * scaled(x)), backend=float_backend)
    assert program.map([x])[0] == pytest.approx(0.5 * scaled(x), rel=1e-12, abs=0.0)


# --- constants of the library --------------------------------------------------------------------


@BACKENDS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_norm_of_zeros_is_zero_in_either_type(backend: Any, dtype: Any) -> None:
    w = Value(1.0)
    program = ag.compile(lambda x: ag.norm([w * x[0], x[1]]), dtype=dtype, backend=backend)
    vectors = np.array([[0.0, 0.0], [3.0, -4.0], [3e-30, 4e-30], [0.0, 2.0]])
    np.testing.assert_allclose(program.map(vectors), [0.0, 5.0, 5e-30, 2.0], rtol=1e-6)


# --- what a user makes of such numbers -----------------------------------------------------------


@pytest.mark.parametrize("chunk_bytes", [chunks.CACHE_BYTES, 1])
@pytest.mark.parametrize("backend", [numpy_backend, float_backend, native])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numpy_may_raise_an_error_for_everything(
    backend: Any, dtype: Any, chunk_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if backend is native and not native.is_available():
        pytest.skip("this machine has no C compiler")
    monkeypatch.setattr(chunks, "CACHE_BYTES", chunk_bytes)
    w, samples = Value(1.0), np.repeat([1e-50, 0.0, 2.0], 50)

    def function(x: Value) -> Any:
        slopes = [ag.tanh(ag.dot([c, c + 1], [x, w])) for c in (1e-60, 2.0, 3.0)]
        return ag.sum(slopes) + ag.exp(-w * x) * 1e-60

    theta = np.array([1e-55])
    results = []
    for everything in ("ignore", "raise"):
        program = ag.compile(function, parameters=[w], dtype=dtype, backend=backend)
        for _ in range(2):
            with np.errstate(all=everything):
                mean, gradient = program.value_and_grad(theta, samples)
                results.append([mean, *gradient.tolist(), *program.map(samples).tolist()])
    for result in results[1:]:
        assert result == pytest.approx(results[0], rel=1e-6)

"""Calling a compiled function: how samples get in, what is looked at each time, what comes out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import autograd as ag
from autograd import Value
from autograd.compiler import chunks, float_backend, numpy_backend
from autograd.errors import ArgumentError, NonFiniteError, ShapeError, TraceError

Array = NDArray[Any]

WEIGHTS = [[Value(np.sin(3 * row + column)) for column in range(6)] for row in range(4)]
PARAMETERS = [weight for row in WEIGHTS for weight in row]
THETA = np.array([parameter.data for parameter in PARAMETERS])


def layer(inputs: Any) -> list[Any]:
    """A matrix product, of 4 rows and as many columns as there are inputs."""
    return [ag.tanh(ag.dot(row[: len(inputs)], inputs)) for row in WEIGHTS]


def layers(*inputs: Any) -> Any:
    return ag.sum(number for one in inputs for number in layer(one))


def samples(size: int, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(size, 6)), rng.normal(size=(size, 2))


def eager(function: Callable[..., Any], *arrays: Array) -> tuple[float, Array]:
    """The mean and its gradient, sample by sample."""
    rows = zip(*(array.tolist() for array in arrays), strict=True)
    loss = ag.mean([function(*row) for row in rows])
    gradient = ag.gradient(loss, PARAMETERS)
    return loss.data, np.array([getattr(slope, "data", slope) for slope in gradient])


# --- inputs --------------------------------------------------------------------------------------

READERS: dict[str, Callable[..., Any]] = {
    "a product alone": lambda x, y: layers(x) + y[0] * y[1],
    "two products, the same inputs": lambda x, y: (
        layers(x) + ag.sum(ag.exp(ag.dot(row, x)) for row in WEIGHTS[:2]) * y[0]
    ),
    "a product and another operation": lambda x, y: layers(x) + ag.exp(x[2]) * y[0],
    "a product and a sum": lambda x, y: layers(x) + ag.mean(x) * y[0],
    "a product on a part": lambda x, y: layers(x[1:5]) + y[0],
    "a product on a part, the rest elsewhere": lambda x, y: (
        layers(x[:4]) + ag.exp(x[4]) * x[5] + y[1]
    ),
    "products side by side": lambda x, y: layers(x[:3], x[3:]) + y[0],
    "products that overlap": lambda x, y: layers(x[:4], x[1:6]) + y[0],
    "a product over two arguments": lambda x, y: layers([*x[2:], *y]),
    "a product on inputs that are not in a row": lambda x, y: layers(x[::2]) + y[0],
    "no product": lambda x, y: x[0] * y[0] * PARAMETERS[0] + ag.sin(x[5]),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("size", [1, 5])
def test_inputs_arrive_whatever_reads_them(name: str, size: int) -> None:
    function = READERS[name]
    program = ag.compile(function, parameters=PARAMETERS, backend=numpy_backend)
    for seed in range(2):
        arrays = samples(size, seed)
        mean, gradient = program.value_and_grad(THETA, *arrays)
        expected, slopes = eager(function, *arrays)
        assert mean == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-10, atol=1e-14)


def test_an_input_may_be_an_output() -> None:
    program = ag.compile(lambda x: [layers(x), x[3]], backend=numpy_backend)
    X, _ = samples(5)
    np.testing.assert_array_equal(program.map(X)[:, 1], X[:, 3])


LAYOUTS: dict[str, Callable[[Array], Any]] = {
    "Fortran order": np.asfortranarray,
    "every second column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "every second sample": lambda X: np.repeat(X, 2, axis=0)[::2],
    "reversed": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "one sample for all": lambda X: np.broadcast_to(X[0], X.shape),
    "lists": lambda X: X.tolist(),
    "float32": lambda X: X.astype(np.float32),
    "integers": lambda X: (4 * X).astype(np.int8),
    "booleans": lambda X: X > 0,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["a product alone", "a product and a sum"])
def test_the_layout_of_an_array_makes_no_difference(name: str, layout: str) -> None:
    X, Y = samples(7)
    laid_out = LAYOUTS[layout](X)
    program = ag.compile(READERS[name], parameters=PARAMETERS, backend=numpy_backend)
    plain = np.array(laid_out, dtype=np.float64, order="C")
    mean, gradient = program.value_and_grad(THETA, plain, Y)
    again = program.value_and_grad(THETA, laid_out, Y)
    assert again[0] == mean
    np.testing.assert_array_equal(again[1], gradient)


# --- results -------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", [numpy_backend, float_backend])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("smallest_chunk", [64, 3])
@pytest.mark.parametrize(
    "function",
    [layers, lambda x: [layers(x), x[0]], lambda x: [[layers(x)], [PARAMETERS[0]]]],
    ids=["one", "two", "nested"],
)
def test_the_next_call_overwrites_no_result(
    function: Any,
    smallest_chunk: int,
    dtype: Any,
    backend: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chunks, "CACHE_BYTES", 1)
    monkeypatch.setattr(chunks, "SMALLEST_CHUNK", smallest_chunk)
    program = ag.compile(function, parameters=PARAMETERS, dtype=dtype, backend=backend)
    (X, _), (other, _) = samples(8), samples(8, seed=1)
    results = *program.outputs_and_grad(THETA, X), program.map(X)
    np.testing.assert_array_equal(results[0], results[2])
    kept = [result.copy() for result in results]
    program.outputs_and_grad(2 * THETA, other)
    program.map(other)
    alone = np.concatenate([program.map(X[sample : sample + 1]) for sample in range(8)])
    np.testing.assert_allclose(results[2], alone, rtol=1e-5)
    for result, copy in zip(results, kept, strict=True):
        np.testing.assert_array_equal(result, copy)
    assert results[1].dtype == np.float64
    results[0][...] = results[1][...] = np.nan  # they are the caller's: nothing else changes
    np.testing.assert_array_equal(program.outputs_and_grad(THETA, X)[1], kept[1])


def test_a_gradient_has_zeros_for_what_other_shapes_reach() -> None:
    program = ag.compile(layers, backend=numpy_backend)
    program.map(np.ones((2, 2)))
    program.map(np.ones((2, 6)))
    assert len(program.parameters) == 24
    theta = np.ones(24)
    _, gradient = program.value_and_grad(theta, np.ones((2, 2)))
    assert gradient[:8].all()
    assert gradient[8:].tolist() == [0.0] * 16


# --- what is looked at in every call -------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ([[1.0] * 6, [np.nan] * 6], NonFiniteError, r"argument 0 holds nan at \(1, 0\)"),
        ([[1.0] * 6, [1.0] * 5 + [-np.inf]], NonFiniteError, r"argument 0 holds -inf at \(1, 5\)"),
        ([[1.0] * 6, [1j] * 6], ArgumentError, r"argument 0 holds \(1\+0j\) at \(0, 0\)"),
        ([[1.0] * 6, [None] * 6], ArgumentError, r"argument 0 holds None at \(1, 0\)"),
        ([["1"] * 6] * 2, ArgumentError, "argument 0 holds '1'"),
        (np.full((2, 6), np.longdouble("1e400")), NonFiniteError, "too large for float64"),
        ([[1.0] * 6, [1.0] * 5], ShapeError, "the samples of argument 0 have different shapes"),
        ([[1.0] * 6] * 3, ShapeError, "different numbers of samples: 3, 2"),
        (1.0, ShapeError, "argument 0 is one number"),
    ],
)
def test_what_is_wrong_is_found_in_later_calls_too(wrong: Any, error: Any, message: str) -> None:
    program = ag.compile(lambda x, y: layers(x) + y[0], parameters=PARAMETERS)
    X, Y = samples(2)
    right = program.value_and_grad(THETA, X, Y)
    for _ in range(2):
        with pytest.raises(error, match=message):
            program.value_and_grad(THETA, wrong, Y)
    again = program.value_and_grad(THETA, X, Y)
    assert again[0] == right[0]
    np.testing.assert_array_equal(again[1], right[1])


LARGEST = float(np.finfo(np.float32).max)


@settings(deadline=None)
@given(
    number=st.floats(0.0, 2.0) | st.floats(1 - 1e-6, 1 + 1e-6),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_float32_takes_numbers_up_to_its_largest(number: float, dtype: Any) -> None:
    """Also those whose square is too large for the quick test."""
    program = _largest_program()
    with np.errstate(over="ignore"):
        x = np.array([0.0, number * LARGEST], dtype=dtype)
    if x[1] > LARGEST:
        with pytest.raises(NonFiniteError, match="argument 0 holds"):
            program.map(x)
    else:
        np.testing.assert_array_equal(program.map(x), x.astype(np.float32))


def _largest_program() -> ag.Compiled:
    program = ag.compile(lambda x: ag.relu(x), dtype=np.float32)
    program.map(np.array([0.0, 1.0]))
    return program


def test_a_function_of_nothing_is_called_with_nothing() -> None:
    weight = Value(3.0)
    program = ag.compile(lambda: weight * weight)
    for _ in range(2):
        mean, gradient = program.value_and_grad(np.array([2.0]))
        assert (mean, gradient.tolist()) == (4.0, [4.0])


def test_a_lone_sample_of_kept_shapes_is_compared_with_the_next() -> None:
    program = ag.compile(lambda x: x * 2 if float(f"{x:g}") > 0 else x)
    program.map(np.array([1.0]))
    program.map(np.array([1.0]))  # the same sample shows nothing
    with pytest.raises(TraceError):
        program.map(np.array([-1.0]))

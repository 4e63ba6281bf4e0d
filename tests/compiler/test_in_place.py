"""Samples that matrix products read where they are: which do, and that it makes no difference."""

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value
from autograd.compiler import native, numpy_backend
from autograd.compiler.numpy_backend.in_place import columns_of_products
from autograd.compiler.passes import apply_passes
from autograd.compiler.passes.tape import read_tape
from autograd.compiler.program import MatMul
from autograd.errors import NonFiniteError

W = [[Value(0.1 * i - 0.05 * j) for j in range(16)] for i in range(2)]
PARAMETERS = [weight for row in W for weight in row]
BATCH_SIZE = 5


def layer(x: Any) -> list[Value]:
    return [ag.tanh(ag.dot(row, x)) for row in W]


# --- which inputs --------------------------------------------------------------------------------


def columns(function: Any, n_inputs: int) -> list[tuple[int, int]]:
    x = [Value(0.1) for _ in range(n_inputs)]
    return columns_of_products(apply_passes(read_tape(function(x), x, PARAMETERS)).program)


def test_inputs_that_products_read_whole() -> None:
    assert columns(lambda x: [ag.sum(layer(x))], 16) == [(0, 16)]
    assert columns(lambda x: [ag.sum(layer(x[1:])) + x[0]], 17) == [(1, 17)]
    both = columns(lambda x: [ag.sum(layer(x[:16])) * ag.dot(W[0], x[16:])], 32)
    assert both == [(0, 16), (16, 32)]
    again = columns(lambda x: [ag.dot(W[0], x) * ag.sum(layer([*layer(x), *x][2:]))], 16)
    assert again == [(0, 16)]


@pytest.mark.parametrize("first", [0, 1])
def test_products_read_them_where_they_are(first: int) -> None:
    program = ag.compile(lambda t, x: ag.sum(layer(x)) * t[0], backend=numpy_backend)
    samples = np.ones((BATCH_SIZE, first)), np.ones((BATCH_SIZE, 16))
    arguments = samples if first else (np.ones((BATCH_SIZE, 1)), samples[1])
    program(*arguments)
    bound: Any = program._cache.latest_bound().program
    (placed,) = bound._placed(np.zeros(len(bound._parameters)), arguments)
    assert np.shares_memory(placed, arguments[1])


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda x: [ag.sum(layer(x)) + x[3]], id="read by a sum"),
        pytest.param(lambda x: [ag.sum(layer(x)) * ag.sum(x)], id="read whole by a sum"),
        pytest.param(lambda x: [ag.sum(layer(x)) * ag.exp(x[3])], id="read by an operation"),
        pytest.param(lambda x: [ag.sum(layer(x)), x[3]], id="an output"),
        pytest.param(lambda x: [ag.sum(layer([*x[:15], ag.exp(x[15])]))], id="in part"),
        pytest.param(lambda x: [ag.sum(layer([ag.sin(a) for a in x]))], id="what is computed"),
        pytest.param(lambda x: [ag.dot(W[0][:15], x[:15])], id="narrow"),
    ],
)
def test_inputs_that_are_copied(function: Any) -> None:
    assert columns(function, 16) == []


def test_inputs_of_overlapping_products_are_copied() -> None:
    v = [Value(0.5) for _ in range(17)]
    x = [Value(0.1) for _ in range(17)]
    outputs = [ag.sum(layer(x[:16])) * ag.tanh(ag.dot(v, x))]
    program = apply_passes(read_tape(outputs, x, [*PARAMETERS, *v])).program
    assert columns_of_products(program) == []


def test_inputs_of_a_product_at_two_places_are_copied() -> None:
    assert columns(lambda x: [ag.dot(layer(x[:16]), layer(x[16:]))], 32) == []


def in_two_sums(x: Any) -> Any:
    hidden = layer(x)
    return ag.dot(hidden, [ag.dot(row, x) + ag.exp(h) for row, h in zip(W, hidden, strict=True)])


def test_inputs_of_one_product_in_two_sums_are_copied() -> None:
    """The adjoint reads them as a matrix of two columns, which are the same."""
    assert columns(lambda x: [in_two_sums(x)], 16) == []


def test_inputs_that_the_adjoint_reads_with_others_are_copied() -> None:
    """The weights of two products get their gradient by one, which reads the inputs of both."""

    def two_products(x: list[Value]) -> list[Value]:
        others = [ag.tanh(ag.dot(row, x[16:32]) + x[32] ** 3) for row in W]
        return [ag.dot(layer(x[:16]), others)]

    x = [Value(0.1) for _ in range(33)]
    program = apply_passes(read_tape(two_products(x), x, PARAMETERS)).program
    read = [step.inputs.rows.shape for step in program.forward if isinstance(step, MatMul)]
    assert read == [(16, 1), (16, 1)]
    assert columns_of_products(program) == []


# --- no difference -------------------------------------------------------------------------------


def loss(x: Any, y: Value) -> Value:
    flat = [number for row in x for number in row] if isinstance(x[0], list) else x
    return (ag.sum(layer(flat)) - y) ** 2


def compiled() -> Any:
    return ag.compile(loss, parameters=PARAMETERS, backend=numpy_backend)


def samples() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.integers(-3, 4, (BATCH_SIZE, 16)).astype(float), rng.normal(size=BATCH_SIZE)


ARRAYS: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda X: X,
    "in the order of columns": np.asfortranarray,
    "every other one": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": lambda X: X[::-1].copy()[::-1],
    "of two axes": lambda X: X.reshape(BATCH_SIZE, 4, 4),
    "that cannot be written": lambda X: np.frombuffer(X.tobytes()).reshape(X.shape),
    "of integers": lambda X: X.astype(int),
    "of short floats": lambda X: X.astype(np.float32),
    "of the other byte order": lambda X: X.astype(">f8"),
    "lists": lambda X: X.tolist(),
}


@pytest.mark.parametrize("form", ARRAYS)
def test_arrays_of_any_form_have_the_same_gradient(form: str) -> None:
    X, y = samples()
    theta = np.array([parameter.data for parameter in PARAMETERS])
    for parameter in PARAMETERS:
        parameter.zero_grad()
    total = ag.sum(loss([Value(a) for a in row], Value(b)) for row, b in zip(X, y, strict=True))
    (total / BATCH_SIZE).backward()
    mean, gradient = compiled().value_and_grad(theta, ARRAYS[form](X), y)
    assert mean == pytest.approx(total.data / BATCH_SIZE, rel=1e-12)
    expected = [parameter.grad for parameter in PARAMETERS]
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-12)


def test_a_program_of_short_floats_takes_long_ones() -> None:
    X, y = samples()
    theta = np.array([parameter.data for parameter in PARAMETERS])
    short = ag.compile(loss, parameters=PARAMETERS, dtype=np.float32, backend=numpy_backend)
    mean, gradient = compiled().value_and_grad(theta, X, y)
    for array in (X, X.astype(np.float32)):
        results = short.value_and_grad(theta, array, y)
        assert results[0] == pytest.approx(mean, rel=1e-4)
        np.testing.assert_allclose(results[1], gradient, rtol=1e-4, atol=1e-4)


def test_a_product_of_two_arguments() -> None:
    """Neither holds all that the product reads, so both are copied."""
    X, _ = samples()
    program = ag.compile(
        lambda a, b: ag.sum(layer([*a, *b])), parameters=PARAMETERS, backend=numpy_backend
    )
    whole = ag.compile(lambda x: ag.sum(layer(x)), parameters=PARAMETERS, backend=numpy_backend)
    for _ in range(2):
        np.testing.assert_allclose(program.map(X[:, :7], X[:, 7:]), whole.map(X), rtol=1e-12)
        X = X + 1.0


@pytest.mark.parametrize("backend", [numpy_backend, *[native] * native.is_available()])
def test_one_product_in_two_sums(backend: Any) -> None:
    X, _ = samples()
    total = ag.sum(in_two_sums([Value(number) for number in row]) for row in X)
    expected = np.array(ag.gradient(total, PARAMETERS)) / BATCH_SIZE
    program = ag.compile(in_two_sums, parameters=PARAMETERS, backend=backend)
    theta = np.array([parameter.data for parameter in PARAMETERS])
    _, gradient = program.value_and_grad(theta, X)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)


def test_each_call_reads_its_own_array() -> None:
    X, y = samples()
    theta = np.array([parameter.data for parameter in PARAMETERS])
    program = compiled()
    first = program.value_and_grad(theta, X, y)
    others = [
        program.value_and_grad(theta, np.array(array), y) for array in (X + 1.0, X.astype(int))
    ]
    assert others[0][0] != first[0]
    assert others[1][0] == pytest.approx(first[0], rel=1e-12)
    again = program.value_and_grad(theta, X, y)
    assert again[0] == first[0]
    assert again[1].tobytes() == first[1].tobytes()


def test_no_array_is_kept() -> None:
    X, y = samples()
    theta = np.array([parameter.data for parameter in PARAMETERS])
    program = compiled()
    program.value_and_grad(theta, X, y)
    kept = weakref.ref(X)
    del X
    assert kept() is None


def test_what_leaves_the_range_of_floats_is_found() -> None:
    X, _ = samples()
    program = ag.compile(
        lambda x: ag.exp(ag.dot(W[1], x)), parameters=PARAMETERS, backend=numpy_backend
    )
    program(X)
    X[3] = 1e4 * np.sign([weight.data for weight in W[1]])
    with pytest.raises(NonFiniteError, match=r"exp\(.*\) is too large .* \(sample 3\)"):
        program(X)

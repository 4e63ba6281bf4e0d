"""The native backend: products of matrices, C as it is written, and what fails.

That it computes what the other backends do is shown where theirs is: in `test_backends` and
`test_agreement`.
"""

import ctypes
import gc
import itertools
import math
import weakref
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import autograd as ag
import nn
from autograd import Value, operations
from autograd.compiler import native, numpy_backend
from autograd.compiler.native.formulas import Formulas
from autograd.compiler.native.library import build
from autograd.compiler.native.source import STATEMENTS_A_FUNCTION
from autograd.errors import (
    ArgumentError,
    CompilationError,
    DomainError,
    MissingPackageError,
    NonFiniteError,
)
from autograd.formulas.formula import Formula
from autograd.nested_numbers import map_numbers
from autograd.operations import OPERATIONS

pytestmark = pytest.mark.skipif(not native.is_available(), reason="there is no C compiler")

Array = NDArray[Any]

# --- products of matrices ------------------------------------------------------------------------

STRIDE = 24
WRAPPERS = """
double call_maximum(double a, double b) { return maximum(a, b); }
double call_minimum(double a, double b) { return minimum(a, b); }
void call_multiply(matrix *m, int n_rows, int n_terms, int n_places, int add)
{ multiply(m[0], m[1], m[2], n_rows, n_terms, n_places, add); }
void call_multiply_columns(matrix *m, int n_rows, int n_terms, int n_columns, int add)
{ multiply_columns(m[0], m[1], m[2], n_rows, n_terms, n_columns, add); }
void call_correlate(matrix *m, int n_rows, int n_columns, int n_places, int add)
{ correlate(m[0], m[1], m[2], n_rows, n_columns, n_places, add); }
"""


class Matrix(ctypes.Structure):
    _fields_ = (("numbers", ctypes.c_void_p), ("row", ctypes.c_long), ("column", ctypes.c_long))

    @classmethod
    def of(cls, array: Array) -> "Matrix":
        row, column, *_ = (step // array.itemsize for step in array.strides)
        return cls(array.ctypes.data, row, column)


@pytest.fixture(scope="module")
def kernels() -> Any:
    source = resources.files(native).joinpath("kernels.c").read_text(encoding="utf-8")
    head = f"typedef double number;\nenum {{ B = 20, STRIDE = {STRIDE} }};\n"
    return ctypes.CDLL("kernels", handle=build(head + source + WRAPPERS))


def call(function: Any, matrices: list[Array], *sizes: int) -> None:
    function((Matrix * 3)(*map(Matrix.of, matrices)), *sizes)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_the_larger_and_the_smaller_number(kernels: Any, name: str) -> None:
    """As NumPy has it: of a nan and a number, whichever is first, it is nan."""
    function = getattr(kernels, f"call_{name}")
    function.argtypes, function.restype = [ctypes.c_double] * 2, ctypes.c_double
    for pair in itertools.product([-1.0, 0.0, 2.0, math.inf, math.nan], repeat=2):
        np.testing.assert_equal(function(*pair), getattr(np, name)(*pair))


SIZES = st.integers(1, 20)


@given(SIZES, SIZES, st.integers(1, 4), st.booleans(), st.booleans())
def test_multiply(
    kernels: Any, n_rows: int, n_terms: int, n_places: int, add: bool, transposed: bool
) -> None:
    rng = np.random.default_rng(n_rows)
    left = (
        rng.normal(size=(n_terms, n_rows)).T if transposed else rng.normal(size=(n_rows, n_terms))
    )
    right, out = (rng.normal(size=(n, n_places, STRIDE)) for n in (n_terms, n_rows))
    expected = np.einsum("rk,kps->rps", left, right) + add * out
    call(kernels.call_multiply, [out, left, right], n_rows, n_terms, n_places, add)
    np.testing.assert_allclose(out, expected, atol=1e-12)


@given(SIZES, SIZES, st.integers(1, 50), st.booleans())
def test_multiply_columns(
    kernels: Any, n_rows: int, n_terms: int, n_columns: int, add: bool
) -> None:
    rng = np.random.default_rng(n_columns)
    left = rng.normal(size=(n_rows, n_terms))
    right, room = (rng.normal(size=(n, n_columns + 3)) for n in (n_terms, n_rows))
    expected = room.copy()
    expected[:, :n_columns] = left @ right[:, :n_columns] + add * room[:, :n_columns]
    call(kernels.call_multiply_columns, [room, left, right], n_rows, n_terms, n_columns, add)
    np.testing.assert_allclose(room, expected, atol=1e-12)  # nothing beyond the columns is written


@given(SIZES, SIZES, st.integers(1, 4), st.booleans(), st.booleans())
def test_correlate(
    kernels: Any, n_rows: int, n_columns: int, n_places: int, add: bool, transposed: bool
) -> None:
    rng = np.random.default_rng(n_rows)
    left, right = (rng.normal(size=(n, n_places, STRIDE)) for n in (n_rows, n_columns))
    out = rng.normal(size=(n_rows, n_columns))
    out = np.asfortranarray(out) if transposed else out
    expected = np.einsum("rps,kps->rk", left, right) + add * out
    call(kernels.call_correlate, [out, left, right], n_rows, n_columns, n_places, add)
    np.testing.assert_allclose(out, expected, atol=1e-12)


# --- programs ------------------------------------------------------------------------------------


def assert_agrees(
    function: Callable[..., Any], parameters: list[Value], *arrays: Array, dtype: Any = np.float64
) -> ag.Compiled:
    """Hold a native program against that of NumPy, on a batch and on one sample fewer."""
    theta = np.array([parameter.data for parameter in parameters])
    programs = [
        ag.compile(function, parameters=parameters, dtype=dtype, backend=backend)
        for backend in (native, numpy_backend)
    ]
    tolerance = 1e-10 if dtype == np.float64 else 1e-4
    for batch in (arrays, [array[1:] for array in arrays]):
        (mean, gradient), (expected, slopes) = (p.value_and_grad(theta, *batch) for p in programs)
        assert mean == pytest.approx(expected, rel=tolerance)
        scale = np.abs(slopes).max(initial=1.0)
        np.testing.assert_allclose(gradient, slopes, rtol=0.0, atol=tolerance * scale)
    assert_not_helped(programs[0])
    return programs[0]


def assert_not_helped(compiled: ag.Compiled) -> None:
    """A native program that fails lets NumPy answer: that would hide what is wrong with it."""
    for bound in compiled._cache.bound.values():
        assert "_in_numpy" not in vars(bound.program)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_wide_classifier(dtype: Any) -> None:
    """Its inputs are multiplied as they come, in the gradient of the first layer."""
    rng = np.random.default_rng(0)
    model = nn.MLP(21, [9, 4], "gelu", rng=rng)
    compiled = assert_agrees(
        lambda x, label: nn.cross_entropy(model(x), label),
        model.parameters(),
        rng.normal(size=(13, 21)),
        rng.integers(0, 4, 13),
        dtype=dtype,
    )
    assert "multiply_columns((matrix){&dU[0]" in compiled.source


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_operation_of_the_table(dtype: Any) -> None:
    w = [Value(0.3), Value(0.6), Value(1.2)]

    def function(x: list[Value]) -> Any:
        results = []
        for operation in OPERATIONS.values():
            for one, other in itertools.product([x[0], w[0]], [x[1], w[1]]):
                if operation is operations.lookup:
                    results.append(operation(x[2], one, other, w[2]))
                elif operation in (operations.sum, operations.max, operations.min, operations.dot):
                    results.append(operation(one, other, w[2], x[0]))
                elif operation in (*BINARY, operations.pow):
                    results.append(operation(one, other))
                else:
                    results.append(operation(one))
        return ag.sum(results)

    X = np.random.default_rng(1).uniform(0.1, 0.9, (11, 3))
    X[:, 2] = np.arange(11) % 3
    assert_agrees(function, w, X, dtype=dtype)


BINARY = operations.add, operations.sub, operations.mul, operations.div


def test_weights_and_inputs_at_no_regular_distance() -> None:
    rng = np.random.default_rng(2)
    w = [Value(number) for number in rng.normal(size=40)]
    places = rng.permutation(40)[:24].reshape(4, 6)

    def function(x: list[Value]) -> Any:
        inputs = [x[i] for i in (0, 1, 3, 7, 4, 5)]
        hidden = [ag.tanh(ag.dot([w[i] for i in row], inputs)) for row in places]
        again = [ag.tanh(ag.dot([w[i] for i in row[1:]], [*hidden, x[2]])) for row in places]
        return ag.sum(again)

    compiled = assert_agrees(function, w, rng.normal(size=(5, 8)))
    (*_, bound) = compiled._cache.bound.values()
    padding, _ = bound.program._padding  # type: ignore[attr-defined]  # of native alone
    assert (padding == 0.0).all()  # though what is brought together lies where other things did


def test_a_product_whose_only_places_are_copies() -> None:
    """GCC, which knows then where all of it stands, must not take it for an access to nothing."""
    rng = np.random.default_rng(4)
    w, v = (rng.normal(0.0, 0.3, (4, n)).tolist() for n in (16, 4))
    first, second = (map_numbers(Value, weights) for weights in (w, v))

    def function(x: list[Value]) -> Any:
        hidden = [ag.tanh(ag.dot(row, x)) for row in first]
        again = [
            ag.dot([*row, *own], [*x, *hidden]) for row, own in zip(first, second, strict=True)
        ]
        return ag.dot([ag.tanh(number) for number in again], hidden)

    weights = [weight for row in [*first, *second] for weight in row]
    assert_agrees(function, weights, rng.normal(size=(8, 16)))


def test_a_sum_longer_than_a_statement() -> None:
    rng = np.random.default_rng(3)
    w = [Value(number) for number in rng.normal(size=30)]
    assert_agrees(
        lambda x: ag.sum(a * a for a in w) * ag.sum(2 * a * b for a, b in itertools.pairwise(x)),
        w,
        rng.normal(size=(5, 30)),
    )


def test_many_classes() -> None:
    """The largest of 600 numbers, one inside the other, is deeper than Python's stack."""
    rng = np.random.default_rng(6)
    biases = [Value(number) for number in rng.normal(size=600)]
    compiled = ag.compile(
        lambda x, label: nn.cross_entropy([x[i % 4] + b for i, b in enumerate(biases)], label),
        backend=native,
    )
    X, labels = rng.normal(size=(3, 4)), rng.integers(0, 600, 3)
    logits = X[:, np.arange(600) % 4] + [bias.data for bias in biases]
    expected = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(3), labels]
    np.testing.assert_allclose(compiled.map(X, labels), expected)
    assert_not_helped(compiled)


def test_what_slopes_share_is_computed_once() -> None:
    """Which of n numbers is the largest is a chain of n steps: written once, not for each."""
    w = [Value(number) for number in np.random.default_rng(6).normal(size=30)]
    compiled = assert_agrees(
        lambda x: ag.max([weight * x[0] for weight in w]) + ag.max([x[1], *w]),
        w,
        np.random.default_rng(7).normal(size=(5, 2)),
    )
    assert compiled.source.count("number t") < 6 * len(w)


def test_more_statements_than_a_function_takes() -> None:
    w = Value(0.7)

    def function(x: Value) -> Any:
        for _ in range(STATEMENTS_A_FUNCTION):
            x = ag.sin(ag.exp(w * x))
        return x

    compiled = assert_agrees(function, [w], np.linspace(-1.0, 1.0, 3))
    assert "forward_2();" in compiled.source


def test_results_repeat_bit_by_bit() -> None:
    rng = np.random.default_rng(4)
    model = nn.MLP(5, [7, 1], "tanh", rng=rng)
    X = rng.normal(size=(10, 5))
    theta = np.array([parameter.data for parameter in model.parameters()])
    results = []
    for _ in range(2):
        compiled = ag.compile(model, parameters=model.parameters(), backend=native)
        results += [compiled.value_and_grad(theta, X) for _ in range(2)]
    for mean, gradient in results:
        assert mean == results[0][0]
        np.testing.assert_array_equal(gradient, results[0][1])


def loaded_libraries() -> int:
    """Count the parts of libraries in memory, if the system shows them."""
    maps = Path("/proc/self/maps")
    return maps.read_text().count("program.so") if maps.exists() else 0


def test_memory_is_freed_with_the_program() -> None:
    w = Value(2.0)
    compiled = ag.compile(lambda x: ag.tanh(w * x), backend=native)
    compiled(np.ones(3))
    (bound,) = compiled._cache.bound.values()
    gone = weakref.ref(bound.program)
    gc.disable()
    try:
        libraries = loaded_libraries()
        del compiled, bound
        assert gone() is None
        assert loaded_libraries() < libraries or not libraries
    finally:
        gc.enable()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_masked_softmax(dtype: Any) -> None:
    """The exp of -inf is 0, which is nothing to ask NumPy about."""
    rng = np.random.default_rng(0)
    scores = [Value(float(score)) for score in rng.normal(size=3)]

    def function(x: Any) -> Any:
        first, second, _ = ag.softmax([scores[0] * x[0], scores[1] * x[1], scores[2] - math.inf])
        return ag.log(first) * second + ag.sigmoid(scores[0] * x[1] - math.inf)

    assert_agrees(function, scores, rng.normal(size=(17, 2)), dtype=dtype)


# --- what fails ----------------------------------------------------------------------------------


def test_numbers_that_leave_the_range_of_floats() -> None:
    w = Value(1.0)
    compiled = ag.compile(lambda x: ag.exp(w * x), parameters=[w], backend=native)
    theta, good, bad = np.array([1.0]), np.array([1.0, 2.0, 0.0]), np.array([1.0, 1000.0, 2.0])
    compiled.value_and_grad(theta, good)
    with pytest.raises(NonFiniteError, match=r"exp\(1000.0\) is too large.* \(sample 1\)"):
        compiled.value_and_grad(theta, bad)
    mean, gradient = compiled.value_and_grad(theta, good)
    assert mean == pytest.approx((math.e + math.e**2 + 1) / 3)
    assert gradient == pytest.approx([(math.e + 2 * math.e**2) / 3])


def test_a_derivative_that_does_not_exist() -> None:
    w = Value(1.0)
    compiled = ag.compile(lambda x: ag.sqrt(w * x), parameters=[w], backend=native)
    np.testing.assert_array_equal(compiled.map(np.array([1.0, 0.0])), [1.0, 0.0])
    with pytest.raises(DomainError, match=r"derivative of sqrt\(0.0\).*\(sample 1\)"):
        compiled.value_and_grad(np.array([1.0]), np.array([1.0, 0.0]))


def test_an_index_outside_its_table() -> None:
    w = [Value(1.0), Value(2.0)]
    compiled = ag.compile(lambda i: ag.lookup(w, i), parameters=w, backend=native)
    np.testing.assert_array_equal(compiled.map(np.array([1, 0, 1])), [2.0, 1.0, 2.0])
    for index in (2, -1, 0.5, 1e300):
        with pytest.raises(DomainError, match=r"lookup\(.*, 1\.0, 2\.0\) .*sample 1"):
            compiled.map(np.array([0, index, 1]))


def test_what_failed_leaves_nothing_behind() -> None:
    """Infinite weights times the zeros between rows are nan, which must not stay there."""
    rng = np.random.default_rng(5)
    model = nn.MLP(4, [8, 8, 1], "relu", rng=rng)
    X = rng.normal(size=(3, 4))
    theta = np.array([parameter.data for parameter in model.parameters()])
    compiled = ag.compile(model, parameters=model.parameters(), backend=native)
    before = compiled.value_and_grad(theta, X)
    with pytest.raises(NonFiniteError):
        compiled.value_and_grad(np.where(theta == theta[0], np.inf, theta), X)
    (bound,) = compiled._cache.bound.values()
    assert all((padding == 0.0).all() for padding in bound.program._padding)  # type: ignore[attr-defined]  # of native alone
    after = compiled.value_and_grad(theta, X)
    assert after[0] == before[0]
    np.testing.assert_array_equal(after[1], before[1])


def test_a_gradient_that_is_not_finite_leaves_nothing_behind() -> None:
    """A weight of the entry that is not looked up: the outputs stay finite."""
    rng = np.random.default_rng(7)
    w = [Value(number) for number in rng.normal(size=8)]

    def function(x: list[Value], index: Value) -> Any:
        entries = [ag.sum(ag.tanh(ag.dot(w[i : i + 4], x)) for _ in range(2)) for i in (0, 4)]
        return ag.lookup(entries, index)

    theta, X, index = np.array([v.data for v in w]), rng.normal(size=(3, 4)), np.zeros(3)
    compiled = ag.compile(function, parameters=w, backend=native)
    before = compiled.value_and_grad(theta, X, index)
    with pytest.raises((NonFiniteError, DomainError)):
        compiled.value_and_grad(np.where(theta == theta[5], np.nan, theta), X, index)
    (bound,) = compiled._cache.bound.values()
    assert all((padding == 0.0).all() for padding in bound.program._padding)  # type: ignore[attr-defined]  # of native alone
    np.testing.assert_array_equal(compiled.value_and_grad(theta, X, index)[1], before[1])


def test_a_machine_without_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    assert not native.is_available()
    compiled = ag.compile(lambda x: x * x, backend=native)
    with pytest.raises(MissingPackageError, match=r"no gcc or cc or clang: install gcc"):
        compiled.map(np.ones(2))


@pytest.mark.parametrize("command", ["nonsense", "'"])
def test_a_named_compiler_that_does_not_exist(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", command)
    assert not native.is_available()
    compiled = ag.compile(lambda x: x * x, backend=native)
    with pytest.raises(MissingPackageError, match=f"no {command}, which CC names: name another"):
        compiled.map(np.ones(2))


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("false", "false failed: it says nothing"),
        ("true", "true failed: .*program.so"),
        ("gcc --no-such-option", "gcc --no-such-option failed: .*no-such-option"),
    ],
)
def test_a_compiler_that_fails(command: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", command)
    compiled = ag.compile(lambda x: x * x, backend=native)
    with pytest.raises(CompilationError, match=message):
        compiled.map(np.ones(2))


@pytest.mark.parametrize("backend", ["native", 3, native.bind, object()])
def test_what_is_no_backend(backend: Any) -> None:
    with pytest.raises(ArgumentError, match="backend is a module or an object with a function"):
        ag.compile(lambda x: x * x, backend=backend)


@pytest.mark.parametrize("name", ["gamma", "conditions", "numbers as conditions", "roots"])
def test_an_operation_of_ones_own(name: str) -> None:
    operation = operations.define(name, symbol=name, **OF_ONES_OWN[name])
    X = np.array([0.0, 0.5, 2.5, 3.75])[:, None] + (name == "gamma")
    by_numpy, natively = (
        ag.compile(lambda x: operation(x[0]), backend=backend).map(X)
        for backend in (numpy_backend, native)
    )
    np.testing.assert_allclose(natively, by_numpy, rtol=1e-14)


OF_ONES_OWN: dict[str, Any] = {
    "gamma": {
        "forward": math.gamma,
        "array": lambda np, x: np.vectorize(math.gamma)(x),
        "derivative": lambda g, out, x: (g * out,),
    },
    "conditions": {
        "forward": lambda x: 2.0 - (x > 1.0 and x < 3.0) * x,
        "array": lambda np, x: 2.0 - np.logical_and(x > 1.0, x < 3.0) * np.negative(-x),
        "derivative": lambda g, out, x: (g,),
    },
    "numbers as conditions": {
        "forward": lambda x: (1.0 if x else 2.0) + (x != 0.0 and x - 0.5 != 0.0),
        "array": lambda np, x: np.where(x, 1.0, 2.0) + 1.0 * np.logical_and(x, x - 0.5),
        "derivative": lambda g, out, x: (g,),
    },
    "roots": {
        "forward": lambda x: math.cbrt(x) + math.asinh(x) if x else 0.0,
        "array": lambda np, x: np.cbrt(x) + np.arcsinh(x),
        "derivative": lambda g, out, x: (g,),
    },
}
"""Operations whose names in C are others than in NumPy or in Python."""


@pytest.mark.parametrize("function", ["remainder", "degrees", "spacing"])
def test_functions_that_c_lacks_or_means_otherwise(function: str) -> None:
    def applied(np: Any, x: Any) -> Any:
        return getattr(np, function)(*[x] * (1 + (function == "remainder")))

    operation = operations.define(
        function,
        symbol=function,
        forward=lambda x: float(applied(np, x)),
        array=applied,
        derivative=lambda g, out, x: (g,),
    )
    with pytest.raises(ArgumentError, match=f"{function} cannot be written in C: .*{function}"):
        ag.compile(lambda x: operation(x), backend=native).map(np.ones(2))


def test_operations_that_have_no_form_in_c() -> None:
    def sort_of_cube(np: Any, x: Any) -> Any:
        return x**3 if np.all(x > 0) else x * x * x

    cube = operations.define(
        "cube without a formula",
        symbol="x³",
        forward=lambda x: x**3,
        array=sort_of_cube,
        derivative=lambda g, out, x: (g * (3 * x * x if x > 0 else 3 * x**2),),
    )
    with pytest.raises(ArgumentError, match="cube without a formula cannot be written in C"):
        ag.compile(lambda x: cube(x), backend=native).map(np.ones(2))
    formulas = Formulas(np.dtype(float))
    with pytest.raises(ArgumentError, match="the derivative of cube without a formula"):
        formulas.derivative(cube, Formula("g"), Formula("out"), [Formula("x")])


@pytest.mark.parametrize("number", [math.inf, -math.inf])
def test_an_infinite_constant_is_written_with_its_sign(number: float) -> None:
    choose = ag.min if number > 0 else ag.max
    program = ag.compile(lambda x: choose(x, number), backend=native)
    assert program.map([2.0]).tolist() == [2.0]
    assert "_in_numpy" not in vars(program._cache.latest_bound().program)

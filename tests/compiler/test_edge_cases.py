"""Programs that once came out wrong, and errors that once were not ours."""

import itertools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value, operations
from autograd.compiler import chunks, float_backend, native, numpy_backend
from autograd.errors import (
    ArgumentError,
    AutogradError,
    DomainError,
    GraphError,
    ShapeError,
    TraceError,
)
from autograd.operation import Operation
from autograd.wording import counted


def test_one_parameter_in_many_equal_terms() -> None:
    shift = Value(0.5)
    ag.compile(lambda x: ag.sum(a - shift for a in x))(np.ones((3, 5))).backward()
    assert shift.grad == pytest.approx(-5.0)


def test_terms_times_zero() -> None:
    weights = [Value(0.5) for _ in range(6)]
    ag.compile(lambda x: ag.dot(weights, [x, *[0.0] * 5]))(np.ones(3)).backward()
    assert [weight.grad for weight in weights] == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]


def test_a_sum_that_overflows_is_an_error_even_times_zero() -> None:
    weight = Value(0.5)

    def function(x: Value, y: Value) -> Value:
        return 0.0 * (x + y) + weight * x * 1e-300

    program = ag.compile(function, backend=numpy_backend)
    program.map([1.0, 2.0], [1.0, 2.0])
    with pytest.raises(ag.NonFiniteError):
        program.map([1.0, 1e308], [1.0, 1e308])


def test_a_forward_sum_of_zeros() -> None:
    program = ag.compile(lambda x: ag.dot([0.0] * 6, x))
    assert program.map(np.ones((3, 6))).tolist() == [0.0, 0.0, 0.0]


def test_a_varying_sum_of_shared_terms_only() -> None:
    weights = [Value(0.5) for _ in range(6)]
    program = ag.compile(lambda x: ag.sum(ag.lookup([w, x], 0) for w in weights))
    assert program.map(np.ones(3)).tolist() == [3.0, 3.0, 3.0]


def printed(value: Value) -> float:
    """A way around the guard on the numbers of Values."""
    return float(f"{value:g}")


def chooses_a_parameter(x: Value) -> Any:
    return [Value(0.5), Value(2.0)][int(printed(x))] * 3


PARAMETERS = [Value(0.5), Value(2.0)]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: PARAMETERS[int(printed(x))] * 3,
        lambda x: PARAMETERS[0] * Value(printed(x)),
        chooses_a_parameter,
    ],
)
def test_variables_that_depend_on_the_numbers_are_noticed(function: Any) -> None:
    with pytest.raises(TraceError):
        ag.compile(function).map(np.array([0.0, 1.0, 1.0]))


def test_graphs_of_different_size_name_the_line() -> None:
    def function(x: Value) -> Any:
        return sum([x] * (1 + int(printed(x))), PARAMETERS[0])

    with pytest.raises(TraceError, match=r"test_\w+\.py:\d+: "):
        ag.compile(function).map(np.array([0.0, 1.0, 2.0]))


@pytest.mark.parametrize("index", [-1.0, 0.5, 2.0])
def test_lookup_in_a_mixed_table_checks_its_index(index: float) -> None:
    program = ag.compile(lambda x: ag.lookup([PARAMETERS[0], x[1]], x[0]))
    with pytest.raises(DomainError, match="sample 1"):
        program.map(np.array([[0.0, 1.0], [index, 7.0], [1.0, 3.0]]))


def test_lookup_counts_samples_over_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CACHE_BYTES", 1)
    monkeypatch.setattr(chunks, "SMALLEST_CHUNK", 1)
    with pytest.raises(DomainError, match="sample 2"):
        ag.compile(lambda i: ag.lookup(PARAMETERS, i)).map(np.array([0.0, 1.0, 2.0, 0.0]))


def test_a_derivative_by_a_parameter_names_its_sample() -> None:
    base = Value(0.0)
    with pytest.raises(AutogradError, match=r"0\.0 \*\* 0\.5 .*sample 2"):
        ag.compile(lambda x: base**x)(np.array([1.0, 2.0, 0.5, 1.0]))


@pytest.mark.parametrize(
    "theta",
    [
        0.5,
        np.array(0.5),
        ["a"],
        [np.nan],
        [[1.0], [2.0, 3.0]],
        [[1.0, 2.0]],
        [[1.0]],
        {0: 1.0},
        np.ma.masked_array([1.0], [True]),
    ],
)
@pytest.mark.parametrize("given", [[], PARAMETERS[:1]])
def test_theta_is_checked(theta: Any, given: list[Value]) -> None:
    reached = PARAMETERS if given else PARAMETERS[:1]
    program = ag.compile(lambda x: ag.sum(reached) * x, parameters=given)
    with pytest.raises(AutogradError) as caught:
        program.value_and_grad(theta, np.ones(3))
    if "theta has shape" in str(caught.value):
        assert f"has {counted(len(reached), 'parameter')}" in str(caught.value)
    with pytest.raises(type(caught.value)) as same:
        program.value(theta, np.ones(3))
    assert str(same.value) == str(caught.value)


def test_backward_without_parameters() -> None:
    mean = ag.compile(lambda x: 2 * x)(np.ones(3))
    with pytest.raises(GraphError):
        mean.backward()


def test_an_infinite_constant() -> None:
    program = ag.compile(lambda x: ag.tanh(x * 1e308 * 10))  # eager: 1e307 at 0.01
    np.testing.assert_allclose(program.map(np.array([0.01, 0.02])), 1.0)


def test_an_output_may_be_used_again_and_again() -> None:
    def function(x: Any) -> Any:
        total = x[0] + x[1]
        return [total, *(ag.sum([total, ag.exp(a)]) for a in x), total + ag.sin(x[0])]

    expected = [[3.0, 3 + math.e, 3 + math.exp(2.0), 3 + math.sin(1.0)]]
    np.testing.assert_allclose(ag.compile(function).map([[1.0, 2.0]]), expected, rtol=1e-12)


def test_no_derivative_is_asked_for_where_no_gradient_arrives_in_a_matrix_product() -> None:
    v = Value(1.0)
    rows = [[Value(0.1 * i + j) for i in range(2)] for j in range(4)]

    def function(x: Any) -> Any:
        roots = [ag.sqrt(v * a) for a in x]
        used, detached = ([ag.dot(row, part) for row in rows] for part in (roots[:2], roots[2:]))
        return ag.sum(map(ag.tanh, used)) + ag.sum(map(ag.detach, detached))

    ag.compile(function, backend=numpy_backend)([[1.0, 4.0, 0.0, 0.0]]).backward()
    assert math.isfinite(v.grad)


def test_a_function_may_have_no_signature() -> None:
    assert ag.compile(operator.itemgetter(0)).map([[1.0, 2.0], [3.0, 4.0]]).tolist() == [1.0, 3.0]


def test_a_type_that_numpy_cannot_make_is_none_of_floats() -> None:
    with pytest.raises(ArgumentError, match="float64 or float32"):
        ag.compile(ag.sum, dtype=[("a", float), ("a", float)])


def test_a_recorded_graph_with_inputs_takes_an_array() -> None:
    x, w = Value(1.0), Value(2.0)
    with pytest.raises(ShapeError, match="one array of shape"):
        ag.compile_graph(w * x + 1, [x], [w]).map()


@pytest.mark.parametrize(
    "use",
    [
        lambda: ag.compile(lambda x: x).map([[1.0, 2.0], [3.0]]),
        lambda: ag.compile(lambda x: []).map(np.ones(3)),
        lambda: ag.compile_graph(3.0, [], []),  # type: ignore[arg-type]
        lambda: ag.compile_graph(PARAMETERS[0] * 2, [3.0], []),  # type: ignore[list-item]
    ],
)
def test_errors_are_of_the_family(use: Any) -> None:
    with pytest.raises(AutogradError):
        use()


# --- what a review found -------------------------------------------------------------------------


def test_a_lone_first_sample_is_compared_with_a_later_one() -> None:
    program = ag.compile(lambda x: x * 2 if printed(x) > 0 else x * 3)
    program.map(np.array([1.0]))
    for _ in range(2):  # the same batch again is no better
        for batch, sample in ([1.0, -1.0], 1), ([-1.0, 1.0], 0), ([-1.0], 0):
            with pytest.raises(TraceError, match=f"for sample {sample} than for the lone sample"):
                program.map(np.array(batch))
    assert program.map(np.array([1.0])) == [2.0]


def test_a_comparison_that_is_interrupted_is_made_in_the_next_call() -> None:
    def function(x: Value) -> Any:
        if interrupts:
            raise interrupts.pop()
        return x * 2 if printed(x) > 0 else x * 3

    interrupts: list[BaseException] = []
    program = ag.compile(function)
    program.map(np.array([1.0]))
    interrupts.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        program.map(np.array([-1.0]))
    with pytest.raises(TraceError):
        program.map(np.array([-1.0]))


def test_a_function_that_does_not_do_the_same_again_is_told_so() -> None:
    counts = itertools.count(1.0)
    program = ag.compile(lambda x: x * next(counts))
    with pytest.raises(TraceError, match="something different when it is called again for sample"):
        program.map(np.array([1.0]))


def test_equality_with_a_number_is_refused() -> None:
    with pytest.raises(TraceError, match="compared"):
        ag.compile(lambda x, label: x if label == 1 else -x).map(np.ones(2), np.array([0, 1]))


@pytest.mark.parametrize("parameters", [[PARAMETERS[0], PARAMETERS[0]], [1.0]])
def test_parameters_are_checked(parameters: Any) -> None:
    with pytest.raises(AutogradError):
        ag.compile(lambda x: x, parameters=parameters)


@pytest.mark.parametrize("index", [1.5, 7.0, -1.0])
def test_an_index_that_is_a_parameter_is_checked(index: float) -> None:
    place = Value(1.0)
    program = ag.compile(lambda x: ag.lookup([x, x * 2], place))
    assert program.map(np.ones(2)).tolist() == [2.0, 2.0]
    place.data = index
    with pytest.raises(DomainError):
        program.map(np.ones(2))


# --- derivatives that nobody asked for -----------------------------------------------------------


@pytest.mark.parametrize("backend", [numpy_backend, float_backend])
@pytest.mark.parametrize(
    "outputs",
    [
        lambda w, x: [ag.sqrt(w * x + 1), ag.sqrt(w * x)],
        lambda w, x: [ag.sqrt(w * x + 1), 1 + ag.exp(ag.sqrt(w * x))],
        lambda w, x: [ag.sqrt(w * x + 1), ag.sqrt(w - 0.5) + ag.sqrt(w + 1)],
        lambda w, x: [ag.sqrt(w * x + 1) + ag.sqrt(x), x],
        lambda w, x: [ag.sqrt(w * x + 1) + ag.detach(ag.sqrt(w * x)), x],
    ],
)
def test_only_derivatives_of_the_first_output_by_parameters_have_to_exist(
    outputs: Any, backend: Any
) -> None:
    """That of sqrt at 0 is not among them, though it shares a block with one that is."""
    w = Value(0.5)
    program = ag.compile(lambda x: outputs(w, x), backend=backend)
    samples = np.array([0.0, 2.0])
    _, gradient = program.outputs_and_grad(np.array([0.5]), samples)
    wanted = ag.mean(ag.sqrt(w * x + 1) for x in samples.tolist())
    assert gradient.tolist() == pytest.approx(ag.gradient(wanted, [w]))


def test_whole_numbers_in_calls_of_numpy_stay_whole() -> None:
    shifted = operations.define(
        "times 8",
        symbol="8x",
        forward=lambda x: 8.0 * x,
        array=lambda np, x: np.ldexp(x, 3),
        derivative=lambda g, out, x: (8 * g,),
    )
    w = Value(1.0)
    program = ag.compile(lambda x: shifted(w * x), parameters=[w], backend=numpy_backend)
    mean, gradient = program.value_and_grad(np.array([2.0]), np.array([1.0, 3.0]))
    assert (mean, gradient.tolist()) == (32.0, [16.0])


@pytest.mark.parametrize("function", [lambda x: ag.tanh(x) * 1e300, lambda x: ag.max(x, 1e300)])
def test_a_constant_too_large_for_float32_is_an_error_of_ours(function: Any) -> None:
    program = ag.compile(function, dtype=np.float32, backend=numpy_backend)
    with pytest.raises(ag.NonFiniteError, match=r"constant 1e\+300 is too large for float32"):
        program.map(np.array([1.0, 2.0]))


@pytest.mark.parametrize("backend", [numpy_backend, float_backend])
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_parameter_that_is_not_finite_is_named(backend: Any, number: float) -> None:
    w = [Value(1.0), Value(2.0)]
    program = ag.compile(lambda x: w[0] * x + w[1], parameters=w, backend=backend)
    with pytest.raises(ag.NonFiniteError, match=f"parameter 1 is {number}"):
        program.value_and_grad(np.array([1.0, number]), np.ones(3))


# --- which operation, which sample ---------------------------------------------------------------

BACKENDS: list[Any] = [numpy_backend, float_backend, *[native] * native.is_available()]
u = Value(1.0)
WEIGHTS = [Value(1.0) for _ in range(9)]


def roots(name: str) -> Operation:
    """The sum of two roots, whose slopes do not exist at zero; a rule that counts comparisons."""
    return operations.define(
        name,
        symbol="√+√",
        forward=lambda x, y: math.sqrt(x) + math.sqrt(y),
        array=lambda np, x, y: np.sqrt(x) + np.sqrt(y),
        derivative=lambda g, out, x, y: (
            g * ((x > 0) - (x < 0)) * 0.5 * x**-0.5,
            g * 0.5 * y**-0.5,
        ),
    )


def masked_layer(x: Any) -> Any:
    rows = [ag.dot(WEIGHTS[i : i + 3], [x, 1.0 * x, 2.0 * x]) for i in (0, 3, 6)]
    masked = [row + mask for row, mask in zip(rows, [0.5, -math.inf, 0.25], strict=True)]
    return ag.sum(ag.exp(row) for row in masked) + ag.log(ag.relu(ag.relu(u * x)))


FAILURES: dict[str, tuple[Callable[[Any], Any], Sequence[float], str]] = {
    "an infinity that is meant": (
        lambda x: ag.exp(u * x + -math.inf) + ag.exp(u * x),
        [1.0, 1000.0, 2.0],
        r"exp\(1000\.0\) is too large for a float.*\(sample 1\)",
    ),
    "an infinity that is added to a matrix product": (
        masked_layer,
        [1.0, 2.0, 0.0],
        r"log\(0\.0\) does not exist.*\(sample 2\)",
    ),
    "an infinity that is meant, and too large a product": (
        lambda x: ag.exp(u * x + -math.inf) + u * x * x,
        [1.0, 1e200, 2.0],
        r"an output that is inf: .* inf, from 1e\+200 \* 1e\+200\. .*\(sample 1\)\.$",
    ),
    "an infinite output": (
        lambda x: [u * x, u * x + -math.inf],
        [1.0, 2.0],
        r"an output that is -inf: .* -inf, from the number -inf\. .*\(sample 0\)\.$",
    ),
    "a difference of infinities": (
        lambda x: ag.exp(u * x + -math.inf) + ((u * x + -math.inf) + ag.relu(x) * math.inf),
        [1.0, 2.0],
        r"an output that is nan: .* nan, from \(-inf\) \+ inf\. .*\(sample 0\)\.$",
    ),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", FAILURES)
def test_the_first_that_failed_is_named(name: str, backend: Any) -> None:
    function, numbers, message = FAILURES[name]
    with pytest.raises(AutogradError, match=message):
        ag.compile(function, backend=backend)(np.array(numbers))


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_infinity_that_is_meant_is_no_error(backend: Any) -> None:
    def attention(x: Value) -> Any:
        return ag.softmax([u * x, u * x * 2 + -math.inf, u])[0]

    x = Value(0.5)
    y = attention(x)
    (slope,) = ag.gradient(y, [u])
    program = ag.compile(attention, parameters=[u], backend=backend)
    mean, gradient = program.value_and_grad(np.array([1.0]), np.array([0.5]))
    assert mean == pytest.approx(y.data)
    assert gradient.tolist() == pytest.approx([float(slope)])


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_first_derivative_that_failed_is_named(backend: Any) -> None:
    own = roots("roots")
    for function, at in (
        (lambda x, y: own(u * x, u * y), r"roots\(0\.0, 4\.0\) does .*\(sample 1\)\.$"),
        (lambda x, y: own(u * y, x), r"roots\(0\.0, 1\.0\) does .*\(sample 2\)\.$"),
        (lambda x, y: own(y, u * x), r"roots\(4\.0, 0\.0\) does .*\(sample 1\)\.$"),
    ):
        program = ag.compile(function, parameters=[u], backend=backend)
        with pytest.raises(DomainError, match="the derivative of " + at):
            program(np.array([1.0, 0.0, 1.0]), np.array([4.0, 4.0, 0.0]))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_derivative_fails_by_the_gradient_that_it_gets_from_a_sum(backend: Any) -> None:
    """Of 1e200, that is, though no copy of it is written beside the root."""
    program = ag.compile(lambda x: (ag.sqrt(u * x) + x) * 1e200, parameters=[u], backend=backend)
    message = r"sqrt\(1e-300\) sends on is not finite: 1e\+200 became inf\. .* \(sample 1\)\.$"
    with pytest.raises(ag.NonFiniteError, match=message):
        program(np.array([1.0, 1e-300]))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_derivative_that_failed_is_no_error_of_the_next_call(backend: Any) -> None:
    guarded = operations.define(
        "guarded log",
        symbol="log",
        forward=lambda x: math.log(x) if x > 0.0 else 0.0,
        array=lambda np, x: np.where(x > 0.0, np.log(x), 0.0),  # which signals at 0
        derivative=lambda g, out, x: (g / x,),
    )
    program = ag.compile(lambda x: guarded(u * x), parameters=[u], backend=backend)
    with pytest.raises(DomainError, match=r"derivative of guarded log\(0\.0\) does not exist"):
        program(np.array([1.0, 0.0]))
    assert program.map(np.array([1.0, 0.0])).tolist() == [0.0, 0.0]


def test_what_is_detached_needs_no_derivative_beside_what_is_not() -> None:
    w = ag.Value(1.0)

    def loss(x: Any) -> Any:
        a, b = (number * ag.sqrt(w * number) for number in x)
        return ag.tanh(a) + a + ag.detach(ag.tanh(b))

    eager = loss([ag.Value(4.0), ag.Value(0.0)])
    eager.backward()
    compiled = ag.compile(loss, backend=numpy_backend)
    mean, (slope,) = compiled.value_and_grad(np.array([1.0]), [[4.0, 0.0]] * 2)
    assert mean == pytest.approx(eager.data, rel=1e-12)
    assert slope == pytest.approx(w.grad, rel=1e-12)

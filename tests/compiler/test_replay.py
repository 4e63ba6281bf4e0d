"""A compiled program fails where eager mode does, and says the same."""

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, operations
from autograd.compiler import chunks, float_backend, native, numpy_backend, replay
from autograd.diagnosis import require_finite_output
from autograd.errors import AutogradError, DomainError, NonFiniteError
from autograd.graph import topological_order
from autograd.operation import BUILT_IN, OPERATIONS, Operation
from autograd.operations import define
from autograd.value import as_value
from autograd.wording import of_sample

NOT_EAGER = "though none is in eager mode"


@pytest.fixture(scope="module", autouse=True)
def guarded() -> Iterator[Operation]:
    """An operation whose array signals where its forward does not, and that has no slope at 0."""
    yield define(
        "guarded",
        symbol="?",
        forward=lambda x: 0.0 if x <= 0.0 else math.log(x),
        array=lambda np, x: np.where(x <= 0.0, 0.0, np.log(x)),
        derivative=lambda g, out, x: (g / x,),
    )
    del OPERATIONS["guarded"]


# --- any program, anywhere -----------------------------------------------------------------------


def zero(a: Any) -> Any:
    """Return 0, but nan for a nan: which a lookup would leave out, and not all backends notice."""
    return ag.relu(-ag.abs(a))


OF_ONE: list[Callable[[Any], Any]] = [
    ag.exp,
    ag.log,
    ag.sqrt,
    ag.tanh,
    ag.relu,
    ag.sin,
    lambda a: a**1.5,
    lambda a: 1 / ag.exp(a),
    lambda a: OPERATIONS["guarded"](a),
]
OF_TWO: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a + b,
    lambda a, b: 3 * a + b,
    lambda a, b: a * b - 1,
    lambda a, b: a / b,
    lambda a, b: ag.dot([a, b, a], [b, b, a], b),
    lambda a, b: ag.max(a, b),
    lambda a, b: ag.max(a, b + -math.inf),
    lambda a, b: ag.lookup([b, a, b + 1], a) + zero(b),
    lambda a, b: ag.lookup([a, 3 * b * b], operations.heaviside(a)) + zero(b),
]
Steps = Sequence[tuple[int, int, int]]

programs = st.lists(
    st.tuples(st.integers(0, len(OF_ONE + OF_TWO) - 1), st.integers(0, 3), st.integers(0, 6)),
    min_size=1,
    max_size=7,
)
numbers = st.sampled_from(
    [0.0, -0.0, 1.0, 2.0, 0.5, -1.0, 500.0, -900.0, 1e3, 1e160, -7e190, 1e200, 1e-170, -1e-200]
)
samples = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4)
THETA = [1.0, 0.5, -2.0]


def function_of(steps: Steps, w: Sequence[Value]) -> Callable[[Sequence[Any]], Any]:
    """Return the function whose result is the last step, and that computes nothing else.

    It computes first operands first, in the order of the graph: if two operations fail in a sample,
    the first of them is told.
    """

    def function(x: Sequence[Any]) -> Any:
        nodes: dict[int, Any] = {0: w[0] * x[0], 1: w[1] * x[1], 2: w[2]}

        def node(place: int) -> Any:
            if place not in nodes:
                kind, one, other = steps[place - len(w)]
                nodes[place] = (
                    OF_ONE[kind](node(place - 1 - one % place))
                    if kind < len(OF_ONE)
                    else OF_TWO[kind - len(OF_ONE)](
                        node(place - 1 - one % place), node(other % place)
                    )
                )
            return nodes[place]

        return node(len(w) + len(steps) - 1)

    return function


def eager_error(function: Any, X: Sequence[Sequence[float]], differentiate: bool) -> str | None:
    """Return what eager mode says of the first sample that fails, with its number."""
    for sample, x in enumerate(X):
        try:
            output = function(list(map(as_value, x)))
            if differentiate:
                output.backward()
            else:
                require_finite_output(output, "the program returns", topological_order(output))
        except (DomainError, NonFiniteError) as error:
            return of_sample(error, sample)
    return None


def compiled_error(run: Callable[..., Any], *arguments: Any) -> str | None:
    try:
        run(*arguments)
    except AutogradError as error:
        return str(error)
    return None


def assert_errors_are_those_of_eager_mode(steps: Steps, X: Any, *backends: Any) -> None:
    w = [Value(number) for number in THETA]
    function = function_of(steps, w)
    for backend in backends:
        program = ag.compile(function, parameters=w, backend=backend)
        try:
            program.map(np.array([[1.0, 1.5]]))
        except AutogradError:
            assume(False)  # there is nothing to compile at this sample
        in_map = compiled_error(program.map, np.array(X))
        assert in_map == eager_error(function, X, differentiate=False)
        error = compiled_error(program.value_and_grad, np.array(THETA), np.array(X))
        if error is None or NOT_EAGER not in error:
            assert error == eager_error(function, X, differentiate=True)
        else:
            assert eager_error(function, X, differentiate=True) is None


@settings(deadline=None, max_examples=400)
@given(programs, samples)
def test_errors_are_those_of_eager_mode(steps: Steps, X: Any) -> None:
    assert_errors_are_those_of_eager_mode(steps, X, numpy_backend, float_backend)


@settings(deadline=None, max_examples=100)
@given(programs, samples)
def test_samples_are_counted_over_chunks(steps: Steps, X: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CACHE_BYTES", 1)
        patch.setattr(chunks, "SMALLEST_CHUNK", 2)
        assert_errors_are_those_of_eager_mode(steps, X, numpy_backend)


@pytest.mark.skipif(not native.is_available(), reason="there is no C compiler")
@settings(deadline=None, max_examples=4)
@given(programs, samples)
def test_errors_of_native_programs_are_those_of_eager_mode(steps: Steps, X: Any) -> None:
    assert_errors_are_those_of_eager_mode(steps, X, native)


# --- what a law does not reach -------------------------------------------------------------------

every_backend = pytest.mark.parametrize(
    "backend", [numpy_backend, float_backend, *[native] * native.is_available()]
)


@every_backend
@pytest.mark.parametrize(("dtype", "large"), [(np.float64, 1e200), (np.float32, 1e30)])
def test_an_overflow_without_effect_is_no_error(backend: Any, dtype: Any, large: float) -> None:
    w = Value(1.0)
    program = ag.compile(
        lambda x: 1 / (w * x * x + 1) + w, parameters=[w], dtype=dtype, backend=backend
    )
    program.map(np.ones(3))
    assert program.map(np.array([1.0, large, 3.0])) == pytest.approx([1.5, 1.0, 1.1])


@every_backend
def test_an_overflow_of_inputs_alone_names_their_operation(backend: Any) -> None:
    w = Value(2.0)
    program = ag.compile(lambda x: w * (x * x), backend=backend)
    program.map(np.ones(3))
    message = r"^backward\(\) from .* is inf, from 1e\+200 \* 1e\+200\. .*\(sample 1\)\.$"
    with pytest.raises(NonFiniteError, match=message):
        program([1.0, 1e200, 1.0])


@every_backend
def test_a_nan_of_an_operation_of_ones_own_is_refused_where_it_arises(backend: Any) -> None:
    hollow = define(
        "hollow",
        symbol="?",
        forward=lambda x: x if x > 0.0 else math.nan,
        array=lambda np, x: np.where(x > 0.0, x, np.nan),
        derivative=lambda g, out, x: (g,),
    )
    w = Value(1.0)
    program = ag.compile(lambda x: ag.tanh(hollow(w * x)), backend=backend)
    program.map(np.ones(3))
    with pytest.raises(NonFiniteError, match=r"^hollow\(-1\.0\) is nan: .*\(sample 1\)$"):
        program([1.0, -1.0, 1.0])


@every_backend
def test_a_gradient_that_overflows_where_samples_add_up_names_the_sample(backend: Any) -> None:
    """No number of the sample itself is infinite: only its product with a gradient is."""
    w = Value(1e-300, "w")
    program = ag.compile(lambda x, y: w * x * y, parameters=[w], backend=backend)
    X, Y = np.ones((2, 100))
    X[70:72] = Y[70:72] = 1e200
    message = r"1e-300 \* 1e\+200 sends on is not finite: 1e\+200 became inf, .*\(sample 70\)\.$"
    with pytest.raises(NonFiniteError, match=message):
        program(X, Y)


@every_backend
def test_numbers_too_large_for_float32_alone_name_the_operation(backend: Any) -> None:
    w = Value(1.0)
    program = ag.compile(lambda x: ag.exp(w * x), dtype=np.float32, backend=backend)
    program.map(np.ones(3))
    with pytest.raises(
        NonFiniteError, match=r"^exp\(100\.0\) is 2\.\d+e\+43, too large for float32 \(sample 1\)$"
    ):
        program(np.array([1.0, 100.0, 50.0]))


@every_backend
def test_a_gradient_too_large_for_float32_alone_is_an_error(backend: Any) -> None:
    w = Value(1e-20)
    program = ag.compile(lambda x: w * x * x, dtype=np.float32, backend=backend)
    program.map(np.ones(3))
    with pytest.raises(NonFiniteError, match=rf"float32, {NOT_EAGER}.*\(sample 1\)$"):
        program(np.array([1.0, 1e25, 1.0]))
    with pytest.raises(NonFiniteError, match=rf"float64, {NOT_EAGER}.*\(sample 0\)$"):
        ag.compile(lambda x: w * x + ag.relu(w * -math.inf), backend=backend)(np.ones(2))


@every_backend
def test_only_one_sample_of_a_kind_is_replayed(
    backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All samples of a masked softmax hold an infinity."""
    play = Mock(wraps=replay._replay)
    monkeypatch.setattr(replay, "_replay", play)
    w = Value(1.0)
    program = ag.compile(
        lambda x: ag.log(ag.softmax([w * x, w, w * x + -math.inf])[0]) + ag.sqrt(x),
        backend=backend,
    )
    program.map(np.ones(3))
    with pytest.raises(DomainError, match=r"sqrt\(-1\.0\).*\(sample 40\)"):
        program([*np.ones(40), -1.0, *np.ones(10)])
    assert play.call_count == 2


@every_backend
def test_labels_of_parameters_are_told(backend: Any) -> None:
    w = Value(1e-300, "w")
    program = ag.compile(lambda x: w * x + x * w, parameters=[w], backend=backend)
    program.map([1.0])
    with pytest.raises(NonFiniteError, match=r"gradient of the number 1e-300 \(labelled 'w'\)"):
        program([1.7e308])


@every_backend
@pytest.mark.parametrize("context", [ag.no_grad, ag.detect_anomaly])
def test_an_error_is_the_same_in_every_context(backend: Any, context: Any) -> None:
    w = Value(0.0)
    program = ag.compile(lambda x: ag.sqrt(w * x), parameters=[w], backend=backend)
    with context(), pytest.raises(DomainError, match=r"derivative of sqrt\(0\.0\).*\(sample 0\)"):
        program.value_and_grad(np.zeros(1), np.ones(3))
    assert w.grad == 0.0


# --- what is nan ---------------------------------------------------------------------------------

AS_WRITTEN: dict[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in ("add", "sub", "mul", "neg", "pow")},
    "div": operator.truediv,
    "sum": lambda *xs: ag.sum(xs),
    "max": lambda *xs: ag.max(xs),
    "min": lambda *xs: ag.min(xs),
    "dot": lambda *xs: ag.dot(xs[:2], xs[2:]),
    "lookup": lambda index, *entries: ag.lookup(entries, index),
    "heaviside": operations.heaviside,
}
"""How users write operations that are no functions of the package by the same name."""


def outcome(apply: Callable[..., Value], operands: Sequence[Value]) -> str:
    try:
        return str(apply(*operands).data)
    except AutogradError as error:
        return repr(error)


@pytest.mark.parametrize("name", sorted(BUILT_IN.keys() & OPERATIONS.keys()))
def test_each_operation_meets_nan_as_in_eager_mode(name: str) -> None:
    operation = BUILT_IN[name]
    as_written = AS_WRITTEN.get(name) or getattr(ag, name)
    names = operation.input_names()
    count = len(names) if names is not None else 4
    for place in range(count):
        operands = [Value(1.0) for _ in range(count)]
        operands[place] = Value(math.inf) - math.inf
        replayed = outcome(lambda *xs: replay._record(operation, xs), operands)
        assert replayed == outcome(as_written, operands)


@pytest.mark.parametrize(
    ("function", "sample"),
    [
        (lambda w, x: w / (x[0] * x[0]), [1e200]),
        (lambda w, x: w / (x[0] * x[0]) + ag.sqrt(x[1]), [1e200, 0.0]),
        (lambda w, x: 1 / (x[0] * x[0]), [1e200]),
        (lambda w, x: ag.sqrt(1 / (x[0] * x[0])), [1e200]),
    ],
    ids=["divisor", "beside a kink", "nothing trained", "root of nothing trained"],
)
def test_what_overflows_on_the_way_and_vanishes_is_no_error(
    function: Callable[..., Any], sample: list[float]
) -> None:
    w = Value(1.0)
    for backend in (numpy_backend, float_backend):
        program = ag.compile(lambda x: function(w, x), parameters=[w], backend=backend)
        mean, gradient = program.value_and_grad([1.0], [sample])
        assert (mean, gradient.tolist()) == (0.0, [0.0])


def test_an_objective_may_be_a_number_beside_what_overflows() -> None:
    w = Value(1.0)
    program = ag.compile(lambda x: [3.0, 1 / (x * x)], parameters=[w], backend=numpy_backend)
    assert program.outputs_and_grad([1.0], [1e200])[0].tolist() == [[3.0, 0.0]]

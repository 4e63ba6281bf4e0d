"""Straight-line Python on floats: when it is chosen, and that it fails and rounds as NumPy does.

That it computes the same is in `test_backends` and `test_agreement`, which run every backend.
"""

import gc
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Value, operations
from autograd.compiler import float_backend, numpy_backend
from autograd.compiler.float_backend import source
from autograd.compiler.passes import apply_passes
from autograd.compiler.passes.tape import read_tape
from autograd.compiler.program import Program
from autograd.errors import AutogradError, DomainError
from autograd.graph import topological_order

w, v, zero = Value(0.5), Value(2.0), Value(0.0)


def chain(length: int) -> Program:
    """A step of tanh and one of mul in turn, on one number."""
    x, weights = Value(0.5), [Value(0.9 + 0.01 * i) for i in range(8)]
    y = x
    for i in range(length // 2):
        y = ag.tanh(y * weights[i % 8])
    return apply_passes(read_tape([y], [x], weights)).program


def of_floats(function: Callable[..., Any]) -> Any:
    return ag.compile(function, backend=float_backend)


# --- the choice ----------------------------------------------------------------------------------


def test_a_deep_narrow_graph_runs_on_floats_at_small_batches_only() -> None:
    program = chain(100)
    assert float_backend.is_faster(program, 1)
    assert float_backend.is_faster(program, 15)
    assert not float_backend.is_faster(program, 64)


def test_a_graph_of_nothing_runs_in_numpy() -> None:
    x = Value(1.0)
    assert not float_backend.is_faster(apply_passes(read_tape([x], [x], [])).program, 1000)


def test_a_network_runs_in_numpy() -> None:
    model = nn.MLP(2, [16, 16, 1], rng=np.random.default_rng(0))
    compiled = ag.compile(model)
    compiled.map(np.ones((1, 2)))
    assert "def forward():" in compiled.source


def test_compile_chooses_by_the_batch_size() -> None:
    compiled = ag.compile(lambda x: ag.tanh(w * x))
    compiled(np.ones(2))
    assert compiled.source.startswith("def run(theta, samples, differentiate):")
    compiled(np.ones(1000))
    assert "def backward():" in compiled.source


@pytest.mark.parametrize("backend", [float_backend, numpy_backend])
@pytest.mark.parametrize("size", [2, 1000])
def test_a_given_backend_is_used_for_every_batch(backend: Any, size: int) -> None:
    compiled = ag.compile(lambda x: ag.tanh(w * x), backend=backend)
    compiled(np.ones(size))
    assert compiled.source == backend.bind(compiled_program(), size).source


def compiled_program() -> Program:
    x = Value(1.0)
    return apply_passes(read_tape([ag.tanh(w * x)], [x], [w])).program


# --- the source ----------------------------------------------------------------------------------


def test_what_is_shared_is_computed_once_and_what_needs_no_gradient_sends_none() -> None:
    program = of_floats(lambda x: ag.exp(w) * ag.cos(x) + ag.sqrt(ag.cos(x) + 2) + w * x)
    program(np.ones(3))
    source = program.source
    before, within = source.split("    for ")
    assert "exp(" in before
    assert "exp(" not in within
    assert "sin(" not in source  # the derivative of cos
    assert "dv0" not in source  # the gradient of the input
    assert source.count("sqrt(") == 1


@pytest.mark.parametrize("length", [5, 300, 20_000])
def test_sums_of_any_length_compile(length: int) -> None:
    compiled = of_floats(lambda x: ag.dot([w] * length, [x] * length) + ag.sum([v] * length))
    mean = compiled(np.array([1.0, 3.0]))
    assert mean.data == pytest.approx(length * 3.0)
    assert compiled.value_and_grad([0.5, 2.0], [1.0, 3.0])[1].tolist() == [2.0 * length, length]


def test_a_sum_begins_with_what_is_not_negative() -> None:
    w = Value(2.0)
    program = ag.compile(lambda x: ag.tanh(1 - x) * w - 3.0, backend=float_backend)
    assert program.map([1.0]).tolist() == [-3.0]
    assert "1.0 - v0" in program.source
    assert "= -" not in program.source.partition("if not differentiate")[0]


def test_programs_of_20_000_steps_compile_without_recursion() -> None:
    program = chain(20_000)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(150)
    try:
        bound = float_backend.bind(program, 1)
    finally:
        sys.setrecursionlimit(limit)
    theta, X = np.linspace(0.9, 1.1, 8), [np.array([[0.5]])]
    in_numpy = numpy_backend.bind(chain(2_000), 1).run(theta, X, differentiate=True)
    short = float_backend.bind(chain(2_000), 1).run(theta, X, differentiate=True)
    np.testing.assert_allclose(short[1], in_numpy[1], rtol=1e-12)
    assert np.isfinite(bound.run(theta, X, differentiate=True)[1]).all()


def test_operations_may_be_called_like_rows_and_keywords() -> None:
    names = ["u0", "v1", "t0", "for", "theta", "a b", "a_b"]
    doubled = {
        name: operations.define(
            name,
            symbol="2",
            forward=lambda x: 2.0 * x,
            array=lambda np, x: np.stack([x, x]).sum(0),
            derivative=lambda g, out, x: (g + g if x > 0 else 2 * g,),
        )
        for name in names
    }
    compiled = of_floats(lambda x: sum((double(x) for double in doubled.values()), w * x))
    assert compiled.map(np.array([1.0, -3.0])).tolist() == [14.5, -43.5]
    compiled = of_floats(lambda x: doubled["for"](doubled["u0"](w * x)))
    assert compiled.value_and_grad([0.5], [1.0, 2.0])[1].tolist() == [6.0]


# --- errors and rounding -------------------------------------------------------------------------

FAILING: dict[str, tuple[Callable[[Any], Any], float]] = {
    "log": (lambda x: ag.log(w * x), -1.0),
    "a pole": (lambda x: w / x, 0.0),
    "pow": (lambda x: (w * x) ** 1.5, -4.0),
    "exp": (lambda x: ag.exp(w * x), 2000.0),
    "a product": (lambda x: w * x * x, 1e200),
    "lookup": (lambda x: ag.lookup([w, x], x), 2.0),
    "a derivative": (lambda x: ag.sqrt(w * x), 0.0),
    "a derivative by a parameter": (lambda x: zero**x, 0.5),
}


@pytest.mark.parametrize("name", FAILING)
def test_errors_are_those_of_the_numpy_backend(name: str) -> None:
    function, number = FAILING[name]
    messages = []
    for backend in (float_backend, numpy_backend):
        with pytest.raises(AutogradError) as caught:
            ag.compile(function, backend=backend)(np.array([1.0, 1.0, number, 1.0]))
        messages.append((caught.type, str(caught.value)))
    assert messages[0] == messages[1]
    assert "sample 2" in messages[0][1]


def test_a_program_works_after_an_error() -> None:
    program = of_floats(lambda x: ag.log(w * x))
    with pytest.raises(DomainError, match="sample 1"):
        program.map(np.array([1.0, -1.0, 1.0]))
    assert program.map(np.array([2.0, 2.0])).tolist() == [0.0, 0.0]


def test_a_rule_is_not_asked_where_no_gradient_arrives() -> None:
    """In a block with others, where NumPy cannot leave out a single row."""
    program = of_floats(lambda x: [ag.sqrt(w * x + 1), ag.sqrt(w * x)])
    outputs, gradient = program.outputs_and_grad(np.array([0.5]), np.array([0.0, 2.0]))
    assert outputs[0].tolist() == [1.0, 0.0]
    assert gradient.tolist() == pytest.approx([0.5 * 2.0 / (2 * 2**0.5)])


def test_float32_rounds_arguments_constants_and_results() -> None:
    program = ag.compile(lambda x: w * x + 0.1, dtype=np.float32, backend=float_backend)
    third = 1.0 / 3.0
    outputs, gradient = program.outputs_and_grad(np.array([third]), np.array([third]))
    assert outputs.dtype == np.float32
    rounded = float(np.float32(third))
    assert outputs[0] == np.float32(rounded * rounded + float(np.float32(0.1)))
    assert gradient[0] == np.float32(rounded)
    difference = ag.compile(
        lambda x: ag.max(x, 0.1) - x, dtype=np.float32, backend=float_backend
    ).map(np.array([0.0999]))
    assert difference[0] == np.float32(float(np.float32(0.1)) - float(np.float32(0.0999)))


def test_results_beyond_float32_are_refused() -> None:
    program = ag.compile(lambda x: ag.exp(w * x), dtype=np.float32, backend=float_backend)
    with pytest.raises(AutogradError, match=r"exp\(100\.0\) .*too large for float32 \(sample 1"):
        program.map(np.array([2.0, 200.0, 2.0]))


# --- long programs -------------------------------------------------------------------------------


def loss_of(x: list[Value], y: Value) -> Any:
    """Return what has shared and batch rows, both with a rule that is called, as that of max is."""
    model = nn.MLP(2, [3, 1], "tanh", rng=0)
    first, second = model.layers[0].neurons[0].weight
    return (ag.max([model(x), first]) * ag.max([first, second]) - y) ** 2


@pytest.mark.parametrize("longest", [1, 3, 10])
def test_the_parts_of_a_long_function_compute_the_same(
    longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = [Value(0.5), Value(-1.0)], Value(2.0)
    loss = loss_of(x, y)
    weights = [node for node in topological_order(loss) if node.operation is None]
    parameters: list[Any] = [weight for weight in weights if weight not in (*x, y)]
    program = apply_passes(read_tape([loss], [*x, y], parameters)).program
    theta = np.array([parameter.data for parameter in parameters])
    X = [np.random.default_rng(0).normal(size=(4, 3))]
    whole = float_backend.bind(program, 4)
    assert whole.source.count("[t0, t1] = max_derivative(") == 2
    monkeypatch.setattr(source, "LONGEST_FUNCTION", longest)
    in_parts = float_backend.bind(program, 4)
    assert whole.source.count("def ") == 1
    assert in_parts.source.count("def ") > 5
    for differentiate in (False, True):
        expected = whole.run(theta, X, differentiate)
        actual = in_parts.run(theta, X, differentiate)
        assert [part.tolist() for part in actual[:2]] == [part.tolist() for part in expected[:2]]
    gc.collect()
    del in_parts
    assert gc.collect() == 0


def test_conditions_of_a_rule_are_written_as_formulas() -> None:
    w = Value(0.5)
    program = ag.compile(lambda x: ag.exp(ag.lookup([w, x], 0.0 * x)), backend=float_backend)
    program([1.0, 2.0])
    assert "lookup_derivative" not in program.source

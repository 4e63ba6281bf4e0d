"""Operations of one's own: every backend computes what eager mode does, or says the same error."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import operations
from autograd.compiler import float_backend, native, numpy_backend
from autograd.definition import define
from autograd.operation import Operation

SQUARE: dict[str, Any] = {
    "name": "square",
    "symbol": "x²",
    "forward": lambda x: x * x,
    "array": lambda np, x: x * x,
    "derivative": lambda g, out, x: (2 * g * x,),
}
RULES: dict[str, tuple[Any, type[Exception], str]] = {
    "no tuple": (
        lambda g, out, x: 0.5,
        ag.ShapeError,
        r"returned 0\.5 for square\(\d",
    ),
    "a set": (
        lambda g, out, x: {0.5},
        ag.ShapeError,
        r"returned \{0\.5\} for square\(\d",
    ),
    "nothing": (lambda g, out, x: None, ag.ShapeError, r"returned None for square\(\d"),
    "too few": (lambda g, out, x: (), ag.ShapeError, r"returned \(\) for square\(\d"),
    "too many": (lambda g, out, x: (1, 1), ag.ShapeError, r"returned \(1, 1\) for square\(\d"),
    "None": (lambda g, out, x: (None,), ag.NotANumberError, "returned None as a gradient"),
    "text": (lambda g, out, x: ("g",), ag.NotANumberError, "returned 'g' as a gradient"),
    "nested": (lambda g, out, x: ([g],), ag.NotANumberError, r"returned \[.*\] as a gradient"),
    "complex": (lambda g, out, x: (1j,), ag.NotANumberError, "returned 1j as a gradient"),
}
BACKENDS: dict[str, Any] = {
    "by default": None,
    "numpy": numpy_backend,
    "float": float_backend,
    "native": native,
}


@pytest.fixture
def square(request: pytest.FixtureRequest) -> Operation:
    """The square, with what a test changes in it."""
    return define(**SQUARE | request.param)


every_wrong_rule = pytest.mark.parametrize(
    ("square", "error", "message"),
    [({"derivative": rule}, error, message) for rule, error, message in RULES.values()],
    ids=RULES,
    indirect=["square"],
)


@every_wrong_rule
def test_a_rule_that_fits_no_input_is_told(
    square: Operation, error: type[Exception], message: str
) -> None:
    w = ag.Value(3.0)
    y = square(w * 2)
    for differentiate in (y.backward, lambda: ag.gradient(y, [w])):
        with pytest.raises(error, match=f"the derivative rule of square {message}"):
            differentiate()
    assert w.grad == 0.0


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "square",
    [
        {"derivative": lambda g, out, x: (g * math.nan,)},
        {"derivative": lambda g, out, x: (g * math.inf,)},
        {"derivative": lambda g, out, x: (g * -math.inf,)},
    ],
    ids=["nan", "inf", "-inf"],
    indirect=True,
)
def test_a_rule_with_a_number_that_is_not_finite(square: Operation, backend: str) -> None:
    if BACKENDS[backend] is native and not native.is_available():
        pytest.skip("this machine has no C compiler")
    w = ag.Value(1.0)
    program = ag.compile(lambda x: square(w * x), backend=BACKENDS[backend])
    with pytest.raises(ag.NonFiniteError, match=r"square\(2\.0\) sends on is not finite"):
        program([2.0, 3.0])


@pytest.mark.parametrize("backend", BACKENDS)
@every_wrong_rule
def test_a_rule_that_fits_no_input_is_told_before_it_is_compiled(
    square: Operation, error: type[Exception], message: str, backend: str
) -> None:
    w = ag.Value(3.0)
    program = ag.compile(lambda x: square(w * x), backend=BACKENDS[backend])
    for _ in range(2):
        with pytest.raises(error, match=f"the derivative rule of square {message}"):
            program(np.ones(2))
    with pytest.raises(error, match=f"the derivative rule of square {message}"):
        ag.compile_graph(square(w * 2), [], [w], backend=BACKENDS[backend])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("square", "message"),
    [
        ({"array": lambda np, x: None}, "array of square returned None, for inputs of shape"),
        ({"array": lambda np, x: "x"}, "array of square returned 'x', for inputs of shape"),
        ({"array": lambda np, x: (x * x,)}, r"array of square returned \(array"),
        ({"array": lambda np, x: np.ones(7)}, r"array of square returned array\(\[1\., 1"),
        ({"array": lambda np, x: np.squared(x)}, "array of square fails on arrays: .*'squared'"),
        ({"array": lambda np, x: math.cos(x)}, "array of square fails on arrays: .* of np"),
        (
            {"array": lambda np, x: x**3},
            r"square\(3\.0\) is 9\.0 .* 27\.0 by its array: make them agree, number by number\.",
        ),
    ],
    indirect=["square"],
)
def test_a_function_that_returns_no_numbers_is_told_before_it_is_compiled(
    square: Operation, message: str, backend: str
) -> None:
    w = ag.Value(3.0)
    with pytest.raises(ag.ArgumentError, match=message):
        ag.compile(lambda x: square(w * x), backend=BACKENDS[backend])(np.ones(2))


@pytest.mark.parametrize(
    "mix",
    [
        lambda np, x: np.max(x),
        lambda np, x: np.min(x),
        lambda np, x: np.median(x),
        lambda np, x: x - np.mean(x),
        lambda np, x: np.sort(x),
        lambda np, x: np.cumsum(x, axis=-1),
        lambda np, x: x[..., ::-1],
        lambda np, x: np.roll(x, 1),
    ],
)
@pytest.mark.parametrize("sample", [-1.0, 0.0, 0.25, 3.0])
def test_an_array_that_mixes_samples_is_told(mix: Callable[..., Any], sample: float) -> None:
    itself = define(
        "itself", symbol="=", forward=float, array=mix, derivative=lambda g, out, x: (g,)
    )
    with pytest.raises(ag.ArgumentError, match="by its array: make them agree"):
        ag.compile(itself, backend=numpy_backend).map([sample] * 2)


@pytest.mark.parametrize("sample", [0.0, 1e-3, 0.999, 1.0])
def test_an_array_is_asked_for_nothing_outside_of_its_domain(sample: float) -> None:
    arcsine = define(
        "arcsine",
        symbol="asin",
        forward=math.asin,
        array=lambda np, x: np.vectorize(math.asin)(x),
        derivative=lambda g, out, x: (g / operations.sqrt(1 - x * x),),
    )
    program = ag.compile(arcsine, backend=numpy_backend)
    assert program.map([sample] * 2).tolist() == [math.asin(sample)] * 2


@pytest.mark.parametrize("square", [{"derivative": lambda g, out, x: (g / 0.0,)}], indirect=True)
def test_a_rule_without_a_derivative_at_the_sample_is_compiled(square: Operation) -> None:
    w = ag.Value(3.0)
    program = ag.compile(lambda x: [w * x, square(w * x)])
    assert program.map(np.ones(2)).tolist() == [[3.0, 9.0]] * 2


# --- rules made of comparisons -------------------------------------------------------------------

Rule = Callable[[Any], Any]
COMPARISONS: list[Rule] = [
    lambda x: x > 0,
    lambda x: x <= 1,
    lambda x: x >= 1,
    lambda x: (x > 0) & (x < 2),
    lambda x: x < -1,
    lambda x: abs(x - 1),
    lambda x: abs(x > 0) + +(x > 1),
]
SAMPLES = np.array([-2.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.5])


def combined(rules: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    """Sums, differences and products of rules, and functions of one."""
    return st.one_of(
        st.builds(lambda a, b: lambda x: a(x) + b(x), rules, rules),
        st.builds(lambda a, b: lambda x: a(x) - b(x), rules, rules),
        st.builds(lambda a, b: lambda x: a(x) * b(x), rules, rules),
        st.builds(lambda a: lambda x: -a(x), rules),
        st.builds(lambda a: lambda x: a(x) * -1.0, rules),
        st.builds(lambda a: lambda x: 1 - a(x), rules),
        st.builds(lambda a: lambda x: operations.tanh(a(x)), rules),
        st.builds(lambda a, b: lambda x: operations.max(a(x), b(x)), rules, rules),
    )


def with_slope(name: str, slope: Rule) -> Operation:
    """An operation that sends on what `slope` says: here it need not be the derivative."""
    return define(
        name,
        symbol="?",
        forward=lambda x: x,
        array=lambda np, x: x * 1.0,
        derivative=lambda g, out, x: (g * slope(x),),
    )


def assert_slopes_agree(slopes: list[Rule], *backends: Any) -> None:
    """Of one program for all of them: with a parameter for each."""
    own = [with_slope(f"slope {place}", slope) for place, slope in enumerate(slopes)]
    w = [ag.Value(1.0) for _ in own]

    def f(x: ag.Value) -> Any:
        return ag.sum(one(weight * x) for one, weight in zip(own, w, strict=True))

    ag.mean([f(ag.Value(x)) for x in SAMPLES.tolist()]).backward()
    eager = [weight.grad for weight in w]
    for backend in backends:
        program = ag.compile(f, parameters=w, backend=backend)
        _, gradient = program.value_and_grad(np.ones(len(w)), SAMPLES)
        np.testing.assert_allclose(gradient, eager, rtol=1e-12, atol=1e-15)


every_rule = st.recursive(st.sampled_from(COMPARISONS), combined, max_leaves=6)


@settings(deadline=None, max_examples=40)
@given(st.lists(every_rule, min_size=1, max_size=4))
def test_comparisons_are_numbers_in_a_rule(slopes: list[Rule]) -> None:
    assert_slopes_agree(slopes, numpy_backend, float_backend)


@pytest.mark.skipif(not native.is_available(), reason="there is no C compiler")
@settings(deadline=None, max_examples=5)
@given(st.lists(every_rule, min_size=10, max_size=10))
def test_comparisons_are_numbers_in_a_rule_in_c(slopes: list[Rule]) -> None:
    assert_slopes_agree(slopes, native)


@pytest.mark.parametrize(
    "slope",
    [
        lambda x: (x > 0) + (x > 1),
        lambda x: (x > 0) - (x < 0),
        lambda x: (x < 1) * -1.0,
        lambda x: (x > 0) * (x < 2) + (x > 1),
        lambda x: operations.exp(x > 0),  # of a bool NumPy takes it in half precision
    ],
)
def test_comparisons_add_up_in_numpy(slope: Rule) -> None:
    assert_slopes_agree([slope], numpy_backend)


def test_a_rule_that_takes_entries_of_arrays_is_told() -> None:
    looked_up = with_slope("looked up", lambda x: operations.lookup(x * 0.0, x, x))
    w = ag.Value(2.0)
    program = ag.compile(lambda x: looked_up(w * x), backend=numpy_backend)
    with pytest.raises(ag.ArgumentError, match="a formula has no entries or slices"):
        program(SAMPLES)


def test_a_condition_that_is_decided_may_stand_first() -> None:
    slope = with_slope("true and positive", lambda x: True & (x > 0))
    w = ag.Value(3.0)
    assert ag.compile(lambda x: ag.grad(slope)(w * x))([1.0]).data == 1.0


@pytest.mark.parametrize("slope", [lambda x: x != 0, lambda x: 1 - (-x)])
def test_more_rules(slope: Rule) -> None:
    assert_slopes_agree([slope], numpy_backend, float_backend)


@pytest.mark.parametrize(
    "array",
    [
        lambda np, x, low, high: np.minimum(np.maximum(x, low), high),
        lambda np, x, low, high: np.add(np.add(x, 2.0 * low), high),
    ],
    ids=["two functions", "a factor"],
)
def test_what_only_looks_like_the_fold_of_one_function_is_computed_as_it_is(
    array: Callable[..., Any],
) -> None:
    own = define(
        "own",
        symbol="?",
        forward=lambda *xs: float(array(np, *xs)),
        array=array,
        derivative=lambda g, out, *xs: (g, g, g),
    )
    X = np.array([[5.0, 0.0, 1.0], [-5.0, 0.0, 1.0]])
    program = ag.compile(lambda x: own(*map(ag.exp, x)), backend=numpy_backend)
    expected = [array(np, *np.exp(sample)) for sample in X]
    np.testing.assert_allclose(program.map(X), expected, rtol=1e-12)


# --- names, and functions without a formula ------------------------------------------------------

every_backend = pytest.mark.parametrize(
    "backend",
    [
        numpy_backend,
        float_backend,
        pytest.param(native, marks=pytest.mark.skipif(not native.is_available(), reason="no cc")),
    ],
    ids=["numpy", "float", "native"],
)


def assert_runs_as_eager(operation: Operation, n_inputs: int, backend: Any) -> None:
    w = [ag.Value(0.5 * place - 0.5) for place in range(n_inputs)]

    def f(x: ag.Value) -> Any:
        return operation(*(weight * x for weight in w))

    y = ag.mean([f(ag.Value(x)) for x in SAMPLES.tolist()])
    y.backward()
    program = ag.compile(f, parameters=w, backend=backend)
    mean, gradient = program.value_and_grad(np.array([v.data for v in w]), SAMPLES)
    assert mean == pytest.approx(y.data, rel=1e-12)
    assert gradient.tolist() == pytest.approx([weight.grad for weight in w], rel=1e-12)


LIGATURE = "\ufb01"  # which Python reads as the two letters fi
NAMES = ["soft step", "soft-step", "2norm", "x²", "for", LIGATURE, "", "np"]


@every_backend
@pytest.mark.parametrize("name", NAMES)
def test_an_operation_may_have_any_name(name: str, backend: Any) -> None:
    named = define(
        name,
        symbol="?",
        forward=lambda x: x * x,
        array=lambda np, x: x * x if backend is native else np.stack([x, x]).prod(0),
        derivative=lambda g, out, x: (g * 2 * x,),
    )
    assert_runs_as_eager(named, 1, backend)


ARRAYS: dict[str, Callable[..., Any]] = {
    "a reduction": lambda np, *xs: np.maximum.reduce(xs),
    "of a list": lambda np, *xs: np.maximum.reduce([*xs, xs[0]]),
    "of two reductions": lambda np, *xs: np.maximum(
        np.maximum.reduce(xs[:2]), np.maximum.reduce(xs[2:])
    ),
}
WITHOUT_FORMULA: dict[str, Callable[..., Any]] = {
    "a reduction along an axis": lambda np, *xs: np.maximum.reduce(xs, axis=0),
    "an axis by its place": lambda np, *xs: np.max(xs, 0),
    "an axis by its name": lambda np, *xs: np.max(xs, axis=0),
    "steps of a reduction": lambda np, *xs: np.maximum.accumulate(xs)[-1],
    "a stack": lambda np, *xs: np.stack(xs).max(0),
    "a function of floats": lambda np, *xs: np.vectorize(max)(*xs),
    "a list of arrays": lambda np, *xs: np.select([np.stack(xs).max(0) == x for x in xs], xs),
}


def largest(array: Callable[..., Any]) -> Operation:
    return define(
        "largest",
        symbol="?",
        forward=lambda *xs: max(xs),
        array=array,
        derivative=operations.max.derivative,
    )


@every_backend
@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_a_reduction_of_operands_is_a_formula(array: Callable[..., Any], backend: Any) -> None:
    assert_runs_as_eager(largest(array), 4, backend)


@every_backend
@pytest.mark.parametrize("array", WITHOUT_FORMULA.values(), ids=WITHOUT_FORMULA)
def test_arrays_may_be_computed_in_any_way(array: Callable[..., Any], backend: Any) -> None:
    if backend is native:
        with pytest.raises(ag.ArgumentError, match="largest cannot be written in C"):
            assert_runs_as_eager(largest(array), 4, backend)
    else:
        assert_runs_as_eager(largest(array), 4, backend)


@every_backend
def test_a_rule_that_has_no_formula_is_told_by_the_name_that_it_has(backend: Any) -> None:
    """Braces in a name are not taken for places in a text."""
    odd = define(
        "a{b}",
        symbol="?",
        forward=lambda x: x,
        array=lambda np, x: np.spacing(x) * 0.0 + x,
        derivative=lambda g, out, x: (g if x > 0 else -g,),
    )
    w = ag.Value(2.0)
    program = ag.compile(lambda x: odd(w * x), backend=backend)
    if backend is float_backend:  # it calls what has no formula
        assert program.value_and_grad(np.array([2.0]), [1.0])[1].tolist() == [1.0]
        return
    with pytest.raises(ag.ArgumentError, match=r"a\{b\} cannot be (compiled|written in C): "):
        program([1.0])


@every_backend
def test_the_sign_of_a_constant_zero_is_kept(backend: Any) -> None:
    angle = define(
        "angle",
        symbol="∠",
        forward=math.atan2,
        array=lambda np, y, x: np.arctan2(y, x),
        derivative=lambda g, out, y, x: (g * x / (x * x + y * y), -g * y / (x * x + y * y)),
    )
    w = ag.Value(-2.0)
    program = ag.compile(lambda x: [angle(0.0, w * x), angle(-0.0, w * x)], backend=backend)
    assert program.map(np.ones(3)).tolist() == [[math.pi, -math.pi]] * 3


@every_backend
@pytest.mark.parametrize("number", [1.0, 1, True, math.inf])
def test_an_array_may_be_one_number(number: float, backend: Any) -> None:
    fixed = define(
        "fixed",
        symbol="?",
        forward=lambda x: number,
        array=lambda np, x: number,
        derivative=lambda g, out, x: (g * 0.0,),
    )
    w = ag.Value(2.0)
    program = ag.compile(lambda x: 1 / fixed(w * x), backend=backend)
    assert program.map(np.ones(3)).tolist() == [1 / number] * 3


@every_backend
def test_an_array_may_be_an_input_as_it_is(backend: Any) -> None:
    identity = define(
        "identity",
        symbol="?",
        forward=lambda x, y: y,
        array=lambda np, x, y: y,
        derivative=lambda g, out, x, y: (g * 0.0, g),
    )
    w = ag.Value(2.0)
    program = ag.compile(lambda x: identity(w * x, 3) + identity(3, w * x), backend=backend)
    assert program.map(np.array([1.0, 2.0])).tolist() == [5.0, 7.0]


@every_backend
@pytest.mark.parametrize(
    "array",
    [
        lambda np, x, y: np.where(np.logical_and(x > 0, y > x), y, 0.0),
        lambda np, x, y: np.where((x > 0) & (y > x), y, 0.0),
        lambda np, x, y: np.where(np.logical_and(np.maximum(x, 0), np.maximum(y - x, 0)), y, 0),
        lambda np, x, y: np.where((x > 0) * (y > x), y, 0.0),
        lambda np, x, y: np.where(np.maximum(x, 0), y, 0.0) * np.minimum(y > x, 1),
        lambda np, x, y: y * np.logical_and(x > 0, np.maximum(y - x, 0)),
        lambda np, x, y: y * np.logical_and(x > 0, y > x),
        lambda np, x, y: y * np.logical_and(x + np.abs(x), y > x),
    ],
)
def test_arrays_may_ask_questions(array: Callable[..., Any], backend: Any) -> None:
    chosen = define(
        "chosen",
        symbol="?",
        forward=lambda x, y: y if x > 0 and y > x else 0.0,
        array=array,
        derivative=lambda g, out, x, y: (g * 0.0, g * ((x > 0) & (y > x))),
    )
    w = ag.Value(0.5)
    numbers, others = np.meshgrid(SAMPLES, SAMPLES)
    program = ag.compile(lambda x, y: chosen(x, w * y), backend=backend)
    at_zero = ag.compile(lambda x, y: chosen(0.25, w * y), backend=backend)
    for f, xs in ((program, numbers.ravel()), (at_zero, np.full(numbers.size, 0.25))):
        expected = [chosen(x, 0.5 * y) for x, y in zip(xs, others.ravel(), strict=True)]
        assert f.map(xs, others.ravel()).tolist() == expected


def test_a_rule_may_compare_its_inputs_with_each_other() -> None:
    operation = define(
        "larger square",
        symbol="sq",
        forward=lambda x, y: x * x if x == y else x * y,
        array=lambda np, x, y: np.where(x == y, x * x, x * y),
        derivative=lambda g, out, x, y: (g * ((x == y) * 2 * x + (x != y) * y), g * (x != y) * x),
    )
    x, y = ag.Value(2.0), ag.Value(2.0)
    for graph in (False, True):
        slopes = ag.gradient(operation(x, y), [x, y], create_graph=graph)
        assert [float(slope) for slope in slopes] == [4.0, 0.0]
    slope = ag.compile(lambda a, b: ag.grad(lambda t: operation(t, b))(a))
    assert slope.map(np.array([2.0, 2.0]), np.array([2.0, 3.0])).tolist() == [4.0, 3.0]


@every_backend
def test_a_rule_may_use_the_functions_of_the_package(backend: Any) -> None:
    silu = define(
        "silu of a test",
        symbol="silu",
        forward=lambda x: x / (1 + math.exp(-x)),
        array=lambda np, x: x / (1 + np.exp(-x)),
        derivative=lambda g, out, x: (g * ag.sigmoid(x) * (1 + x - out),),
    )
    assert ag.gradcheck(silu, 0.7, order=2)

    def slope(function: Callable[..., Any]) -> float:
        w = ag.Value(0.5)
        ag.compile(lambda x: function(w * x), backend=backend)(SAMPLES).backward()
        return w.grad

    assert slope(silu) == pytest.approx(slope(ag.silu), rel=1e-12)


def test_a_rule_may_have_no_signature() -> None:
    assert define(**SQUARE | {"derivative": max}).input_names() is None

"""The functions of the package against formulas of mpmath, on numbers and on Values."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd.graph import topological_order
from comparing import close

WIDE = st.floats(-1000, 1000) | st.floats(-3, 3)
LOGITS = st.lists(WIDE, min_size=1, max_size=6)


def exactly(function: Callable[..., Any], *arguments: Any) -> Any:
    """Apply a function of mpmath to numbers and lists of numbers; return floats."""
    with mpmath.workdps(60):
        exact = [mpmath.matrix(x) if isinstance(x, list) else mpmath.mpf(x) for x in arguments]
        result = function(*exact)
        return [float(x) for x in result] if isinstance(result, list) else float(result)


def variables(numbers: Iterable[float]) -> list[ag.Value]:
    return [ag.Value(number) for number in numbers]


# --- functions of one number ---------------------------------------------------------------------


def erf_of_normal(x: Any) -> Any:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


UNARY: dict[str, tuple[Callable[[Any], Any], st.SearchStrategy[float]]] = {
    "exp": (mpmath.exp, st.floats(-1000, 709)),
    "expm1": (mpmath.expm1, st.floats(-1000, 709)),
    "log": (mpmath.log, st.floats(1e-300, 1e300)),
    "log1p": (mpmath.log1p, st.floats(-0.999, 1e300)),
    "sqrt": (mpmath.sqrt, st.floats(1e-3, 1e300)),
    "sin": (mpmath.sin, WIDE),
    "cos": (mpmath.cos, WIDE),
    "tanh": (mpmath.tanh, WIDE),
    "arctan": (mpmath.atan, WIDE),
    "sigmoid": (lambda x: 1 / (1 + mpmath.exp(-x)), WIDE),
    "relu": (lambda x: max(x, 0), WIDE),
    "softplus": (lambda x: mpmath.log1p(mpmath.exp(x)), WIDE),
    "abs": (mpmath.fabs, WIDE),
    "erf": (mpmath.erf, WIDE),
    "erfc": (mpmath.erfc, WIDE),
    "leaky_relu": (lambda x: x if x > 0 else mpmath.mpf(0.01) * x, WIDE),
    "elu": (lambda x: x if x > 0 else mpmath.expm1(x), WIDE),
    "gelu": (lambda x: x * erf_of_normal(x), WIDE),
    "silu": (lambda x: x / (1 + mpmath.exp(-x)), WIDE),
}


@pytest.mark.parametrize("name", [*UNARY, "heaviside", "detach"])
@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda row: np.array([row])])
@pytest.mark.parametrize("item", [float, ag.Value])
def test_a_list_given_to_a_function_of_one_number_is_told_how_to_apply_it(
    name: str, kind: Callable[..., Any], item: Callable[[float], Any]
) -> None:
    function = getattr(ag, name)
    numbers = [0.25, 0.5, 2.0]
    x = kind([item(number) for number in numbers])
    with pytest.raises(ag.NotANumberError, match=f"^{name} takes one number, not ") as caught:
        function(x)
    advice = str(caught.value).rpartition(": write ")[2].replace("...", "x")
    followed = eval(advice, {"ag": ag, "np": np, "x": x})
    assert [float(y) for y in np.ravel(followed)] == close([function(number) for number in numbers])


every_unary = pytest.mark.parametrize("name", UNARY)


@every_unary
@settings(max_examples=50)
@given(data=st.data())
def test_function_of_one_number_agrees_with_mpmath(name: str, data: st.DataObject) -> None:
    oracle, numbers = UNARY[name]
    x = data.draw(numbers)
    expected = exactly(oracle, x)
    of_number, of_value = getattr(ag, name)(x), getattr(ag, name)(ag.Value(x))
    assert type(of_number) is float
    assert type(of_value) is ag.Value
    assert of_number == of_value.data == close(expected)


@every_unary
@settings(max_examples=25)
@given(data=st.data())
def test_slope_of_a_function_agrees_with_mpmath(name: str, data: st.DataObject) -> None:
    oracle, numbers = UNARY[name]
    x = data.draw(numbers.filter(lambda x: abs(x) > 1e-3))  # 0 is a kink of some
    slope = exactly(lambda exact: mpmath.diff(oracle, exact), x)
    assert ag.grad(getattr(ag, name))(x) == close(slope)


@pytest.mark.parametrize(
    "name", ["sigmoid", "softplus", "elu", "gelu", "silu", "tanh", "leaky_relu"]
)
@pytest.mark.parametrize("x", [-1000.0, 1000.0])
def test_activation_and_its_derivatives_are_finite_far_out(name: str, x: float) -> None:
    slope = ag.grad(getattr(ag, name))
    assert all(map(math.isfinite, [getattr(ag, name)(x), slope(x), ag.grad(slope)(x)]))


@pytest.mark.parametrize("name", ["gelu", "silu", "erfc"])
@given(x=st.floats(-30, -1))
def test_tail_that_vanishes_keeps_its_digits(name: str, x: float) -> None:
    oracle = UNARY[name][0]
    x = -x if name == "erfc" else x
    function = getattr(ag, name)
    assert function(x) == close(exactly(oracle, x), absolute=1e-300)
    slope = exactly(lambda exact: mpmath.diff(oracle, exact), x)
    assert ag.grad(function)(x) == close(slope, absolute=1e-300)


@pytest.mark.parametrize("name", ["elu", "expm1"])
@given(x=st.floats(-300, -1))
def test_slope_that_vanishes_keeps_its_digits(name: str, x: float) -> None:
    assert ag.grad(getattr(ag, name))(x) == close(math.exp(x), absolute=0.0)


@given(x=st.floats(-30, 30), step=st.floats(0.01, 10))
def test_sigmoid_rises(x: float, step: float) -> None:
    assert ag.sigmoid(x + step) > ag.sigmoid(x)
    assert ag.grad(ag.sigmoid)(x) > 0


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (ag.relu, 0.0),
        (ag.abs, 0.0),
        (ag.leaky_relu, 0.01),
        (lambda x: ag.leaky_relu(x, slope=0.3), 0.3),
        (ag.elu, 1.0),
        (lambda x: ag.elu(x, alpha=0.5), 0.5),
        (ag.gelu, 0.5),
        (ag.silu, 0.5),
    ],
)
def test_slope_at_zero(function: Callable[[Any], Any], slope: float) -> None:
    assert ag.grad(function)(0.0) == slope


@given(x=WIDE, factor=st.floats(-2, 2))
def test_parameters_of_activations_scale_the_negative_side(x: float, factor: float) -> None:
    positive, negative = max(x, 0.0), min(x, 0.0)
    assert ag.leaky_relu(x, slope=factor) == positive + factor * negative
    assert ag.elu(x, alpha=factor) == positive + factor * math.expm1(negative)


# --- softmax and its relatives -------------------------------------------------------------------


def exact_softmax(xs: Any) -> list[Any]:
    exponentials = [mpmath.exp(x) for x in xs]
    return [exponential / mpmath.fsum(exponentials) for exponential in exponentials]


def exact_log_softmax(xs: Any) -> list[Any]:
    total = mpmath.log(mpmath.fsum(mpmath.exp(x) for x in xs))
    return [x - total for x in xs]


@given(logits=LOGITS)
def test_softmax_family_agrees_with_mpmath(logits: list[float]) -> None:
    total = exactly(lambda xs: mpmath.log(mpmath.fsum(map(mpmath.exp, xs))), logits)
    assert ag.softmax(logits) == close(exactly(exact_softmax, logits))
    assert ag.log_softmax(logits) == close(exactly(exact_log_softmax, logits))
    assert ag.logsumexp(logits) == close(total)


@given(logits=LOGITS)
def test_softmax_family_on_values_gives_the_numbers_it_gives_on_floats(logits: list[float]) -> None:
    xs = variables(logits)
    assert [x.data for x in ag.softmax(xs)] == ag.softmax(logits)
    assert [x.data for x in ag.log_softmax(xs)] == ag.log_softmax(logits)
    assert ag.logsumexp(xs).data == ag.logsumexp(logits)


@given(logits=LOGITS)
def test_softmax_is_a_probability_distribution(logits: list[float]) -> None:
    probabilities = ag.softmax(logits)
    assert len(probabilities) == len(logits)
    assert min(probabilities) >= 0
    assert math.fsum(probabilities) == close(1.0)


@given(logits=LOGITS, shift=st.integers(-1000, 1000))
def test_softmax_does_not_change_when_all_logits_shift(logits: list[float], shift: int) -> None:
    shifted = [x + shift for x in logits]
    assert ag.softmax(shifted) == close(ag.softmax([x - shift for x in shifted]))


@given(logits=LOGITS)
def test_gradient_of_logsumexp_is_softmax(logits: list[float]) -> None:
    assert ag.grad(ag.logsumexp)(logits) == close(exactly(exact_softmax, logits))


@given(logits=LOGITS, data=st.data())
def test_gradient_of_log_softmax_is_one_hot_minus_softmax(
    logits: list[float], data: st.DataObject
) -> None:
    label = data.draw(st.integers(0, len(logits) - 1))
    probabilities = exactly(exact_softmax, logits)
    expected = [(i == label) - probability for i, probability in enumerate(probabilities)]
    assert ag.grad(lambda xs: ag.log_softmax(xs)[label])(logits) == close(expected)


def test_log_softmax_is_exact_where_softmax_is_too_small_for_a_float() -> None:
    assert ag.softmax([1000.0, -1000.0]) == [1.0, 0.0]
    assert ag.log_softmax([1000.0, -1000.0]) == [0.0, -2000.0]


@pytest.mark.parametrize("shift", [-1e15, -1e6, 1e6, 1e15])
def test_log_softmax_keeps_its_digits_far_from_zero(shift: float) -> None:
    logits = [shift, shift + 1, shift - 2]
    assert ag.log_softmax(logits) == pytest.approx(
        exactly(exact_log_softmax, logits), rel=1e-14, abs=0
    )
    assert ag.log_softmax(logits) == ag.log_softmax([0.0, 1.0, -2.0])


# --- many numbers --------------------------------------------------------------------------------

MODERATE = st.floats(-10, 10)


@pytest.mark.parametrize(
    ("function", "oracle"),
    [
        (ag.sum, math.fsum),
        (ag.mean, lambda numbers: math.fsum(numbers) / len(numbers)),
        (ag.norm, lambda numbers: math.hypot(*numbers)),
        (ag.max, max),
        (ag.min, min),
    ],
)
@given(numbers=st.lists(MODERATE, min_size=1))
def test_reduction_agrees_with_the_standard_library(
    function: Callable[[Any], Any], oracle: Callable[[list[float]], float], numbers: list[float]
) -> None:
    assert function(numbers) == function(variables(numbers)).data == close(oracle(numbers))


@pytest.mark.parametrize(
    ("function", "gradient"),
    [
        (ag.sum, [1.0, 1.0, 1.0]),
        (ag.mean, [1 / 3, 1 / 3, 1 / 3]),
        (ag.norm, [2 / 3, -1 / 3, -2 / 3]),
        (ag.max, [1.0, 0.0, 0.0]),
        (ag.min, [0.0, 0.0, 1.0]),
    ],
)
def test_gradient_of_a_reduction(function: Callable[[Any], Any], gradient: list[float]) -> None:
    assert ag.grad(function)([2.0, -1.0, -2.0]) == close(gradient)


@pytest.mark.parametrize("size", [1e-320, 1e-200, 1e-160, 1.0, 1e160, 1e200, 1e307])
def test_norm_has_its_derivatives_at_any_size(size: float) -> None:
    numbers = [3 * size, -4 * size]
    relative = 1e-3 if size < 1e-310 else 1e-14  # such numbers have few digits themselves
    assert ag.norm(numbers) == pytest.approx(5 * size, rel=relative)
    assert ag.grad(ag.norm)(numbers) == pytest.approx([0.6, -0.8], rel=relative)
    if 1e-300 < size < 1e300:
        curvatures = [[0.128, 0.096], [0.096, 0.072]]  # (1 - u uᵀ) / |x| with u = x / |x|
        rows = [[size * second for second in row] for row in ag.hessian(ag.norm)(numbers)]
        assert rows[0] == pytest.approx(curvatures[0], rel=1e-13)
        assert rows[1] == pytest.approx(curvatures[1], rel=1e-13)


def test_norm_of_zeros_is_zero() -> None:
    assert ag.norm([0.0, -0.0]) == ag.norm(variables([0.0, 0.0])).data == 0


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("function", [ag.max, ag.min])
def test_extremum_takes_a_list_or_its_items(function: Callable[..., Any], count: int) -> None:
    numbers = [3.0, 1.0, 2.0][:count]
    xs = variables(numbers)
    assert function(*xs).data == function(xs).data == function(*numbers) == function(numbers)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (ag.sum, 6.0),
        (ag.mean, 2.0),
        (ag.max, 3.0),
        (ag.min, 1.0),
        (ag.norm, math.sqrt(14)),
        (ag.logsumexp, 3.40760596444438),
        (ag.softmax, [0.09003057317038046, 0.24472847105479764, 0.6652409557748218]),
        (ag.log_softmax, [-2.40760596444438, -1.40760596444438, -0.40760596444438]),
        (lambda xs: ag.dot(xs, iter([1.0, 1.0, 1.0])), 6.0),
        (lambda xs: ag.lookup(xs, 1), 2.0),
    ],
)
def test_generators_are_as_good_as_lists(function: Callable[[Any], Any], expected: Any) -> None:
    assert function(float(index) for index in (1, 2, 3)) == close(expected)
    results = function(ag.Value(index) for index in (1, 2, 3))
    results = [x.data for x in results] if isinstance(results, list) else results.data
    assert results == close(expected)


OF_LISTS: dict[str, Callable[[Any], Any]] = {
    "sum": ag.sum,
    "mean": ag.mean,
    "norm": ag.norm,
    "max": ag.max,
    "min": ag.min,
    "softmax": ag.softmax,
    "log_softmax": ag.log_softmax,
    "logsumexp": ag.logsumexp,
    "dot": lambda numbers: ag.dot(numbers, [10.0, 1.0]),
    "lookup": lambda table: ag.lookup(table, 0),
}
NO_LISTS: list[tuple[Any, str]] = [
    ({0: 10.0, 1: 20.0}, r"not \{0: 10\.0, 1: 20\.0\}: for a dict d, give list\(d\.values\(\)\)"),
    ({0: 10.0, 1: 20.0}.keys(), "a set has no order, give a list"),
    ({1.0, 2.0}, r"not \{1\.0, 2\.0\}: a set has no order, give a list"),
    (frozenset([1.0, 2.0]), "a set has no order"),
    (np.array(5.0), r"not array\(5\.\): give \[x\] for one number x"),
]


@pytest.mark.parametrize(("thing", "message"), NO_LISTS)
@pytest.mark.parametrize("name", OF_LISTS)
def test_what_has_no_items_in_order_is_no_list(name: str, thing: Any, message: str) -> None:
    with pytest.raises(ag.ShapeError, match=f"^{name} takes a list of numbers, .*{message}"):
        OF_LISTS[name](thing)


@pytest.mark.parametrize("name", OF_LISTS)
def test_all_that_has_items_in_order_is_a_list(name: str) -> None:
    numbers = [1.0, 0.0]
    function = OF_LISTS[name]
    for items in (tuple(numbers), np.array(numbers), iter(numbers), {0: 1.0, 1: 0.0}.values()):
        assert function(items) == function(numbers)


@pytest.mark.parametrize("function", [ag.sum, ag.norm, lambda xs: ag.dot(xs, xs)])
def test_empty_sum_is_zero(function: Callable[[Any], Any]) -> None:
    assert function([]) == 0


@pytest.mark.parametrize("function", [ag.sum, ag.max, ag.min, lambda xs: ag.dot(xs, xs)])
def test_reduction_is_one_node(function: Callable[[Any], ag.Value]) -> None:
    xs = variables([1.0, 2.0, 3.0])
    assert len(topological_order(function(xs))) == len(xs) + 1


# --- dot -----------------------------------------------------------------------------------------

PAIRS = st.lists(st.tuples(MODERATE, MODERATE), min_size=1, max_size=6)


@given(pairs=PAIRS, bias=st.none() | MODERATE)
def test_fused_dot_equals_the_sum_of_products(
    pairs: list[tuple[float, float]], bias: float | None
) -> None:
    weights, inputs = map(variables, zip(*pairs, strict=True))
    biases = variables([] if bias is None else [bias])
    fused = ag.dot(weights, inputs, *biases)
    fused.backward()
    leaves = [*weights, *inputs, *biases]
    gradients = [x.grad for x in leaves]
    for x in leaves:
        x.zero_grad()
    unfused = sum((w * x for w, x in zip(weights, inputs, strict=True)), start=ag.sum(biases))
    unfused.backward()
    assert fused.data == unfused.data
    assert [x.grad for x in leaves] == gradients


@given(pairs=PAIRS, bias=MODERATE)
def test_dot_agrees_with_mpmath(pairs: list[tuple[float, float]], bias: float) -> None:
    weights, inputs = zip(*pairs, strict=True)
    expected = exactly(lambda b: mpmath.fdot(weights, inputs) + b, bias)
    assert ag.dot(weights, inputs, bias) == close(expected)


@pytest.mark.parametrize("kinds", [(float, ag.Value), (ag.Value, float), (ag.Value, ag.Value)])
@pytest.mark.parametrize("kind_of_bias", [float, ag.Value])
def test_dot_takes_values_and_numbers_mixed(
    kinds: tuple[Callable[[float], Any], ...], kind_of_bias: Callable[[float], Any]
) -> None:
    of_weight, of_input = kinds
    weights, inputs, bias = [of_weight(2.0), 3.0], [5.0, of_input(7.0)], kind_of_bias(11.0)
    total = ag.dot(weights, inputs, bias)
    total.backward()
    assert total.data == 42
    gradients = zip([weights[0], inputs[1], bias], [5, 3, 1], strict=True)
    assert all(x.grad == expected for x, expected in gradients if isinstance(x, ag.Value))


def test_dot_of_a_vector_with_itself_counts_both_factors() -> None:
    assert ag.grad(lambda xs: ag.dot(xs, xs))([3.0, 5.0]) == [6, 10]


# --- lookup --------------------------------------------------------------------------------------


@given(table=st.lists(MODERATE, min_size=1, max_size=6), data=st.data())
def test_lookup_selects_the_entry_and_its_gradient(table: list[float], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(table) - 1))
    expected = [float(i == index) for i in range(len(table))]
    assert ag.lookup(table, index) == table[index]
    assert ag.grad(lambda entries: ag.lookup(entries, index))(table) == expected


@pytest.mark.parametrize("index", [1, 1.0, True, ag.Value(1.0)])
def test_index_may_be_any_whole_number(index: Any) -> None:
    assert float(ag.lookup([10.0, 20.0, 30.0], index)) == 20


def test_rows_of_lookup_may_be_arrays() -> None:
    rows = [[ag.Value(1.0), ag.Value(2.0)], [ag.Value(3.0), ag.Value(4.0)]]
    for table in (np.array(rows), list(np.array(rows)), tuple(map(tuple, rows))):
        assert [entry.data for entry in ag.lookup(table, 1)] == [3.0, 4.0]
    assert ag.lookup(np.eye(2), 1) == [0.0, 1.0]


def test_lookup_takes_one_index() -> None:
    for index in ([1], [ag.Value(1.0)], np.array([1])):
        with pytest.raises(ag.NotANumberError, match=r"lookup takes one index, not .*1"):
            ag.lookup([1.0, 2.0], index)


def test_lookup_in_rows_gives_a_row_and_its_gradients() -> None:
    def of_row(rows: list[list[float]]) -> Any:
        first, second = ag.lookup(rows, 1)
        return first * second

    gradient = ag.grad(of_row)([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert gradient == [[0.0, 0.0], [4.0, 3.0], [0.0, 0.0]]


def test_rows_may_come_from_a_generator() -> None:
    assert ag.lookup(([10.0 * row, 10.0 * row + 1] for row in range(3)), 1) == [10.0, 11.0]
    assert ag.lookup(zip([1.0, 2.0], [3.0, 4.0], strict=True), 1) == [2.0, 4.0]


def test_index_gets_no_gradient() -> None:
    index = ag.Value(1.0)
    ag.lookup([10.0, 20.0], index).backward()
    assert index.grad == 0


# --- detach --------------------------------------------------------------------------------------


def test_detach_keeps_the_number_and_stops_every_gradient() -> None:
    x = ag.Value(3.0)
    assert ag.detach(x).data == ag.detach(3.0) == 3
    assert ag.grad(lambda x: x * ag.detach(x * x))(3.0) == 9
    assert ag.hessian(lambda x: x * ag.detach(x * x))(3.0) == 0


@pytest.mark.parametrize(
    "function",
    [
        lambda w: 3 * w + ag.detach(ag.sqrt(w)),
        lambda w: 3 * w * (1 + ag.detach(ag.norm([w, ag.sqrt(w)]))),
        lambda w: 3 * w + ag.detach(1e-300 / (w + 1e-300) * ag.sqrt(w)),
    ],
)
def test_what_is_detached_needs_no_derivative(function: Callable[[Any], Any]) -> None:
    w = ag.Value(0.0)
    w.grad = 10.0
    function(w).backward()
    assert w.grad == 13
    assert ag.gradient(function(w), w) == 3
    assert float(ag.gradient(function(w), w, create_graph=True)) == 3
    w.grad = 0.0
    ag.compile(lambda x: function(w * x))([1.0, 1.0]).backward()
    assert w.grad == 3


@ag.no_grad()
def constant_zero() -> ag.Value:
    return ag.Value(2.0) * 0.0


AT_CONSTANTS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "a power of zero": (lambda b: 0.0**b, 0.0),
    "in a sum": (lambda b: 3 * b + 2 * (0.0**b) * b, 3.0),
    "a detached base": (lambda b: 2 * b + ag.detach(b - 0.5) ** b, 2.0),
    "a base computed under no_grad": (lambda b: b + constant_zero() ** b, 1.0),
}


@pytest.mark.parametrize(("function", "slope"), AT_CONSTANTS.values(), ids=AT_CONSTANTS.keys())
def test_constants_need_no_derivative(function: Callable[[Any], Any], slope: float) -> None:
    b = ag.Value(0.5)
    function(b).backward()
    assert b.grad == ag.grad(function)(0.5) == slope
    assert ag.compile(lambda x: x + function(b)).value_and_grad(np.array([0.5]), [1.0])[1] == [
        slope
    ]


def test_derivatives_that_nobody_asks_for_need_not_exist() -> None:
    x, b = ag.Value(0.0), ag.Value(0.5)
    assert ag.gradient(3 * b + x**b, b) == 3.0
    with pytest.raises(ag.DomainError, match="does not exist"):
        ag.gradient(3 * b + x**b, [b, x])


def test_a_power_of_the_constant_zero_passes_gradcheck() -> None:
    assert ag.gradcheck(lambda b: 3 * b + 0.0**b, 0.5)


def test_variables_need_a_derivative_beside_constants() -> None:
    x = ag.Value(0.0)
    for output in (x**0.5, (0.0 * x) ** ag.Value(0.5), ag.sqrt(x) * 2.0):
        with pytest.raises(ag.DomainError, match="does not exist"):
            output.backward()
    assert x.grad == 0.0


def test_a_derivative_by_a_constant_may_be_too_large() -> None:
    x = ag.Value(-0.5)
    y = 1e-300**x  # by the constant it is -5e449
    y.backward()
    assert x.grad == pytest.approx(y.data * math.log(1e-300), rel=1e-12)


def test_a_gradient_of_zero_stops_beside_a_derivative_by_a_constant() -> None:
    w = ag.Value(1.0)
    (ag.relu(-(w * math.inf)) + 0.0 ** ag.Value(0.5)).backward()
    assert w.grad == 0.0


def test_an_infinite_gradient_is_told_beside_a_derivative_by_a_constant() -> None:
    x = ag.Value(1e-320)
    with pytest.raises(ag.NonFiniteError, match="log"):
        (ag.log(x) + 0.0 ** ag.Value(0.5)).backward()


def test_what_is_not_detached_is_told_beside_what_is() -> None:
    w, v = ag.Value(0.0), ag.Value(1e308)
    with pytest.raises(ag.NonFiniteError, match=r"that 1e\+200 \* 0\.0 sends on is not finite"):
        (1e200 * w * v + ag.detach(ag.sqrt(w))).backward()


def test_what_is_detached_needs_no_derivative_for_any_sample() -> None:
    w = ag.Value(1.0)

    def slope(x: Any) -> Any:
        return ag.gradient(3 * w * x + ag.detach(ag.sqrt(x * w)), w, create_graph=True)

    assert ag.compile(slope).map([0.0, 1.0]).tolist() == [0.0, 3.0]
    compiled = ag.compile(slope)
    assert compiled.map([1.0, 2.0]).tolist() == [3.0, 6.0]
    assert compiled.map([0.0, 2.0]).tolist() == [0.0, 6.0]


def test_what_is_also_used_as_it_is_needs_one() -> None:
    w = ag.Value(0.0)
    root = ag.sqrt(w)
    w.grad = 10.0
    with pytest.raises(ag.DomainError, match=r"sqrt\(0\.0\) does not exist"):
        (root + ag.detach(root)).backward()
    assert w.grad == 10


# --- Values and numbers in one list --------------------------------------------------------------


def test_type_of_a_function_of_many_numbers_is_known() -> None:
    """Checked by mypy: whoever writes ``loss: ag.Value = ag.sum([x, 1.0])`` is understood."""
    x = ag.Value(3.0)
    mixed: ag.Value = ag.sum([x, 1.0])
    values: ag.Value = ag.mean([x, x]) + ag.norm(x for _ in range(3)) + ag.logsumexp((x, 2))
    numbers: float = ag.sum([1.0, 2]) + ag.softmax([1.0, 2.0])[0]
    shares: list[ag.Value] = ag.softmax([x, 1.0])
    for share in [*shares, mixed, values]:
        share.backward()
    assert numbers > 3


@pytest.mark.parametrize(
    "function",
    [ag.sum, ag.mean, ag.norm, ag.max, ag.min, ag.logsumexp, lambda xs: ag.log_softmax(xs)[0]],
)
def test_numbers_beside_values_are_constants(function: Callable[[Sequence[Any]], Any]) -> None:
    numbers = [3.0, 1.0, 2.0]
    everything = variables(numbers)
    function(everything).backward()
    for position, number in enumerate(numbers):
        mixed: list[Any] = [*numbers]
        mixed[position] = ag.Value(number)
        result = function(mixed)
        result.backward()
        assert result.data == function(numbers)
        assert mixed[position].grad == close(everything[position].grad)

import functools
import inspect
import math
import sys
import threading
import types
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd.graph import topological_order
from autograd.operation import OPERATIONS
from comparing import close


def exact_derivative(function: Callable[..., Any], point: Sequence[float], *orders: int) -> float:
    """Differentiate with 50 digits, ``orders[i]`` times by the i-th number."""
    with mpmath.workdps(50):
        return float(mpmath.diff(function, tuple(map(mpmath.mpf, point)), orders))


# --- against mpmath, to the third order ----------------------------------------------------------

# Each formula twice: for the engine and, written apart from it, for mpmath.
CURVES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "polynomial": (lambda x: x**5 - 3 * x**2 + x, lambda x: x**5 - 3 * x**2 + x),
    "rational": (lambda x: (1 - x) / (2 + x * x), lambda x: (1 - x) / (2 + x * x)),
    "gauss": (lambda x: ag.exp(-x * x), lambda x: mpmath.exp(-x * x)),
    "wave": (lambda x: ag.sin(x) * ag.cos(2 * x), lambda x: mpmath.sin(x) * mpmath.cos(2 * x)),
    "root": (lambda x: ag.sqrt(1 + x * x), lambda x: mpmath.sqrt(1 + x * x)),
    "power tower": (lambda x: (2 + x) ** x, lambda x: (2 + x) ** x),
    "logistic": (lambda x: ag.sigmoid(3 * x), lambda x: 1 / (1 + mpmath.exp(-3 * x))),
    "neuron": (lambda x: ag.tanh(0.5 * x + 1), lambda x: mpmath.tanh(0.5 * x + 1)),
    "angle": (lambda x: ag.arctan(x) * x, lambda x: mpmath.atan(x) * x),
    "logarithms": (
        lambda x: ag.log(3 + x) * ag.log1p(x * x),
        lambda x: mpmath.log(3 + x) * mpmath.log(1 + x * x),
    ),
    "softplus": (lambda x: ag.softplus(2 * x), lambda x: mpmath.log(1 + mpmath.exp(2 * x))),
    "gelu": (ag.gelu, lambda x: x * mpmath.ncdf(x)),
    "silu": (ag.silu, lambda x: x / (1 + mpmath.exp(-x))),
    "growth": (lambda x: ag.expm1(x) * x, lambda x: mpmath.expm1(x) * x),
}


@pytest.mark.parametrize(("function", "oracle"), CURVES.values(), ids=CURVES.keys())
@settings(max_examples=25)
@given(x=st.floats(-1.5, 1.5, allow_subnormal=False))
def test_three_derivatives_of_a_curve(
    function: Callable[[Any], Any], oracle: Callable[[Any], Any], x: float
) -> None:
    slope = ag.grad(function)
    curvature = ag.grad(slope)
    jerk = ag.grad(curvature)
    assert slope(x) == close(exact_derivative(oracle, [x], 1))
    assert curvature(x) == close(exact_derivative(oracle, [x], 2))
    assert jerk(x) == close(exact_derivative(oracle, [x], 3))


def surface(x: Any, y: Any) -> Any:
    """Return a formula that the engine and mpmath read alike."""
    return x**3 * y - (x - y) / (2 + x * y * y) + 2 ** (x * y)


POINTS = st.tuples(st.floats(0.1, 2), st.floats(0.1, 2))


@given(point=POINTS)
def test_gradient_of_a_surface(point: tuple[float, float]) -> None:
    expected = (exact_derivative(surface, point, 1, 0), exact_derivative(surface, point, 0, 1))
    assert ag.grad(lambda p: surface(*p))(point) == close(expected)


@given(point=POINTS)
def test_hessian_of_a_surface(point: tuple[float, float]) -> None:
    mixed = exact_derivative(surface, point, 1, 1)
    rows = ag.hessian(lambda p: surface(*p))(list(point))
    assert rows[0] == close([exact_derivative(surface, point, 2, 0), mixed])
    assert rows[1] == close([mixed, exact_derivative(surface, point, 0, 2)])


@settings(max_examples=25)
@given(point=POINTS)
def test_third_derivatives_over_a_graph(point: tuple[float, float]) -> None:
    x, y = ag.Value(point[0]), ag.Value(point[1])
    by_x = ag.gradient(surface(x, y), x, create_graph=True)
    by_x_and_y = ag.gradient(by_x, y, create_graph=True)
    expected = [exact_derivative(surface, point, 2, 1), exact_derivative(surface, point, 1, 2)]
    assert ag.gradient(by_x_and_y, [x, y]) == close(expected)


# --- gradient, over a graph ----------------------------------------------------------------------


@given(point=POINTS)
def test_gradient_gives_what_backward_leaves_in_the_nodes(point: tuple[float, float]) -> None:
    x, y = ag.Value(point[0]), ag.Value(point[1])
    z = surface(x, y)
    found = ag.gradient(z, [x, y])
    z.backward()
    assert found == [x.grad, y.grad]


@given(point=POINTS)
def test_gradient_as_a_graph_has_the_same_numbers(point: tuple[float, float]) -> None:
    x, y = ag.Value(point[0]), ag.Value(point[1])
    z = surface(x, y)
    recorded = ag.gradient(z, [x, y], create_graph=True)
    assert [slope.data for slope in recorded] == ag.gradient(z, [x, y])


@pytest.mark.parametrize("create_graph", [False, True])
def test_gradient_leaves_every_grad_alone(create_graph: bool) -> None:
    x, y = ag.Value(2.0), ag.Value(3.0)
    shared = x * y
    shared.backward()
    z = surface(shared, y)
    nodes = topological_order(z)
    before = [node.grad for node in nodes]
    ag.gradient(z, [x, shared], create_graph=create_graph)
    assert [node.grad for node in nodes] == before


def test_gradient_is_nested_as_its_targets() -> None:
    x, y = ag.Value(2.0), ag.Value(3.0)
    assert ag.gradient(x * y, [x, (y, [x])]) == [3.0, (2.0, [3.0])]
    assert ag.gradient(x * y, []) == []


def test_gradient_with_respect_to_a_computed_node() -> None:
    x = ag.Value(2.0)
    y = x * x
    z = y * y * x
    assert ag.gradient(z, [y, x]) == [2 * 4 * 2, 5 * 2**4]


def test_gradient_with_respect_to_the_output_is_one() -> None:
    x = ag.Value(2.0)
    y = x * x
    assert ag.gradient(y, [y, x]) == [1.0, 4.0]


@pytest.mark.parametrize("create_graph", [False, True])
def test_gradient_with_respect_to_an_unreached_variable_is_zero(create_graph: bool) -> None:
    x, unreached = ag.Value(2.0), ag.Value(3.0)
    assert float(ag.gradient(x * x, unreached, create_graph=create_graph)) == 0


def test_gradient_does_not_ask_for_derivatives_off_the_way() -> None:
    x, beside = ag.Value(2.0), ag.Value(0.0)
    assert ag.gradient(x * ag.sqrt(beside) + x, x) == 1


def test_gradient_does_not_ask_for_derivatives_behind_its_targets() -> None:
    y = ag.sqrt(ag.Value(0.0))
    assert ag.gradient(y * 3, y) == 3
    assert ag.gradient(y, y) == 1


def test_gradient_of_a_constant_is_an_error_as_its_backward_pass_is() -> None:
    x = ag.Value(3.0)
    with ag.no_grad():
        y = x * x
    with pytest.raises(ag.GraphError, match=r"gradient\(\) of Value\(9.0\).*no_grad"):
        ag.gradient(y, x)


@pytest.mark.parametrize("formula", [lambda x: x, lambda x: x + x, lambda x: x * x, lambda x: -x])
def test_gradient_of_a_polynomial_can_be_taken_any_number_of_times(
    formula: Callable[[Any], Any],
) -> None:
    x = ag.Value(3.0)
    y = formula(x)
    for _ in range(5):
        y = ag.gradient(y, x, create_graph=True)
    assert y.data == 0


@pytest.mark.parametrize(
    "formula", [lambda x: x * 1e200 * 1e200, lambda x: 1e200 * x * 1e200 - 1e200 * x * 1e200]
)
def test_derivatives_at_an_output_that_is_not_finite_are_an_error(
    formula: Callable[[Any], Any],
) -> None:
    x = ag.Value(1.0)
    with pytest.raises(ag.NonFiniteError, match=r"gradient\(\).*first.*1e\+200 \* 1e\+200"):
        ag.gradient(formula(x), x)
    with pytest.raises(ag.NonFiniteError):
        ag.value_and_grad(formula)(1.0)
    with pytest.raises(ag.NonFiniteError):
        ag.value_and_grad(lambda x: math.inf)(1.0)


# --- grad, value_and_grad, hessian ---------------------------------------------------------------


def test_value_and_grad_gives_both_as_floats() -> None:
    value, slope = ag.value_and_grad(lambda x: x * x)(3.0)
    assert (type(value), value, type(slope), slope) == (float, 9, float, 6)


def test_grad_of_values_gives_values() -> None:
    x = ag.Value(3.0)
    value, slope = ag.value_and_grad(lambda x: x * x)(x)
    assert (value.data, slope.data) == (9, 6)
    assert ag.gradient(slope, x) == 2


def test_gradient_is_nested_as_the_argument() -> None:
    def loss(parameters: Any) -> Any:
        (a, b), [c] = parameters
        return a * b + c**2

    assert ag.grad(loss)([(2.0, 3.0), [5.0]]) == [(3.0, 2.0), [10.0]]


def test_gradient_by_a_named_tuple_is_a_named_tuple() -> None:
    class Point(NamedTuple):
        x: Any
        y: Any

    assert ag.grad(lambda p: p.x * p.y)(Point(2.0, 3.0)) == Point(3.0, 2.0)


def test_further_arguments_are_passed_on() -> None:
    def loss(x: Any, factor: float, *, power: int) -> Any:
        return factor * x**power

    assert ag.grad(loss)(5.0, 10.0, power=2) == 100
    assert ag.value_and_grad(loss)(5.0, 10.0, power=2) == (250, 100)
    assert ag.hessian(loss)(5.0, 10.0, power=2) == 20


DERIVATIVES = [ag.grad, ag.value_and_grad, ag.jacobian, ag.hessian]


@pytest.mark.parametrize("name", ["x", "function", "self", "wrt", "arguments", "options"])
@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_a_further_argument_may_have_any_name(derivative: Any, name: str) -> None:
    def fit(w: Any, **data: float) -> Any:
        return (w * data[name] - 3.0) ** 2

    assert derivative(fit)(1.0, **{name: 2.0}) == derivative(lambda w: (w * 2.0 - 3.0) ** 2)(1.0)


class Model:
    """Something with no name that can be called."""

    def __init__(self) -> None:
        self.secret = 2.0

    def __call__(self, x: Any, scale: float = 1.0) -> Any:
        return x * scale


NAMED = [
    (ag.sin, "sin", "(x"),
    (lambda x, y: x, "<lambda>", "(x, y)"),
    (Model(), "Model", "(x: Any, scale: float = 1.0)"),
    (functools.partial(ag.leaky_relu, slope=0.2), "partial", "(x"),
    (OPERATIONS["sin"], "Operation", "(*inputs"),
    (ag.grad(ag.sin), "grad(sin)", "(x"),
]


@pytest.mark.parametrize(("function", "name", "signature"), NAMED)
@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_a_derivative_is_named_after_its_function_and_takes_its_arguments(
    derivative: Any, function: Any, name: str, signature: str
) -> None:
    of_function = derivative(function)
    called = f"{derivative.__name__}({name})"
    assert of_function.__name__ == of_function.__qualname__ == called
    assert name in of_function.__doc__
    assert of_function.__doc__ != getattr(function, "__doc__", None)
    assert str(inspect.signature(of_function)).startswith(signature)
    assert not hasattr(of_function, "secret")


# --- a result that does not depend on the argument -----------------------------------------------

AWAY: dict[str, Callable[[Any], Any]] = {
    "a number": lambda x: 7.0,
    "math": math.sin,
    "data": lambda x: x.data * 2,
    "another variable": lambda x: ag.Value(2.0) * 3,
    "no_grad": ag.no_grad()(lambda x: x * x),
}


@pytest.mark.parametrize("function", AWAY.values(), ids=AWAY.keys())
@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_a_result_that_does_not_depend_on_the_argument_warns(
    derivative: Callable[..., Any], function: Callable[[Any], Any]
) -> None:
    with pytest.warns(ag.IndependenceWarning, match=r"ag\.sin") as caught:
        result = derivative(function)(2.0)
    assert result == 0.0 or result[1] == 0.0
    (warning,) = caught
    assert warning.filename == __file__


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_a_warning_comes_once_at_any_order(levels: int) -> None:
    function: Callable[..., Any] = math.sin
    for _ in range(levels):
        function = ag.grad(function)
    with pytest.warns(ag.IndependenceWarning) as caught:
        assert function(2.0) == 0.0
    assert len(caught) == 1


NO_SURPRISE: dict[str, Callable[[], Any]] = {
    "one of several": lambda: ag.grad(lambda p: p[0])([2.0, 3.0])[1],
    "none of none": lambda: sum(ag.grad(lambda p: 7.0)([])),
    "flat here": lambda: ag.grad(ag.relu)(-1.0),
    "flat on the way": lambda: ag.grad(lambda x: ag.relu(2 * ag.relu(x)))(-1.0),
    "times zero": lambda: ag.grad(lambda x: ag.relu(2 * x) * 0.0)(1.0),
    "detached": lambda: ag.grad(ag.detach)(2.0),
    "second of linear": lambda: ag.grad(ag.grad(lambda x: 3 * x))(2.0),
    "third of quadratic": lambda: ag.grad(ag.grad(ag.grad(lambda x: x * x)))(2.0),
    "formula of slopes": lambda: ag.grad(lambda x: 2 * ag.grad(lambda y: 3 * y)(x) - 1)(2.0),
    "hessian of linear": lambda: ag.hessian(lambda p: 3 * p[0])([2.0, 3.0])[0][0],
    "jacobian of linear": lambda: ag.jacobian(ag.grad(lambda p: 3 * p[0]))([2.0, 3.0])[1][0],
    "one result of several": lambda: ag.jacobian(lambda x: [x, 7.0])(2.0)[1],
    "gradient of hessian": lambda: ag.grad(ag.hessian(lambda x: x * x))(2.0),
    "at a Value": lambda: float(ag.grad(ag.grad(lambda x: 3 * x))(ag.Value(2.0))),
    "gradcheck": lambda: 1.0 - ag.gradcheck(lambda x, y: 3 * x - y, 2.0, 1.0, order=2),
}


@pytest.mark.parametrize("zero", NO_SURPRISE.values(), ids=NO_SURPRISE.keys())
def test_zeros_that_are_no_surprise_do_not_warn(zero: Callable[[], Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert zero() == 0.0


@pytest.mark.parametrize("derivative", DERIVATIVES)
@pytest.mark.parametrize("thing", [3.0, ag.Value(3.0), None])
def test_what_is_no_function_is_refused_at_once(derivative: Any, thing: Any) -> None:
    with pytest.raises(ag.ArgumentError, match=rf"{derivative.__name__}\(\) takes a function, not"):
        derivative(thing)


def test_grad_leaves_outer_variables_alone() -> None:
    weight = ag.Value(5.0)
    assert ag.grad(lambda x: weight * x)(2.0) == 5
    assert weight.grad == 0


def test_grad_works_inside_no_grad() -> None:
    def cubed(x: Any) -> Any:
        return x**3

    with ag.no_grad():
        assert ag.grad(cubed)(2.0) == 12
        assert ag.value_and_grad(cubed)(2.0) == (8, 12)
        assert ag.hessian(cubed)(2.0) == 12
        assert ag.grad(ag.grad(cubed))(2.0) == 12


def test_no_grad_inside_of_a_function_cuts_its_gradient() -> None:
    def half_of_it(x: Any) -> Any:
        with ag.no_grad():
            frozen = x * x
        return frozen * x

    assert ag.grad(half_of_it)(3.0) == 9


def test_inner_derivative_does_not_see_the_variable_of_the_outer() -> None:
    """d/dx [x * d/dy (x + y)] is 1, not 2: the x inside is no y."""
    assert ag.grad(lambda x: x * ag.grad(lambda y: x + y)(x))(3.0) == 1


def test_derivatives_nest_with_the_inner_point_depending_on_the_outer() -> None:
    """d/dx [x * d/dy (y³ x) at y = x²] = d/dx [3 x⁶] = 18 x⁵."""
    outer = ag.grad(lambda x: x * ag.grad(lambda y: y**3 * x)(x * x))
    assert outer(2.0) == 18 * 2**5


# --- derivatives inside of a function that is being differentiated -------------------------------


def slope_at_two(function: Callable[[Any], Any]) -> Any:
    """Differentiate at a number, so that only the function itself can lead to other variables."""
    return ag.grad(function)(2.0)


def value_times_slope_at_two(function: Callable[[Any], Any]) -> Any:
    value, slope = ag.value_and_grad(function)(2.0)
    return value * slope


def curvature_at_two(function: Callable[[Any], Any]) -> Any:
    return ag.hessian(function)(2.0)


# An inner derivative by y at 2 of a formula in x and y, and the same in x, worked out by hand.
CLOSURES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "grad": (lambda x: x * slope_at_two(lambda y: x * y), lambda x: x**2),
    "value_and_grad": (lambda x: value_times_slope_at_two(lambda y: x * y), lambda x: 2 * x**2),
    "hessian": (lambda x: x * curvature_at_two(lambda y: x * y**3), lambda x: 12 * x**2),
    "three levels": (
        lambda x: slope_at_two(lambda y: x**2 * slope_at_two(lambda z: x * y**2 * z**2)),
        lambda x: 16 * x**3,
    ),
    "a list": (
        lambda x: ag.dot([x, x], ag.grad(lambda p: x * p[0] * p[1])([2.0, 3.0])),
        lambda x: 5 * x**2,
    ),
    "nothing of x": (lambda x: x * slope_at_two(lambda y: y**2), lambda x: 4 * x),
}


@pytest.mark.parametrize(("nested", "by_hand"), CLOSURES.values(), ids=CLOSURES.keys())
@given(x=st.floats(0.5, 3))
def test_inner_derivative_depends_on_outer_variables_it_reaches(
    nested: Callable[[Any], Any], by_hand: Callable[[Any], Any], x: float
) -> None:
    value, slope = ag.value_and_grad(nested)(x)
    assert (type(value), type(slope)) == (float, float)
    assert (value, slope) == close((by_hand(x), ag.grad(by_hand)(x)))
    assert ag.hessian(nested)(x) == close(ag.hessian(by_hand)(x))
    assert ag.gradcheck(nested, x, order=2)


def test_compiled_inner_derivative_depends_on_the_sample_it_reaches() -> None:
    compiled = ag.compile(lambda x: x * ag.grad(lambda y: x * y * y)(2.0))
    assert compiled.map([1.0, 2.0, 3.0]).tolist() == [4.0, 16.0, 36.0]


def test_gradient_by_a_function_that_reaches_parameters_is_of_floats() -> None:
    weight = ag.Value(5.0)
    value, slope = ag.value_and_grad(lambda x: weight * x)(2.0)
    assert (type(value), value, type(slope), slope) == (float, 10, float, 5)


def test_threads_do_not_know_of_the_derivatives_of_each_other() -> None:
    found: list[Any] = []

    def function(x: Any) -> Any:
        thread = threading.Thread(target=lambda: found.append(ag.grad(ag.sin)(0.0)))
        thread.start()
        thread.join()
        return x

    ag.grad(function)(2.0)
    assert type(found[0]) is float


def test_floats_come_out_again_after_a_function_that_failed() -> None:
    with pytest.raises(ag.DomainError):
        ag.grad(ag.log)(-1.0)
    assert type(ag.grad(ag.sin)(0.0)) is float


@pytest.mark.parametrize("point", [lambda x: 2.0, lambda x: 2.0 + 0.0 * x], ids=["number", "Value"])
def test_inner_derivative_under_no_grad_is_a_constant(point: Callable[[Any], Any]) -> None:
    def frozen(x: Any) -> Any:
        with ag.no_grad():
            slope = ag.grad(lambda y: x * y)(point(x))
        return slope * x

    assert ag.grad(frozen)(3.0) == 3


# --- jacobian ------------------------------------------------------------------------------------


def field(p: Sequence[Any], of: Any) -> list[Any]:
    """Map three numbers to four, in the functions of `ag` or of `np`, which also take complex ones.

    The last result does not depend on the second number.
    """
    x, y, z = p
    return [x * y * z, of.exp(x - y) / (2 + z * z), of.sin(x * z) - y**3, (x + 3) ** 2 * of.cos(z)]


def complex_step(function: Callable[..., Any], point: Sequence[float]) -> list[list[float]]:
    """Return d y_i / d x_j as Im f(x + ih e_j) / h, which has no difference that could cancel."""
    h = 1e-200
    columns = np.array(point) + 1j * h * np.eye(len(point))
    return [[float(y.imag) / h for y in row] for row in zip(*map(function, columns), strict=True)]


@given(point=st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_jacobian_is_that_of_the_complex_step(point: list[float]) -> None:
    expected = complex_step(lambda p: field(p, np), point)
    rows = ag.jacobian(lambda p: field(p, ag))(point)
    assert [type(slope) for row in rows for slope in row] == [float] * 12
    for row, slopes in zip(rows, expected, strict=True):
        assert row == close(slopes)


@given(n=st.integers(1, 3), m=st.integers(1, 3), seed=st.integers(0, 1000))
def test_jacobian_of_a_matrix_product_is_its_matrix(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    A, x, X = rng.normal(size=(n, m)), rng.normal(size=m), rng.normal(size=(m, 2))
    slopes = ag.jacobian(lambda x: A @ x)(x)
    assert (slopes.dtype, slopes.tolist()) == (float, A.tolist())
    of_columns = ag.jacobian(lambda X: A @ X)(X)
    assert of_columns.tolist() == np.einsum("ik,jl->ijkl", A, np.eye(2)).tolist()


@given(point=st.lists(st.floats(-1, 1), min_size=2, max_size=2))
def test_the_jacobian_of_the_gradient_is_the_hessian(point: list[float]) -> None:
    def surface(p: Sequence[Any]) -> Any:
        return ag.sin(p[0] * p[1]) + p[0] ** 3

    assert ag.jacobian(ag.grad(surface))(point) == ag.hessian(surface)(point)


def test_jacobian_is_nested_as_the_results_and_then_as_the_argument() -> None:
    def function(p: Any) -> Any:
        return [p[0] * p[1][0], (p[0], 7.0)]

    assert ag.jacobian(function)([3.0, [5.0]]) == [[5.0, [3.0]], ([1.0, [0.0]], [0.0, [0.0]])]
    of_list = ag.jacobian(lambda x: [x.sum(), x[0]])(np.ones(2))
    assert [row.tolist() for row in of_list] == [[1.0, 1.0], [1.0, 0.0]]


@given(x=st.floats(-2, 2))
def test_the_jacobian_of_one_number_is_its_derivative(x: float) -> None:
    assert ag.jacobian(ag.tanh)(x) == ag.grad(ag.tanh)(x)
    assert ag.jacobian(lambda x: [])(x) == []


def test_a_jacobian_can_be_differentiated_and_compiled() -> None:
    def trace(x: Any) -> Any:  # of [[2x, y], [0, 3y²]] at (x, x)
        (a, _), (_, d) = ag.jacobian(lambda p: [p[0] ** 2 + p[1] ** 2 / 2, p[1] ** 3])([x, x])
        return a + d

    assert ag.grad(trace)(2.0) == 2 + 6 * 2
    assert ag.compile(trace).map([1.0, 2.0]).tolist() == [5.0, 16.0]


@pytest.mark.parametrize("results", [["x"], [None], {"a": 1.0}, None])
def test_results_that_are_no_numbers_are_refused(results: Any) -> None:
    with pytest.raises(ag.NotANumberError):
        ag.jacobian(lambda x: results)(2.0)


def test_a_gradient_of_a_gradient_needs_its_graph() -> None:
    x = ag.Value(3.0)
    slope = ag.gradient(x**3, x)
    with pytest.raises(ag.NotANumberError, match=r"not 27\.0.* create_graph=True"):
        ag.gradient(slope, x)
    assert ag.gradient(ag.gradient(x**3, x, create_graph=True), x) == 18.0


def test_rows_of_a_tuple_are_tuples() -> None:
    jacobian = ag.jacobian(lambda p: np.array([p[0], p[1]]))
    assert jacobian((1.0, 2.0)) == [(1.0, 0.0), (0.0, 1.0)]


# --- hessian -------------------------------------------------------------------------------------


@given(numbers=st.lists(st.floats(-2, 2), min_size=1, max_size=4))
def test_hessian_of_a_quadratic_form_is_its_matrix(numbers: list[float]) -> None:
    size = range(len(numbers))
    matrix = [[float(min(i, j) + 1) for j in size] for i in size]

    def form(xs: Any) -> Any:
        return ag.sum(matrix[i][j] * xs[i] * xs[j] for i in size for j in size) / 2

    assert ag.hessian(form)(numbers) == matrix


@given(numbers=st.lists(st.floats(-2, 2), min_size=2, max_size=4))
def test_hessian_is_symmetric(numbers: list[float]) -> None:
    hessian = ag.hessian(lambda xs: ag.logsumexp([ag.sin(x) * xs[0] for x in xs]) ** 2)(numbers)
    transposed = [list(column) for column in zip(*hessian, strict=True)]
    assert hessian == [close(row) for row in transposed]


def test_hessian_is_nested_as_the_argument_twice() -> None:
    def product(point: Any) -> Any:
        x, [y] = point
        return x * x * y

    assert ag.hessian(product)([3.0, [5.0]]) == [[10.0, [6.0]], [[6.0, [0.0]]]]


def test_hessian_of_a_linear_function_is_zero() -> None:
    assert ag.hessian(lambda p: 2 * p[0] - p[1])([3.0, 5.0]) == [[0.0, 0.0], [0.0, 0.0]]


def test_a_hessian_can_be_differentiated() -> None:
    assert ag.grad(lambda x: ag.hessian(lambda y: y**3)(x))(2.0) == 6.0


def test_a_gradient_is_a_graph_under_no_grad_too() -> None:
    x = ag.Value(2.0)
    y = x**3
    with ag.no_grad():
        slope = ag.gradient(y, x, create_graph=True)
    assert ag.gradient(slope, x) == 12.0


def test_a_large_negative_base_has_a_derivative() -> None:
    assert ag.grad(lambda x: x**2)(-1e17) == -2e17


def test_a_gradient_of_zero_stays_zero_next_to_infinity_in_every_way() -> None:
    def largest(a: Any) -> Any:
        return ag.max([a * -math.inf, 2.0 * a])

    a = ag.Value(1.0)
    largest(a).backward()
    assert a.grad == ag.gradient(largest(a), a) == ag.grad(largest)(1.0) == 2.0


@pytest.mark.parametrize("of", [ag.grad, ag.value_and_grad, ag.hessian])
def test_a_function_of_several_results_is_told_what_to_do(of: Any) -> None:
    with pytest.raises(ag.NotANumberError, match=r"returned \[.* take jacobian\(f\) instead"):
        of(lambda p: [p[0] * p[1], p[0]])([1.0, 2.0])


# --- at NumPy arrays -----------------------------------------------------------------------------


@given(n=st.integers(1, 3), m=st.integers(1, 3), seed=st.integers(0, 1000))
def test_derivatives_at_a_matrix_are_arrays(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    A, B, X = rng.normal(size=(4, n)), rng.normal(size=(4, m)), rng.normal(size=(n, m))

    def half_square(X: Any) -> Any:
        return ((A @ X - B) ** 2).sum() / 2

    value, slopes = ag.value_and_grad(half_square)(X)
    assert value == close(half_square(X))
    assert slopes == close(A.T @ (A @ X - B))
    assert slopes.dtype == float
    curvature = np.einsum("ik,jl->ijkl", A.T @ A, np.eye(m))
    assert ag.hessian(half_square)(X) == close(curvature)
    assert ag.gradcheck(half_square, X, order=2)


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (np.var, lambda x: 2 * (x - x.mean()) / len(x)),
        (np.std, lambda x: (x - x.mean()) / (len(x) * x.std())),
        (lambda x: np.vdot(x, x), lambda x: 2 * x),
        (np.linalg.norm, lambda x: x / np.linalg.norm(x)),
    ],
)
def test_statistics_of_an_array_have_gradients(
    function: Callable[[Any], Any], slope: Callable[[Any], Any]
) -> None:
    x = np.array([1.0, 2.5, -4.0])
    assert ag.grad(function)(x) == close(slope(x))


def test_arrays_and_lists_mix() -> None:
    point = [np.array([2.0, 3.0]), 4.0]
    of_array, of_number = ag.hessian(lambda p: p[0].prod() * p[1] ** 2)(point)
    rows = [(part.tolist(), mixed) for part, mixed in (*of_array, of_number)]
    assert rows == [([0.0, 16.0], 24.0), ([16.0, 0.0], 16.0), ([24.0, 16.0], 12.0)]


def test_the_gradient_with_respect_to_an_array_of_nodes_is_an_array() -> None:
    x, y = ag.Value(2.0), ag.Value(3.0)
    slopes = ag.gradient(x * x * y, np.array([[x], [y]]), create_graph=True)
    assert slopes.shape == (2, 1)
    assert ag.gradient(slopes[0, 0], np.array([x, y])).tolist() == [6.0, 4.0]


def test_an_array_without_numbers_has_a_gradient_without_numbers() -> None:
    assert ag.grad(lambda x: 3.0)(np.zeros((0, 3))).shape == (0, 3)


def test_an_array_without_axes_is_told_what_to_do() -> None:
    with pytest.raises(ag.NotANumberError, match=r"\.item\(\)"):
        ag.grad(lambda x: x * x)(np.array(3.0))


def test_an_array_of_arrays_of_several_lengths_has_a_list_of_gradients() -> None:
    ragged = np.array([np.array([1.0, 2.0]), np.array([3.0]), 4.0], dtype=object)
    pair, single, number = ag.grad(lambda p: p[0][0] * p[0][1] * p[1][0] * p[2])(ragged)
    assert (pair.tolist(), single.tolist(), number) == ([24.0, 12.0], [8.0], 6.0)
    pair, single = ag.grad(lambda p: p[0][0] * p[0][1] * p[1][0])(ragged[:2])
    assert (pair.tolist(), single.tolist()) == ([6.0, 3.0], [2.0])


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_a_matrix_whose_rows_are_matrices_is_an_array() -> None:
    point = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    slopes = ag.grad(lambda x: (x[0] * x[1]).sum())(point)
    assert type(slopes) is np.ndarray
    assert slopes.tolist() == [[3.0, 4.0], [1.0, 2.0]]


# --- functions that change their argument --------------------------------------------------------


def scales_an_entry(p: Any) -> Any:
    p[0] = 3.0 * p[0]
    return p[0] ** 2 * p[1]


def scales_the_array(p: Any) -> Any:
    p *= 3.0
    return p[0] ** 2 * p[1]


def scales_rows(p: Any) -> Any:
    p.reverse()
    p[1][0] *= 3.0
    return p[1][0] ** 2 * p[0][0]


@pytest.mark.parametrize(
    ("function", "point", "expected"),
    [
        (scales_an_entry, [2.0, 5.0], [180.0, 36.0]),
        (scales_the_array, np.array([2.0, 5.0]), [540.0, 108.0]),
        (scales_rows, [[2.0], [5.0]], [[180.0], [36.0]]),
    ],
)
def test_a_function_may_change_its_argument(function: Any, point: Any, expected: Any) -> None:
    before = repr(point)
    assert np.array_equal(ag.grad(function)(point), expected)
    assert np.array_equal(ag.value_and_grad(function)(point)[1], expected)
    assert np.array_equal(ag.jacobian(lambda p: [function(p)])(point), [expected])
    assert ag.gradcheck(function, point, order=2)
    assert repr(point) == before
    slope = ag.grad(function)
    by_rows = ag.jacobian(lambda p: slope(p))(point)
    assert np.array_equal(ag.hessian(function)(point), by_rows)


def test_derivatives_wait_for_no_import_of_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", types.ModuleType("numpy"))  # as it is at first
    assert ag.grad(lambda p: p[0] * p[1])([2.0, 3.0]) == [3.0, 2.0]

"""Laws of every operation in the table, held against mpmath with 50 digits.

The tests iterate over `OPERATIONS`, and read from the derivative rule how many inputs an operation
takes: one that is defined tomorrow is tested tomorrow, once `ORACLES` says what it should compute.
"""

import contextlib
import copy
import itertools
import math
import pickle
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import autograd as ag
from autograd.definition import define
from autograd.operation import CONSTANT, DETACH, OPERATIONS, SEED, Operation
from comparing import close
from operation_table import arity

Point = Sequence[float]


def products(*numbers: Any) -> Any:
    """Compute ``bias + w_1 x_1 + ...`` of ``(w_1, ..., x_1, ..., bias)``, bias or not."""
    weights, inputs = numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]
    return mpmath.fdot(weights, inputs) + (inputs[-1] if len(numbers) % 2 else 0)


ORACLES: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda x: -x,
    "pow": mpmath.power,
    "exp": mpmath.exp,
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "expm1": mpmath.expm1,
    "sqrt": mpmath.sqrt,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tanh": mpmath.tanh,
    "arctan": mpmath.atan,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "relu": lambda x: max(x, 0),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "heaviside": lambda x: mpmath.mpf(x > 0),
    "abs": mpmath.fabs,
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "sum": lambda *xs: mpmath.fsum(xs),
    "dot": products,
    "max": lambda *xs: max(xs),
    "min": lambda *xs: min(xs),
    "lookup": lambda index, *entries: entries[int(mpmath.nint(index))],
}

EXTREMES = [0.0, 5e-324, 1e-308, 1e-160, 0.5, 1.0, 2.0, 709.78, 746.0, 1e160, 1.797e308]
EXTREMES += [-x for x in EXTREMES]

MAGNITUDES = st.floats(0.001, 10)
SMALL = st.integers(-3, 3).map(float) | MAGNITUDES | MAGNITUDES.map(lambda x: -x)
WIDE = SMALL | st.floats(10, 1000) | st.floats(-1000, -10) | st.floats(1e-18, 1e-3)


@st.composite
def lookups(draw: st.DrawFn) -> Point:
    entries = draw(st.lists(SMALL, min_size=1, max_size=5))
    return [draw(st.integers(0, len(entries) - 1).map(float)), *entries]


OWN_POINTS: dict[str, st.SearchStrategy[Point]] = {
    "pow": st.tuples(MAGNITUDES, SMALL),  # other bases have a test of their own
    "lookup": lookups(),
}


def points(operation: Operation) -> st.SearchStrategy[Point]:
    """Draw inputs for an operation, some of them outside of its domain."""
    if operation.name in OWN_POINTS:
        return OWN_POINTS[operation.name]
    count = arity(operation)
    if count is None:
        return st.lists(SMALL, min_size=1, max_size=5)
    return st.tuples(WIDE) if count == 1 else st.tuples(*[SMALL] * count)


def exists(operation: Operation, point: Point) -> bool:
    try:
        operation.evaluate(*point)
    except ag.AutogradError:
        return False
    return True


def has_derivative(operation: Operation, point: Point) -> bool:
    try:
        operation.derivative(1.0, operation.evaluate(*point), *point)
    except (ArithmeticError, ValueError):
        return False
    return True


def points_of_domain(operation: Operation) -> st.SearchStrategy[Point]:
    return points(operation).filter(lambda point: exists(operation, point))


def partial_derivative(function: Callable[..., Any], point: Point, orders: Sequence[int]) -> float:
    """Differentiate with 50 digits, `orders[i]` times by input i; discard a point at a kink."""
    with mpmath.workdps(50):
        exact = tuple(map(mpmath.mpf, point))
        sides = [
            mpmath.diff(function, exact, orders, direction=direction) for direction in (-1, 0, 1)
        ]
        if not all(mpmath.almosteq(side, sides[1], 1e-20, 1e-20) for side in sides):
            reject()
        return float(sides[1])


def exact_gradient(operation: Operation, point: Point) -> list[float]:
    oracle = ORACLES[operation.name]
    rows = np.identity(len(point), dtype=int).tolist()
    return [partial_derivative(oracle, point, orders) for orders in rows]


every_operation = pytest.mark.parametrize(
    "operation", [pytest.param(operation, id=name) for name, operation in OPERATIONS.items()]
)


def test_every_operation_has_an_oracle() -> None:
    assert set(OPERATIONS) == set(ORACLES)


# --- numbers -------------------------------------------------------------------------------------


@every_operation
@given(data=st.data())
def test_forward_agrees_with_the_oracle(operation: Operation, data: st.DataObject) -> None:
    point = data.draw(points_of_domain(operation))
    with mpmath.workdps(50):
        expected = float(ORACLES[operation.name](*map(mpmath.mpf, point)))
    cancels = arity(operation) is None  # in a sum of several terms; all others keep their digits
    assert operation.evaluate(*point) == close(expected, absolute=1e-12 if cancels else 1e-300)


@every_operation
@given(data=st.data(), g=st.floats(-10, 10))
def test_derivative_rule_agrees_with_the_oracle(
    operation: Operation, data: st.DataObject, g: float
) -> None:
    point = data.draw(points_of_domain(operation))
    expected = [g * slope for slope in exact_gradient(operation, point)]
    gradients = operation.derivative(g, operation.evaluate(*point), *point)
    assert list(gradients) == close(expected)


@every_operation
@settings(max_examples=25)
@given(data=st.data())
def test_rule_applied_to_values_gives_second_derivatives(
    operation: Operation, data: st.DataObject
) -> None:
    point = data.draw(points_of_domain(operation))
    exact_gradient(operation, point)  # where there is no first derivative, there is no second
    row = data.draw(st.sampled_from(np.identity(len(point), dtype=int).tolist()))
    orders = np.identity(len(point), dtype=int) + row
    expected = [
        partial_derivative(ORACLES[operation.name], point, pair) for pair in orders.tolist()
    ]
    hessian = ag.hessian(lambda numbers: operation(*numbers))(list(point))
    assert hessian[row.index(1)] == close(expected)


@given(base=SMALL, exponent=st.integers(-5, 5))
def test_derivative_of_power_by_a_base_of_any_sign(base: float, exponent: int) -> None:
    if base == 0 and exponent < 0:
        reject()
    expected = partial_derivative(lambda b: b**exponent, [base], [1])
    assert ag.grad(lambda b: b**exponent)(base) == close(expected)


@pytest.mark.parametrize(
    ("name", "x", "limit"),
    [
        ("exp", -math.inf, 0.0),
        ("exp", math.inf, math.inf),
        ("expm1", -math.inf, -1.0),
        ("log", math.inf, math.inf),
        ("log1p", math.inf, math.inf),
        ("sqrt", math.inf, math.inf),
        ("tanh", math.inf, 1.0),
        ("tanh", -math.inf, -1.0),
        ("arctan", math.inf, math.pi / 2),
        ("sigmoid", math.inf, 1.0),
        ("sigmoid", -math.inf, 0.0),
        ("softplus", math.inf, math.inf),
        ("softplus", -math.inf, 0.0),
        ("relu", -math.inf, 0.0),
        ("abs", -math.inf, math.inf),
        ("erf", -math.inf, -1.0),
    ],
)
def test_infinite_input_gives_the_limit(name: str, x: float, limit: float) -> None:
    assert OPERATIONS[name](x) == limit


@every_operation
def test_extreme_finite_inputs_never_give_a_silent_nan(operation: Operation) -> None:
    for point in itertools.product(EXTREMES, repeat=arity(operation) or 2):
        if has_derivative(operation, point):  # where it raises, it is not silent
            out = operation.evaluate(*point)
            gradients = operation.derivative(1.0, out, *point)
            assert not any(map(math.isnan, [out, *gradients])), point


# --- conventions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "point", "gradients"),
    [
        ("relu", [0.0], [0.0]),
        ("relu", [-0.0], [0.0]),
        ("abs", [0.0], [0.0]),
        ("abs", [-0.0], [0.0]),
        ("max", [2.0, 3.0, 3.0, 3.0], [0.0, 1.0, 0.0, 0.0]),
        ("max", [-0.0, 0.0], [1.0, 0.0]),
        ("min", [4.0, 3.0, 3.0, 3.0], [0.0, 1.0, 0.0, 0.0]),
        ("min", [0.0, -0.0], [1.0, 0.0]),
        ("pow", [0.0, 0.0], [0.0, 0.0]),
        ("pow", [0.0, 1.0], [1.0, 0.0]),
        ("pow", [0.0, 2.0], [0.0, 0.0]),
        ("pow", [-2.0, 3.0], [12.0, 0.0]),
        ("lookup", [1.0, 7.0, 7.0], [0.0, 0.0, 1.0]),
    ],
)
def test_convention_where_a_derivative_is_not_unique(
    name: str, point: list[float], gradients: list[float]
) -> None:
    assert ag.grad(lambda numbers: OPERATIONS[name](*numbers))(point) == gradients


def power(exponent: int) -> Callable[[Any], Any]:
    return lambda x: x**exponent


@pytest.mark.parametrize("x", [0.0, 5e-324, -1e-320, 5.5e-309, 6e-309, 1e-200, 1.0, -1e100])
@pytest.mark.parametrize("exponent", [0, 1, 2, 3])
def test_power_has_derivatives_until_they_vanish_at_any_number(x: float, exponent: int) -> None:
    function, factor = power(exponent), 1.0
    for order in range(1, exponent + 2):
        function, factor = ag.grad(function), factor * (exponent + 1 - order)
        expected = factor * x ** (exponent - order) if factor else 0.0
        assert function(x) == close(expected, absolute=0.0), order


# --- nan -----------------------------------------------------------------------------------------

INFINITE = st.sampled_from([math.inf, -math.inf, 0.0, 1.0, -2.0, 1e200, -1e200])


@every_operation
@given(data=st.data())
def test_nan_of_plain_numbers_is_an_error_at_once(
    operation: Operation, data: st.DataObject
) -> None:
    count = arity(operation) or 4
    point = data.draw(st.lists(INFINITE, min_size=count, max_size=count))
    with contextlib.suppress(ag.AutogradError):
        assert not math.isnan(operation(*point))


@pytest.mark.parametrize("name", ["max", "min", "relu", "abs", "sigmoid", "softplus"])
def test_nan_is_passed_on_to_where_it_is_found(name: str) -> None:
    nan = ag.Value(math.inf) - math.inf
    operation = OPERATIONS[name]
    for inputs in [[nan]] if arity(operation) == 1 else [[1.0, nan], [nan, 1.0], [-1.0, nan, 2.0]]:
        with pytest.raises(ag.NonFiniteError, match="nan"):
            (0 * operation(*inputs)).backward()


# --- arrays --------------------------------------------------------------------------------------


def columns(table: Sequence[Point]) -> list[np.ndarray[Any, Any]]:
    return [np.array(column) for column in zip(*table, strict=True)]


@st.composite
def tables(draw: st.DrawFn, operation: Operation) -> list[Point]:
    """Draw points of the domain, equally long, with ties and with zeros of both signs."""
    drawn = draw(st.lists(points_of_domain(operation), min_size=1))
    length = len(drawn[0])
    special = st.tuples(*[st.sampled_from([0.0, -0.0, 1.0, 1000.0, -1000.0])] * length)
    more = draw(st.lists(special))
    # Picked here, not filtered as they are drawn: hypothesis gives up if it rejects too many.
    return [point for point in drawn if len(point) == length] + [
        point for point in more if exists(operation, point)
    ]


@every_operation
@settings(max_examples=15)
@given(data=st.data())
def test_array_forward_equals_float_forward(operation: Operation, data: st.DataObject) -> None:
    table = data.draw(tables(operation))
    expected = [operation.evaluate(*point) for point in table]
    result = operation.array(np, *columns(table))
    np.testing.assert_allclose(result, expected, rtol=1e-14, atol=0)


@every_operation
@settings(max_examples=15)
@given(data=st.data(), g=st.floats(-10, 10))
def test_rule_on_arrays_equals_rule_on_floats(
    operation: Operation, data: st.DataObject, g: float
) -> None:
    drawn = data.draw(tables(operation))
    table = [point for point in drawn if has_derivative(operation, point)] or reject()
    outputs = [operation.evaluate(*point) for point in table]
    rows = [operation.derivative(g, out, *point) for out, point in zip(outputs, table, strict=True)]
    result = operation.derivative(np.full(len(table), g), np.array(outputs), *columns(table))
    for gradient, expected in zip(result, columns(rows), strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-14, atol=0)


# --- the fast path -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(operation, id=name)
        for name, operation in OPERATIONS.items()
        if operation.accumulate is not None
    ],
)
@given(data=st.data(), g=st.floats(-10, 10), before=st.floats(-10, 10))
def test_accumulate_adds_what_the_rule_returns(
    operation: Operation, data: st.DataObject, g: float, before: float
) -> None:
    point = data.draw(points_of_domain(operation))
    nodes = [ag.Value(x) for x in point]
    for node in nodes:
        node.grad = before
    result = ag.Value.record(operation, nodes)
    assert operation.accumulate is not None
    operation.accumulate(g, result._first, result._second)
    gradients = operation.derivative(g, operation.evaluate(*point), *point)
    assert [node.grad for node in nodes] == [before + gradient for gradient in gradients]


# --- the table -----------------------------------------------------------------------------------


@pytest.fixture
def cube() -> Operation:
    """An operation that a user defines."""
    return define(
        "cube",
        symbol="x³",
        forward=lambda x: x * x * x,
        array=lambda np, x: x * x * x,
        derivative=lambda g, out, x: (g * 3 * x * x,),
    )


def test_new_operation_backpropagates(cube: Operation) -> None:
    x = ag.Value(2.0)
    y = cube(x)
    y.backward()
    assert (y.data, x.grad, y.operation) == (8, 12, cube)


def test_new_operation_has_derivatives_of_every_order(cube: Operation) -> None:
    slope = ag.grad(cube)
    curvature = ag.grad(slope)
    jerk = ag.grad(curvature)
    assert [slope(2.0), curvature(2.0), jerk(2.0), ag.grad(jerk)(2.0)] == [12, 12, 6, 0]


def test_new_operation_passes_the_gradient_check(cube: Operation) -> None:
    assert ag.gradcheck(cube, 2.0, order=2)


def test_new_operation_stands_in_the_table(cube: Operation) -> None:
    assert OPERATIONS["cube"] is cube


@pytest.mark.parametrize("name", ["tanh", "constant", "detach", "seed"])
def test_names_of_the_library_are_taken(name: str) -> None:
    before = dict(OPERATIONS)
    with pytest.raises(ag.ArgumentError, match=f"'{name}'.*choose another name"):
        define(
            name,
            symbol="t",
            forward=math.sinh,
            array=lambda np, x: np.sinh(x),
            derivative=lambda g, out, x: (g,),
        )
    assert before == OPERATIONS


def defined_again(operation: Operation) -> Operation:
    """Run the cell of a notebook again, after changing the operation in it."""
    return define(
        operation.name,
        symbol="x⁴",
        forward=lambda x: x**4,
        array=lambda np, x: x**4,
        derivative=lambda g, out, x: (g * 4 * x**3,),
    )


def test_an_own_operation_may_be_defined_again_and_the_later_counts(cube: Operation) -> None:
    again = defined_again(cube)
    assert OPERATIONS["cube"] is again
    assert (again(2.0), ag.grad(again)(2.0)) == (16, 32)


def test_graph_of_an_operation_defined_again_stays_as_it_was_recorded(cube: Operation) -> None:
    x = ag.Value(2.0)
    y = cube(x)
    defined_again(cube)
    for output, variable in [(y, x), copy.deepcopy((y, x))]:
        output.backward()
        assert (output.operation, output.data, variable.grad) == (cube, 8, 12)
    with pytest.raises(ag.GraphError, match=r"'cube' .* again"):
        pickle.dumps(y)


def test_compiled_function_keeps_the_definitions_apart(cube: Operation) -> None:
    again = defined_again(cube)
    compiled = ag.compile(lambda x: 100 * cube(x) + again(x))
    assert compiled.map([2.0, 3.0]).tolist() == [816.0, 2781.0]


def test_operation_is_pickled_by_a_name_that_has_to_be_known(cube: Operation) -> None:
    text = pickle.dumps(cube(ag.Value(2.0)))
    again = defined_again(cube)
    assert pickle.loads(text).operation is again
    del OPERATIONS["cube"]
    with pytest.raises(ag.GraphError, match=r"'cube'.*define it"):
        pickle.loads(text)


def test_a_compiled_mean_is_not_pickled_and_says_what_is() -> None:
    w = ag.Value(0.5)
    mean = ag.compile(lambda x: w * x)([1.0, 2.0])
    with pytest.raises(ag.GraphError, match=r"'compiled mean' .* pickle the variables"):
        pickle.dumps(mean)


@pytest.mark.parametrize("operation", [*OPERATIONS.values(), CONSTANT, DETACH, SEED], ids=repr)
@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda operation: pickle.loads(pickle.dumps(operation))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_there_is_one_of_each_operation(
    operation: Operation, duplicate: Callable[[Operation], Operation]
) -> None:
    assert duplicate(operation) is operation


def test_operation_answers_in_the_kind_of_its_inputs() -> None:
    tanh = OPERATIONS["tanh"]
    assert type(tanh(0.5)) is float
    assert type(tanh(ag.Value(0.5))) is ag.Value
    np.testing.assert_array_equal(tanh(np.array([0.0, 0.0])), [0, 0])


def test_one_value_among_the_inputs_makes_a_node() -> None:
    node = OPERATIONS["max"](1.0, ag.Value(2.0), 3.0)
    assert [parent.data for parent in node.parents] == [1, 2, 3]


# --- mistakes in a definition --------------------------------------------------------------------


def test_a_rule_that_leaves_the_graph_is_told_when_it_is_differentiated() -> None:
    sine = define(
        "sine",
        symbol="sine",
        forward=math.sin,
        array=lambda np, x: np.sin(x),
        derivative=lambda g, out, x: (g * math.cos(x),),
    )
    assert ag.grad(sine)(0.5) == math.cos(0.5)
    with pytest.raises(ag.GraphError, match=rf"^{re.escape(__file__)}:\d+: a derivative rule"):
        ag.grad(ag.grad(sine))(0.5)


SQUARE: dict[str, Any] = {
    "name": "square",
    "symbol": "x²",
    "forward": lambda x: x * x,
    "array": lambda np, x: x * x,
    "derivative": lambda g, out, x: (2 * g * x,),
}


@pytest.mark.parametrize(
    ("advice", "overflow_advice", "at_overflow"),
    [
        ("", "", ""),
        (": stay", "", ": stay"),
        (": stay", ": less", ": less"),
        ("", ": less", ": less"),
    ],
)
def test_advice_fits_the_cause(advice: str, overflow_advice: str, at_overflow: str) -> None:
    operation = replace(OPERATIONS["exp"], advice=advice[2:], overflow_advice=overflow_advice[2:])
    with pytest.raises(ag.NonFiniteError) as caught:
        operation.evaluate(1000.0)
    assert str(caught.value) == f"exp(1000.0) is too large for a float{at_overflow}"
    assert str(operation.error([1.0], ValueError())) == f"exp(1.0) does not exist{advice}"


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": 3}, "name=3: give a string"),
        ({"name": ["square"]}, r"name=\['square'\]: give a string"),
        ({"symbol": None}, "symbol=None: give a string"),
        ({"advice": 3}, "advice=3: give a string"),
        ({"overflow_advice": None}, "overflow_advice=None: give a string"),
        ({"forward": None}, "forward=None: the operation square needs a function"),
        ({"array": "np.square"}, "array='np.square': the operation square needs a function"),
        ({"derivative": 2.0}, "derivative=2.0: the operation square needs a function"),
        ({"accumulate": 3}, "accumulate=3: the operation square needs a function"),
        ({"forward": lambda x, y: x}, r"forward\(x, y\) of square does not fit .*\(g, out, x\)"),
        ({"array": lambda x: x * x}, r"array\(x\) of square does not fit .*array\(np, x\)"),
        ({"derivative": lambda g, x: (g,)}, r"derivative\(g, x\).*derivative\(g, out, x\)"),
        ({"derivative": lambda x: (x,)}, r"derivative\(x\).*derivative\(g, out, x\)"),
    ],
)
def test_a_definition_that_cannot_be_one_is_refused(
    changed: dict[str, Any], complaint: str
) -> None:
    before = dict(OPERATIONS)
    with pytest.raises(ag.ArgumentError, match=complaint):
        define(**SQUARE | changed)
    assert before == OPERATIONS


@pytest.mark.parametrize("forward", [math.log, math.hypot, int, np.log1p], ids=repr)
def test_a_definition_may_use_functions_that_tell_no_inputs(forward: Any) -> None:
    operation = define(**SQUARE | {"forward": forward})
    assert operation(2.0) == forward(2.0)


@pytest.fixture
def returning() -> Callable[[Any], Operation]:
    """Define an operation whose forward returns what it is told to."""
    return lambda result: define(**SQUARE | {"forward": lambda x: result})


@pytest.mark.parametrize("result", [1j, None, "9.0", [9.0], (9.0,), np.ones(2), np.True_], ids=repr)
@pytest.mark.parametrize("x", [3.0, ag.Value(3.0)], ids=["float", "Value"])
def test_a_forward_that_returns_no_number_is_told_where_it_is_used(
    returning: Callable[[Any], Operation], result: Any, x: Any
) -> None:
    square = returning(result)
    message = (
        rf"forward of square returned {re.escape(repr(result))} for square\(3\.0\): return a float"
    )
    for use in (square, ag.compile(square)):
        with pytest.raises(ag.NotANumberError, match=message):
            use(x if use is square else np.array([3.0]))


@pytest.mark.parametrize("result", [9, True, Fraction(9, 2), np.float32(9), np.int64(9)], ids=repr)
def test_a_node_holds_a_float_whatever_real_number_a_forward_returns(
    returning: Callable[[Any], Operation], result: Any
) -> None:
    square = returning(result)
    for number in (square(3.0), square(ag.Value(3.0)).data):
        assert (type(number), number) == (float, result)


def test_a_number_that_no_float_holds_is_too_large(
    returning: Callable[[Any], Operation],
) -> None:
    with pytest.raises(ag.NonFiniteError, match=r"square\(3\.0\) is too large for a float"):
        returning(10**400)(3.0)


def test_a_type_error_inside_a_form_on_arrays_is_not_ours() -> None:
    mixed = define(
        "mixed",
        symbol="?",
        forward=lambda x: x,
        array=lambda np, x: np.sin(x, casting="impossible"),
        derivative=lambda g, out, x: (g,),
    )
    with pytest.raises((TypeError, ValueError)) as caught:
        mixed(np.ones(2))
    assert not isinstance(caught.value, ag.AutogradError)

import copy
import math
import operator
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd.functions import weighted_sum
from autograd.graph import Row
from autograd.operation import CONSTANT, OPERATIONS

ROOT = Path(__file__).parents[2]

NUMBERS = [2, True, 2.5, Fraction(5, 2), np.float64(2.5), np.float32(2.5), np.int64(2), np.True_]
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge]


def kind(number: object) -> str:
    return type(number).__name__


# --- operators -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", NUMBERS, ids=kind)
@pytest.mark.parametrize("apply", OPERATORS)
def test_operator_takes_a_number_on_either_side(apply: Callable[..., Any], number: Any) -> None:
    x = ag.Value(1.5)
    for result, expected in [
        (apply(x, number), apply(1.5, float(number))),
        (apply(number, x), apply(float(number), 1.5)),
    ]:
        assert type(result) is ag.Value
        assert (type(result.data), result.data) == (float, expected)


@pytest.mark.parametrize("number", NUMBERS, ids=kind)
@pytest.mark.parametrize("apply", OPERATORS)
def test_number_differs_from_a_variable_in_its_gradient_only(
    apply: Callable[..., Any], number: Any
) -> None:
    x, y = ag.Value(1.5), ag.Value(float(number))
    (apply(x, number) + 3 * apply(number, x)).backward()
    from_numbers, x.grad = x.grad, 0.0
    (apply(x, y) + 3 * apply(y, x)).backward()
    assert x.grad == from_numbers
    assert y.grad != 0


@pytest.mark.parametrize("apply", OPERATORS)
@given(left=st.floats(0.1, 10), right=st.floats(-10, 10).filter(bool))
def test_operator_computes_as_on_floats(
    apply: Callable[..., Any], left: float, right: float
) -> None:
    assert apply(ag.Value(left), ag.Value(right)).data == apply(left, right)


@given(x=st.floats(allow_nan=False))
def test_sign_operators_compute_as_on_floats(x: float) -> None:
    value = ag.Value(x)
    assert (-value).data == -x
    assert abs(value).data == abs(x)
    assert +value is value


def test_builtin_sum_adds_values() -> None:
    xs = [ag.Value(1.0), ag.Value(2.0), ag.Value(3.0)]
    total = sum(xs)
    assert isinstance(total, ag.Value)
    total.backward()
    assert total.data == 6
    assert [x.grad for x in xs] == [1, 1, 1]


@pytest.mark.parametrize(
    ("assign", "data", "gradient"),
    [
        (operator.iadd, 9.0, 1.0),
        (operator.isub, -3.0, 1.0),
        (operator.imul, 18.0, 6.0),
        (operator.itruediv, 0.5, 1 / 6),
        (operator.ipow, 729.0, 1458.0),
    ],
)
def test_augmented_assignment_makes_a_new_node(
    assign: Callable[..., Any], data: float, gradient: float
) -> None:
    x = ag.Value(3.0)
    total = assign(x, 6)
    total.backward()
    assert (x.data, total.data) == (3, data)
    assert x.grad == pytest.approx(gradient)


@pytest.mark.parametrize(
    "name",
    ["exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh", "arctan", "relu", "sigmoid"],
)
def test_method_is_the_function_of_that_name(name: str) -> None:
    x = ag.Value(0.5)
    result = getattr(x, name)()
    result.backward()
    assert result.operation is OPERATIONS[name]
    assert result.data == getattr(ag, name)(0.5)
    assert x.grad == ag.grad(getattr(ag, name))(0.5)


# --- as a number ---------------------------------------------------------------------------------


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("left", [1.0, 2.0])
@pytest.mark.parametrize("right", [1.0, 2.0])
def test_comparison_is_by_number(compare: Callable[..., Any], left: float, right: float) -> None:
    expected = compare(left, right)
    assert compare(ag.Value(left), ag.Value(right)) is expected
    assert compare(ag.Value(left), right) is expected
    assert compare(left, ag.Value(right)) is expected


def test_values_can_be_sorted_by_number() -> None:
    xs = [ag.Value(number) for number in (2.0, 3.0, 1.0)]
    assert [x.data for x in sorted(xs)] == [1, 2, 3]
    assert max(xs) is xs[1]


def test_equality_and_hash_are_by_identity() -> None:
    x, same_number = ag.Value(1.0), ag.Value(1.0)
    assert x == x
    assert x != same_number
    assert {x: "x", same_number: "other"}[x] == "x"


def test_float_gives_the_number_and_int_its_whole_part() -> None:
    assert float(ag.Value(2.5)) == 2.5
    assert int(ag.Value(-2.5)) == -2


@pytest.mark.parametrize("kind_held", [float, np.float64])  # `x.data -= np.float64(...)` leaves it
@pytest.mark.parametrize("number", [0.0, -0.0, 5e-324, -1.0, math.inf])
def test_truth_is_that_of_the_number(number: float, kind_held: Any) -> None:
    value = ag.Value(number)
    value.data = kind_held(number)
    assert bool(value) is bool(number)


@pytest.mark.parametrize("number", NUMBERS, ids=kind)
def test_data_is_a_float_whatever_it_was_made_of(number: Any) -> None:
    data = ag.Value(number).data
    assert (type(data), data) == (float, float(number))


# --- as text -------------------------------------------------------------------------------------


def test_repr_shows_number_gradient_and_label() -> None:
    x = ag.Value(3.0, "x")
    assert repr(x) == "Value(3.0, grad=0.0, label='x')"
    assert repr(ag.Value(3.0)) == "Value(3.0, grad=0.0)"


def test_repr_shows_no_gradient_before_the_backward_pass() -> None:
    y = ag.Value(3.0) * 2
    assert repr(y) == "Value(6.0)"
    y.backward()
    assert repr(y) == "Value(6.0, grad=1.0)"


def test_format_is_that_of_the_number() -> None:
    x = ag.Value(3.14159, "pi")
    assert f"{x:.2f} {x:>8.3f}" == "3.14    3.142"
    assert f"{x}" == str(x) == repr(x)


# --- what the node shows of the graph ------------------------------------------------------------


def test_variable_has_no_operation_and_no_parents() -> None:
    x = ag.Value(3.0)
    assert (x.operation, x.parents, x.label) == (None, (), "")


def test_number_in_a_formula_is_a_constant() -> None:
    x = ag.Value(3.0)
    two, variable = (2 * x).parents
    assert variable is x
    assert (two.data, two.operation, two.parents) == (2, CONSTANT, ())


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_node_shows_its_operation_and_its_inputs_in_order(count: int) -> None:
    xs = [ag.Value(float(index)) for index in range(count)]
    node = ag.max(xs)
    assert node.operation is OPERATIONS["max"]
    assert list(node.parents) == xs


def test_repeated_operand_is_two_parents() -> None:
    x = ag.Value(3.0)
    assert (x + x).parents == (x, x)


def test_label_can_be_given_later() -> None:
    y = ag.Value(3.0) * 2
    y.label = "y"
    assert "label='y'" in repr(y)


def test_zero_grad_forgets_the_gradient() -> None:
    x = ag.Value(3.0)
    y = x * x
    y.backward()
    x.zero_grad()
    y.zero_grad()
    assert x.grad == 0
    assert y.grad is None


# --- copies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda graph: pickle.loads(pickle.dumps(graph))],
    ids=["deepcopy", "pickle"],
)
def test_copied_graph_is_a_graph_of_its_own(duplicate: Callable[[Any], Any]) -> None:
    x = ag.Value(3.0, "x")
    y = ag.sum([x * x, 2 * x, x])
    same_y, same_x = duplicate((y, x))
    same_y.backward()
    assert (same_x.data, same_x.label, same_x.grad) == (3, "x", 9)
    assert (same_y.data, same_y.operation) == (18, y.operation)
    assert x.grad == 0
    assert y.grad is None


def test_copied_constant_stays_a_constant() -> None:
    two, _ = copy.deepcopy(2 * ag.Value(3.0)).parents
    assert two.operation is CONSTANT


# --- NumPy ---------------------------------------------------------------------------------------


@pytest.fixture
def weights() -> np.ndarray[Any, Any]:
    """A matrix of variables, 2 rows of 3."""
    return np.array(
        [[ag.Value(0.1 * (row + 2 * column)) for column in range(3)] for row in range(2)]
    )


def gradient_of(variables: np.ndarray[Any, Any]) -> Any:
    return np.vectorize(lambda x: x.grad, otypes=[float])(variables)


def numbers_of(values: np.ndarray[Any, Any]) -> Any:
    return values.astype(float)


def test_matrix_product_has_the_gradients_of_the_textbook(weights: np.ndarray[Any, Any]) -> None:
    x = np.array([1.0, -2.0, 3.0])
    loss = ((weights @ x) ** 2).sum()
    loss.backward()
    W = numbers_of(weights)
    assert loss.data == pytest.approx(np.sum((W @ x) ** 2), rel=1e-14)
    np.testing.assert_allclose(gradient_of(weights), 2 * np.outer(W @ x, x), rtol=1e-14)


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (np.exp, np.exp),
        (np.expm1, np.exp),
        (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
        (np.sin, np.cos),
        (np.cos, lambda x: -np.sin(x)),
        (np.arctan, lambda x: 1 / (1 + x**2)),
        (np.log, lambda x: 1 / x),
        (np.log1p, lambda x: 1 / (1 + x)),
        (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
        (np.absolute, np.sign),
        (np.negative, lambda x: -np.ones_like(x)),
        (np.square, lambda x: 2 * x),
    ],
)
def test_numpy_function_differentiates_object_arrays(
    weights: np.ndarray[Any, Any], function: Callable[[Any], Any], slope: Callable[[Any], Any]
) -> None:
    weights = weights[1:] + 1  # positive, since some functions have no logarithm of zero
    outputs = function(weights)
    outputs.sum().backward()
    x = numbers_of(weights)
    np.testing.assert_allclose(numbers_of(outputs), function(x), rtol=1e-14)
    np.testing.assert_allclose(gradient_of(weights), slope(x), rtol=1e-14)


@pytest.mark.parametrize("apply", OPERATORS)
def test_operator_with_an_array_works_element_by_element(apply: Callable[..., Any]) -> None:
    x, array = ag.Value(1.5), np.array([1.0, 2.0, 4.0])
    for result, expected in [
        (apply(x, array), apply(1.5, array)),
        (apply(array, x), apply(array, 1.5)),
    ]:
        assert result.shape == (3,)
        assert all(isinstance(element, ag.Value) for element in result)
        np.testing.assert_array_equal(numbers_of(result), expected)


@pytest.mark.parametrize("compare", COMPARISONS)
def test_comparison_with_an_array_works_element_by_element(compare: Callable[..., Any]) -> None:
    x, array = ag.Value(2.0), np.array([1.0, 2.0, 4.0])
    np.testing.assert_array_equal(compare(x, array), compare(2.0, array))
    np.testing.assert_array_equal(compare(array, x), compare(array, 2.0))


def test_value_times_array_collects_the_gradient_of_every_element() -> None:
    x = ag.Value(1.5)
    (x * np.array([1.0, 2.0, 4.0])).sum().backward()
    assert x.grad == 7


def test_value_times_array_of_values_is_an_array(weights: np.ndarray[Any, Any]) -> None:
    x = ag.Value(2.0)
    (x * weights).sum().backward()
    assert x.grad == numbers_of(weights).sum()
    np.testing.assert_array_equal(gradient_of(weights), np.full((2, 3), 2.0))


def test_numpy_function_of_one_value_is_a_value() -> None:
    x = ag.Value(0.5)
    np.tanh(x).backward()  # type: ignore[call-overload]  # NumPy calls x.tanh()
    assert x.grad == ag.grad(ag.tanh)(0.5)


# --- import --------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", ["numpy", "graphviz", "matplotlib"])
def test_importing_the_package_imports_nothing_heavy(package: str) -> None:
    program = f"import sys, autograd; autograd.Value(2.0) ** 2; print({package!r} in sys.modules)"
    command = [sys.executable, "-c", program]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert output == "False\n"


def test_arrays_are_looked_at_without_the_masked_ones_of_numpy() -> None:
    """To import them takes 10 ms, and leaves 317 objects to the cyclic collector."""
    program = (
        "import sys, nn, numpy as np; from autograd.compiler.arguments import as_arrays; "
        "X = np.ones((2, 1)); as_arrays([X]); list(nn.minibatches(X, X, 1)); "
        "print('numpy.ma' in sys.modules)"
    )
    command = [sys.executable, "-c", program]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert output == "False\n"


# --- something else than a number in a Value -----------------------------------------------------

READING: dict[str, Callable[[ag.Value], Any]] = {
    "itself": lambda w: w,
    "+": lambda w: w + 1.0,
    "-": lambda w: 1.0 - w,
    "*": lambda w: w * w,
    "/": lambda w: w / 2.0,
    "**": lambda w: w**2,
    "neg": lambda w: -w,
    "abs": abs,
    "tanh": ag.tanh,
    "relu": ag.relu,
    "sum": lambda w: ag.sum([w, w]),
    "max": lambda w: ag.max([w, 1.0]),
    "dot": lambda w: ag.dot([w], [ag.Value(1.0)]),
    "dot with a number": lambda w: ag.dot([w], [1.0]),
    "weighted sum": lambda w: weighted_sum([w], [w], (), (Row([w, w]),)),
}


@pytest.mark.parametrize(
    "held", [None, "3", 1j, [1.0], np.ones(2), object], ids=lambda held: type(held).__name__
)
@pytest.mark.parametrize("reading", READING.values(), ids=READING.keys())
@pytest.mark.parametrize("differentiate", [ag.Value.backward, lambda y: ag.gradient(y, [y])])
def test_a_value_given_something_else_than_a_number_is_named(
    reading: Callable[[Any], Any], held: Any, differentiate: Callable[[Any], Any]
) -> None:
    w = ag.Value(0.5, "weight")
    w.data = held
    shown = re.escape(f"weight holds {held!r} ({type(held).__name__}), not a number")
    with pytest.raises(ag.NotANumberError, match=f"^{shown}: assign a float to its data$"):
        differentiate(reading(w))
    assert w.grad == 0.0


@pytest.mark.parametrize("held", [None, "3", 1j])
def test_a_value_given_something_else_is_named_when_it_is_compared(held: Any) -> None:
    w = ag.Value(0.5, "weight")
    w.data = held
    comparisons: list[Callable[[], bool]] = [lambda: w < 1.0, lambda: ag.Value(1.0) >= w]
    for compare in comparisons:
        with pytest.raises(ag.NotANumberError, match=r"^weight holds .*, not a number"):
            compare()


@pytest.mark.parametrize("differentiate", [ag.Value.backward, lambda y: ag.gradient(y, y.parents)])
def test_a_value_given_something_else_after_it_was_used_is_named(differentiate: Any) -> None:
    w = ag.Value(0.5, "weight")
    for y in (w * w, w**2, ag.sin(w), ag.dot([w], [w])):
        w.data = None  # type: ignore[assignment]
        with pytest.raises(ag.NotANumberError, match=r"^weight holds None"):
            differentiate(y)
        w.data = 10**5000
        with pytest.raises(ag.NonFiniteError, match=r"^weight holds .*, too large"):
            differentiate(y)
        assert w.grad == 0.0
        w.data = 0.5


@pytest.mark.parametrize("reading", READING.values(), ids=READING.keys())
def test_a_step_that_forgets_to_take_the_number_is_told_by_the_second(
    reading: Callable[[Any], Any],
) -> None:
    w = ag.Value(0.3, "weight")

    def step() -> None:
        reading(w).backward()
        w.data = w - 0.1 * w.grad  # type: ignore[assignment]

    def two_steps() -> None:
        step()
        step()

    step()
    message = (
        r"^weight holds Value\(.*\(Value\), not a number: write w\.data = w\.data - lr \* w\.grad"
    )
    with pytest.raises(ag.NotANumberError, match=message):
        two_steps()


@pytest.mark.parametrize("number", [3, True, np.float64(0.1), 2**70])
def test_what_computes_as_a_float_may_be_assigned_to_the_data(number: Any) -> None:
    w = ag.Value(0.5)
    w.data = number
    (w * 1.5).backward()
    assert (w.grad, float(w)) == (1.5, number)
    assert ag.gradient(ag.tanh(w), w) == ag.gradient(ag.tanh(x := ag.Value(number)), x)


NOT_IN_DOUBLE_PRECISION = [
    *(kind(2) for kind in (np.float32, np.float16, np.uint8, np.int64, np.bool_, np.longdouble)),
    Fraction(1, 3),
]


@pytest.mark.parametrize("held", NOT_IN_DOUBLE_PRECISION, ids=lambda held: type(held).__name__)
@pytest.mark.parametrize(
    "reading",
    [lambda w: w, lambda w: ag.tanh(w * w), lambda w: ag.exp(w) * 1.0, lambda w: ag.dot([w], [w])],
)
@pytest.mark.parametrize(
    "differentiate",
    [
        ag.Value.backward,
        lambda y: ag.gradient(y, y.parents),
        lambda y: ag.gradient(y, y.parents, create_graph=True),
        lambda y: ag.grad(lambda x: ag.tanh(x * y))(0.5),
    ],
)
def test_a_number_that_computes_otherwise_than_a_float_is_refused(
    differentiate: Callable[[Any], Any], reading: Callable[[Any], Any], held: Any
) -> None:
    w = ag.Value(0.5, "weight")
    w.data = held
    shown = re.escape(f"weight holds {held!r} ({type(held).__name__}), which does not compute")
    with pytest.raises(
        ag.NotANumberError, match=rf"^{shown} .* assign float\(\.\.\.\) to its data"
    ):
        differentiate(reading(w))
    assert w.grad == 0.0
    with pytest.raises(ag.NotANumberError, match=f"^{shown}"):
        float(w)


@pytest.mark.parametrize("reading", [*READING.values(), float], ids=[*READING, "float"])
@pytest.mark.parametrize("differentiate", [ag.Value.backward, lambda y: ag.gradient(y, [y])])
def test_an_integer_beyond_all_floats_is_refused(
    reading: Callable[[Any], Any], differentiate: Callable[[Any], Any]
) -> None:
    w = ag.Value(0.5, "weight")
    for held in (10**400, -(10**400), 10**5000):
        w.data = held
        with pytest.raises(ag.NonFiniteError, match=r"^weight holds .* \(int\), too large for"):
            differentiate(reading(w))
        assert w.grad == 0.0

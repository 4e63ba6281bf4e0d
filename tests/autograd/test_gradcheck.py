"""The gradient check accepts every rule of the table, and rejects it once it is made wrong."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd as ag
from autograd.operation import OPERATIONS, Operation
from operation_table import arity

GENERIC = [1.3, 0.7, 2.1, 0.4, 1.9]  # no kinks, no ties, nothing is 0 or 1
OWN_POINTS = {"lookup": [1.0, 0.7, 2.1]}  # the first is the index, which has to be whole


def generic_point(operation: Operation) -> list[float]:
    return OWN_POINTS.get(operation.name, GENERIC[: arity(operation)])


def gradients(operation: Operation, point: Sequence[float]) -> list[float]:
    return [float(g) for g in operation.derivative(1.0, operation.evaluate(*point), *point)]


def inputs_with_gradient() -> list[Any]:
    """Pair each operation with each place of an input that its output depends on."""
    return [
        pytest.param(operation, place, id=f"{name}-{place}")
        for name, operation in OPERATIONS.items()
        for place, slope in enumerate(gradients(operation, generic_point(operation)))
        if slope != 0
    ]


def along(place: int, operation: Operation, point: Sequence[float]) -> Callable[[Any], Any]:
    """Return the operation as a function of one of its inputs, with the others fixed."""
    before, after = point[:place], point[place + 1 :]
    return lambda number: operation(*before, number, *after)


def with_gradient(operation: Operation, place: int, change: Callable[[Any, Any], Any]) -> Operation:
    """Return a mutant: the operation with ``change(gradient, g)`` in place of one gradient."""

    def derivative(g: Any, out: Any, *inputs: Any) -> list[Any]:
        sent = list(operation.derivative(g, out, *inputs))
        sent[place] = change(sent[place], g)
        return sent

    return replace(operation, derivative=derivative, accumulate=None)


every_input = pytest.mark.parametrize(("operation", "place"), inputs_with_gradient())


# --- the table and its mutants -------------------------------------------------------------------


@every_input
def test_rule_is_accepted_to_second_order(operation: Operation, place: int) -> None:
    point = generic_point(operation)
    assert ag.gradcheck(along(place, operation, point), point[place], order=2)


@pytest.mark.parametrize(
    "change",
    [
        lambda gradient, g: gradient * 1.01,
        lambda gradient, g: gradient * 1.001,
        lambda gradient, g: gradient + g * 1e-5,
        lambda gradient, g: -gradient,
        lambda gradient, g: gradient * 0,
        lambda gradient, g: 999.0,
        lambda gradient, g: gradient / g,
        lambda gradient, g: gradient * g,
        lambda gradient, g: gradient / g * abs(g),
    ],
    ids=["1.01 times", "1.001 times", "1e-5 more", "negated", "zero", "999", "no g", "g²", "|g|"],
)
@every_input
def test_wrong_rule_is_rejected(
    operation: Operation, place: int, change: Callable[[Any, Any], Any]
) -> None:
    point = generic_point(operation)
    mutant = with_gradient(operation, place, change)
    with pytest.raises(ag.GradientCheckError):
        ag.gradcheck(along(place, mutant, point), point[place])


def frozen(operation: Operation) -> Operation:
    """Return the mutant whose gradient has the right numbers, and forgets what they depend on."""

    def derivative(g: Any, out: Any, *inputs: Any) -> list[Any]:
        numbers = operation.derivative(1.0, ag.detach(out), *map(ag.detach, inputs))
        return [g * number for number in numbers]

    return replace(operation, derivative=derivative, accumulate=None)


def is_curved(operation: Operation) -> bool:
    point = generic_point(operation)
    return bool(ag.hessian(along(0, operation, point))(point[0]) != 0)


@pytest.mark.parametrize("operation", [*filter(is_curved, OPERATIONS.values())], ids=repr)
def test_rule_wrong_in_its_second_derivative_only_is_rejected_by_order_2(
    operation: Operation,
) -> None:
    point = generic_point(operation)
    function = along(0, frozen(operation), point)
    assert ag.gradcheck(function, point[0])
    with pytest.raises(ag.GradientCheckError, match="of the derivative with respect to input 0"):
        ag.gradcheck(function, point[0], order=2)


def test_rule_wrong_in_a_mixed_second_derivative_only_is_rejected_by_order_2() -> None:
    product = frozen(OPERATIONS["mul"])
    assert ag.gradcheck(product, 1.3, 0.7)
    with pytest.raises(ag.GradientCheckError):
        ag.gradcheck(product, 1.3, 0.7, order=2)


@pytest.mark.parametrize("name", ["sub", "mul", "div", "pow"])
def test_rule_with_its_gradients_exchanged_is_rejected(name: str) -> None:
    operation = OPERATIONS[name]
    exchanged = replace(
        operation,
        derivative=lambda *arguments: operation.derivative(*arguments)[::-1],
        accumulate=None,
    )
    with pytest.raises(ag.GradientCheckError):
        ag.gradcheck(exchanged, 1.3, 0.7)


@pytest.mark.parametrize("place", range(4))
def test_one_wrong_gradient_of_several_is_enough(place: int) -> None:
    mutant = with_gradient(OPERATIONS["dot"], place, lambda gradient, g: gradient * 1.001)
    with pytest.raises(ag.GradientCheckError, match=rf"with respect to input 0\[{place}\] ="):
        ag.gradcheck(lambda numbers: mutant(*numbers), GENERIC[:4])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("derivative", "sent"),
    [
        (lambda g, out, x: (3 * x * x,), "6.75 for g = -2"),
        (lambda g, out, x: (g * g * 3 * x * x,), "27.0 for g = -2"),
        (lambda g, out, x: (abs(g) * 3 * x * x,), "13.5 for g = -2"),
        (lambda g, out, x: (-3 * x * x if g < 0 else 3 * x * x,), "-6.75 for g = -2"),
    ],
    ids=["no g", "g²", "|g|", "sign of g"],
)
def test_a_rule_that_is_right_for_a_g_of_1_only_is_rejected(
    derivative: Any, sent: str, order: int
) -> None:
    cube = replace(
        OPERATIONS["neg"],
        name="cube",
        forward=lambda x: x**3,
        array=lambda np, x: x**3,
        derivative=derivative,
        accumulate=None,
    )
    with pytest.raises(ag.GradientCheckError):
        ag.gradcheck(lambda x: 5 * cube(x), 1.5, order=order)
    with pytest.raises(ag.GradientCheckError, match="derivative rule of cube") as caught:
        ag.gradcheck(cube, 1.5, order=order)
    assert "6.75 for g = 1" in str(caught.value)
    assert sent in str(caught.value)


def test_a_rule_that_no_gradient_needs_may_not_exist() -> None:
    assert ag.gradcheck(lambda x: x * ag.sqrt(ag.Value(0.0)) + x**2, 0.5, order=2)


# --- formulas ------------------------------------------------------------------------------------


def test_every_number_of_nested_inputs_is_checked() -> None:
    def loss(parameters: Any, inputs: Any, target: Any) -> Any:
        rows, biases = parameters
        outputs = [ag.tanh(ag.dot(row, inputs, b)) for row, b in zip(rows, biases, strict=True)]
        return (ag.sum(outputs) - target) ** 2

    parameters = ([[0.1, -0.2], [0.3, 0.4]], (0.5, -0.6))
    assert ag.gradcheck(loss, parameters, [1.0, 2.0], 0.5, order=2)


def test_formula_that_leaves_the_graph_is_rejected() -> None:
    with pytest.raises(ag.GradientCheckError):
        ag.gradcheck(lambda x: x * float(x), 2.0)


@pytest.mark.parametrize(
    ("derivative", "order", "message"),
    [
        (lambda g, out, x: (g * 999,), 1, "the derivative of triple with respect to input 0 = 2.0"),
        (
            lambda g, out, x: (g * 1.5 * ag.detach(x),),  # right at 2, where it leaves the graph
            2,
            "the derivative of the derivative of triple with respect to input 0, with respect to",
        ),
    ],
)
def test_wrong_rule_of_an_operation_is_reported_with_its_name(
    derivative: Any, order: int, message: str
) -> None:
    triple = replace(
        OPERATIONS["neg"],
        name="triple",
        forward=lambda x: 3 * x,
        array=lambda np, x: 3 * x,
        derivative=derivative,
    )
    with pytest.raises(ag.GradientCheckError, match=message):
        ag.gradcheck(triple, 2.0, order=order)


def test_constant_function_is_accepted() -> None:
    assert ag.gradcheck(lambda x: 3.0, 2.0, order=2)


def test_check_works_inside_no_grad() -> None:
    with ag.no_grad():
        assert ag.gradcheck(ag.sin, 2.0, order=2)
        with pytest.raises(ag.GradientCheckError):
            ag.gradcheck(lambda x: x * float(x), 2.0)


@pytest.mark.parametrize(
    ("function", "point"),
    [
        (ag.relu, [0.0]),
        (ag.elu, [0.0]),
        (ag.leaky_relu, [0.0]),
        (ag.max, [2.0, 2.0]),
        (lambda x: x if x < 1 else 2 * x, [1.0]),
    ],
)
def test_kink_is_rejected(function: Callable[..., Any], point: list[float]) -> None:
    with pytest.raises(ag.GradientCheckError, match="kink"):
        ag.gradcheck(lambda *xs: 3 * function(*xs), *point)


@pytest.mark.parametrize("size", [1e-200, 1e-8, 0.01, 1.0, 1e6])
def test_tolerance_is_relative(size: float) -> None:
    def off_by(error: float) -> Callable[[Any], Any]:
        wrong = with_gradient(OPERATIONS["neg"], 0, lambda gradient, g: gradient * (1 + error))
        return lambda x: wrong(x) * size

    assert ag.gradcheck(off_by(0.9e-4), 0.5, tolerance=1e-4)
    with pytest.raises(ag.GradientCheckError):
        ag.gradcheck(off_by(1.1e-4), 0.5, tolerance=1e-4)


@pytest.mark.parametrize("name", ["step", "tolerance"])
@pytest.mark.parametrize("number", [0.0, -1e-6, math.inf, math.nan])
def test_steps_and_tolerances_are_positive(name: str, number: float) -> None:
    options: dict[str, Any] = {name: number}
    with pytest.raises(ag.ArgumentError, match=f"needs a positive, finite {name}"):
        ag.gradcheck(lambda x: x, 0.5, **options)


def test_steps_and_tolerances_are_real_numbers() -> None:
    step, tolerance = Fraction(1, 10**5), Fraction(1, 10**4)
    assert ag.gradcheck(lambda x: x * x, 3.0, step=step, tolerance=tolerance)  # type: ignore[arg-type]  # they are


@pytest.mark.parametrize("x", [-700.0, -20.0, 20.0])
def test_a_wrong_rule_of_a_small_derivative_is_rejected(x: float) -> None:
    doubled = with_gradient(OPERATIONS["sigmoid"], 0, lambda gradient, g: 2 * gradient)
    assert ag.gradcheck(ag.sigmoid, x)
    with pytest.raises(ag.GradientCheckError):
        ag.gradcheck(doubled, x)


@pytest.mark.parametrize(
    ("function", "point"),
    [
        (lambda x: x**3, [0.0]),  # its derivative is 0, and every difference above it
        (lambda x: x**5 - x**4, [1e-3]),
        (lambda x: x - ag.tanh(x), [1e-4]),
        (lambda x: (x - 20) ** 3, [20.001]),
        (lambda x: ag.sin(x) ** 2 + ag.cos(x) ** 2, [0.7]),
        (lambda x: (1e3 + 1e-8 * x) - 1e3, [0.5]),  # rounded as numbers of 1000 are
        (lambda x: ag.sum([1e3, 1e-8 * x, -1e3]), [0.5]),
        (lambda x: ag.dot([1e3, 1e-8, 1e3], [1.0, x, -1.0]), [0.5]),
        (lambda x, y: ag.log_softmax([x, y])[0], [30.0, 3.0]),
        (lambda x, y: ag.log(ag.exp(x) + ag.exp(y)), [300.0, 280.0]),
        (lambda x: (1e8 * x - 1e8) * 1e-9, [1.5]),
        (lambda x: ag.erf(x) + ag.erfc(x), [0.3]),
        (lambda x: 0.0 * x, [0.0]),
    ],
)
def test_a_right_derivative_near_zero_is_accepted(
    function: Callable[..., Any], point: list[float]
) -> None:
    assert ag.gradcheck(function, *point, order=2)


def rounding_beside(constant: float) -> float:
    """Return what the rounding of numbers of that size adds to a difference over a step of 6e-6."""
    return math.ulp(constant) / 6e-6


@given(constant=st.floats(-1e8, 1e8), exponent=st.floats(-4, 1), order=st.sampled_from([1, 2]))
def test_a_constant_beside_a_formula_changes_no_verdict(
    constant: float, exponent: float, order: int
) -> None:
    error = 10**exponent
    wrong = with_gradient(OPERATIONS["sin"], 0, lambda gradient, g: gradient + g * error)

    def shifted(operation: Any) -> Callable[..., Any]:
        return lambda x: operation(x) + constant

    assert ag.gradcheck(shifted(ag.sin), 0.3, order=order)
    assume(error > 20 * rounding_beside(constant) + 1e-6)
    with pytest.raises(ag.GradientCheckError):
        ag.gradcheck(shifted(wrong), 0.3, order=order)


@pytest.mark.parametrize("constant", [1e3, 1e7])
@every_input
def test_a_missing_derivative_shows_beside_any_constant(
    operation: Operation, place: int, constant: float
) -> None:
    point = generic_point(operation)
    missing = with_gradient(operation, place, lambda gradient, g: 0.0 * gradient)
    assert ag.gradcheck(lambda x: along(place, operation, point)(x) - constant, point[place])
    with pytest.raises(ag.GradientCheckError):
        ag.gradcheck(lambda x: along(place, missing, point)(x) - constant, point[place])


def test_a_large_part_does_not_hide_a_wrong_one() -> None:
    missing = with_gradient(OPERATIONS["sin"], 0, lambda gradient, g: 0.0 * gradient)
    with pytest.raises(ag.GradientCheckError, match=r"with respect to input 1 = 0\.3"):
        ag.gradcheck(lambda a, b: (4000 * a) ** 2 + missing(b), 1.0, 0.3)


@pytest.mark.parametrize(
    ("function", "x", "outside"),
    [
        (ag.log, 1e-6, r"log\(-5e-06\)"),
        (lambda x: ag.exp(709 + x), 0.78271, r"exp\(709\.782716\)"),
    ],
)
def test_a_step_out_of_the_domain_is_told_with_the_point_and_the_step(
    function: Callable[[Any], Any], x: float, outside: str
) -> None:
    message = rf"undefined one step from input 0 = {x}: {outside}.*\. Use a smaller step than 6e-06"
    with pytest.raises(ag.ArgumentError, match=message):
        ag.gradcheck(function, x)
    assert ag.gradcheck(function, x, step=1e-10, tolerance=1e-3)


def test_a_function_that_does_not_exist_at_the_point_tells_so_itself() -> None:
    with pytest.raises(ag.DomainError, match=r"^log\(-1e-06\) does not exist"):
        ag.gradcheck(ag.log, -1e-6)


def test_step_is_what_the_caller_says() -> None:
    with pytest.raises(ag.GradientCheckError):
        ag.gradcheck(ag.exp, 1.3, step=0.1)


@pytest.mark.parametrize("step", [1e-17, 1e-300])
def test_a_step_that_rounding_takes_away_is_too_small(step: float) -> None:
    message = rf"step={step} is too small: 2.0 \+ {2 * step} is rounded to 2.0"
    with pytest.raises(ag.ArgumentError, match=message):
        ag.gradcheck(ag.exp, 2.0, step=step)


@pytest.mark.parametrize("x", [-1e6, -1.0, 1e-6, 1.0, 1e6])
def test_step_suits_inputs_of_any_size(x: float) -> None:
    assert ag.gradcheck(lambda x: x * x / 3, x, order=2)


# --- the form on arrays --------------------------------------------------------------------------

WRONG_ARRAYS: dict[str, tuple[Callable[..., Any], str]] = {
    "other number": (lambda np, x: np.tanh(x) * 1.001, "on arrays"),
    "other shape": (lambda np, x: np.tanh(x).sum(), "on arrays"),
    "branch": (lambda np, x: np.tanh(x) if x > 0 else -np.tanh(-x), "ambiguous"),
    "nan": (lambda np, x: x * np.nan, "nan"),
    "mean": (lambda np, x: np.tanh(x) + x - np.mean(x), "on arrays"),
    "order": (lambda np, x: np.sort(np.tanh(x)), "on arrays"),
}


@pytest.mark.parametrize(("array", "reason"), WRONG_ARRAYS.values(), ids=WRONG_ARRAYS.keys())
def test_wrong_form_on_arrays_is_rejected_anywhere_in_the_graph(
    array: Callable[..., Any], reason: str
) -> None:
    wrong = replace(OPERATIONS["tanh"], name="wrong", array=array)
    for function in (wrong, lambda x: 3 * wrong(x * x) + x):
        with pytest.raises(ag.GradientCheckError, match=rf"wrong(.|\n)*{reason}"):
            ag.gradcheck(function, 0.5)


WRONG_STEPS: dict[str, Callable[[float, float], float]] = {
    "other number": lambda g, slope: 7 * g * slope,
    "g forgotten": lambda g, slope: slope,
    "nothing": lambda g, slope: 0.0,
}


@pytest.mark.parametrize("send", WRONG_STEPS.values(), ids=WRONG_STEPS.keys())
def test_a_wrong_step_of_backward_is_rejected_anywhere_in_the_graph(
    send: Callable[[float, float], float],
) -> None:
    def accumulate(g: float, x: Any, none: None) -> None:
        x.grad += send(g, 1 - math.tanh(x.data) ** 2)

    wrong = replace(OPERATIONS["tanh"], name="wrong", accumulate=accumulate)
    for function in (wrong, lambda x: 3 * wrong(x * x) + x):
        with pytest.raises(ag.GradientCheckError, match="`accumulate` of wrong disagrees"):
            ag.gradcheck(function, 0.5)


def test_a_step_of_backward_that_does_not_add_or_fails_is_rejected() -> None:
    def assigning(g: float, a: Any, b: Any) -> None:
        a.grad, b.grad = g * b.data, g * a.data

    def failing(g: float, a: Any, b: Any) -> None:
        raise ValueError

    for accumulate, problem in ((assigning, "disagrees"), (failing, "fails at 2.0 . 3.0, unlike")):
        wrong = replace(OPERATIONS["mul"], name="wrong", accumulate=accumulate)
        with pytest.raises(ag.GradientCheckError, match=f"`accumulate` of wrong {problem}"):
            ag.gradcheck(wrong, 2.0, 3.0)


def test_a_step_of_backward_that_fails_hides_no_wrong_rule() -> None:
    def failing(g: float, a: Any, b: Any) -> None:
        raise ValueError

    wrong = replace(
        OPERATIONS["mul"],
        name="wrong",
        derivative=lambda g, out, a, b: (g * b + (g - 1) * 5, g * a),
        accumulate=failing,
    )
    with pytest.raises(ag.GradientCheckError, match="not proportional to g"):
        ag.gradcheck(wrong, 2.0, 3.0)


def test_the_steps_of_backward_are_accepted_where_it_could_not_begin() -> None:
    def masked(a: Any, b: Any) -> Any:
        return ag.softmax([a * b, a + b + (-math.inf), 2 * b])[0]

    assert ag.gradcheck(masked, 0.5, 0.7)
    with ag.no_grad():
        assert ag.gradcheck(lambda x: ag.tanh(x * x), 0.5)


def test_every_form_on_arrays_is_accepted() -> None:
    for operation in OPERATIONS.values():
        point = generic_point(operation)
        assert ag.gradcheck(along(len(point) - 1, operation, point), point[-1])


def test_a_form_on_arrays_may_compute_what_it_does_not_choose() -> None:
    entropy = replace(
        OPERATIONS["exp"],
        name="entropy",
        forward=lambda x: x * math.log(x) if x > 0 else 0.0,
        array=lambda np, x: np.where(x > 0, x * np.log(x), 0.0),
        derivative=lambda g, out, x: (g * (x > 0) * (1 + ag.log(x * (x > 0) + (x <= 0))),),
    )
    for x in (-1.0, 0.5):
        assert ag.gradcheck(entropy, x)


def test_a_form_on_arrays_keeps_the_shape_of_a_constant_operation() -> None:
    three = replace(
        OPERATIONS["exp"],
        name="three",
        forward=lambda x: 3.0,
        array=lambda np, x: 3.0,
        derivative=lambda g, out, x: (g * 0.0,),
    )
    with pytest.raises(ag.GradientCheckError, match="on arrays"):
        ag.gradcheck(three, 1.0)


def test_a_step_of_backward_that_fails_is_rejected() -> None:
    def accumulate(g: float, x: Any, none: None) -> None:
        x.grad += g / 0.0

    wrong = replace(OPERATIONS["tanh"], name="wrong", accumulate=accumulate)
    with pytest.raises(ag.GradientCheckError, match="`accumulate` of wrong fails"):
        ag.gradcheck(wrong, 1.0)


def test_a_masked_entry_is_infinite_on_arrays_too() -> None:
    assert ag.gradcheck(lambda p: ag.softmax([p[0], p[1], p[2] - math.inf])[0], [0.5, 1.0, 2.0])


# --- the message ---------------------------------------------------------------------------------


def test_an_infinite_result_is_told() -> None:
    with pytest.raises(ag.NonFiniteError, match=r"1e\+200 \* 1e\+200"):
        ag.gradcheck(lambda x: x * x, 1e200)


def test_message_shows_point_both_derivatives_and_the_worst_input() -> None:
    def doubtful(a: Any, b: Any) -> Any:
        wrong = with_gradient(OPERATIONS["mul"], 1, lambda gradient, g: gradient * 1.5)
        worse = with_gradient(OPERATIONS["mul"], 1, lambda gradient, g: gradient * 4)
        return wrong(2.0, a) + worse(2.0, b[1])

    with pytest.raises(ag.GradientCheckError) as caught:
        ag.gradcheck(doubtful, 0.25, [7.0, 3.0])
    lines = str(caught.value).splitlines()
    assert lines[0] == "the derivative with respect to input 1[1] = 3.0 disagrees:"
    backpropagation, differences = (float(line.split()[-1]) for line in lines[1:3])
    assert backpropagation == 8
    assert differences == pytest.approx(2)
    assert "0.25, [7.0, 3.0]" in lines[4]


def test_the_worst_input_is_told_wherever_it_stands() -> None:
    def wrong(x: Any, y: Any) -> Any:
        return ag.detach(1000 * x) + x + ag.detach(y) + y

    for function, worst in ((wrong, 0), (lambda x, y: wrong(y, x), 1)):
        with pytest.raises(ag.GradientCheckError, match=f"respect to input {worst} "):
            ag.gradcheck(function, 1.0, 1.0)


def test_gradcheck_takes_a_function() -> None:
    with pytest.raises(ag.ArgumentError, match=r"takes a function, not 3: gradcheck\(f, 1\.0\)"):
        ag.gradcheck(3, 1.0)  # type: ignore[arg-type]

"""Bad input: an error of ours, with the offending value, and nothing half-changed."""

import inspect
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import autograd as ag
from autograd import errors, operations
from autograd.wording import shown_short

# Each table: an expression, where x is Value(3.0), and what the message of its error shows.

NAMESPACE = {
    "ag": ag,
    "np": np,
    "math": math,
    "Fraction": Fraction,
    "Value": ag.Value,
    "Decimal": Decimal,
}

NOT_A_NUMBER = [
    ("Value('3')", "'3'", "float('3')"),
    ("Value(' 1e3')", "' 1e3'", "float(' 1e3')"),
    ("Value('three')", "'three'", "it cannot be read as a number"),
    ("Value(b'3')", "b'3'"),
    ("Value(None)", "None"),
    ("Value(1j)", "1j", ".real"),
    ("Value([1.0])", "[1.0]", "[Value(x) for x in ...]"),
    ("Value((1.0, 2.0))", "(1.0, 2.0)"),
    ("Value({'a': 1})", "{'a': 1}"),
    ("Value(np.ones(3))", "array([1., 1., 1.])", "[Value(x) for x in ...]"),
    ("ag.tanh(np.ones(3))", "array([1., 1., 1.])", "write np.tanh(x)"),
    ("Value(np.array(1.0))", "array(1.)", "take the number out of it with .item()"),
    ("Value(np.array(1j))", "array(0.+1.j)", ".item()"),
    ("Value(np.array(x))", "array(Value(3.0", ".item()"),
    ("Value(np.complex128(1j))", "1j", ".real"),
    ("Value(np.complex64(1j))", "1j", ".real"),
    ("Value(Decimal('1.5'))", "Decimal('1.5')", "float(Decimal('1.5'))"),
    ("x * Decimal('1.5')", "Decimal('1.5')"),
    ("Value(np.timedelta64(3, 's'))", "timedelta64(3,'s')"),
    ("Value([10**5000])", "<list too long to print>", "[Value(x) for x in ...]"),
    ("x < [1.0]", "[1.0]"),
    ("Value(x)", "Value(3.0, grad=0.0)", "use it as it is"),
    ("Value(len)", "<built-in function len>"),
    ("Value('long ' * 100)", "'long long", "..."),
    ("x + 'x'", "'x'", "str"),
    ("'x' + x", "'x'"),
    ("x - None", "None"),
    ("None * x", "None"),
    ("x / [1]", "[1]"),
    ("(1, 2) * x", "(1, 2)"),
    ("x ** 'x'", "'x'"),
    ("{} ** x", "{}"),
    ("x + 1j", "1j"),
    ("x * np.array([1j])", "1j"),
    ("np.complex128(1j) * x", "1j"),
    ("x < 'x'", "'x'"),
    ("None >= x", "None"),
    ("sum([x, 'x'])", "'x'"),
    ("ag.exp('x')", "'x'", "it cannot be read as a number"),
    ("ag.tanh(None)", "None"),
    ("ag.relu([1.0])", "[1.0]"),
    ("ag.log(np.ones(3))", "array([1., 1., 1.])"),
    ("ag.elu(x, alpha='x')", "'x'"),
    ("ag.elu(-1.0, alpha=[1])", "[1]"),
    ("ag.leaky_relu(1.0, slope='a')", "'a'"),
    ("ag.leaky_relu(x, slope=None)", "None"),
    ("ag.gelu('x')", "'x'"),
    ("ag.gelu([1.0])", "[1.0]"),
    ("ag.silu(None)", "None"),
    ("ag.sum(['x'])", "'x'"),
    ("ag.mean([x, None])", "None"),
    ("ag.norm([x, 1j])", "1j"),
    ("ag.max(x, 'x')", "'x'"),
    ("ag.min([[1.0], [2.0]])", "[1.0]"),
    ("ag.dot([x], ['x'])", "'x'"),
    ("ag.dot([None], [1.0])", "None"),
    ("ag.dot([x], [x], bias='x')", "'x'"),
    ("ag.softmax(['x'])", "'x'"),
    ("ag.log_softmax([1.0, None])", "None"),
    ("ag.logsumexp([[1.0]])", "[1.0]"),
    ("ag.lookup([x, x], 'x')", "'x'"),
    ("ag.lookup([x, None], 0)", "None"),
    ("x.record(ag.operations.add, [x, 'x'])", "'x'"),
    ("ag.operations.tanh('x')", "tanh takes", "'x'"),
    ("ag.operations.mul(1.0, None)", "mul takes", "None"),
    ("ag.operations.dot([1.0], 2.0)", "dot takes", "[1.0]"),
    ("ag.gradient(3.0, x)", "3.0"),
    ("ag.gradient(x, [x, 'x'])", "'x'"),
    ("ag.gradient(x, np.array([1.0]))", "float64(1.0)"),
    ("ag.grad(ag.sin)('x')", "'x'"),
    ("ag.grad(ag.sin)({'a': 1.0})", "{'a': 1.0}"),
    ("ag.grad(lambda x: 'x')(1.0)", "'x'"),
    ("ag.grad(lambda x: None)(1.0)", "None"),
    ("ag.grad(lambda x: [x])(1.0)", "[Value(1.0"),
    ("ag.value_and_grad(ag.sin)(None)", "None"),
    ("ag.hessian(ag.sin)(1j)", "1j"),
    ("ag.gradcheck(ag.sin, 'x')", "'x'"),
    ("ag.gradcheck(lambda x: None, 1.0)", "None"),
    ("ag.gradcheck(ag.sin, 1.0, step='x')", "'x'"),
    *(
        (expression, "Value(3.0", "derivative", "float(x)")
        for expression in (
            "round(x)",
            "round(x, 2)",
            "math.floor(x)",
            "math.ceil(x)",
            "math.trunc(x)",
            "x // 1",
            "1 // x",
            "x % 1",
            "1 % x",
            "divmod(x, x)",
            "divmod(1, x)",
            "np.array([1.0]) % x",
            "x % np.array([1.0])",
        )
    ),
]

NO_SUCH_SHAPE = [
    ("ag.sum(3)", "sum takes a list", "not 3"),
    ("ag.mean(x)", "mean takes a list", "Value(3.0"),
    ("ag.norm(None)", "norm takes a list", "None"),
    ("ag.dot(3, [x])", "dot takes a list", "not 3"),
    ("ag.dot([x], x)", "dot takes a list", "Value(3.0"),
    ("ag.softmax(3)", "softmax takes a list", "not 3"),
    ("ag.max([])", "max of nothing", "at least one"),
    ("ag.max()", "max of nothing"),
    ("ag.min([])", "min of nothing"),
    ("ag.mean([])", "mean of nothing"),
    ("ag.softmax([])", "softmax of nothing"),
    ("ag.log_softmax([])", "log_softmax of nothing"),
    ("ag.logsumexp(iter([]))", "logsumexp of nothing"),
    ("ag.dot([1, 2], [1, 2, 3])", "2 weights", "3 inputs"),
    ("ag.dot([x, x], [x])", "as many inputs as weights", "2 weights and 1 input"),
    ("ag.dot([x], [], bias=x)", "1 weight ", "0 inputs"),
    ("ag.lookup([[1.0, 2.0], [3.0]], 0)", "rows of equal length", "1", "2"),
    ("ag.lookup([1.0, [2.0]], 0)", "of numbers or of rows, not of both", "[1.0, [2.0]]"),
    ("ag.lookup([[2.0], x], 0)", "of numbers or of rows, not of both"),
    ("ag.lookup(3, 0)", "lookup takes a list", "not 3"),
    ("ag.operations.mul(x)", "mul takes 2 inputs (a, b), not 1"),
    ("ag.operations.mul(2.0, x, 2.0)", "mul takes 2 inputs (a, b), not 3"),
    ("ag.operations.mul(1.0)", "mul takes 2 inputs (a, b), not 1"),
    ("ag.operations.mul(np.ones(2))", "mul takes 2 inputs (a, b), not 1"),
    ("ag.operations.tanh(x, 2.0)", "tanh takes 1 input (x), not 2"),
    ("ag.operations.exp()", "exp takes 1 input (x), not 0"),
]

OUTSIDE_THE_DOMAIN = [
    ("ag.log(0)", "log(0.0)", "positive"),
    ("ag.log(-1)", "log(-1.0)"),
    ("Value(0).log()", "log(0.0)"),
    ("np.log(np.array([x, Value(-2)]))", "log(-2.0)"),
    ("ag.log1p(-1)", "log1p(-1.0)"),
    ("ag.sqrt(-1)", "sqrt(-1.0)", "negative"),
    ("Value(-2).sqrt()", "sqrt(-2.0)"),
    ("ag.sin(math.inf)", "sin(inf)"),
    ("ag.cos(-math.inf)", "cos(-inf)"),
    ("1 / Value(0)", "1.0 / 0.0", "zero"),
    ("x / 0", "3.0 / 0.0"),
    ("Value(0) / Value(0)", "0.0 / 0.0"),
    ("np.array([1.0]) / Value(0)", "1.0 / 0.0"),
    ("Value(-8) ** (1 / 3)", "(-8.0) ** 0.3333333333333333", "whole exponent"),
    ("(-8) ** Value(0.5)", "(-8.0) ** 0.5"),
    ("Value(0) ** -1", "0.0 ** (-1.0)"),
    ("0 ** Value(-1.5)", "0.0 ** (-1.5)"),
    ("ag.lookup([1.0, 2.0], 2)", "lookup(2.0, 1.0, 2.0)", "number of entries"),
    ("ag.lookup([x, 2.0], -1)", "lookup(-1.0, 3.0, 2.0)", "the index, shown first,"),
    ("ag.lookup([x, 2.0], 0.5)", "lookup(0.5, 3.0, 2.0)", "whole"),
    ("ag.lookup([[1.0], [2.0]], 2)", "lookup(2.0, "),
    ("ag.lookup([], 0)", "lookup(0.0)"),
    ("ag.lookup([3.0], 1)", "lookup(1.0, 3.0)"),
    ("ag.lookup([x], math.inf)", "lookup(inf, 3.0)", "whole"),
    ("ag.lookup([x], -math.inf)", "lookup(-inf, 3.0)"),
    ("ag.sqrt(x - x).backward()", "derivative of sqrt(0.0)", "detect_anomaly"),
    ("ag.norm([x - x]).backward()", "derivative of sqrt(0.0)"),
    ("ag.grad(ag.sqrt)(0.0)", "derivative of sqrt(0.0)"),
]

NOT_FINITE = [
    ("Value(math.nan)", "nan"),
    ("x + math.nan", "nan"),
    ("x < math.nan", "nan"),
    ("ag.exp(math.nan)", "nan"),
    ("Value(10**400)", "1000000", "... is too large for a float"),
    ("x + -(10**400)", "-1000000", "... is too large"),
    ("Fraction(10**400) * x", "Fraction(1000000", "... is too large"),
    ("Value(10**5000)", "<int too long to print> is too large"),
    ("x * Fraction(10**5000)", "Fraction", "too large"),
    ("ag.exp(1000)", "exp(1000.0)", "softmax"),
    ("Value(1000).exp()", "exp(1000.0)"),
    ("ag.expm1(1000)", "expm1(1000.0)"),
    (
        "Value(10) ** 400",
        "10.0 ** 400.0 is too large for a float: keep the base small, or compute exponent *",
    ),
    ("10 ** Value(400)", "10.0 ** 400.0"),
    ("(x * 1e200 * 1e200).backward()", "inf", "3e+200 * 1e+200", "detect_anomaly"),
    ("((x - x) * 1e200 * 1e200).backward()", "inf", "0.0 * 1e+200"),
    ("((x * 1e200) * (x * 1e200) - 1).backward()", "inf", "3e+200 * 3e+200"),
    ("(ag.exp(x - math.inf) + x * 1e200 * 1e200).backward()", "inf, from 3e+200 * 1e+200"),
    ("(ag.exp(x - math.inf) + (x - math.inf + math.inf)).backward()", "from (-inf) + inf"),
    ("(x - math.inf).backward()", "is -inf", "from the number inf"),
    ("(Value(1e-200) ** -1).backward()", "1e-200 ** (-1.0)"),
    ("ag.grad(lambda x: x * 1e200 * 1e200)(0.0)", "not finite"),
    ("ag.dot([1e200, 1e200], [1e200, -1e200])", "dot(1e+200, 1e+200, 1e+200, -1e+200) is nan"),
    ("ag.dot([Value(1e200)] * 2, [Value(1e200), Value(-1e200)]).backward()", "is nan", "dot("),
    ("(Value(math.inf) - Value(math.inf)).backward()", "is nan", "inf"),
    ("ag.sum([math.inf, -math.inf])", "sum(inf, -inf) is nan"),
    ("ag.sum([Value(math.inf), x, -math.inf])", "sum(inf, 3.0, -inf) is nan"),
    ("ag.softmax([Value(math.inf), 1.0])", "nan"),
    ("ag.softmax([math.inf, 1.0])", "nan"),
    ("ag.log_softmax([math.inf, 1.0])", "nan"),
    ("ag.logsumexp([math.inf, 1.0])", "nan"),
    ("ag.gelu(-math.inf)", "nan"),
    ("ag.silu(-math.inf)", "silu(-inf) is nan"),
    ("ag.leaky_relu(-math.inf, slope=0)", "leaky_relu(-inf) is nan"),
    ("ag.norm([math.inf, 1.0])", "nan"),
    ("ag.silu(Value(-math.inf)).backward()", "nan"),
]

MAKES_NO_SENSE = [
    ("ag.gradcheck(ag.sin)", "at least one input"),
    ("ag.gradcheck(ag.sin, [])", "at least one input"),
    ("ag.gradcheck(ag.sin, 1.0, order=0)", "order 1 or 2, not 0"),
    ("ag.gradcheck(ag.sin, 1.0, order=3)", "order 1 or 2, not 3"),
    ("ag.gradcheck(ag.sin, 1.0, step=0)", "step", "0"),
    ("ag.gradcheck(ag.sin, 1.0, step=-1)", "step", "-1"),
    ("ag.gradcheck(ag.sin, 1.0, tolerance=-0.5)", "tolerance", "-0.5"),
    ("ag.gradcheck(ag.sin, 1.0, tolerance=math.inf)", "tolerance", "inf"),
    ("ag.gradcheck(ag.sin, 1.0, tolerance=math.nan)", "tolerance", "nan"),
    ("ag.gradcheck(ag.sin, 1.0, step=math.nan)", "step", "nan"),
    ("ag.gradcheck(ag.sin, 1.0, step=math.inf)", "step", "inf"),
]

HAS_NO_GRAPH = [
    ("ag.no_grad()(lambda: x * 2)().backward()", "Value(6.0", "no_grad()"),
    ("(x * 2).parents[1].backward()", "Value(2.0", "constant", "no_grad()"),
]

TABLES: dict[type[Exception], list[tuple[str, ...]]] = {
    ag.NotANumberError: [*NOT_A_NUMBER],
    ag.ShapeError: [*NO_SUCH_SHAPE],
    ag.DomainError: [*OUTSIDE_THE_DOMAIN],
    ag.NonFiniteError: [*NOT_FINITE],
    ag.ArgumentError: [*MAKES_NO_SENSE],
    ag.GraphError: [*HAS_NO_GRAPH],
}


@pytest.mark.parametrize(
    ("expression", "error", "fragments"),
    [
        pytest.param(expression, error, fragments, id=expression)
        for error, table in TABLES.items()
        for expression, *fragments in table
    ],
)
def test_bad_input_is_an_error_that_shows_it(
    expression: str, error: type[Exception], fragments: list[str]
) -> None:
    x = ag.Value(3.0)
    with pytest.raises(error) as caught:
        eval(expression, {**NAMESPACE, "x": x})
    assert type(caught.value) is error
    for fragment in fragments:
        assert fragment in str(caught.value)
    assert (x.data, x.grad, x.operation, x.parents) == (3.0, 0.0, None, ())


@pytest.mark.parametrize(
    ("error", "built_in"),
    [
        (ag.NotANumberError, TypeError),
        (ag.ArgumentError, ValueError),
        (ag.ShapeError, ValueError),
        (ag.DomainError, ValueError),
        (ag.DomainError, ArithmeticError),
        (ag.NonFiniteError, ArithmeticError),
        (ag.DivergenceError, ArithmeticError),
        (ag.GraphError, RuntimeError),
        (ag.GradientCheckError, AssertionError),
        (ag.StateError, ValueError),
    ],
)
def test_error_is_also_the_built_in_that_a_reader_expects(
    error: type[Exception], built_in: type[Exception]
) -> None:
    assert issubclass(error, built_in)


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("item", "float(x)"),
        ("detach", "ag.detach(x)"),
        ("requires_grad", "every variable"),
        ("_prev", "x.parents"),
        ("_op", "x.operation"),
        ("pow", "x ** y"),
        ("abs", "abs(x)"),
    ],
)
def test_what_others_have_is_missing_with_advice(name: str, instead: str) -> None:
    x = ag.Value(3.0)
    with pytest.raises(AttributeError) as caught:
        getattr(x, name)
    assert name in str(caught.value)
    assert instead in str(caught.value)
    assert not hasattr(x, name)
    with pytest.raises(AttributeError) as caught_when_set:
        setattr(x, name, True)
    assert str(caught_when_set.value) == str(caught.value)


def test_what_the_error_of_a_step_advises_works() -> None:
    fraction = ag.grad(lambda x: x - math.floor(float(x)))
    assert fraction(2.75) == 1.0
    assert round(float(ag.Value(2.75))) == 3


def test_steps_are_refused_in_a_compiled_function_as_every_branch_is() -> None:
    with pytest.raises(ag.TraceError, match=r"this Value is rounded.*ag\.lookup"):
        ag.compile(lambda x: x % 1)([1.0])


def test_errors_are_one_family_and_exported() -> None:
    for name, error in inspect.getmembers(errors, inspect.isclass):
        assert issubclass(error, ag.AutogradError | Warning)
        assert getattr(ag, name) is error


def test_infinite_entry_of_softmax_is_a_mask() -> None:
    xs = [ag.Value(1.0), ag.Value(-math.inf), ag.Value(1.0)]
    first, masked, _ = ag.softmax(xs)
    first.backward()
    assert (first.data, masked.data) == (0.5, 0.0)
    assert [x.grad for x in xs] == [0.25, 0.0, -0.25]


def test_a_sum_or_product_that_is_too_large_is_infinite_as_with_floats() -> None:
    large = ag.Value(1e308)
    assert ag.sum([1e308, 1e308]) == ag.operations.mul(1e308, 1e308) == math.inf
    assert ag.sum([large, large]).data == (large * large).data == math.inf


def test_message_of_a_long_sum_shows_its_ends() -> None:
    text = operations.sum.expression([float(index) for index in range(1000)])
    assert text == "sum(0.0, 1.0, 2.0, ..., 998.0, 999.0)"


@pytest.mark.parametrize("length", range(55, 65))
def test_what_is_shown_takes_60_characters_at_most_and_all_if_it_can(length: int) -> None:
    text = repr("x" * (length - 2))
    shown = shown_short("x" * (length - 2))
    assert (shown == text) == (length <= 60)
    assert len(shown) == min(length, 60)

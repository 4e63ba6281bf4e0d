"""Operations of one's own with a mistake: eager and on any backend the error is the same."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd.compiler import float_backend, native, numpy_backend
from autograd.operations import OPERATIONS, Operation, define

SQUARE: dict[str, Any] = {
    "name": "square",
    "symbol": "x²",
    "forward": lambda x: x * x,
    "array": lambda np, x: x * x,
    "derivative": lambda g, out, x: (2 * g * x,),
}
RULES: dict[str, tuple[Any, type[Exception], str]] = {
    "no tuple": (lambda g, out, x: g * x, ag.ShapeError, r"returned \d.* 1 input"),
    "nothing": (lambda g, out, x: None, ag.ShapeError, "returned None.* 1 input"),
    "too few": (lambda g, out, x: (), ag.ShapeError, r"returned 0 gradient.* 1 input"),
    "too many": (lambda g, out, x: (g, g), ag.ShapeError, r"returned 2 gradient.* 1 input"),
    "None": (lambda g, out, x: (None,), ag.NotANumberError, "returned None as a gradient"),
    "text": (lambda g, out, x: ("g",), ag.NotANumberError, "returned 'g' as a gradient"),
    "nested": (lambda g, out, x: ([g],), ag.NotANumberError, r"returned \[.*\] as a gradient"),
}
BACKENDS: dict[str, Any] = {
    "by default": None,
    "numpy": numpy_backend,
    "float": float_backend,
    "native": native,
}


@pytest.fixture
def square(request: pytest.FixtureRequest) -> Iterator[Operation]:
    """The square, with what a test changes in it."""
    yield define(**SQUARE | request.param)
    del OPERATIONS["square"]


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
        ({"forward": lambda x: None}, "forward of square returned None: return a float"),
        ({"forward": str}, r"forward of square returned '3\.0': return a float"),
    ],
    indirect=["square"],
)
def test_a_function_that_returns_no_numbers_is_told_before_it_is_compiled(
    square: Operation, message: str, backend: str
) -> None:
    w = ag.Value(3.0)
    with pytest.raises(ag.ArgumentError, match=message):
        ag.compile(lambda x: square(w * x), backend=BACKENDS[backend])(np.ones(2))


@pytest.mark.parametrize("square", [{"derivative": lambda g, out, x: (g / 0.0,)}], indirect=True)
def test_a_rule_without_a_derivative_at_the_sample_is_compiled(square: Operation) -> None:
    w = ag.Value(3.0)
    program = ag.compile(lambda x: [w * x, square(w * x)])
    assert program.map(np.ones(2)).tolist() == [[3.0, 9.0]] * 2

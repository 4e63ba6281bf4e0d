"""Operations written down: what is written computes what the function computes."""

import numpy as np
import pytest

from autograd import operations
from autograd.formulas.formula import NAMESPACE, ZERO, Formula, NoFormulaError
from autograd.operation import OPERATIONS, Operation
from operation_table import arity

G, OUT, X, Y = (Formula(name) for name in ("g", "out", "x", "y"))


@pytest.mark.parametrize(
    ("name", "inputs", "text"),
    [
        ("add", (X, Y), "add(x, y, out=z)"),
        ("neg", (X,), "negative(x, out=z)"),
        ("div", (X, Y), "divide(x, y, out=z)"),
        ("pow", (X, Y), "power(x, y, out=z)"),
        ("relu", (X,), "maximum(x, 0.0, out=z)"),
        ("softplus", (X,), "add(maximum(x, 0.0), log1p(exp(negative(abs(x)))), out=z)"),
        ("max", (X, Y, X), "maximum(maximum(x, y), x, out=z)"),
    ],
)
def test_forward_formulas(name: str, inputs: tuple[Formula, ...], text: str) -> None:
    formula = OPERATIONS[name].array(NAMESPACE, *inputs)
    assert formula.assigned_to("z") == text


@pytest.mark.parametrize(
    ("name", "inputs", "texts"),
    [
        ("add", (X, Y), ["g", "g"]),
        ("sub", (X, Y), ["g", "negative(g)"]),
        ("mul", (X, Y), ["multiply(g, y)", "multiply(g, x)"]),
        ("exp", (X,), ["multiply(g, out)"]),
        ("sin", (X,), ["multiply(g, cos(x))"]),
        ("relu", (X,), ["multiply(g, greater(out, 0.0))"]),
    ],
)
def test_derivative_formulas(name: str, inputs: tuple[Formula, ...], texts: list[str]) -> None:
    formulas = OPERATIONS[name].derivative(G, OUT, *inputs)
    assert [formula.text for formula in formulas] == texts


def test_products_with_one_minus_one_and_zero_are_simplified() -> None:
    assert (X * 1.0).text == (1.0 * X).text == "x"
    assert (X * -1.0).text == "negative(x)"
    assert (X * 0.0).text == "0.0"


def test_a_sum_with_a_negative_is_a_difference() -> None:
    for total in (X + -Y, -Y + X):
        assert total.text == "subtract(x, y)"
    assert (-Y + 1.0).text == (1.0 + -Y).text == "subtract(1.0, y)"
    assert (-X + -Y).text == "subtract(negative(x), y)"
    assert (-X + ZERO).text == "negative(x)"


def test_what_is_no_ufunc_is_copied() -> None:
    chosen = NAMESPACE.where(X > 0, X, Y)
    assert chosen.assigned_to("z") == "copyto(z, where(greater(x, 0.0), x, y))"


def test_a_formula_has_no_branches_and_no_parts() -> None:
    for use in (lambda: bool(X > 0), lambda: X[0], lambda: X.astype, lambda: NAMESPACE.stack([X])):
        with pytest.raises(NoFormulaError):
            use()


WITHOUT_FORMULA = {"erf", "erfc", "lookup"}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=str)
def test_formulas_compute_what_their_functions_do(operation: Operation) -> None:
    first = [0.0, 0.0] if operation is operations.lookup else [0.25, 0.5]
    g, x, y = (np.array([numbers]) for numbers in ([2.0, -3.0], first, [0.75, 0.5]))
    arrays = {"y": y} if arity(operation) == 1 else {"x": x, "y": y}
    out = operation.array(np, *arrays.values())
    arguments = [Formula(name) for name in arrays]
    names = {**vars(np), **arrays, "g": g, "out": out}
    formulas = operation.derivative(G, OUT, *arguments)
    slopes = operation.derivative(g, out, *arrays.values())
    for formula, slope in zip(formulas, slopes, strict=True):
        computed = np.broadcast_to(eval(formula.text, names), slope.shape)
        np.testing.assert_array_equal(computed, slope)
    if operation.name in WITHOUT_FORMULA:
        with pytest.raises(NoFormulaError):
            operation.array(NAMESPACE, *arguments)
    else:
        text = operation.array(NAMESPACE, *arguments).text
        np.testing.assert_array_equal(eval(text, names), out)

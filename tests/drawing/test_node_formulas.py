"""Formulas for readers: they mean what the rules compute, and can be typeset."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser

import autograd as ag
from autograd.definition import define
from autograd.drawing.explanation.expressions import Expression, Symbolic
from autograd.drawing.explanation.formula_writing import written
from autograd.drawing.explanation.names import name_nodes
from autograd.drawing.explanation.node_formulas import (
    LARGEST,
    derivative_formula,
    node_formula,
    nodes_in,
)
from autograd.drawing.notation import LATEX, TEXT
from autograd.graph import Node
from autograd.operation import OPERATIONS, Operation

FEW_INPUTS = {"lookup": (1.0, 0.7, 0.3), "dot": (0.3, 0.7, 0.4, 0.6, 0.2), "sum": (0.3, 0.7, 0.4)}
POINTS = {
    **dict.fromkeys(OPERATIONS, (0.7,)),
    **dict.fromkeys(("add", "sub", "mul", "div", "pow", "max", "min"), (0.7, 1.3)),
    **FEW_INPUTS,
}

READING = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
FUNCTIONS: dict[str, Any] = {
    name: operation.evaluate for name, operation in OPERATIONS.items() if name.isidentifier()
}


def read(text: str, numbers: dict[str, float]) -> Any:
    """Compute a formula from its text, with Python's idea of which part belongs to which."""
    python = text.replace(" · ", " * ").replace("^", "**").replace("≥", ">=").replace("≤", "<=")
    for index in range(len(python) - 1, -1, -1):
        if python[index] in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹" and python[index - 1] not in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹":
            python = python[:index] + "**" + python[index:]
    python = python.translate(READING).replace("[", "float(").replace("]", ")")
    return eval(python, {**FUNCTIONS, **numbers})


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
def test_formulas_mean_what_the_operation_computes(operation: Operation) -> None:
    inputs = [ag.Value(number, f"x{i}") for i, number in enumerate(POINTS[operation.name])]
    out = operation(*inputs)
    out.label = "out"
    numbers = {node.label: node.data for node in (out, *inputs)}
    slopes = operation.derivative(1.0, out.data, *(x.data for x in inputs))
    text = written(node_formula(out), TEXT, label)
    assert read(text, numbers) == pytest.approx(out.data, rel=1e-12)
    for position, slope in enumerate(slopes):
        formula = derivative_formula(out, position)
        assert formula is not None
        assert getattr(formula, "number", formula) == pytest.approx(slope, rel=1e-12)
        text = written(formula, TEXT, label)
        assert read(text, numbers) == pytest.approx(slope, rel=1e-3)  # numbers have four digits


def label(node: Node) -> str:
    return node.label


FORMULAS: list[tuple[Callable[[Any, Any], Any], int, str, str]] = [
    (lambda x, y: x * y, 0, "y", "y"),
    (lambda x, y: x / y, 0, "1 / y", r"\frac{1}{y}"),
    (lambda x, y: x / y, 1, "-out / y", r"-\frac{out}{y}"),
    (lambda x, y: x**2, 0, "2 · x", r"2 \cdot x"),
    (lambda x, y: x**-2, 0, "-2 · x⁻³", r"-2 \cdot {x}^{-3}"),
    (lambda x, y: x**y, 0, "y · x^(y - 1)", r"y \cdot {x}^{y - 1}"),
    (lambda x, y: x**y, 1, "out · log(x)", r"out \cdot \log\left(x\right)"),
    (lambda x, y: 2**x, 1, "0.6931 · out", r"0.6931 \cdot out"),
    (lambda x, y: ag.tanh(x), 0, "1 - out²", r"1 - {out}^{2}"),
    (lambda x, y: ag.sigmoid(x), 0, "out · (1 - out)", r"out \cdot \left(1 - out\right)"),
    (lambda x, y: ag.exp(x), 0, "out", "out"),
    (lambda x, y: ag.sqrt(x), 0, "1 / (2 · out)", r"\frac{1}{2 \cdot out}"),
    (lambda x, y: ag.cos(x), 0, "-sin(x)", r"-\sin\left(x\right)"),
    (lambda x, y: ag.softplus(x), 0, "sigmoid(x)", r"\sigma\left(x\right)"),
    (lambda x, y: ag.erf(x), 0, "1.128 · exp(-x²)", r"1.128 \cdot \exp\left(-{x}^{2}\right)"),
    (lambda x, y: ag.relu(x), 0, "[out > 0]", r"\left[out > 0\right]"),
    (lambda x, y: ag.max(x, y), 1, "[y ≥ out]", r"\left[y \geq out\right]"),
    (lambda x, y: ag.max(x, y), 0, "[x ≥ out]", r"\left[x \geq out\right]"),
    (lambda x, y: ag.max(y, x), 1, "0", "0"),
    (lambda x, y: ag.abs(x), 0, "1", "1"),
]


@pytest.mark.parametrize(("function", "position", "text", "latex"), FORMULAS)
def test_derivatives_read_as_in_a_textbook(
    function: Callable[[Any, Any], Any], position: int, text: str, latex: str
) -> None:
    node = function(ag.Value(2.0, "x"), ag.Value(3.0, "y"))
    node.label = "out"
    formula = derivative_formula(node, position)
    assert formula is not None
    assert written(formula, TEXT, label) == text
    assert written(formula, LATEX, label) == latex


# --- any rule ------------------------------------------------------------------------------------

NUMBERS = {"x": 2.0, "y": 3.0, "z": -5.0}
VARIABLES = [Expression(number, "", (ag.Value(number, name),)) for name, number in NUMBERS.items()]
trees = st.recursive(
    st.one_of(st.sampled_from(VARIABLES), st.integers(-3, 3)),
    lambda parts: st.one_of(
        st.builds(lambda a, b: a + b, parts, parts),
        st.builds(lambda a, b: a - b, parts, parts),
        st.builds(lambda a, b: a * b, parts, parts),
        st.builds(lambda a, b: a / b if value(b) else a, parts, parts),
        st.builds(lambda a: -a, parts),
        st.builds(lambda a, b: a * (b > 0) - (b <= 1) * a, parts, parts),
        st.builds(lambda a, e: a**e, parts, st.integers(0, 3)),
    ),
    max_leaves=10,
)


def value(formula: Symbolic) -> float:
    return formula.number if isinstance(formula, Expression) else formula


@given(trees)
def test_a_written_formula_can_be_read_again(formula: Symbolic) -> None:
    if isinstance(formula, Expression):
        assume(_numbers_are_whole(formula))
        assert read(written(formula, TEXT, label), NUMBERS) == pytest.approx(formula.number)


def _numbers_are_whole(formula: Any) -> bool:
    if isinstance(formula, Expression):
        return all(map(_numbers_are_whole, formula.operands))
    return isinstance(formula, Node) or float(formula).is_integer()


@given(trees)
def test_any_formula_can_be_typeset(formula: Symbolic) -> None:
    names = [character for character in written(formula, TEXT, label) if character in NUMBERS]
    glyphs = typeset(written(formula, LATEX, label))
    assert sorted(names) == sorted(glyph for glyph in glyphs if glyph in NUMBERS)


def test_a_formula_that_grows_without_end_is_left_to_its_number() -> None:
    def derivative(g: Any, out: Any, x: Any) -> Any:
        for _ in range(100):
            x = x * x - x
        return (g * x,)

    operation = Operation("chaos", "?", lambda x: x, lambda np, x: x, derivative)
    assert derivative_formula(operation(ag.Value(1.0)), 0) is None


def test_many_inputs_of_max_stay_short() -> None:
    values = [ag.Value(i) for i in range(50)]
    formula = derivative_formula(ag.max(values), 49)
    assert isinstance(formula, Expression)
    assert formula.size < LARGEST
    assert values[49] in nodes_in(formula)


# --- numbers and names ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "text", "latex"),
    [
        (0.0, "0", "0"),
        (-0.0, "0", "0"),
        (2.0, "2", "2"),
        (3, "3", "3"),
        (1073741824.0, "1073741824", "1073741824"),
        (0.78644773, "0.7864", "0.7864"),
        (0.99999, "0.99999", "0.99999"),
        (12345.67, "12345.67", "12345.67"),
        (1e300, "1e+300", r"1 \times 10^{300}"),
        (-1.5e-9, "-1.5e-09", r"-1.5 \times 10^{-9}"),
        (math.inf, "inf", r"\infty"),
    ],
)
def test_numbers(number: float, text: str, latex: str) -> None:
    assert TEXT.number(number) == text
    assert LATEX.number(number) == latex


def typeset(latex: str) -> list[str]:
    """Return the characters that mathematics is set in, or raise an error if it is none."""
    latex = latex.replace(r"\&", "+")  # LaTeX knows it, matplotlib does not
    parse: Any = MathTextParser("path").parse(f"${latex}$")
    return [chr(code) for font, size, code, *place in parse.glyphs]


AWKWARD = r"\{}_^$%&#~<>'" + '"' + " \n\t`|é∂λ漢​"


@given(st.text(st.one_of(st.sampled_from(AWKWARD), st.characters()), min_size=1))
def test_any_label_is_escaped(text: str) -> None:
    node = ag.Value(1.0, text)
    name = name_nodes([node], output=None)[node]
    assert name.text.isprintable()
    unescaped = name.latex.replace(r"\{", "").replace(r"\}", "")
    assert unescaped.count("{") == unescaped.count("}")
    assert "$" not in name.latex.replace(r"\$", "")
    if text.isascii():
        typeset(name.latex)


@pytest.mark.parametrize(
    ("label", "text", "latex"),
    [
        ("w", "w", "w"),
        ("w0", "w0", "w_{0}"),
        ("w_12", "w_12", "w_{12}"),
        ("w_", "w_", r"\mathrm{w\_}"),
        ("loss", "loss", r"\mathrm{loss}"),
        ("learning_rate", "learning_rate", r"\mathrm{learning\_rate}"),
        ("x*w + b", "(x*w + b)", r"\left(\mathrm{x*w\ +\ b}\right)"),
        ("x²", "(x²)", r"\left(\mathrm{x²}\right)"),
        ("xⁿ", "(xⁿ)", r"\left(\mathrm{xⁿ}\right)"),
        ("x₂", "x₂", r"\mathrm{x₂}"),
        ("two\nlines", "(two lines)", r"\left(\mathrm{two\ lines}\right)"),
        ("\\alpha", "(\\alpha)", r"\left(\mathrm{\backslash alpha}\right)"),
        ("a" * 50, "(" + "a" * 31 + "…)", r"\left(\mathrm{" + "a" * 31 + r"…}\right)"),
    ],
)
def test_labels(label: str, text: str, latex: str) -> None:
    node = ag.Value(1.0, label)
    assert name_nodes([node], output=None)[node] == (text, latex)


@pytest.mark.parametrize("name", ["", "+", "-", "·", "^", "/", "<", "…"])
def test_an_operation_whose_name_is_a_sign_is_not_taken_for_it(name: str) -> None:
    own = define(
        name,
        symbol="?",
        forward=lambda x, y: 2 * x + 3 * y,
        array=lambda np, x, y: 2 * x + 3 * y,
        derivative=lambda g, out, x, y: (g * own(x, y), g * 3),
    )
    del OPERATIONS[name]
    x, y = ag.Value(2.0, "x"), ag.Value(3.0, "y")
    text = ag.explain(own(x, y), x).text
    assert f"output = ({name})(x, y) = 13" in text
    assert f"∂output/∂x = ({name})(x, y) = 13" in text


def test_the_latex_of_an_explanation_can_be_typeset() -> None:
    x, w, b = ag.Value(2.0, "x_new"), ag.Value(-3.0, "w{1}"), ag.Value(6.5, "\\b = &")
    y = ag.tanh(w * x + b) ** 2 / ag.sqrt(x) + ag.relu(x) ** w
    for paths in (1, 2, 5):
        rows = ag.explain(y, x, paths=paths)._repr_latex_()
        assert rows.startswith("$$\\begin{aligned}\n")
        assert rows.endswith("\n\\end{aligned}$$")
        for row in rows.splitlines()[1:-1]:
            typeset(re.sub(r"(?<!\\)&", "", row.removesuffix(r" \\").removesuffix(r" \\[1.5ex]")))

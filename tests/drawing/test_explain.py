"""Laws of the chain-rule sum against brute force, and golden texts that teach it."""

import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd import operations
from autograd.drawing.explanation.node_formulas import derivative_formula
from autograd.drawing.explanation.outline import Outline
from autograd.drawing.explanation.paths import Path, chain_rule_sum
from autograd.drawing.notation import LATEX, TEXT
from autograd.errors import (
    ArgumentError,
    AutogradError,
    DomainError,
    GraphError,
    NonFiniteError,
    NotANumberError,
)
from autograd.graph import Node, topological_order
from autograd.operation import Operation
from random_programs import Operators, Program, programs, run

# --- random graphs whose nodes are used again and again ------------------------------------------

OPERATORS: Operators = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "relu": lambda a, b: ag.relu(a),
    "dot": lambda a, b: ag.dot([a, b], [b, a], bias=a),
    "sum": lambda a, b: ag.sum([a, b, 3, b]),
}
short_programs = programs(OPERATORS, longest=6)
whole_numbers = st.tuples(*[st.integers(-2, 2)] * 3)
few = st.integers(1, 6)


def values_of(program: Program, numbers: Sequence[int]) -> list[ag.Value]:
    return run(program, [ag.Value(number) for number in numbers], OPERATORS)


LOCAL: dict[str, Callable[..., tuple[int, ...]]] = {
    "add": lambda a, b: (1, 1),
    "sub": lambda a, b: (1, -1),
    "mul": lambda a, b: (b, a),
    "relu": lambda a: (int(a > 0),),
    "dot": lambda w, v, x, y, bias: (x, y, w, v, 1),
    "sum": lambda a, b, three, c: (1, 1, 1, 1),
}


def all_paths(node: Node, target: Node) -> Iterator[tuple[int, ...]]:
    """Yield the local derivatives along every path, by brute force."""
    if node is target:
        yield ()
    elif node.operation is not None and node.parents:
        slopes = LOCAL[node.operation.name](*[int(parent.data) for parent in node.parents])
        for slope, parent in zip(slopes, node.parents, strict=True):
            for rest in all_paths(parent, target):
                yield (slope, *rest)


@given(short_programs, whole_numbers, few)
def test_gradient_is_the_sum_over_all_paths(program: Any, numbers: Any, most: int) -> None:
    *_, output = results = values_of(program, numbers)
    for wrt in results:
        explanation = ag.explain(output, wrt, paths=most)
        paths = list(all_paths(output, wrt))
        products = [math.prod(path) for path in paths]
        shown = [path.product for path in explanation.paths]
        assert explanation.path_count == len(paths)
        assert explanation.gradient == sum(products)
        sizes = sorted(map(abs, products), reverse=True)
        assert [abs(product) for product in shown] == sizes[:most]
        assert explanation.remainder == sum(products) - sum(shown)


slopes = st.lists(st.integers(0, 4), min_size=2, max_size=3)


@given(st.lists(slopes, min_size=2, max_size=5), st.integers(1, 40))
def test_shown_paths_are_the_largest_of_many(ladder: list[list[int]], most: int) -> None:
    x = ag.Value(1.0)
    y = x
    for factors in ladder:
        y = ag.sum([factor * y for factor in factors])
    sizes = sorted(map(math.prod, itertools.product(*ladder)), reverse=True)
    paths = ag.explain(y, x, paths=most).paths
    assert [path.product for path in paths] == sizes[:most]
    assert len({_edges(path) for path in paths}) == len(paths)


@given(short_programs, whole_numbers, few)
def test_shown_paths_are_different_ways_through_the_graph(
    program: Any, numbers: Any, most: int
) -> None:
    wrt, *_, output = values_of(program, numbers)
    explanation = ag.explain(output, wrt, paths=most)
    for path in explanation.paths:
        assert path.nodes[0] is output
        assert path.nodes[-1] is wrt
        for step, (node, below) in zip(path.steps, itertools.pairwise(path.nodes), strict=True):
            assert step.node is node
            assert step.input is node.parents[step.position] is below
    assert len({_edges(path) for path in explanation.paths}) == len(explanation.paths)


def _edges(path: Path) -> tuple[Any, ...]:
    return tuple((step.node, step.position) for step in path.steps)


@given(short_programs, whole_numbers)
def test_explaining_changes_nothing_and_repeats_exactly(program: Any, numbers: Any) -> None:
    x, *_, output = values_of(program, numbers)
    output.backward()
    before = [(node.data, node.grad) for node in topological_order(output)]
    first, second = ag.explain(output, x), ag.explain(output, x)
    assert [(node.data, node.grad) for node in topological_order(output)] == before
    assert (first.text, first.latex) == (second.text, second.latex)
    if first.paths and output is not x:
        assert first.text.endswith(": backward() found the same.")


# --- many paths and long ones --------------------------------------------------------------------


def test_thirty_doublings_have_two_to_the_thirty_paths() -> None:
    x = ag.Value(1.0, "x")
    y = x
    for _ in range(30):
        y = y + y
    explanation = ag.explain(y, x)
    assert explanation.path_count == 2**30
    assert [path.product for path in explanation.paths] == [1.0] * 5
    assert explanation.remainder == 2**30 - 5
    assert "where 1,073,741,819 further paths contribute 1073741819" in explanation.text


def test_ties_that_rounding_breaks_do_not_make_the_search_exponential() -> None:
    x = ag.Value(1.0)
    y = x
    for slope in itertools.islice(itertools.cycle([0.1, 0.7, 1.3, 3.3]), 60):
        y = slope * y + slope * y
    explanation = ag.explain(y, x, paths=50)
    assert explanation.path_count == 2**60
    assert len({_edges(path) for path in explanation.paths}) == 50


def test_paths_that_contribute_nothing_come_last_and_are_shown_too() -> None:
    x = ag.Value(-1.0)
    y = x
    for _ in range(40):
        y = ag.relu(y) + ag.relu(y)
    explanation = ag.explain(y + 2 * x, x, paths=30)
    assert [path.product for path in explanation.paths] == [2.0] + [0.0] * 29
    assert explanation.path_count == 2**40 + 1


def test_paths_whose_products_underflow_are_still_ranked() -> None:
    x = ag.Value(1.0)
    y = x
    for _ in range(2000):
        y = 0.5 * y + 0.25 * y
    best, second, *_ = ag.explain(y, x).paths
    assert min(best.derivatives) == 0.5
    assert sorted(second.derivatives)[:2] == [0.25, 0.5]


def test_a_hundred_thousand_steps_are_explained() -> None:
    x = ag.Value(1.0)
    y = x
    for _ in range(100_000):
        y = 0.99999 * y
    explanation = ag.explain(y, x)
    assert explanation.path_count == 1
    assert explanation.paths[0].product == pytest.approx(math.exp(-1), rel=1e-4)
    assert len(explanation.text) < 2000


def test_a_count_with_thousands_of_digits_is_written() -> None:
    x = ag.Value(0.0)
    y = x
    for _ in range(15_000):
        y = 0.5 * (y + y)
    explanation = ag.explain(y, x)
    assert explanation.path_count == 2**15_000
    assert "about 1e4515 further paths" in explanation.text
    assert r"about\ 1e4515\ further\ paths" in explanation.latex


# --- what a student reads ------------------------------------------------------------------------


def labelled(node: ag.Value, label: str) -> ag.Value:
    node.label = label
    return node


def neuron() -> tuple[ag.Value, ag.Value]:
    x, w, b = ag.Value(2.0, "x"), ag.Value(-3.0, "w"), ag.Value(6.5, "b")
    return labelled(ag.tanh(w * x + b), "y"), w


NEURON = """\
∂y/∂w = 1.573: a small change of w changes y by 1.573 times as much.

Forward, the numbers:
  w = -3    x = 2    b = 6.5
  v1 = w · x    = -6
  v2 = v1 + b   = 0.5
  y  = tanh(v2) = 0.4621

Backward, the derivative of each operation by its input:
  ∂y/∂v2  = 1 - y² = 0.7864
  ∂v2/∂v1 = 1
  ∂v1/∂w  = x      = 2

The chain rule multiplies them along the path:
  ∂y/∂w = ∂y/∂v2 · ∂v2/∂v1 · ∂v1/∂w
        = (1 - y²) · 1 · x
        = 0.7864 · 1 · 2
        = 1.573

"""


def test_neuron() -> None:
    y, w = neuron()
    explanation = ag.explain(y, w)
    not_yet = "y.backward() has not been called yet: it will add this to w.grad."
    assert str(explanation) == repr(explanation) == NEURON + not_yet
    y.backward()
    assert str(ag.explain(y, w)) == NEURON + "w.grad = 1.573: backward() found the same."
    y.backward()
    assert str(ag.explain(y, w)) == NEURON + (
        "w.grad = 3.146, which is not this gradient: it adds up over outputs and over calls of "
        "backward(), until w.zero_grad()."
    )


def test_neuron_as_data() -> None:
    y, w = neuron()
    explanation = ag.explain(y, w)
    (path,) = explanation.paths
    total = y.parents[0]
    product = total.parents[0]
    assert path.nodes == (y, total, product, w)
    assert path.derivatives == pytest.approx((1 - math.tanh(0.5) ** 2, 1, 2), rel=1e-15)
    assert path.product == explanation.gradient == ag.gradient(y, w)
    assert (explanation.output, explanation.wrt) == (y, w)
    assert (explanation.path_count, explanation.remainder) == (1, 0.0)


def test_one_node_used_twice() -> None:
    a = ag.Value(1.0, "a")
    b = labelled(a + a, "b")
    c = labelled(b + b, "c")
    c.backward()
    assert (
        ag.explain(c, a).text
        == """\
∂c/∂a = 4: a small change of a changes c by 4 times as much.

Forward, the numbers:
  a = 1
  b = a + a = 2
  c = b + b = 4

Backward, the derivative of each operation by its input:
  ∂c/∂b⁽¹⁾ = 1
  ∂c/∂b⁽²⁾ = 1
  ∂b/∂a⁽¹⁾ = 1
  ∂b/∂a⁽²⁾ = 1
  where b⁽¹⁾ is b at its first use in the forward pass, b⁽²⁾ at its second

The chain rule multiplies them along each path, and adds up the paths:
  path 1: ∂c/∂b⁽¹⁾ · ∂b/∂a⁽¹⁾ = 1 · 1 = 1
  path 2: ∂c/∂b⁽¹⁾ · ∂b/∂a⁽²⁾ = 1 · 1 = 1
  path 3: ∂c/∂b⁽²⁾ · ∂b/∂a⁽¹⁾ = 1 · 1 = 1
  path 4: ∂c/∂b⁽²⁾ · ∂b/∂a⁽²⁾ = 1 · 1 = 1

  ∂c/∂a = 1 + 1 + 1 + 1 = 4

a.grad = 4: backward() found the same."""
    )


SQUARE_AND_MORE = """\
∂y/∂x = 5: a small change of x changes y by 5 times as much.

Forward, the numbers:
  x = 2
  v1 = x · x  = 4
  y  = v1 + x = 6

Backward, the derivative of each operation by its input:
  ∂y/∂v1    = 1
  ∂y/∂x⁽³⁾  = 1
  ∂v1/∂x⁽¹⁾ = x = 2
  ∂v1/∂x⁽²⁾ = x = 2
  where x⁽¹⁾ is x at its first use in the forward pass, x⁽²⁾ at its second, and so on

The chain rule multiplies them along each path, and adds up the paths:
  path 1: ∂y/∂v1 · ∂v1/∂x⁽¹⁾ = 1 · x = 1 · 2 = 2
  path 2: ∂y/∂v1 · ∂v1/∂x⁽²⁾ = 1 · x = 1 · 2 = 2
  path 3: ∂y/∂x⁽³⁾ = 1

  ∂y/∂x = 2 + 2 + 1 = 5

y.backward() has not been called yet: it will add this to x.grad."""

CUBE = """\
∂y/∂x = 12: a small change of x changes y by 12 times as much.

Forward, the numbers:
  x = 2
  v1 = x · x  = 4
  y  = v1 · x = 8

Backward, the derivative of each operation by its input:
  ∂y/∂v1    = x  = 2
  ∂y/∂x⁽³⁾  = v1 = 4
  ∂v1/∂x⁽¹⁾ = x  = 2
  ∂v1/∂x⁽²⁾ = x  = 2
  where x⁽¹⁾ is x at its first use in the forward pass, x⁽²⁾ at its second, and so on

The chain rule multiplies them along each path, and adds up the paths:
  path 1: ∂y/∂v1 · ∂v1/∂x⁽¹⁾ = x · x = 2 · 2 = 4
  path 2: ∂y/∂v1 · ∂v1/∂x⁽²⁾ = x · x = 2 · 2 = 4
  path 3: ∂y/∂x⁽³⁾ = v1 = 4

  ∂y/∂x = 4 + 4 + 4 = 12

y.backward() has not been called yet: it will add this to x.grad."""


@pytest.mark.parametrize(
    ("formula", "text"),
    [(lambda x: x * x + x, SQUARE_AND_MORE), (lambda x: x * x * x, CUBE)],
    ids=["x*x + x", "x*x*x"],
)
def test_a_variable_reached_directly_and_on_other_ways(
    formula: Callable[[ag.Value], ag.Value], text: str
) -> None:
    x = ag.Value(2.0, "x")
    explanation = ag.explain(labelled(formula(x), "y"), x)
    assert explanation.text == text
    direct, whole = r"\frac{\partial y}{\partial {x}^{(3)}}", r"\frac{\partial y}{\partial x}"
    assert explanation.latex.count(direct) == 2  # as a derivative, and as a path
    assert explanation.latex.count(whole) == 1  # on the left of the sum


def test_places_are_counted_as_they_are_read() -> None:
    x, a = ag.Value(2.0, "x"), ag.Value(5.0, "a")
    text = ag.explain(labelled(ag.dot([x, x], [x, a]), "y"), x).text
    assert "y = x · x + x · a = 14" in text
    assert "  ∂y/∂x⁽¹⁾ = x = 2\n  ∂y/∂x⁽²⁾ = x = 2\n  ∂y/∂x⁽³⁾ = a = 5\n" in text


@given(short_programs, whole_numbers, few)
def test_every_symbol_stands_for_one_number(program: Any, numbers: Any, most: int) -> None:
    *_, output = results = values_of(program, numbers)
    for wrt in results:
        page = Outline(chain_rule_sum(output, wrt, most))
        for style in (TEXT, LATEX):
            symbols = [page.partial(step, style) for step in page.steps]
            assert len(set(symbols)) == len(symbols)
            for step, symbol in zip(page.steps, symbols, strict=True):
                node, parent = page.name(step.node, style), page.name(step.input, style)
                if symbol == style.partial(node, parent):
                    whole = ag.gradient(step.node, step.input)  # type: ignore[arg-type]
                    assert step.derivative == whole


def test_largest_paths_and_the_rest() -> None:
    x = ag.Value(3.0, "x")
    y = labelled(x**3 - 4 * x**2 + ag.relu(x), "y")
    text = ag.explain(y, x, paths=2).text
    two: Any = np.int64(2)
    assert ag.explain(y, x, paths=two).text == text
    assert "∂v2/∂x  = 3 · x² = 27" in text
    assert "∂v3/∂x  = 2 · x  = 6" in text
    assert text.endswith(
        "  ∂y/∂x = 27 - 24 + 1 = 4\n"
        "  where 1 further path contributes 1\n\n"
        "y.backward() has not been called yet: it will add this to x.grad."
    )


def test_a_condition_is_explained() -> None:
    x = ag.Value(3.0, "x")
    text = ag.explain(labelled(ag.relu(x), "y"), x).text
    assert "  ∂y/∂x = [y > 0] = 1\n  where [ ] is 1 if the condition holds, and 0 if not" in text


def test_mathematics_has_the_remarks_of_the_text() -> None:
    x = ag.Value(3.0, "x")
    y = labelled(ag.relu(x) * x, "y")
    before, square = ag.explain(y, x).latex, ag.explain(labelled(x * x, "y"), x).latex
    y.backward()
    once = ag.explain(y, x).latex
    y.backward()
    twice = ag.explain(y, x).latex
    assert r"& \text{where [ ] is 1 if the condition holds, and 0 if not} \\" in before
    assert r"& \text{where }{x}^{(1)}\text{ is }x\text{ at its first use in the" in square
    assert r"& y\text{.backward() has not been called yet: it will add this to }x\text" in before
    assert r"& x\text{.grad = }6\text{: backward() found the same.}" in once
    assert r"& x\text{.grad = }12\text{, which is not this gradient:} \\" in twice
    assert r"& \text{it adds up over outputs and over calls of backward(), until }x" in twice
    assert r"until }x\text{.zero}\_\text{grad().}" in twice


def test_a_row_of_mathematics_has_at_most_four_given_numbers() -> None:
    factors = [ag.Value(2.0, f"x{i}") for i in range(9)]
    latex = ag.explain(functools.reduce(operator.mul, factors), factors[0]).latex
    assert [row.count("=") for row in latex.splitlines() if row.startswith("x_")] == [4, 4, 1]


def test_a_single_step_is_its_own_product() -> None:
    x = ag.Value(0.5, "x")
    explanation = ag.explain(labelled(ag.tanh(x), "y"), x)
    assert "path:\n  ∂y/∂x = 1 - y²\n        = 0.7864\n\n" in explanation.text
    assert explanation.latex.count("&= 1 - {y}^{2}") == 2


def test_a_negative_gradient_of_one_path_is_written_once() -> None:
    x = ag.Value(2.0, "x")
    latex = ag.explain(labelled(x * ag.Value(-3.0, "c"), "y"), x).latex
    assert "&= c \\\\\n &= -3 \\\\[1.5ex]\n" in latex


def test_a_new_operation_explains_itself() -> None:
    cube = operations.define(
        "cube",
        symbol="x³",
        forward=lambda x: x * x * x,
        array=lambda np, x: x * x * x,
        derivative=lambda g, out, x: (g * 3 * x * x,),
    )
    x = ag.Value(2.0, "x")
    explanation = ag.explain(labelled(cube(x), "y"), x)
    assert "y = cube(x) = 8" in explanation.text
    assert "∂y/∂x = 3 · x² = 12" in explanation.text
    assert r"\mathrm{cube}\left(x\right)" in explanation.latex


def test_a_rule_without_a_formula_shows_its_number() -> None:
    swing = operations.define(
        "swing",
        symbol="~",
        forward=math.sin,
        array=lambda np, x: np.sin(x),
        derivative=lambda g, out, x: (g * math.cos(x),),
    )
    x = ag.Value(0.0, "x")
    assert "  ∂y/∂x = 1\n" in ag.explain(labelled(swing(x), "y"), x).text


@pytest.mark.parametrize("x", [0.0, 2.0])
@pytest.mark.parametrize(
    "slope",
    [
        lambda x: 3.0 if x == 0.0 else 5.0,
        lambda x: 3.0 if x != 0.0 else 5.0,
        lambda x: 3.0 if x else 5.0,
        lambda x: (x == 0.0) * (x + 3.0),
        lambda x: x == 0.0,
    ],
)
def test_a_rule_that_tells_cases_apart_is_explained_with_the_case_at_hand(
    slope: Callable[[Any], Any], x: float
) -> None:
    cases = Operation(
        "cases", "?", lambda x: 1.0, lambda np, x: x, lambda g, out, x: (g * slope(x),)
    )
    formula = derivative_formula(cases(ag.Value(x)), 0)
    assert getattr(formula, "number", formula) == slope(x)


def test_long_sums_show_what_is_on_the_path() -> None:
    weights = [ag.Value(i, f"w{i}") for i in range(1, 20)]
    y = labelled(ag.dot(weights, [2.0] * 19, bias=ag.Value(1.0, "b")), "y")
    assert "y = … + w7 · 2 + … = 381" in ag.explain(y, weights[6]).text
    assert "y = … + b = 381" in ag.explain(y, y.parents[-1]).text  # type: ignore[arg-type]


def test_long_sums_show_both_factors_on_the_path() -> None:
    inputs = [ag.Value(i, f"x{i}") for i in range(1, 20)]
    y = labelled(ag.dot([2.0] * 19, inputs), "y")
    assert "y = … + 2 · x7 + … = 380" in ag.explain(y, inputs[6]).text


def test_nothing_remains_of_a_sum_that_is_shown_whole() -> None:
    x = ag.Value(0.1)
    explanation = ag.explain(x * 0.1 + x * 0.2 + x * 0.3, x)
    assert explanation.path_count == 3
    assert explanation.remainder == 0.0
    assert "further" not in explanation.text


def test_a_long_formula_does_not_push_the_numbers_of_the_others_aside() -> None:
    weights = [ag.Value(i, f"a rather long label {i}") for i in range(1, 5)]
    y = labelled(ag.tanh(ag.dot(weights, weights)), "y")
    lines = ag.explain(y, weights[0]).text.splitlines()
    assert max(map(len, lines)) > 150
    assert "  y  = tanh(v1) = 1" in lines


def test_long_paths_are_abridged() -> None:
    x = ag.Value(0.5, "x")
    y = x
    for _ in range(11):
        y = ag.sin(y)
    explanation = ag.explain(labelled(y, "y"), x)
    assert len(explanation.paths[0].steps) == 11
    assert "= cos(v7) · cos(v6) · cos(v5) · cos(v4) · … · cos(v2) · cos(v1) · cos(x)" in (
        explanation.text
    )
    assert "v4 = …" in explanation.text


def test_equal_labels_are_told_apart() -> None:
    x, other = ag.Value(2.0, "x"), ag.Value(3.0, "x")
    assert "output = x · x#2 = 6" in ag.explain(x * other, x).text


def test_a_label_that_is_no_string_is_written_as_one() -> None:
    x = ag.Value(2.0, 3)  # type: ignore[arg-type]
    assert "∂output/∂3 = 4" in ag.explain(x * x, x).text


def test_labels_and_numbering_do_not_meet() -> None:
    x = ag.Value(2.0, "v1")
    assert "v2     = v1 · v1 = 4" in ag.explain(ag.exp(x * x), x).text


def test_a_computed_node_can_be_the_target() -> None:
    y, _ = neuron()
    y.backward()
    total = y.parents[0]
    explanation = ag.explain(y, total)  # type: ignore[arg-type]
    assert explanation.gradient == total.grad
    assert "v1.grad = 0.7864: backward() found the same." in explanation.text


# --- no path, no graph, no derivative ------------------------------------------------------------


def test_a_gradient_of_zero_changes_nothing() -> None:
    x = ag.Value(-1.0, "x")
    text = ag.explain(labelled(ag.relu(x), "y"), x).text
    assert text.startswith("∂y/∂x = 0: a small change of x does not change y, to first order.\n")


def test_no_path() -> None:
    y, _ = neuron()
    stranger = ag.Value(1.0, "s")
    explanation = ag.explain(y, stranger)
    assert (explanation.gradient, explanation.paths, explanation.path_count) == (0.0, (), 0)
    assert str(explanation) == "∂y/∂s = 0: y does not depend on s, no path leads from it to s."
    assert r"\frac{\partial y}{\partial s} &= 0" in explanation.latex


def test_a_variable_by_itself() -> None:
    x = ag.Value(1.0, "x")
    explanation = ag.explain(x, x)
    (path,) = explanation.paths
    assert (path.nodes, path.steps, path.product, explanation.gradient) == ((x,), (), 1.0, 1.0)
    assert str(explanation) == "∂x/∂x = 1: the derivative of a number by itself."


def test_nothing_flows_through_detach() -> None:
    x = ag.Value(2.0, "x")
    explanation = ag.explain(labelled(ag.detach(x) * x, "y"), x)
    assert [path.product for path in explanation.paths] == [2.0]
    assert explanation.path_count == 1
    assert "place" not in explanation.text
    assert "y does not depend on x" in ag.explain(labelled(ag.detach(x), "y"), x).text


def test_every_path_of_cross_entropy_carries_a_gradient() -> None:
    scores = [ag.Value(score) for score in (0.5, -1.0, 2.0)]
    explanation = ag.explain(nn.cross_entropy(scores, 1), scores[1])
    probability = ag.softmax([0.5, -1.0, 2.0])[1]
    assert [path.product for path in explanation.paths] == pytest.approx([-1.0, probability])
    assert explanation.remainder == 0.0


def under_no_grad() -> ag.Value:
    with ag.no_grad():
        return ag.Value(2.0) * 3


@pytest.mark.parametrize(
    ("output", "wrt", "error", "message"),
    [
        (3.0, ag.Value(1.0), NotANumberError, r"output=.* not 3.0"),
        (ag.Value(1.0), "w", NotANumberError, r"wrt=.* not 'w'"),
        (ag.Value(1.0), [ag.Value(1.0)], NotANumberError, "one at a time"),
        (under_no_grad(), ag.Value(1.0), GraphError, "no_grad"),
        (ag.sqrt(ag.Value(0.0)), None, DomainError, "derivative of sqrt"),
        (ag.log(ag.Value(1e-320)), None, NonFiniteError, "not finite"),
    ],
)
def test_errors_say_what_is_wrong(
    output: Any, wrt: Any, error: type[AutogradError], message: str
) -> None:
    wrt = output.parents[0] if wrt is None else wrt
    with pytest.raises(error, match=message):
        ag.explain(output, wrt)


def test_a_number_too_long_to_print_is_no_value() -> None:
    with pytest.raises(NotANumberError, match=r"wrt=.* not <int too long to print>"):
        ag.explain(ag.Value(1.0), 10**5000)  # type: ignore[arg-type]  # the point


def test_an_infinite_local_derivative_is_an_error_even_where_nothing_arrives() -> None:
    x = ag.Value(1e-320, "x")
    with pytest.raises(NonFiniteError, match=r"local derivative of log\(1e-320\)"):
        ag.explain(0.0 * ag.log(x), x)


def test_a_derivative_beside_the_paths_need_not_exist() -> None:
    x, b = ag.Value(0.0, "x"), ag.Value(0.5, "b")
    y = labelled(x**b + 3 * b, "y")
    explanation = ag.explain(y, b)
    assert explanation.gradient == ag.gradient(y, b) == 3.0
    assert [path.product for path in explanation.paths] == [3.0, 0.0]
    with pytest.raises(ag.DomainError, match="does not exist"):
        ag.explain(y, x)


@pytest.mark.parametrize("paths", [1, 5])
def test_a_path_whose_product_is_too_large_is_an_error_even_where_others_cancel_it(
    paths: int,
) -> None:
    x = ag.Value(0.0, "x")
    z = 1e200 * x
    y = 1e200 * z - 1e200 * z
    assert ag.gradient(y, x) == 0.0
    with pytest.raises(NonFiniteError, match=r"along a path from .*'x'.* multiply to -?inf"):
        ag.explain(y, x, paths)


def test_an_infinite_output_is_refused_by_this_name() -> None:
    x = ag.Value(1e200, "x")
    with pytest.raises(NonFiniteError, match=r"^explain\(\) of an output that is inf"):
        ag.explain(x * x, x)


def test_a_graph_that_was_recorded_with_other_numbers_is_refused() -> None:
    x, w = ag.Value(2.0, "x"), ag.Value(-3.0, "w")
    y = ag.tanh(x * x)
    x.data = 5.0
    message = r"^x was changed after the graph was recorded: 5.0 \* 5.0 was 4.0 then"
    with pytest.raises(GraphError, match=message):
        ag.explain(y, x)
    with pytest.raises(GraphError, match="Compute the formula again"):
        ag.explain(y, w)
    x.data = 2.0
    assert ag.explain(y, x).gradient == ag.gradient(y, x)


def test_what_is_no_number_is_refused_by_its_label() -> None:
    x = ag.Value(2.0, "x")
    y = ag.tanh(x * x)
    x.data = "3"  # type: ignore[assignment]  # as users do
    with pytest.raises(NotANumberError, match=r"^x holds '3'"):
        ag.explain(y, x)


@pytest.mark.parametrize("paths", [0, -1, 1.5, True, "all"])
def test_number_of_paths_is_checked(paths: Any) -> None:
    y, w = neuron()
    with pytest.raises(ArgumentError, match="at least 1"):
        ag.explain(y, w, paths=paths)

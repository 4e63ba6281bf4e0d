"""Laws of the backward pass, on random graphs whose nodes are used again and again.

The laws run on whole numbers, where floats are exact and two ways to the same gradient must agree
to the last bit, whatever their order of summation.
"""

import math
import operator
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd as ag
from autograd import operations
from autograd.definition import define
from autograd.functions import weighted_sum
from autograd.graph import Node, Row, topological_order
from comparing import close
from ctrl_c import interrupted_at_every
from random_programs import Operators, Program, programs, run

ROOT = Path(__file__).parents[2]
LARGEST = 2.0**24  # products of two such numbers, and sums of many of them, are exact

POLYNOMIAL: Operators = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
}
SMOOTH: Operators = {
    "difference": lambda a, b: a - b,
    "product": lambda a, b: a * b,
    "quotient": lambda a, b: a / (2 + b * b),
    "gauss": lambda a, b: b * 2 ** -(a * a),
}


def output_of(program: Program, inputs: Sequence[Any], operators: Operators = POLYNOMIAL) -> Any:
    return run(program, inputs, operators)[-1]


def gradients(output: ag.Value, inputs: Sequence[ag.Value]) -> list[float]:
    for x in inputs:
        x.zero_grad()
    output.backward()
    return [x.grad for x in inputs]


def stays_exact(root: ag.Value) -> bool:
    nodes = topological_order(root)
    return all(max(abs(node.data), abs(node.grad or 0)) < LARGEST for node in nodes)


def variables(numbers: Sequence[float]) -> list[ag.Value]:
    return [ag.Value(number) for number in numbers]


short_programs = programs(POLYNOMIAL, longest=7)
whole_numbers = st.lists(st.integers(-3, 3), min_size=3, max_size=3)


# --- the gradient is the sum over all paths ------------------------------------------------------

LOCAL_DERIVATIVES: dict[str, Callable[[float, float], tuple[float, float]]] = {
    "add": lambda a, b: (1, 1),
    "sub": lambda a, b: (1, -1),
    "mul": lambda a, b: (b, a),
}


def sum_over_paths(root: Node, leaf: Node) -> float:
    """Add, over all paths from `root` to `leaf`, the products of the derivatives on the way."""
    if root is leaf:
        return 1
    if root.operation is None:
        return 0
    local = LOCAL_DERIVATIVES[root.operation.name](*[int(parent.data) for parent in root.parents])
    edges = zip(local, root.parents, strict=True)
    return sum(slope * sum_over_paths(parent, leaf) for slope, parent in edges)


@given(program=short_programs, numbers=whole_numbers)
def test_gradient_is_the_sum_over_all_paths(program: Program, numbers: list[int]) -> None:
    inputs = variables(numbers)
    output = output_of(program, inputs)
    found = gradients(output, inputs)
    assume(stays_exact(output))
    assert found == [sum_over_paths(output, x) for x in inputs]


@given(
    program=programs(SMOOTH, longest=8), numbers=st.lists(st.floats(-2, 2), min_size=3, max_size=3)
)
def test_gradient_is_the_derivative(program: Program, numbers: list[float]) -> None:
    inputs = variables(numbers)
    found = gradients(output_of(program, inputs, SMOOTH), inputs)
    with mpmath.workdps(50):
        point = tuple(map(mpmath.mpf, numbers))
        rows = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
        expected = [
            mpmath.diff(lambda *xs: output_of(program, xs, SMOOTH), point, row) for row in rows
        ]
    assume(max(map(abs, expected)) < 100)
    assert found == close([float(slope) for slope in expected])


# --- rewriting a formula does not change its gradient --------------------------------------------


def rewritten(rewrite: Callable[[str, Any, Any], Any]) -> Operators:
    return {name: lambda a, b, name=name: rewrite(name, a, b) for name in POLYNOMIAL}  # type: ignore[misc]


def original(name: str, a: Any, b: Any) -> Any:
    return POLYNOMIAL[name](a, b)


REWRITINGS: dict[str, Operators] = {
    "operands times 1": rewritten(lambda name, a, b: original(name, a * 1, 1 * b)),
    "operands plus 0": rewritten(lambda name, a, b: original(name, a + 0, 0 + b)),
    "negated twice": rewritten(lambda name, a, b: operator.neg(-original(name, a, b))),
    "computed twice": rewritten(lambda name, a, b: 2 * original(name, a, b) - original(name, a, b)),
    "operands exchanged": {
        "add": lambda a, b: b + a,
        "sub": lambda a, b: -b + a,
        "mul": lambda a, b: b * a,
    },
    "fused": {
        "add": lambda a, b: ag.sum([a, b]),
        "sub": lambda a, b: ag.dot([1, -1], [a, b]),
        "mul": lambda a, b: ag.dot([a], [b]),
    },
}


@pytest.mark.parametrize("operators", REWRITINGS.values(), ids=REWRITINGS.keys())
@given(program=short_programs, numbers=whole_numbers)
def test_rewritten_formula_has_the_same_gradient(
    operators: Operators, program: Program, numbers: list[int]
) -> None:
    inputs = variables(numbers)
    output, same = output_of(program, inputs), output_of(program, inputs, operators)
    found = gradients(same, inputs)
    assume(stays_exact(same))
    assert (same.data, found) == (output.data, gradients(output, inputs))


@given(
    first=short_programs, second=short_programs, numbers=whole_numbers, factor=st.integers(-3, 3)
)
def test_gradient_is_linear_in_the_output(
    first: Program, second: Program, numbers: list[int], factor: int
) -> None:
    inputs = variables(numbers)
    f, g = output_of(first, inputs), output_of(second, inputs)
    combination = f + factor * g
    found = gradients(combination, inputs)
    assume(stays_exact(combination))
    pairs = zip(gradients(f, inputs), gradients(g, inputs), strict=True)
    assert found == [of_f + factor * of_g for of_f, of_g in pairs]


# --- the order -----------------------------------------------------------------------------------


def reachable(root: Node) -> set[Node]:
    return {root}.union(*map(reachable, root.parents))


@given(program=short_programs)
def test_order_lists_every_node_once_after_its_inputs(program: Program) -> None:
    root = output_of(program, variables([1, 2, 3]))
    order = topological_order(root)
    place = {node: index for index, node in enumerate(order)}
    assert len(place) == len(order)
    assert set(order) == reachable(root)
    assert all(place[parent] < place[node] for node in order for parent in node.parents)


@given(program=short_programs, chosen=st.lists(st.integers(0, 6), max_size=4))
def test_each_root_adds_what_those_before_it_have_not_reached(
    program: Program, chosen: list[int]
) -> None:
    nodes = topological_order(output_of(program, variables([1, 2, 3])))
    roots = [nodes[place % len(nodes)] for place in chosen]
    one_by_one = [node for root in roots for node in topological_order(root)]
    assert topological_order(*roots) == list(dict.fromkeys(one_by_one))


@pytest.mark.parametrize("exchanged", [False, True])
def test_a_row_that_waits_below_a_node_is_not_taken_for_visited(exchanged: bool) -> None:
    x, y = ag.Value(2.0), ag.Value(3.0)
    shared, none = Row([x, y]), Row([])

    def dot_of(*rows: Row) -> ag.Value:
        weights, inputs, bias = [row.nodes for row in rows]
        return weighted_sum(weights, inputs, bias, rows)

    inner = dot_of(shared, shared, none)
    rows = [Row([inner, y]), shared]
    outer = dot_of(*(rows[::-1] if exchanged else rows), Row([x]))
    for _ in range(2):  # the second visit finds the marks of the first
        assert topological_order(inner) == [x, y, inner]
        assert topological_order(outer)[2:] == [inner, outer]
        assert topological_order(inner, outer) == topological_order(outer, inner)
    outer.backward()  # (x² + y²) x + y² + x
    assert (x.grad, y.grad) == (3 * 4 + 9 + 1, 2 * 3 * 2 + 2 * 3)


@given(program=short_programs)
def test_looking_at_the_order_leaves_gradients_alone(program: Program) -> None:
    root = output_of(program, variables([1, 2, 3]))
    nodes = list(reachable(root))
    for index, node in enumerate(nodes):
        node.grad = index + 0.5
    topological_order(root)
    assert [node.grad for node in nodes] == [index + 0.5 for index in range(len(nodes))]


GRADIENTS_OF_A_LONG_FORMULA = """
import autograd as ag
xs = [ag.Value(0.1 * i, f"x{i}") for i in range(20)]
layer = [ag.tanh(ag.sum(xs) / (1 + x)) for x in xs]
loss = ag.logsumexp([a * b + ag.max(layer) for a in layer for b in xs])
loss.backward()
print([x.grad.hex() for x in xs])
"""


def test_gradients_are_bit_equal_in_every_process() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", GRADIENTS_OF_A_LONG_FORMULA],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(outputs) == 1
    assert b"0x1." in outputs.pop()


# --- what a pass leaves in the nodes -------------------------------------------------------------


@given(program=short_programs, numbers=whole_numbers)
def test_second_pass_adds_exactly_the_same_again(program: Program, numbers: list[float]) -> None:
    inputs = variables([number / 7 for number in numbers])
    output = output_of(program, inputs)
    once = gradients(output, inputs)
    output.backward()
    assert [x.grad for x in inputs] == [2 * gradient for gradient in once]


@given(program=short_programs, numbers=whole_numbers)
def test_computed_nodes_hold_the_last_pass_alone(program: Program, numbers: list[float]) -> None:
    output = output_of(program, variables([number / 7 for number in numbers]))
    computed = [node for node in topological_order(output) if node.parents]
    output.backward()
    once = [node.grad for node in computed]
    output.backward()
    assert [node.grad for node in computed] == once


@given(program=short_programs, numbers=whole_numbers)
def test_variables_given_the_gradient_none_begin_at_zero(
    program: Program, numbers: list[float]
) -> None:
    inputs = variables([number / 7 for number in numbers])
    output = output_of(program, inputs)
    expected = gradients(output, inputs)
    for x in inputs:
        x.grad = None  # type: ignore[assignment]
    output.backward()
    reached = topological_order(output)
    assert [x.grad or 0.0 for x in inputs] == expected
    assert [x.grad is not None for x in inputs] == [x in reached for x in inputs]


@pytest.mark.parametrize("gradient", ["7", [1.0], np.zeros(2), 1j, ag.Value(1.0)])
def test_a_variable_is_given_numbers_as_gradients(gradient: Any) -> None:
    x, y = ag.Value(2.0, "x"), ag.Value(3.0)
    x.grad, y.grad = gradient, 5.0
    with pytest.raises(ag.NotANumberError, match=r"'x'.* was set to .*, not a number"):
        (x * y).backward()
    assert x.grad is gradient
    assert y.grad == 5.0
    x.grad = np.float32(0.5)  # type: ignore[assignment]  # as from an array
    (x * y).backward()
    assert (x.grad, type(x.grad), y.grad) == (3.5, float, 7.0)


def test_a_gradient_that_was_nan_before_is_told() -> None:
    x = ag.Value(2.0, "x")
    x.grad = 10**400
    with pytest.raises(ag.NonFiniteError, match="is too large for a float"):
        (3 * x).backward()
    x.grad = math.nan
    with pytest.raises(ag.NonFiniteError, match=r"'x'.* is nan: .* or it was nan before the call"):
        (3 * x).backward()


def test_two_outputs_on_one_subgraph_add_up_in_the_leaves_only() -> None:
    x = ag.Value(3.0)
    shared = x * x
    doubled, tripled = 2 * shared, 3 * shared
    doubled.backward()
    tripled.backward()
    assert x.grad == 2 * 6 + 3 * 6
    assert shared.grad == 3
    assert (doubled.grad, tripled.grad) == (1, 1)


def test_computed_node_has_no_gradient_before_the_pass() -> None:
    x = ag.Value(3.0)
    assert x.grad == 0
    assert (x * x).grad is None


def test_variable_as_output_has_gradient_one() -> None:
    x = ag.Value(3.0)
    x.backward()
    assert x.grad == 1


def test_operation_with_a_fast_path_may_have_one_input() -> None:
    bias = ag.Value(3.0)
    ag.dot([], [], bias).backward()
    assert bias.grad == 1


@pytest.mark.parametrize("weighted", [lambda w, x: w * x, lambda w, x: ag.dot([w], [x])])
def test_gradient_of_zero_stays_zero_next_to_infinity(
    weighted: Callable[[ag.Value, ag.Value], ag.Value],
) -> None:
    w, x = ag.Value(-1.0), ag.Value(math.inf)
    ag.relu(weighted(w, x)).backward()
    assert (w.grad, x.grad) == (0.0, 0.0)


# --- a pass that fails ---------------------------------------------------------------------------


def raising(error: BaseException) -> Callable[..., Any]:
    def derivative(*arguments: Any) -> Any:
        raise error

    return replace(operations.tanh, derivative=derivative)


FAILURES: dict[str, tuple[Callable[[ag.Value], ag.Value], type[BaseException]]] = {
    "no derivative": (lambda x: ag.sqrt(x - x), ag.DomainError),
    "derivative too large": (lambda x: (x * 1e-200) ** -1, ag.NonFiniteError),
    "output not finite": (lambda x: x * 1e200 * 1e200, ag.NonFiniteError),
    "gradient not finite": (lambda x: (x - x) * 1e200 * 1e200, ag.NonFiniteError),
    "error of a user": (raising(LookupError("mine")), LookupError),
    "interrupt": (raising(KeyboardInterrupt()), KeyboardInterrupt),
}


@pytest.mark.parametrize("held", [3.0, None])
@pytest.mark.parametrize(("failing", "error"), FAILURES.values(), ids=FAILURES.keys())
def test_failed_pass_leaves_every_gradient_as_it_was(
    failing: Callable[[ag.Value], ag.Value], error: type[BaseException], held: Any
) -> None:
    x, y = ag.Value(2.0), ag.Value(3.0)
    shared = x * y
    (shared + y).backward()
    x.grad = y.grad = held
    root = ag.sum([failing(shared), shared, y, ag.dot([shared, y], [x, shared], x)]) * 5
    nodes = topological_order(root)
    before = [node.grad for node in nodes]
    with pytest.raises(error):
        root.backward()
    assert [node.grad for node in nodes] == before
    assert (x.grad, y.grad, shared.grad) == (held, held, 1)


@pytest.mark.parametrize("act", [ag.Value.backward, topological_order])
def test_ctrl_c_at_any_line_keeps_what_variables_held(act: Callable[[ag.Value], object]) -> None:
    def make() -> Any:
        x, y = ag.Value(2.0, "x"), ag.Value(3.0, "y")
        x.grad, y.grad = 10.0, 20.0
        return ag.tanh(x * y) * ag.dot([x, y], [y, x])

    def gradients(root: ag.Value) -> list[float]:
        leaves = [node for node in topological_order(root) if node.operation is None]
        return [leaf.grad for leaf in leaves]

    before, done = gradients(make()), make()
    act(done)
    for root in interrupted_at_every(1, make, act):
        assert gradients(root) in (before, gradients(done))


DIFFERENTIATIONS: dict[str, Callable[[ag.Value, list[ag.Value]], object]] = {
    "backward": lambda output, xs: output.backward(),
    "gradient": ag.gradient,
    "graph": lambda output, xs: ag.gradient(output, xs, create_graph=True),
}


@pytest.mark.parametrize("differentiate", DIFFERENTIATIONS.values(), ids=DIFFERENTIATIONS.keys())
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("surplus", [-1, 1, None])
def test_rule_that_returns_too_few_or_too_many_gradients_is_named(
    differentiate: Callable[[ag.Value, list[ag.Value]], object], count: int, surplus: int | None
) -> None:
    sent: Any = 1.5 if surplus is None else [1.5] * (count + surplus)
    xs = variables([2.0] * count)
    wrong = define(
        "wrong",
        symbol="?",
        forward=operations.sum.forward,
        array=operations.sum.array,
        derivative=lambda g, out, *xs: sent,
    )
    with pytest.raises(ag.ShapeError, match=rf"rule of wrong returned {re.escape(str(sent))} "):
        differentiate(wrong(*xs) * 3, xs)
    assert [x.grad for x in xs] == [0.0] * count


@pytest.mark.parametrize("differentiate", DIFFERENTIATIONS.values(), ids=DIFFERENTIATIONS.keys())
def test_a_gradient_of_zero_still_asks_for_a_derivative_that_does_not_exist(
    differentiate: Callable[[ag.Value, list[ag.Value]], object],
) -> None:
    x = ag.Value(0.0)
    with pytest.raises(ag.DomainError, match=r"sqrt\(0\.0\) does not exist"):
        differentiate(ag.sqrt(x) * 0.0, [x])


@pytest.mark.parametrize("differentiate", DIFFERENTIATIONS.values(), ids=DIFFERENTIATIONS.keys())
def test_type_error_inside_of_a_rule_is_left_as_it_is(
    differentiate: Callable[[ag.Value, list[ag.Value]], object],
) -> None:
    x = ag.Value(2.0)
    with pytest.raises(TypeError, match="mine"):
        differentiate(raising(TypeError("mine"))(x), [x])


def test_gradient_that_adds_up_too_far_is_refused() -> None:
    x = ag.Value(0.5, "weight")
    loss = x * 1e308
    loss.backward()
    with pytest.raises(ag.NonFiniteError, match=r"'weight'.* is inf.* add up"):
        loss.backward()
    assert x.grad == 1e308


def test_where_gradients_add_up_too_far_on_the_way_is_named() -> None:
    x, last = ag.Value(0.5), ag.Value(1.0)
    product = x * 0.0
    with pytest.raises(ag.NonFiniteError, match=r"gradient of 0\.5 \* 0\.0 is inf.* add up"):
        (product * 1e308 + product * 1e308 + last).backward()

"""Each pass of the compiler on graphs of a few nodes, its result written out.

The graphs share the names below: `x` and `y` differ from sample to sample, `v`, `w` and `b` are
parameters.
"""

import functools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value, operations
from autograd.compiler.passes import apply_passes
from autograd.compiler.passes.blocks import blocks
from autograd.compiler.passes.canonical import canonical_rows
from autograd.compiler.passes.products import MatrixProduct, matrix_products
from autograd.compiler.passes.recurrences import split_recurrences
from autograd.compiler.passes.rows import KINDS, NONE, Call, Row, Sum, Term
from autograd.compiler.passes.tape import Tape, behind, read_tape
from autograd.compiler.program import (
    Apply,
    Forward,
    Lookup,
    MatMul,
    Program,
)
from autograd.definition import define
from autograd.graph import Node, topological_order
from autograd.operation import CONSTANT, OPERATIONS, Operation
from operation_table import arity

# --- the tape ------------------------------------------------------------------------------------


def test_the_tape_holds_inputs_then_parameters_then_what_is_computed() -> None:
    x, w = Value(3.0), Value(2.0)
    tape = read_tape([ag.tanh(w * x) + 1], [x], [w])
    add, mul, tanh = operations.add, operations.mul, operations.tanh
    assert tape.operations == [None, None, mul, tanh, CONSTANT, add]
    assert tape.operands == [(), (), (1, 0), (2,), (), (3, 4)]
    assert tape.numbers[:3] == [3.0, 2.0, 6.0]
    assert (tape.n_inputs, tape.n_parameters, tape.outputs) == (1, 1, [5])


def test_the_tape_tells_what_varies_what_is_trained_and_what_is_constant() -> None:
    x, w = Value(3.0), Value(2.0)
    outputs = [x * 2, w * 2, w * x, Value(5.0) * 2]
    tape = read_tape(outputs, [x], [w])
    traits = [(tape.varying[i], tape.trained[i], tape.constant[i]) for i in tape.outputs]
    assert traits == [
        (True, False, False),
        (False, True, False),
        (True, True, False),
        (False, False, True),
    ]


def test_nothing_is_trained_behind_detach() -> None:
    x, w = Value(3.0), Value(2.0)
    tape = read_tape([w * x, ag.detach(w * x)], [x], [w])
    assert [tape.trained[i] for i in tape.outputs] == [True, False]


def test_nothing_is_trained_by_the_index_of_a_lookup() -> None:
    x, v, w = leaves(3)
    trained, untrained = ag.lookup([w, x], v * 0.0), ag.lookup([x, x], v * 0.0)
    tape = read_tape([trained, untrained], [x], [v, w])
    assert [tape.trained[output] for output in tape.outputs] == [True, False]


def test_the_graph_behind_many_outputs_is_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    walked: list[Node] = []

    def counted(node: Node) -> Any:
        walked.append(node)
        return parents(node)

    x, w = leaves(2)
    states = [x]
    for _ in range(3):
        states.append(ag.tanh(w * states[-1]))
    order = topological_order(*states[1:])
    parents: Any = Node.parents.fget  # type: ignore[attr-defined]  # a property to the class
    monkeypatch.setattr(Node, "parents", property(counted))
    assert list(behind(states[1:])) == order
    assert sorted(walked, key=id) == sorted(order, key=id)


def test_the_graph_behind_an_output_may_be_deep() -> None:
    x = deep = Value(1.0)
    for _ in range(50_000):
        deep = deep + x
    assert list(behind([deep, x])) == topological_order(deep)


def test_the_tape_holds_unused_leaves_and_each_node_once() -> None:
    x, unused, w = Value(3.0), Value(4.0), Value(2.0)
    product = w * x
    tape = read_tape([product + product, product], [x, unused], [w])
    assert tape.operands == [(), (), (), (2, 0), (3, 3)]
    assert tape.outputs == [4, 3]


# --- canonical rows ------------------------------------------------------------------------------


def canonical(outputs: Sequence[Value], inputs: Sequence[Value], parameters: Any) -> list[Row]:
    return list(canonical_rows(read_tape(outputs, inputs, parameters)).values())


def a_sum(**terms: list[Term]) -> Sum:
    """Return the sum of terms given by the names of their kinds."""
    return Sum(tuple([terms.get(kind.replace("*", "_"), []) for kind in KINDS]))


def leaves(n: int) -> list[Value]:
    return [Value(0.5 + i) for i in range(n)]


def test_one_sum_however_it_is_written() -> None:
    x, y, w = leaves(3)  # tape indices 0, 1, 2
    expected = a_sum(shared_batch=[(1.0, 2, 0)], batch=[(1.0, 1, NONE)], shared=[(3.0, NONE, NONE)])
    same_sums: list[Value] = [
        w * x + y + 3,
        ag.sum([w * x, y, ag.detach(Value(3.0))]),
        (w * x + y) - (-3),
        ag.dot([w], [x], bias=y + 3),
        -(-(w * x) - y - 3),
    ]
    for same in same_sums:
        assert canonical([same], [x, y], [w]) == [expected]


def test_constants_become_coefficients() -> None:
    x, w = leaves(2)
    assert canonical([-3 * (w * x) / 2], [x], [w]) == [a_sum(shared_batch=[(-1.5, 1, 0)])]
    assert canonical([ag.dot([w, 2.0], [x, 3.0])], [x], [w]) == [
        a_sum(shared_batch=[(1.0, 1, 0)], shared=[(6.0, NONE, NONE)])
    ]


def test_a_square_is_a_product_and_other_powers_are_calls() -> None:
    (x,) = leaves(1)
    assert canonical([x**2], [x], []) == [a_sum(batch_batch=[(1.0, 0, 0)])]
    assert canonical([x**3], [x], []) == [Call(operations.pow, (0, 1))]


def test_a_power_that_is_trained_is_no_square() -> None:
    x, w = Value(3.0), Value(2.0)  # it happens to be 2
    assert canonical([x**w], [x], [w]) == [Call(operations.pow, (0, 1))]


def test_a_zero_leaves_no_trace_in_a_sum() -> None:
    x, w = Value(1.0), Value(2.0)
    with_zero, without = (canonical([ag.tanh(total)], [x], [w]) for total in (w * x + 0.0, w * x))
    assert with_zero[0] == without[0]


def test_a_constant_lookup_is_its_entry() -> None:
    x, y, w = leaves(3)
    assert canonical([ag.lookup([x, w, y], 1)], [x, y], [w]) == [a_sum(shared=[(1.0, 2, NONE)])]


def test_what_is_used_twice_is_a_row_of_its_own() -> None:
    x, w, b = leaves(3)
    total = w * x + b  # index 4, after the product
    assert canonical([total * total + total], [x], [w, b]) == [
        a_sum(shared_batch=[(1.0, 1, 0)], shared=[(1.0, 2, NONE)]),
        a_sum(batch_batch=[(1.0, 4, 4)], batch=[(1.0, 4, NONE)]),
    ]


def test_a_sum_of_nothing_leaves_no_trace_in_other_sums() -> None:
    x, w, v = leaves(3)
    nothing = ag.dot([w, v], [0.0, 0.0])
    assert canonical([w * x + 2 * nothing], [x], [w, v]) == [a_sum(shared_batch=[(1.0, 1, 0)])]
    assert canonical([nothing], [x], [w, v]) == [a_sum(shared=[(0.0, NONE, NONE)])]


def test_a_scaled_sum_stays_a_row() -> None:
    x, y = leaves(2)
    assert canonical([3 * (x + y)], [x, y], []) == [
        a_sum(batch=[(1.0, 0, NONE), (1.0, 1, NONE)]),
        a_sum(batch=[(3.0, 3, NONE)]),
    ]


def test_what_no_sample_changes_is_computed_once() -> None:
    x, w, v = leaves(3)
    product_of_parameters = w * v  # index 3
    assert canonical([x + product_of_parameters], [x], [w, v]) == [
        a_sum(shared_shared=[(1.0, 1, 2)]),
        a_sum(batch=[(1.0, 0, NONE)], shared=[(1.0, 3, NONE)]),
    ]


def test_constants_are_not_computed() -> None:
    constant = ag.exp(Value(1.0) * 2)
    (x,) = leaves(1)
    rows = canonical([x * constant], [x], [])
    assert rows == [a_sum(batch=[(constant.data, 0, NONE)])]


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=str)
def test_every_operation_becomes_a_row(operation: Operation) -> None:
    x = [Value(0.0), Value(1.0)]
    inputs = x[1:] if arity(operation) == 1 else x
    assert len(canonical([operation(*inputs)], x, [])) == 1


# --- recurrences ---------------------------------------------------------------------------------


def rows_of_recurrences(
    outputs: Sequence[Value], inputs: Sequence[Value], parameters: Any
) -> tuple[list[Row], list[Row]]:
    """Return the rows before and after they are split."""
    tape = read_tape(outputs, inputs, parameters)
    rows = canonical_rows(tape)
    return list(rows.values()), list(split_recurrences(tape, rows)[1].values())


def sums_of(rows: Sequence[Row], n_operands: int) -> list[Row]:
    return [row for row in rows if isinstance(row, Sum) and len(row.operands) == n_operands]


def test_what_is_ready_for_all_steps_is_a_row_of_its_own() -> None:
    x, (u, v, w, b) = leaves(3), leaves(4)  # tape indices 0 to 2 and 3 to 6
    state: Any = ag.exp(x[0])
    for moment in x[1:]:
        state = ag.tanh(w * moment + u * state + v * (state * state) + b)
    before, after = rows_of_recurrences([state], x, [u, v, w, b])
    bias = [(1.0, 6, NONE)]
    assert sums_of(before, n_operands=7) == [
        a_sum(shared_batch=[(1.0, 5, 1), (1.0, 3, 9), (1.0, 4, 12)], shared=bias),
        a_sum(shared_batch=[(1.0, 5, 2), (1.0, 3, 16), (1.0, 4, 19)], shared=bias),
    ]
    assert sums_of(after, n_operands=3) == [
        a_sum(shared_batch=[(1.0, 5, 1)], shared=bias),
        a_sum(shared_batch=[(1.0, 5, 2)], shared=bias),
    ]
    assert sums_of(after, n_operands=5) == [  # 24 nodes were recorded
        a_sum(shared_batch=[(1.0, 3, 9), (1.0, 4, 12)], batch=[(1.0, 24, NONE)]),
        a_sum(shared_batch=[(1.0, 3, 16), (1.0, 4, 19)], batch=[(1.0, 25, NONE)]),
    ]


def test_what_waits_for_the_state_stays_behind_with_or_without_a_weight() -> None:
    x, (u, v, w) = leaves(3), leaves(3)
    state: Any = ag.exp(x[0])
    for moment in x[1:]:
        state = ag.tanh(w * moment + u * state + v * (state * state) + moment + state)
    _, after = rows_of_recurrences([state], x, [u, v, w])
    assert sums_of(after, n_operands=3) == [
        a_sum(shared_batch=[(1.0, 5, 1)], batch=[(1.0, 1, NONE)]),
        a_sum(shared_batch=[(1.0, 5, 2)], batch=[(1.0, 2, NONE)]),
    ]


def test_steps_may_be_written_in_different_orders() -> None:
    x, (u, v, w) = leaves(3), leaves(3)
    state: Any = ag.exp(x[0])
    for moment, order in zip(x[1:], ([0, 1, 2], [2, 0, 1]), strict=True):
        terms = [w * moment, u * state, v * (state * state)]
        state = ag.tanh(ag.sum([terms[place] for place in order]))
    _, after = rows_of_recurrences([state], x, [u, v, w])
    assert a_sum(shared_batch=[(1.0, 5, 1)]) in after
    assert a_sum(shared_batch=[(1.0, 5, 2)]) in after


@pytest.mark.parametrize("trained", [True, False])
def test_new_rows_are_trained_if_anything_in_them_is(trained: bool) -> None:
    x, (u, v, w) = leaves(3), leaves(3)
    weight = w if trained else ag.detach(w)
    state: Any = ag.exp(u * x[0])
    for moment in x[1:]:
        state = ag.tanh(weight * moment + u * state + v * (state * state))
    tape = read_tape([state], x, [u, v, w])
    with_parts, _ = split_recurrences(tape, canonical_rows(tape))
    assert with_parts.trained == [*tape.trained, trained, trained]
    assert with_parts.varying == [*tape.varying, True, True]


def test_weights_that_are_computed_take_part() -> None:
    """They are ready at the level 2, the first state at 3."""
    x, (u, v, w) = leaves(3), leaves(3)
    weights = [ag.exp(ag.tanh(weight)) for weight in (u, v, w)]
    state: Any = ag.tanh(ag.exp(ag.tanh(x[0])))
    for moment in x[1:]:
        state = ag.tanh(ag.dot(weights, [moment, state, state * state]))
    _, after = rows_of_recurrences([state], x, [u, v, w])
    squares = [a_sum(batch_batch=[(1.0, i, i)]) for i in (14, 17)]
    assert [row for row in sums_of(after, n_operands=2) if row not in squares] == [
        a_sum(shared_batch=[(1.0, 7, 1)]),  # 7 is exp(tanh(u))
        a_sum(shared_batch=[(1.0, 7, 2)]),
    ]


def test_equal_weights_that_begin_at_different_levels_are_no_recurrence() -> None:
    x, w = leaves(2), leaves(3)
    sums = []
    for late in (x[0], ag.tanh(ag.exp(ag.tanh(x[1])))):
        once = ag.exp(late)
        sums.append(ag.dot(w, [late, once, ag.exp(once)]))
    before, after = rows_of_recurrences(sums, x, w)
    assert before == after


def test_sums_that_do_not_recur_stay_whole() -> None:
    x, w = leaves(2), [leaves(3) for _ in range(3)]
    hidden = ag.tanh(ag.dot(w[0][:2], x))
    again = [hidden, ag.exp(hidden)]
    densely = [ag.dot(row, [x[0], *again]) for row in w[1:]]  # other weights each
    at_one_level = [ag.dot(w[1], [a, *again]) for a in x]  # the same weights at two places
    one_late: Any = x[0]
    for _ in range(3):  # w * h is no matrix product
        one_late = ag.tanh(ag.dot(w[2], [*x, one_late]))
    for outputs in (densely, at_one_level, [one_late]):
        before, after = rows_of_recurrences(outputs, x, [weight for row in w for weight in row])
        assert before == after


# --- blocks --------------------------------------------------------------------------------------


def blocks_of(tape: Tape) -> list[tuple[Any, list[int]]]:
    return [(block.form, block.rows) for block in blocks(tape, canonical_rows(tape))]


def test_rows_of_one_form_are_one_block() -> None:
    x, y, v, w, b = leaves(5)
    layer = [ag.relu(ag.dot(pair, [x, y], b)) for pair in ([v, w], [w, v])]
    assert blocks_of(read_tape(layer, [x, y], [v, w, b])) == [
        (("sum", True, (0, 2, 0, 1, 0)), [5, 7]),
        (("relu", True, (True,)), [6, 8]),
    ]


def test_terms_are_counted_by_where_their_factors_live() -> None:
    x, w = leaves(2)
    total = ag.sum([x * x, w * x, 3 * x, x * 2, w, Value(1.0), w * w])
    form = blocks_of(read_tape([total], [x], [w]))[-1][0]
    assert form == ("sum", True, (1, 1, 2, 3, 0))  # w * w is the same for all: a row, not a term


def test_forms_differ_by_where_operands_live() -> None:
    x, w = leaves(2)
    outputs = [ag.max(x, w), ag.max(w, x), ag.max(x, x), ag.max(w, w)]
    assert blocks_of(read_tape(outputs, [x], [w])) == [
        (("max", True, (True, False)), [2]),
        (("max", True, (False, True)), [3]),
        (("max", True, (True, True)), [4]),
        (("max", False, (False, False)), [5]),
    ]


def test_two_operations_of_one_name_are_two_blocks() -> None:
    """Such as one that was defined, used, and defined again."""
    rules: Any = {"array": lambda np, x: x, "derivative": lambda g, out, x: (g,), "symbol": ""}
    some, others = (define("twice", forward=lambda x, k=k: k * x, **rules) for k in (2, 3))
    x, y = leaves(2)
    assert blocks_of(read_tape([some(x), others(y), some(y)], [x, y], [])) == [
        (("twice", True, (True,)), [2, 4]),
        (("twice", True, (True,)), [3]),
    ]


# --- matrix products -----------------------------------------------------------------------------


def products_of(
    sums: dict[int, list[tuple[int, int]]], smallest: int = 1
) -> tuple[list[MatrixProduct], list[int]]:
    """Find the products of sums of (weight, input)."""
    weights, inputs = np.array(list(sums.values())).transpose(2, 0, 1)
    products, rest = matrix_products(np.array(list(sums)), weights, inputs, smallest)
    return products, rest.tolist()


def product_of(sums: dict[int, list[tuple[int, int]]]) -> tuple[Any, Any, Any]:
    (product,), rest = products_of(sums)
    assert rest == []
    return product.weights.tolist(), product.inputs.tolist(), product.sums.tolist()


def test_sums_over_the_same_inputs_are_the_rows_of_a_matrix() -> None:
    sums = {10: [(0, 5), (1, 6)], 11: [(2, 5), (3, 6)], 12: [(4, 5), (5, 6)]}
    assert product_of(sums) == ([[0, 1], [2, 3], [4, 5]], [[5], [6]], [[10], [11], [12]])


def test_rows_and_columns_come_in_the_order_of_the_weights() -> None:
    sums = {10: [(3, 6), (2, 5)], 11: [(0, 5), (1, 6)]}
    assert product_of(sums) == ([[0, 1], [2, 3]], [[5], [6]], [[11], [10]])
    transposed = {10: [(0, 6), (1, 5)], 11: [(3, 5), (2, 6)]}
    assert product_of(transposed) == ([[0, 1], [2, 3]], [[6], [5]], [[10], [11]])


def test_one_matrix_at_several_places_gets_several_columns() -> None:
    sums = {
        place * 10 + row: [(2 * row, place), (2 * row + 1, place + 1)]
        for place in (7, 5, 6)
        for row in (0, 1)
    }
    assert product_of(sums) == (
        [[0, 1], [2, 3]],
        [[5, 6, 7], [6, 7, 8]],
        [[50, 60, 70], [51, 61, 71]],
    )


def test_equal_sums_are_equal_rows_of_the_matrix() -> None:
    weights, inputs, sums = product_of({10: [(0, 5), (1, 6)], 11: [(1, 6), (0, 5)]})
    assert (weights, inputs) == ([[0, 1], [0, 1]], [[5], [6]])
    assert sorted(name for (name,) in sums) == [10, 11]


def test_an_input_that_occurs_twice_in_a_sum_makes_no_matrix() -> None:
    assert products_of({10: [(0, 5), (1, 5)]}) == ([], [10])


def test_small_products_are_left_to_sums() -> None:
    sums = {10: [(0, 5), (1, 6)], 11: [(2, 5), (3, 6)]}
    assert products_of(sums, smallest=5) == ([], [10, 11])
    assert len(products_of(sums, smallest=4)[0]) == 1


# --- the program ---------------------------------------------------------------------------------


def sketch(step: Forward) -> str:
    """Write an instruction as the assignment that it is."""
    if isinstance(step, MatMul):
        return f"{step.out} = {step.weights} @ {step.inputs}"
    if isinstance(step, Lookup):
        return f"{step.out} = {step.table}[{step.index}]"
    if isinstance(step, Apply):
        return f"{step.out} = {step.operation.name}({', '.join(map(str, step.operands))})"
    factors = [] if step.coefficients is None else [str(step.coefficients.ravel().tolist())]
    factors += [str(operand) for operand in step.operands if operand is not None]
    return f"{step.out} {'+=' if step.add else '='} {' * '.join(factors)}"


def planned(outputs: Sequence[Value], inputs: Sequence[Value], parameters: Any) -> Program:
    return apply_passes(read_tape(outputs, inputs, parameters)).program


def sketches(outputs: Sequence[Value], inputs: Sequence[Value], parameters: Any) -> list[str]:
    return [sketch(step) for step in planned(outputs, inputs, parameters).forward]


def test_parameters_and_inputs_come_first() -> None:
    x, y, w = leaves(3)
    program = planned([ag.exp(w) * x], [x, y], [w])
    assert (program.n_parameters, program.n_inputs) == (1, 2)
    assert [sketch(step) for step in program.forward] == [
        "shared[1] = exp(shared[0])",
        "batch[2] = shared[1] * batch[0]",
    ]
    assert [str(output) for output in program.outputs] == ["batch[2]"]


def test_a_sum_becomes_an_instruction_per_kind_of_term() -> None:
    x, y, w, v = leaves(4)
    assert sketches([((x + y) - w) - v * x], [x, y], [w, v]) == [
        "batch[2] = [-1.0] * shared[1] * batch[0]",
        "batch[2] += batch[0]",
        "batch[2] += batch[1]",
        "batch[2] += [-1.0] * shared[0]",
    ]


def test_few_terms_are_one_instruction_each_unless_they_are_read_as_easily_at_once() -> None:
    x, y = leaves(6), leaves(6)
    assert sketches([x[0] + y[3] + y[2], x[1] + y[5] + y[4]], x + y, []) == [
        "batch[12:14] = batch[0:2]",
        "batch[12:14] += batch[8, 10]",
        "batch[12:14] += batch[9, 11]",
    ]
    regular = [a + b + c for a, b, c in zip(x[:2], x[2:4], x[4:], strict=True)]
    assert sketches(regular, x, []) == ["batch[6:8] = batch[0:6]"]
    ragged = [x[i] * y[j] + x[j] * y[i] for i, j in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 5)]]
    assert sketches(ragged, x + y, []) == [
        "batch[12:17] = batch[0, 0, 0, 1, 1, 1, 2, 3, 2, 5] * batch[7, 8, 9, 8, 11, 6, 6, 6, 7, 7]",
    ]


@pytest.mark.parametrize(("n_terms", "n_instructions"), [(4, 4), (5, 1)])
def test_many_terms_are_one_instruction_however_they_are_read(
    n_terms: int, n_instructions: int
) -> None:
    x, starts = leaves(50), [0, 4, 9, 15, 20][:n_terms]
    sums = [ag.sum(x[i + j] * x[i + j + 25] for i in starts) for j in range(3)]
    program = planned([ag.sum(map(ag.tanh, sums))], x, [])
    assert len(next(program.by_region())) == n_instructions


def test_rows_are_laid_out_in_the_order_of_their_operands() -> None:
    x, y = leaves(2)
    assert sketches([ag.tanh(ag.exp(y)) * ag.tanh(ag.exp(x))], [x, y], []) == [
        "batch[2:4] = exp(batch[0:2])",
        "batch[4:6] = tanh(batch[2:4])",
        "batch[6] = batch[4] * batch[5]",
    ]


def test_sums_are_laid_out_in_the_order_of_their_operands() -> None:
    x, w = leaves(4), leaves(2)
    sums = [ag.exp(x[1] + x[3]), ag.exp(x[0] + x[2]), ag.exp(w[1] * x[0]), ag.exp(w[0] * x[0])]
    assert sketches(sums, x, w) == [
        "batch[4:6] = batch[0:2]",
        "batch[4:6] += batch[2:4]",
        "batch[6:8] = shared[0:2] * batch[0, 0]",
        "batch[8:12] = exp(batch[4:8])",
    ]
    outputs = [int(output.rows[0]) for output in planned(sums, x, w).outputs]
    assert outputs == [9, 8, 11, 10]


def test_products_with_coefficients_are_no_matrix_products() -> None:
    x, rows = leaves(3), [leaves(3) for _ in range(4)]
    layer = [ag.exp(r[0] * x[0] + r[1] * x[1] - r[2] * x[2]) for r in rows]
    steps = planned(layer, x, [weight for row in rows for weight in row]).forward
    assert not any(isinstance(step, MatMul) for step in steps)


def test_single_products_are_no_matrix_product() -> None:
    x, w = Value(1.0), leaves(8)
    program = planned([ag.sum(ag.tanh(a * x) for a in w)], [x], w)
    assert not any(isinstance(step, MatMul) for step in program.forward)


def test_products_of_parameters_are_the_same_in_either_order() -> None:
    p, q = leaves(3), leaves(3)

    def program(products: list[Value]) -> str:
        return str(planned([ag.sum(map(ag.tanh, products))], [], [*p, *q]))

    in_order = program([a * b for a, b in zip(p, q, strict=True)])
    assert program([p[0] * q[0], q[1] * p[1], p[2] * q[2]]) == in_order


def test_a_layer_becomes_one_matrix_product_in_any_order_of_neurons_and_terms() -> None:
    x, rows = leaves(3), [leaves(3) for _ in range(3)]

    def neuron(row: list[Value]) -> Value:
        products = [weight * a for weight, a in zip(row, x, strict=True)]
        return ag.tanh(functools.reduce(operator.add, reversed(products)))

    fused = [ag.tanh(ag.dot(row, x)) for row in rows]
    backwards = [neuron(row) for row in reversed(rows)]
    for layer, outputs in ((fused, [6, 7, 8]), (backwards, [8, 7, 6])):
        program = planned(layer, x, [weight for row in rows for weight in row])
        assert [sketch(step) for step in program.forward] == [
            "batch[3:6] = shared[0:9] @ batch[0:3]",
            "batch[6:9] = tanh(batch[3:6])",
        ]
        assert [int(output.rows[0]) for output in program.outputs] == outputs


def test_a_convolution_becomes_one_matrix_product() -> None:
    line, kernel = leaves(5), leaves(3)
    (product,) = planned([ag.dot(kernel, line[i : i + 3]) for i in range(3)], line, kernel).forward
    assert isinstance(product, MatMul)
    assert product.weights.rows.tolist() == [[0, 1, 2]]
    assert product.inputs.rows.tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    assert product.out.rows.tolist() == [[5, 6, 7]]


def test_constants_are_shared_rows_each_number_once() -> None:
    x, y = leaves(2)
    program = planned([x**3 + y**3 + ag.max(x, 0.25)], [x, y], [])
    assert sorted(program.constants.values()) == [0.25, 3.0]
    powers = next(step for step in program.forward if isinstance(step, Apply))
    assert program.constants[int(powers.operands[1].rows[0])] == 3.0


def test_lookups() -> None:
    index, x, v, w = Value(1.0), *leaves(3)
    assert sketches([ag.lookup([v, w], index)], [index], [v, w]) == [
        "batch[1] = shared[0:2][batch[0]]"
    ]
    assert sketches([ag.lookup([x, v], index)], [index, x], [v]) == [
        "batch[3] = shared[0]",  # a table must lie in one space
        "batch[2] = batch[1, 3][batch[0]]",
    ]


def test_lookups_share_the_copies_of_shared_entries() -> None:
    index, x, (v, w) = Value(1.0), leaves(2), leaves(2)
    found = [ag.lookup([w, v, own], index) for own in x]
    assert sketches(found, [index, *x], [v, w]) == [
        "batch[5:7] = shared[0:2]",
        "batch[3:5] = batch[6, 6, 5, 5, 1, 2][batch[0, 0]]",
    ]


# --- the adjoint ---------------------------------------------------------------------------------


def adjoint_sketches(
    outputs: Sequence[Value], inputs: Sequence[Value], parameters: Any
) -> list[str]:
    program = planned(outputs, inputs, parameters)
    return [
        f"{sketch(adjoint.forward)}: {', '.join(str(t) for t in adjoint.targets if t is not None)}"
        for adjoint in program.adjoint
    ]


def test_the_first_contribution_overwrites_and_the_later_ones_add() -> None:
    x, w, b = leaves(3)
    total = w * x + b
    assert adjoint_sketches([total * total + total], [x], [w, b]) == [
        "batch[2] += batch[1]: = d batch[1]",
        "batch[2] = batch[1] * batch[1]: += d batch[1], += d batch[1]",
        "batch[1] += shared[1]: = d shared[1]",
        "batch[1] = shared[0] * batch[0]: = d shared[0]",
    ]
    assert planned([total * total + total], [x], [w, b]).zeroed == []


def test_no_gradient_is_sent_where_no_parameter_is() -> None:
    x, w = leaves(2)
    assert adjoint_sketches([ag.exp(x) * ag.tanh(w * x)], [x], [w]) == [
        "batch[4] = batch[1] * batch[3]: = d batch[3]",
        "batch[3] = tanh(batch[2]): = d batch[2]",
        "batch[2] = shared[0] * batch[0]: = d shared[0]",
    ]
    assert adjoint_sketches([ag.exp(x)], [x], []) == []
    assert adjoint_sketches([w * ag.detach(w * x)], [x], [w]) == [
        "batch[3] = shared[0] * batch[2]: = d shared[0]"
    ]


def test_rows_are_differentiated_by_the_operands_that_need_it_alone() -> None:
    """Four quotients are one division, and its adjoint is one division for each case."""
    x, w = leaves(2)
    y = ag.exp(w * x)
    z = ag.tanh(w * x)
    steps = [
        (len(adjoint.forward.out.rows), [target is not None for target in adjoint.targets])
        for adjoint in planned([ag.sum([y / x, y / z, z / x, z / y])], [x], [w]).adjoint
        if isinstance(adjoint.forward, Apply) and adjoint.forward.operation is operations.div
    ]
    assert steps == [(2, [True, False]), (2, [True, True])]


def recurrent_cell(length: int, width: int) -> tuple[Value, list[Value], list[Value]]:
    """Return the product of the last states of a network, its inputs and its weights."""
    x, weights = leaves(length * width), leaves(2 * width * width)
    rows = [weights[i : i + width] for i in range(0, len(weights), width)]
    state: list[Any] = [0.0] * width
    for t in range(0, len(x), width):
        pairs = zip(rows[:width], rows[width:], strict=True)
        state = [ag.tanh(ag.dot(v + u, x[t : t + width] + state)) for v, u in pairs]
    return functools.reduce(operator.mul, state), x, weights


def test_weights_of_several_steps_get_their_gradient_at_once() -> None:
    root, x, weights = recurrent_cell(length=3, width=3)
    assert [
        (sketch(adjoint.forward), *map(str, adjoint.targets))
        for adjoint in planned([root], x, weights).adjoint
        if isinstance(adjoint.forward, MatMul)
    ] == [
        ("batch[27:30] = shared[9:18] @ batch[24:27]", "None", "= d batch[24:27]"),
        ("batch[21:24] = shared[9:18] @ batch[18:21]", "None", "= d batch[18:21]"),
        (
            "batch[21, 27, 22, 28, 23, 29] = shared[9:18] @ batch[18, 24, 19, 25, 20, 26]",
            "= d shared[9:18]",
            "None",
        ),
        (
            "batch[9:18] = shared[0:9] @ batch[0, 3, 6, 1, 4, 7, 2, 5, 8]",
            "= d shared[0:9]",
            "None",
        ),
    ]


def test_biases_of_several_steps_get_their_gradient_at_once() -> None:
    (x,), (b, w) = leaves(1), leaves(2)
    assert adjoint_sketches([ag.tanh(ag.exp(x + b) + b) * w], [x], [b, w]) == [
        "batch[5] = shared[1] * batch[4]: = d shared[1], = d batch[4]",
        "batch[4] = tanh(batch[3]): = d batch[3]",
        "batch[2] = exp(batch[1]): = d batch[1]",
        "batch[1, 3] += shared[0, 0]: = d shared[0, 0]",
    ]


def test_steps_that_no_gradient_reaches_are_not_joined() -> None:
    x, (b, w) = leaves(3), leaves(2)
    state: Any = 0.0
    for i, moment in enumerate(x):
        state = ag.tanh(moment + state + b) * w
        state = ag.detach(state) if i == 0 else state
    assert adjoint_sketches([state], x, [b, w]) == [
        "batch[11] = shared[1] * batch[10]: = d shared[1], = d batch[10]",
        "batch[10] = tanh(batch[9]): = d batch[9]",
        "batch[9] = shared[1] * batch[8]: += d shared[1], = d batch[8]",
        "batch[8] = tanh(batch[7]): = d batch[7]",
        "batch[7, 9] += shared[0, 0]: = d shared[0, 0]",
    ]
    assert planned([state], x, [b, w]).zeroed == []


def test_only_the_first_output_sends_gradients() -> None:
    x, w = leaves(2)
    assert adjoint_sketches([w * x, ag.exp(w * x), ag.sin(w)], [x], [w]) == [
        "batch[1:3] = shared[0, 0] * batch[0, 0]: = d shared[0, 0]"
    ]
    (zeroed,) = planned([w * x, ag.exp(w * x), ag.sin(w)], [x], [w]).zeroed
    assert str(zeroed) == "batch[2]"  # the product of the second output, in the same block


def test_rows_with_later_first_contributions_than_their_block_are_zeroed() -> None:
    x, w = leaves(3), leaves(3)
    a, b, c = (ag.sin(u * v) for u, v in zip(w, x, strict=True))
    program = planned([ag.sum([ag.tanh(a), ag.tanh(b), ag.tanh(c), c])], x, w)
    sines = next(
        step.out.rows
        for step in program.forward
        if isinstance(step, Apply) and step.operation is operations.sin
    )
    assert [(region.space, region.rows.tolist()) for region in program.zeroed] == [
        ("batch", sines[:2].tolist())  # c has its own contribution when the block's arrive
    ]


def test_lookups_add_to_a_zeroed_table() -> None:
    index, v, w = Value(1.0), *leaves(2)
    assert adjoint_sketches([ag.lookup([v, w], index)], [index], [v, w]) == [
        "batch[1] = shared[0:2][batch[0]]: += d shared[0:2]"
    ]
    for table in ([v, w], [v, w, v]):  # each row once
        assert str(planned([ag.lookup(table, index)], [index], [v, w]).zeroed) == "[shared[0:2]]"


def test_lookups_send_nothing_to_their_index() -> None:
    x, v, w = Value(1.0), Value(0.0), Value(2.0)
    index = v * x  # a trained row
    assert adjoint_sketches([ag.lookup([v, w], index)], [x], [v, w]) == [
        "batch[2] = shared[0:2][batch[1]]: += d shared[0:2]"
    ]
    program = planned([ag.lookup([v, w], index)], [x], [v, w])
    assert str(program.zeroed) == "[shared[0:2]]"


# --- copy propagation ----------------------------------------------------------------------------


def gradients_sent(outputs: Sequence[Value], inputs: Sequence[Value], parameters: Any) -> list[str]:
    return [
        f"d {adjoint.gradient} to {', '.join(str(t.region) for t in adjoint.targets if t)}"
        for adjoint in planned(outputs, inputs, parameters).adjoint
    ]


def test_a_gradient_that_is_a_copy_is_read_at_its_source() -> None:
    x, y, w = leaves(3)
    assert gradients_sent([ag.tanh(w * x) + y], [x, y], [w]) == [
        "d batch[4] to batch[2]",  # without a step to batch[3], the tanh
        "d batch[2] to shared[0]",
    ]


def test_a_gradient_is_written_where_another_one_adds_to_it() -> None:
    x, w = leaves(2)
    a = ag.tanh(w * x)
    assert gradients_sent([a + ag.exp(a)], [x], [w])[:2] == [
        "d batch[4] to batch[2]",
        "d batch[4] to batch[2]",
    ]


def test_a_gradient_is_written_where_it_is_not_the_same_number() -> None:
    x, y, w = leaves(3)
    assert gradients_sent([2 * ag.tanh(w * x) + y], [x, y], [w])[0] == "d batch[4] to batch[3]"


def test_the_gradient_of_a_parameter_is_written() -> None:
    x, v, w = leaves(3)
    assert gradients_sent([w + ag.exp(v)], [x], [v, w]) == [
        "d shared[3] to shared[1]",
        "d shared[3] to shared[0]",
    ]


def test_gradients_from_several_places_are_written_side_by_side_if_they_are_few() -> None:
    """Three copies take more time than one gathering, which takes more than two."""
    x, w = leaves(3), leaves(3)
    a, b, c = (ag.tanh(u * v) for u, v in zip(w, x, strict=True))
    assert gradients_sent([ag.exp(a + 1) + b + 2 * c], x, w)[-3:] == [
        "d batch[9] to batch[6]",  # and to 7, and twice as much to 8
        "d batch[6:9] to batch[3:6]",
        "d batch[3:6] to shared[0:3]",
    ]
    assert gradients_sent([ag.exp(ag.exp(a + 1) + b) + c], x, w) == [
        "d batch[13] to batch[11]",
        "d batch[11] to batch[9]",
        "d batch[9, 11, 13] to batch[3:6]",
        "d batch[3:6] to shared[0:3]",
    ]


def test_one_gradient_for_many_rows_is_written_to_each() -> None:
    """NumPy multiplies rows that lie one after the other in half the time."""
    x, w = leaves(3), leaves(3)
    assert gradients_sent([ag.sum(ag.tanh(u * v) for u, v in zip(w, x, strict=True))], x, w) == [
        "d batch[9] to batch[6:9]",
        "d batch[6:9] to batch[3:6]",
        "d batch[3:6] to shared[0:3]",
    ]

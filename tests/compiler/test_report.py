"""What the passes made of a graph is told in words: pass by pass, and no line too many."""

from typing import Any

import numpy as np

import autograd as ag
import nn
from autograd import Value
from autograd.compiler.report import LONGEST_LIST

NETWORK = """\
32 nodes: 3 inputs, 17 parameters, 1 constant
-> 10 rows, sums of products and calls of operations
-> 4 blocks of rows of one form
-> 7 instructions forward, 1 of them matrix products, and 6 backward
   a 4 x 2 matrix, at 1 place

tape: the graph of one sample -> 32 nodes
   3 inputs, 17 parameters
   5 dot
   4 tanh
   1 sub
   1 constant
   1 pow

canonical: 11 operations -> 10 rows
   1 operation went into a sum
   shared: the same for all samples; batch: different for each
   4 sums of 2 shared*batch + 1 shared
   4 tanh(batch)
   1 sum of 4 shared*batch + 1 batch + 1 shared
   1 sum of 1 batch*batch

recurrences: 10 rows -> 10 rows

blocks: 10 rows -> 4 blocks
   4 sums of 2 shared*batch + 1 shared
   4 tanh(batch)
   1 sum of 4 shared*batch + 1 batch + 1 shared
   1 sum of 1 batch*batch

planning: 4 blocks -> 7 instructions forward
   products: 4 of 6 sums are in matrix products
   layout: shared[0:17] and batch[0:13]
   batch[3:7] = 4x2 matrix product, shared[0, 1, 3, 4, 6, 7, 9, 10] @ batch[0:2]
   batch[3:7] += shared[2, 5, 8, 11]
   batch[7:11] = tanh(batch[3:7])
   batch[11] = sum of 4: shared[12:16] * batch[7:11]
   batch[11] += -1.0 * batch[2]
   batch[11] += shared[16]
   batch[12] = batch[11] * batch[11]

adjoint: 7 instructions forward -> 6 instructions backward
   product: from d batch[12] to d batch[11], += d batch[11]
   sum: from d batch[11] to d shared[16]
   sum of products: from d batch[11] to d shared[12:16], d batch[7:11]
   tanh: from d batch[7:11] to d batch[3:7]
   sum: from d batch[3:7] to d shared[2, 5, 8, 11]
   4x2 matrix product: from d batch[3:7] to d shared[0, 1, 3, 4, 6, 7, 9, 10]

copy_propagation: 6 instructions backward -> 6 instructions backward
"""


def test_each_pass_tells_what_came_in_and_what_went_out() -> None:
    model = nn.MLP(2, [4, 1], "tanh", rng=0)
    compiled = ag.compile(lambda x, target: nn.mse_loss(model(x), [target]))
    compiled(np.ones((3, 2)), np.ones(3))
    assert compiled.report(passes=True) == NETWORK.rstrip()


def sections(report: str) -> dict[str, list[str]]:
    """Return the lines of each pass, by its name."""
    _, *parts = report.split("\n\n")
    return {part.partition(":")[0]: part.splitlines() for part in parts}


def recurrence(n_steps: int) -> dict[str, list[str]]:
    weights = [Value(0.5), Value(0.25), Value(-0.5)]

    def last_state(sequence: list[Value]) -> Value:
        state = Value(1.0)
        for x in sequence:
            state = ag.tanh(ag.dot(weights, [x, state, state * state]))
        return state

    compiled = ag.compile(last_state)
    compiled(np.ones((2, n_steps)))
    return sections(compiled.report(passes=True))


def test_early_parts_of_a_recurrence_are_told() -> None:
    assert recurrence(4)["recurrences"] == [
        "recurrences: 11 rows -> 14 rows",
        "   computed early: 3 sums of 1 shared*batch",
    ]


def test_passes_follow_each_other_in_the_order_of_the_pipeline() -> None:
    passes = "tape canonical recurrences blocks planning adjoint copy_propagation"
    assert list(recurrence(3)) == passes.split()


def test_long_lists_are_shortened() -> None:
    heading, *lines, last = recurrence(40)["blocks"]
    n_blocks = int(heading.split()[-2])
    assert n_blocks > len(lines) == LONGEST_LIST
    assert last == f"   ... and {n_blocks - LONGEST_LIST} more"


def test_instructions_of_every_kind_are_told() -> None:
    w = [Value(0.5) for _ in range(5)]

    def function(x: list[Value], i: Value) -> Any:
        terms = [ag.max([*x, w[3], w[4]]), x[0] * 2.0, x[1] * -3.0]
        return ag.tanh(w[0] * x[0]) * ag.lookup(w[:3], i) + ag.sum(terms)

    compiled = ag.compile(function, parameters=w)
    compiled(np.ones((2, 3)), np.array([0, 2]))
    told = sections(compiled.report(passes=True))
    assert [line.strip() for line in told["planning"]] == [
        "planning: 5 blocks -> 8 instructions forward",
        "products: 0 of 2 sums are in matrix products",
        "layout: shared[0:5] and batch[0:9]",
        "batch[4] = shared[0] * batch[0]",
        "batch[5] = lookup of batch[3] in shared[0:3]",
        "batch[6] = max(batch[0], batch[1], ..., shared[4])",
        "batch[7] = tanh(batch[4])",
        "batch[8] = batch[5] * batch[7]",
        "batch[8] += 2.0 * batch[0]",
        "batch[8] += -3.0 * batch[1]",
        "batch[8] += batch[6]",
    ]
    assert [line.strip() for line in told["adjoint"]] == [
        "adjoint: 8 instructions forward -> 6 instructions backward",
        "sum: from d batch[8] to d batch[6]",
        "product: from d batch[8] to d batch[5], d batch[7]",
        "tanh: from d batch[7] to d batch[4]",
        "max: from d batch[6] to d shared[3], d shared[4]",
        "product: from d batch[4] to d shared[0]",
        "lookup: from d batch[5] to += d shared[0:3]",
    ]


def test_copies_are_told() -> None:
    w = Value(0.5)
    compiled = ag.compile(lambda x, y: ag.tanh(w * x) + y)
    compiled(np.ones(2), np.ones(2))
    assert sections(compiled.report(passes=True))["copy_propagation"] == [
        "copy_propagation: 3 instructions backward -> 2 instructions backward",
        "   d batch[3] is equal to d batch[4], and read there",
    ]

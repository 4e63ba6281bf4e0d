"""The list of instructions is all that a backend needs: here is another one, slow and plain.

`Interpreter` knows nothing of views, strides and buffers, nor of generated source, and of no
derivative: it makes Values of the numbers that an instruction reads, computes with them what the
instruction means, and has their `backward` send the gradient on. Rows hold nan until a program
writes them, and no Value can be made of that: so a missing first write shows.
"""

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, operations
from autograd.compiler import float_backend, native, numpy_backend
from autograd.compiler.arrays import Array, copy_side_by_side
from autograd.compiler.backend import Backend, BoundProgram
from autograd.compiler.passes import Passes, apply_passes
from autograd.compiler.passes.tape import read_tape
from autograd.compiler.program import (
    Adjoint,
    Apply,
    Forward,
    Lookup,
    MatMul,
    Program,
    Space,
    SumProducts,
    Target,
)

Spaces = dict[Space, Array]
"""The shared rows and the batch rows: numbers, or gradients."""


def evaluate(step: Forward, *operands: Any) -> Any:
    """Return what an instruction computes of arrays of Values, samples along the last axis."""
    if isinstance(step, MatMul):
        weights, inputs = operands
        return (weights[:, :, None] * inputs).sum(axis=1)
    if isinstance(step, SumProducts):
        left, right = operands
        products = left if right is None else left * right
        if step.coefficients is not None:
            products = products * step.coefficients[..., None]
        return products.sum(axis=0)
    if isinstance(step, Lookup):
        index, table = operands
        return np.frompyfunc(operations.lookup, 1 + len(table), 1)(index, *table)
    return np.frompyfunc(step.operation, len(operands), 1)(*operands)


@dataclasses.dataclass
class Interpreter:
    """A backend that makes a Value of each number."""

    program: Program
    batch_size: int
    dtype: Any = np.float64
    source = "none: it runs the instructions as they are"

    @classmethod
    def bind(cls, program: Program, batch_size: int, dtype: Any) -> "Interpreter":
        return cls(program, batch_size, dtype)

    @np.errstate(all="ignore")
    def run(
        self, theta: Array, inputs: Sequence[Array], differentiate: bool
    ) -> tuple[Array, Array, Sequence[int]]:
        program, numbers, gradients = self.program, self.unwritten(), self.unwritten()
        numbers["shared"][: program.n_parameters, 0] = theta
        numbers["shared"][list(program.constants), 0] = list(program.constants.values())
        copy_side_by_side(inputs, numbers["batch"][: program.n_inputs].T)
        gradients["shared"][: program.n_parameters] = 0.0
        gradients[program.outputs[0].space][program.outputs[0].rows] = program.seed(self.batch_size)
        for region in program.zeroed:
            gradients[region.space][region.rows] = 0.0
        suspects: Sequence[int] = ()
        try:
            for step in program.forward:
                adds = isinstance(step, SumProducts) and step.add
                send(evaluate(step, *read(step, numbers)), Target(step.out, adds), numbers)
            for adjoint in program.adjoint if differentiate else ():
                backpropagate(adjoint, numbers, gradients)
        except (ag.DomainError, ag.NonFiniteError):
            suspects = range(self.batch_size)
        outputs = [
            numbers[out.space][out.rows] + np.zeros(self.batch_size) for out in program.outputs
        ]
        return np.vstack(outputs), gradients["shared"][: program.n_parameters, 0], suspects

    def unwritten(self) -> Spaces:
        shared = np.full((self.program.n_shared, 1), np.nan, self.dtype)
        batch = np.full((self.program.n_batch, self.batch_size), np.nan, self.dtype)
        return {"shared": shared, "batch": batch}


def backpropagate(adjoint: Adjoint, numbers: Spaces, gradients: Spaces) -> None:
    operands = read(adjoint.forward, numbers)
    out = evaluate(adjoint.forward, *operands)
    ag.sum((out * gradients[adjoint.gradient.space][adjoint.gradient.rows]).ravel()).backward()
    for target, values in zip(adjoint.targets, operands, strict=True):
        if target is not None:
            send(np.frompyfunc(lambda value: value.grad, 1, 1)(values), target, gradients)


def read(step: Forward, numbers: Spaces) -> list[Any]:
    """Return the operands of an instruction as new Values, None for a missing one."""
    value_of = np.frompyfunc(Value, 1, 1)
    return [region and value_of(numbers[region.space][region.rows]) for region in step.operands]


def send(numbers: Any, target: Target, spaces: Spaces) -> None:
    """Add numbers up in the rows of a target, beside what these hold if it says so."""
    space, rows = spaces[target.region.space], target.region.rows
    if not target.add:
        space[rows] = 0.0
    np.add.at(space, rows, numbers.astype(space.dtype))


# --- programs ------------------------------------------------------------------------------------

Build = Callable[[list[Value], list[Value]], list[Value]]
"""Makes the outputs of 4 inputs, the last of them 0, 1 or 2, and of 9 parameters."""

PROGRAMS: dict[str, Build] = {
    "a layer": lambda x, w: [ag.sum(ag.tanh(ag.dot(w[i : i + 3], x[:3])) for i in (0, 3, 6))],
    "one matrix at several places": lambda x, w: [
        ag.sum(
            ag.sigmoid(ag.dot(row, patch)) * (2 + i)
            for i, patch in enumerate([x[:2], x[1:3]])
            for row in (w[0:2], w[2:4], w[4:6])
        )
    ],
    "rows of a matrix twice": lambda x, w: [
        ag.dot(w[:3], x[:3]) * ag.tanh(ag.dot(w[:3], x[:3])) + ag.exp(ag.dot(w[3:6], x[:3]))
    ],
    "two layers": lambda x, w: [
        ag.dot(w[:2], [ag.relu(ag.dot(w[i : i + 3], x[:3], w[8])) for i in (2, 5)])
    ],
    "a sum with every kind of term": lambda x, w: [
        ag.sum([2 * x[0] * x[1], -3 * w[0] * x[0], x[2] / 4, -w[1], w[2] * w[3], Value(0.5) * 1])
    ],
    "squares and shared nodes": lambda x, w: [(w[0] * x[0] + w[1]) ** 2 + (w[0] * x[0] + w[1])],
    "one parameter at many places": lambda x, w: [
        ag.sum(ag.exp(w[0] * a) * ag.cos(b * w[0]) for a in x[:3] for b in (w[0], w[1], x[1]))
    ],
    "max of inputs and parameters": lambda x, w: [
        ag.max(x[0], w[0], x[1], w[0]) + ag.min([w[1], x[2], 0.25]) * ag.max(w[2:5])
    ],
    "lookup of parameters": lambda x, w: [
        ag.tanh(entry) * x[0] for entry in ag.lookup([w[0:2], w[2:4], w[4:6]], x[3])
    ],
    "lookup of what each sample computes": lambda x, w: [
        ag.lookup([w[0] * x[0], x[1], ag.exp(w[1] * x[2])], x[3]) * w[0]
    ],
    "lookup of both": lambda x, w: [ag.lookup([w[0], x[1], ag.tanh(w[1])], x[3]) * w[0]],
    "what no sample changes": lambda x, w: [
        ag.softmax(w[:3])[1] * ag.logsumexp([x[0], w[0], w[1]]) + ag.norm(w[:4]) * x[1]
    ],
    "nothing but parameters": lambda x, w: [ag.tanh(w[0] * w[1]) + w[2], w[3] * w[3]],
    "several outputs of one block": lambda x, w: [ag.exp(w[i] * x[i]) for i in (2, 0, 1)],
    "a gradient for some of a block": lambda x, w: [
        ag.tanh(w[0] * x[0]) + ag.tanh(x[1] * 2) * ag.tanh(ag.detach(w[1] * x[1])) + w[1]
    ],
    "rows past their first gradient": lambda x, w: [
        ag.sum([ag.tanh(a), ag.tanh(b), ag.tanh(c), c])
        for a, b, c in [[ag.sin(w[i] * x[i]) for i in range(3)]]
    ],
    "gradients that are copies": lambda x, w: [
        ag.exp(ag.exp(ag.tanh(w[0] * x[0]) + a) + ag.sin(w[1] * x[1])) + ag.cos(w[2] * x[2])
        for a in [ag.sigmoid(w[3] * x[3] + w[4])]
    ],
    "copies of copies": lambda x, w: [
        total * 1.0 + x[2] for total in [ag.tanh(w[0] * x[0]) + x[1]]
    ],
    "gradients that only some of a region send on": lambda x, w: [
        ag.sin(h) * ag.exp(operations.heaviside(h)) for h in [ag.tanh(w[0] * x[0])]
    ],
    "gradients for rows and their neighbours": lambda x, w: [
        ag.sum(ag.sin(a / b) for a, b in itertools.pairwise([ag.exp(a * x[0]) for a in w[:4]]))
    ],
    "two long sums into one row": lambda x, w: [
        ag.sin(ag.sum([*(a * a for a in h), *h, *(a * x[1] for a in w)]))
        for h in [[ag.tanh(a * x[0]) for a in w]]
    ],
    "a bias that is taken away step by step": lambda x, w: [ag.tanh(ag.tanh(x[0] - w[0]) - w[0])],
    "sums of the same few of many": lambda x, w: [
        ag.sum(ag.sin(ag.sum([*(h[i] for i in (0, 1, 3, 7)), a * x[1]])) for a in w[:3])
        * ag.sum(map(ag.cos, h))
        for h in [[ag.tanh(a * x[0]) for a in w]]
    ],
    "an input": lambda x, w: [x[1]],
    "a parameter": lambda x, w: [w[4]],
}

BATCH_SIZE = 5


def passed(build: Build) -> Passes:
    x = [Value(0.5), Value(-0.25), Value(0.75), Value(1.0)]
    w = [Value(0.1 * i - 0.35) for i in range(9)]
    return apply_passes(read_tape(build(x, w), x, w))


def planned(build: Build) -> Program:
    return passed(build).program


BACKENDS: list[Backend] = [numpy_backend, float_backend, *[native] * native.is_available()]


def random_numbers(seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    theta, X = rng.normal(0.0, 0.7, 9), rng.normal(0.0, 0.7, (BATCH_SIZE, 4))
    X[:, 3] = rng.integers(0, 3, BATCH_SIZE)
    return theta, X


def assert_backends_agree(program: Program, seed: int, *backends: Backend) -> None:
    theta, X = random_numbers(seed)
    expected = Interpreter(program, BATCH_SIZE).run(theta, [X], differentiate=True)
    assert not expected[2]
    for backend in backends:
        bound: BoundProgram = backend.bind(program, BATCH_SIZE, np.float64)
        for _ in range(2):  # what a run leaves behind must not reach the next one
            outputs, gradient, suspects = bound.run(theta, [X], differentiate=True)
            assert not suspects
            np.testing.assert_allclose(outputs, expected[0], rtol=1e-12, atol=1e-14)
            np.testing.assert_allclose(gradient, expected[1], rtol=1e-12, atol=1e-14)
        outputs, *_ = bound.run(theta, [X], differentiate=False)
        np.testing.assert_allclose(outputs, expected[0], rtol=1e-12, atol=1e-14)
        assert "_in_numpy" not in vars(bound)  # what fails elsewhere is left to NumPy


@pytest.mark.parametrize("name", PROGRAMS)
def test_backends_agree(name: str) -> None:
    assert_backends_agree(planned(PROGRAMS[name]), 1, *BACKENDS)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60), st.integers(0, 60)), max_size=20))
def test_backends_agree_on_random_programs(steps: list[tuple[int, int, int]]) -> None:
    binary: list[Callable[[Any, Any], Value]] = [
        lambda a, b: a + 0.5 * b,
        lambda a, b: ag.tanh(a * b),
        ag.max,
        lambda a, b: ag.dot([a, b, a], [b, b, a], 1.0),
        lambda a, b: ag.sin(a) - b,
        lambda a, b: ag.sigmoid(a),
    ]

    def build(x: list[Value], w: list[Value]) -> list[Value]:
        nodes = x + w
        for kind, one, other in steps:
            nodes.append(binary[kind](nodes[-1 - one % 7], nodes[other % len(nodes)]))
        return [ag.sum(ag.tanh(node) for node in nodes[-4:]), nodes[-1]]

    # The native one stays out, since each program takes a C compiler some tenths of a second.
    passes = passed(build)
    assert_backends_agree(passes.program, len(steps), numpy_backend, float_backend)
    assert_no_copy_is_missed(passes)


def assert_no_copy_is_missed(passes: Passes) -> None:
    """Where gradients are read at their source, they have the same bits as copies of them."""
    theta, X = random_numbers(seed=3)
    with_copies, without = (
        Interpreter(program, BATCH_SIZE).run(theta, [X], differentiate=True)
        for program in (passes.copying, passes.program)
    )
    for one, other in zip(with_copies, without, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not without[2]  # of the suspects: nothing failed


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_copy_is_missed(name: str) -> None:
    assert_no_copy_is_missed(passed(PROGRAMS[name]))


def test_the_programs_hold_all_that_a_program_may_hold() -> None:
    programs = [planned(build) for build in PROGRAMS.values()]
    steps = [step for program in programs for step in program.forward]
    targets = [
        target
        for program in programs
        for adjoint in program.adjoint
        for target in adjoint.targets
        if target is not None
    ]
    sums = [step for step in steps if isinstance(step, SumProducts)]
    assert {type(step) for step in steps} == {MatMul, SumProducts, Lookup, Apply}
    assert any(sum_.coefficients is not None for sum_ in sums)
    assert any(sum_.right is None for sum_ in sums)
    assert {sum_.add for sum_ in sums} == {True, False}
    assert {target.add for target in targets} == {True, False}
    assert any(len(np.unique(t.region.rows)) < t.region.rows.size for t in targets)
    assert any(program.zeroed for program in programs)
    assert any(len(program.outputs) > 1 for program in programs)
    assert any(step.inputs.rows.shape[1] > 1 for step in steps if isinstance(step, MatMul))
    assert {t.region.space for t in targets} == {"shared", "batch"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_computes_one_region_stands_together(name: str) -> None:
    groups = list(planned(PROGRAMS[name]).by_region())
    assert len({id(group[0].out) for group in groups}) == len(groups)
    begun: set[tuple[Space, int]] = set()
    for first, *others in groups:
        rows = {(first.out.space, row) for row in first.out.rows.ravel().tolist()}
        adds = isinstance(first, SumProducts) and first.add
        assert rows <= begun if adds else rows.isdisjoint(begun)
        assert all(isinstance(other, SumProducts) and other.add for other in others)
        begun |= rows


def test_an_operation_defined_later_runs_in_every_backend() -> None:
    cube = operations.define(
        "cube of a test",
        symbol="x³",
        forward=lambda x: x * x * x,
        array=lambda np, x: x * x * x,
        derivative=lambda g, out, x: (g * 3 * x * x,),
    )
    program = planned(lambda x, w: [cube(w[0] * x[0]) + cube(w[1])])
    assert_backends_agree(program, 2, *BACKENDS)


def test_a_missing_first_write_shows() -> None:
    program = planned(PROGRAMS["rows past their first gradient"])
    assert [region.space for region in program.zeroed] == ["batch"]
    theta, X = np.full(9, 0.5), np.full((2, 4), 0.25)
    assert not Interpreter(program, 2).run(theta, [X], differentiate=True)[2]
    forgetful = dataclasses.replace(program, zeroed=[])
    assert Interpreter(forgetful, 2).run(theta, [X], differentiate=True)[2]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_interpreter_is_a_backend_like_any_other(name: str) -> None:
    theta, X = random_numbers(seed=4)

    def results(backend: Backend) -> list[float]:
        w = [Value(number) for number in theta]
        compiled = ag.compile(lambda x: PROGRAMS[name](x, w)[0], parameters=w, backend=backend)
        mean = compiled(X)
        mean.backward()
        return [mean.data, *[parameter.grad for parameter in w], *compiled.map(X)]

    expected = results(numpy_backend)
    np.testing.assert_allclose(results(Interpreter), expected, rtol=1e-12, atol=1e-14)


def test_a_failure_in_the_interpreter_is_told_as_in_any_backend() -> None:
    w = Value(1e200)
    compiled = ag.compile(lambda x: w * x * x, backend=Interpreter)
    with pytest.raises(ag.NonFiniteError, match=r"is inf, .*\(sample 1\)\.$"):
        compiled(np.array([1.0, 1e200]))

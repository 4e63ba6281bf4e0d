"""What is compiled computes what eager computes: loss and every gradient, to 1e-10.

Hypothesis draws graphs at random and networks of every structure that the compiler re-rolls. Each
example also draws a backend, and which passes work as usual and which are crippled or switched off:
that may cost or save time, never change a number. The environment variable COMPILER_EXAMPLES
multiplies the number of examples, some 4,000; ``make thorough`` sets it to 10.
"""

import contextlib
import dataclasses
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import autograd as ag
import nn
from autograd import Value, operations
from autograd.compiler import float_backend, native, numpy_backend
from autograd.compiler.backend import Backend
from autograd.compiler.numpy_backend import in_place
from autograd.compiler.passes import adjoint, copy_propagation, pipeline, planning
from autograd.compiler.passes.backward_order import BackwardStep
from autograd.compiler.passes.blocks import Block, blocks
from autograd.compiler.passes.products import matrix_products
from autograd.compiler.passes.rows import Row
from autograd.compiler.passes.tape import Tape
from autograd.compiler.program import Forward, Region
from autograd.graph import Node, topological_order
from autograd.nested_numbers import map_numbers
from autograd.operation import CONSTANT, OPERATIONS
from autograd.value import as_value
from operation_table import arity

TOLERANCE = 1e-10
MULTIPLIER = float(os.environ.get("COMPILER_EXAMPLES", "1"))

Array = NDArray[Any]
Function = Callable[..., Any]


def examples(number: int) -> settings:
    return settings(
        max_examples=max(1, round(number * MULTIPLIER)),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


# --- the law -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Passes:
    """How the passes work in one example, and what runs the program."""

    backend: Backend | None
    smallest_product: int
    unrolled: int
    worth_gathering: int
    wide: int
    single_row_blocks: bool
    recurrences: bool
    backward_order: bool
    copy_propagation: bool

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        products = functools.partial(matrix_products, smallest=self.smallest_product)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(planning, "matrix_products", products)
            patch.setattr(planning, "UNROLLED", self.unrolled)
            patch.setattr(copy_propagation, "WORTH_GATHERING", self.worth_gathering)
            patch.setattr(in_place, "WIDE", self.wide)
            if self.single_row_blocks:
                patch.setattr(pipeline, "blocks", single_row_blocks)
            if not self.recurrences:
                patch.setattr(pipeline, "split_recurrences", lambda tape, rows: (tape, rows))
            if not self.backward_order:
                patch.setattr(adjoint, "backward_order", reverse_order)
            if not self.copy_propagation:
                patch.setattr(pipeline, "propagate_copies", lambda program: program)
            yield


def single_row_blocks(tape: Tape, rows: dict[int, Row]) -> list[Block]:
    return [Block(block.form, [row]) for block in blocks(tape, rows) for row in block.rows]


def reverse_order(
    forward: Sequence[Forward], arrived: Callable[[Region], bool]
) -> Iterator[BackwardStep]:
    return map(BackwardStep, reversed(forward))


MOSTLY = st.sampled_from([True, True, False])

PASSES = st.builds(
    Passes,
    # One program in 50 goes to a C compiler, which takes some tenths of a second.
    backend=st.sampled_from([numpy_backend, float_backend] * 25 + [native] * native.is_available()),
    smallest_product=st.sampled_from([8, 1, 10**9]),
    unrolled=st.sampled_from([4, 0, 1000]),
    worth_gathering=st.sampled_from([3, 1, 10**9]),
    wide=st.sampled_from([16, 1, 10**9]),
    single_row_blocks=st.sampled_from([False, False, True]),
    recurrences=MOSTLY,
    backward_order=MOSTLY,
    copy_propagation=MOSTLY,
)
AS_USUAL = Passes(
    backend=None,
    smallest_product=8,
    unrolled=4,
    worth_gathering=3,
    wide=16,
    single_row_blocks=False,
    recurrences=True,
    backward_order=True,
    copy_propagation=True,
)


def flat(nested: Any) -> list[Any]:
    return (
        [leaf for item in nested for leaf in flat(item)] if isinstance(nested, list) else [nested]
    )


def samples(arrays: Sequence[Array]) -> Iterator[list[Any]]:
    for i in range(len(arrays[0]) if arrays else 1):
        yield [map_numbers(Value, array[i].tolist()) for array in arrays]


def assert_close(actual: Any, expected: Any, scale: float = 0.0) -> None:
    scale = max(1.0, scale, float(np.max(np.abs(expected), initial=0.0)))
    np.testing.assert_allclose(actual, expected, rtol=0.0, atol=TOLERANCE * scale)


def assert_agreement(
    function: Function,
    parameters: Any,
    *arrays: Array,
    passes: Passes = AS_USUAL,
) -> None:
    """Hold the batch mean and its gradient against the same written with Values."""
    parameters = flat(parameters)
    eager = ag.mean([as_value(function(*sample)) for sample in samples(arrays)])
    expected = ag.gradient(eager, parameters)
    with passes.in_use():
        compiled = ag.compile(function, backend=passes.backend)
        mean = compiled(*arrays)
    # What fails elsewhere is left to NumPy, and would hide.
    for bound in compiled._cache.bound.values():
        assert "_in_numpy" not in vars(bound.program)
    assert set(compiled.parameters) <= set(parameters)
    for parameter in parameters:
        parameter.zero_grad()
    if compiled.parameters:
        mean.backward()
    assert_close(mean.data, eager.data)
    assert_close([parameter.grad for parameter in parameters], expected)


@pytest.mark.parametrize("name", ["recurrences", "backward_order", "copy_propagation"])
def test_a_pass_is_switched_off(name: str) -> None:
    matrix = drawn(np.random.default_rng(0), 3, 4)

    def function(sequence: list[Value]) -> Any:
        state: list[Any] = [1.0, 1.0, 1.0]
        for x in sequence:
            state = [ag.tanh(ag.dot(row, [x, *state])) for row in matrix]
        return ag.sum(state)

    sources = set()
    switched_off: Any = {name: False}
    for passes in (AS_USUAL, dataclasses.replace(AS_USUAL, **switched_off)):
        with passes.in_use():
            compiled = ag.compile(function)
            compiled(np.ones((2, 4)))
        sources.add(compiled.source)
    assert len(sources) == 2


# --- graphs at random ----------------------------------------------------------------------------

CONSTANTS = [0.0, 1.0, 2.0, -1.0, 0.5, -3.0]

GUARDS: dict[str, Callable[..., Sequence[Any]]] = {
    "div": lambda a, b: (a, b * b + 0.5),
    "pow": lambda base, exponent: (base * base + 0.25, ag.tanh(exponent)),
    "exp": lambda x: (ag.tanh(x),),
    "expm1": lambda x: (ag.min(x, 1.5),),
    "log": lambda x: (x * x + 0.25,),
    "log1p": lambda x: (ag.abs(x),),
    "sqrt": lambda x: (x * x + 0.25,),
}
"""Brings the inputs of an operation to where it exists and stays small."""


def raised(power: float) -> Function:
    return lambda x: x**power


COMPOSED: dict[str, Function] = {
    "square": raised(2),
    "cube": raised(3.0),
    "third": lambda x: x / 3,
    "affine": lambda x: 1 - 2 * x,
    "detach": ag.detach,
    "leaky_relu": ag.leaky_relu,
    "elu": ag.elu,
    "gelu": ag.gelu,
    "silu": ag.silu,
}
COMPOSED_OF_MANY: dict[str, Function] = {
    "softmax": lambda xs: ag.softmax(xs)[0],
    "log_softmax": lambda xs: ag.log_softmax(xs)[-1],
    "logsumexp": ag.logsumexp,
    "mean": ag.mean,
    "norm": lambda xs: ag.norm([*xs, 0.5]),
    "second": lambda xs: ag.lookup(xs, len(xs) // 2),
    "dot with bias": lambda xs: ag.dot(xs, xs[::-1], xs[0]),
}
SINGLE_VALUED = {"relu", "abs", "neg", "max", "min", "lookup", "detach"}
"""Operations that return an input, its negative or 0: equal results of theirs are equal bits."""


UNARY = [op.name for op in OPERATIONS.values() if arity(op) == 1] + list(COMPOSED)
BINARY = [op.name for op in OPERATIONS.values() if arity(op) == 2]
OF_MANY = [op.name for op in OPERATIONS.values() if arity(op) is None] + list(COMPOSED_OF_MANY)


@dataclass(frozen=True)
class Step:
    """One operation on earlier nodes, given by their positions."""

    name: str
    positions: tuple[int, ...]
    squashed: bool

    def apply(self, nodes: Sequence[Any], index: Any) -> Any:
        inputs = [as_value(nodes[position]) for position in self.positions]
        result = self.unsquashed(inputs, index)
        return ag.tanh(result) if self.squashed else result

    def unsquashed(self, inputs: list[Value], index: Any) -> Any:
        if self.name in COMPOSED:
            return COMPOSED[self.name](*inputs)
        if self.name in COMPOSED_OF_MANY:
            return COMPOSED_OF_MANY[self.name](inputs)
        if self.name == "lookup":
            return ag.lookup((inputs * N_CLASSES)[:N_CLASSES], index)
        if self.name == "dot":  # with a bias if the inputs are odd in number
            return operations.dot(*inputs, *inputs[: len(inputs) == 1])
        inputs = list(GUARDS[self.name](*inputs)) if self.name in GUARDS else inputs
        return Value.record(OPERATIONS[self.name], inputs)


N_CLASSES = 3


@dataclass(frozen=True)
class Recipe:
    """A graph at random: a function of a sample and a class, with parameters."""

    n_inputs: int
    parameters: list[Value]
    steps: list[Step]
    outputs: list[int]

    def __call__(self, x: list[Value], index: Value) -> list[Any]:
        nodes: list[Any] = [*CONSTANTS, *self.parameters, *x]
        for step in self.steps:
            nodes.append(step.apply(nodes, index))
        return [nodes[position] for position in self.outputs]

    def total(self, x: list[Value], index: Value) -> Any:
        outputs = self(x, index)
        return outputs[0] if len(outputs) == 1 else ag.sum(map(as_value, outputs))


EIGHTHS = st.integers(-12, 12).map(lambda number: number / 8)
"""Few different numbers, so that ties occur, and whose sums are exact."""


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    n_inputs = draw(st.integers(0, 4))
    parameters = [Value(number) for number in draw(st.lists(EIGHTHS, max_size=5))]
    size = len(CONSTANTS) + len(parameters) + n_inputs
    steps = []
    for _ in range(draw(st.integers(0, 14))):
        name = draw(st.sampled_from([*UNARY, *BINARY, *OF_MANY]))
        # One operand from the latest nodes makes the graph deep, others from all make it shared.
        positions = [draw(st.integers(max(0, size - 4), size - 1))]
        n_others = 0 if name in UNARY else 1 if name in BINARY else draw(st.integers(0, 5))
        positions += [draw(st.integers(0, size - 1)) for _ in range(n_others)]
        steps.append(Step(name, tuple(draw(st.permutations(positions))), draw(st.booleans())))
        size += 1
    latest = st.integers(max(0, size - 5), size - 1)
    return Recipe(n_inputs, parameters, steps, draw(st.lists(latest, min_size=1, max_size=4)))


@st.composite
def batches(draw: st.DrawFn, n_inputs: int) -> tuple[Array, Array]:
    size = draw(st.integers(1, 5))
    numbers = draw(st.lists(EIGHTHS, min_size=size * n_inputs, max_size=size * n_inputs))
    classes = draw(st.lists(st.integers(0, N_CLASSES - 1), min_size=size, max_size=size))
    return np.array(numbers, dtype=float).reshape(size, n_inputs), np.array(classes)


def well_conditioned(outputs: Sequence[Value]) -> bool:
    """Whether rounding cannot matter: nothing is large, no kink is hit by rounding alone."""
    for node in (node for output in outputs for node in topological_order(output)):
        if abs(node.data) > 100:
            return False
        if node.operation in (operations.relu, operations.abs) and near_zero(node.parents[0]):
            return False
        if node.operation in (operations.max, operations.min):
            rivals = [p for p in node.parents if abs(p.data - node.data) < 1e-9]
            if len(set(rivals)) > 1 and any(map(is_rounded, rivals)):
                return False
    return True


def near_zero(node: Node) -> bool:
    return abs(node.data) < 1e-9 and is_rounded(node)


def is_rounded(node: Node) -> bool:
    """Whether the number of a node may differ in its last digit between eager and compiled."""
    if node.operation is None or not node.parents:
        return False
    return node.operation.name not in SINGLE_VALUED or any(map(is_rounded, node.parents))


def test_every_operation_is_drawn() -> None:
    assert set(OPERATIONS) <= {*UNARY, *BINARY, *OF_MANY}


@examples(1500)
@given(st.data(), recipes(), PASSES)
def test_random_graphs(data: st.DataObject, recipe: Recipe, passes: Passes) -> None:
    X, classes = data.draw(batches(recipe.n_inputs))
    eager = [as_value(recipe.total(*sample)) for sample in samples([X, classes])]
    assume(well_conditioned(eager))
    assert_agreement(recipe.total, recipe.parameters, X, classes, passes=passes)


@examples(300)
@given(st.data(), recipes(), PASSES)
def test_several_outputs_at_random(data: st.DataObject, recipe: Recipe, passes: Passes) -> None:
    X, classes = data.draw(batches(recipe.n_inputs))
    eager = [[as_value(y) for y in recipe(*sample)] for sample in samples([X, classes])]
    assume(well_conditioned(flat(eager)))
    with passes.in_use():
        mapped = ag.compile(recipe, backend=passes.backend).map(X, classes)
    assert_close(mapped, [[output.data for output in outputs] for outputs in eager])


@examples(150)
@given(recipes(), st.integers(0, 2), PASSES)
def test_random_graphs_already_recorded(recipe: Recipe, index: int, passes: Passes) -> None:
    x = [Value(0.25 * i - 0.5) for i in range(recipe.n_inputs)]
    label = Value(index)
    root = as_value(recipe.total(x, label))
    assume(well_conditioned([root]))
    assume(root.operation is not CONSTANT)
    with passes.in_use():
        inputs = [*x, label]
        compiled = ag.compile_graph(root, inputs, recipe.parameters, backend=passes.backend)
        theta = np.array([parameter.data for parameter in recipe.parameters])
        sample = np.array([[*(value.data for value in x), index]])
        mean, gradient = compiled.value_and_grad(theta, sample)
    assert_close(mean, root.data)
    assert_close(gradient, ag.gradient(root, recipe.parameters))


# --- what a graph may lack -----------------------------------------------------------------------

BATCH = np.array([[0.5, -1.0], [0.25, 2.0], [-1.5, 0.75]])


def test_a_graph_may_lack_parameters() -> None:
    assert_agreement(lambda x: ag.tanh(x[0]) * x[1], [], BATCH)


def test_a_graph_may_lack_inputs() -> None:
    w, b = Value(0.5), Value(-2.0)
    assert_agreement(lambda: ag.tanh(w * b) + w, [w, b])
    assert_agreement(lambda x: ag.tanh(w * b) + w, [w, b], BATCH)


def test_a_graph_may_be_a_constant_an_input_or_a_parameter() -> None:
    w = Value(0.5)
    assert_agreement(lambda x: 3.0, [], BATCH)
    assert_agreement(lambda x: x[1], [], BATCH)
    assert_agreement(lambda x: w, [w], BATCH)


def test_parameters_may_reach_no_output() -> None:
    w, unused, cut = Value(0.5), Value(1.5), Value(-1.0)
    assert_agreement(
        lambda x: (w * x[0] + 0 * ag.detach(unused)) * ag.detach(cut), [w, unused, cut], BATCH
    )


# --- structured networks -------------------------------------------------------------------------

LOSSES: dict[str, tuple[Function, Function]] = {
    "mse": (
        lambda outputs, target: nn.mse_loss(outputs, [target] * len(outputs)),
        lambda c: c - 0.5,
    ),
    "cross_entropy": (nn.cross_entropy, lambda c: c),
    "binary_cross_entropy": (
        lambda outputs, target: nn.binary_cross_entropy(outputs[0] - outputs[1], target),
        lambda c: c / N_CLASSES,
    ),
    "hinge": (
        lambda outputs, target: nn.hinge_loss(outputs[-1], target),
        lambda c: 2 * (c > 0) - 1,
    ),
}
"""Each loss on a list of `N_CLASSES` outputs, and what makes its targets of classes."""

SEEDS = st.integers(0, 2**32 - 1).map(np.random.default_rng)
SIZES = st.integers(1, 5)
TIES = ["none", "input and state", "layers", "some rows"]
ACTIVATIONS = st.sampled_from(list(nn.ACTIVATIONS)).map(lambda name: nn.ACTIVATIONS[name].function)
Rng = np.random.Generator


def drawn(rng: Rng, *shape: int) -> Any:
    """Make nested lists of parameters."""
    return map_numbers(Value, rng.normal(0.0, 0.6, shape).tolist())


def shuffled(rng: Rng, items: Sequence[Any]) -> list[Any]:
    return [items[i] for i in rng.permutation(len(items))]


def linear(weights: list[list[Value]], inputs: Sequence[Any]) -> list[Any]:
    return [ag.dot(row, inputs) for row in weights]


def added(one: Sequence[Any], other: Sequence[Any]) -> list[Any]:
    return [a + b for a, b in zip(one, other, strict=True)]


def neuron_by_neuron(model: nn.MLP, rng: Rng) -> Function:
    """The network of an MLP with operators only, its terms and neurons in shuffled order."""
    orders = [
        [rng.permutation(len(neuron.weight) + 1) for neuron in layer.neurons]
        for layer in model.layers
    ]

    def network(x: list[Value]) -> Any:
        for layer, layer_orders in zip(model.layers, orders, strict=True):
            outputs = []
            for neuron, order in zip(layer.neurons, layer_orders, strict=True):
                terms = [w * a for w, a in zip(neuron.weight, x, strict=True)] + [neuron.bias]
                total = sum(terms[i] for i in order[1:]) + terms[order[0]]
                outputs.append(neuron.activation.function(total))
            x = outputs
        return x

    return network


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", nn.ACTIVATIONS)
def test_every_loss_and_activation(loss: str, activation: str) -> None:
    rng = np.random.default_rng(7)
    model = nn.MLP(3, [4, N_CLASSES], activation, output_activation=activation, rng=rng)
    compute, targets = LOSSES[loss]
    assert_agreement(
        lambda x, target: compute(model(x), target) + nn.l2_penalty(model.parameters(), 0.01),
        model.parameters(),
        rng.normal(size=(6, 3)),
        targets(rng.integers(0, N_CLASSES, 6)),
    )


@examples(300)
@given(
    SEEDS,
    st.lists(SIZES, min_size=1, max_size=4),
    st.sampled_from(list(nn.ACTIVATIONS)),
    st.sampled_from(list(LOSSES)),
    st.booleans(),
    PASSES,
)
def test_mlps(
    rng: Rng, sizes: list[int], activation: str, loss: str, fused: bool, passes: Passes
) -> None:
    model = nn.MLP(sizes[0], [*sizes[1:], N_CLASSES], activation, rng=rng)
    for layer in model.layers:
        layer.neurons = shuffled(rng, layer.neurons)
    network = model if fused else neuron_by_neuron(model, rng)
    compute, targets = LOSSES[loss]
    assert_agreement(
        lambda x, target: compute(network(x), target),
        model.parameters(),
        rng.normal(size=(4, sizes[0])),
        targets(rng.integers(0, N_CLASSES, 4)),
        passes=passes,
    )


@examples(150)
@given(
    SEEDS,
    SIZES,
    st.lists(st.sampled_from([1.0, 1.0, -1.0, 0.5]), min_size=1, max_size=5),
    st.booleans(),
    PASSES,
)
def test_layers_with_coefficients(
    rng: Rng, n_rows: int, coefficients: list[float], same_in_all_rows: bool, passes: Passes
) -> None:
    """Sums such as ``u * x + v * y - w * z``, the numbers in one order or in one for each row."""
    weights = drawn(rng, n_rows, len(coefficients))
    orders = [
        coefficients if same_in_all_rows else shuffled(rng, coefficients) for _ in range(n_rows)
    ]

    def function(x: list[Value]) -> Any:
        return ag.sum(
            ag.tanh(ag.sum(c * (w * a) for c, w, a in zip(order, row, x, strict=True)))
            for order, row in zip(orders, weights, strict=True)
        )

    assert_agreement(function, weights, rng.normal(size=(3, len(coefficients))), passes=passes)


@examples(150)
@given(SEEDS, st.integers(3, 7), SIZES, st.integers(1, 3), st.integers(1, 2), PASSES)
def test_convolutions_over_a_line(
    rng: Rng, length: int, n_filters: int, width: int, stride: int, passes: Passes
) -> None:
    kernels, biases, readout = drawn(rng, n_filters, width), drawn(rng, n_filters), drawn(rng, 20)

    def function(line: list[Value]) -> Any:
        maps = [
            ag.relu(ag.dot(kernel, line[i : i + width], bias))
            for i in range(0, length - width + 1, stride)
            for kernel, bias in zip(kernels, biases, strict=True)
        ]
        return ag.tanh(ag.dot(readout[: len(maps)], maps[:20])) ** 2

    assert_agreement(
        function, [kernels, biases, readout], rng.normal(size=(3, length)), passes=passes
    )


@examples(100)
@given(SEEDS, st.integers(3, 5), st.integers(1, 3), st.integers(1, 3), st.booleans(), PASSES)
def test_convolutions_over_an_image(
    rng: Rng, side: int, n_filters: int, width: int, pooled_by_max: bool, passes: Passes
) -> None:
    kernels, biases = drawn(rng, n_filters, width, width), drawn(rng, n_filters)
    readout = drawn(rng, N_CLASSES, n_filters)
    places = range(side - width + 1)

    def function(image: list[list[Value]], label: Value) -> Value:
        pooled = []
        for kernel, bias in zip(kernels, biases, strict=True):
            patches = [
                [image[i + a][j + b] for a in range(width) for b in range(width)]
                for i in places
                for j in places
            ]
            responses = [ag.tanh(ag.dot(flat(kernel), patch, bias)) for patch in patches]
            pooled.append(ag.max(responses) if pooled_by_max else ag.mean(responses))
        return nn.cross_entropy(linear(readout, pooled), label)

    arrays = rng.normal(size=(3, side, side)), rng.integers(0, N_CLASSES, 3)
    assert_agreement(function, [kernels, biases, readout], *arrays, passes=passes)


@examples(150)
@given(SEEDS, SIZES, st.integers(1, 3), st.integers(1, 6), st.booleans(), PASSES)
def test_recurrent_networks(
    rng: Rng, n_hidden: int, n_inputs: int, length: int, learned_start: bool, passes: Passes
) -> None:
    to_hidden, within = drawn(rng, n_hidden, n_inputs), drawn(rng, n_hidden, n_hidden)
    bias, readout, start = drawn(rng, n_hidden), drawn(rng, n_hidden), drawn(rng, n_hidden)

    def function(sequence: list[list[Value]]) -> Any:
        hidden: list[Any] = start if learned_start else [0.0] * n_hidden
        for x in sequence:
            hidden = [
                ag.tanh(ag.dot([*v, *w], x + hidden, b))
                for v, w, b in zip(to_hidden, within, bias, strict=True)
            ]
        return ag.dot(readout, hidden) ** 2

    weights = [to_hidden, within, bias, readout, start]
    assert_agreement(function, weights, rng.normal(size=(3, length, n_inputs)), passes=passes)


@examples(100)
@given(
    SEEDS,
    st.integers(2, 4),
    st.integers(1, 5),
    st.sampled_from(TIES),
    st.integers(0, 5),
    st.booleans(),
    PASSES,
)
def test_stacked_recurrent_networks(
    rng: Rng, width: int, length: int, tie: str, cut: int, cut_all: bool, passes: Passes
) -> None:
    """Two cells, one reading the states of the other; some of their matrices may be the same.

    No gradient flows back through the states at step `cut`: through some of them, or through all.
    """
    first_in, first_on, second_in, second_on = (drawn(rng, width, width) for _ in range(4))
    if tie == "input and state":
        first_on, second_on = first_in, second_in
    elif tie == "layers":
        second_in, second_on = first_in, first_on
    elif tie == "some rows":
        second_on = [*first_on[:1], *second_on[1:]]
    bias, context = drawn(rng, width), drawn(rng, width, width)
    is_cut = [cut_all or bool(rng.integers(2)) for _ in range(width)]

    def cut_off(states: list[Any]) -> list[Any]:
        return [ag.detach(x) if here else x for x, here in zip(states, is_cut, strict=True)]

    def cell(to_state: Any, within: Any, x: list[Any], state: list[Any], more: Any) -> list[Any]:
        pulls = zip(linear(to_state, x), linear(within, state), more, strict=True)
        return [ag.tanh(pull + memory + other) for pull, memory, other in pulls]

    def function(sequence: list[list[Value]], fixed: list[Value]) -> Any:
        low, high = list(bias), [0.0] * width
        losses = []
        for step, x in enumerate(sequence):
            if step == cut:
                low, high = cut_off(low), cut_off(high)
            low = cell(first_in, first_on, x, low, linear(context, fixed))
            high = cell(second_in, second_on, low, high, bias)
            if step >= cut:
                losses.append(ag.dot(high, low))
        return ag.mean(losses or high)

    matrices = [first_in, first_on, second_in, second_on]
    weights = [*dict.fromkeys(flat([matrices, bias, context]))]
    arrays = rng.normal(size=(3, length, width)), rng.normal(size=(3, width))
    assert_agreement(function, weights, *arrays, passes=passes)


@examples(100)
@given(SEEDS, st.integers(1, 4), st.integers(1, 4), PASSES)
def test_gated_recurrent_networks(rng: Rng, n_hidden: int, length: int, passes: Passes) -> None:
    update, reset, propose = (drawn(rng, n_hidden, n_hidden + 2) for _ in range(3))
    start = drawn(rng, n_hidden)

    def function(sequence: list[list[Value]]) -> Any:
        hidden: list[Any] = start
        for x in sequence:
            z = [ag.sigmoid(a) for a in linear(update, x + hidden)]
            r = [ag.sigmoid(a) for a in linear(reset, x + hidden)]
            kept = [a * h for a, h in zip(r, hidden, strict=True)]
            new = [ag.tanh(a) for a in linear(propose, x + kept)]
            hidden = [(1 - a) * h + a * n for a, h, n in zip(z, hidden, new, strict=True)]
        return ag.mean(h**2 for h in hidden)

    arrays = rng.normal(size=(3, length, 2))
    assert_agreement(function, [update, reset, propose, start], arrays, passes=passes)


@examples(60)
@given(SEEDS, st.integers(1, 4), st.sampled_from([(1, 2), (1, 4), (2, 2)]), st.booleans(), PASSES)
def test_causal_attention(
    rng: Rng, length: int, heads: tuple[int, int], tied: bool, passes: Passes
) -> None:
    """A transformer block: token rows by lookup, heads, residuals, weights shared by positions."""
    n_heads, n_tokens = heads[0], 5
    width = n_heads * heads[1]
    embedding, places, out = (drawn(rng, n, width) for n in (n_tokens, length, n_tokens))
    query, key, value, project = (drawn(rng, width, width) for _ in range(4))
    widen, narrow = drawn(rng, 2 * width, width), drawn(rng, width, 2 * width)

    def normalized(x: list[Value]) -> list[Value]:
        scale = (ag.mean(a * a for a in x) + 1e-3) ** -0.5
        return [a * scale for a in x]

    def function(tokens: list[Value], targets: list[Value]) -> Value:
        stream = [
            normalized(added(ag.lookup(embedding, token), place))
            for token, place in zip(tokens, places, strict=True)
        ]
        q, k, v = ([linear(w, x) for x in stream] for w in (query, key, value))
        losses = []
        for i, x in enumerate(stream):
            attended: list[Value] = []
            for head in range(n_heads):
                part = slice(head * heads[1], (head + 1) * heads[1])
                scores = [ag.dot(q[i][part], k[j][part]) / 2 for j in range(i + 1)]
                seen = [v[j][part] for j in range(i + 1)]
                attended += linear([list(c) for c in zip(*seen, strict=True)], ag.softmax(scores))
            x = added(x, linear(project, attended))
            x = added(x, linear(narrow, [ag.relu(a) for a in linear(widen, normalized(x))]))
            losses.append(nn.cross_entropy(linear(embedding if tied else out, x), targets[i]))
        return ag.mean(losses)

    tokens, targets = (rng.integers(0, n_tokens, (3, length)) for _ in range(2))
    weights = [embedding, places, out, query, key, value, project, widen, narrow]
    assert_agreement(function, weights, tokens, targets, passes=passes)


@examples(150)
@given(SEEDS, SIZES, st.integers(1, 6), st.sampled_from([ag.max, ag.min]), PASSES)
def test_extremes_of_inputs_and_parameters_mixed(
    rng: Rng, n_rows: int, n_columns: int, extreme: Function, passes: Passes
) -> None:
    weights = drawn(rng, n_rows, n_columns)
    orders = [rng.permutation(2 * n_columns + 1)[: n_columns + 1] for _ in range(n_rows)]

    def function(x: list[Value]) -> Any:
        choices = [[*row, *x, 0.125] for row in weights]
        chosen = zip(choices, orders, strict=True)
        return ag.sum(
            extreme([c[i] for i in order]) * w[0]
            for (c, order), w in zip(chosen, weights, strict=True)
        )

    assert_agreement(function, weights, rng.normal(size=(4, n_columns)), passes=passes)


@examples(150)
@given(SEEDS, SIZES, st.integers(1, 4), st.sampled_from(["shared", "own", "mixed"]), PASSES)
def test_lookups(rng: Rng, n_rows: int, width: int, table: str, passes: Passes) -> None:
    """In a table of parameters, in one that each sample computes, and in one of both."""
    rows = drawn(rng, n_rows, width)

    def function(indices: list[Value], x: list[Value]) -> Any:
        own = [[ag.tanh(w + a) for w, a in zip(row, x, strict=True)] for row in rows]
        mixed = [own[i] if i % 2 else rows[i] for i in range(n_rows)]
        entries = {"shared": rows, "own": own, "mixed": mixed}[table]
        return ag.mean(a * a + a for i in indices for a in ag.lookup(entries, i))

    arrays = rng.integers(0, n_rows, (4, 3)), rng.normal(size=(4, width))
    assert_agreement(function, rows, *arrays, passes=passes)


@examples(150)
@given(SEEDS, st.integers(2, 6), SIZES, ACTIVATIONS, PASSES)
def test_half_sparse_layers_with_residuals(
    rng: Rng, width: int, depth: int, activation: Function, passes: Passes
) -> None:
    """Each neuron sees half of the layer before, each its own half."""
    weights = drawn(rng, min(depth, 3), width, (width + 1) // 2)
    seen = [[rng.permutation(width)[: len(row)] for row in layer] for layer in weights]

    def function(x: list[Value]) -> Any:
        for layer, layer_seen in zip(weights, seen, strict=True):
            pairs = zip(layer, layer_seen, strict=True)
            x = added(x, [activation(ag.dot(row, [x[i] for i in some])) for row, some in pairs])
        return ag.mean(a * a for a in x)

    assert_agreement(function, weights, rng.normal(size=(3, width)), passes=passes)


@examples(150)
@given(SEEDS, st.lists(st.integers(0, 4), min_size=1, max_size=20), PASSES)
@example(np.random.default_rng(0), [3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 4, 0, 1], AS_USUAL)
@example(np.random.default_rng(0), [3, 0, 1, 0, 2, 4, 1, 3, 2, 4, 1], AS_USUAL)
def test_rows_used_at_random_places(rng: Rng, places: list[int], passes: Passes) -> None:
    """Some much more often than others, or all about equally often."""
    weights, factors = drawn(rng, 5), drawn(rng, len(places))

    def function(x: list[Value]) -> Any:
        hidden = [ag.tanh(w * a) for w, a in zip(weights, x, strict=True)]
        return ag.sum(ag.sin(hidden[i] * factor) for i, factor in zip(places, factors, strict=True))

    assert_agreement(function, [weights, factors], rng.normal(size=(3, 5)), passes=passes)


@examples(150)
@given(SEEDS, st.integers(1, 5), st.integers(1, 4), ACTIVATIONS, PASSES)
def test_tied_weights(
    rng: Rng, width: int, n_hidden: int, activation: Function, passes: Passes
) -> None:
    """An autoencoder: the decoder is the encoder transposed, and one layer is applied twice."""
    encoder, within = drawn(rng, n_hidden, width), drawn(rng, n_hidden, n_hidden)
    decoder = [list(column) for column in zip(*encoder, strict=True)]

    def function(x: list[Value]) -> Any:
        code = [activation(a) for a in linear(encoder, x)]
        code = [activation(a) for a in linear(within, linear(within, code))]
        return nn.mse_loss(linear(decoder, code), x)

    assert_agreement(function, [encoder, within], rng.normal(size=(3, width)), passes=passes)


@examples(100)
@given(SEEDS, st.integers(1, 5), SIZES, st.sampled_from(list(LOSSES)), PASSES)
def test_a_whole_batch_as_one_graph(
    rng: Rng, n_samples: int, n_inputs: int, loss: str, passes: Passes
) -> None:
    model = nn.MLP(n_inputs, [4, N_CLASSES], "tanh", rng=rng)
    compute, targets = LOSSES[loss]
    X, y = rng.normal(size=(n_samples, n_inputs)), targets(rng.integers(0, N_CLASSES, n_samples))
    batch = [(map_numbers(Value, x.tolist()), Value(t)) for x, t in zip(X, y.tolist(), strict=True)]
    root = ag.mean([compute(model(x), t) for x, t in batch])
    with passes.in_use():
        inputs = [value for x, t in batch for value in (*x, t)]
        compiled = ag.compile_graph(root, inputs, model.parameters(), backend=passes.backend)
        theta = np.array([parameter.data for parameter in model.parameters()])
        row = np.array([[value.data for value in inputs]])
        mean, gradient = compiled.value_and_grad(theta, np.repeat(row, 2, axis=0))
    assert_close(mean, root.data)
    assert_close(gradient, ag.gradient(root, model.parameters()))

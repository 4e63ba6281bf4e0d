"""Neurons, layers and networks: what they compute, how they start, what they refuse."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import autograd as ag
import nn
from autograd import Value
from autograd.parts import part_of
from comparing import assert_close, close

Array = NDArray[np.float64]

NUMPY_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0.0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0.0))),
    "gelu": lambda z: z * (1 + np.vectorize(math.erf)(z / math.sqrt(2))) / 2,
    "silu": lambda z: z / (1 + np.exp(-z)),
    "softplus": lambda z: np.logaddexp(0.0, z),
    "tanh": np.tanh,
    "arctan": np.arctan,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
}

activation_names = st.sampled_from(sorted(NUMPY_ACTIVATIONS))
layer_sizes = st.lists(st.integers(1, 4), min_size=1, max_size=4)
seeds = st.integers(0, 2**32 - 1)


def numbers(parameters: Sequence[Value]) -> list[float]:
    return [parameter.data for parameter in parameters]


def numpy_forward(model: nn.MLP, x: Array, activation: str, output_activation: str) -> Array:
    """Return f(... f(x @ W.T + b) ...), from the arrays of the state."""
    state = model.state_dict()
    for index, _ in enumerate(model.layers):
        is_last = index == len(model.layers) - 1
        function = NUMPY_ACTIVATIONS[output_activation if is_last else activation]
        x = function(x @ state[f"{2 * index}.weight"].T + state[f"{2 * index}.bias"])
    return x


def set_random_biases(model: nn.Module, rng: np.random.Generator) -> None:
    """Move the biases away from 0, where a network cannot tell whether it adds them."""
    for name, parameter in model.named_parameters():
        if "bias" in name:
            parameter.data = rng.normal()


# --- what they compute ---------------------------------------------------------------------------


def test_every_known_activation_has_an_oracle_here() -> None:
    assert set(NUMPY_ACTIVATIONS) == set(nn.ACTIVATIONS)


@given(st.integers(1, 4), layer_sizes, activation_names, activation_names, seeds)
def test_a_network_computes_the_matrix_formula(
    n_inputs: int, sizes: list[int], activation: str, output_activation: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    model = nn.MLP(n_inputs, sizes, activation, output_activation, rng)
    set_random_biases(model, rng)
    x = rng.normal(size=n_inputs)
    outputs = model(x)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    expected = numpy_forward(model, x, activation, output_activation)
    assert_close(numbers(outputs), expected)


@pytest.mark.parametrize("activation", sorted(NUMPY_ACTIVATIONS))
def test_a_layer_computes_the_matrix_formula(activation: str) -> None:
    rng = np.random.default_rng(0)
    layer = nn.Layer(5, 7, activation, rng)
    set_random_biases(layer, rng)
    state, x = layer.state_dict(), rng.normal(size=5)
    expected = NUMPY_ACTIVATIONS[activation](x @ state["weight"].T + state["bias"])
    assert_close(numbers(layer(x)), expected)


@given(st.integers(1, 6), seeds)
def test_a_neuron_equals_the_sum_written_with_operators(n_inputs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    neuron = nn.Neuron(n_inputs, "tanh", rng)
    neuron.bias.data = rng.normal()
    variables = [*neuron.weight, neuron.bias, *map(Value, rng.normal(size=n_inputs))]
    inputs = variables[n_inputs + 1 :]

    fused = neuron(inputs)
    unfused = neuron.bias
    for weight, x in zip(neuron.weight, inputs, strict=True):
        unfused = unfused + weight * x
    unfused = unfused.tanh()

    assert fused.data == pytest.approx(unfused.data, rel=1e-12)
    np.testing.assert_allclose(
        ag.gradient(fused, variables),
        ag.gradient(unfused, variables),
        rtol=1e-12,
        atol=1e-15,
    )


@pytest.mark.parametrize("n_outputs", [1, 2, 5])
def test_a_layer_returns_a_list_of_its_outputs(n_outputs: int) -> None:
    outputs = nn.Layer(2, n_outputs, rng=0)([1.0, 2.0])
    assert isinstance(outputs, list)
    assert [type(output) for output in outputs] == [Value] * n_outputs


def test_a_network_with_one_output_returns_a_value() -> None:
    assert isinstance(nn.MLP(2, [3, 1], rng=0)([1.0, 2.0]), Value)


def test_a_network_with_several_outputs_returns_a_list() -> None:
    outputs = nn.MLP(2, [3, 2], rng=0)([1.0, 2.0])
    assert isinstance(outputs, list)
    assert len(outputs) == 2


@pytest.mark.parametrize("kind", [list, tuple, iter, np.array])
def test_inputs_come_in_any_iterable(kind: Callable[[list[float]], Any]) -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    expected = model([Value(1.0), Value(-2.0)]).data
    assert model(kind([1.0, -2.0])).data == expected


@given(st.integers(1, 4), st.integers(1, 4), seeds)
def test_shared_rows_change_no_gradient(n_inputs: int, n_outputs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = nn.Layer(n_inputs, n_outputs, "linear", rng)
    samples = [[Value(x) for x in row] for row in rng.normal(size=(3, n_inputs)).tolist()]
    leaves = [*layer.parameters(), *(x for sample in samples for x in sample)]

    def gradient(outputs: Sequence[Value]) -> list[float]:
        for leaf in leaves:
            leaf.zero_grad()
        ag.sum(output * output for output in outputs).backward()
        return [leaf.grad for leaf in leaves]

    neurons = [(neuron.weight, neuron.bias) for neuron in layer.neurons]
    in_rows = [output for sample in samples for output in layer(sample)]
    apart = [ag.dot(w, list(sample)) + b for sample in samples for w, b in neurons]
    assert gradient(in_rows) == close(gradient(apart))


def test_neurons_share_the_row_of_inputs_and_samples_that_of_the_parameters() -> None:
    layer = nn.Layer(3, 2, "linear", rng=0)
    (one, other), (again, _) = layer([1.0, 2.0, 3.0]), layer([4.0, 5.0, 6.0])
    assert one.operation is ag.operations.dot
    assert one._second[1] is other._second[1] is not again._second[1]
    assert one._second[::2] == again._second[::2] != other._second[::2]


def test_parameters_can_be_exchanged() -> None:
    neuron = nn.Neuron(2, "linear", rng=0)
    neuron.weight = [Value(2.0), neuron.weight[1]]
    neuron.bias = Value(0.5)
    assert neuron([10.0, 0.0]).data == 20.5
    assert [parameter.data for parameter in neuron.parameters()][::2] == [2.0, 0.5]
    with pytest.raises(ag.ShapeError, match="2 weights"):
        neuron.weight = [Value(1.0)]
    with pytest.raises(ag.NotANumberError):
        neuron.bias = "zero"  # type: ignore[assignment]
    assert neuron([10.0, 0.0]).data == 20.5


def test_numbers_given_as_parameters_are_trained() -> None:
    neuron = nn.Neuron(2, "linear")
    neuron.weight = [2.0, 1.0]
    neuron.bias = 0.5
    neuron([3.0, 4.0]).backward()
    nn.SGD(neuron.parameters(), lr=1.0).step()
    assert [parameter.data for parameter in neuron.parameters()] == [-1.0, -3.0, -0.5]


class ScaledNeuron(nn.Neuron):
    def __init__(self, n_inputs: int) -> None:
        self.before = Value(1.0, "before")
        super().__init__(n_inputs, rng=0)
        self.scale = Value(3.0)


class ScaledLayer(nn.Layer):
    def __init__(self, n_inputs: int) -> None:
        self.before = [Value(1.0, "before")]
        super().__init__(n_inputs, 2, rng=0)
        self.scale = Value(3.0)
        self.neurons[1] = ScaledNeuron(n_inputs)
        self.skip = nn.Layer(1, 1, rng=0)


class ScaledNetwork(nn.MLP):
    def __init__(self, n_inputs: int) -> None:
        self.before = {"first": Value(1.0, "before")}
        super().__init__(n_inputs, [2, 1], rng=0)
        self.scale = Value(3.0)
        self.layers[0] = ScaledLayer(n_inputs)
        self.first = self.layers[1]


OF_NEURON = ["weight", "bias", "before", "scale"]
OF_LAYER = ["weight", "bias", "before", *(f"neurons.1.{name}" for name in OF_NEURON[2:]), "scale"]
OF_LAYER += ["skip.weight", "skip.bias"]
OF_NETWORK = [*(f"0.{name}" for name in OF_LAYER), "2.weight", "2.bias", "before.first", "scale"]
OF_NETWORK += ["first.weight", "first.bias"]


@pytest.mark.parametrize(
    ("make", "names"),
    [(ScaledNeuron, OF_NEURON), (ScaledLayer, OF_LAYER), (ScaledNetwork, OF_NETWORK)],
)
def test_what_a_subclass_adds_is_trained_and_saved(
    make: Callable[[int], Any], names: list[str]
) -> None:
    module, other = make(2), make(2)
    assert list(module.state_dict()) == names
    ag.sum(parameter * index for index, parameter in enumerate(module.parameters())).backward()
    start = np.array(numbers(module.parameters()))
    nn.SGD(module.parameters(), lr=1.0).step()
    assert numbers(module.parameters()) == (start - np.arange(len(start))).tolist()
    other.load_state_dict(module.state_dict())
    assert numbers(other.parameters()) == numbers(module.parameters())


@pytest.mark.parametrize("make", [ScaledNeuron, ScaledLayer, ScaledNetwork])
def test_what_a_subclass_adds_keeps_its_label(make: Callable[[int], Any]) -> None:
    labels = [parameter.label for parameter in make(2).parameters()]
    assert "before" in labels


def test_an_activation_can_be_a_function() -> None:
    neuron = nn.Neuron(2, lambda x: x**3, rng=0)
    assert neuron([1.0, 2.0]).data == nn.Neuron(2, "linear", rng=0)([1.0, 2.0]).data ** 3


def test_an_activation_can_be_one_of_the_known() -> None:
    known = nn.Neuron(2, nn.ACTIVATIONS["relu"], rng=0)
    assert numbers(known.parameters()) == numbers(nn.Neuron(2, "relu", rng=0).parameters())
    assert repr(known) == "Neuron(2, activation='relu')"


class PReLU(nn.Module):
    def __init__(self) -> None:
        self.slope = Value(0.25)

    def __call__(self, x: Value) -> Any:
        return ag.max([x, 0.0]) + self.slope * ag.min([x, 0.0])


@pytest.mark.parametrize("compiled", [False, True])
def test_an_activation_with_parameters_is_trained_and_saved(compiled: bool) -> None:
    model = nn.MLP(1, [2, 2, 1], activation=PReLU(), rng=0)
    slope = model.layers[0].neurons[0].activation.function.slope  # type: ignore[attr-defined]
    assert model.parameters().count(slope) == 1
    assert [name for name in model.state_dict() if "slope" in name] == [
        "0.activation.slope",
        "2.activation.slope",
    ]
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    X, y = [[-1.0], [-2.0], [1.0]], [1.0, 2.0, 1.0]
    list(nn.fit(model, X, y, nn.mse_loss, optimizer, epochs=2, rng=0, compiled=compiled))
    assert slope.data != 0.25
    assert nn.Neuron(1, PReLU()).state_dict()["activation.slope"] == 0.25
    assert repr(nn.Layer(1, 2, PReLU())) == "Layer(1, 2, activation='PReLU')"


def test_an_activation_keeps_the_labels_of_its_parameters() -> None:
    class Slope(nn.Module):
        def __init__(self) -> None:
            self.slope = Value(0.1, "slope")

        def __call__(self, x: Any) -> Any:
            return self.slope * x

    assert nn.Layer(1, 1, Slope()).parameters()[-1].label == "slope"


# --- how they start ------------------------------------------------------------------------------


@given(st.integers(1, 4), layer_sizes)
def test_each_neuron_has_a_weight_per_input_and_a_bias(n_inputs: int, sizes: list[int]) -> None:
    expected = sum((n + 1) * m for n, m in zip([n_inputs, *sizes[:-1]], sizes, strict=True))
    assert len(nn.MLP(n_inputs, sizes).parameters()) == expected


@given(seeds)
def test_a_seed_repeats_the_weights_and_another_one_changes_them(seed: int) -> None:
    weights, repeated, others = (
        numbers(nn.MLP(3, [2], rng=s).parameters()) for s in (seed, seed, seed + 1)
    )
    assert weights == repeated
    assert weights != others


def test_a_seed_stands_for_the_generator_of_that_seed() -> None:
    seeded = nn.MLP(3, [4, 2], rng=7)
    generated = nn.MLP(3, [4, 2], rng=np.random.default_rng(7))
    assert numbers(seeded.parameters()) == numbers(generated.parameters())


def test_two_networks_drawn_from_one_generator_differ() -> None:
    rng = np.random.default_rng(0)
    first, second = nn.MLP(3, [2], rng=rng), nn.MLP(3, [2], rng=rng)
    assert numbers(first.parameters()) != numbers(second.parameters())


def test_networks_without_a_seed_differ() -> None:
    first, second = nn.MLP(3, [2]), nn.MLP(3, [2])
    assert numbers(first.parameters()) != numbers(second.parameters())


def test_numpys_global_generator_is_left_alone() -> None:
    before = np.random.get_state(legacy=False)
    nn.MLP(3, [4, 2])
    after = np.random.get_state(legacy=False)
    assert repr(before) == repr(after)  # with the position in the random numbers


def test_all_neurons_of_a_network_start_different_with_bias_zero() -> None:
    model = nn.MLP(3, [4, 2], rng=0)
    neurons = [neuron for layer in model.layers for neuron in layer.neurons]
    assert len({tuple(numbers(neuron.weight)) for neuron in neurons}) == 6
    assert [neuron.bias.data for neuron in neurons] == [0.0] * 6


# --- repr ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [nn.Layer(3, 2), nn.MLP(2, [4, 3, 1])], ids=repr)
def test_each_parameter_is_labelled_by_its_place_and_knows_its_neuron(module: Any) -> None:
    named = list(module.named_parameters())
    assert [parameter.label for _, parameter in named] == [name for name, _ in named]
    for layer in getattr(module, "layers", [module]):
        for neuron in layer.neurons:
            for parameter in neuron.parameters():
                assert part_of(parameter.label) is neuron.part


def test_a_lone_neuron_calls_its_parameters_as_in_its_formula() -> None:
    assert [parameter.label for parameter in nn.Neuron(2).parameters()] == ["w0", "w1", "b"]


@given(st.integers(1, 4), layer_sizes, activation_names, activation_names, seeds)
def test_the_repr_of_a_network_builds_one_that_computes_the_same(
    n_inputs: int, sizes: list[int], activation: str, output_activation: str, seed: int
) -> None:
    model = nn.MLP(n_inputs, sizes, activation, output_activation, seed)
    rebuilt = eval(repr(model), vars(nn))
    rebuilt.load_state_dict(model.state_dict())
    x = np.random.default_rng(seed).normal(size=n_inputs)
    assert repr(rebuilt) == repr(model)
    assert np.array_equal(np.array(rebuilt(x), float), np.array(model(x), float))


@pytest.mark.parametrize(
    "module", [nn.Neuron(3, "tanh"), nn.Layer(3, 2, "sigmoid"), nn.Layer(1, 1)], ids=repr
)
def test_the_repr_of_a_part_builds_one_of_the_same_shape(module: nn.Module) -> None:
    rebuilt = eval(repr(module), vars(nn))
    assert repr(rebuilt) == repr(module)
    shapes, rebuilt_shapes = (
        {name: array.shape for name, array in part.state_dict().items()}
        for part in (module, rebuilt)
    )
    assert rebuilt_shapes == shapes


@pytest.mark.parametrize("make", [ScaledNeuron, ScaledLayer, ScaledNetwork])
def test_a_subclass_is_shown_and_complains_by_its_own_name(make: Callable[[int], Any]) -> None:
    assert repr(make(2)).startswith(f"{make.__name__}(2")
    with pytest.raises(ag.ShapeError, match=rf"^{make.__name__}\(2.* takes 2 inputs, not 3"):
        make(2)([1.0, 2.0, 3.0])


def test_the_repr_shows_the_name_of_an_activation_of_yours() -> None:
    def cube(x: Value) -> Value:
        return x**3

    assert repr(nn.Neuron(2, cube)) == "Neuron(2, activation='cube')"


# --- what they refuse ----------------------------------------------------------------------------

MODULES = [nn.Neuron(2), nn.Layer(2, 3), nn.MLP(2, [3, 1])]


@pytest.mark.parametrize("module", MODULES, ids=repr)
@pytest.mark.parametrize("inputs", [[], [1.0], [1.0, 2.0, 3.0], np.ones(3)], ids=repr)
def test_as_many_inputs_as_weights_are_required(module: Any, inputs: Any) -> None:
    with pytest.raises(
        ag.ShapeError, match=f"^{re.escape(repr(module))} takes 2 inputs, not {len(inputs)}"
    ):
        module(inputs)


@pytest.mark.parametrize("module", MODULES, ids=repr)
@pytest.mark.parametrize(
    "inputs", [3.0, Value(3.0), None, np.array(1.0), {0: 1.0, 1: 2.0}, {1.0, 2.0}], ids=repr
)
def test_inputs_are_a_list(module: Any, inputs: Any) -> None:
    message = re.escape(f"{module!r} takes one sample, a list of 2 numbers, not {inputs!r} (")
    with pytest.raises(ag.ShapeError, match=f"^{message}"):
        module(inputs)


@pytest.mark.parametrize("module", MODULES, ids=repr)
@pytest.mark.parametrize("inputs", ["ab", [1.0, None], [1.0, 2j]], ids=repr)
def test_each_input_is_a_number(module: Any, inputs: Any) -> None:
    with pytest.raises(ag.NotANumberError, match=f"^{re.escape(repr(module))} takes one sample"):
        module(inputs)


@pytest.mark.parametrize("module", MODULES, ids=repr)
@pytest.mark.parametrize("batch", [[[0.0, 1.0]], [(0.0, 1.0)] * 2, np.ones((2, 2))], ids=repr)
def test_a_batch_is_not_a_sample(module: Any, batch: Any) -> None:
    with pytest.raises(ag.NotANumberError, match=r"Call it for each: \[model\(x\) for x in X\]$"):
        module(batch)


@pytest.mark.parametrize("module", MODULES, ids=repr)
def test_no_input_is_nan(module: Any) -> None:
    with pytest.raises(ag.NonFiniteError):
        module([1.0, math.nan])


@pytest.mark.parametrize("size", [0, -1, 1.0, 2.5, math.nan, "2", None, [2]], ids=repr)
@pytest.mark.parametrize(
    "make",
    [
        lambda size: nn.Neuron(size),
        lambda size: nn.Layer(size, 2),
        lambda size: nn.Layer(2, size),
        lambda size: nn.MLP(size, [2]),
        lambda size: nn.MLP(2, [size]),
        lambda size: nn.MLP(2, [3, size, 1]),
    ],
    ids=["Neuron", "Layer inputs", "Layer outputs", "MLP inputs", "MLP outputs", "MLP hidden"],
)
def test_sizes_are_positive_whole_numbers(make: Callable[[Any], nn.Module], size: Any) -> None:
    with pytest.raises(ag.ArgumentError, match="give a whole number, at least 1"):
        make(size)


def test_whole_numbers_of_numpy_are_sizes() -> None:
    assert repr(nn.Layer(np.int64(2), np.int64(3))) == repr(nn.Layer(2, 3))  # type: ignore[arg-type]


@pytest.mark.parametrize("activation", [math.tanh, lambda z: z.data, lambda z: 1])
def test_an_activation_that_returns_a_number_is_told(activation: Any) -> None:
    model = nn.MLP(1, [2, 1], activation=activation, rng=0)
    with pytest.raises(ag.ArgumentError, match=r"no gradient goes through a number: use ag\.tanh"):
        model([1.0])


def test_an_activation_may_return_a_variable_which_keeps_its_label() -> None:
    floor = ag.Value(3.0, "floor")
    assert nn.Neuron(1, activation=lambda z: floor, rng=0)([1.0]) is floor
    assert floor.label == "floor"


def test_a_network_has_a_layer() -> None:
    with pytest.raises(ag.ArgumentError, match="at least one layer"):
        nn.MLP(2, [])


@pytest.mark.parametrize("sizes", [{16, 1}, iter([1]), 16])
def test_layer_sizes_are_a_list(sizes: Any) -> None:
    with pytest.raises(ag.ArgumentError, match="a list of at least one layer size"):
        nn.MLP(2, sizes)


def test_a_list_is_no_activation() -> None:
    with pytest.raises(ag.ArgumentError, match=r"\['relu'\]"):
        nn.Layer(1, 1, ["relu"])  # type: ignore[arg-type]  # the point


def test_a_neuron_is_one_of_at_least_one() -> None:
    with pytest.raises(ag.ArgumentError, match="n_neurons=0"):
        nn.Neuron(2, n_neurons=0)


@pytest.mark.parametrize("name", ["rellu", "", "ReLU", None, 3], ids=repr)
@pytest.mark.parametrize(
    "make",
    [
        lambda name: nn.Neuron(2, name),
        lambda name: nn.Layer(2, 2, name),
        lambda name: nn.MLP(2, [2, 1], activation=name),
        lambda name: nn.MLP(2, [2, 1], output_activation=name),
        lambda name: nn.MLP(2, [1], activation=name),
    ],
    ids=["Neuron", "Layer", "MLP inner", "MLP outer", "MLP without inner"],
)
def test_an_unknown_activation_is_answered_with_the_known_ones(
    make: Callable[[Any], nn.Module], name: Any
) -> None:
    with pytest.raises(ag.ArgumentError, match="unknown activation") as caught:
        make(name)
    assert repr(name) in str(caught.value)
    assert all(known in str(caught.value) for known in nn.ACTIVATIONS)


def test_an_input_or_a_weight_alone_is_counted_as_one() -> None:
    neuron: Any = nn.Neuron(1, rng=0)
    with pytest.raises(ag.ShapeError, match=r"a list of 1 number, not 1.0 .*X\[:, None\]"):
        neuron(1.0)
    with pytest.raises(
        ag.ShapeError, match=r"takes 1 input, not 2: .*\[model\(\[x\]\) for x in X\]"
    ):
        neuron([1.0, 2.0])
    with pytest.raises(ag.ShapeError, match="needs 1 weight, not 2"):
        neuron.weight = [1.0, 2.0]


def test_weights_are_in_an_order() -> None:
    neuron = nn.Neuron(2, rng=0)
    before = neuron.weight
    for weight in (np.array(1.0), {0: 1.0, 1: 2.0}, None):
        with pytest.raises(ag.ShapeError, match="needs a list of 2 weights, not"):
            neuron.weight = weight  # type: ignore[assignment]
    assert neuron.weight is before

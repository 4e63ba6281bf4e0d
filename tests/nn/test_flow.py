"""The gradient that arrives at each layer, against backpropagation by hand and by `backward`."""

import math
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Value
from autograd.errors import ArgumentError, GraphError, NotANumberError
from nn.flow import GradientFlow


def flow_of(
    sizes: list[int], activation: str = "tanh", scale: float = 1.0
) -> tuple[nn.MLP, GradientFlow]:
    model = nn.MLP(2, sizes, activation, rng=0)
    for _, parameter in model.named_parameters():
        parameter.data *= scale
    loss = nn.mse_loss(model([1.0, -2.0]), 1.0)
    return model, nn.gradient_flow(loss, model)


def test_norms_are_those_of_backpropagation_with_matrices() -> None:
    model, flow = flow_of([4, 3, 1])
    state = model.state_dict()
    activations = [np.array([1.0, -2.0])]
    for name in "024":
        z = state[f"{name}.weight"] @ activations[-1] + state[f"{name}.bias"]
        activations.append(np.tanh(z) if name != "4" else z)
    delta = 2 * (activations[-1] - 1.0)
    for index, name in ((2, "4"), (1, "2"), (0, "0")):
        layer = flow.layers[index]
        of_weights = np.outer(delta, activations[index])
        assert layer.name == name
        assert layer.arriving == pytest.approx(np.linalg.norm(delta), rel=1e-12)
        expected = math.hypot(np.linalg.norm(of_weights), np.linalg.norm(delta))
        assert layer.parameters == pytest.approx(expected, rel=1e-12)
        delta = (state[f"{name}.weight"].T @ delta) * (1 - activations[index] ** 2)


def test_norms_are_those_of_backward_on_a_batch() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    batch = [([1.0, 2.0], 0.5), ([-1.0, 0.5], -1.0)]
    loss = ag.mean(nn.mse_loss(model(x), y) for x, y in batch)
    flow = nn.gradient_flow(loss, model)
    assert all(parameter.grad == 0.0 for parameter in model.parameters())
    loss.backward()
    for layer, measured in zip(model.layers, flow.layers, strict=True):
        norm = math.hypot(*(parameter.grad for parameter in layer.parameters()))
        assert measured.parameters == pytest.approx(norm, rel=1e-12)


@pytest.mark.parametrize(
    ("activation", "scale", "verdict"),
    [
        ("sigmoid", 1.0, "the gradient vanishes."),
        ("relu", 30.0, "the gradient explodes."),
        ("tanh", 1.0, "from row to row."),
    ],
)
def test_vanishing_and_exploding_gradients_show(
    activation: str, scale: float, verdict: str
) -> None:
    _, flow = flow_of([8] * 6 + [1], activation, scale)
    assert " ".join(str(flow).split()).endswith(verdict)
    assert max(map(len, str(flow).partition("\n\n")[2].splitlines())) <= 84
    assert flow.factor == flow.layers[0].arriving / flow.layers[-1].arriving


def test_bars_lose_two_blocks_for_each_tenfold() -> None:
    layers = [nn.flow.LayerGradient(str(i), "weight 1", 10.0**-i, 10.0**-i) for i in range(12)]
    rows = str(GradientFlow(tuple(layers))).splitlines()[1:13]
    assert [row.count("█") // 2 for row in reversed(rows)] == [
        20,
        18,
        16,
        14,
        12,
        10,
        8,
        6,
        4,
        2,
        1,
        1,
    ]


def test_norms_whose_quotient_is_too_small_for_a_float_have_bars() -> None:
    layers = [nn.flow.LayerGradient(str(norm), "weight 1", norm, norm) for norm in (1e-200, 1e200)]
    _, large, small, *_ = str(GradientFlow(tuple(layers))).splitlines()
    assert (large.count("█"), small.count("█")) == (40, 2)


def test_a_layer_that_nothing_arrives_at_is_named() -> None:
    model = nn.MLP(1, [2, 1], rng=0)
    for neuron in model.layers[0].neurons:
        neuron.bias.data = -1e9
    flow = nn.gradient_flow(nn.mse_loss(model([1.0]), 1.0), model)
    assert "Nothing arrives at layer 0: " in str(flow)


def test_layers_that_nothing_arrives_at_are_named() -> None:
    model = nn.MLP(1, [2, 2, 1], rng=0)
    for neuron in model.layers[1].neurons:
        neuron.bias.data = -1e9
    flow = nn.gradient_flow(nn.mse_loss(model([1.0]), 1.0), model)
    assert flow.layers[0].arriving == flow.layers[1].arriving == 0.0
    assert str(flow).endswith(
        "Nothing arrives at layers 0 and 2: nothing is learned there, unlike elsewhere."
    )
    assert all(math.isfinite(layer.parameters) for layer in flow.layers)


def test_a_loss_that_is_flat_here_is_told_from_layers_that_are_dead() -> None:
    model = nn.MLP(1, [2, 1], rng=0)
    model.layers[-1].neurons[0].bias.data = 10.0
    loss = nn.hinge_loss(model([1.0]), 1.0)
    assert loss.data == 0.0
    flow = nn.gradient_flow(loss, model)
    assert "Every gradient is exactly 0, and nothing is learned: the loss is flat" in str(flow)
    assert "Nothing arrives" not in str(flow)
    assert "or every relu on the way is below 0" in " ".join(str(flow).split())
    assert math.isnan(flow.factor)


def test_two_layers_have_one_factor() -> None:
    text = str(flow_of([8, 1])[1])
    assert "what arrives is multiplied by" in text
    assert "from row to row" not in text


def test_a_loss_of_another_model_is_refused() -> None:
    model, other = nn.MLP(1, [1], rng=0), nn.MLP(1, [1], rng=0)
    with pytest.raises(ArgumentError, match="depends on none of the model's parameters"):
        nn.gradient_flow(nn.mse_loss(other([1.0]), 1.0), model)


def test_parameters_of_the_model_itself_are_a_layer() -> None:
    neuron = nn.Neuron(2, rng=0)
    (layer,) = nn.gradient_flow(neuron([1.0, 2.0]) ** 2, neuron).layers
    assert (layer.name, layer.shapes) == ("model", "weight 2, bias 1")


@pytest.mark.parametrize("model", [None, [Value(1.0)], nn.Module()])
def test_what_is_no_model_is_refused(model: Any) -> None:
    with pytest.raises(ArgumentError, match="takes a Module with parameters"):
        nn.gradient_flow(Value(1.0), model)


@pytest.mark.parametrize("loss", [1.0, None, nn.mse_loss])
def test_what_is_no_loss_is_refused(loss: Any) -> None:
    with pytest.raises(NotANumberError, match=r"gradient_flow\(\) takes the loss as a Value"):
        nn.gradient_flow(loss, nn.MLP(1, [1]))


def test_a_loss_without_a_graph_is_refused_by_this_name() -> None:
    model = nn.MLP(1, [1], rng=0)
    with ag.no_grad():
        loss = nn.mse_loss(model([1.0]), 1.0)
    with pytest.raises(GraphError, match=r"gradient_flow\(\) of"):
        nn.gradient_flow(loss, model)


def test_a_compiled_loss_has_no_layers_inside() -> None:
    model = nn.MLP(1, [2, 1], "tanh", rng=0)
    compiled = ag.compile(lambda x: model(x))
    with pytest.raises(ag.ArgumentError, match="call the function itself on a sample"):
        nn.gradient_flow(compiled([[1.0], [2.0]]), model)

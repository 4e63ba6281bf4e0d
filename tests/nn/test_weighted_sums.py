"""The z of each layer: found in every spelling of a network, held against finite differences."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Value
from autograd.nested_numbers import numbers_in
from nn.weighted_sums import weighted_sums


def arriving(loss: Value, model: nn.Module) -> list[float]:
    return [layer.arriving for layer in nn.gradient_flow(loss, model).layers]


# --- one network, many spellings -----------------------------------------------------------------


def fused(w: Any, b: Any, x: Any) -> Any:
    return [ag.dot(row, x, bias) for row, bias in zip(w, b, strict=True)]


def products(w: Any, b: Any, x: Any) -> Any:
    return [
        sum(p * q for p, q in zip(row, x, strict=True)) + bias
        for row, bias in zip(w, b, strict=True)
    ]


def from_the_bias(w: Any, b: Any, x: Any) -> Any:
    return [
        sum((q * p for p, q in zip(row, x, strict=True)), bias)
        for row, bias in zip(w, b, strict=True)
    ]


def one_sum(w: Any, b: Any, x: Any) -> Any:
    return [
        ag.sum([*(p * q for p, q in zip(row, x, strict=True)), bias])
        for row, bias in zip(w, b, strict=True)
    ]


def subtracted(w: Any, b: Any, x: Any) -> Any:
    minus_x = [-q for q in x]
    return [
        bias - sum(p * q for p, q in zip(row, minus_x, strict=True))
        for row, bias in zip(w, b, strict=True)
    ]


def two_parts(w: Any, b: Any, x: Any) -> Any:
    """Bias each part, as a GRU does in PyTorch; the second bias is one of the weights."""
    return [
        (ag.dot(row[:1], x[:1]) + bias) + ag.dot(row[1:], x[1:])
        for row, bias in zip(w, b, strict=True)
    ]


def matrices(w: Any, b: Any, x: Any) -> Any:
    return list(np.array(w) @ np.array(x, object) + np.array(b))


def transposed(w: Any, b: Any, x: Any) -> Any:
    return list(np.array(x, object) @ np.array(w).T + np.array(b))


SPELLINGS = [products, from_the_bias, one_sum, subtracted, two_parts, matrices, transposed]
BATCH = [([1.0, -2.0], 1.0), ([0.5, 3.0], -1.0), ([1.5, -0.5], 0.5)]


def network_loss(
    model: nn.MLP, spelling: Callable[..., Any], as_input: Callable[[float], Any], n_samples: int
) -> Value:
    losses = []
    for inputs, target in BATCH[:n_samples]:
        x = [as_input(number) for number in inputs]
        for layer in model.layers:
            *_, weight = (t for name, t in layer.named_tensors() if name == "weight")
            bias = [neuron.bias for neuron in layer.neurons]
            z = spelling(weight, bias, x)
            x = z if layer is model.layers[-1] else [ag.tanh(number) for number in z]
        losses.append(nn.mse_loss(x, [target] * len(x)))
    return ag.mean(losses)


@pytest.mark.parametrize("n_samples", [1, 3])
@pytest.mark.parametrize("as_input", [float, Value])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_a_network_has_the_same_flow(
    spelling: Callable[..., Any], as_input: Callable[[float], Any], n_samples: int
) -> None:
    model = nn.MLP(2, [4, 3, 2], "tanh", rng=0)
    expected = nn.gradient_flow(network_loss(model, fused, as_input, n_samples), model)
    flow = nn.gradient_flow(network_loss(model, spelling, as_input, n_samples), model)
    for layer, other in zip(flow.layers, expected.layers, strict=True):
        assert layer.arriving == pytest.approx(other.arriving, rel=1e-12)
        assert layer.parameters == pytest.approx(other.parameters, rel=1e-12)


@pytest.mark.parametrize("spelling", [fused, *SPELLINGS])
def test_outputs_that_are_added_up_are_one_z_each(spelling: Callable[..., Any]) -> None:
    model = nn.Layer(2, 3, rng=0)
    weight, bias = (tensor for _, tensor in model.named_tensors())
    x = [Value(1.0), Value(-2.0)]
    assert arriving(ag.sum(spelling(weight, bias, x)), model) == pytest.approx([math.sqrt(3.0)])


@pytest.mark.parametrize("spelling", [fused, *SPELLINGS])
def test_samples_whose_losses_are_linear_are_one_z_each(spelling: Callable[..., Any]) -> None:
    model = nn.Layer(2, 1, rng=0)
    weight, bias = (tensor for _, tensor in model.named_tensors())
    outputs = [spelling(weight, bias, inputs)[0] for inputs, _ in BATCH]
    assert arriving(ag.sum(outputs), model) == pytest.approx([math.sqrt(3.0)])


# --- against finite differences of z -------------------------------------------------------------

Nudge = Callable[[str, Any], Any]
"""To be called with the name of a layer and each z that it computes; returns that z."""

Formula = Callable[[Any, Nudge], Any]
"""A loss, computed from the parameters of a network."""


class Net(nn.Module):
    """Parameters by layer, drawn for the shapes given."""

    def __init__(self, **shapes: tuple[int, ...]) -> None:
        rng = np.random.default_rng(0)
        for name, shape in shapes.items():
            numbers = rng.normal(size=shape)
            setattr(self, name, Net.Part(np.vectorize(Value, otypes=[object])(numbers).tolist()))

    class Part(nn.Module):
        """A layer."""

        def __init__(self, tensor: Any) -> None:
            self.w = tensor


def convolution(net: Any, nudge: Nudge) -> Any:
    """Share the weights over five places, and add up what comes out, without an activation."""
    image = [0.5, -1.0, 2.0, 1.5, -0.5, 1.0]
    places = [
        nudge("kernel", sum(w * image[i + j] for j, w in enumerate(net.kernel.w))) for i in range(5)
    ]
    out = nudge("out", net.out.w[0] * ag.sum(places) + net.out.w[1])
    return (out - 1.0) ** 2


def recurrence(net: Any, nudge: Nudge) -> Any:
    """Run a cell with a gate, of one layer with products of x and of h, over three steps."""
    h: list[Any] = [0.0, 0.0]
    for x in (1.0, -0.5, 2.0):
        gates = []
        for unit in range(4):
            w_x, w_h0, w_h1, b, c = net.cell.w[unit]
            gates.append(nudge("cell", (w_x * x + b) + (w_h0 * h[0] + w_h1 * h[1] + c)))
        keep = [ag.sigmoid(z) for z in gates[:2]]
        new = [ag.tanh(z) for z in gates[2:]]
        h = [k * old + (1 - k) * n for k, old, n in zip(keep, h, new, strict=True)]
    return nudge("out", ag.dot(net.out.w, h)) ** 2


def language(look_up: Callable[..., Any]) -> Formula:
    """Look up a token and its position, add up, mix by a layer, and compare with the next token."""

    def loss(net: Any, nudge: Nudge) -> Any:
        losses = []
        for place, (token, target) in enumerate([(0, 2), (2, 1)]):
            rows = look_up(net.tokens.w, token), look_up(net.places.w, place)
            e = [nudge("tokens", t + p) for t, p in zip(*rows, strict=True)]
            h = [ag.tanh(nudge("mix", ag.dot(row, e))) for row in net.mix.w]
            logits = [nudge("head", ag.dot(row, h)) for row in net.head.w]
            losses.append(nn.cross_entropy(logits, target))
        return ag.mean(losses)

    return loss


def attention(net: Any, nudge: Nudge) -> Any:
    """Multiply what layers compute with each other: that is no parameter times an input."""
    xs = [[1.0, 0.5], [-1.0, 2.0]]

    def project(name: str, x: list[float]) -> list[Any]:
        return [nudge(name, row[0] * x[0] + row[1] * x[1]) for row in getattr(net, name).w]

    q = project("q", xs[1])
    scores = [sum(a * b for a, b in zip(q, project("k", x), strict=True)) for x in xs]
    v = [project("v", x)[0] for x in xs]
    return ag.dot(ag.softmax(scores), v) ** 2


def chain(net: Any, nudge: Nudge) -> Any:
    """Multiply by one weight after the other."""
    return (nudge("c", net.c.w[0] * nudge("b", net.b.w[0] * nudge("a", net.a.w[0] * 2.0)))) ** 2


def chain_in_a_layer(net: Any, nudge: Nudge) -> Any:
    """Let the weights of a chain belong to one layer, and the loss be the last of them."""
    first, second = net.own.w
    return nudge("own", second * nudge("own", first * 2.0))


def negated(net: Any, nudge: Nudge) -> Any:
    """Subtract a product by its sign."""
    w, b = net.own.w
    return ag.tanh(nudge("own", -(w * 2.0) + b))


def two_uses(net: Any, nudge: Nudge) -> Any:
    """Compare one output with two targets."""
    w, v, b = net.own.w
    z = nudge("own", w * 2.0 + v * 3.0 + b)
    return (z - 1.0) ** 2 + (z + 0.5) ** 2


def frozen(net: Any, nudge: Nudge) -> Any:
    """Learn from what the parameters themselves compute, without a gradient."""
    w, b = net.own.w
    x = Value(1.5)
    teacher = ag.tanh(2.0 * x * ag.detach(w) + ag.detach(b))
    return (ag.tanh(nudge("own", w * x + b)) - teacher) ** 2


EMBEDDING: dict[str, tuple[int, ...]] = {
    "tokens": (3, 2),
    "places": (2, 2),
    "mix": (3, 2),
    "head": (3, 3),
}
NETS: dict[str, tuple[dict[str, tuple[int, ...]], Formula]] = {
    "convolution": ({"kernel": (2,), "out": (2,)}, convolution),
    "recurrence": ({"cell": (4, 5), "out": (2,)}, recurrence),
    "lookup": (EMBEDDING, language(ag.lookup)),
    "index": (EMBEDDING, language(lambda table, index: table[index])),
    "attention": ({"q": (2, 2), "k": (2, 2), "v": (1, 2)}, attention),
    "product": ({"own": (1,)}, lambda net, nudge: nudge("own", net.own.w[0] * 2.0)),
    "square": ({"own": (1,)}, lambda net, nudge: nudge("own", net.own.w[0] * 2.0) ** 2),
    "center": ({"own": (1,)}, lambda net, nudge: ag.exp(-(nudge("own", 3.0 - net.own.w[0]) ** 2))),
    "chain in a layer": ({"own": (2,)}, chain_in_a_layer),
    "negated": ({"own": (2,)}, negated),
    "two uses": ({"own": (3,)}, two_uses),
    "frozen": ({"own": (2,)}, frozen),
    "chain": ({"a": (1,), "b": (1,), "c": (1,)}, chain),
}


def by_finite_differences(loss: Callable[[Nudge], Any]) -> dict[str, list[float]]:
    """Return the derivative of the loss by each z of each layer."""
    names: list[str] = []

    def list_names(name: str, z: Any) -> Any:
        names.append(name)
        return z

    def nudged(place: int, step: float) -> float:
        count = iter(range(len(names)))
        return float(loss(lambda _, z: z + step if next(count) == place else z))

    loss(list_names)
    slopes: dict[str, list[float]] = {}
    for place, name in enumerate(names):
        slope = (nudged(place, 1e-5) - nudged(place, -1e-5)) / 2e-5
        slopes.setdefault(name, []).append(slope)
    return slopes


@pytest.mark.parametrize("name", NETS)
def test_what_arrives_is_the_derivative_by_z(name: str) -> None:
    shapes, loss_of = NETS[name]
    net = Net(**shapes)
    expected = by_finite_differences(lambda nudge: loss_of(net, nudge))
    loss = loss_of(net, lambda _, z: z)
    parameters = [list(numbers_in(getattr(net, layer).w)) for layer in shapes]
    sums = dict(zip(shapes, weighted_sums(loss, parameters), strict=True))
    for layer, slopes in expected.items():
        found = sorted(ag.gradient(loss, sums[layer]))
        assert found == pytest.approx(sorted(slopes), rel=1e-7, abs=1e-9)
    flow = nn.gradient_flow(loss, net)
    for measured in flow.layers:
        slopes = expected[measured.name.replace("places", "tokens")]
        assert measured.arriving == pytest.approx(math.hypot(*slopes), rel=1e-7)


# --- what a graph does not tell -------------------------------------------------------------------


def test_what_arrives_at_a_row_of_a_table_is_known_if_it_is_looked_up() -> None:
    net: Any = Net(table=(2, 1), out=(1,))
    for take, is_told in ((ag.lookup, True), (lambda table, index: table[index], False)):
        (e,) = take(net.table.w, 1)
        z = net.out.w[0] * e
        of_table, of_out = ag.gradient(ag.tanh(z), [e, z])
        expected = of_table if is_told else of_out
        assert arriving(ag.tanh(z), net) == pytest.approx([abs(expected), abs(of_out)])


def test_tied_layers_have_the_same_sums() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            self.first = self.second = nn.Layer(2, 2, "linear", rng=0)
            self.last = nn.Layer(2, 1, "linear", rng=1)

    model = Tied()
    one = model.first([1.0, -2.0])
    two = model.second([z.tanh() for z in one])
    loss = nn.mse_loss(model.last([z.tanh() for z in two]), 1.0)
    first, second, last = arriving(loss, model)
    assert first == second == pytest.approx(math.hypot(*ag.gradient(loss, [*one, *two])))
    assert 0.0 < last != first


def test_products_of_inputs_alone_stay_in_their_sum() -> None:
    u, v, x, y = (Value(float(i + 1)) for i in range(4))
    z = u * x + v * y + x * y
    assert weighted_sums(z**2, [[u, v]]) == [[z]]

"""What the compiled step is measured on: losses of one sample, each written once in scalars.

A workload is everything a contestant needs: the loss, the shapes of its parameters, numbers for
them, and a batch of data. Our engine runs the loss as it stands, eager and compiled; what the peers
run instead is in `peers`, and has to give the same loss and the same gradient.
"""

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import random_graph
from numpy.typing import NDArray

import autograd as ag
import nn
from autograd import Value
from autograd.nested_numbers import map_numbers

Array: TypeAlias = NDArray[Any]
Shape: TypeAlias = tuple[int, ...]

MOONS = "moons 2-16-16-1, B 100"
DIGITS = "digits 64-32-10, B 64"
LARGE_CLASSIFIER = "784-64-10, B 64"
RECURRENT = "RNN, 16 steps, B 32"
TRANSFORMER = "names GPT, 8 letters, B 32"
LOGISTIC_MAP = "logistic map, 200 steps, B 1"
RANDOM_GRAPH = "random graph, B 64"
SMALL_RANDOM_GRAPH = "small random graph, B 64"

PENALTY = 1e-4
HEADS = 4
EPSILON = 1e-5


def no_penalty(parameters: Sequence[Value]) -> float:
    return 0.0


@dataclass(frozen=True)
class Workload:
    """The mean over a batch of a loss, plus a penalty, to be differentiated by the parameters.

    Attributes
    ----------
    loss : callable
        ``loss(parameters, *sample) -> Value``, the parameters as nested lists of these shapes.
    shapes : sequence of tuple
        Of the parameters, in the order in which they lie in theta.
    theta : array, (n,)
        All parameters.
    batch : tuple of arrays, each (B, ...)
    penalty : callable
        ``penalty(parameters) -> Value`` of the flat list, the same for each sample.
    """

    loss: Callable[..., Value]
    shapes: Sequence[Shape]
    theta: Array
    batch: tuple[Array, ...]
    penalty: Callable[[Sequence[Value]], Value | float] = no_penalty

    def values(self) -> list[Value]:
        """Make a Value of each parameter."""
        return [Value(number) for number in self.theta.tolist()]

    def loss_of(self, values: Sequence[Value]) -> Callable[..., Value]:
        """Return the loss of a sample as a function of the sample alone."""
        parameters = [part.tolist() for part in split(np.array(values), self.shapes)]
        return functools.partial(self.loss, parameters)

    def sample(self, index: int) -> list[Any]:
        """Return the arguments of the loss, with a Value for each number of the batch."""
        return [map_numbers(Value, array[index].tolist()) for array in self.batch]


def split(flat: Any, shapes: Sequence[Shape]) -> list[Any]:
    """Cut a flat vector, an array or a tensor of any library, into views of these shapes."""
    parts, start = [], 0
    for shape in shapes:
        stop = start + int(np.prod(shape))
        parts.append(flat[start:stop].reshape(shape))
        start = stop
    return parts


def random_parameters(shapes: Sequence[Shape]) -> Array:
    """Draw parameters that keep the numbers of a layer as large as those before it."""
    rng = np.random.default_rng(0)
    parts = [rng.normal(0.0, shape[-1] ** -0.5, shape) for shape in shapes]
    return np.concatenate([part.ravel() for part in parts])


# --- fully connected networks --------------------------------------------------------------------


def two_moons(n_points: int) -> tuple[Array, Array]:
    """Draw points on two interleaved half circles, and the moon of each: 1 or -1."""
    rng = np.random.default_rng(0)
    angle = np.linspace(0.0, np.pi, n_points // 2)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1.0 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    points = np.concatenate([upper, lower]) + rng.normal(0.0, 0.1, (n_points, 2))
    return points, np.repeat([1, -1], len(angle))


def moons() -> Workload:
    shapes = layer_shapes(2, 16, 16, 1)
    return Workload(
        moons_loss,
        shapes,
        random_parameters(shapes),
        two_moons(100),
        penalty=lambda parameters: nn.l2_penalty(parameters, PENALTY),
    )


def moons_loss(parameters: Any, x: Any, y: Any) -> Value:
    (score,) = network(parameters, x)
    return nn.hinge_loss(score, y)


def digits() -> Workload:
    return classifier(64, 32, 10)


def large_classifier() -> Workload:
    return classifier(784, 64, 10)


def classifier(*sizes: int, batch_size: int = 64) -> Workload:
    """Tell classes apart by cross-entropy, with a network of these layer sizes."""
    shapes = layer_shapes(*sizes)
    rng = np.random.default_rng(1)
    batch = rng.random((batch_size, sizes[0])), rng.integers(0, sizes[-1], batch_size)
    return Workload(classifier_loss, shapes, random_parameters(shapes), batch)


def classifier_loss(parameters: Any, x: Any, label: Any) -> Value:
    return nn.cross_entropy(network(parameters, x), label)


def layer_shapes(*sizes: int) -> list[Shape]:
    """Return the shapes of the weights and biases of each layer."""
    layers = itertools.pairwise(sizes)
    return [shape for n_in, n_out in layers for shape in ((n_out, n_in), (n_out,))]


def network(parameters: Any, x: list[Any]) -> list[Any]:
    """Apply layers of weighted sums with relu between them."""
    layers = list(zip(parameters[::2], parameters[1::2], strict=True))
    for weights, biases in layers[:-1]:
        x = [ag.relu(output) for output in linear(weights, x, biases)]
    weights, biases = layers[-1]
    return linear(weights, x, biases)


def linear(weights: Any, inputs: Any, biases: Any = None) -> list[Any]:
    biases = biases or [None] * len(weights)
    return [ag.dot(row, inputs, bias) for row, bias in zip(weights, biases, strict=True)]


# --- networks over time --------------------------------------------------------------------------


def recurrent() -> Workload:
    """Predict a number from 16 points, with a cell of 8 numbers that reads one after the other."""
    length, n_inputs, width, batch_size = 16, 3, 8, 32
    shapes = [(width, n_inputs), (width, width), (width,), (width,), (1,)]
    rng = np.random.default_rng(2)
    batch = rng.normal(size=(batch_size, length, n_inputs)), rng.normal(size=batch_size)
    return Workload(recurrent_loss, shapes, random_parameters(shapes), batch)


def recurrent_loss(parameters: Any, sequence: Any, target: Any) -> Value:
    from_input, from_state, biases, readout, (readout_bias,) = parameters
    state: list[Any] = [0.0] * len(biases)
    for x in sequence:
        pulls = linear(from_input, x, biases), linear(from_state, state)
        state = [ag.tanh(pull + memory) for pull, memory in zip(*pulls, strict=True)]
    return nn.mse_loss(ag.dot(readout, state, readout_bias), target)


def names_transformer() -> Workload:
    """Predict each next letter of a name: a GPT of one block that sees 8 letters."""
    n_letters, length, width, batch_size = 27, 8, 16, 32
    tables = [(n_letters, width), (length, width)]
    attention = [(width, width)] * 4
    feed_forward = [(4 * width, width), (width, 4 * width)]
    shapes = [*tables, *attention, *feed_forward, (n_letters, width)]
    letters = np.random.default_rng(3).integers(0, n_letters, (batch_size, length + 1))
    batch = letters[:, :-1], letters[:, 1:]
    return Workload(transformer_loss, shapes, random_parameters(shapes), batch)


def transformer_loss(parameters: Any, tokens: Any, targets: Any) -> Value:
    """Return the mean cross-entropy over all positions, each of which sees those before it."""
    letters, positions, to_query, to_key, to_value, to_output, up, down, to_logits = parameters
    keys, values, losses = [], [], []
    for token, position, target in zip(tokens, positions, targets, strict=True):
        x = add(ag.lookup(letters, token), position)
        normal = rms_norm(x)
        keys.append(linear(to_key, normal))
        values.append(linear(to_value, normal))
        attended = attention(linear(to_query, normal), keys, values)
        x = add(x, linear(to_output, attended))
        hidden = [ag.relu(output) for output in linear(up, rms_norm(x))]
        x = add(x, linear(down, hidden))
        losses.append(nn.cross_entropy(linear(to_logits, rms_norm(x)), target))
    return ag.mean(losses)


def attention(query: list[Any], keys: list[list[Any]], values: list[list[Any]]) -> list[Any]:
    """Return the mean of the values, each head weighted by how its keys suit the query."""
    size = len(query) // HEADS
    attended = []
    for start in range(0, len(query), size):
        head = slice(start, start + size)
        scores = [ag.dot(query[head], key[head]) * size**-0.5 for key in keys]
        weights = ag.softmax(scores)
        attended += [
            ag.dot(weights, column) for column in zip(*(v[head] for v in values), strict=True)
        ]
    return attended


def rms_norm(x: list[Any]) -> list[Any]:
    scale = (ag.dot(x, x) / len(x) + EPSILON) ** -0.5
    return [number * scale for number in x]


def add(one: list[Any], other: list[Any]) -> list[Any]:
    return [a + b for a, b in zip(one, other, strict=True)]


# --- one number at a time ------------------------------------------------------------------------


def logistic_map() -> Workload:
    """Find the growth rate of a population, which is a share of the largest, from two years."""
    return Workload(logistic_loss, [(1,)], np.array([3.5]), (np.array([0.3]), np.array([0.6])))


def logistic_loss(parameters: Any, start: Any, target: Any) -> Value:
    ((rate,),) = parameters
    return nn.mse_loss(population(rate, start), target)


def population(rate: Any, x: Any) -> Any:
    """Return what 200 years make of a population, in the numbers of any library."""
    for _ in range(200):
        x = rate * x * (1.0 - x)
    return x


# --- a graph without structure -------------------------------------------------------------------


def irregular(n_steps: int) -> Workload:
    """Apply operations of the whole table to numbers drawn at random, again and again."""
    n_parameters, n_inputs, batch_size = 1000, 64, 64
    rng = np.random.default_rng(4)
    batch = (
        rng.uniform(-1.0, 1.0, (batch_size, n_inputs)),
        rng.integers(0, random_graph.TABLE_LENGTH, batch_size),
    )
    theta = rng.uniform(-1.0, 1.0, n_parameters)
    recipe = random_graph.recipe(n_parameters + n_inputs, n_steps, rng)

    def loss(parameters: Any, x: Any, index: Any) -> Value:
        return random_graph.follow(recipe, [*parameters[0], *x], index)

    return Workload(loss, [(n_parameters,)], theta, batch)


WORKLOADS: dict[str, Callable[[], Workload]] = {
    MOONS: moons,
    DIGITS: digits,
    LARGE_CLASSIFIER: large_classifier,
    RECURRENT: recurrent,
    TRANSFORMER: names_transformer,
    LOGISTIC_MAP: logistic_map,
    RANDOM_GRAPH: functools.partial(irregular, 36_000),
    SMALL_RANDOM_GRAPH: functools.partial(irregular, 450),
}

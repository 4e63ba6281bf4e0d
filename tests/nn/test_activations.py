"""The named activations: their formulas, and the weights that neurons start with."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd import Value
from comparing import close

FORMULAS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda x: x,
    "relu": lambda x: x if x > 0 else 0 * x,
    "leaky_relu": lambda x: x if x > 0 else x * 0.01,
    "elu": lambda x: x if x > 0 else mpmath.exp(x) - 1,
    "gelu": lambda x: x * mpmath.ncdf(x),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
    "tanh": mpmath.tanh,
    "arctan": mpmath.atan,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
}

GLOROT = ["arctan", "linear", "sigmoid", "tanh"]
HE = ["elu", "gelu", "leaky_relu", "relu", "silu", "softplus"]

away_from_the_kink = st.floats(-1000, 1000).filter(lambda x: abs(x) > 1e-6)


def test_every_activation_has_an_oracle_and_a_start_here() -> None:
    assert sorted(FORMULAS) == sorted(nn.ACTIVATIONS) == sorted(GLOROT + HE)


@pytest.mark.parametrize("activation", nn.ACTIVATIONS.values())
def test_a_known_function_is_the_activation_of_its_name(activation: Any) -> None:
    assert nn.Neuron(1, activation.function).activation is nn.ACTIVATIONS[activation.name]


@pytest.mark.parametrize("name", sorted(FORMULAS))
@given(x=away_from_the_kink)
def test_value_and_derivative_are_those_of_the_formula(name: str, x: float) -> None:
    variable = Value(x)
    output = nn.ACTIVATIONS[name].function(variable)
    (derivative,) = ag.gradient(output, [variable])
    with mpmath.workdps(50):
        expected = FORMULAS[name](mpmath.mpf(x))
        expected_derivative = mpmath.diff(FORMULAS[name], x)
    assert output.data == close(float(expected))
    assert derivative == close(float(expected_derivative))


def test_the_derivative_of_relu_at_zero_is_zero() -> None:
    x = Value(0.0)
    nn.ACTIVATIONS["relu"].function(x).backward()
    assert x.grad == 0.0


# --- initial weights -----------------------------------------------------------------------------


def greatest_distance(numbers: list[float], distribution: Callable[[float], float]) -> float:
    """Return the Kolmogorov-Smirnov distance of numbers from a distribution function."""
    expected = np.array([distribution(x) for x in sorted(numbers)])
    steps = np.arange(len(numbers) + 1) / len(numbers)
    return float(max(np.max(steps[1:] - expected), np.max(expected - steps[:-1])))


def initial_weights(name: str) -> list[float]:
    layer = nn.Layer(100, 200, name, rng=0)
    return [weight.data for neuron in layer.neurons for weight in neuron.weight]


# 20,000 numbers of the right distribution exceed this distance once in a thousand seeds; a spread
# that is 10 % off has a distance of 0.024.
CRITICAL_DISTANCE = 1.95 / math.sqrt(20_000)


@pytest.mark.parametrize("name", HE)
def test_he_weights_are_normal_with_variance_two_over_inputs(name: str) -> None:
    deviation = math.sqrt(2 / 100)

    def normal(x: float) -> float:
        return (1 + math.erf(x / deviation / math.sqrt(2))) / 2

    assert greatest_distance(initial_weights(name), normal) < CRITICAL_DISTANCE


@pytest.mark.parametrize("name", GLOROT)
def test_glorot_weights_are_uniform_within_their_bound(name: str) -> None:
    bound = math.sqrt(6 / (100 + 200))
    weights = initial_weights(name)
    assert max(map(abs, weights)) <= bound
    assert greatest_distance(weights, lambda x: (x + bound) / (2 * bound)) < CRITICAL_DISTANCE


def test_a_function_of_yours_starts_with_glorot_weights() -> None:
    neuron = nn.Neuron(5, lambda x: x * x, rng=3)
    linear = nn.Neuron(5, "linear", rng=3)
    assert [w.data for w in neuron.weight] == [w.data for w in linear.weight]


def test_a_neuron_on_its_own_starts_as_a_layer_of_one() -> None:
    neuron, layer = nn.Neuron(5, "tanh", rng=3), nn.Layer(5, 1, "tanh", rng=3)
    assert [w.data for w in neuron.weight] == [w.data for w in layer.neurons[0].weight]


def test_an_operation_is_an_activation_with_its_name() -> None:
    layer = nn.Layer(2, 1, activation=ag.operations.sin)
    assert repr(layer) == "Layer(2, 1, activation='sin')"

"""The activations that have a name, each with the initial weights that suit it.

A layer keeps the size of its signal from input to output, and of its gradient from output to input,
if the spread of its initial weights suits its activation.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

import autograd as ag
from autograd import Value
from autograd.errors import ArgumentError
from autograd.operation import Operation
from autograd.wording import shown_short


def he_normal(n_inputs: int, n_outputs: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw the `n_inputs` weights of a neuron for an activation that passes half of its inputs.

    Normal with variance ``2 / n_inputs``. He, Zhang, Ren, Sun: Delving Deep into Rectifiers, 2015,
    equation 10.
    """
    return rng.normal(0.0, math.sqrt(2.0 / n_inputs), n_inputs)


def glorot_uniform(n_inputs: int, n_outputs: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw the `n_inputs` weights of a neuron for an activation that is linear around 0.

    Uniform within ``±sqrt(6 / (n_inputs + n_outputs))``. Glorot, Bengio: Understanding the
    difficulty of training deep feedforward neural networks, 2010, equation 16.
    """
    bound = math.sqrt(6.0 / (n_inputs + n_outputs))
    return rng.uniform(-bound, bound, n_inputs)


def linear(x: Value) -> Value:
    """Return `x` itself: no activation."""
    return x


Initializer = Callable[[int, int, np.random.Generator], NDArray[np.float64]]


@dataclass(frozen=True)
class Activation:
    """A function that a neuron applies to its weighted sum, with its name and its initial weights.

    Other initial weights are another activation, here of normal numbers with variance 1:

    >>> import nn
    >>> from autograd import tanh
    >>> def normal(n_inputs, n_outputs, rng):
    ...     return rng.normal(size=n_inputs)
    >>> nn.Layer(100, 3, nn.Activation("tanh", tanh, normal))
    Layer(100, 3, activation='tanh')

    Attributes
    ----------
    name : str
    function : callable
        Takes a Value, returns a Value.
    initial_weights : callable
        ``initial_weights(n_inputs, n_outputs, rng)`` draws the weights of one neuron of a layer.
    """

    name: str
    function: Callable[[Value], Value]
    initial_weights: Initializer


Activating: TypeAlias = str | Callable[[Value], Value] | Activation
"""The name of a known activation, a function, or a function with its initial weights.

A `Module` is a function with parameters of its own, which are trained and saved with the others.
"""

ACTIVATIONS = {
    activation.name: activation
    for activation in [
        Activation("linear", linear, glorot_uniform),
        Activation("relu", ag.relu, he_normal),
        Activation("leaky_relu", ag.leaky_relu, he_normal),
        Activation("elu", ag.elu, he_normal),
        Activation("gelu", ag.gelu, he_normal),
        Activation("silu", ag.silu, he_normal),
        Activation("softplus", ag.softplus, he_normal),
        Activation("tanh", ag.tanh, glorot_uniform),
        Activation("arctan", ag.arctan, glorot_uniform),
        Activation("sigmoid", ag.sigmoid, glorot_uniform),
    ]
}
"""The known activations by name."""


def find_activation(activation: Activating) -> Activation:
    """Return the activation with a name, or wrap your own function.

    >>> find_activation("tanh").function(Value(0.0))
    Value(0.0)

    Raises
    ------
    ArgumentError
        If the name is unknown. The message lists the known ones.
    """
    if isinstance(activation, Activation):
        return activation
    for known in ACTIVATIONS.values():
        if activation is known.function:
            return known
    if isinstance(activation, Operation):
        return Activation(activation.name, activation, glorot_uniform)
    if callable(activation):
        name = getattr(activation, "__name__", type(activation).__name__)
        return Activation(name, activation, glorot_uniform)
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise ArgumentError(
            f"unknown activation {shown_short(activation)}: use one of {', '.join(ACTIVATIONS)}, "
            "or a function from Value to Value; cross_entropy applies the softmax itself"
        )
    return ACTIVATIONS[activation]

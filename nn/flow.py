"""`gradient_flow`: how large the gradient is that arrives at each layer on its way back.

A network of three layers computes f(W₃, g(W₂, h(W₁, x))). By the chain rule the gradient of W₁ is a
product with a factor for every layer behind it. Where these factors are mostly small it vanishes,
and the first layers do not learn; where they are mostly large it explodes.
"""

import math
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Value, gradient
from autograd.diagnosis import require_recorded
from autograd.errors import ArgumentError, NotANumberError
from autograd.graph import topological_order
from autograd.nested_numbers import numbers_in
from autograd.wording import shown_short
from nn.module import Module
from nn.objective import require_effect
from nn.weighted_sums import weighted_sums

WIDTH = 84
"""The most columns of a remark."""

LONGEST_BAR = 20
BLOCKS_PER_TENFOLD = 2
_SCALE = f"Bars are logarithmic: {BLOCKS_PER_TENFOLD} blocks for a factor of 10."

HEALTHY = 1e3
"""A gradient that grows or shrinks by less than this over all layers is no reason to worry."""


@dataclass(frozen=True)
class LayerGradient:
    """The gradient at one layer.

    Attributes
    ----------
    name : str
        As in `Module.state_dict`, or "model" for the model's own parameters.
    shapes : str
        What the layer's parameters are, such as "weight 8×2, bias 8".
    arriving : float
        The norm of the gradient with respect to z, what the layer computes from its parameters and
        its inputs: the weighted sums, before the activation. For a batch, those of all samples; of
        a convolution those of all places, of a recurrence those of all steps.
    parameters : float
        The norm of the gradient with respect to W, the parameters.
    """

    name: str
    shapes: str
    arriving: float
    parameters: float


@dataclass(frozen=True, repr=False)
class GradientFlow:
    """What `gradient_flow` returns. It prints as a table.

    >>> import nn
    >>> model = nn.MLP(1, [2, 1], activation="linear", rng=0)
    >>> model.layers[1].neurons[0].weight = [0.03, 0.04]
    >>> flow = nn.gradient_flow(nn.mse_loss(model([0.0]), 1.0), model)
    >>> [layer.name for layer in flow.layers], round(flow.factor, 6)
    (['0', '2'], 0.05)

    Attributes
    ----------
    layers : tuple of LayerGradient
        In the order of the model, the first layer first.
    """

    layers: tuple[LayerGradient, ...]

    @property
    def factor(self) -> float:
        """What arrives at the first layer, as a multiple of what arrives at the last."""
        first, last = self.layers[0].arriving, self.layers[-1].arriving
        return first / last if last else math.nan

    def __repr__(self) -> str:
        arriving = max(layer.arriving for layer in self.layers)
        parameters = max(layer.parameters for layer in self.layers)
        rows = [["layer", "parameters W", "‖∂L/∂z‖", "arrives", "‖∂L/∂W‖", "for the parameters"]]
        for layer in reversed(self.layers):
            row = [layer.name, layer.shapes, f"{layer.arriving:.4g}"]
            row += [_bar(layer.arriving, arriving), f"{layer.parameters:.4g}"]
            rows.append([*row, _bar(layer.parameters, parameters)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([*table, "", *(textwrap.fill(text, WIDTH) for text in self._remarks())])

    def _remarks(self) -> Iterator[str]:
        yield (
            "From the loss (top) back to the input. z is what a layer computes from W and its "
            f"inputs, before the activation. {_SCALE}"
        )
        silent = [layer.name for layer in self.layers if not layer.arriving]
        if len(silent) == len(self.layers):
            yield (
                "Every gradient is exactly 0, and nothing is learned: the loss is flat here, as "
                "the hinge loss is beyond its margin, or every relu on the way is below 0."
            )
        elif silent:
            names = f"layer{'s' if len(silent) > 1 else ''} {' and '.join(silent)}"
            yield f"Nothing arrives at {names}: nothing is learned there, unlike elsewhere."
        elif len(self.layers) > 1:
            yield f"From the last layer to the first, what arrives {self._change()}."

    def _change(self) -> str:
        change = f"is multiplied by {self.factor:.2g}"
        steps = len(self.layers) - 1
        if steps > 1:
            change += f", by {self.factor ** (1 / steps):.2g} from row to row"
        if self.factor < 1 / HEALTHY:
            return f"{change}: the gradient vanishes"
        if self.factor > HEALTHY:
            return f"{change}: the gradient explodes"
        return change


def gradient_flow(loss: Value, model: Module) -> GradientFlow:
    """Measure the gradient that arrives at each layer of a model.

    >>> import nn
    >>> model = nn.MLP(2, [8, 8, 8, 1], activation="sigmoid", rng=0)
    >>> loss = nn.mse_loss(model([1.0, -2.0]), 1.0)
    >>> nn.gradient_flow(loss, model)  # doctest: +NORMALIZE_WHITESPACE
    layer  parameters W        ‖∂L/∂z‖   arrives               ‖∂L/∂W‖  for the parameters
    6      weight 1×8, bias 1  2.348    ████████████████████  4.645    ████████████████████
    4      weight 8×8, bias 8  0.7673   ███████████████████   1.427    ███████████████████
    2      weight 8×8, bias 8  0.1528   ██████████████████    0.3225   ██████████████████
    0      weight 8×2, bias 8  0.03164  ████████████████      0.07749  ████████████████
    From the loss (top) back to the input. z is what a layer computes from W and its
    inputs, before the activation. Bars are logarithmic: 2 blocks for a factor of 10.
    From the last layer to the first, what arrives is multiplied by 0.013, by 0.24 from row to row.

    It leaves every ``grad`` alone.

    Parameters
    ----------
    loss : Value
        The loss of one sample or of a batch, without a penalty on the parameters: what arrives at
        a layer is what comes through the network.
    model : Module
        Parameters whose names in `Module.state_dict` agree up to the last dot make a layer. Tied
        ones belong to several, which then have the same z.

    Raises
    ------
    ArgumentError
        If `model` is not a Module with parameters, or `loss` depends on none of them, or was
        computed by a compiled function.
    NotANumberError
        If `loss` is not a Value.
    GraphError
        If `loss` is a constant: nothing was recorded.
    DomainError, NonFiniteError
        If a derivative does not exist, or is not finite.

    Notes
    -----
    Each z is found in the graph, however it was written: it is a product with a parameter, a `dot`
    or `lookup` of parameters, or the sum of such terms. Two things do not show in the graph:

    - whether a product is one with an input, or is part of a penalty or of weights that are
      computed from others;
    - what arrives at a row that was taken out of a table by ``table[index]``, only what arrives at
      the sum that the row goes into: take the row by ``ag.lookup(table, index)``.
    """
    if not isinstance(model, Module) or not model.parameters():
        raise ArgumentError(
            f"gradient_flow() takes a Module with parameters, not {shown_short(model)}"
        )
    if not isinstance(loss, Value):
        raise NotANumberError(
            f"gradient_flow() takes the loss as a Value, not {shown_short(loss)}: "
            "compute it first, from the model's prediction for a sample or a batch"
        )
    require_recorded(loss, "gradient_flow() of")
    require_effect(model.parameters(), loss, "model")
    _require_layers_inside(loss)
    layers = _by_layer(model.state_dict().items())
    tensors = _by_layer(model.named_tensors())
    parameters = [list(numbers_in(list(own.values()))) for own in tensors.values()]
    of_parameters = gradient(loss, parameters)
    of_sums = gradient(loss, weighted_sums(loss, parameters))
    return GradientFlow(
        tuple(
            LayerGradient(name, _shapes(arrays), math.hypot(*arriving), math.hypot(*learned))
            for (name, arrays), arriving, learned in zip(
                layers.items(), of_sums, of_parameters, strict=True
            )
        )
    )


def _by_layer(named: Iterable[tuple[str, Any]]) -> dict[str, dict[str, Any]]:
    """Group what has the name of a tensor by the module that the tensor belongs to."""
    layers: dict[str, dict[str, Any]] = {}
    for name, thing in named:
        module, _, own_name = name.rpartition(".")
        layers.setdefault(module or "model", {})[own_name] = thing
    return layers


def _shapes(arrays: dict[str, NDArray[np.float64]]) -> str:
    return ", ".join(f"{name} {'×'.join(map(str, a.shape)) or 1}" for name, a in arrays.items())


def _bar(norm: float, largest: float) -> str:
    """Draw a norm on a logarithmic scale."""
    if not norm:
        return ""
    # The quotient of both may be too small for a float, its logarithm is not.
    blocks = LONGEST_BAR + BLOCKS_PER_TENFOLD * (math.log10(norm) - math.log10(largest))
    return "█" * max(1, round(blocks))


def _require_layers_inside(loss: Value) -> None:
    from autograd.compiler.mean import COMPILED_MEAN  # the compiler is imported when it is needed

    for node in topological_order(loss):
        if node.operation is not None and node.operation.name == COMPILED_MEAN:
            raise ArgumentError(
                "a compiled function computed the loss, as one operation on all parameters: "
                "call the function itself on a sample, so that the graph shows the layers"
            )

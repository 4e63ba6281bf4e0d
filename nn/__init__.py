"""Neural networks on scalars: neurons, layers, losses, optimizers and the training loop.

>>> import nn
>>> model = nn.MLP(2, [4, 1], rng=0)
>>> loss = nn.mse_loss(model([0.5, -1.0]), 1.0)
>>> loss.backward()
>>> nn.SGD(model.parameters(), lr=0.1).step()
>>> nn.mse_loss(model([0.5, -1.0]), 1.0) < loss
True

Read the modules in this order:

- `module` (what has parameters), `activations`, `layers` (what a network computes)
- `losses`, `objective` (what training minimizes), `metrics`
- `schedules`, `optimizer` (a step), `optimizers` (its formulas)
- `data` (mini-batches), `training` (the loop that uses them all, with `reports`, `checkpoints` and
  `steps`)

Then look at what training does:

- `flow` (the gradient on its way through the layers, by their `weighted_sums`)
- `landscape` (the loss from afar, along `directions`)
- `plots` (pictures)

These serve all of them: `arguments` (checks), `archive` (files), `interrupts` (Ctrl-C) and
`progress` (a bar).
"""

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

from nn.activations import ACTIVATIONS, Activation
from nn.data import minibatches
from nn.flow import GradientFlow, gradient_flow
from nn.landscape import Landscape, loss_landscape
from nn.layers import MLP, Layer, Neuron
from nn.losses import binary_cross_entropy, cross_entropy, hinge_loss, l2_penalty, mse_loss
from nn.metrics import accuracy
from nn.module import Module
from nn.optimizer import Optimizer
from nn.optimizers import SGD, Adam, AdamW
from nn.reports import EpochReport
from nn.schedules import cosine_decay, linear_decay, step_decay, warmup
from nn.training import Training, fit

if TYPE_CHECKING:
    from nn import plots as plots

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "EpochReport",
    "GradientFlow",
    "Landscape",
    "Layer",
    "Module",
    "Neuron",
    "Optimizer",
    "Training",
    "accuracy",
    "binary_cross_entropy",
    "cosine_decay",
    "cross_entropy",
    "fit",
    "gradient_flow",
    "hinge_loss",
    "l2_penalty",
    "linear_decay",
    "loss_landscape",
    "minibatches",
    "mse_loss",
    "step_decay",
    "warmup",
]


_INSTEAD = {
    "Linear": 'nn.Layer(n_inputs, n_outputs, "linear")',
    "Sequential": "nn.MLP, or an nn.Module whose __call__ applies its layers in turn",
    "Parameter": "ag.Value(0.0) on an nn.Module, which is a parameter",
    "Embedding": "ag.lookup(table, index)",
    "ReLU": 'nn.Layer(n_inputs, n_outputs, "relu"), or ag.relu(x)',
    "Tanh": 'nn.Layer(n_inputs, n_outputs, "tanh"), or ag.tanh(x)',
    "Sigmoid": 'nn.Layer(n_inputs, n_outputs, "sigmoid"), or ag.sigmoid(x)',
    "Dropout": "h * m, with random numbers 0 or 1 / (1 - p) for m that come with each sample",
    "CrossEntropyLoss": "nn.cross_entropy(scores, label)",
    "MSELoss": "nn.mse_loss(prediction, target)",
    "optim": "nn.SGD, nn.Adam or nn.AdamW",
}
"""What to write for names that PyTorch has."""


def __dir__() -> list[str]:
    """List what users need: also the pictures, if they can be imported."""
    return [*__all__, *["plots"] * (importlib.util.find_spec("matplotlib") is not None)]


def __getattr__(name: str) -> Any:
    """Import the pictures, and with them matplotlib, when they are first asked for.

    What is not here is an error, with a hint if PyTorch has it.
    """
    if name == "plots":
        return importlib.import_module("nn.plots")
    instead = f": write {_INSTEAD[name]}" if name in _INSTEAD else ""
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{instead}")

"""A scalar autograd engine: write scalars, see every derivative.

>>> import autograd as ag
>>> x = ag.Value(2.0)
>>> y = ag.tanh(x) ** 2
>>> y.backward()
>>> round(x.grad, 6)
0.136219

Read the modules in this order: `operations` (what can be computed, and its derivative), `graph`
(the backward pass), `recording`, `value` (the node and its operators), `functions`, `derivatives`,
`gradcheck`.
"""

import importlib
from typing import TYPE_CHECKING, Any

from autograd.derivatives import grad, gradient, hessian, value_and_grad
from autograd.errors import (
    ArgumentError,
    AutogradError,
    DivergenceError,
    DomainError,
    GradientCheckError,
    GraphError,
    NonFiniteError,
    NotANumberError,
    RenderingError,
    ShapeError,
    StateError,
    TraceError,
    WriteError,
)
from autograd.functions import (
    abs,
    arctan,
    cos,
    detach,
    dot,
    elu,
    erf,
    exp,
    expm1,
    gelu,
    leaky_relu,
    log,
    log1p,
    log_softmax,
    logsumexp,
    lookup,
    max,
    mean,
    min,
    norm,
    relu,
    sigmoid,
    silu,
    sin,
    softmax,
    softplus,
    sqrt,
    sum,
    tanh,
)
from autograd.gradcheck import gradcheck
from autograd.recording import collector_paused, detect_anomaly, enable_grad, no_grad
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.compiler import Compiled, compile, compile_graph
    from autograd.drawing import DecisionPlane, TrainingHistory, draw, explore

__all__ = [
    "ArgumentError",
    "AutogradError",
    "Compiled",
    "DecisionPlane",
    "DivergenceError",
    "DomainError",
    "GradientCheckError",
    "GraphError",
    "NonFiniteError",
    "NotANumberError",
    "RenderingError",
    "ShapeError",
    "StateError",
    "TraceError",
    "TrainingHistory",
    "Value",
    "WriteError",
    "abs",
    "arctan",
    "collector_paused",
    "compile",
    "compile_graph",
    "cos",
    "detach",
    "detect_anomaly",
    "dot",
    "draw",
    "elu",
    "enable_grad",
    "erf",
    "exp",
    "explore",
    "expm1",
    "gelu",
    "grad",
    "gradcheck",
    "gradient",
    "hessian",
    "leaky_relu",
    "log",
    "log1p",
    "log_softmax",
    "logsumexp",
    "lookup",
    "max",
    "mean",
    "min",
    "no_grad",
    "norm",
    "relu",
    "sigmoid",
    "silu",
    "sin",
    "softmax",
    "softplus",
    "sqrt",
    "sum",
    "tanh",
    "value_and_grad",
]


_ON_DEMAND = {
    "Compiled": "autograd.compiler",
    "DecisionPlane": "autograd.drawing",
    "TrainingHistory": "autograd.drawing",
    "compile": "autograd.compiler",
    "compile_graph": "autograd.compiler",
    "draw": "autograd.drawing",
    "explore": "autograd.drawing",
}


def __getattr__(name: str) -> Any:
    """Import the compiler, and with it NumPy, or Graphviz, when it is first asked for."""
    if name in _ON_DEMAND:
        return getattr(importlib.import_module(_ON_DEMAND[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""A scalar autograd engine: write scalars, see every derivative.

>>> import autograd as ag
>>> x = ag.Value(2.0)
>>> y = ag.tanh(x) ** 2
>>> y.backward()
>>> round(x.grad, 6)
0.136219

`Value` is where to begin. `draw`, `explain` and `explore` show its graph; `grad`, `hessian` and the
like differentiate functions; `compile` makes them fast for batches; `define`, in `operations`, adds
an operation, and `gradcheck` checks it.

To read the source, take the modules in this order:

- `operation` (a function that knows its derivative), `definition` (how one is made), `operations`
  (all of them)
- `graph` (what is recorded), `backpropagation` (the backward pass)
- `modes`, `tracing`, `recording` (what is recorded when)
- `value` (the node and its operators), `functions` and `compositions` of them
- `gradients`, `derivatives` (of any order), `gradcheck`
- `formulas` (operations as source text), `compiler` (a graph as a program in NumPy or C)
- `drawing` (pictures, explanations, pages)

These serve all of them: `errors` and `diagnosis` (what is wrong), `wording` (words of messages),
`real_numbers` and `nested_numbers`, `user_code` (where the user's lines are), `collector` (pauses
Python's garbage collector), `files`, and `parts` (which part of a model made a node).
"""

import importlib
from typing import TYPE_CHECKING, Any

from autograd.collector import collector_paused
from autograd.compositions import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    logsumexp,
    mean,
    norm,
    silu,
    softmax,
)
from autograd.derivatives import grad, hessian, jacobian, value_and_grad
from autograd.errors import (
    ArgumentError,
    AutogradError,
    CompilationError,
    DivergenceError,
    DomainError,
    FileError,
    GradientCheckError,
    GraphError,
    IndependenceWarning,
    MissingPackageError,
    NonFiniteError,
    NotANumberError,
    NothingTrainedWarning,
    RenderingError,
    ShapeError,
    StateError,
    TraceError,
)
from autograd.functions import (
    abs,
    arctan,
    cos,
    detach,
    dot,
    erf,
    erfc,
    exp,
    expm1,
    heaviside,
    log,
    log1p,
    lookup,
    max,
    min,
    relu,
    sigmoid,
    sin,
    softplus,
    sqrt,
    sum,
    tanh,
)
from autograd.gradcheck import gradcheck
from autograd.gradients import gradient
from autograd.recording import detect_anomaly, enable_grad, no_grad
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.compiler import Compiled, compile, compile_graph
    from autograd.drawing.drawing import Drawing, draw
    from autograd.drawing.explanation.explaining import Explanation, explain
    from autograd.drawing.explorer.exploring import explore
    from autograd.drawing.explorer.history import TrainingHistory
    from autograd.drawing.explorer.plane import DecisionPlane

__all__ = [
    "ArgumentError",
    "AutogradError",
    "CompilationError",
    "Compiled",
    "DecisionPlane",
    "DivergenceError",
    "DomainError",
    "Drawing",
    "Explanation",
    "FileError",
    "GradientCheckError",
    "GraphError",
    "IndependenceWarning",
    "MissingPackageError",
    "NonFiniteError",
    "NotANumberError",
    "NothingTrainedWarning",
    "RenderingError",
    "ShapeError",
    "StateError",
    "TraceError",
    "TrainingHistory",
    "Value",
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
    "erfc",
    "exp",
    "explain",
    "explore",
    "expm1",
    "gelu",
    "grad",
    "gradcheck",
    "gradient",
    "heaviside",
    "hessian",
    "jacobian",
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
    "autograd.compiler": ("Compiled", "compile", "compile_graph"),
    "autograd.drawing.drawing": ("Drawing", "draw"),
    "autograd.drawing.explanation.explaining": ("Explanation", "explain"),
    "autograd.drawing.explorer.exploring": ("explore",),
    "autograd.drawing.explorer.history": ("TrainingHistory",),
    "autograd.drawing.explorer.plane": ("DecisionPlane",),
}
"""Imported when they are first asked for, and with them NumPy or Graphviz."""


def __dir__() -> list[str]:
    """List what users need: also what is not imported yet, and no module."""
    return __all__


def __getattr__(name: str) -> Any:
    for module, names in _ON_DEMAND.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

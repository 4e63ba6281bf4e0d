"""Every operation of the engine, each defined once.

This is the first step of everything that follows: the graph records operations, the backward
sweep asks them for derivatives, pictures print their symbols, the gradient check and the tests
iterate over :data:`OPERATIONS`.

A definition says four things: what a picture prints, the forward computation on floats, the same
on arrays, and the derivative. The derivative is one rule, written with plain operators::

    tanh = define(
        "tanh",
        symbol="tanh",
        forward=math.tanh,
        array=lambda np, x: np.tanh(x),
        derivative=lambda g, out, x: (g * (1 - out * out),),
    )

``g`` is the gradient that arrives at the output (dL/d out), ``out`` the output itself, and the rule
returns what it sends on to each input: dL/d input = g * d out/d input. Since it only uses operators
and other operations, the same rule computes with floats (backpropagation), with Values (which makes
the gradient a graph again: second derivatives) and with arrays.

At a kink the rules agree on one convention: relu'(0) = 0, abs'(0) = 0, and of several equal
largest (or smallest) inputs the first receives the whole gradient.
"""

import builtins
import functools
import math
import operator
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd.definition import define as define
from autograd.operation import BUILT_IN, CONSTANT, DETACH, SEED, Operation
from autograd.operation import OPERATIONS as OPERATIONS

# --- arithmetic ----------------------------------------------------------------------------------


def _add_accumulate(g: float, a: Any, b: Any) -> None:
    # This and `_mul_accumulate` take 17 % off the backward pass of a graph of sums and products.
    # The gradient that arrives first is kept as it is: adding it to 0.0 would make a new float,
    # 11 bytes per node of such a graph.
    a.grad = a.grad + g if a.grad else g
    b.grad = b.grad + g if b.grad else g


add = define(
    "add",
    symbol="+",
    forward=operator.add,
    array=lambda np, a, b: a + b,
    derivative=lambda g, out, a, b: (g, g),
    accumulate=_add_accumulate,
)

sub = define(
    "sub",
    symbol="-",
    forward=operator.sub,
    array=lambda np, a, b: a - b,
    derivative=lambda g, out, a, b: (g, -g),
)


def _mul_accumulate(g: float, a: Any, b: Any) -> None:
    a.grad += g * b.data
    b.grad += g * a.data


mul = define(
    "mul",
    symbol="*",
    forward=operator.mul,
    array=lambda np, a, b: a * b,
    derivative=lambda g, out, a, b: (g * b, g * a),
    accumulate=_mul_accumulate,
)

div = define(
    "div",
    symbol="/",
    forward=operator.truediv,
    array=lambda np, a, b: a / b,
    derivative=lambda g, out, a, b: (g / b, -g * out / b),
    advice="keep the divisor away from zero",
)

neg = define(
    "neg",
    symbol="neg",
    forward=operator.neg,
    array=lambda np, x: -x,
    derivative=lambda g, out, x: (-g,),
)


def _pow_derivative(g: Any, out: Any, base: Any, exponent: Any) -> Sequence[Any]:
    """d(b**e)/db = e * b**(e - 1), and d(b**e)/de = b**e * log(b).

    Two points need care. At e = 0 the first formula is 0 * b**-1, which does not exist at b = 0 and
    overflows next to it, though x**0 is flat: there the exponent is left at 0. For b <= 0 the
    second formula has no logarithm: b**e then exists only for isolated e, so the exponent gets no
    gradient (at b = 0 that is also the limit).
    """
    has_no_inverse = (base >= -_LARGEST_WITHOUT_INVERSE) * (base <= _LARGEST_WITHOUT_INVERSE)
    flat = has_no_inverse * ((exponent >= 0) * (exponent <= 0))
    positive_base = base * (base > 0) + (base <= 0)
    return g * exponent * base ** (exponent - 1 + flat), g * out * log(positive_base)


_LARGEST_WITHOUT_INVERSE = 1 / sys.float_info.max


pow = define(
    "pow",
    symbol="**",
    forward=math.pow,
    array=lambda np, base, exponent: base**exponent,
    derivative=_pow_derivative,
    advice="a negative base needs a whole exponent, and a zero base one that is not negative",
    overflow_advice="keep the base small, or compute exponent * log(base), its logarithm",
)


# --- functions of one number ---------------------------------------------------------------------

exp = define(
    "exp",
    symbol="exp",
    forward=math.exp,
    array=lambda np, x: np.exp(x),
    derivative=lambda g, out, x: (g * out,),
    advice="softmax, log_softmax, logsumexp, sigmoid and softplus avoid the overflow",
)

log = define(
    "log",
    symbol="log",
    forward=math.log,
    array=lambda np, x: np.log(x),
    derivative=lambda g, out, x: (g / x,),
    advice="its argument must be positive (for the log of a probability, use log_softmax)",
)

log1p = define(
    "log1p",
    symbol="log1p",
    forward=math.log1p,
    array=lambda np, x: np.log1p(x),
    derivative=lambda g, out, x: (g / (1 + x),),
    advice="its argument must be greater than -1",
)

expm1 = define(
    "expm1",
    symbol="expm1",
    forward=math.expm1,
    array=lambda np, x: np.expm1(x),
    derivative=lambda g, out, x: (g * exp(x),),  # out + 1 has no digits left where out is near -1
    advice="its argument must stay below about 709",
)

sqrt = define(
    "sqrt",
    symbol="sqrt",
    forward=math.sqrt,
    array=lambda np, x: np.sqrt(x),
    derivative=lambda g, out, x: (g / (2 * out),),
    advice="its argument must not be negative",
)

sin = define(
    "sin",
    symbol="sin",
    forward=math.sin,
    array=lambda np, x: np.sin(x),
    derivative=lambda g, out, x: (g * cos(x),),
    advice="its argument must be finite",
)

cos: Operation = define(
    "cos",
    symbol="cos",
    forward=math.cos,
    array=lambda np, x: np.cos(x),
    derivative=lambda g, out, x: (-g * sin(x),),
    advice="its argument must be finite",
)

tanh = define(
    "tanh",
    symbol="tanh",
    forward=math.tanh,
    array=lambda np, x: np.tanh(x),
    derivative=lambda g, out, x: (g * (1 - out * out),),
)

arctan = define(
    "arctan",
    symbol="arctan",
    forward=math.atan,
    array=lambda np, x: np.arctan(x),
    derivative=lambda g, out, x: (g / (1 + x * x),),
)


def _sigmoid(x: float) -> float:
    """1 / (1 + e^-x), with the exponential of a number that is never positive."""
    decay = math.exp(-math.fabs(x))
    return (1.0 if x >= 0.0 else decay) / (1.0 + decay)


def _sigmoid_array(np: Any, x: Any) -> Any:
    decay = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, decay) / (1 + decay)


sigmoid = define(
    "sigmoid",
    symbol="σ",
    forward=_sigmoid,
    array=_sigmoid_array,
    derivative=lambda g, out, x: (g * out * (1 - out),),
)


def _relu_accumulate(g: float, x: Any, none: None) -> None:
    # Without the rule's tuple a training step takes 4 % less time.
    if x.data > 0.0:
        x.grad += g


relu = define(
    "relu",
    symbol="relu",
    forward=lambda x: x if not x <= 0.0 else 0.0,
    array=lambda np, x: np.maximum(x, 0.0),
    derivative=lambda g, out, x: (g * (out > 0),),
    accumulate=_relu_accumulate,
)

softplus = define(
    "softplus",
    symbol="softplus",
    forward=lambda x: (x if x > 0.0 else 0.0) + math.log1p(math.exp(-math.fabs(x))),
    array=lambda np, x: np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))),
    derivative=lambda g, out, x: (g * sigmoid(x),),
)

# Also what a comparison in a rule becomes inside a compiled function.
heaviside = define(
    "heaviside",
    symbol="H",
    forward=lambda x: 1.0 if x > 0.0 else 0.0,
    array=lambda np, x: np.greater(x, 0.0) * 1.0,
    derivative=lambda g, out, x: (g * 0.0,),
)

abs = define(
    "abs",
    symbol="abs",
    forward=math.fabs,
    array=lambda np, x: np.abs(x),
    derivative=lambda g, out, x: (g * (x > 0) - g * (x < 0),),
)

erf = define(
    "erf",
    symbol="erf",
    forward=math.erf,
    array=lambda np, x: np.vectorize(math.erf, otypes=[float])(x),
    derivative=lambda g, out, x: (g * (2 / math.sqrt(math.pi)) * exp(-x * x),),
)

erfc = define(
    "erfc",
    symbol="erfc",
    forward=math.erfc,
    array=lambda np, x: np.vectorize(math.erfc, otypes=[float])(x),
    derivative=lambda g, out, x: (g * (-2 / math.sqrt(math.pi)) * exp(-x * x),),
)


# --- functions of many numbers -------------------------------------------------------------------

sum = define(
    "sum",
    symbol="Σ",
    forward=lambda *xs: functools.reduce(operator.add, xs, 0.0),
    array=lambda np, *xs: functools.reduce(operator.add, xs),
    derivative=lambda g, out, *xs: (g,) * len(xs),
)


def dot_terms(inputs: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    """Return the weights of a `dot`, what each is multiplied with, and its bias if it has one.

    >>> dot_terms(["w1", "w2", "x1", "x2", "b"])
    (['w1', 'w2'], ['x1', 'x2'], ['b'])
    """
    count = len(inputs) // 2
    return inputs[:count], inputs[count : 2 * count], inputs[2 * count :]


def _dot(*inputs: Any) -> Any:
    """``bias + w_1 x_1 + ... + w_n x_n`` of ``(w_1, ..., w_n, x_1, ..., x_n[, bias])``."""
    weights, xs, bias = dot_terms(inputs)
    return functools.reduce(operator.add, map(operator.mul, weights, xs), *(bias or (0.0,)))


def _dot_derivative(g: Any, out: Any, *inputs: Any) -> Sequence[Any]:
    """dL/dw_i = g x_i,  dL/dx_i = g w_i,  dL/d bias = g."""
    weights, xs, bias = dot_terms(inputs)
    return [*(g * x for x in xs), *(g * weight for weight in weights), *(g for _ in bias)]


def _dot_accumulate(g: float, none: None, rows: Any) -> None:
    """Apply the rule in place: weights, inputs and bias are a row each, or one row together."""
    # Without the rule's lists a training step is 1.6x as fast.
    if len(rows) == 1:
        weights, inputs, bias = dot_terms(rows[0].nodes)
    else:
        weights, inputs, bias = rows[0].nodes, rows[1].nodes, rows[2].nodes
    for weight, x in zip(weights, inputs):  # noqa: B905  strict costs 0.4 us
        weight.grad += g * x.data
        x.grad += g * weight.data
    for node in bias:
        node.grad += g


dot = define(
    "dot",
    symbol="·",
    forward=_dot,
    array=lambda np, *inputs: _dot(*inputs),
    derivative=_dot_derivative,
    accumulate=_dot_accumulate,
)


def _first_where(conditions: Iterable[Any], g: Any) -> Sequence[Any]:
    """Give `g` to the first input whose condition holds and 0 to the others, without branching."""
    gradients = []
    unclaimed: Any = 1.0
    for condition in conditions:
        claimed = unclaimed * condition
        unclaimed = unclaimed - claimed
        gradients.append(g * claimed)
    return gradients


def _unless_nan(choose: Callable[[Iterable[float]], float]) -> Callable[..., float]:
    """Make `choose` return nan if any input is nan: max and min drop one that is not first."""
    return lambda *xs: choose(xs) if not any(map(math.isnan, xs)) else math.nan


max = define(
    "max",
    symbol="max",
    forward=_unless_nan(builtins.max),
    array=lambda np, *xs: functools.reduce(np.maximum, xs),
    derivative=lambda g, out, *xs: _first_where((x >= out for x in xs), g),
)

min = define(
    "min",
    symbol="min",
    forward=_unless_nan(builtins.min),
    array=lambda np, *xs: functools.reduce(np.minimum, xs),
    derivative=lambda g, out, *xs: _first_where((x <= out for x in xs), g),
)


def _lookup(index: float, *entries: float) -> float:
    if index % 1 != 0 or not 0 <= index < len(entries):  # inf % 1 is nan
        raise ValueError
    return entries[int(index)]


def _lookup_array(np: Any, index: Any, *entries: Any) -> Any:
    table = np.stack(np.broadcast_arrays(index, *entries)[1:])
    return np.take_along_axis(table, index[None].astype(int), axis=0)[0]


lookup = define(
    "lookup",
    symbol="lookup",
    forward=_lookup,
    array=_lookup_array,
    derivative=lambda g, out, index, *entries: (
        g * 0.0,
        *(g * ((index >= i) * (index <= i)) for i in range(len(entries))),
    ),
    advice="the index, shown first, must be whole, from 0 to the number of entries minus 1",
)

BUILT_IN.update(OPERATIONS | {special.name: special for special in (CONSTANT, DETACH, SEED)})

"""`compile` and `compile_graph`: what the user calls, for a function or for a recorded graph."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd.compiler.backend import Backend
from autograd.compiler.compiled import Compiled
from autograd.compiler.passes.tape import read_tape
from autograd.compiler.passes.trace import Trace
from autograd.errors import ArgumentError, NotANumberError, ShapeError
from autograd.real_numbers import checked_values
from autograd.value import Value
from autograd.wording import shown_short


def compile(
    function: Callable[..., Any],
    *,
    parameters: Sequence[Value] = (),
    dtype: DTypeLike = np.float64,
    backend: Backend | None = None,
) -> Compiled:
    """Turn a function of one sample into a NumPy program for mini-batches.

    >>> import autograd as ag
    >>> import numpy as np
    >>> w = ag.Value(0.5)
    >>> squared_error = ag.compile(lambda x, y: (w * x - y) ** 2)
    >>> loss = squared_error(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    >>> loss.backward()
    >>> round(loss.data, 6), w.grad
    (10.5, -14.0)

    Parameters
    ----------
    function : callable
        Takes one sample: for an array of shape (B,) a Value, for (B, n) a list of n Values, for
        (B, n, m) a list of n lists. Returns a Value, or lists of Values. It reaches its parameters
        as ordinary variables, such as the weights of a model. It must do the same for each sample:
        no ``if`` on a Value, but ``ag.relu``, ``ag.max`` or ``ag.lookup``. Reading ``.data`` or
        ``.grad`` of inputs or parameters is refused.

        It is called for two samples of the first batch, and then no more for samples of that shape,
        but for three cases: after a batch of one sample, where there are no two to compare; after
        16 other shapes; and to find the line where two samples differ. The numbers of the
        parameters may change later. Everything else that it finds outside stays as it was: which
        Values and layers there are, numbers and flags such as ``self.training``, ``.data`` of a
        variable that it computes nothing with, and numbers in a text or a ``state_dict()``. After a
        change, compile again; or make a number that is to change, such as the weight of a penalty,
        a Value.
    parameters : sequence of Value
        Parameters to number first, in this order. The others follow in the order of their use.
    dtype : numpy dtype
        float64, or float32 for half the memory and 7 digits, less in sums over many samples.
    backend : Backend, optional
        What runs the program: a module or an object with a function ``bind``. If none is given,
        `autograd.compiler.float_backend` runs programs with few numbers per instruction, where it
        is faster, and `autograd.compiler.numpy_backend` all others. `autograd.compiler.native`
        needs a C compiler, and a few tenths of a second of its time for each batch size, more for
        long programs; then it runs two to thirty times as fast as NumPy.

    Returns
    -------
    Compiled
        Call it with arrays. Nothing is recorded before that.

    Raises
    ------
    ArgumentError
        If `function` is not callable, `parameters` is not a list, `dtype` is not float64 or
        float32, or `backend` has no function `bind`.
    NotANumberError
        If a parameter is not a Value.
    """
    if not callable(function):
        raise ArgumentError(f"compile takes a function of one sample, not {shown_short(function)}")
    return Compiled(function, parameters, dtype, backend)


def compile_graph(
    root: Value,
    inputs: Sequence[Value],
    parameters: Sequence[Value],
    *,
    dtype: DTypeLike = np.float64,
    backend: Backend | None = None,
) -> Compiled:
    """Turn a recorded graph into a NumPy program for mini-batches.

    >>> import autograd as ag
    >>> import numpy as np
    >>> x, w = ag.Value(1.0), ag.Value(2.0)
    >>> program = ag.compile_graph(ag.tanh(w * x), inputs=[x], parameters=[w])
    >>> program.map(np.array([[0.0], [1.0]]))
    array([0.        , 0.96402758])

    Parameters
    ----------
    root : Value
        The output.
    inputs : sequence of n Values
        Variables of the graph that differ from sample to sample: the program takes one array of
        shape (B, n). Without any, it can be called without arrays.
    parameters : sequence of Value
        Variables to differentiate by. Others keep the number they had when the graph was recorded:
        do not change them in between.
    dtype : numpy dtype
        float64 or float32.
    backend : Backend, optional
        See `compile`.

    Raises
    ------
    ArgumentError, NotANumberError
        As `compile` does, for inputs as for parameters; or if one is computed, or given twice.
    """

    def graph(*samples: Any) -> Value:
        arrays = (
            f"one array of shape (B, {len(inputs)})"
            if inputs
            else "no arrays, or one of shape (B, 0)"
        )
        raise ShapeError(f"this graph takes {arrays}")

    if not isinstance(root, Value):
        raise NotANumberError(f"compile_graph takes a Value, not {shown_short(root)}")
    inputs = checked_values(inputs, "inputs")
    parameters = checked_values(parameters, "parameters")
    recorded = Trace(read_tape([root], inputs, parameters), parameters, ())
    graph.__qualname__ = "graph"
    return Compiled(graph, parameters, dtype, backend, recorded)

"""`compile`: a function of scalars, run on whole mini-batches.

This is where the passes come together: record a sample, plan a program, bind it to the batch size.
The results are kept by the shapes of the arrays, so each pass runs once.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from autograd.compiler import numpy_backend
from autograd.compiler.numpy_backend import BoundProgram
from autograd.compiler.planning import plan
from autograd.compiler.program import Backend, Program
from autograd.compiler.report import report
from autograd.compiler.tape import read_tape
from autograd.compiler.trace import Trace, record
from autograd.errors import (
    ArgumentError,
    GraphError,
    NonFiniteError,
    NotANumberError,
    ShapeError,
)
from autograd.operations import Operation
from autograd.value import Value, as_value, node

Array: TypeAlias = NDArray[Any]
Shapes: TypeAlias = tuple[tuple[int, ...], ...]

CACHE_BYTES = 4_000_000
"""Batches whose numbers take more memory than this are run in chunks that do not."""

KEPT_PROGRAMS = 16
"""How many shapes of samples, and how many programs bound to a batch size, are kept in memory."""


def compile(
    function: Callable[..., Any],
    *,
    parameters: Sequence[Value] = (),
    dtype: DTypeLike = np.float64,
    backend: Backend = numpy_backend,
) -> "Compiled":
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
        no ``if`` on a Value, but ``ag.relu``, ``ag.max`` or ``ag.lookup``.
    parameters : sequence of Value
        Parameters to number first, in this order. The others follow in the order of their use.
    dtype : numpy dtype
        float64, or float32 for half the memory and 7 digits.
    backend : Backend
        What runs the program: a module or an object with a function ``bind``.

    Returns
    -------
    Compiled
        Call it with arrays. Nothing is recorded before.
    """
    return Compiled(function, list(parameters), np.dtype(dtype), backend)


def compile_graph(
    root: Value,
    inputs: Sequence[Value],
    parameters: Sequence[Value],
    *,
    dtype: DTypeLike = np.float64,
    backend: Backend = numpy_backend,
) -> "Compiled":
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
        shape (B, n).
    parameters : sequence of Value
        Variables to differentiate by. Others keep the number they had when the graph was recorded:
        do not change them in between.
    dtype : numpy dtype
        float64 or float32.
    backend : Backend
        See `compile`.
    """

    def refuse(*samples: Any) -> Value:
        raise ShapeError(f"this graph takes one array of shape (B, {len(inputs)})")

    for value in (root, *inputs, *parameters):
        if not isinstance(value, Value):
            raise NotANumberError(f"compile_graph takes Values, not {value!r}")
    compiled = Compiled(refuse, list(parameters), np.dtype(dtype), backend)
    compiled.adopt(Trace(read_tape([root], inputs, parameters), list(parameters), ()))
    return compiled


class Compiled:
    """A function that `compile` made. Calls from several threads wait for each other."""

    def __init__(
        self,
        function: Callable[..., Any],
        parameters: list[Value],
        dtype: np.dtype[Any],
        backend: Backend,
    ) -> None:
        if dtype not in (np.dtype(np.float64), np.dtype(np.float32)):
            raise ArgumentError(f"a compiled function computes in float64 or float32, not {dtype}")
        self.dtype = dtype
        self._backend = backend
        self._function = function
        _require_variables(parameters)
        self._parameters = parameters
        self._n_given = len(parameters)
        self._traces: dict[Shapes, Trace] = {}
        self._programs: dict[Shapes, Program] = {}
        self._bound: OrderedDict[tuple[Shapes, int], BoundProgram] = OrderedDict()
        self._alone: dict[Shapes, list[Array]] = {}
        self._lock = threading.RLock()

    def __call__(self, *arrays: Any) -> Value:
        """Return the mean over a batch, a Value whose `backward` reaches the parameters.

        Parameters
        ----------
        *arrays : array
            One per argument of the function, with the samples along the first axis.

        Raises
        ------
        ShapeError, ArgumentError
            If the arrays do not fit each other, are empty, or hold something else than finite
            numbers.
        TraceError
            If what the function does depends on its numbers.
        NonFiniteError, DomainError
            If a number leaves the range of floats. The message names operation and sample.
        """
        with self._lock:
            batch = _checked(arrays)
            self._trace(batch)
            parameters = self._parameters
            theta = np.array([parameter.data for parameter in parameters])
            mean, gradient = self.value_and_grad(theta, *batch)
        return _mean_node(mean, gradient, parameters)

    def value_and_grad(self, theta: Array, *arrays: Any) -> tuple[float, Array]:
        """Return the mean over a batch and its gradient, for the parameters `theta`.

        It changes no Value, reads none if theta holds all parameters, and fits
        ``scipy.optimize.minimize(..., jac=True)``.

        Parameters
        ----------
        theta : array, (n,)
            The numbers of `parameters`, in their order; or of those alone that `compile` was given,
            and then the others keep the numbers that they hold.
        *arrays : array
            See `__call__`.

        Returns
        -------
        (float, array of shape (n,))
        """
        outputs, gradient = self.outputs_and_grad(theta, *arrays)
        if outputs.ndim > 1:
            raise GraphError("the mean and its gradient are of one number: return one Value")
        return float(np.add.reduce(outputs) / len(outputs)), gradient

    def outputs_and_grad(self, theta: Array, *arrays: Any) -> tuple[Array, Array]:
        """Return the outputs of each sample, and the gradient of the mean of the first.

        Returns
        -------
        (array of shape (B, ...), array of shape (n,))
        """
        with self._lock:
            batch = _checked(arrays)
            reached = self._reached(batch, theta)
            gradient = np.zeros(len(theta))
            n = min(len(reached), len(theta))
            outputs = []
            for start, bound, chunk in self._chunks(batch):
                chunk_outputs, chunk_gradient = bound.run_with_gradient(reached, chunk, start)
                outputs.append(chunk_outputs)
                share = bound.batch_size / _batch_size(batch)
                gradient[:n] += share * chunk_gradient[:n]
            return self._shaped(outputs, batch), gradient

    def map(self, *arrays: Any) -> Array:
        """Return what the function returns for each sample.

        Returns
        -------
        array of shape (B,), or (B, n) for a list of n Values, and so on
        """
        with self._lock:
            batch = _checked(arrays)
            theta = np.array([parameter.data for parameter in self._trace(batch).parameters])
            outputs = [
                bound.run(theta, chunk, start) for start, bound, chunk in self._chunks(batch)
            ]
            return self._shaped(outputs, batch)

    @property
    def parameters(self) -> list[Value]:
        """The parameters given to `compile`, then the other variables reached: the order of theta.

        Raises
        ------
        GraphError
            Before the first call, when they are not known.
        """
        self._require_trace()
        return list(self._parameters)

    @property
    def source(self) -> str:
        """The generated NumPy program of the latest call."""
        if not self._bound:
            raise GraphError("nothing has been compiled yet: call it with a batch first")
        return next(reversed(self._bound.values())).source

    def report(self, passes: bool = False) -> str:
        """Tell what became of the graph of the latest call: nodes, blocks, matrix products.

        Parameters
        ----------
        passes : bool
            Show what each pass did, block by block and instruction by instruction.
        """
        self._require_trace()
        shapes = next(reversed(self._bound))[0] if self._bound else next(iter(self._traces))
        return report(self._traces[shapes].tape, self._programs[shapes], passes)

    def adopt(self, trace: Trace) -> None:
        """Take a graph that is recorded already, for samples of as many numbers as its inputs."""
        shapes = ((len(trace.tape.inputs),),)
        self._keep(shapes, trace)

    def _require_trace(self) -> None:
        if not self._traces:
            raise GraphError("nothing has been compiled yet: call it with a batch first")

    def _trace(self, batch: Sequence[Array]) -> Trace:
        shapes = _shapes(batch)
        if shapes not in self._traces:
            self._keep(shapes, record(self._function, batch, self._parameters))
            if _batch_size(batch) == 1 and batch:
                self._alone[shapes] = [array.copy() for array in batch]
        elif shapes in self._alone and not all(map(np.array_equal, batch, self._alone[shapes])):
            # One sample shows no difference between samples: look again when there is another.
            pairs = zip(self._alone[shapes], batch, strict=True)
            record(self._function, [np.concatenate(pair) for pair in pairs], self._parameters)
            del self._alone[shapes]
        return self._traces[shapes]

    def _keep(self, shapes: Shapes, trace: Trace) -> None:
        program = plan(trace.tape)  # may fail or be interrupted: nothing has changed yet
        while len(self._traces) >= KEPT_PROGRAMS:
            oldest = next(iter(self._traces))
            for key in [key for key in self._bound if key[0] == oldest]:
                del self._bound[key]
            self._programs.pop(oldest, None)
            self._alone.pop(oldest, None)
            del self._traces[oldest]
        self._programs[shapes] = program
        self._parameters = trace.parameters
        self._traces[shapes] = trace  # last: a trace that is kept has its program

    def _reached(self, batch: Sequence[Array], theta: Array) -> Array:
        """Return the numbers of the parameters that batches of this shape reach: the first ones."""
        reached = len(self._trace(batch).parameters)
        theta = np.asarray(theta)
        if self._n_given and theta.shape == (self._n_given,):
            others = self._parameters[self._n_given :]
            theta = np.concatenate([theta, [parameter.data for parameter in others]])
        if theta.shape != (len(self._parameters),):
            raise ShapeError(
                f"theta has shape {theta.shape}: there are {len(self._parameters)} parameters"
            )
        if theta.dtype.kind not in "fiu":
            raise ArgumentError(f"theta is an array of {theta.dtype}: give numbers")
        return theta[:reached]

    def _chunks(self, batch: Sequence[Array]) -> Iterator[tuple[int, BoundProgram, list[Array]]]:
        """Yield the parts of a batch, each with its start and the program bound to its size."""
        shapes, size = _shapes(batch), _batch_size(batch)
        row_bytes = self._programs[shapes].n_batch * self.dtype.itemsize
        chunk_size = max(1, min(size, CACHE_BYTES // max(1, row_bytes)))
        if chunk_size == size:
            yield 0, self._bind(shapes, size), list(batch)
            return
        for start in range(0, size, chunk_size):
            chunk = [array[start : start + chunk_size] for array in batch]
            yield start, self._bind(shapes, min(chunk_size, size - start)), chunk

    def _bind(self, shapes: Shapes, batch_size: int) -> BoundProgram:
        key = (shapes, batch_size)
        if key not in self._bound:
            self._bound[key] = self._backend.bind(self._programs[shapes], batch_size, self.dtype)
            if len(self._bound) > KEPT_PROGRAMS:
                self._bound.popitem(last=False)
        self._bound.move_to_end(key)
        return self._bound[key]

    def _shaped(self, outputs: list[Array], batch: Sequence[Array]) -> Array:
        shape = self._trace(batch).shape
        return np.concatenate(outputs, axis=1).T.reshape(_batch_size(batch), *shape)


def _mean_node(mean: float, gradient: Array, parameters: list[Value]) -> Value:
    """Make the node of a batch mean: one operation on all parameters, its gradient known."""
    if not parameters:
        return as_value(mean)
    slopes = gradient.tolist()

    def derivative(g: Any, out: Any, *inputs: Any) -> list[Any]:
        if isinstance(g, Value):
            raise GraphError(
                "a compiled function has first derivatives only: for higher ones, call the "
                "function itself"
            )
        return [g * slope for slope in slopes]

    operation = Operation(
        "compiled mean",
        symbol="mean",
        forward=lambda *inputs: mean,
        array=_refuse_mean,
        derivative=derivative,
    )
    return node(operation, mean, tuple(parameters))


def _refuse_mean(np: Any, *inputs: Any) -> Any:
    raise GraphError(
        "the mean that a compiled function returned cannot be compiled again: call the function "
        "itself inside"
    )


def _checked(arrays: Sequence[Any]) -> list[Array]:
    """Return the arguments as arrays of floats or integers, with equally many samples."""
    try:
        batch = [np.asarray(array) for array in arrays]
    except ValueError as error:
        raise ShapeError(f"the samples of an argument have different shapes: {error}") from error
    for position, array in enumerate(batch):
        if array.dtype.kind not in "fiub":
            raise ArgumentError(f"argument {position} is an array of {array.dtype}: give numbers")
        if array.ndim == 0:
            raise ShapeError(f"argument {position} is one number: give an array of samples")
        if len(array) != len(batch[0]):
            lengths = ", ".join(str(len(array)) for array in batch)
            raise ShapeError(f"the arguments have different numbers of samples: {lengths}")
        if len(array) == 0:
            raise ShapeError("the batch is empty")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            place = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
            raise NonFiniteError(f"argument {position} holds {array[place]} at {place}")
    return batch


def _require_variables(parameters: Sequence[Value]) -> None:
    for parameter in parameters:
        if not isinstance(parameter, Value):
            raise NotANumberError(f"parameters are Values, not {parameter!r}")
    if len(set(parameters)) < len(parameters):
        raise ArgumentError("a parameter is given more than once")


def _batch_size(batch: Sequence[Array]) -> int:
    return len(batch[0]) if batch else 1


def _shapes(batch: Sequence[Array]) -> Shapes:
    return tuple(array.shape[1:] for array in batch)

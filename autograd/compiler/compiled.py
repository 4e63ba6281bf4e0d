"""`Compiled`: a function of scalars, run on whole mini-batches.

The numbers of the parameters and the arrays of a batch go in, the mean and its gradient come out.
What runs in between is one of the programs in its `program_cache`.
"""

import copy
import functools
import importlib
import math
import threading
from collections.abc import Callable, Iterable, Sequence
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from autograd.compiler.arguments import as_arrays, checked_dtype, checked_theta
from autograd.compiler.arrays import Array
from autograd.compiler.backend import Backend
from autograd.compiler.mean import mean_node
from autograd.compiler.passes.trace import Trace
from autograd.compiler.program_cache import BoundCompilation, ProgramCache
from autograd.compiler.replay import require_success
from autograd.compiler.report import report
from autograd.diagnosis import data_of
from autograd.errors import ArgumentError, GraphError, NonFiniteError
from autograd.modes import modes
from autograd.real_numbers import checked_values
from autograd.value import Value, as_value


class Compiled:
    """A function that `compile` made. Calls from several threads wait for each other.

    >>> import autograd as ag
    >>> w = ag.Value(3.0)
    >>> ag.compile(lambda x: w * x)
    <compiled <lambda>: call it with arrays of samples>

    A signal handler or a ``__del__`` must not call the function that it may have interrupted: both
    calls would compute in the same memory.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        parameters: Iterable[Value],
        dtype: DTypeLike,
        backend: Backend | None,
        recorded: Trace | None = None,
    ) -> None:
        if backend is not None and not callable(getattr(backend, "bind", None)):
            raise ArgumentError(
                "backend is a module or an object with a function bind, such as "
                f"autograd.compiler.native, not {backend!r}"
            )
        self.dtype = checked_dtype(dtype)
        given = checked_values(parameters, "parameters")
        if len(set(given)) < len(given):
            raise ArgumentError("a parameter is given more than once")
        functools.update_wrapper(self, function, updated=())
        self._function = function
        self._backend = backend
        self._n_given = len(given)
        self._cache = ProgramCache(function, given, self.dtype, backend)
        if recorded is not None:
            self._cache.adopt(recorded)
        self._lock = threading.RLock()  # a program works in place on its memory

    def __call__(self, *arrays: Any) -> Value:
        """Return the mean over a batch, a Value whose `backward` reaches the parameters.

        >>> import autograd as ag
        >>> w = ag.Value(3.0)
        >>> mean = ag.compile(lambda x: w * x)([1.0, 2.0])
        >>> mean.backward()
        >>> mean.data, w.grad
        (4.5, 1.5)

        Under `autograd.no_grad` it is a constant, and nothing is differentiated.

        Parameters
        ----------
        *arrays : array
            One per argument of the function, with the samples along the first axis.

        Raises
        ------
        ShapeError, ArgumentError
            If the arrays do not fit each other, are empty, hold something other than finite
            numbers, or are not as many as the function has arguments.
        NotANumberError
            If a parameter holds something other than a number.
        TraceError
            If what the function does depends on its numbers.
        NonFiniteError, DomainError
            If the function itself raises that for a sample, or its `backward` does: the message is
            the same, and names the sample; or if a result is too large for the dtype.
        """
        batch = as_arrays(arrays)
        with self._lock:
            bound = self._cache.for_batch(batch)  # it may find more parameters
            parameters = self._cache.parameters
            theta = data_of(parameters)
            if not modes.recording:
                return as_value(_mean(self._run(bound, theta, batch), bound))
            outputs, gradient = self._run_with_gradient(bound, theta, batch)
            mean = _mean(outputs, bound)
        return mean_node(mean, gradient, parameters)

    def value_and_grad(self, theta: ArrayLike, *arrays: Any) -> tuple[float, Array]:
        """Return the mean over a batch and its gradient, for the parameters `theta`.

        >>> import autograd as ag
        >>> w = ag.Value(0.0)
        >>> ag.compile(lambda x: w * x).value_and_grad([3.0], [1.0, 2.0])
        (4.5, array([1.5]))

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

        Raises
        ------
        ShapeError, ArgumentError, NonFiniteError
            If theta is not one array of n numbers in the range of the dtype.
        AutogradError
            See `__call__`.
        """
        batch = as_arrays(arrays)
        with self._lock:
            bound = self._cache.for_batch(batch)
            outputs, gradient = self._run_with_gradient(bound, theta, batch)
            return _mean(outputs, bound), gradient

    def outputs_and_grad(self, theta: ArrayLike, *arrays: Any) -> tuple[Array, Array]:
        """Return the outputs of each sample, and the gradient of the mean of the first output.

        >>> import autograd as ag
        >>> w = ag.Value(0.0)
        >>> ag.compile(lambda x: [w * x, x]).outputs_and_grad([3.0], [1.0, 2.0])
        (array([[3., 1.],
               [6., 2.]]), array([1.5]))

        It is as pure as `value_and_grad`, and the function may return a list.

        Parameters
        ----------
        theta : array, (n,)
            See `value_and_grad`.
        *arrays : array
            See `__call__`.

        Returns
        -------
        (array of shape (B, ...), array of shape (n,))

        Raises
        ------
        AutogradError
            See `value_and_grad`.
        """
        batch = as_arrays(arrays)
        with self._lock:
            bound = self._cache.for_batch(batch)
            outputs, gradient = self._run_with_gradient(bound, theta, batch)
            return _by_sample(outputs, bound.compilation.trace), gradient

    def value(self, theta: ArrayLike, *arrays: Any) -> float:
        """Return the mean over a batch for the parameters `theta`, as `value_and_grad` does.

        >>> import autograd as ag
        >>> w = ag.Value(0.0)
        >>> ag.compile(lambda x: w * x).value([3.0], [1.0, 2.0])
        4.5

        Parameters
        ----------
        theta : array, (n,)
        *arrays : array
            See `value_and_grad`.

        Raises
        ------
        AutogradError
            See `value_and_grad`, except that no derivative has to exist.
        """
        batch = as_arrays(arrays)
        with self._lock:
            bound = self._cache.for_batch(batch)
            return _mean(self._run(bound, theta, batch), bound)

    def map(self, *arrays: Any) -> Array:
        """Return what the function returns for each sample.

        >>> import autograd as ag
        >>> ag.compile(lambda x: [x[0] * x[1], ag.max(x)]).map([[1.0, 2.0], [3.0, 4.0]])
        array([[ 2.,  2.],
               [12.,  4.]])

        Parameters
        ----------
        *arrays : array
            See `__call__`.

        Returns
        -------
        array of shape (B,), or (B, n) for a list of n Values, and so on

        Raises
        ------
        AutogradError
            See `__call__`, except that no derivative has to exist.
        """
        batch = as_arrays(arrays)
        with self._lock:
            bound = self._cache.for_batch(batch)
            outputs = self._run(bound, data_of(self._cache.parameters), batch)
            return _by_sample(outputs, bound.compilation.trace)

    @property
    def parameters(self) -> list[Value]:
        """The parameters given to `compile`, then the other variables reached: the order of theta.

        >>> import autograd as ag
        >>> w, b = ag.Value(3.0, "w"), ag.Value(1.0, "b")
        >>> line = ag.compile(lambda x: w * x + b, parameters=[b])
        >>> line.map([1.0, 2.0])
        array([4., 7.])
        >>> line.parameters
        [Value(1.0, grad=0.0, label='b'), Value(3.0, grad=0.0, label='w')]

        Raises
        ------
        GraphError
            Before the first call, when they are not known.
        """
        with self._lock:
            self._cache.latest()
            return list(self._cache.parameters)

    @property
    def source(self) -> str:
        """The generated program of the latest call: Python, or C of the native backend.

        >>> import autograd as ag
        >>> program = ag.compile(lambda x: ag.tanh(x))
        >>> program.map([1.0, 2.0])
        array([0.76159416, 0.96402758])
        >>> "tanh" in program.source
        True

        Raises
        ------
        GraphError
            Before the first call.
        """
        with self._lock:
            return self._cache.latest_bound().program.source

    def report(self, passes: bool = False) -> str:
        """Tell what became of the graph of the latest call: nodes, blocks, matrix products.

        >>> import autograd as ag
        >>> w = ag.Value(3.0)
        >>> scaled = ag.compile(lambda x: w * x)
        >>> scaled.map([1.0, 2.0])
        array([3., 6.])
        >>> print(scaled.report())
        3 nodes: 1 input, 1 parameter, 0 constants
        -> 1 row, sums of products and calls of operations
        -> 1 block of rows of one form
        -> 1 instruction forward, 0 of them matrix products, and 1 backward

        Parameters
        ----------
        passes : bool
            Show also what each pass made of what it got, in the order of
            `autograd.compiler.passes.pipeline`.
        """
        with self._lock:
            tape = self._cache.latest().trace.tape
        return report(tape, passes)

    def __copy__(self) -> "Compiled":
        """Return itself, as a function does."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Compiled":
        """Compile the copy of a method or a model; a function is itself when it is copied."""
        function = copy.deepcopy(self._function, memo)
        if function is self._function:
            return self
        return Compiled(function, copy.deepcopy(self._given(), memo), self.dtype, self._backend)

    def __reduce__(self) -> tuple[Callable[..., "Compiled"], tuple[Any, ...]]:
        """Pickle the method or model that is compiled: the other one compiles for itself."""
        if isinstance(self._function, FunctionType | BuiltinFunctionType):
            raise GraphError(
                f"{self!r} cannot be pickled: of a function pickle keeps the name only, not the "
                "parameters that it finds. Pickle these, and compile again"
            )
        backend: Any = self._backend
        if isinstance(backend, ModuleType):
            backend = _PickledModule(backend)
        return Compiled, (self._function, self._given(), self.dtype, backend)

    def __repr__(self) -> str:
        name = getattr(self._function, "__name__", repr(self._function))
        return f"<compiled {name}: call it with arrays of samples>"

    def _run(self, bound: BoundCompilation, theta: Any, batch: Sequence[Array]) -> Array:
        """Return the outputs, until the next run."""
        trace = bound.compilation.trace
        numbers = self._completed(theta)[: len(trace.parameters)]
        outputs, _, suspects = bound.program.run(numbers, batch, differentiate=False)
        if suspects:
            require_success(trace, suspects, numbers, batch, outputs)
        return outputs

    def _run_with_gradient(
        self, bound: BoundCompilation, theta: Any, batch: Sequence[Array]
    ) -> tuple[Array, Array]:
        """Return the outputs, until the next run, and the gradient by what theta holds."""
        everything = self._completed(theta)
        trace = bound.compilation.trace
        reached = len(trace.parameters)
        numbers = everything[:reached]
        outputs, slopes, suspects = bound.program.run(numbers, batch, differentiate=True)
        if suspects:
            require_success(trace, suspects, numbers, batch, outputs, slopes)
        gradient = slopes[: len(theta)].astype(np.float64)
        if reached < len(theta):  # samples of other shapes reach more
            gradient = np.concatenate([gradient, np.zeros(len(theta) - reached)])
        return outputs, gradient

    def _given(self) -> list[Value]:
        """Return the parameters that `compile` was given."""
        return self._cache.parameters[: self._n_given]

    def _completed(self, theta: Any) -> Array:
        """Return the numbers of all parameters, if `theta` has only those that were given first."""
        parameters = self._cache.parameters
        n, n_given = len(parameters), self._n_given
        numbers = checked_theta(theta, [n_given, n] if n_given else [n], self.dtype)
        if len(numbers) == n:
            return numbers
        others = data_of(parameters[n_given:])
        return checked_theta(np.concatenate([numbers, others]), [n], self.dtype)


class _PickledModule:
    """A module, which pickle would not keep, as the import that brings it back."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __reduce__(self) -> tuple[Callable[[str], ModuleType], tuple[str]]:
        return importlib.import_module, (self._module.__name__,)


def _by_sample(outputs: Array, trace: Trace) -> Array:
    """Copy outputs of shape (n, B) to (B, ...), nested as the function returned them."""
    return outputs.copy().T.reshape(outputs.shape[1], *trace.shape)


def _mean(outputs: Array, bound: BoundCompilation) -> float:
    """Return the mean of one output over the samples, both of outputs of shape (1, B)."""
    if bound.compilation.trace.shape:
        raise GraphError(
            "the function returned a list, but only one number has a gradient: return one Value, "
            "or call map(), which computes the outputs alone"
        )
    mean = float(np.vdot(bound.ones, outputs)) / len(bound.ones)
    if not math.isfinite(mean):  # though each output is
        raise NonFiniteError("the mean over the batch is too large for a float")
    return mean

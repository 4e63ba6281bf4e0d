"""`Compiled`: a function of scalars, run on whole mini-batches.

This is where the passes come together: record a sample, plan a program, bind it to the batch size.
The results are kept by the shapes of the arrays, so each pass runs once.
"""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd.collector import collector_paused
from autograd.compiler.arguments import (
    Shapes,
    are_in_range,
    as_arrays,
    batch_size,
    checked_dtype,
    checked_theta,
    checked_values,
    require_as_many_as_taken,
    require_constants,
    require_different,
    require_samples,
)
from autograd.compiler.chunks import bind_in_chunks
from autograd.compiler.mean import mean_node
from autograd.compiler.memory import Array
from autograd.compiler.own_operations import require_sound_operations
from autograd.compiler.passes import apply_passes
from autograd.compiler.program import Backend, BoundProgram, Program
from autograd.compiler.report import report
from autograd.compiler.trace import Trace, record
from autograd.errors import ArgumentError, DomainError, GraphError, NonFiniteError
from autograd.value import Value

KEPT_PROGRAMS = 16
"""How many shapes of samples, and how many shapes of batches, are kept with their programs."""


@dataclass(frozen=True)
class _Recording:
    """What is known of a function for samples of one shape.

    Attributes
    ----------
    trace : Trace
    program : Program
    alone : list of array
        The batch that was recorded, if it held one sample only: that shows no difference between
        samples, so the function is recorded again when another one comes. Empty otherwise.
    """

    trace: Trace
    program: Program
    alone: list[Array] = field(default_factory=list)


@dataclass(frozen=True)
class _Bound:
    """What runs batches of one shape."""

    recording: _Recording
    program: BoundProgram


class Compiled:
    """A function that `compile` made. Calls from several threads wait for each other."""

    def __init__(
        self,
        function: Callable[..., Any],
        parameters: Iterable[Value],
        dtype: DTypeLike,
        backend: Backend | None,
    ) -> None:
        if backend is not None and not callable(getattr(backend, "bind", None)):
            raise ArgumentError(
                "backend is a module or an object with a function bind, such as "
                f"autograd.compiler.native, not {backend!r}"
            )
        self.dtype = checked_dtype(dtype)
        self._backend = backend
        self._function = function
        self._parameters = checked_values(parameters, "parameters")
        require_different(self._parameters)
        self._n_given = len(self._parameters)
        self._recordings: dict[Shapes, _Recording] = {}
        self._bound: OrderedDict[Shapes, _Bound] = OrderedDict()
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
            If the arrays do not fit each other, are empty, hold something else than finite
            numbers, or are not as many as the function has arguments.
        TraceError
            If what the function does depends on its numbers.
        NonFiniteError, DomainError
            If a number leaves the range of floats. The message names operation and sample.
        """
        with self._lock:
            batch, bound = self._prepare(arrays)  # it may find more parameters
            parameters = self._parameters
            theta = np.array([parameter.data for parameter in parameters])
            outputs, gradient = self._run_with_gradient(bound, theta, batch)
        return mean_node(_mean(outputs), gradient, parameters)

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
        return _mean(outputs), gradient

    def outputs_and_grad(self, theta: Array, *arrays: Any) -> tuple[Array, Array]:
        """Return the outputs of each sample, and the gradient of the mean of the first.

        Returns
        -------
        (array of shape (B, ...), array of shape (n,))
        """
        with self._lock:
            batch, bound = self._prepare(arrays)
            return self._run_with_gradient(bound, theta, batch)

    def map(self, *arrays: Any) -> Array:
        """Return what the function returns for each sample.

        Returns
        -------
        array of shape (B,), or (B, n) for a list of n Values, and so on
        """
        with self._lock:
            batch, bound = self._prepare(arrays)
            parameters = bound.recording.trace.parameters
            numbers = [parameter.data for parameter in parameters]
            theta = checked_theta(numbers, len(parameters), self.dtype)
            return _by_sample(bound.program.run(theta, batch), bound.recording)

    @property
    def parameters(self) -> list[Value]:
        """The parameters given to `compile`, then the other variables reached: the order of theta.

        Raises
        ------
        GraphError
            Before the first call, when they are not known.
        """
        with self._lock:
            self._latest_recording()
            return list(self._parameters)

    @property
    def source(self) -> str:
        """The generated program of the latest call."""
        with self._lock:
            if not self._bound:
                raise GraphError("nothing has been compiled yet: call it with a batch first")
            return next(reversed(self._bound.values())).program.source

    def report(self, passes: bool = False) -> str:
        """Tell what became of the graph of the latest call: nodes, blocks, matrix products.

        Parameters
        ----------
        passes : bool
            Show what each pass did, block by block and instruction by instruction.
        """
        with self._lock:
            recording = self._latest_recording()
        return report(recording.trace.tape, recording.program, passes)

    def adopt(self, trace: Trace) -> None:
        """Take a graph that is recorded already, for samples of as many numbers as its inputs."""
        self._keep(((len(trace.tape.inputs),),), trace, alone=[])

    def __repr__(self) -> str:
        name = getattr(self._function, "__name__", repr(self._function))
        return f"<compiled {name}: call it with arrays of samples>"

    # --- what is kept from call to call ----------------------------------------------------------

    def _prepare(self, arrays: Sequence[Any]) -> tuple[list[Array], _Bound]:
        """Return the arguments as arrays, checked, and what runs batches of their shapes."""
        batch = as_arrays(arrays)
        shapes = tuple([array.shape for array in batch])
        bound = self._bound.get(shapes)
        if bound is None or not are_in_range(batch, self.dtype):
            require_samples(batch, self.dtype)
        if bound is None:
            bound = self._bound[shapes] = self._bind(batch)
            if len(self._bound) > KEPT_PROGRAMS:
                self._bound.popitem(last=False)
        elif bound.recording.alone:
            self._recording(batch)
        self._bound.move_to_end(shapes)
        return batch, bound

    def _bind(self, batch: Sequence[Array]) -> _Bound:
        recording, size = self._recording(batch), batch_size(batch)
        with collector_paused():
            program = bind_in_chunks(recording.program, size, self.dtype, self._backend)
        return _Bound(recording, program)

    def _recording(self, batch: Sequence[Array]) -> _Recording:
        """Return what is known for samples of these shapes, recorded again if need be."""
        shapes = tuple([array.shape[1:] for array in batch])
        recording = self._recordings.get(shapes)
        if recording is None:
            require_as_many_as_taken(self._function, len(batch))
            alone = [array.copy() for array in batch] if batch_size(batch) == 1 else []
            self._keep(shapes, record(self._function, batch, self._parameters), alone)
        elif recording.alone and not all(map(np.array_equal, batch, recording.alone)):
            both = [np.concatenate(pair) for pair in zip(recording.alone, batch, strict=True)]
            with contextlib.suppress(DomainError, NonFiniteError):  # the program tells of its own
                record(self._function, both, self._parameters)
                recording.alone.clear()
        return self._recordings[shapes]

    def _keep(self, shapes: Shapes, trace: Trace, alone: list[Array]) -> None:
        require_sound_operations(trace.tape)
        with collector_paused():
            # It may fail or be interrupted: nothing has changed yet.
            program = apply_passes(trace.tape).program
            require_constants(program, self.dtype)
        while len(self._recordings) >= KEPT_PROGRAMS:
            oldest = self._recordings.pop(next(iter(self._recordings)))
            for key in [key for key, bound in self._bound.items() if bound.recording is oldest]:
                del self._bound[key]
        self._parameters = trace.parameters
        self._recordings[shapes] = _Recording(trace, program, alone)

    def _latest_recording(self) -> _Recording:
        if not self._recordings:
            raise GraphError("nothing has been compiled yet: call it with a batch first")
        if self._bound:
            return next(reversed(self._bound.values())).recording
        return next(iter(self._recordings.values()))

    # --- running ---------------------------------------------------------------------------------

    def _run_with_gradient(
        self, bound: _Bound, theta: Any, batch: Sequence[Array]
    ) -> tuple[Array, Array]:
        """Return the outputs by sample, and the gradient by those parameters that theta holds."""
        everything = self._completed(theta)
        reached = len(bound.recording.trace.parameters)
        outputs, slopes = bound.program.run_with_gradient(everything[:reached], batch)
        gradient = slopes[: len(theta)].astype(np.float64)
        if reached < len(theta):  # samples of other shapes reach more
            gradient = np.concatenate([gradient, np.zeros(len(theta) - reached)])
        return _by_sample(outputs, bound.recording), gradient

    def _completed(self, theta: Any) -> Array:
        """Return the numbers of all parameters, if `theta` has only those that were given first."""
        n, n_given = len(self._parameters), self._n_given
        if 0 < n_given < n and np.shape(theta) == (n_given,):
            others = [parameter.data for parameter in self._parameters[n_given:]]
            theta = np.concatenate([theta, others])
        return checked_theta(theta, n, self.dtype)


def _by_sample(outputs: Array, recording: _Recording) -> Array:
    """Copy outputs of shape (n, B) to (B, ...), nested as the function returned them."""
    return outputs.copy().T.reshape(outputs.shape[1], *recording.trace.shape)


def _mean(outputs: Array) -> float:
    """Return the mean of one output over the samples."""
    if outputs.ndim > 1:
        raise GraphError("the mean and its gradient are of one number: return one Value")
    return float(np.add.reduce(outputs)) / len(outputs)

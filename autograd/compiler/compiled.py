"""`Compiled`: a function of scalars, run on whole mini-batches.

This is where the passes come together: record a sample, plan a program, bind it to the batch size.
The results are kept by the shapes of the arrays, so each pass runs once.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd.compiler import float_backend, numpy_backend
from autograd.compiler.arguments import (
    Shapes,
    batch_size,
    checked_batch,
    checked_theta,
    require_variables,
    sample_shapes,
)
from autograd.compiler.mean import mean_node
from autograd.compiler.memory import Array
from autograd.compiler.planning import plan
from autograd.compiler.program import Backend, BoundProgram, Program
from autograd.compiler.report import report
from autograd.compiler.trace import Trace, record
from autograd.errors import ArgumentError, GraphError
from autograd.recording import collector_paused
from autograd.value import Value

CACHE_BYTES = 4_000_000
"""Batches whose numbers take more memory than this are run in chunks that do not."""

SMALLEST_CHUNK = 64
"""Chunks have at least so many samples: with fewer, calling takes longer than computing."""

KEPT_PROGRAMS = 16
"""How many shapes of samples, and how many programs bound to a batch size, are kept in memory."""


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


class Compiled:
    """A function that `compile` made. Calls from several threads wait for each other."""

    def __init__(
        self,
        function: Callable[..., Any],
        parameters: list[Value],
        dtype: np.dtype[Any],
        backend: Backend | None,
    ) -> None:
        if dtype not in (np.dtype(np.float64), np.dtype(np.float32)):
            raise ArgumentError(f"a compiled function computes in float64 or float32, not {dtype}")
        require_variables(parameters)
        self.dtype = dtype
        self._backend = backend
        self._function = function
        self._parameters = parameters
        self._n_given = len(parameters)
        self._recordings: dict[Shapes, _Recording] = {}
        self._bound: OrderedDict[tuple[Shapes, int], BoundProgram] = OrderedDict()
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
            batch = checked_batch(arrays, self.dtype)
            self._recording(batch)  # it may find more parameters
            parameters = self._parameters
            theta = np.array([parameter.data for parameter in parameters])
            mean, gradient = self.value_and_grad(theta, *batch)
        return mean_node(mean, gradient, parameters)

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
            batch = checked_batch(arrays, self.dtype)
            recording, size = self._recording(batch), batch_size(batch)
            everything = self._completed(theta)
            reached = everything[: len(recording.trace.parameters)]
            outputs = self._empty_outputs(recording, size)
            gradient = np.zeros(len(everything))
            for samples, bound in self._chunks(batch, recording):
                chunk = [array[samples] for array in batch]
                outputs[:, samples], slopes = bound.run_with_gradient(reached, chunk, samples.start)
                gradient[: len(slopes)] += slopes * (bound.batch_size / size)
            return _by_sample(outputs, recording), gradient[: len(theta)]

    def map(self, *arrays: Any) -> Array:
        """Return what the function returns for each sample.

        Returns
        -------
        array of shape (B,), or (B, n) for a list of n Values, and so on
        """
        with self._lock:
            batch = checked_batch(arrays, self.dtype)
            recording = self._recording(batch)
            parameters = recording.trace.parameters
            numbers = [parameter.data for parameter in parameters]
            theta = checked_theta(numbers, len(parameters), self.dtype)
            outputs = self._empty_outputs(recording, batch_size(batch))
            for samples, bound in self._chunks(batch, recording):
                chunk = [array[samples] for array in batch]
                outputs[:, samples] = bound.run(theta, chunk, samples.start)
            return _by_sample(outputs, recording)

    @property
    def parameters(self) -> list[Value]:
        """The parameters given to `compile`, then the other variables reached: the order of theta.

        Raises
        ------
        GraphError
            Before the first call, when they are not known.
        """
        with self._lock:
            self._latest_shapes()
            return list(self._parameters)

    @property
    def source(self) -> str:
        """The generated program of the latest call."""
        with self._lock:
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
        with self._lock:
            recording = self._recordings[self._latest_shapes()]
        return report(recording.trace.tape, recording.program, passes)

    def adopt(self, trace: Trace) -> None:
        """Take a graph that is recorded already, for samples of as many numbers as its inputs."""
        self._keep(((len(trace.tape.inputs),),), trace, alone=[])

    def __repr__(self) -> str:
        name = getattr(self._function, "__name__", repr(self._function))
        return f"<compiled {name}: call it with arrays of samples>"

    # --- what is kept from call to call ----------------------------------------------------------

    def _recording(self, batch: Sequence[Array]) -> _Recording:
        shapes = sample_shapes(batch)
        recording = self._recordings.get(shapes)
        if recording is None:
            alone = [array.copy() for array in batch] if batch_size(batch) == 1 else []
            self._keep(shapes, record(self._function, batch, self._parameters), alone)
        elif recording.alone and not all(map(np.array_equal, batch, recording.alone)):
            both = [np.concatenate(pair) for pair in zip(recording.alone, batch, strict=True)]
            record(self._function, both, self._parameters)
            recording.alone.clear()
        return self._recordings[shapes]

    def _keep(self, shapes: Shapes, trace: Trace, alone: list[Array]) -> None:
        with collector_paused():
            program = plan(trace.tape)  # may fail or be interrupted: nothing has changed yet
        while len(self._recordings) >= KEPT_PROGRAMS:
            oldest = next(iter(self._recordings))
            for key in [key for key in self._bound if key[0] == oldest]:
                del self._bound[key]
            del self._recordings[oldest]
        self._parameters = trace.parameters
        self._recordings[shapes] = _Recording(trace, program, alone)

    def _latest_shapes(self) -> Shapes:
        if not self._recordings:
            raise GraphError("nothing has been compiled yet: call it with a batch first")
        return next(reversed(self._bound))[0] if self._bound else next(iter(self._recordings))

    def _completed(self, theta: Any) -> Array:
        """Return the numbers of all parameters, if `theta` has only those that were given first."""
        others = self._parameters[self._n_given :]
        if self._n_given and others and np.shape(theta) == (self._n_given,):
            theta = np.concatenate([theta, [parameter.data for parameter in others]])
        return checked_theta(theta, len(self._parameters), self.dtype)

    def _chunks(
        self, batch: Sequence[Array], recording: _Recording
    ) -> Iterator[tuple[slice, BoundProgram]]:
        """Yield the parts of a batch, each with the program bound to its size."""
        shapes, size = sample_shapes(batch), batch_size(batch)
        sample_bytes = max(1, recording.program.n_batch * self.dtype.itemsize)
        largest = max(SMALLEST_CHUNK, CACHE_BYTES // sample_bytes)
        n_chunks = -(-size // largest)
        for chunk in range(n_chunks):  # of equal size, or differing by 1
            start, stop = (place * size // n_chunks for place in (chunk, chunk + 1))
            yield slice(start, stop), self._bind(shapes, recording.program, stop - start)

    def _bind(self, shapes: Shapes, program: Program, size: int) -> BoundProgram:
        key = (shapes, size)
        if key not in self._bound:
            few = float_backend.is_faster(program, size)
            backend = self._backend or (float_backend if few else numpy_backend)
            with collector_paused():
                self._bound[key] = backend.bind(program, size, self.dtype)
            if len(self._bound) > KEPT_PROGRAMS:
                self._bound.popitem(last=False)
        self._bound.move_to_end(key)
        return self._bound[key]

    def _empty_outputs(self, recording: _Recording, size: int) -> Array:
        return np.empty((len(recording.program.outputs), size), self.dtype)


def _by_sample(outputs: Array, recording: _Recording) -> Array:
    """Return outputs of shape (n, B) as (B, ...), nested as the function returned them."""
    return outputs.T.reshape(outputs.shape[1], *recording.trace.shape)

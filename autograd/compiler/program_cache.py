"""`ProgramCache`: what has been compiled of one function, kept by the shapes of its arguments.

For samples of a new shape, the function is recorded, and the `passes` make a program of it; for a
batch of a new shape, that program is bound to its size. Both are kept, so each is made once.

>>> from autograd import Value
>>> w = Value(0.5, "w")
>>> cache = ProgramCache(lambda x: w * x, parameters=[], dtype=np.dtype(float), backend=None)
>>> three, four = [cache.for_batch([np.ones(size)]) for size in (3, 4)]
>>> three.program is four.program, three.compilation is four.compilation
(False, True)
>>> cache.for_batch([np.zeros(3)]) is three
True

The function has told by now which parameters it reaches:

>>> cache.parameters
[Value(0.5, grad=0.0, label='w')]
>>> theta, inputs = np.array([0.5]), [np.array([1.0, 2.0, 3.0])]
>>> outputs, gradient, suspects = three.program.run(theta, inputs, differentiate=True)
>>> outputs, gradient
(array([[0.5, 1. , 1.5]]), array([2.]))
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from autograd.collector import collector_paused
from autograd.compiler.arguments import (
    Shapes,
    are_in_range,
    require_as_many_as_taken,
    require_samples,
)
from autograd.compiler.arrays import Array, batch_size
from autograd.compiler.backend import Backend, BoundProgram
from autograd.compiler.chunks import bind_in_chunks
from autograd.compiler.own_operations import require_sound_operations
from autograd.compiler.passes import apply_passes
from autograd.compiler.passes.tape import Tape
from autograd.compiler.passes.trace import Trace, record
from autograd.compiler.program import Program, SumProducts
from autograd.errors import DomainError, GraphError, NonFiniteError
from autograd.tracing import refuse_compiled_while_tracing
from autograd.value import Value

KEPT_PROGRAMS = 16
"""How many shapes of samples, and how many shapes of batches, are kept with their programs."""

_Kept = TypeVar("_Kept")


@dataclass(eq=False)
class Compilation:
    """What is known of a function for samples of one shape.

    Attributes
    ----------
    trace : Trace
    program : Program
    alone : list of array
        The batch that was recorded, if it held one sample only: that shows no difference between
        samples, so the function is recorded again when another one comes. Empty otherwise.
    refused : list of array
        The latest batch that could not be recorded, since an operation does not exist there: it is
        not tried again.
    """

    trace: Trace
    program: Program
    alone: list[Array]
    refused: list[Array] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class BoundCompilation:
    """What runs batches of one shape: a compilation, and its program made ready for their size.

    Attributes
    ----------
    compilation : Compilation
    program : BoundProgram
    ones : array
        One for each sample: ``vdot`` with them is the quickest sum, and warns of no overflow.
    """

    compilation: Compilation
    program: BoundProgram
    ones: Array


class ProgramCache:
    """The programs of one function.

    A call that fails, or is interrupted anywhere, leaves them fit for the next one. Threads have to
    take turns.

    Attributes
    ----------
    parameters : list of Value
        Those that were given, then the others that the function was seen to reach. The parameters
        of a trace are the first of these.
    compilations : dict of Shapes to Compilation
        By the shapes of one sample, in the order in which they were made.
    bound : dict of Shapes to BoundCompilation
        By the shapes of a batch, the least recently used first. Of both, that one is dropped first.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        parameters: list[Value],
        dtype: np.dtype[Any],
        backend: Backend | None,
    ) -> None:
        self.parameters = parameters
        self.compilations: dict[Shapes, Compilation] = {}
        self.bound: OrderedDict[Shapes, BoundCompilation] = OrderedDict()
        self._function = function
        self._dtype = dtype
        self._backend = backend

    def for_batch(self, batch: Sequence[Array]) -> BoundCompilation:
        """Return what runs batches of these shapes; the samples are checked each time.

        Raises
        ------
        ShapeError, ArgumentError, NonFiniteError
            See `autograd.compiler.arguments.require_samples`; or if they are not as many as the
            function has arguments.
        TraceError, DomainError, NonFiniteError, GraphError
            If the function cannot be recorded, see `autograd.compiler.passes.trace.record`; or if
            it is called while another one is.
        """
        refuse_compiled_while_tracing()
        shapes = tuple([array.shape for array in batch])
        bound = self.bound.get(shapes)
        if bound is None or not are_in_range(batch, self._dtype):
            require_samples(batch, self._dtype)
        compilation = bound.compilation if bound else self._compilation(batch)
        if compilation.alone:
            self._compare(compilation, batch)
        if bound is None:
            bound = self._bind(shapes, compilation, batch_size(batch))
        self.bound.move_to_end(shapes)
        return bound

    def adopt(self, trace: Trace) -> None:
        """Take a graph that is recorded already, for samples of as many numbers as its inputs.

        Without inputs, no array need be given either.
        """
        n_inputs = trace.tape.n_inputs
        compilation = self._compile(((n_inputs,),), trace, alone=[])
        if n_inputs == 0:
            self.compilations[()] = compilation

    def latest_bound(self) -> BoundCompilation:
        """Return what ran the latest batch; raise a GraphError if there has been none."""
        return _latest(self.bound)

    def latest(self) -> Compilation:
        """Return the compilation of the latest batch; before there is one, the latest made."""
        return self.latest_bound().compilation if self.bound else _latest(self.compilations)

    def _bind(self, shapes: Shapes, compilation: Compilation, size: int) -> BoundCompilation:
        with collector_paused():
            program = bind_in_chunks(compilation.program, size, self._dtype, self._backend)
        bound = BoundCompilation(compilation, program, np.ones(size))
        while len(self.bound) >= KEPT_PROGRAMS:
            self.bound.popitem(last=False)
        self.bound[shapes] = bound
        return bound

    def _compilation(self, batch: Sequence[Array]) -> Compilation:
        """Return the compilation for samples of these shapes, made if there is none."""
        shapes = tuple([array.shape[1:] for array in batch])
        compilation = self.compilations.get(shapes)
        if compilation is None:
            require_as_many_as_taken(self._function, len(batch))
            alone = [array.copy() for array in batch] if batch_size(batch) == 1 else []
            trace = record(self._function, batch, self.parameters)
            compilation = self._compile(shapes, trace, alone)
        return compilation

    def _compare(self, compilation: Compilation, batch: Sequence[Array]) -> None:
        """Record the function for a lone sample and for a batch, unless that is the same again."""
        seen = [compilation.alone, compilation.refused]
        if any(arrays and all(map(np.array_equal, batch, arrays)) for arrays in seen):
            return
        try:
            record(self._function, batch, self.parameters, compilation.alone)
        except (DomainError, NonFiniteError):  # running the program tells of it, too
            compilation.refused = [array.copy() for array in batch]
        else:
            compilation.alone = compilation.refused = []

    def _compile(self, shapes: Shapes, trace: Trace, alone: list[Array]) -> Compilation:
        """Make the program of a trace, and keep both."""
        program = self._program(trace.tape)  # may fail or be interrupted: nothing has changed yet
        compilation = Compilation(trace, program, alone)
        while len(self.compilations) >= KEPT_PROGRAMS:
            self._forget_one()
        self.parameters = trace.parameters  # first: no trace that is kept may have more
        self.compilations[shapes] = compilation
        return compilation

    def _program(self, tape: Tape) -> Program:
        require_sound_operations(tape)
        with collector_paused():
            program = apply_passes(tape).program
            _require_constants(program, self._dtype)
        return program

    def _forget_one(self) -> None:
        """Drop what is bound of the least recently used compilation, and then this itself."""
        last_use = {bound.compilation: place for place, bound in enumerate(self.bound.values())}
        shapes = min(self.compilations, key=lambda key: last_use.get(self.compilations[key], -1))
        for key, bound in list(self.bound.items()):
            if bound.compilation is self.compilations[shapes]:
                del self.bound[key]
        del self.compilations[shapes]


def _require_constants(program: Program, dtype: np.dtype[Any]) -> None:
    """Raise an error if a number of the function would become infinite as a `dtype`."""
    largest = float(np.finfo(dtype).max)
    numbers = list(program.constants.values())
    for step in program.forward:
        if isinstance(step, SumProducts) and step.coefficients is not None:
            numbers += step.coefficients.ravel().tolist()
    for number in numbers:
        if abs(number) > largest and math.isfinite(number):
            raise NonFiniteError(f"the constant {number} is too large for {dtype}")


def _latest(kept: dict[Shapes, _Kept]) -> _Kept:
    if not kept:
        raise GraphError("nothing has been compiled yet: call it with a batch first")
    return next(reversed(kept.values()))

"""Recording a function once, for any sample.

The function is called on Values that hold the numbers of one sample, and leaves a graph. That graph
stands for every sample only if nothing in it depends on the numbers: the `guard` raises a
`TraceError` when one is asked for. What escapes it, such as a random number, shows only if the
first sample of a batch and the last that is not like it leave different graphs.

>>> import numpy as np
>>> from autograd import Value
>>> w = Value(2.0, "w")
>>> trace = record(lambda x: w * x[0] + x[1], [np.array([[1.0, 2.0], [3.0, 4.0]])], known=[])
>>> trace.parameters
[Value(2.0, grad=0.0, label='w')]
>>> len(trace.tape.operations)
5
"""

import contextlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.collector import collector_paused
from autograd.compiler.arrays import batch_size
from autograd.compiler.passes.guard import TracedValue, guarding
from autograd.compiler.passes.sample import Recording
from autograd.compiler.passes.tape import Tape, tape_of
from autograd.errors import DomainError, NonFiniteError, TraceError
from autograd.graph import origins
from autograd.operation import CONSTANT
from autograd.recording import detect_anomaly
from autograd.tracing import CHOOSING
from autograd.value import Value


@dataclass(frozen=True)
class Trace:
    """A recorded function.

    Attributes
    ----------
    tape : Tape
        The inputs are the numbers of all arguments, one after the other, in C order.
    parameters : list of Value
        The variables that the function reached beside its arguments.
    shape : tuple of int
        Of the result for one sample; () for a Value, (n,) for a list of n.
    """

    tape: Tape
    parameters: list[Value]
    shape: tuple[int, ...]


@collector_paused()  # until the two graphs, its local variables, are freed
def record(
    function: Callable[..., Any],
    arrays: Sequence[NDArray[Any]],
    known: Sequence[Value],
    alone: Sequence[NDArray[Any]] = (),
) -> Trace:
    """Record `function` for the samples in `arrays`.

    Parameters
    ----------
    function : callable
        Takes one sample of each array: a Value, or nested lists of them. Returns a Value or nested
        lists of equal length.
    arrays : sequence of array, each with the same leading axis
    known : sequence of Value
        Parameters to number first, in this order.
    alone : sequence of array, optional
        A batch of one, to compare with in place of the first sample.

    Raises
    ------
    TraceError
        If the graph depends on the numbers of the sample.
    DomainError, NonFiniteError
        If an operation does not exist for a sample that is recorded, or for one before it.
    GraphError
        If the result is not made of Values and numbers.
    """
    first = alone or arrays
    other = _last_unlike(first, arrays)
    guarded = Recording(function, first, 0, TracedValue)
    variables = guarded.variables()
    with guarding([*known, *variables]):  # nothing else is left to guard, and this is faster
        # After a lone sample there is a program already: it finds the first sample that fails.
        plain = (Recording if alone else _recorded)(function, arrays, other)
    # A variable that only one of the calls reached was made inside it: it is a constant.
    reached = [variable for variable in variables if variable in plain.parents]
    parameters = list(dict.fromkeys([*known, *reached]))
    graph = plain.numbered(parameters)
    if plain.described(graph) != guarded.described(guarded.numbered(parameters)):
        raise _error_of_difference(function, first, arrays, other)
    trace = Trace(tape_of(graph), parameters, plain.shape)
    for value in [*guarded.inputs, *plain.inputs]:  # a model that keeps one has no more parameters
        value.operation = CONSTANT
    return trace


def _last_unlike(first: Sequence[NDArray[Any]], arrays: Sequence[NDArray[Any]]) -> int:
    """Return the number of the last sample unlike the one that comes first, or of the last."""
    size = batch_size(arrays)
    unlike = np.zeros(size, bool)
    for array, of_first in zip(arrays, first, strict=True):
        unlike |= (array.reshape(size, -1) != np.ravel(of_first[0])).any(axis=1)
    return int(np.flatnonzero(unlike)[-1]) if unlike.any() else size - 1


def _recorded(
    function: Callable[..., Any], arrays: Sequence[NDArray[Any]], index: int
) -> Recording:
    """Record one sample; if that fails, raise the error of the first that does, as eager mode."""
    with contextlib.suppress(DomainError, NonFiniteError):
        return Recording(function, arrays, index)
    for earlier in range(index):
        Recording(function, arrays, earlier)
    return Recording(function, arrays, index)


def _error_of_difference(
    function: Callable[..., Any],
    first: Sequence[NDArray[Any]],
    arrays: Sequence[NDArray[Any]],
    other_index: int,
) -> TraceError:
    """Record both samples once more, with the lines that made the nodes, and compare."""
    with detect_anomaly(), collector_paused():
        one = Recording(function, first, 0)
        other = Recording(function, arrays, other_index)
        one.put_in_order_of_origin()
        other.put_in_order_of_origin()
        variables = [variable for variable in one.variables() if variable in other.parents]
        graph, others = one.numbered(variables), other.numbered(variables)
        pairs = itertools.zip_longest(one.described(graph), other.described(others))
        alike = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
        differing = [*graph.nodes[alike:], *others.nodes[alike:]]
        line = next((f"{origins[node]}: " for node in differing if node in origins), "")
    if first is not arrays:
        when = f"for sample {other_index} than for the lone sample of an earlier call"
    elif other_index > 0:
        when = f"for sample {other_index} than for sample 0"
    else:
        when = "when it is called again for sample 0"
    return TraceError(
        f"{line}the function does something different {when}. "
        "Does it depend on anything but its arguments? Random numbers, such as those of dropout, "
        f"can be an argument, with a row for each sample. {CHOOSING}"
    )

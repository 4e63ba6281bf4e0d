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
from autograd.compiler.passes.tape import NumberedGraph, Tape, behind, numbered, tape_of
from autograd.errors import DomainError, GraphError, NonFiniteError, TraceError
from autograd.graph import origins
from autograd.nested_numbers import map_numbers, numbers_in
from autograd.operation import CONSTANT
from autograd.recording import detect_anomaly
from autograd.tracing import CHOOSING, tracing
from autograd.user_code import line_where_raised
from autograd.value import Value, as_value


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
    guarded = _Recording(function, first, 0, TracedValue)
    variables = guarded.variables()
    with guarding([*known, *variables]):  # nothing else is left to guard, and this is faster
        # After a lone sample there is a program already: it finds the first sample that fails.
        plain = (_Recording if alone else _recorded)(function, arrays, other)
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


class _Recording:
    """What a function left behind for one sample."""

    def __init__(
        self,
        function: Callable[..., Any],
        arrays: Sequence[NDArray[Any]],
        index: int,
        kind: type[Value] = Value,
    ) -> None:
        with tracing(kind):
            arguments = [map_numbers(kind, array[index].tolist()) for array in arrays]
            # Before the call: what becomes of its lists is the function's own affair.
            self.inputs = [value for argument in arguments for value in numbers_in(argument)]
            try:
                result = function(*arguments)
            except (DomainError, NonFiniteError) as error:
                error.args = (f"{error} (sample {index})",)
                raise
            except (AttributeError, TypeError, IndexError, KeyError) as error:
                advice = _advice(error, arrays)
                if advice is None:
                    raise
                raise TraceError(f"{line_where_raised(error)}: {advice}") from error
            self.outputs, self.shape = _outputs(result)
        self.parents = behind(self.outputs)

    def variables(self) -> list[Any]:
        """List the variables behind the outputs, without the inputs, in the order of their use."""
        used = dict.fromkeys(itertools.chain(*self.parents.values(), self.outputs))
        inputs = set(self.inputs)
        return [node for node in used if node.operation is None and node not in inputs]

    def numbered(self, parameters: Sequence[Value]) -> NumberedGraph:
        """Give numbers to the nodes, first to the inputs and the parameters."""
        return numbered(self.parents, self.outputs, self.inputs, parameters)

    def described(self, graph: NumberedGraph) -> list[Any]:
        """Describe each node of the numbered graph, and then the results.

        Two calls did the same, each with inputs of its own, if their descriptions are equal. A node
        is described by its operation and its operands, or by its number if it has none.
        """
        n_leaves = graph.n_inputs + graph.n_parameters
        computed = zip(graph.nodes[n_leaves:], graph.operands[n_leaves:], strict=True)
        return [
            *range(n_leaves),
            *[(node.operation, operands or node.data) for node, operands in computed],
            (self.shape, graph.outputs),
        ]

    def put_in_order_of_origin(self) -> None:
        """List the nodes in the order in which they were made, leaves before their first use."""
        made = [node for node in list(origins) if node in self.parents]
        order = itertools.chain.from_iterable([(*self.parents[node], node) for node in made])
        self.parents = {node: self.parents[node] for node in [*order, *self.parents]}


def _recorded(
    function: Callable[..., Any], arrays: Sequence[NDArray[Any]], index: int
) -> _Recording:
    """Record one sample; if that fails, raise the error of the first that does, as eager mode."""
    with contextlib.suppress(DomainError, NonFiniteError):
        return _Recording(function, arrays, index)
    for earlier in range(index):
        _Recording(function, arrays, earlier)
    return _Recording(function, arrays, index)


def _outputs(result: Any) -> tuple[list[Value], tuple[int, ...]]:
    outputs = list(numbers_in(result))
    if not outputs:
        raise GraphError(f"a compiled function must return at least one Value, not {result!r}")
    table = np.empty(len(outputs), dtype=object)
    try:
        table[:] = [as_value(output) for output in outputs]
        shape = np.shape(map_numbers(lambda number: 0.0, result))
    except (TypeError, ValueError) as error:
        raise GraphError(
            "a compiled function must return a Value, or lists of Values of equal length at each "
            f"depth: {error}"
        ) from error
    return table.tolist(), shape


_TAKING_FOR_A_LIST = (
    "'Value' object is not iterable",
    "'Value' object is not subscriptable",
    "object of type 'Value' has no len()",
)


_NO_INDEX = "only integers, slices"
"""How NumPy begins to refuse an index."""


def _advice(error: Exception, arrays: Sequence[NDArray[Any]]) -> str | None:
    """Return what to do if a function took a Value for a list or an index, or a list for an array.

    None if it was something else.
    """
    asks_a_list = isinstance(error, AttributeError) and isinstance(error.obj, list)
    if asks_a_list or str(error) == "list indices must be integers or slices, not tuple":
        return (
            f"{error}. A sample is a list, or nested lists: np.array(x) is an array of its Values"
        )
    if isinstance(error, TypeError) and str(error).endswith(_TAKING_FOR_A_LIST):
        shapes = ", ".join(str(array.shape[1:]) for array in arrays)
        return (
            f"{error}. The function was given one sample of each array, of shape {shapes}: () is a "
            "Value, (n,) a list. To compute a single sample x, give a batch of one, [x]"
        )
    if isinstance(error, IndexError) and str(error).startswith(_NO_INDEX):
        return f"{error}. With a Value, write ag.lookup(table.tolist(), index)"
    if isinstance(error, KeyError) and any(isinstance(key, Value) for key in error.args):
        return "a Value is no key of a dict: ag.lookup finds the entry of a list for each sample"
    return None


def _error_of_difference(
    function: Callable[..., Any],
    first: Sequence[NDArray[Any]],
    arrays: Sequence[NDArray[Any]],
    other_index: int,
) -> TraceError:
    """Record both samples once more, with the lines that made the nodes, and compare."""
    with detect_anomaly(), collector_paused():
        one = _Recording(function, first, 0)
        other = _Recording(function, arrays, other_index)
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

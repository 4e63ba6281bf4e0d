"""Calling a function on one sample, and what it leaves behind: a graph, and results in it.

`trace` does this for two samples, and compares. Here is also what to tell users whose function took
a sample for something else than Values in lists.

>>> import numpy as np
>>> from autograd import Value
>>> w = Value(2.0, "w")
>>> called = Recording(lambda x: [w * x[0], x[1]], [np.array([[1.0, 3.0]])], index=0)
>>> called.inputs, called.outputs, called.shape
([Value(1.0, grad=0.0), Value(3.0, grad=0.0)], [Value(2.0), Value(3.0, grad=0.0)], (2,))
>>> called.variables()
[Value(2.0, grad=0.0, label='w')]
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.passes.tape import NumberedGraph, behind, numbered
from autograd.errors import (
    DomainError,
    GraphError,
    NonFiniteError,
    NotANumberError,
    ShapeError,
    TraceError,
)
from autograd.graph import origins
from autograd.nested_numbers import map_numbers, numbers_in
from autograd.tracing import tracing
from autograd.user_code import line_where_raised
from autograd.value import Value, as_value
from autograd.wording import of_sample


class Recording:
    """What a function left behind for one sample.

    Attributes
    ----------
    inputs : list of Value
        The numbers of all arguments, one after the other, in C order.
    outputs : list of Value
    shape : tuple of int
        Of the result, whose items the outputs are: () for a Value, (n,) for a list of n.
    parents : dict of Node to tuple of Node
        The inputs of each node behind the outputs.
    """

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
                error.args = (of_sample(error, index),)
                raise
            except ShapeError as error:
                if _FOR_A_LIST in str(error):
                    error.args = (f"{error}. {_one_sample(arrays)}",)
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


def _outputs(result: Any) -> tuple[list[Value], tuple[int, ...]]:
    outputs = list(numbers_in(result))
    if not outputs:
        raise GraphError(f"a compiled function must return at least one Value, not {result!r}")
    must = (
        "a compiled function must return a Value, or lists of Values of equal length at each depth"
    )
    try:
        values = [as_value(output) for output in outputs]
    except NotANumberError as error:
        raise NotANumberError(f"{must}: {error}") from error
    try:
        return values, np.shape(map_numbers(lambda number: 0.0, result))
    except ValueError as error:
        raise GraphError(f"{must}: {error}") from error


_TAKING_FOR_A_LIST = (
    "'Value' object is not iterable",
    "'Value' object is not subscriptable",
    "object of type 'Value' has no len()",
)


_FOR_A_LIST = ", not Value("
"""How this library says that it was given a Value for a list."""

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
        return f"{error}. {_one_sample(arrays)}"
    if isinstance(error, IndexError) and str(error).startswith(_NO_INDEX):
        return f"{error}. With a Value, write ag.lookup(table.tolist(), index)"
    if isinstance(error, KeyError) and any(isinstance(key, Value) for key in error.args):
        return "a Value is no key of a dict: ag.lookup finds the entry of a list for each sample"
    return None


def _one_sample(arrays: Sequence[NDArray[Any]]) -> str:
    shapes = ", ".join(str(array.shape[1:]) for array in arrays)
    return (
        f"The function was given one sample of each array, of shape {shapes}: () is a Value, (n,) "
        "a list. To compute a single sample x, give a batch of one, [x]"
    )

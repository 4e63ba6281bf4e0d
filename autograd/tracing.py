"""Recording a function for any sample: what `autograd.compile` does, and what it has to refuse.

The numbers of the graph are those of one sample. Whatever reads one of them outside an operation
would make a program that is wrong for the others.
"""

import contextlib
from collections.abc import Iterator

from autograd.errors import TraceError
from autograd.graph import Node
from autograd.modes import mode, modes, open_contexts, operation_mode
from autograd.operation import DETACH
from autograd.user_code import line_of_user_code

CHOOSING = "ag.max, ag.min, ag.relu, ag.abs and ag.lookup choose for each sample"
"""What to write instead of a branch, as every message about one says it."""


@contextlib.contextmanager
def tracing(kind: type[Node]) -> Iterator[None]:
    """Refuse to give Python the number of a `Value` while a function is recorded for any sample.

    Every node that is made becomes one of `kind`.
    """
    with operation_mode("tracing", kind), mode("recording", True):
        yield


def refuse_while_tracing(reading: str) -> None:
    """Raise an error if this thread records a function that has to work for any sample.

    Raises
    ------
    TraceError
        With the line of the user's code, and what to write instead.
    """
    if open_contexts and modes.tracing:
        raise TraceError(
            f"{line_of_user_code()}: this Value is {reading}, but a compiled function is recorded "
            "for one sample and run on all, so what follows would be wrong for the others. "
            f"{CHOOSING}; ag.exp and the like compute with Values, unlike the functions of math"
        )


def refuse_gradients_while_tracing(source: str) -> None:
    """Raise an error if this thread records a function that has to work for any sample.

    Raises
    ------
    TraceError
        Since ``backward()`` and ``.grad`` give the gradients of one sample.
    """
    if modes.tracing is not None:
        raise TraceError(
            f"{line_of_user_code()}: {source} inside a compiled function would give the "
            "gradients of one sample. Use ag.grad or ag.gradient, which give those of each"
        )


def refuse_compiled_while_tracing() -> None:
    """Raise an error if this thread records a function that has to work for any sample.

    Raises
    ------
    TraceError
        Since a compiled function returns numbers, which would stay as its parameters are now.
    """
    if open_contexts and modes.tracing:
        raise TraceError(
            f"{line_of_user_code()}: inside a compiled function call the function itself. What was "
            "compiled of it returns numbers, which would stay as its parameters are now"
        )


def detach_in_place(node: Node) -> None:
    """Put a `detach` in front of a node just made: it keeps its number and sends nothing back.

    What it was becomes the input of the `detach`, in a node of its own. Its number differs from
    sample to sample, so it cannot be a constant.
    """
    computed = object.__new__(type(node))
    for slot in Node.__slots__:
        setattr(computed, slot, getattr(node, slot))
    node.operation, node._first, node._second = DETACH, computed, None

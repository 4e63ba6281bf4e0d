"""What went wrong in a compiled program, in the words of eager mode.

A program computes whole blocks of numbers, and only tells which samples are suspect. These are
computed once more on Values, one after the other: the tape that the program was made of is played
again. So a compiled function raises the errors of the function that it was made of, with the number
of the sample added; and what eager mode lets pass, such as a product that overflows, is an error
only if it makes an output or a gradient infinite or nan.

>>> from autograd import Value, log
>>> from autograd.compiler.passes.trace import record
>>> w = Value(2.0, "w")
>>> trace = record(lambda x: log(w * x) * w, [np.array([1.0, 3.0])], known=[])
>>> samples, outputs = np.array([4.0, -0.5]), np.array([[4.2, np.nan]])
>>> require_success(trace, [1], np.array([2.0]), [samples], outputs)
Traceback (most recent call last):
autograd.errors.DomainError: log(-1.0) does not exist: its argument must be positive (for the log \
of a probability, use log_softmax) (sample 1)
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import operations
from autograd.backpropagation import backward
from autograd.collector import collector_paused
from autograd.compiler.arrays import Array
from autograd.compiler.passes.trace import Trace
from autograd.diagnosis import describe, require_finite_output
from autograd.errors import DomainError, NonFiniteError
from autograd.operation import BUILT_IN, CONSTANT, Operation
from autograd.recording import enable_grad
from autograd.value import Value, node_of
from autograd.wording import of_sample

REFUSING_NAN = {operations.sum, operations.max, operations.min, operations.lookup}
"""The operations of the library that eager mode records by `Operation.evaluate`, which refuses nan.

All others record what comes out, and leave a nan to `backward`.
"""


def require_success(
    trace: Trace,
    suspects: Sequence[int],
    theta: Array,
    batch: Sequence[Array],
    outputs: Array,
    gradient: Array | None = None,
) -> None:
    """Raise the error of eager mode for one of some samples, or if a result is not finite.

    Parameters
    ----------
    trace : Trace
    suspects : sequence of int
        The samples: see `autograd.compiler.backend.BoundProgram`.
    theta : array, (n_parameters,)
    batch : sequence of array, each of shape (B, ...)
    outputs : array, (n_outputs, B)
    gradient : array, (n_parameters,), optional
        None if nothing was differentiated.

    Raises
    ------
    DomainError, NonFiniteError
    """
    if not np.isfinite(theta).all():
        place = int(np.argmin(np.isfinite(theta)))
        raise NonFiniteError(f"parameter {place} is {theta[place]}: look for what made it so")
    is_finite = np.isfinite(outputs).all() and (gradient is None or np.isfinite(gradient).all())
    for sample in suspects:
        inputs = [np.asarray(array[sample], float).ravel() for array in batch]
        leaves = np.concatenate([*inputs, theta]).tolist()
        try:
            nodes = _replay(trace, leaves, gradient is not None)
            if not is_finite:
                _require_in_range(nodes, outputs.dtype)
        except (DomainError, NonFiniteError) as error:
            error.args = (of_sample(error, sample),)
            raise
    if not is_finite:
        problem = (
            f"an output or a gradient is nan or too large for {outputs.dtype}, though none is in "
            "eager mode: keep all numbers in its range, multiply no infinite one by zero, and "
            "compute no index that rounding can move"
        )
        raise NonFiniteError(of_sample(problem, suspects[0]))


@collector_paused()
@enable_grad()
def _replay(trace: Trace, leaves: Sequence[float], differentiate: bool) -> list[Value]:
    """Compute one sample on Values, raise what that raises, and return all nodes.

    What depends on no parameter is used as a constant: it needs no derivative.
    """
    tape = trace.tape
    labels = [""] * tape.n_inputs + [parameter.label for parameter in trace.parameters]
    nodes = [Value(number, label) for number, label in zip(leaves, labels, strict=True)]
    used: list[Value] = []
    for i, operands in enumerate(tape.operands):
        operation: Any = tape.operations[i]
        if operands:
            nodes.append(_record(operation, [used[operand] for operand in operands]))
        elif i >= len(leaves):
            nodes.append(_constant(tape.numbers[i]))
        used.append(nodes[i] if tape.trained[i] else _constant(nodes[i].data))
    objective, *_ = tape.outputs
    if differentiate:
        require_finite_output(nodes[objective], "backward() from", nodes)
        if tape.trained[objective]:
            backward(nodes[objective])
    for output in tape.outputs:
        require_finite_output(nodes[output], "the program returns", nodes)
    return nodes


def _record(operation: Operation, operands: Sequence[Value]) -> Value:
    """Apply an operation as eager mode does."""
    if operation in REFUSING_NAN or operation is not BUILT_IN.get(operation.name):
        return Value.record(operation, operands)
    numbers = [operand.data for operand in operands]
    try:
        number = operation.forward(*numbers)
    except (ArithmeticError, ValueError) as cause:
        raise operation.error(numbers, cause) from None
    return node_of(operation, number, tuple(operands))


def _constant(number: float) -> Value:
    return node_of(CONSTANT, number, ())


def _require_in_range(nodes: Sequence[Value], dtype: np.dtype[Any]) -> None:
    """Raise an error if a node is finite, as eager mode computes, and too large for `dtype`."""
    largest = float(np.finfo(dtype).max)
    for node in nodes:
        if largest < abs(node.data) < math.inf:
            raise NonFiniteError(f"{describe(node)} is {node.data}, too large for {dtype}")

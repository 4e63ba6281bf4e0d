"""What an operation is: a function of numbers that knows its derivative.

`autograd.definition` makes one. Those of the library are defined in `autograd.operations`.
"""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from autograd.errors import (
    AutogradError,
    DomainError,
    GraphError,
    NonFiniteError,
    NotANumberError,
    ShapeError,
)

OPERATIONS: dict[str, "Operation"] = {}
"""Every defined operation by name."""


@dataclass(frozen=True, eq=False, slots=True)
class Operation:
    """A function of numbers, with its derivative. Made by :func:`autograd.definition.define`.

    Calling an operation applies it to whatever the inputs are:

    >>> from autograd import Value, operations
    >>> operations.tanh(0.0)
    0.0
    >>> operations.tanh(Value(0.0))
    Value(0.0)

    Attributes
    ----------
    name : str
        Unique in :data:`OPERATIONS`.
    symbol : str
        What a picture prints in the node.
    forward : callable
        ``forward(*inputs) -> float`` on floats. It may raise ValueError or ArithmeticError where
        the operation does not exist; `evaluate` turns that into an error that names it.
    array : callable
        ``array(np, *inputs) -> array``, the same on arrays of equal shape, through the functions
        of the namespace ``np``: NumPy, or another library with the same names.
    derivative : callable
        ``derivative(g, out, *inputs) -> gradients``, one per input, in plain operators.
    advice : str
        Ends the message of an error in `forward`: what the user can do.
    overflow_advice : str
        Takes its place where `forward` overflows, if that needs other advice.
    accumulate : callable, optional
        ``accumulate(g, first, second)`` applies `derivative` to float gradients in place: it adds
        to ``node.grad`` of each input node what the rule would return. ``first`` and ``second`` are
        the two slots in which a node holds its inputs (see `autograd.graph.Node`); ``g`` is never
        zero (see `stops_zeros`). Only for the operations that training spends its time in;
        `gradcheck` compares it with the rule.
    """

    name: str
    symbol: str
    forward: Callable[..., float]
    array: Callable[..., Any]
    derivative: Callable[..., Sequence[Any]]
    advice: str = ""
    accumulate: Callable[..., None] | None = None
    overflow_advice: str = ""

    @property
    def stops_zeros(self) -> bool:
        """Whether a gradient of zero ends here: nothing flows on, not even to an infinite input.

        Half of the gradients in a relu network are zero. Skipping them takes 10 % off its backward
        pass, and 15 % off a training step with dots. Other operations apply their rule to a zero
        too, and so report a derivative that does not exist.
        """
        return self.accumulate is not None

    def __call__(self, *inputs: Any) -> Any:
        """Apply to Values (the result is recorded in the graph), to arrays, or to numbers."""
        for value in inputs:
            if hasattr(value, "record"):
                return value.record(self, inputs)
        for value in inputs:
            if hasattr(value, "__array_namespace__"):
                try:
                    return self.array(value.__array_namespace__(), *inputs)
                except TypeError:
                    self._require_number_of_inputs(len(inputs))
                    raise
        try:
            return self.evaluate(*inputs)
        except TypeError:
            for value in inputs:
                if not isinstance(value, Real):
                    raise NotANumberError(
                        f"{self.name} takes Values, numbers or arrays, not {value!r}"
                    ) from None
            raise

    def evaluate(self, *inputs: float) -> float:
        """Compute `forward`, or raise an error that shows the inputs and what to do.

        Raises
        ------
        DomainError
            If the operation does not exist at `inputs`.
        NonFiniteError
            If the result is nan, as that of ``inf - inf``, or `forward` overflows: ``exp(1000)``
            does, as `math.exp` does, but a sum that is too large is infinite.
        ShapeError
            If the operation takes a different number of inputs.
        """
        try:
            result = self.forward(*inputs)
        except (ValueError, ArithmeticError) as cause:
            raise self.error(inputs, cause) from None
        except TypeError:
            self._require_number_of_inputs(len(inputs))
            raise
        if result != result:
            raise NonFiniteError(f"{self.expression(inputs)} is nan: keep its inputs finite")
        return result

    def _require_number_of_inputs(self, count: int) -> None:
        """Raise an error if the derivative rule, which names all inputs, takes more or fewer."""
        names = self.input_names()
        if names is not None and len(names) != count:
            inputs = f"{len(names)} input{'s' if len(names) != 1 else ''} ({', '.join(names)})"
            raise ShapeError(f"{self.name} takes {inputs}, not {count}")

    def input_names(self) -> list[str] | None:
        """Return the names of the inputs in the derivative rule.

        None if it takes any number of inputs, or its signature is unknown.
        """
        try:
            parameters = inspect.signature(self.derivative).parameters.values()
        except (TypeError, ValueError):  # some functions written in C have none
            return None
        if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
            return None
        return [parameter.name for parameter in parameters][2:]  # after g and out

    def error(self, inputs: Iterable[float], cause: Exception) -> AutogradError:
        """Return the error for users when `forward` failed with `cause` at `inputs`."""
        overflows = isinstance(cause, OverflowError)
        problem = "is too large for a float" if overflows else "does not exist"
        advice = (overflows and self.overflow_advice) or self.advice
        text = f"{self.expression(inputs)} {problem}{f': {advice}' if advice else ''}"
        return NonFiniteError(text) if overflows else DomainError(text)

    def expression(self, inputs: Iterable[object]) -> str:
        """Write the operation applied to `inputs`, as a reader would.

        >>> from autograd import operations
        >>> operations.div.expression([1.0, 0.0])
        '1.0 / 0.0'
        >>> operations.log.expression([-1.0])
        'log(-1.0)'
        """
        texts = [str(x) for x in inputs]
        if len(texts) == 2 and self.symbol in _INFIX:
            left, right = (f"({text})" if text.startswith("-") else text for text in texts)
            return f"{left} {self.symbol} {right}"
        if len(texts) > 6:
            texts[3:-2] = ["..."]
        return f"{self.name}({', '.join(texts)})"

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __copy__(self) -> "Operation":
        return self

    def __deepcopy__(self, copies: dict[int, Any]) -> "Operation":
        return self

    def __reduce__(self) -> Any:
        """Pickle by name: there is one of each operation.

        Raises
        ------
        GraphError
            If the name stands for a later operation, or for none, as that of a compiled mean.
        """
        named = _find(self.name)
        if named is None:
            raise GraphError(
                f"the operation {self.name!r} cannot be pickled, for none is defined by that name: "
                "pickle the variables, not what was computed from them"
            )
        if named is not self:
            raise GraphError(
                f"the operation {self.name!r} has been defined again, and is pickled by its name: "
                "record the graph again, with the later definition"
            )
        return _operation_named, (self.name,)


_INFIX = ("+", "-", "*", "/", "**")
"""The symbols that stand between their two inputs."""


BUILT_IN: dict[str, Operation] = {}
"""The operations of this library by name, once all of them are defined; none can be replaced."""


def _find(name: str) -> Operation | None:
    return BUILT_IN.get(name) or OPERATIONS.get(name)


def _operation_named(name: str) -> Operation:
    operation = _find(name)
    if operation is None:
        raise GraphError(f"there is no operation named {name!r} here: define it before loading")
    return operation


CONSTANT = Operation(
    "constant",
    symbol="",
    forward=lambda: 0.0,
    array=lambda np: 0.0,
    derivative=lambda g, out: (),
    accumulate=lambda g, none, no_rows: None,  # without it a training step takes 2 % longer
)
"""The operation of a number that was written into a formula, the 2 in ``2 * x``.

It has no inputs, so nothing flows through it. It marks constants, as opposed to variables, whose
operation is None. It is not in :data:`OPERATIONS`.
"""

DETACH = Operation(
    "detach",
    symbol="detach",
    forward=lambda x: x,
    array=lambda np, x: x,
    derivative=lambda g, out, x: (g * 0.0,),
)
"""The number as it is, with nothing sent back: what `autograd.detach` records.

Its rule is not the derivative of its forward, on purpose, so it is not in :data:`OPERATIONS`.
"""

SEED = Operation(
    "seed",
    symbol="seed",
    forward=lambda x: x,
    array=lambda np, x: x,
    derivative=lambda g, out, x: (g,),
)
"""The number as it is, at the root of a derivative that is a graph: d output / d output = 1.

With it the derivative is never a constant, which could not be differentiated: that of 3 x is then a
graph too. It is not in :data:`OPERATIONS`.
"""

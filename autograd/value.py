"""`Value`: a number that remembers how it was computed.

Formulas are written with `Value` as with floats. Each operator computes its number, and records a
node with the operation and its inputs; `backward()` then walks the graph back. The operations are
defined in `autograd.operations`, the walk back in `autograd.backpropagation`.

To users ``x < y`` is a bool, and ``x == y`` says whether both are the same Value. In a derivative
rule a comparison is a number, 1 for true and 0 for false, so that one rule, ``g * (x > 0)``, serves
floats, arrays and Values. Python's bools and NumPy's are such numbers. So while a rule is applied
to Values (the mode ``applying_rules``), ``==`` compares numbers as well. If a function is being
compiled at the time, so that the answer differs from sample to sample, a comparison is a node, made
by `operations.heaviside`, and ``&`` multiplies two of them.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeAlias

from autograd import backpropagation, operations
from autograd.diagnosis import nan_error, require_numbers
from autograd.errors import NotANumberError
from autograd.graph import NO_GRADIENT, Node, Row
from autograd.modes import modes, open_contexts
from autograd.operation import CONSTANT, Operation
from autograd.real_numbers import REAL, real_number
from autograd.recording import apply_modes, refuse_in_rules
from autograd.tracing import refuse_gradients_while_tracing, refuse_while_tracing

Number: TypeAlias = "Value | float"
"""An operand: a `Value`, or a real number that is combined with one."""

_Operator: TypeAlias = "Callable[[Value, Number], Value]"

_new = object.__new__


class _Elsewhere:
    """A name that a Value does not have, but others' tensors do: the error says what to write.

    ``__getattr__`` would do as well, but make ``x * y`` take 25 % longer: with it, Python caches no
    attribute lookups.
    """

    def __init__(self, instead: str) -> None:
        self._instead = instead

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def _refuse(self, value: object, owner_or_new: object) -> NoReturn:
        raise AttributeError(f"a Value has no {self._name!r}: {self._instead}")

    __get__ = __set__ = _refuse


def _operators(operation: Operation) -> tuple[_Operator, _Operator]:
    """Make the two methods of an operator: that for ``x * y``, and that for ``2 * y``.

    Each operand that is a number becomes a constant. Arrays are left to NumPy, which comes back
    with each of their elements.
    """
    compute = operation.forward

    def apply(left: "Value", right: Number) -> "Value":
        if not isinstance(right, Value):
            return NotImplemented if _is_array(right) else apply(left, as_value(right))
        try:
            number = compute(left._number, right._number)
        except (TypeError, ValueError, ArithmeticError) as cause:
            raise _error_of(operation, cause, left, right) from None
        # What `new_node` does, which takes 6 % longer. Most nodes of most graphs are made here.
        node = _new(Value)
        node.data = number
        node.grad = NO_GRADIENT
        node.label = ""
        node.operation = operation
        node._first = left
        node._second = right
        if open_contexts:
            apply_modes(node)
        return node

    def apply_reflected(right: "Value", left: Number) -> "Value":
        return NotImplemented if _is_array(left) else apply(as_value(left), right)

    return apply, apply_reflected


class Value(Node):
    """A scalar, recorded for differentiation.

    >>> from autograd import Value
    >>> x = Value(3.0, "x")
    >>> y = x * x + 2 * x
    >>> y.backward()
    >>> y.data, x.grad
    (15.0, 8.0)

    All operators work with numbers on either side, ``+ - * / **``, ``abs`` and the built-in `sum`
    among them; the functions of the package (``ag.exp``, ``ag.max``, ...) work on Values and on
    numbers. ``< <= > >=`` compare the numbers; ``==`` and `hash` go by identity, so Values can be
    kept in sets.

    Parameters
    ----------
    data : float
        Any real number, except nan.
    label : str
        A name for pictures and messages.

    Attributes
    ----------
    data, grad, label, operation, parents
        See :class:`autograd.graph.Node`.

    Raises
    ------
    NotANumberError
        If `data` is not a real number: a string, None, a complex number, a list, an array.
    NonFiniteError
        If `data` is nan.
    """

    __slots__ = ()

    def __init__(self, data: float, label: str = "") -> None:
        self.data = real_number(data)
        self.grad = 0.0
        self.label = label
        self.operation = None
        self._first = None
        self._second = ()

    # --- backpropagation -------------------------------------------------------------------------

    def backward(self) -> None:
        """Compute the gradient of this output with respect to every node behind it.

        >>> a, b = Value(2.0), Value(-3.0)
        >>> product = a * b
        >>> product.backward()
        >>> a.grad, b.grad
        (-3.0, 2.0)

        Leaves add up, over outputs and over calls, until `zero_grad`:

        >>> product.backward()
        >>> a.grad, b.grad
        (-6.0, 4.0)

        Raises
        ------
        GraphError, NonFiniteError, DomainError
            See :func:`autograd.backpropagation.backward`. No gradient is changed then.
        TraceError
            Inside a compiled function: use `autograd.grad` there.
        """
        if open_contexts:
            refuse_gradients_while_tracing("backward()")
        backpropagation.backward(self)

    def zero_grad(self) -> None:
        """Reset the gradient of this node to what it was before the first `backward`.

        >>> x = Value(3.0)
        >>> y = x * x
        >>> y.backward()
        >>> for node in (x, y):
        ...     node.zero_grad()
        >>> print(x.grad, y.grad)  # a computed node has a gradient of the last pass, or none
        0.0 None
        """
        self.grad = 0.0 if self.operation is None else NO_GRADIENT

    # --- arithmetic ------------------------------------------------------------------------------

    __add__, __radd__ = _operators(operations.add)
    __sub__, __rsub__ = _operators(operations.sub)
    __mul__, __rmul__ = _operators(operations.mul)
    __truediv__, __rtruediv__ = _operators(operations.div)
    __pow__, __rpow__ = _operators(operations.pow)

    def __neg__(self) -> "Value":
        return function_node(operations.neg, self)

    def __pos__(self) -> "Value":
        return self

    def __abs__(self) -> "Value":
        return function_node(operations.abs, self)

    # --- functions, as methods: NumPy calls them on object arrays, np.tanh(W @ x) ----------------

    def exp(self) -> "Value":
        """Return e to the power of this Value."""
        return function_node(operations.exp, self)

    def expm1(self) -> "Value":
        """Return ``exp(x) - 1``, accurate for small x."""
        return function_node(operations.expm1, self)

    def log(self) -> "Value":
        """Return the natural logarithm."""
        return function_node(operations.log, self)

    def log1p(self) -> "Value":
        """Return ``log(1 + x)``, accurate for small x."""
        return function_node(operations.log1p, self)

    def sqrt(self) -> "Value":
        """Return the square root."""
        return function_node(operations.sqrt, self)

    def sin(self) -> "Value":
        """Return the sine of this Value, in radians."""
        return function_node(operations.sin, self)

    def cos(self) -> "Value":
        """Return the cosine of this Value, in radians."""
        return function_node(operations.cos, self)

    def tanh(self) -> "Value":
        """Return the hyperbolic tangent."""
        return function_node(operations.tanh, self)

    def arctan(self) -> "Value":
        """Return the inverse tangent, in radians."""
        return function_node(operations.arctan, self)

    def sigmoid(self) -> "Value":
        """Return ``1 / (1 + exp(-x))``."""
        return function_node(operations.sigmoid, self)

    def relu(self) -> "Value":
        """Return ``max(x, 0)``."""
        return function_node(operations.relu, self)

    def conjugate(self) -> "Value":
        """Return itself, as a float does: `numpy.var` and `numpy.vdot` call it."""
        return self

    # --- as a number -----------------------------------------------------------------------------

    def __float__(self) -> float:
        refuse_while_tracing("converted to a float")
        refuse_in_rules()
        if type(self.data) is not float:
            require_numbers([self])
        if self.data != self.data:
            raise nan_error(self)
        return float(self.data)

    def __int__(self) -> int:
        refuse_while_tracing("converted to an integer")
        return int(float(self))

    def _refuse_steps(self, *others: Any) -> NoReturn:
        """Raise an error for what rounds: it would be a constant, without a word."""
        refuse_while_tracing("rounded")
        raise NotANumberError(
            f"{self!r} cannot be rounded: a step has derivative 0 or none. For a number that no "
            "gradient flows through, write round(float(x)); for x % 1, x - math.floor(float(x))"
        )

    __round__ = __floor__ = __ceil__ = __trunc__ = _refuse_steps
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _refuse_steps
    __divmod__ = __rdivmod__ = _refuse_steps

    def __bool__(self) -> bool:
        refuse_while_tracing("used as a condition")
        return bool(self.data != 0.0)  # a float of NumPy gives a bool of NumPy

    def __eq__(self, other: Any) -> Any:
        if open_contexts and modes.applying_rules and isinstance(other, _NUMBERS):
            return (self >= other) & (self <= other)
        if not isinstance(other, Value):
            refuse_while_tracing("compared")
        return self is other

    def __ne__(self, other: object) -> Any:
        equal = self == other
        return 1 - equal if isinstance(equal, Value) else not equal

    def __and__(self, other: Number) -> Any:
        return self * other if open_contexts and modes.applying_rules else NotImplemented

    __rand__ = __and__

    __hash__ = Node.__hash__

    def __lt__(self, other: Number) -> bool:
        return _compare(operator.lt, self, other)

    def __le__(self, other: Number) -> bool:
        return _compare(operator.le, self, other)

    def __gt__(self, other: Number) -> bool:
        return _compare(operator.gt, self, other)

    def __ge__(self, other: Number) -> bool:
        return _compare(operator.ge, self, other)

    def __format__(self, specification: str) -> str:
        return format(self.data, specification) if specification else repr(self)

    def __repr__(self) -> str:
        gradient = "" if self.grad is NO_GRADIENT else f", grad={self.grad}"
        label = f", label={self.label!r}" if self.label else ""
        return f"Value({self.data}{gradient}{label})"

    # --- names that users of PyTorch and micrograd look for --------------------------------------

    item = _Elsewhere("float(x) is its number")
    detach = _Elsewhere("use ag.detach(x)")
    pow = _Elsewhere("write x ** y")
    abs = _Elsewhere("write abs(x)")
    requires_grad = _Elsewhere(
        "every variable gets a gradient; ag.detach and ag.no_grad stop it, and an optimizer "
        "changes only the parameters that it is given"
    )
    _prev = _Elsewhere("x.parents are its inputs, and ag.draw(x) draws the graph")
    _op = _Elsewhere("x.operation is what computed it, and ag.draw(x) draws the graph")

    # --- recording -------------------------------------------------------------------------------

    @staticmethod
    def record(operation: Operation, inputs: Sequence[Number]) -> "Value":
        """Apply `operation` to Values and numbers, and return the new node.

        This is how an `Operation` that meets a Value records itself. A number becomes a constant.

        Raises
        ------
        NotANumberError
            If an input is neither a Value nor a real number.
        DomainError, NonFiniteError
            If the operation does not exist at the inputs.
        """
        parents = [x if isinstance(x, Value) else as_value(x) for x in inputs]
        try:
            data = operation.evaluate(*[parent.data for parent in parents])
        except (TypeError, ValueError, ArithmeticError):
            require_numbers(parents)
            for parent in parents:
                if parent.data != parent.data:
                    raise nan_error(parent) from None
            raise
        return node_of(operation, data, tuple(parents))


_NUMBERS: Any = (Value, *REAL)


def as_value(number: Number) -> Value:
    """Return a `Value` as it is, and a number as a constant.

    Raises
    ------
    NotANumberError
        If `number` is neither.
    """
    if isinstance(number, Value):
        return number
    return new_node(CONSTANT, real_number(number), None, ())


def node_of(operation: Operation, data: float, parents: tuple[Value, ...]) -> Value:
    """Make the node of an operation whose result is known already."""
    if len(parents) > 2 or operation is operations.dot:
        return new_node(operation, data, None, (Row(parents),))
    if len(parents) == 2:
        return new_node(operation, data, parents[0], parents[1])
    if len(parents) == 1:
        return new_node(operation, data, parents[0], None)
    return new_node(operation, data, None, ())


def function_node(operation: Operation, x: Any) -> Any:
    """Apply an operation to one Value or number: like calling it, at a third of the cost."""
    if not isinstance(x, Value):
        if hasattr(x, "record"):  # a formula: a derivative rule is being written down
            return operation(x)
        return operation.evaluate(real_number(x, operation.name))
    try:
        data = operation.forward(x.data)
    except (TypeError, ValueError, ArithmeticError) as cause:
        raise _error_of(operation, cause, x) from None
    return new_node(operation, data, x, None)


def _error_of(operation: Operation, cause: Exception, *inputs: Value) -> Exception:
    """Return the error for users when an operation failed with `cause`."""
    require_numbers(inputs)
    return operation.error([x.data for x in inputs], cause)


def new_node(operation: Operation, data: float, first: Value | None, second: Any) -> Value:
    """Make a node whose two slots for inputs, as `autograd.graph.Node` has them, are given."""
    node = _new(Value)
    node.data = data
    node.grad = NO_GRADIENT
    node.label = ""
    node.operation = operation
    node._first = first
    node._second = second
    if open_contexts:
        apply_modes(node)
    return node


def _compare(compare: Callable[[float, float], bool], value: Value, other: Number) -> bool:
    """Compare the number of a Value with another; arrays are left to NumPy."""
    if open_contexts and modes.applying_rules and modes.tracing:
        return _recorded_comparison(compare, value, other)
    refuse_while_tracing("compared")
    if isinstance(other, Value):
        number = other.data
    elif _is_array(other):
        return NotImplemented
    else:
        number = real_number(other)
    try:
        return compare(value.data, number)
    except TypeError:
        require_numbers([value, as_value(other)])
        raise


def _recorded_comparison(compare: Callable[..., Any], value: Value, other: Number) -> Any:
    """Return a comparison as a Value, 1 for true and 0 for false, which each sample computes."""
    is_greater, is_less = operations.heaviside(value - other), operations.heaviside(other - value)
    return {
        operator.gt: is_greater,
        operator.lt: is_less,
        operator.ge: 1 - is_less,
        operator.le: 1 - is_greater,
    }[compare]


def _is_array(thing: Any) -> bool:
    return not isinstance(thing, REAL) and hasattr(thing, "__array_ufunc__")

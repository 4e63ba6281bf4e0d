"""Operations as JavaScript, so that a page computes what Python computes.

Nothing is translated by hand: the `array` and the `derivative` of an operation run once on symbols,
as for the compiler, and leave formulas, which are printed in another language.

>>> from autograd.operations import tanh
>>> print(javascript(tanh, 1))
{
  forward: (x0) => Math.tanh(x0),
  derivative: (g, out, x0) => [(g * (1 - (out * out)))],
}

Some operations loop or move entries about, and so have no formula; the page has their forward in
its own ``functions.js``, and the tests hold it to Python. An operation of a user's that has none is
refused, and the page then shows its numbers without recomputing them.
"""

import collections
import json
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd.compiler.formulas import NAMESPACE, Formula, NoFormulaError
from autograd.operation import OPERATIONS, Operation

HAND_WRITTEN = ("erf", "erfc", "lookup")
"""The operations whose forward the page has in ``functions.js``."""

_INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}

_COMPARISONS = {
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "equal": "===",
    "not_equal": "!==",
    "logical_and": "&&",
    "logical_or": "||",
}

_FUNCTIONS = {
    "abs": "abs",
    "absolute": "abs",
    "fabs": "abs",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "maximum": "max",
    "minimum": "min",
}
_FUNCTIONS |= {name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "hypot")}
_FUNCTIONS |= {name: name for name in ("exp", "expm1", "log", "log1p", "log2", "log10", "sqrt")}
_FUNCTIONS |= {name: name for name in ("cbrt", "ceil", "floor", "sign", "trunc")}
"""Of NumPy, and in the ``Math`` of JavaScript."""

_LONGEST_EXPRESSION = 200
"""Characters. A longer one gets a name: a sum of thousands would nest too deep for a parser."""


def javascript(operation: Operation, n_inputs: int) -> str:
    """Write an operation of so many inputs as an object with ``forward`` and ``derivative``.

    Raises
    ------
    NoFormulaError
        If it cannot be written as a formula of functions that JavaScript has.
    """
    g, out = Formula("g"), Formula("out")
    inputs = [Formula(f"x{i}") for i in range(n_inputs)]
    if OPERATIONS.get(operation.name) is operation and operation.name in HAND_WRITTEN:
        forward = f"handWritten.{operation.name}"
    else:
        (result,) = _formulas(lambda: [operation.array(NAMESPACE, *inputs)], operation)
        forward = _function(inputs, [result], "{}")
    gradients = _formulas(lambda: operation.derivative(g, out, *inputs), operation)
    derivative = _function([g, out, *inputs], gradients, "[{}]")
    return f"{{\n  forward: {forward},\n  derivative: {derivative},\n}}"


def javascript_table(operations: Iterable[tuple[Operation, int]]) -> tuple[str, list[str]]:
    """Write operations, each with its number of inputs, as one object.

    Returns
    -------
    source : str
        An object literal, with the `operation_key` of each.
    missing : list of str
        The names of those that have no formula.
    """
    entries, missing = [], []
    for operation, n_inputs in operations:
        try:
            text = javascript(operation, n_inputs)
        except NoFormulaError:
            missing.append(operation.name)
        else:
            key = json.dumps(operation_key(operation, n_inputs)).replace("<", "\\u003c")
            entries.append(f"{key}: {text},\n")
    return "{\n" + "".join(entries) + "}", missing


def operation_key(operation: Operation, n_inputs: int) -> str:
    """Return the name by which the page knows an operation of so many inputs, as "mul/2"."""
    return f"{operation.name}/{n_inputs}"


def _formulas(compute: Callable[[], Sequence[Any]], operation: Operation) -> Sequence[Any]:
    """Run a definition on symbols."""
    try:
        return list(compute())
    except Exception as cause:  # a definition of a user's can raise anything at a symbol
        raise NoFormulaError(f"{operation.name} has no formula: {cause}") from cause


def _function(parameters: Sequence[Formula], results: Sequence[Any], form: str) -> str:
    """Write an arrow function; what it needs twice, or is long, it computes first, under a name."""
    uses = collections.Counter(
        id(argument)
        for formula in _in_order(results)
        for argument in formula.arguments
        if isinstance(argument, Formula)
    )
    texts: dict[int, str] = {}
    statements: list[str] = []
    for formula in _in_order(results):
        text = _expression(formula, [_text(argument, texts) for argument in formula.arguments])
        if formula.arguments and (uses[id(formula)] > 1 or len(text) > _LONGEST_EXPRESSION):
            name = f"t{len(statements)}"
            statements.append(f"const {name} = {text};")
            text = name
        texts[id(formula)] = text
    names = ", ".join(parameter.text for parameter in parameters)
    value = form.format(", ".join(_text(result, texts) for result in results))
    if statements:
        return f"({names}) => {{ {' '.join(statements)} return {value}; }}"
    return f"({names}) => {value}"


def _in_order(results: Sequence[Any]) -> list[Formula]:
    """List the formulas behind `results`, each once and after its arguments, without recursion."""
    order: list[Formula] = []
    seen: set[int] = set()
    stack: list[tuple[Any, bool]] = [(result, False) for result in reversed(results)]
    while stack:
        formula, arguments_done = stack.pop()
        if arguments_done:
            order.append(formula)
        elif isinstance(formula, Formula) and id(formula) not in seen:
            seen.add(id(formula))
            stack.append((formula, True))
            stack.extend((argument, False) for argument in reversed(formula.arguments))
    return order


def _text(argument: Any, texts: dict[int, str]) -> str:
    return texts[id(argument)] if isinstance(argument, Formula) else _number(argument)


def _expression(formula: Formula, arguments: Sequence[str]) -> str:
    """Write one function of arguments that are written already."""
    function = formula.function
    if not arguments:
        return function
    if function in _INFIX and len(arguments) == 2:
        return f"({arguments[0]} {_INFIX[function]} {arguments[1]})"
    if function in _COMPARISONS and len(arguments) == 2:
        return f"({arguments[0]} {_COMPARISONS[function]} {arguments[1]} ? 1 : 0)"
    if function == "negative":
        return f"(-{arguments[0]})"
    if function == "square":
        return f"({arguments[0]} ** 2)"
    if function == "where" and len(arguments) == 3:
        return "({} ? {} : {})".format(*arguments)
    if function in _FUNCTIONS:
        return f"Math.{_FUNCTIONS[function]}({', '.join(arguments)})"
    raise NoFormulaError(f"JavaScript has no {function}")


def _number(number: Any) -> str:
    try:
        value = float(number)
    except (TypeError, ValueError) as cause:
        raise NoFormulaError(f"{number!r} is no number") from cause
    if not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "(-Infinity)"
    text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return f"({text})" if text.startswith("-") else text

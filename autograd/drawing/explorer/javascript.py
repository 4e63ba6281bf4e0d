"""Operations as JavaScript, so that a page computes what Python computes.

Nothing is translated by hand: the `array` and the `derivative` of an operation run once on symbols,
as for the compiler, and leave formulas, which are printed in another language.

>>> from autograd.operations import tanh
>>> print(javascript(tanh, 1))
{
  forward: (x0) => Math.tanh(x0),
  derivative: (g, out, x0) => [g * (1.0 - out * out)],
}

Some operations loop or move entries about, and so have no formula; the page has their forward in
its own ``functions.js``, and the tests hold it to Python. An operation of a user's that has none is
refused, and the page then shows its numbers without recomputing them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from autograd.drawing.explorer.cells import in_json
from autograd.formulas.formula import NAMESPACE, Formula
from autograd.formulas.infix import FUNCTIONS, infix
from autograd.formulas.rewriting import rewritten
from autograd.operation import OPERATIONS, Operation

HAND_WRITTEN = ("erf", "erfc", "lookup")
"""The operations whose forward the page has in ``functions.js``."""

DEEPEST = 50
"""The calls inside each other in one expression; a sum of thousands would be too deep to parse."""

_FORMS = {
    "logical_and": "({} && {})",
    "square": "Math.pow({}, 2)",
    "where": "({} ? {} : {})",
}

_IN_MATH = {
    **FUNCTIONS,
    **dict.fromkeys(["abs", "absolute", "fabs"], "abs"),
    "maximum": "max",
    "minimum": "min",
    "sign": "sign",
}
"""What functions of NumPy are called in the ``Math`` of JavaScript."""


def javascript(operation: Operation, n_inputs: int) -> str:
    """Write an operation of `n_inputs` inputs as an object with ``forward`` and ``derivative``.

    Raises
    ------
    Exception
        Of any type, if it cannot be written as a formula of functions that JavaScript has: a
        definition of a user's can raise anything at a symbol.
    """
    g, out = Formula("g"), Formula("out")
    inputs = [Formula(f"x{i}") for i in range(n_inputs)]
    if OPERATIONS.get(operation.name) is operation and operation.name in HAND_WRITTEN:
        forward = f"handWritten.{operation.name}"
    else:
        forward = _function(inputs, [operation.array(NAMESPACE, *inputs)], "{}")
    gradients = operation.derivative(g, out, *inputs)
    derivative = _function([g, out, *inputs], gradients, "[{}]")
    return f"{{\n  forward: {forward},\n  derivative: {derivative},\n}}"


def javascript_table(
    operations: Iterable[tuple[Operation, int]],
) -> tuple[str, list[Operation]]:
    """Write operations, each with its number of inputs, as one array.

    Returns
    -------
    source : str
        An array literal, in the order of the operations, with null where there is no formula.
    missing : list of Operation
        Those that have none.
    """
    entries, missing = [], []
    for operation, n_inputs in operations:
        try:
            text = javascript(operation, n_inputs)
        except Exception:  # it has no formula
            text = "null"
            missing.append(operation)
        entries.append(f"{text},\n")
    return "[\n" + "".join(entries) + "]", missing


def _function(parameters: Sequence[Formula], results: Sequence[Any], form: str) -> str:
    """Write an arrow function; what it needs twice, or lies deep, it computes first."""
    statements: list[str] = []

    def named(call: Formula, uses: int, depth: int) -> Formula:
        if uses == 1 and depth < DEEPEST:
            return call
        name = f"t{len(statements)}"
        statements.append(f"const {name} = {_expression(call)};")
        return Formula(name)

    value = form.format(", ".join(map(_expression, rewritten(results, named))))
    names = ", ".join(parameter.text for parameter in parameters)
    if statements:
        return f"({names}) => {{ {' '.join(statements)} return {value}; }}"
    return f"({names}) => {value}"


def _expression(formula: Any) -> str:
    return infix(formula, number=lambda x: str(in_json(float(x))), call=_call)


def _call(function: str, *arguments: str) -> str:
    if function in _FORMS:
        return _FORMS[function].format(*arguments)
    return f"Math.{_IN_MATH[function]}({', '.join(arguments)})"

"""The source of the float backend: one function, around the `statements` of all rows."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from numpy.typing import DTypeLike

from autograd.compiler.float_backend.statements import Statements
from autograd.compiler.float_backend.variables import Variable, listed
from autograd.compiler.program import Program

LONGEST_FUNCTION = 20_000
"""The most statements of one function: while Python compiles it, each takes some 3 kB."""


def float_source(
    program: Program, batch_size: int, dtype: DTypeLike
) -> tuple[list[str], dict[str, Any]]:
    """Write the function ``run(theta, samples, differentiate)``, and say what its names stand for.

    Batch rows get gradients from batch rows only. So the loop over the samples holds all that is
    theirs; what is shared stands before it, and its gradients, which the samples add to, after it.

    Returns
    -------
    functions : list of str
        The last one is ``run``. It calls the others, the parts of a long one.
    names : dict of str to function or float
    """
    statements = Statements(program, dtype)
    outputs = [each for region in program.outputs for each in statements.variables(region)]
    before, within = (
        list(statements.forward(program, "shared")),
        list(statements.forward(program, "batch")),
    )
    objective, in_loop = outputs[0], outputs[0].space == "batch"
    seed = list(statements.sent(objective, objective, repr(program.seed(batch_size))))
    back_within = [*(seed if in_loop else []), *statements.backward(program, "batch")]
    totals = [
        f"{each.gradient} = 0.0" for each in sorted(statements.written) if each.space == "shared"
    ]
    back_after = [*([] if in_loop else seed), *statements.backward(program, "shared")]
    parameters = [Variable("shared", row) for row in range(program.n_parameters)]
    inputs = [Variable("batch", row) for row in range(program.n_inputs)]
    gradient = [each.gradient if each in statements.written else "0.0" for each in parameters]
    blocks = [before, totals, within, back_within, back_after]
    spaces: list[str] = []
    parts: list[str] = []
    if sum(map(len, blocks)) > LONGEST_FUNCTION:
        u, v = program.n_shared, program.n_batch
        spaces = [f"u, v, du, dv = [0.0] * {u}, [0.0] * {v}, [0.0] * {u}, [0.0] * {v}"]
        blocks, parts = _in_parts(blocks)
    before, totals, within, back_within, back_after = blocks
    lines = [
        *spaces,
        f"{listed(parameters)} = theta",
        *before,
        "outputs = []",
        *totals,
        f"for {listed(inputs)} in samples:",
        *_indented([*within, f"outputs.append({listed(outputs)})"]),
        *_indented(_if_differentiating("continue", back_within)),
        *_if_differentiating("return outputs, []", back_after),
        f"return outputs, {listed(gradient)}",
    ]
    functions = [*parts, _function("run(theta, samples, differentiate)", lines)]
    return list(map(_with_items, functions)) if parts else functions, statements.names


def _in_parts(blocks: Iterable[Sequence[str]]) -> tuple[list[list[str]], list[str]]:
    """Return the calls that stand for each block of statements, and the functions called."""
    calls: list[list[str]] = []
    functions: list[str] = []
    for statements in blocks:
        calls.append([])
        for start in range(0, len(statements), LONGEST_FUNCTION):
            call = f"part{len(functions)}(u, v, du, dv)"
            calls[-1].append(call)
            functions.append(_function(call, statements[start : start + LONGEST_FUNCTION]))
    return calls, functions


def _with_items(function: str) -> str:
    """Write variables as items of lists, which the parts of a function share.

    >>> _with_items("dv12 = du3 * cos(v2)")
    'dv[12] = du[3] * cos(v[2])'
    """
    return re.sub(r"\b(d?[uv])(\d+)\b", r"\1[\2]", function)


def _function(head: str, statements: Sequence[str]) -> str:
    return "\n".join([f"def {head}:", *_indented(statements)]) + "\n"


def _if_differentiating(otherwise: str, statements: Sequence[str]) -> Sequence[str]:
    return ["if not differentiate:", f"    {otherwise}", *statements] if statements else []


def _indented(statements: Sequence[str]) -> list[str]:
    return [f"    {lines}".replace("\n", "\n    ") for lines in statements]

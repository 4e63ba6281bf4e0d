"""The source of the float backend: the instructions of a program, spelled out row by row."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd import operations
from autograd.compiler.expressions import NAMESPACE, ZERO, Formula, identifier
from autograd.compiler.float_formulas import expressions
from autograd.compiler.program import (
    Apply,
    Forward,
    Lookup,
    MatMul,
    Program,
    Region,
    SumProducts,
    Target,
)
from autograd.operations import Operation

FUNCTIONS = {name: operation.forward for name, operation in operations.LIBRARY.items()}
"""The forward functions that keep their names in the source."""

LONGEST_SUM = 50
"""The terms of one statement: Python compiles a sum by a recursion as deep as it is long."""


def float_source(program: Program, batch_size: int, dtype: DTypeLike) -> tuple[str, dict[str, Any]]:
    """Write the function ``run(theta, samples, differentiate)``, and say what its names stand for.

    Batch rows get gradients from batch rows only. So the loop over the samples holds all that is
    theirs; what is shared stands before it, and its gradients, which the samples add to, after it.
    """
    writer = _Writer(program, dtype)
    outputs = [name for region in program.outputs for name in writer.rows(region)]
    before, within = (writer.forward(program, batch) for batch in (False, True))
    objective, in_loop = outputs[0], program.outputs[0].batch
    seed = list(writer.sent(objective, objective, repr(1.0 / batch_size if in_loop else 1.0)))
    back_within = [*(seed if in_loop else []), *writer.backward(program, batch=True)]
    totals = sorted(name for name in writer.written if name.startswith("du"))
    back_after = [*([] if in_loop else seed), *writer.backward(program, batch=False)]
    parameters = [f"u{row}" for row in range(program.n_parameters)]
    gradient = [f"d{u}" if f"d{u}" in writer.written else "0.0" for u in parameters]
    lines = [
        f"[{', '.join(parameters)}] = theta",
        *before,
        "outputs = []",
        *(f"{total} = 0.0" for total in totals),
        f"for [{', '.join(f'v{row}' for row in range(program.n_inputs))}] in samples:",
        *_indented([*within, f"outputs.append([{', '.join(outputs)}])"]),
        *_indented(_if_differentiating("continue", back_within)),
        *_if_differentiating("return outputs, []", back_after),
        f"return outputs, [{', '.join(gradient)}]",
    ]
    source = "\n".join(["def run(theta, samples, differentiate):", *_indented(lines)])
    return source + "\n", writer.names


def _if_differentiating(otherwise: str, lines: Sequence[str]) -> Sequence[str]:
    return ["if not differentiate:", f"    {otherwise}", *lines] if lines else []


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


class _Writer:
    """Writes statements, and keeps what they have defined.

    Attributes
    ----------
    names : dict of str to function or float
        What names in the source stand for, beside the rows.
    written : set of str
        The gradients that hold something by now. Row by row, the order tells which contribution
        is the first: the marks of the targets are not needed.
    wanted : set of str
        The gradients that something reads.
    """

    def __init__(self, program: Program, dtype: DTypeLike) -> None:
        self.names: dict[str, Any] = {"inf": math.inf, **FUNCTIONS}
        self.name_of: dict[Operation, str] = {}
        self.constants = {
            row: repr(float(np.array(number, dtype))) for row, number in program.constants.items()
        }
        parameters = Region(False, np.arange(program.n_parameters))
        read = [parameters, *(adjoint.forward.out for adjoint in program.adjoint)]
        self.written: set[str] = set()
        self.wanted = {f"d{row}" for region in read for row in self.rows(region)}

    def rows(self, region: Region) -> list[str]:
        """Return the names of rows, and the numbers of those that are constant."""
        rows = region.rows.ravel().tolist()
        if region.batch:
            return [f"v{row}" for row in rows]
        return [self.constants.get(row) or f"u{row}" for row in rows]

    # --- forward ---------------------------------------------------------------------------------

    def forward(self, program: Program, batch: bool) -> Iterator[str]:
        """Yield one assignment for each batch row, or for each shared row."""
        for instructions in program.by_region():
            if instructions[0].out.batch is batch:
                steps = [_spelled_out(step) for step in instructions]
                for step in steps:
                    if isinstance(step, Apply):
                        yield from self.calls(step)
                yield from self.sums([step for step in steps if isinstance(step, SumProducts)])

    def sums(self, steps: Sequence[SumProducts]) -> Iterator[str]:
        """Yield one sum for each row, of what several instructions add to it."""
        summands: dict[str, list[str]] = {}
        for step in steps:
            for out, coefficient, left, right in self.terms(step):
                summands.setdefault(out, []).append(_product(coefficient, left, right))
        for out, terms in summands.items():
            operator = "+=" if steps[0].add else "="
            for start in range(0, len(terms), LONGEST_SUM):
                total = " + ".join(terms[start : start + LONGEST_SUM])
                yield f"{out} {operator} {total.replace('+ -', '- ')}"
                operator = "+="

    def terms(self, step: SumProducts) -> Iterator[tuple[str, float, str, str]]:
        """Yield (out, coefficient, left, right) of each term; `right` may be empty."""
        outs, lefts = self.rows(step.out), self.rows(step.left)
        rights = [""] * len(lefts) if step.right is None else self.rows(step.right)
        coefficients = np.ones(len(lefts)) if step.coefficients is None else step.coefficients
        return zip(
            itertools.cycle(outs), coefficients.ravel().tolist(), lefts, rights, strict=False
        )

    def calls(self, step: Apply) -> Iterator[str]:
        """Yield an operation on each row, as a formula if it has one."""
        for out, operands in self.applications(step):
            results = expressions(step.operation.array, NAMESPACE, *map(_formula, operands))
            call = f"{self.function(step.operation)}({', '.join(operands)})"
            yield f"{out} = {results[0] if results else call}"

    def applications(self, step: Apply) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the output and the operands of each row."""
        operands = zip(*map(self.rows, step.operands), strict=True)
        return zip(self.rows(step.out), operands, strict=True)

    # --- backward --------------------------------------------------------------------------------

    def backward(self, program: Program, batch: bool) -> Iterator[str]:
        """Yield what sends on the gradients of all batch rows, or of all shared rows."""
        for adjoint in program.adjoint:
            if adjoint.forward.out.batch is batch:
                step = _spelled_out(adjoint.forward)
                if isinstance(step, Apply):
                    yield from self.call_slopes(step)
                else:
                    yield from self.sum_slopes(step, *adjoint.targets)

    def sent(self, sender: str, row: str, contribution: str) -> Iterator[str]:
        """Yield the statement that sends a contribution to the gradient of a row, if it is wanted.

        What a batch row sends to a shared row is added for each sample, to zero at first.
        """
        gradient = f"d{row}"
        if gradient in self.wanted:
            first = gradient not in self.written and row[0] == sender[0]
            self.written.add(gradient)
            yield f"{gradient} {'=' if first else '+='} {contribution}"

    def sum_slopes(
        self, step: SumProducts, to_left: Target | None, to_right: Target | None
    ) -> Iterator[str]:
        """Yield what each term sends to its two factors."""
        for out, coefficient, left, right in self.terms(step):
            if f"d{out}" in self.written:
                if to_left is not None:
                    yield from self.sent(out, left, _product(coefficient, f"d{out}", right))
                if to_right is not None:
                    yield from self.sent(out, right, _product(coefficient, f"d{out}", left))

    def call_slopes(self, step: Apply) -> Iterator[str]:
        """Yield what an operation sends to its operands, by formulas or by a call of its rule."""
        for out, operands in self.applications(step):
            wanted = [f"d{operand}" in self.wanted for operand in operands]
            if f"d{out}" not in self.written or not any(wanted):
                continue
            inputs = [f"d{out}", out, *operands]
            rule = _only(wanted, step.operation.derivative)
            slopes = expressions(rule, *map(_formula, inputs))
            if slopes is None:
                slopes = [f"t{place}" for place in range(len(operands))]
                called = self.function(step.operation, "derivative")
                yield f"[{', '.join(slopes)}] = {called}({', '.join(inputs)})"
            for operand, slope in zip(operands, slopes, strict=True):
                if slope != ZERO.text:
                    yield from self.sent(out, operand, slope)

    # --- names -----------------------------------------------------------------------------------

    def function(self, operation: Operation, part: str = "") -> str:
        """Return the name in the source of `forward` of an operation, or of another `part`."""
        if operation not in self.name_of:
            name = operation.name
            # A row, a keyword or an earlier operation may be called like one that a user defined.
            own = f"{identifier(name)}_{len(self.name_of)}"
            self.name_of[operation] = name if operation is operations.LIBRARY.get(name) else own
        name = self.name_of[operation]
        if part:
            name = f"{name}_{part}"
        self.names[name] = getattr(operation, part or "forward")
        return name


def _spelled_out(step: Forward) -> SumProducts | Apply:
    """Write a matrix product as sums of products, and a lookup as an operation on all entries."""
    if isinstance(step, Lookup):
        entries = [Region(step.table.batch, entry) for entry in step.table.rows]
        return Apply(operations.lookup, step.out, (step.index, *entries))
    if isinstance(step, MatMul):
        (r, k), (_, p) = step.weights.rows.shape, step.inputs.rows.shape
        left = np.broadcast_to(step.weights.rows.T[:, :, None], (k, r, p))
        right = np.broadcast_to(step.inputs.rows[:, None, :], (k, r, p))
        return SumProducts(step.out, Region(False, left), Region(True, right), None, add=False)
    return step


def _product(coefficient: float, *factors: str) -> str:
    text = " * ".join(filter(None, factors))
    return {1.0: text, -1.0: f"-{text}"}.get(coefficient, f"{coefficient!r} * {text}")


def _formula(row: str) -> Any:
    """Return the name of a row as a formula, and the number of one that is constant."""
    return Formula(row) if row[0] in "duv" else float(row)


def _only(wanted: Sequence[bool], rule: Callable[..., Sequence[Any]]) -> Callable[..., list[Any]]:
    """Return a derivative rule that gives 0 for the operands that need no gradient."""

    def partial_rule(*arguments: Any) -> list[Any]:
        slopes = zip(wanted, rule(*arguments), strict=True)
        return [slope if is_wanted else ZERO for is_wanted, slope in slopes]

    return partial_rule

"""Statements of the float backend: the instructions of a program, spelled out row by row."""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd.compiler.float_backend.expressions import expressions, for_some
from autograd.compiler.float_backend.variables import Variable, listed, product, spelled_out
from autograd.compiler.program import Apply, Program, Region, Space, SumProducts, Target
from autograd.formulas.formula import NAMESPACE, ZERO, Formula, identifier
from autograd.operation import BUILT_IN, Operation

FUNCTIONS = {name: operation.forward for name, operation in BUILT_IN.items()}
"""The forward functions that keep their names in the source."""

LONGEST_SUM = 50
"""The most terms of one statement: Python compiles a sum by a recursion as deep as it is long."""


class Statements:
    """Writes statements, and keeps what they have defined.

    Attributes
    ----------
    names : dict of str to function or float
        What names in the source stand for, beside the variables.
    written : set of Variable
        Those whose gradients hold something by now. Row by row, the order shows which contribution
        is the first: the marks of the targets are not needed.
    wanted : set of Variable
        Those whose gradients something reads.
    """

    def __init__(self, program: Program, dtype: DTypeLike) -> None:
        self.names: dict[str, Any] = {"inf": math.inf, "nan": math.nan, **FUNCTIONS}
        self.name_of: dict[Operation, str] = {}
        self.constants = {
            row: float(np.array(number, dtype)) for row, number in program.constants.items()
        }
        parameters = Region("shared", np.arange(program.n_parameters))
        read = [parameters, *(adjoint.gradient for adjoint in program.adjoint)]
        self.written: set[Variable] = set()
        self.wanted = {each for region in read for each in self.variables(region)}

    def variables(self, region: Region) -> list[Variable]:
        """Return the variables for the rows of a region."""
        rows = region.rows.ravel().tolist()
        if region.batch:
            return [Variable("batch", row) for row in rows]
        return [Variable("shared", row, self.constants.get(row)) for row in rows]

    # --- forward ---------------------------------------------------------------------------------

    def forward(self, program: Program, space: Space) -> Iterator[str]:
        """Yield one assignment for each row of a space."""
        for instructions in program.by_region():
            if instructions[0].out.space == space:
                steps = [spelled_out(step) for step in instructions]
                for step in steps:
                    if isinstance(step, Apply):
                        yield from self.calls(step)
                yield from self.sums([step for step in steps if isinstance(step, SumProducts)])

    def sums(self, steps: Sequence[SumProducts]) -> Iterator[str]:
        """Yield one sum for each row, of what several instructions add to it."""
        summands: dict[Variable, list[str]] = {}
        for step in steps:
            for out, coefficient, left, right in self.terms(step):
                summands.setdefault(out, []).append(product(coefficient, left, right))
        for out, terms in summands.items():
            terms.sort(key=lambda term: term.startswith("-"))  # 1.0 - x, not -x + 1.0
            operator = "+=" if steps[0].add else "="
            for start in range(0, len(terms), LONGEST_SUM):
                total = " + ".join(terms[start : start + LONGEST_SUM])
                yield f"{out} {operator} {total.replace('+ -', '- ')}"
                operator = "+="

    def terms(
        self, step: SumProducts
    ) -> Iterator[tuple[Variable, float, Variable, Variable | None]]:
        """Yield (out, coefficient, left, right) of each term; there may be no right."""
        shape = step.left.rows.shape
        outs = self.variables(Region(step.out.space, np.broadcast_to(step.out.rows, shape)))
        lefts = self.variables(step.left)
        rights = [None] * len(lefts) if step.right is None else self.variables(step.right)
        coefficients = np.ones(shape) if step.coefficients is None else step.coefficients
        return zip(outs, coefficients.ravel().tolist(), lefts, rights, strict=True)

    def calls(self, step: Apply) -> Iterator[str]:
        """Yield an operation on each row, as a formula if it has one."""
        for out, operands in self.applications(step):
            formulas = [operand.formula for operand in operands]
            results = expressions(step.operation.array, NAMESPACE, *formulas)
            call = f"{self.function(step.operation)}({', '.join(map(str, operands))})"
            yield f"{out} = {results[0] if results else call}"

    def applications(self, step: Apply) -> Iterator[tuple[Variable, tuple[Variable, ...]]]:
        """Yield the output and the operands of each row."""
        operands = zip(*map(self.variables, step.operands), strict=True)
        return zip(self.variables(step.out), operands, strict=True)

    # --- backward --------------------------------------------------------------------------------

    def backward(self, program: Program, space: Space) -> Iterator[str]:
        """Yield what sends on the gradients of all rows of a space."""
        for adjoint in program.adjoint:
            if adjoint.forward.out.space == space:
                step = spelled_out(adjoint.forward)
                if isinstance(step, Apply):
                    yield from self.call_slopes(step, adjoint.gradient)
                else:
                    # Of the sum itself only the gradient is read.
                    step = dataclasses.replace(step, out=adjoint.gradient)
                    yield from self.sum_slopes(step, *adjoint.targets)

    def sent(self, sender: Variable, receiver: Variable, contribution: str) -> Iterator[str]:
        """Yield the statement that sends a contribution to a gradient, if that is wanted.

        What a batch row sends to a shared row is added for each sample, to zero at first.
        """
        if receiver in self.wanted:
            first = receiver not in self.written and receiver.space == sender.space
            self.written.add(receiver)
            yield f"{receiver.gradient} {'=' if first else '+='} {contribution}"

    def sum_slopes(
        self, step: SumProducts, to_left: Target | None, to_right: Target | None
    ) -> Iterator[str]:
        """Yield what each term sends to its two factors."""
        for out, coefficient, left, right in self.terms(step):
            if out in self.written:
                if to_left is not None:
                    yield from self.sent(out, left, product(coefficient, out.gradient, right))
                if to_right is not None and right is not None:
                    yield from self.sent(out, right, product(coefficient, out.gradient, left))

    def call_slopes(self, step: Apply, gradient: Region) -> Iterator[str]:
        """Yield what an operation sends to its operands, by formulas or by a call of its rule."""
        senders = self.variables(gradient)
        for sender, (out, operands) in zip(senders, self.applications(step), strict=True):
            wanted = [operand in self.wanted for operand in operands]
            if sender not in self.written or not any(wanted):
                continue
            rule = for_some(wanted, step.operation.derivative)
            formulas = [Formula(sender.gradient), *(each.formula for each in (out, *operands))]
            slopes = expressions(rule, *formulas)
            call = []
            if slopes is None:
                slopes = [f"t{place}" for place in range(len(operands))]
                called = self.function(step.operation, "derivative")
                arguments = ", ".join(map(str, (sender.gradient, out, *operands)))
                call = [f"{listed(slopes)} = {called}({arguments})"]
            sent = [
                statement
                for operand, slope in zip(operands, slopes, strict=True)
                if slope != ZERO.text
                for statement in self.sent(sender, operand, slope)
            ]
            yield from ["\n".join([*call, *sent])] if call else sent

    # --- names -----------------------------------------------------------------------------------

    def function(self, operation: Operation, part: str = "") -> str:
        """Return the name in the source of `forward` of an operation, or of another `part`."""
        if operation not in self.name_of:
            name = operation.name
            # A user's may share its name with a variable, a keyword or an earlier operation.
            own = f"{identifier(name)}_{len(self.name_of)}"
            self.name_of[operation] = name if operation is BUILT_IN.get(name) else own
        name = self.name_of[operation]
        if part:
            name = f"{name}_{part}"
        self.names[name] = getattr(operation, part or "forward")
        return name

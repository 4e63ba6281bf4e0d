"""What the passes made of a graph, in words."""

from collections import Counter
from collections.abc import Iterator

from autograd.compiler.passes import Passes, apply_passes
from autograd.compiler.passes.rows import KINDS
from autograd.compiler.passes.tape import Tape
from autograd.compiler.program import MatMul


def report(tape: Tape, passes: bool) -> str:
    """Summarize a compilation, with `passes` also block by block and instruction by instruction."""
    made = apply_passes(tape)
    program = made.program
    products = [step for step in program.forward if isinstance(step, MatMul)]
    lines = [
        f"{len(tape.operations)} nodes: {tape.n_inputs} inputs, {tape.n_parameters} "
        f"parameters, {sum(tape.constant)} constants",
        f"-> {len(made.rows)} rows, sums of products and calls of operations",
        f"-> {len(made.blocks)} blocks of rows of one form",
        f"-> {len(program.forward)} instructions forward, {len(products)} of them matrix products, "
        f"and {len(program.adjoint)} backward",
    ]
    shapes = Counter((*step.weights.rows.shape, step.inputs.rows.shape[1]) for step in products)
    lines += [
        f"   a {n_rows} x {n_columns} matrix, at {n_places} place{'s' * (n_places > 1)}"
        + f", {count} times" * (count > 1)
        for (n_rows, n_columns, n_places), count in shapes.items()
    ]
    return "\n".join([*lines, *_details(tape, made)] if passes else lines)


def _details(tape: Tape, made: Passes) -> Iterator[str]:
    """Yield a line for each kind of operation, each block and each instruction."""
    operations = Counter(str(operation) for operation in tape.operations if operation)
    yield from ("", "tape")
    yield from (f"   {count:6} {operation}" for operation, count in operations.most_common())
    yield ""
    terms = ", ".join(KINDS)
    yield f"blocks: (sum, whether it varies from sample to sample, numbers of terms {terms})"
    yield "        or (operation, whether it varies, whether each operand does)"
    yield from (f"   {len(block.rows):6} rows {block.form}" for block in made.blocks)
    yield from ("", "forward")
    yield from (f"   {step}" for step in made.program.forward)
    yield from ("", "backward")
    for adjoint in made.program.adjoint:
        step, sent = adjoint.forward, ", ".join(map(repr, filter(None, adjoint.targets)))
        yield f"   {type(step).__name__} of {step.out}, from d {adjoint.gradient}: {sent}"

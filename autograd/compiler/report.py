"""What the passes made of a graph, in words."""

from collections import Counter

from autograd.compiler.passes import apply_passes
from autograd.compiler.passes.canonical import KINDS
from autograd.compiler.passes.tape import Tape
from autograd.compiler.program import MatMul, Program


def report(tape: Tape, program: Program, passes: bool) -> str:
    """Summarize a compilation, with `passes` also block by block and instruction by instruction."""
    _, rows, blocks, _ = apply_passes(tape)
    products = [step for step in program.forward if isinstance(step, MatMul)]
    lines = [
        f"{len(tape.operations)} nodes: {len(tape.inputs)} inputs, {len(tape.parameters)} "
        f"parameters, {sum(tape.constant)} constants",
        f"-> {len(rows)} rows, sums of products and calls of operations",
        f"-> {len(blocks)} blocks of rows of one form",
        f"-> {len(program.forward)} instructions forward, {len(products)} of them matrix products, "
        f"and {len(program.adjoint)} backward",
    ]
    shapes = Counter((*step.weights.rows.shape, step.inputs.rows.shape[1]) for step in products)
    lines += [
        f"   a {n_rows} x {n_columns} matrix, at {n_places} place{'s' * (n_places > 1)}"
        + f", {count} times" * (count > 1)
        for (n_rows, n_columns, n_places), count in shapes.items()
    ]
    if passes:
        operations = Counter(str(operation) for operation in tape.operations if operation)
        lines += ["", "tape"]
        lines += [f"   {count:6} {operation}" for operation, count in operations.most_common()]
        terms = ", ".join(KINDS)
        lines += [
            "",
            f"blocks: (sum, whether it varies from sample to sample, numbers of terms {terms})",
            "        or (operation, whether it varies, whether each operand does)",
        ]
        lines += [f"   {len(block.rows):6} rows {block.form}" for block in blocks]
        lines += ["", "forward"]
        lines += [f"   {step}" for step in program.forward]
        lines += ["", "backward"]
        lines += [
            f"   {type(adjoint.forward).__name__} of {adjoint.forward.out}, "
            f"from d {adjoint.gradient}: "
            + ", ".join(f"{target!r}" for target in adjoint.targets if target is not None)
            for adjoint in program.adjoint
        ]
    return "\n".join(lines)

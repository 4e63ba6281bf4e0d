"""What the passes made of a graph, in words."""

from collections import Counter
from collections.abc import Iterator, Mapping

from autograd.compiler.passes import Passes, apply_passes
from autograd.compiler.passes.blocks import form_of
from autograd.compiler.passes.rows import Row, Sum
from autograd.compiler.passes.tape import Tape
from autograd.compiler.program import MatMul, Program
from autograd.compiler.wording import adjoint_in_words, form_in_words, instruction_in_words
from autograd.wording import counted

LONGEST_LIST = 20
"""The most lines that are shown of what one pass made."""


def report(tape: Tape, passes: bool) -> str:
    """Summarize a compilation, with `passes` also pass by pass."""
    made = apply_passes(tape)
    return "\n".join([*_summary(tape, made), *(_by_pass(tape, made) if passes else ())])


def _summary(tape: Tape, made: Passes) -> Iterator[str]:
    program = made.program
    products = [step for step in program.forward if isinstance(step, MatMul)]
    yield (
        f"{counted(len(tape.operations), 'node')}: {counted(tape.n_inputs, 'input')}, "
        f"{counted(tape.n_parameters, 'parameter')}, {counted(sum(tape.constant), 'constant')}"
    )
    yield f"-> {_rows(made.rows)}, sums of products and calls of operations"
    yield f"-> {counted(len(made.blocks), 'block')} of rows of one form"
    yield (
        f"-> {_forward(made)}, {len(products)} of them matrix products, "
        f"and {len(program.adjoint):,} backward"
    )
    shapes = Counter((*step.weights.rows.shape, step.inputs.rows.shape[1]) for step in products)
    for (n_rows, n_columns, n_places), count in shapes.items():
        yield (
            f"   a {n_rows} x {n_columns} matrix, at {n_places} place{'s' * (n_places > 1)}"
            + f", {count} times" * (count > 1)
        )


def _by_pass(tape: Tape, made: Passes) -> Iterator[str]:
    """Yield for each pass, in the order of the `pipeline`, how much came in and what went out."""
    for heading, *lines in (
        _tape(tape),
        _canonical(tape, made),
        _recurrences(made),
        _blocks(made),
        _planning(made),
        _adjoint(made),
        _copy_propagation(made),
    ):
        yield from ("", heading)
        yield from (f"   {line}" for line in lines[:LONGEST_LIST])
        if len(lines) > LONGEST_LIST:
            yield f"   ... and {len(lines) - LONGEST_LIST} more"


def _tape(tape: Tape) -> Iterator[str]:
    yield f"tape: the graph of one sample -> {counted(len(tape.operations), 'node')}"
    yield f"{counted(tape.n_inputs, 'input')}, {counted(tape.n_parameters, 'parameter')}"
    operations = Counter(operation.name for operation in tape.operations if operation)
    yield from (f"{count} {operation}" for operation, count in operations.most_common())


def _canonical(tape: Tape, made: Passes) -> Iterator[str]:
    leaves = tape.n_inputs + tape.n_parameters
    n_operations = tape.constant[leaves:].count(False)
    yield f"canonical: {counted(n_operations, 'operation')} -> {_rows(made.canonical)}"
    if absorbed := n_operations - len(made.canonical):
        yield f"{counted(absorbed, 'operation')} went into a sum"
    yield "shared: the same for all samples; batch: different for each"
    yield from _forms(made.tape, made.canonical)


def _recurrences(made: Passes) -> Iterator[str]:
    early = {index: row for index, row in made.rows.items() if index not in made.canonical}
    yield f"recurrences: {_rows(made.canonical)} -> {_rows(made.rows)}"
    yield from (f"computed early: {form}" for form in _forms(made.tape, early))


def _blocks(made: Passes) -> Iterator[str]:
    yield f"blocks: {_rows(made.rows)} -> {counted(len(made.blocks), 'block')}"
    yield from (form_in_words(block.form, len(block.rows)) for block in made.blocks)


def _planning(made: Passes) -> Iterator[str]:
    program = made.program
    yield f"planning: {counted(len(made.blocks), 'block')} -> {_forward(made)}"
    in_products = sum(step.out.rows.size for step in program.forward if isinstance(step, MatMul))
    n_sums = sum(isinstance(row, Sum) for row in made.rows.values())
    yield f"products: {in_products} of {counted(n_sums, 'sum')} are in matrix products"
    yield f"layout: shared[0:{program.n_shared}] and batch[0:{program.n_batch}]"
    yield from map(instruction_in_words, program.forward)


def _adjoint(made: Passes) -> Iterator[str]:
    yield f"adjoint: {_forward(made)} -> {_backward(made.copying)}"
    yield from map(adjoint_in_words, made.copying.adjoint)


def _copy_propagation(made: Passes) -> Iterator[str]:
    yield f"copy_propagation: {_backward(made.copying)} -> {_backward(made.program)}"
    kept = {id(step.targets) for step in made.program.adjoint}
    for step in made.copying.adjoint:
        if id(step.targets) not in kept:
            (copy,) = filter(None, step.targets)
            yield f"d {copy.region} is equal to d {step.gradient}, and read there"


def _rows(rows: Mapping[int, Row]) -> str:
    return counted(len(rows), "row")


def _forms(tape: Tape, rows: Mapping[int, Row]) -> list[str]:
    """Say how many rows there are of each form."""
    forms = Counter(form_of(tape, index, row) for index, row in rows.items())
    return [form_in_words(form, count) for form, count in forms.items()]


def _forward(made: Passes) -> str:
    return f"{counted(len(made.program.forward), 'instruction')} forward"


def _backward(program: Program) -> str:
    return f"{counted(len(program.adjoint), 'instruction')} backward"

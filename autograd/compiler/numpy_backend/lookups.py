"""The statements of lookups, and the check of their indices.

A table lies in one array. So each sample's index says at which place of it, read as one long row,
the number stands: the forward program computes the places and takes the numbers from there, and the
backward program adds the gradients there. Here the index is row 0, and the table rows 1 and 2:

>>> from autograd.compiler.numpy_backend.memory import Memory
>>> from autograd.compiler.program import Program
>>> program = Program(
...     n_shared=0, n_batch=4, n_parameters=0, n_inputs=3, constants={}, forward=[], outputs=[]
... )
>>> index, table, out = (Region("batch", np.array(rows)) for rows in ([0], [[1], [2]], [3]))
>>> statements = Statements(Memory(program, batch_size=4, dtype=np.float64))
>>> emit_lookup(statements, Lookup(out, index, table))
>>> emit_lookup_adjoint(statements, Lookup(out, index, table), out, [None, Target(table, True)])
>>> for line in statements.lines:
...     print(line)
add(multiply(whole_indices1(x2, known3), 4), first4, out=y5)  # 1x4
flat6.take(y5, None, y7, 'clip')
d9[y5] += g8
"""

from collections.abc import Sequence

import numpy as np

from autograd.compiler.arrays import Array
from autograd.compiler.numpy_backend.statements import Statements
from autograd.compiler.program import Lookup, Region, Target
from autograd.formulas.formula import Formula


def emit_lookup(statements: Statements, instruction: Lookup) -> None:
    """Emit the finding of the places in the flattened space of the table, and the reading."""
    out = statements.view(instruction.out)
    room = np.empty(out.shape, np.intp)
    statements.assign(room, _places(statements, instruction))
    places = statements.name(room, "places")
    statements.places_looked_up[instruction] = places
    flat = statements.name(statements.memory.space(instruction.table).ravel(), "flat")
    statements.emit_take(flat, places, statements.name(out, "y"), axis=None)


def _places(statements: Statements, instruction: Lookup) -> Formula:
    """Return the formula of the places in flat memory where the numbers looked up stand.

    One index may be used several times, for all the numbers of a row: it is checked once.
    """
    index, table = instruction.index, instruction.table
    width = statements.memory.space(table).shape[1]
    indices, uses = np.unique(index.rows, return_inverse=True)
    function = statements.name(whole_indices, "whole_indices")
    array = statements.formula(statements.view(Region(index.space, indices))).text
    known = np.arange(len(table.rows), dtype=statements.memory.shared.dtype)
    entry = f"{function}({array}, {statements.name(known, 'known')})"
    if not np.array_equal(indices, index.rows):
        entry += f"[{statements.name(uses, 'uses')}]"
    starts, samples = table.rows * width, np.arange(width)
    steps = np.diff(starts, axis=0)
    if len(steps) and (steps == steps.flat[0]).all():
        first = statements.formula(starts[0][:, None] + samples, "first")
        multiples = Formula("multiply", (Formula(entry), int(steps.flat[0])))
        return Formula("add", (multiples, first))
    columns = statements.name(np.arange(len(uses))[:, None], "columns")
    found = Formula(f"{statements.name(starts, 'starts')}[{entry}, {columns}]")
    return Formula("add", (found, statements.formula(samples, "samples")))


def emit_lookup_adjoint(
    statements: Statements, instruction: Lookup, gradient: Region, targets: Sequence[Target | None]
) -> None:
    """Emit the sending of each gradient to the entry that was read."""
    (to_table,) = filter(None, targets)  # nothing goes to the index
    sent = statements.formula(statements.view(gradient, gradient=True), "g")
    table = to_table.region
    space = statements.memory.space(table, gradient=True)
    flat = statements.name(space.ravel(), "d")
    places = statements.places_looked_up[instruction]
    if table.batch and not table.repeats:
        statements.emit(f"{flat}[{places}] += {sent.text}")
    else:
        statements.emit(f"np.add.at({flat}, {places}.ravel(), {sent.text}.ravel())")


def are_wrong(indices: Array, n_entries: int) -> Array:
    """Tell of each index of a lookup whether it is not whole or out of range."""
    return np.isin(indices, np.arange(n_entries), invert=True)


def whole_indices(indices: Array, known: Array) -> Array:
    """Return the indices of a lookup, which are floats, as integers: 0 for a wrong one.

    Parameters
    ----------
    indices : array of float, (n, samples)
    known : array of float
        All that are valid, from 0.0 on: reading it at an index has to give that index.

    Raises
    ------
    FloatingPointError
        If one is wrong: as NumPy does of invalid numbers, unless these are to be ignored.
    """
    whole: Array = indices.astype(np.intp)
    try:
        if known[whole].tobytes() == indices.tobytes():  # a tenth of the time of array_equal
            return whole
    except IndexError:
        pass
    wrong = are_wrong(indices, len(known))
    if wrong.any() and np.geterr()["invalid"] == "raise":  # an index of -0.0 is right
        raise FloatingPointError
    whole[wrong] = 0
    return whole

"""The statements that add contributions to the gradients of rows.

The gradient of a row is the sum of what is sent to it, from all the places where it was used. Where
these lie at a regular distance, that is a sum over an axis; where not, contributions are sorted by
where they go. Here the contributions ``g`` of 4 samples go to two parameters, to two rows that got
two of them each, and to rows of which one got two:

>>> from autograd.compiler.numpy_backend.memory import Memory
>>> from autograd.compiler.program import Program
>>> program = Program(
...     n_shared=2, n_batch=6, n_parameters=2, n_inputs=0, constants={}, forward=[], outputs=[]
... )
>>> statements = Statements(Memory(program, batch_size=4, dtype=np.float64))
>>> for space, rows in [("shared", [0, 1]), ("batch", [[2, 2], [3, 3]]), ("batch", [2, 5, 5])]:
...     target = Target(Region(space, np.array(rows)), add=False)
...     accumulate(statements, target, Formula("g"), (*np.shape(rows), 4))
>>> for line in statements.lines:
...     print(line)
vecdot(g, ones1, out=y2)  # 2
add.reduce(g, axis=(1,), keepdims=True, out=y3)  # 2x1x4
copyto(y4, g)  # 3x4
x5.take(places6, 0, x7, 'clip')
add.reduce(x7, out=y8)  # 2x4
"""

import numpy as np

from autograd.compiler.arrays import Array
from autograd.compiler.numpy_backend.statements import Statements
from autograd.compiler.program import Region, Target
from autograd.formulas.formula import Formula

MOST_PADDING = 2
"""How many times as long contributions may become by padding all columns to the longest."""


def accumulate(
    statements: Statements, target: Target, formula: Formula, shape: tuple[int, ...]
) -> None:
    """Send contributions, given by a formula of `shape`, to the rows of a target.

    The gradient of a row is the sum of what is sent to it: over all places where the row stands
    in the target, and over the samples if the row is shared.
    """
    region, memory = target.region, statements.memory
    width = memory.space(region).shape[1]
    full = (*region.rows.shape, shape[-1])
    destination = memory.destination(region)  # there is one only if no row is repeated
    over_samples = [region.rows.ndim] if full[-1] > width else []
    if over_samples and destination is not None:
        destination = destination[..., 0]
        formula = _summed_over_samples(statements, formula, shape, full)
    elif summed := _repeated_axes(region) + over_samples:
        formula = _summed(formula, shape, full, summed)
        shape = full = tuple(1 if axis in summed else n for axis, n in enumerate(full))
        once = [slice(1) if axis in summed else slice(None) for axis in range(region.rows.ndim)]
        region = Region(region.space, region.rows[tuple(once)])
        destination = memory.destination(region)
    if destination is not None:
        statements.assign(destination, added(statements, target, destination, formula))
    else:
        _scatter(statements, target, _broadcast(formula, shape, full), region.rows)


def _repeated_axes(region: Region) -> list[int]:
    """Return the axes of more than one row along which all are the same."""
    rows = region.rows
    axes = [axis for axis, length in enumerate(rows.shape) if length > 1]
    if region.steps is not None:
        return [axis for axis in axes if region.steps[axis] == 0]
    return [axis for axis in axes if (rows == rows.take([0], axis)).all()]


def _summed_over_samples(
    statements: Statements, formula: Formula, shape: tuple[int, ...], full: tuple[int, ...]
) -> Formula:
    """Return the formula summed over its last axis, by the product that does so in one call."""
    factors = formula.arguments
    whole = [statements.shape_of(factor)[-1:] == full[-1:] for factor in factors]
    if formula.function == "multiply" and all(whole):
        return Formula("vecdot", factors)
    ones = np.ones(full[-1], statements.memory.shared.dtype)
    summands = _broadcast(formula, shape, full)
    return Formula("vecdot", (summands, statements.formula(ones, "ones")))


def _summed(
    formula: Formula, shape: tuple[int, ...], full: tuple[int, ...], axes: list[int]
) -> Formula:
    """Return the formula summed over axes that are kept, with length 1."""
    arguments = (Formula(f"axis={tuple(axes)}"), Formula("keepdims=True"))
    return Formula("add.reduce", (_broadcast(formula, shape, full), *arguments))


def _broadcast(formula: Formula, shape: tuple[int, ...], full: tuple[int, ...]) -> Formula:
    return formula if shape == full else Formula("broadcast_to", (formula, Formula(str(full))))


def _scatter(statements: Statements, target: Target, formula: Formula, rows: Array) -> None:
    """Emit the sending of contributions to rows at no regular distance, or repeated."""
    width = statements.memory.space(target.region).shape[1]
    unique = np.unique(rows)
    if len(unique) < rows.size:
        total = _sums_by_row(statements, formula, rows, width)
    else:
        unique = rows.ravel()
        total = Formula(f"{statements.text(formula)}.reshape(-1, {width})")
    destination = statements.memory.destination(Region(target.region.space, unique))
    if destination is not None:
        statements.assign(destination, added(statements, target, destination, total))
        return
    space = statements.name(statements.memory.space(target.region, gradient=True), "d")
    operator = "+=" if target.add else "="
    rows_name = statements.name(unique, "rows")
    statements.emit(f"{space}[{rows_name}] {operator} {statements.text(total)}")


def _sums_by_row(statements: Statements, formula: Formula, rows: Array, width: int) -> Formula:
    """Return what each row gets in all, for rows that get several contributions.

    If most get about equally many, these are gathered into columns, and the columns summed. That
    takes half the time of ``reduceat``, without which the names GPT would take 11 % longer.
    """
    columns = in_columns(rows.ravel())
    if columns.size > MOST_PADDING * rows.size:
        order = statements.name(np.argsort(rows.ravel(), kind="stable"), "order")
        _, starts = np.unique(np.sort(rows.ravel()), return_index=True)
        contributions = f"{statements.text(formula)}.reshape(-1, {width})[{order}]"
        return Formula(f"np.add.reduceat({contributions}, {statements.name(starts, 'starts')})")
    dtype = statements.memory.shared.dtype
    with_zeros = np.zeros((rows.size + 1, width), dtype)
    statements.assign(with_zeros[:-1].reshape(*rows.shape, width), formula)
    gathered = np.empty((*columns.shape, width), dtype)
    source, places = statements.name(with_zeros, "x"), statements.name(columns, "places")
    statements.emit_take(source, places, statements.name(gathered, "x"), axis=0)
    return Formula("add.reduce", (statements.formula(gathered),))


def in_columns(rows: Array) -> Array:
    """Return the places where each row stands, in a column for each, in the order of the rows.

    Columns are padded to equal length with the place behind the last.

    >>> in_columns(np.array([7, 5, 7, 7]))
    array([[1, 0],
           [4, 2],
           [4, 3]])
    """
    order = np.argsort(rows, kind="stable")
    _, starts, columns, counts = np.unique(
        rows[order], return_index=True, return_inverse=True, return_counts=True
    )
    places = np.full((counts.max(), len(counts)), len(rows))
    places[np.arange(len(rows)) - starts[columns], columns] = order
    return places


def added(statements: Statements, target: Target, destination: Array, formula: Formula) -> Formula:
    """Return the formula, or its sum with what the target holds."""
    return statements.formula(destination, "d") + formula if target.add else formula

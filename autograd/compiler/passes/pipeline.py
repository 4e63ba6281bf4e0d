"""The passes of the compiler in their order, from a tape to a program.

One graph on its way through all of them:

>>> from autograd import Value, tanh
>>> from autograd.compiler.passes.tape import read_tape
>>> x, y, w = Value(1.0), Value(2.0), Value(3.0)
>>> passes = apply_passes(read_tape([(tanh(w * x) - y) ** 2], inputs=[x, y], parameters=[w]))

The tape is the graph with numbers for nodes: the inputs 0 and 1, the parameter 2, and what is
computed. Its arithmetic becomes sums of products; the difference is used twice, in its square:

>>> for index, row in passes.rows.items():
...     print(index, row)
3 <sum: 1.0 * row 2 * row 0>
4 Call(operation=<operation tanh>, operands=(3,))
5 <sum: 1.0 * row 4 + -1.0 * row 1>
7 <sum: 1.0 * row 5 * row 5>

Rows of one form that can be computed together are blocks (here each is alone), and each block is
an instruction or more, on the addresses that its rows get:

>>> [block.rows for block in passes.blocks]
[[3], [4], [5], [7]]
>>> for instruction in passes.program.forward:
...     print(type(instruction).__name__, instruction.out, "of", instruction.operands)
SumProducts batch[2] of (shared[0], batch[0])
Apply batch[3] of (batch[2],)
SumProducts batch[4] of (batch[1], None)
SumProducts batch[4] of (batch[3], None)
SumProducts batch[5] of (batch[4], batch[4])

Backward, gradients go to the operands that depend on w. The gradient of the tanh is that of the
difference, and is read there:

>>> for adjoint in passes.program.adjoint:
...     print("from d", adjoint.gradient, "to", adjoint.targets)
from d batch[5] to (= d batch[4], += d batch[4])
from d batch[4] to (= d batch[2],)
from d batch[2] to (= d shared[0], None)
"""

from typing import NamedTuple

from autograd.compiler.passes.adjoint import add_adjoint
from autograd.compiler.passes.blocks import Block, blocks
from autograd.compiler.passes.canonical import canonical_rows
from autograd.compiler.passes.copy_propagation import propagate_copies
from autograd.compiler.passes.planning import plan
from autograd.compiler.passes.recurrences import split_recurrences
from autograd.compiler.passes.rows import Row
from autograd.compiler.passes.tape import Tape
from autograd.compiler.program import Program


class Passes(NamedTuple):
    """What the passes made of a graph.

    Attributes
    ----------
    tape : Tape
        With an entry for each row that is no node of the graph.
    canonical : dict of int to Row
        What is computed, by tape index.
    rows : dict of int to Row
        The same, with the early parts of recurrences in rows of their own.
    blocks : list of Block
    copying : Program
        With all the copies that its adjoint makes.
    program : Program
    """

    tape: Tape
    canonical: dict[int, Row]
    rows: dict[int, Row]
    blocks: list[Block]
    copying: Program
    program: Program


def apply_passes(tape: Tape) -> Passes:
    """Turn a tape into a program, with the adjoint of its first output."""
    canonical = canonical_rows(tape)
    tape, rows = split_recurrences(tape, canonical)
    grouped = blocks(tape, rows)
    copying = add_adjoint(*plan(tape, rows, grouped))
    return Passes(tape, canonical, rows, grouped, copying, propagate_copies(copying))

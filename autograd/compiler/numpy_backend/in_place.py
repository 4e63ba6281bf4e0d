"""Inputs that stay where they are: matrix products read the samples of an argument as they came.

Samples come as rows, and are kept as columns, next to all that is computed from them. A matrix
product reads rows as quickly as columns. So an argument that only products read, and read whole,
need not be copied: it is passed to the generated functions. Here one product reads the first 16
inputs and another one the rest, of which a sum reads the last as well:

>>> from autograd import Value, dot, sum, tanh
>>> from autograd.compiler.passes import apply_passes
>>> from autograd.compiler.passes.tape import read_tape
>>> x, w = ([Value(0.1) for _ in range(32)] for _ in range(2))
>>> hidden = [tanh(dot(w[:16], x[:16])), tanh(dot(w[16:], x[16:]))]
>>> program = apply_passes(read_tape([sum(hidden) + x[-1]], x, w)).program
>>> columns_of_products(program)
[(0, 16)]

Suspects are not searched for among these inputs: samples are always finite.
"""

import numpy as np

from autograd.compiler.program import MatMul, Program

WIDE = 16
"""From this many inputs on, copying them takes longer than passing them."""


def columns_of_products(program: Program) -> list[tuple[int, int]]:
    """Return the first and the end of inputs that matrix products read together, and nothing else.

    Only a call shows whether these are one argument.
    """
    products: set[tuple[int, int]] = set()
    others = [region for region in program.outputs if region.batch]
    for step in [*program.forward, *(adjoint.forward for adjoint in program.adjoint)]:
        for region in step.operands:
            if region is not None and region.batch:
                once = region.rows.shape[1:] == (1,)
                if isinstance(step, MatMul) and once and region.steps == (1, 0):
                    first = region.rows.item(0)
                    products.add((first, first + len(region.rows)))
                else:
                    others.append(region)
    uses = np.zeros(program.n_batch, int)
    for first, end in products:
        uses[first:end] += 1
    for region in others:
        uses[region.rows] += 1
    return [
        (first, end)
        for first, end in sorted(products)
        if first + WIDE <= end <= program.n_inputs and (uses[first:end] == 1).all()
    ]

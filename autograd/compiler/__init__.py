"""The compiler: a graph of scalars becomes a program for whole mini-batches.

A function is recorded for one sample, and what was recorded goes through these passes, one module
each:

1. `trace`: run the function on Values, and refuse what depends on their numbers;
2. `tape`: the graph as a flat list;
3. `canonical`: all arithmetic as sums of products;
4. `recurrences`: what recurring sums need not wait for, as rows of their own;
5. `blocks`: rows of the same form that can be computed together;
6. `planning`: addresses for the rows (their `layout`), and one instruction per block; with
   `products`, which finds matrix products among the sums;
7. `adjoint`: the backward instructions, in their `backward_order`.

`passes` runs them, from the third on, and shows a small graph on its way through them.

The result is a `program`, a list of instructions that knows nothing of NumPy. A backend binds it to
a batch size: `numpy_backend`, with `nests` for the shapes of its loops, `memory` for its arrays,
`expressions` for the formulas of the operation table, and `forward_source`, `backward_source` and
`accumulation` for the `statements` it writes; or, where calls of NumPy would take longer than the
computing, `float_backend`, with `float_source` and `float_formulas`. For those who ask for it,
`native` writes C. `infix` writes the formulas of these two, and where a number leaves the range of
floats, `fallback` has NumPy tell. Large batches run in `chunks`.

`compiling` is what the user calls and `compiled` what it returns, with `arguments` and `mean` for
what that takes and gives, and `report` and `diagnosis` for what it tells. The `programs` of a
function are kept by the shapes of its arguments, so that each is made once. `own_operations` tries
the operations of a user on a sample first.
"""

from autograd.compiler.compiled import Compiled
from autograd.compiler.compiling import compile, compile_graph

__all__ = ["Compiled", "compile", "compile_graph"]

"""The compiler: a graph of scalars becomes a program for whole mini-batches.

A function is recorded for one sample, and the `passes`, one module each, make of its graph a
`program`: a list of instructions that knows nothing of NumPy.

A backend binds a program to a batch size. `numpy_backend` writes calls of NumPy on whole blocks;
where these would take longer than the computing, `float_backend` writes Python on floats; for those
who ask for it, `native` writes C. All read the operation table through `formulas`, and have
`rewriting` find what these hold several times; `infix` writes them with operators for the latter
two, and what with these leaves the range of floats, `fallback` gives to NumPy. Large batches run in
`chunks`. Where rows lie in the order of loops inside each other, `nests` finds that, for the
planner and for NumPy.

`compiling` is what the user calls and `compiled` what it returns, with `arguments`, `arrays` and
`mean` for what that takes and gives, and `report` for what it tells. An error is that of eager
mode: `replay` computes the samples that may have failed once more, on Values. The `programs` of a
function are kept by the shapes of its arguments, so that each is made once. `own_operations` tries
the operations of a user on a sample first.
"""

from autograd.compiler.compiled import Compiled
from autograd.compiler.compiling import compile, compile_graph

__all__ = ["Compiled", "compile", "compile_graph"]

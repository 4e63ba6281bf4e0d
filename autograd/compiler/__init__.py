"""The compiler: a graph of scalars becomes a program for whole mini-batches.

In the order of a call, from the function to its mean:

- `compiling` (what the user calls), `compiled` (what that returns, to be called with arrays)
- `arguments` and `arrays` (checks of these arrays)
- `program_cache` (all programs of a function, by the shapes of its arguments: each is made once)
- `passes` (the function is recorded for one sample, and its graph becomes a program)
- `own_operations` (a user's operations, tried on that sample first)
- `program` (the result: a list of instructions that knows nothing of NumPy)
- `chunks` (chooses the `backend`, and runs a large batch in parts)
- `numpy_backend` (the program as NumPy calls on whole blocks)
- `float_backend` (as Python on floats, for blocks so small that NumPy's calls cost more)
- `native` (as C, for those who ask for it)
- `fallback` (what these two cannot finish, NumPy runs again)
- `replay` (errors as in eager mode: samples that may have failed run once more, on Values)
- `mean` (the mean of the batch as a node, so that `backward` reaches the parameters)
- `report` (what became of the graph, pass by pass), in the `wording` of rows and instructions

The planner and the NumPy backend share `nests` (rows in the order of nested loops). What an
operation computes comes to all backends as source text, from `autograd.formulas`.
"""

from autograd.compiler.compiled import Compiled
from autograd.compiler.compiling import compile, compile_graph

__all__ = ["Compiled", "compile", "compile_graph"]

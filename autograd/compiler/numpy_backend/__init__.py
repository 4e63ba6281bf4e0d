"""The NumPy backend: a program becomes Python source that works in place on a few arrays.

Every operand of an instruction is a view of the program's `memory`, in the shape that `nesting`
finds for its rows, made once, when the program is bound to a batch size. The source calls NumPy
functions on these views, and the ``array`` of those operations that have no formula. Rows at no
regular distance are gathered into a buffer each time, and some inputs are read `in_place`.

`forward` and `backward` write the `statements` of each direction, with `accumulation` for gradients
that add up and `lookups` for both ways of a lookup, below a `legend` of their names. `bound` is
what runs, and where a number leaves the range of floats, `suspects` finds the samples that may have
failed.
"""

from autograd.compiler.numpy_backend.bound import NumPyProgram, bind

__all__ = ["NumPyProgram", "bind"]

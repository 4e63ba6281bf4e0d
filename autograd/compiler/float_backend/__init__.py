"""The float backend: a program becomes straight-line Python on floats.

A NumPy call takes a microsecond before it computes anything. Where blocks have few rows and batches
few samples, as in a deep narrow graph, that is most of the time, and plain floats are faster.

`source` writes the program as one function, of the `statements` of all rows, with `variables` for
the rows and `expressions` for the formulas of the operation table, and `bound` is what runs.
"""

from autograd.compiler.float_backend.bound import FloatProgram, bind, is_faster

__all__ = ["FloatProgram", "bind", "is_faster"]

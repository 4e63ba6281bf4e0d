"""The native backend: a program becomes C, which the compiler of the machine makes fast.

NumPy is called for each instruction, and each call takes time to begin, and to read and write
memory. In C an instruction is a loop, and a batch that fits in the caches is done in a few
microseconds. The price is a C compiler, which has to be on the machine, and its time: a few tenths
of a second for each program and each batch size (the last batch of an epoch is often another one),
and seconds for programs of a thousand instructions. So this backend is for training that takes
minutes:

>>> import autograd as ag
>>> from autograd.compiler import native
>>> w = ag.Value(0.5)
>>> squared_error = ag.compile(lambda x, y: (w * x - y) ** 2, backend=native)

`source` writes the program: one statement per instruction, on rows of the memory, as in::

    ALL(i, 16) SAMPLES V[19 + i][s] = maximum(V[3 + i][s], 0.0);

with the names and the matrix products of ``kernels.c`` before it. `forward` and `backward` write
the `statements` of each pass, with `matrices` for matrix products, `addresses` for the elements of
rows and `formulas` for those of the operation table. `library` calls the compiler, and `bound` is
what runs.
"""

from autograd.compiler.native.bound import NativeProgram, bind
from autograd.compiler.native.library import is_available

__all__ = ["NativeProgram", "bind", "is_available"]

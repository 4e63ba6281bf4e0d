"""What a backend is: whatever makes programs ready to run, and what is then ready.

`numpy_backend`, `float_backend` and `native` are backends, and a user's module can be one.
"""

from collections.abc import Sequence
from typing import Protocol

from numpy.typing import DTypeLike

from autograd.compiler.arrays import Array
from autograd.compiler.program import Program


class BoundProgram(Protocol):
    """A program that is ready to run on batches of one size.

    It takes the numbers of the parameters, of shape (n_parameters,), and the inputs, each of shape
    (batch_size, ...). What it returns may be overwritten by the next run.

    It also returns the *suspects*, in ascending order: samples that may have failed, among them the
    first for which eager mode would raise an error. Without suspects all results are finite. A
    program tells no more of what went wrong: that is left to `autograd.compiler.replay`.
    """

    batch_size: int

    @property
    def source(self) -> str:
        """What was generated, to be read."""

    def run(
        self, theta: Array, inputs: Sequence[Array], differentiate: bool
    ) -> tuple[Array, Array, Sequence[int]]:
        """Return all outputs, the gradient by theta of the mean of the first, and the suspects.

        Outputs are of shape (n_outputs, batch_size). The gradient is computed if it is to
        `differentiate`: otherwise what stands in its place means nothing.
        """


class Backend(Protocol):
    """What runs programs: a module or an object with this function, as `numpy_backend`."""

    def bind(self, program: Program, batch_size: int, dtype: DTypeLike) -> BoundProgram:
        """Return the program made ready for a batch size and a type of floats.

        It may raise an ArgumentError for an operation that it cannot run.
        """

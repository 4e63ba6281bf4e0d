"""Where the numbers of a bound program live, and the views that instructions work on.

A space is one array, a row of it the numbers of all samples. So rows at a regular distance are a
view: NumPy reads and writes them where they are.

>>> program = Program(
...     n_shared=0, n_batch=6, n_parameters=0, n_inputs=0, constants={}, forward=[], outputs=[]
... )
>>> memory = Memory(program, batch_size=2, dtype=np.float64)
>>> memory.batch[:] = [[row, row + 0.5] for row in range(6)]
>>> memory.view(Region("batch", np.array([1, 3, 5])))
array([[1. , 1.5],
       [3. , 3.5],
       [5. , 5.5]])
>>> memory.view(Region("batch", np.array([1, 2, 5]))) is None
True
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import DTypeLike

from autograd.compiler.arrays import Array
from autograd.compiler.program import Program, Region


class Memory:
    """The spaces of a program for one batch size.

    Attributes
    ----------
    shared, d_shared : array, (n_shared, 1)
        Numbers that are the same for all samples, and their gradients.
    batch, d_batch : array, (n_batch, batch_size)
        Numbers that differ, and their gradients.
    program : Program
    """

    def __init__(self, program: Program, batch_size: int, dtype: DTypeLike) -> None:
        self.shared = np.zeros((program.n_shared, 1), dtype)
        self.batch = np.zeros((program.n_batch, batch_size), dtype)
        self.d_shared = np.zeros_like(self.shared)
        self.d_batch = np.zeros_like(self.batch)
        self.program = program
        for row, number in program.constants.items():
            self.shared[row] = number

    def space(self, region: Region, gradient: bool = False) -> Array:
        """Return the array that a region lies in."""
        if gradient:
            return self.d_batch if region.batch else self.d_shared
        return self.batch if region.batch else self.shared

    def view(self, region: Region, gradient: bool = False) -> Array | None:
        """Return the rows of a region, of shape (*rows.shape, samples), without copying.

        Returns None if they do not lie at a regular distance along each axis. A distance may be 0:
        then the view repeats a row.
        """
        if region.steps is None:
            return None
        space = self.space(region, gradient)
        row_bytes, item_bytes = space.strides
        lengths = region.rows.shape
        pairs = zip(region.steps, lengths, strict=True)
        strides = [step * row_bytes if n > 1 else row_bytes for step, n in pairs]
        return np.ndarray(
            shape=(*lengths, space.shape[1]),
            dtype=space.dtype,
            buffer=space,
            offset=region.rows.item(0) * row_bytes,
            strides=(*strides, item_bytes),
        )

    def destination(self, region: Region) -> Array | None:
        """Return the gradients of a region as a view that can be written to, if there is one."""
        if region.steps is None or region.repeats:
            return None
        return self.view(region, gradient=True)

    def stacked(self, rows: Sequence[Region]) -> Callable[[], Array]:
        """Return a function that returns one row of each region, together of shape (n, samples).

        It copies nothing if they are batch rows at a regular distance. Otherwise the next call
        writes to the same array.
        """
        addresses = np.concatenate([region.rows.ravel() for region in rows])
        in_batch = np.array([region.batch for region in rows])
        view = self.view(Region("batch", addresses)) if in_batch.all() else None
        if view is not None:
            return lambda: view
        out = np.empty((len(rows), self.batch.shape[1]), self.batch.dtype)
        if in_batch.all():
            return lambda: self.batch.take(addresses, 0, out, "clip")

        def copied() -> Array:
            out[in_batch] = self.batch[addresses[in_batch]]
            out[~in_batch] = self.shared[addresses[~in_batch]]
            return out

        return copied

"""Comments at the head of the source: which names are views of parameters, gradients or inputs.

>>> from autograd.compiler.program import Program, Region
>>> program = Program(
...     n_shared=6, n_batch=3, n_parameters=6, n_inputs=2, constants={}, forward=[], outputs=[]
... )
>>> memory = Memory(program, batch_size=4, dtype=np.float64)
>>> x, y = (memory.view(Region(True, np.array(rows))) for rows in ([0, 1], [1, 2]))
>>> w = memory.view(Region(False, np.array([[0, 1], [3, 4]])))
>>> for comment in legend({"w1": w, "x2": x, "y3": y, "add": np.add}, memory):
...     print(comment)
# w1: 2x2x1 of parameters[0:5]
# x2: 2x4 of inputs[0:2]
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from autograd.compiler.arrays import Array
from autograd.compiler.numpy_backend.memory import Memory


def legend(names: Mapping[str, Any], memory: Memory) -> Iterator[str]:
    """Yield a comment for each name that stands for such a view; others are computed on the way."""
    n_parameters, n_inputs = memory.program.n_parameters, memory.program.n_inputs
    told = {
        "parameters": memory.shared[:n_parameters],
        "the gradient of parameters": memory.d_shared[:n_parameters],
        "inputs": memory.batch[:n_inputs],
    }
    for name, array in names.items():
        for kind, rows in told.items():
            if isinstance(array, np.ndarray) and np.may_share_memory(array, rows):
                first, end = _rows_of(array, rows)
                if end <= len(rows):
                    shape = "x".join(map(str, array.shape))
                    yield f"# {name}: {shape} of {kind}[{first}:{end}]"


def _rows_of(view: Array, rows: Array) -> tuple[int, int]:
    """Return where a view of the space that begins with some rows begins and ends, in rows."""
    start, _ = byte_bounds(rows)
    low, high = byte_bounds(view)
    return (low - start) // rows.strides[0], (high - 1 - start) // rows.strides[0] + 1

"""Comments at the head of the source: which names are views of parameters, gradients or inputs.

Each says where an element of the view comes from, ``s`` being the sample:

>>> from autograd.compiler.program import Program, Region
>>> program = Program(
...     n_shared=6, n_batch=3, n_parameters=6, n_inputs=2, constants={}, forward=[], outputs=[]
... )
>>> memory = Memory(program, batch_size=4, dtype=np.float64)
>>> x, y = (memory.view(Region("batch", np.array(rows))) for rows in ([0, 1], [1, 2]))
>>> w = memory.view(Region("shared", np.array([[1, 2], [4, 5]])))[..., 0]
>>> for comment in legend({"w1": w, "x2": x, "y3": y, "w4": w[::-1]}, memory):
...     print(comment)
# w1[i, j] = parameters[1 + 3 i + j]  # 2x2
# x2[i, s] = inputs[i]  # 2x4
# w4[i, j] = parameters[4 - 3 i + j]  # 2x2
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
        "gradient": memory.d_shared[:n_parameters],
        "inputs": memory.batch[:n_inputs],
    }
    for name, array in names.items():
        for kind, rows in told.items():
            if isinstance(array, np.ndarray) and _lies_within(array, rows):
                shape = "x".join(map(str, array.shape))
                indices, row = _correspondence(array, rows)
                yield f"# {name}[{indices}] = {kind}[{row}]  # {shape}"


def _lies_within(view: Array, rows: Array) -> bool:
    (low, high), (start, end) = byte_bounds(view), byte_bounds(rows)
    return start <= low and high <= end


def _correspondence(view: Array, rows: Array) -> tuple[str, str]:
    """Return the indices of an element of a view of rows, and in which row it stands."""
    row_bytes, n_samples = rows.strides[0], rows.shape[1]
    first = (view.ctypes.data - rows.ctypes.data) // row_bytes
    indices: list[str] = []
    terms = [str(first)] if first else []
    letters = iter("ijklmn")
    for length, stride in zip(view.shape, view.strides, strict=True):
        if length == 1:
            indices.append("0")
        elif 0 < stride < row_bytes:  # from sample to sample, and then on to the next row
            indices.append("s")
            terms += [f"s // {n_samples}"] if length > n_samples else []
        else:
            index, step = next(letters), stride // row_bytes
            indices.append(index)
            terms += [index if step == 1 else f"{step} {index}"] if step else []
    return ", ".join(indices), " + ".join(terms).replace("+ -", "- ") or "0"

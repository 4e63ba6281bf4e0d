"""Re-rolling: rows of weights times shared inputs become matrix products.

A layer was written neuron by neuron, so the tape holds one sum per neuron. Sums over the same
inputs are the rows of one matrix; the same matrix at several places (a convolution, the positions
of a sequence) is one matrix times several columns. Nothing in the graph says so; it shows in the
addresses alone.

>>> weights = np.array([[0, 1], [2, 3], [0, 1], [2, 3]])
>>> inputs = np.array([[5, 6], [5, 6], [7, 8], [7, 8]])
>>> products, rest = matrix_products(np.array([10, 11, 12, 13]), weights, inputs, smallest=1)
>>> print(products[0].weights.tolist(), products[0].inputs.tolist(), products[0].sums.tolist())
[[0, 1], [2, 3]] [[5, 7], [6, 8]] [[10, 12], [11, 13]]
>>> len(rest)
0

Sums 10 and 11 share the inputs 5 and 6, so their weights are a matrix; 12 and 13 have the same
weights on the inputs 7 and 8, a second column.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from autograd.compiler.program import Addresses

SMALLEST = 8
"""Products of fewer multiplications are left to sums: a matrix product costs 1 us to call."""


@dataclass(frozen=True)
class MatrixProduct:
    """``sums[r, p]`` is the sum over k of ``weights[r, k] * inputs[k, p]``.

    Attributes
    ----------
    sums : array of int, (r, p)
        Indices of the sums.
    weights : array of int, (r, k)
        Shared addresses.
    inputs : array of int, (k, p)
        Batch addresses.
    """

    sums: Addresses
    weights: Addresses
    inputs: Addresses


def matrix_products(
    sums: Addresses, weights: Addresses, inputs: Addresses, smallest: int = SMALLEST
) -> tuple[list[MatrixProduct], Addresses]:
    """Find the matrix products among sums of products, ``weights[n, k] * inputs[n, k]``.

    Parameters
    ----------
    sums : array of int, (n,)
        The index of each.
    weights : array of int, (n, k)
        Shared addresses.
    inputs : array of int, (n, k)
        Batch addresses.
    smallest : int
        The fewest multiplications for which a product is worth it.

    Returns
    -------
    products : list of MatrixProduct
    rest : array of int
        The indices of the sums that are in none.
    """
    order = np.arange(len(sums))[:, None], inputs.argsort(axis=1, kind="stable")
    weights, inputs = weights[order], inputs[order]
    repeats = (inputs[:, 1:] == inputs[:, :-1]).any(axis=1)
    by_inputs: dict[bytes, list[int]] = defaultdict(list)
    for place in np.flatnonzero(~repeats).tolist():
        by_inputs[inputs[place].tobytes()].append(place)
    by_matrix: dict[tuple[int, bytes], list[MatrixProduct]] = defaultdict(list)
    for members in by_inputs.values():
        column = _as_matrix(sums[members], weights[members], inputs[members[0]])
        by_matrix[len(members), column.weights.tobytes()].append(column)
    products: list[MatrixProduct] = []
    rest = [sums[repeats]]
    for columns in by_matrix.values():
        columns.sort(key=lambda column: int(column.inputs[0, 0]))
        product = MatrixProduct(
            sums=np.concatenate([column.sums for column in columns], axis=1),
            weights=columns[0].weights,
            inputs=np.concatenate([column.inputs for column in columns], axis=1),
        )
        if product.weights.size * len(columns) < smallest:
            rest.append(product.sums.ravel())
        else:
            products.append(product)
    return products, np.concatenate(rest)


def _as_matrix(sums: Addresses, weights: Addresses, inputs: Addresses) -> MatrixProduct:
    """Return sums over the same inputs as a matrix times a column, in the order of the weights.

    Any order is right. A canonical one makes the same matrix at other places equal, byte for byte.
    """
    row_order = weights.min(axis=1).argsort(kind="stable")
    weights = weights[row_order]
    column_order = weights[0].argsort(kind="stable")
    return MatrixProduct(
        sums=sums[row_order][:, None],
        weights=weights[:, column_order],
        inputs=inputs[column_order][:, None],
    )

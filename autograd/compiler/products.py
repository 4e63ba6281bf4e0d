"""Re-rolling: rows of weights times shared inputs become matrix products.

A layer was written neuron by neuron, so the tape holds one sum per neuron. Sums over the same
inputs are the rows of one matrix; the same matrix at several places (a convolution, the positions
of a sequence) is one matrix times several columns. Nothing in the graph says so; it shows in the
addresses alone.

>>> sums = {10: [(0, 5), (1, 6)], 11: [(2, 5), (3, 6)], 12: [(0, 7), (1, 8)], 13: [(2, 7), (3, 8)]}
>>> products, rest = matrix_products(sums, smallest=1)
>>> print(products[0].weights.tolist(), products[0].inputs.tolist(), products[0].rows.tolist())
[[0, 1], [2, 3]] [[5, 7], [6, 8]] [[10, 12], [11, 13]]
>>> rest
[]

Sums 10 and 11 share the inputs 5 and 6, so their weights are a matrix; 12 and 13 have the same
weights on the inputs 7 and 8, a second column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autograd.compiler.program import Addresses

SMALLEST = 8
"""Products of fewer multiplications are left to sums: a matrix product costs 1 us to call."""


@dataclass(frozen=True)
class MatrixProduct:
    """``rows[r, p]`` is the sum over k of ``weights[r, k] * inputs[k, p]``.

    Attributes
    ----------
    rows : array of int, (r, p)
        Tape indices of the sums.
    weights : array of int, (r, k)
        Shared addresses.
    inputs : array of int, (k, p)
        Batch addresses.
    """

    rows: Addresses
    weights: Addresses
    inputs: Addresses


def matrix_products(
    sums: Mapping[int, Sequence[tuple[int, int]]], smallest: int = SMALLEST
) -> tuple[list[MatrixProduct], list[int]]:
    """Find the matrix products among sums of shared times batch rows.

    Parameters
    ----------
    sums : dict of int to list of (weight address, input address)
        The terms of each sum, by tape index.
    smallest : int
        The number of multiplications from which on a product is worth it.

    Returns
    -------
    products : list of MatrixProduct
    rest : list of int
        The sums that are in none.
    """
    rest: list[int] = []
    by_inputs: dict[tuple[int, ...], list[tuple[int, tuple[int, ...]]]] = {}
    for index, terms in sums.items():
        inputs, weights = zip(*sorted([(x, weight) for weight, x in terms]), strict=True)
        if len(set(inputs)) < len(inputs):
            rest.append(index)
        else:
            by_inputs.setdefault(inputs, []).append((index, weights))
    by_matrix: dict[tuple[tuple[int, ...], bytes], list[MatrixProduct]] = {}
    for inputs, members in by_inputs.items():
        column = _as_matrix(inputs, members)
        key = (column.weights.shape, column.weights.tobytes())
        by_matrix.setdefault(key, []).append(column)
    products = []
    for columns in by_matrix.values():
        columns.sort(key=lambda column: int(column.inputs[0, 0]))
        product = MatrixProduct(
            rows=np.concatenate([column.rows for column in columns], axis=1),
            weights=columns[0].weights,
            inputs=np.concatenate([column.inputs for column in columns], axis=1),
        )
        if product.weights.size * len(columns) < smallest:
            rest += product.rows.ravel().tolist()
        else:
            products.append(product)
    return products, rest


def _as_matrix(
    inputs: tuple[int, ...], members: list[tuple[int, tuple[int, ...]]]
) -> MatrixProduct:
    """Return sums over the same inputs as a matrix times a column, in the order of the weights."""
    weights = np.array([member_weights for _, member_weights in members], dtype=np.int64)
    rows = np.array([index for index, _ in members], dtype=np.int64)
    row_order = np.argsort(weights.min(axis=1), kind="stable")
    weights = weights[row_order]
    column_order = np.argsort(weights[0], kind="stable")
    return MatrixProduct(
        rows=rows[row_order][:, None],
        weights=weights[:, column_order],
        inputs=np.array(inputs, dtype=np.int64)[column_order][:, None],
    )

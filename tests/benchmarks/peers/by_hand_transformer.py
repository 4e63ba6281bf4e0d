"""The GPT of one block in NumPy by hand; see `by_hand`.

Tokens stand in columns, position by position and in each the samples of the batch. Attention reads
them as small matrices (sample, head, position, feature), which are views.
"""

from collections.abc import Callable

import numpy as np
from workloads import EPSILON, HEADS, Array, Workload, split

from peers.by_hand_pieces import cross_entropy_of, through_relu


def transformer(workload: Workload) -> Callable[[], tuple[float, Array]]:
    tokens, targets = workload.batch
    size, length = tokens.shape
    n_tokens = size * length
    theta, gradient = workload.theta, np.empty_like(workload.theta)
    letters, positions, *_, Wo, W1, W2, to_logits = split(theta, workload.shapes)
    d_letters, d_positions, *_, dWo, dW1, dW2, d_to_logits = split(gradient, workload.shapes)
    n_letters, width = letters.shape
    # The matrices of queries, keys and values lie one after the other: they are one.
    start = letters.size + positions.size
    Wqkv, dWqkv = (flat[start:][: 3 * width**2].reshape(-1, width) for flat in (theta, gradient))

    x, d_x, d_normal, attended, d_attended, change = np.empty((6, width, n_tokens))
    qkv, d_qkv = np.empty((2, 3 * width, n_tokens))
    hidden, d_hidden = np.empty((2, 4 * width, n_tokens))
    active = np.empty(hidden.shape, dtype=bool)
    logits, one_hot = np.empty((2, n_letters, n_tokens))
    cross_entropy = cross_entropy_of(logits)
    norm1, norm2, norm3 = (RMSNorm(width, n_tokens) for _ in range(3))

    def heads(columns: Array) -> Array:
        return columns.reshape(HEADS, width // HEADS, length, size).transpose(3, 0, 2, 1)

    q, k, v = map(heads, np.split(qkv, 3))
    d_q, d_k, d_v = map(heads, np.split(d_qkv, 3))
    out, d_out = heads(attended), heads(d_attended)
    # Samples come last in memory and first in the matrices.
    scores, d_scores, product = np.empty((3, HEADS, length, length, size))
    weights, d_weights = scores.transpose(3, 0, 1, 2), d_scores.transpose(3, 0, 1, 2)
    extreme = np.empty((HEADS, length, 1, size))
    future = np.triu(np.full((length, length), -np.inf), 1)[:, :, None]
    scale = (width // HEADS) ** -0.5

    def step() -> tuple[float, Array]:
        flat_tokens = tokens.T.ravel()
        np.take(letters.T, flat_tokens, axis=1, out=x, mode="clip")
        by_position = x.reshape(width, length, size)
        np.add(by_position, positions.T[:, :, None], out=by_position)

        normal1 = norm1.forward(x)
        np.dot(Wqkv, normal1, out=qkv)
        np.matmul(q, k.swapaxes(2, 3), out=weights)
        np.multiply(scores, scale, out=scores)
        np.add(scores, future, out=scores)
        np.maximum.reduce(scores, axis=2, keepdims=True, out=extreme)
        np.subtract(scores, extreme, out=scores)
        np.exp(scores, out=scores)
        np.add.reduce(scores, axis=2, keepdims=True, out=extreme)
        np.divide(scores, extreme, out=scores)
        np.matmul(weights, v, out=out)
        np.dot(Wo, attended, out=change)
        np.add(x, change, out=x)

        normal2 = norm2.forward(x)
        np.dot(W1, normal2, out=hidden)
        np.maximum(hidden, 0.0, out=hidden)
        np.dot(W2, hidden, out=change)
        np.add(x, change, out=x)

        normal3 = norm3.forward(x)
        np.dot(to_logits, normal3, out=logits)
        loss, d_logits = cross_entropy(targets.T.ravel())

        np.dot(d_logits, normal3.T, out=d_to_logits)
        np.dot(to_logits.T, d_logits, out=d_normal)
        norm3.backward(d_normal, out=d_x)

        np.dot(d_x, hidden.T, out=dW2)
        np.dot(W2.T, d_x, out=d_hidden)
        through_relu(d_hidden, hidden, active)
        np.dot(d_hidden, normal2.T, out=dW1)
        np.dot(W1.T, d_hidden, out=d_normal)
        norm2.backward(d_normal, out=change)
        np.add(d_x, change, out=d_x)

        np.dot(d_x, attended.T, out=dWo)
        np.dot(Wo.T, d_x, out=d_attended)
        np.matmul(weights.swapaxes(2, 3), d_out, out=d_v)
        np.matmul(d_out, v.swapaxes(2, 3), out=d_weights)
        np.multiply(d_scores, scores, out=product)
        np.add.reduce(product, axis=2, keepdims=True, out=extreme)
        np.subtract(d_scores, extreme, out=d_scores)
        np.multiply(d_scores, scores, out=d_scores)
        np.multiply(d_scores, scale, out=d_scores)
        np.matmul(d_weights, k, out=d_q)
        np.matmul(d_weights.swapaxes(2, 3), q, out=d_k)
        np.dot(d_qkv, normal1.T, out=dWqkv)
        np.dot(Wqkv.T, d_qkv, out=d_normal)
        norm1.backward(d_normal, out=change)
        np.add(d_x, change, out=d_x)

        np.add.reduce(d_x.reshape(width, length, size), axis=2, out=d_positions.T)
        np.equal(np.arange(n_letters)[:, None], flat_tokens, out=one_hot)
        np.dot(one_hot, d_x.T, out=d_letters)
        return loss, gradient

    return step


class RMSNorm:
    """Columns divided by the root of the mean of their squares."""

    def __init__(self, width: int, n_columns: int) -> None:
        self.normal, self.product = np.empty((2, width, n_columns))
        self.scale, self.mean = np.empty((2, n_columns))

    def forward(self, x: Array) -> Array:
        np.multiply(x, x, out=self.product)
        np.add.reduce(self.product, axis=0, out=self.scale)
        np.divide(self.scale, len(x), out=self.scale)
        np.add(self.scale, EPSILON, out=self.scale)
        np.sqrt(self.scale, out=self.scale)
        np.divide(1.0, self.scale, out=self.scale)
        np.multiply(x, self.scale, out=self.normal)
        return self.normal

    def backward(self, gradient: Array, out: Array) -> None:
        """Compute ``scale * (gradient - normal * mean(gradient * normal))``."""
        np.multiply(gradient, self.normal, out=self.product)
        np.add.reduce(self.product, axis=0, out=self.mean)
        np.divide(self.mean, len(gradient), out=self.mean)
        np.multiply(self.normal, self.mean, out=self.product)
        np.subtract(gradient, self.product, out=out)
        np.multiply(out, self.scale, out=out)

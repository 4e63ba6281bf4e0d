"""What the programs written by hand have in common: layers and a loss that compute in place.

Numbers stand as (features, samples): reductions over features then run along rows, and products
take the batch and the gradients transposed, as views.
"""

from collections.abc import Callable

import numpy as np
from workloads import Array


def relu_layer(weights: Array, inputs: Array, biases: Array, out: Array) -> None:
    np.dot(weights, inputs, out=out)
    np.add(out, biases, out=out)
    np.maximum(out, 0.0, out=out)


def through_relu(gradient: Array, output: Array, active: Array) -> None:
    """Keep `gradient` where relu let its input pass; `active` is room for a mask."""
    np.greater(output, 0.0, out=active)
    np.multiply(gradient, active, out=gradient)


def cross_entropy_of(logits: Array) -> Callable[[Array], tuple[float, Array]]:
    """Return a function of the labels that makes of the logits, in place, their gradient.

    It returns the mean loss as well. The logits are an array (classes, samples).
    """
    n_samples = logits.shape[1]
    columns = np.arange(n_samples)
    rights = np.empty(n_samples, dtype=np.int64)
    largest, chosen, total = np.empty((3, n_samples))
    flat = logits.reshape(-1)

    def cross_entropy(labels: Array) -> tuple[float, Array]:
        np.maximum.reduce(logits, axis=0, out=largest)
        np.subtract(logits, largest, out=logits)
        np.multiply(labels, n_samples, out=rights)
        np.add(rights, columns, out=rights)
        np.take(flat, rights, out=chosen, mode="clip")  # the default would copy once more
        np.exp(logits, out=logits)
        np.add.reduce(logits, axis=0, out=total)
        np.multiply(total, n_samples, out=largest)
        np.divide(logits, largest, out=logits)
        flat[rights] -= 1.0 / n_samples
        np.log(total, out=total)
        np.subtract(total, chosen, out=total)
        return float(np.add.reduce(total) / n_samples), logits

    return cross_entropy

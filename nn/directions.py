"""Directions in the space of all parameters, for planes to look at a loss on.

Random ones show the surroundings of a network, but not how training got there: among thousands of
parameters, two random directions are at right angles to nearly everything. The principal ones are
those in which the recorded path of a descent goes furthest.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd import Value
from autograd.diagnosis import data_of
from autograd.errors import ArgumentError
from autograd.nested_numbers import numbers_in
from autograd.wording import counted
from nn.arguments import Seed, random_generator
from nn.module import Module

Array: TypeAlias = NDArray[np.float64]


def random_directions(model: Module, rng: Seed = None) -> Array:
    """Draw two directions in which each neuron's weights change in proportion to their size.

    Each is normally distributed, with each neuron's part scaled to the norm of that neuron's
    weights. Without this a picture shows how large the weights are, not how sharp the minimum is: a
    relu network computes the same when one layer's weights are doubled and the next one's halved,
    but a change of fixed size does not do the same to both. Biases stay as they are.

    Li, Xu, Taylor, Studer, Goldstein: Visualizing the Loss Landscape of Neural Nets, 2018, sec. 4.

    >>> import nn
    >>> import numpy as np
    >>> neuron = nn.Neuron(2, rng=0)
    >>> neuron.weight[0].data, neuron.weight[1].data = 3.0, 4.0
    >>> directions = random_directions(neuron, rng=0)
    >>> np.linalg.norm(directions, axis=1).round(12)
    array([5., 5.])
    >>> directions[:, -1]  # of the bias
    array([0., 0.])

    Parameters
    ----------
    model : Module
        A tensor named ``bias`` holds biases. In any other, a row holds a neuron's weights.
    rng : numpy.random.Generator, int or None

    Returns
    -------
    array, (2, n)

    Raises
    ------
    ArgumentError
        If all weights are 0.
    """
    # A stream of its own: the same seed may have drawn the weights, and the directions must not
    # repeat those numbers.
    generator = np.random.default_rng(random_generator(rng).integers(2**63, size=2))
    directions = np.array([_random_direction(model, generator) for _ in range(2)])
    if not directions.any():
        raise ArgumentError(
            f"all weights of {model!r} are 0, and random directions are scaled to their size: "
            "set the weights first"
        )
    return directions


def principal_directions(path: Sequence[Any] | Array) -> Array:
    """Return the two directions of unit length in which a path varies most.

    They are the first two right singular vectors of the path minus its mean, signed so that the
    path comes from the left and from below. Li et al., 2018, section 7.2.

    >>> import numpy as np
    >>> principal_directions([[0.0, 0.0, 0.0], [0.0, 4.0, 0.0], [1.0, 8.0, 0.0]]).shape
    (2, 3)

    Parameters
    ----------
    path : sequence of m arrays, each (n,)

    Returns
    -------
    array, (2, n)

    Raises
    ------
    ArgumentError
        If the path does not span a plane: it has less than three points, or all are on one line.
    """
    snapshots = np.asarray(path, np.float64)
    deviations = snapshots - snapshots.mean(axis=0) if len(snapshots) else np.zeros((0, 0))
    _, sizes, vectors = np.linalg.svd(deviations, full_matrices=False)
    if len(sizes) < 2 or sizes[1] <= 1e-10 * sizes[0]:
        raise ArgumentError(
            f"the path has {counted(len(snapshots), 'point')} on one line: give three or more that "
            "span a plane, such as one before training and one after each epoch, with "
            "path.append(optimizer.read()); or use directions='random'"
        )
    came_from = vectors[:2] @ (snapshots[0] - snapshots[-1])
    directions: Array = vectors[:2] * np.where(came_from > 0, -1.0, 1.0)[:, np.newaxis]
    return directions


def _random_direction(model: Module, rng: np.random.Generator) -> Array:
    part_of: dict[Value, float] = {}
    for is_bias, weights in _filters(model):
        part = rng.normal(size=len(weights))
        scale = 0.0 if is_bias else np.linalg.norm(data_of(weights)) / np.linalg.norm(part)
        part_of.update(zip(weights, scale * part, strict=True))
    return np.array([part_of[parameter] for parameter in model.parameters()])


def _filters(model: Module) -> Iterator[tuple[bool, list[Value]]]:
    """Yield the groups of parameters that are scaled together, and whether they are biases."""
    for name, tensor in model.named_tensors():
        is_matrix = isinstance(tensor, list | tuple) and isinstance(tensor[0], list | tuple)
        for row in tensor if is_matrix else [tensor]:
            yield name.split(".")[-1] == "bias", list(numbers_in(row))

"""The weights of a layer as images: what each neuron looks for."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from autograd.errors import ArgumentError, ShapeError
from autograd.real_numbers import is_list
from autograd.wording import counted
from nn.arguments import float_array, require, whole_number
from nn.layers import Layer
from nn.plots.canvas import Picture, finished, style

BAR = 0.18
"""The width of the scale of the colours, and its distance from the images, in inches."""


def weights(
    layer: Layer | Sequence[Any] | NDArray[Any],
    shape: tuple[int, int] | None = None,
    *,
    columns: int = 8,
    title: str | None = None,
    path: str | Path | None = None,
) -> Figure:
    """Draw each neuron's weights as an image, all in the same colours, with white for 0.

    A neuron of the first layer looks for what its image shows: inputs where it is blue raise its
    weighted sum, inputs where it is red lower it.

    >>> import nn
    >>> model = nn.MLP(64, [32, 10], rng=0)
    >>> figure = nn.plots.weights(model.layers[0], shape=(8, 8))
    >>> len(figure.axes)  # 32 images, and the scale of the colours
    33

    Parameters
    ----------
    layer : Layer, or array of shape (n_neurons, n_inputs)
        Such as ``model.layers[0]``, or ``model.state_dict()["0.weight"]``.
    shape : (int, int), optional
        The height and width of the images. By default as nearly square as n_inputs allows.
    columns : int
        How many neurons to draw in a row.
    title : str, optional
    path : path, optional
        See `nn.plots.save`.

    Raises
    ------
    ShapeError
        If the weights do not fill the shape.
    ArgumentError
        If it is not a layer or an array, a weight is not finite, or there are no columns.
    """
    takes = "a Layer, such as model.layers[0], or an array of weights"
    require(isinstance(layer, Layer) or is_list(layer), layer, "layer", takes)
    numbers = float_array(
        layer.state_dict()["weight"] if isinstance(layer, Layer) else layer, "the layer"
    )
    images = _images(numbers, shape)
    n_neurons, height, width = images.shape
    columns = min(whole_number(columns, "columns"), n_neurons)
    rows = -(-n_neurons // columns)
    across = columns * 1.35  # inches that the images take, each with its number above it
    down = rows * 1.35 * min(1.0, max(0.45, height / width))
    with style():
        figure = Picture(figsize=(across + 1.2, down + 0.9), layout="constrained")
        figure.suptitle(title or "What each neuron looks for: its weights")
        panels = [figure.add_subplot(rows, columns, 1 + index) for index in range(n_neurons)]
        bound = np.abs(images).max() or 1.0
        for index, (axes, pixels) in enumerate(zip(panels, images, strict=True)):
            image = axes.imshow(pixels, cmap="RdBu", vmin=-bound, vmax=bound)
            if height == 1:
                axes.set_aspect("auto")  # square pixels in one row would look like a line
            _frame(axes, index)
        figure.colorbar(image, ax=panels, label="weight", aspect=down / BAR, pad=BAR / across)
    return finished(panels[0], path)


def _images(numbers: NDArray[np.float64], shape: tuple[int, int] | None) -> NDArray[np.float64]:
    """Return weights as an array of shape (n_neurons, height, width)."""
    if numbers.ndim != 2 or numbers.size == 0:
        raise ShapeError(
            f"weights must be an array of shape (n_neurons, n_inputs), not {numbers.shape}"
        )
    if not np.isfinite(numbers).all():
        raise ArgumentError("a weight is infinite or nan")
    n_neurons, n_inputs = numbers.shape
    size = _default_shape(n_inputs) if shape is None else shape
    is_size = np.shape(size) == (2,) and np.asarray(size).dtype.kind == "i" and min(size) > 0
    if not is_size or math.prod(size) != n_inputs:
        raise ShapeError(
            f"shape={size}: give a height and a width, whole numbers that make room for exactly "
            f"{counted(n_inputs, 'weight')}"
        )
    return numbers.reshape(n_neurons, *size)


def _default_shape(n_inputs: int) -> tuple[int, int]:
    """Return the height and width that are nearest to a square."""
    height = next(h for h in range(math.isqrt(n_inputs), 0, -1) if n_inputs % h == 0)
    return height, n_inputs // height


def _frame(axes: Axes, index: int) -> None:
    axes.set_title(str(index), fontsize=9, fontweight="normal", pad=3)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color="#999999", linewidth=0.5)

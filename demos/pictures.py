"""How the demos save pictures, and one that `nn.plots` does not have: images that were misread."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from nn import plots
from nn.plots.canvas import BLUE, GREY, VERMILION


def write(figure: Figure, path: Path) -> None:
    """Save a picture, and print where it is."""
    plots.save(figure, path)
    wrote(path)


def wrote(path: Path | str) -> None:
    """Print where a file is."""
    print(f"wrote {path}", flush=True)


def draw_digits(
    title: str,
    images: NDArray[np.float64],
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float64],
) -> Figure:
    """Draw 12 images of 8 by 8 pixels, each beside the probabilities of the ten digits."""
    with plots.style():
        figure = Figure(figsize=(14, 7.4), layout="constrained")
        figure.suptitle(title)
        panels = figure.subfigures(3, 4, squeeze=False).flat
        for panel, image, label, row in zip(panels, images, labels, probabilities, strict=True):
            left, right = panel.subplots(1, 2)
            _draw_digit(left, image, label, row.argmax())
            _draw_probabilities(right, label, row)
        figure.legend(
            handles=[
                Patch(color=BLUE, label="the digit it is"),
                Patch(color=VERMILION, label="the digit it is taken for"),
                Patch(color=GREY, label="others"),
            ],
            loc="outside lower center",
            ncols=3,
            title="probabilities that the network gives to",
        )
    return figure


def _draw_digit(axes: Axes, image: NDArray[np.float64], label: int, predicted: int) -> None:
    axes.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0.0, vmax=1.0)
    reading = "read right" if predicted == label else f"taken for {predicted}"
    axes.set_title(f"{label}, {reading}", fontsize=12, fontweight="normal")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)


def _draw_probabilities(axes: Axes, label: int, probabilities: NDArray[np.float64]) -> None:
    colors = {int(probabilities.argmax()): VERMILION, label: BLUE}  # of the same digit, blue stays
    bars = axes.barh(range(10), probabilities, color=[colors.get(i, GREY) for i in range(10)])
    numbers = [f"{p:.0%}" if p >= 0.01 else "" for p in probabilities]
    axes.bar_label(bars, numbers, padding=3, fontsize=10)
    axes.set(xlim=(0, 1.4), ylim=(9.6, -0.6), xticks=[], yticks=range(10), box_aspect=1)
    axes.tick_params(axis="y", length=0, labelsize=10)
    axes.spines["bottom"].set_visible(False)

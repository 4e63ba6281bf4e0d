"""The pictures of the demos: how training went, and what was learned.

Colours are of the palette that Okabe and Ito made for readers who see fewer of them; what matters
differs in shape, line or words as well.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

try:
    import matplotlib
except ModuleNotFoundError:
    raise SystemExit(
        "matplotlib draws the pictures of the demos, and is not installed. Install it with\n"
        "    python -m pip install matplotlib tqdm\n"
        "or run `make demo`, which sets up everything."
    ) from None

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure  # without pyplot: no window, no display, no global figures
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

BLUE, ORANGE, GREY, INK = "#0072B2", "#D55E00", "#B8B8B8", "#222222"

matplotlib.rcParams.update(
    {
        "savefig.dpi": 150,
        "savefig.bbox": "tight",
        "savefig.pad_inches": 0.2,
        "figure.constrained_layout.use": True,
        "figure.constrained_layout.w_pad": 0.1,
        "figure.constrained_layout.h_pad": 0.1,
        "font.size": 12,
        "figure.titlesize": 16,
        "figure.titleweight": "bold",
        "axes.titlesize": 12,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": INK,
        "legend.frameon": False,
        "lines.linewidth": 2,
    }
)


def draw_curves(
    path: Path,
    title: str,
    losses: Mapping[str, Sequence[float]],
    accuracies: Mapping[str, Sequence[float]],
) -> None:
    """Draw loss and accuracy side by side, each as named curves with a point per epoch."""
    figure = Figure(figsize=(11, 4.8))
    figure.suptitle(title)
    left, right = figure.subplots(1, 2)
    _draw_by_epoch(left, "loss", losses)
    _draw_by_epoch(right, "accuracy", accuracies)
    left.set_ylim(bottom=0)
    right.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    figure.savefig(path)


def _draw_by_epoch(axes: Axes, quantity: str, curves: Mapping[str, Sequence[float]]) -> None:
    styles = [(BLUE, "-", "o"), (ORANGE, "--", "s")]
    n_epochs = len(next(iter(curves.values())))
    for (name, values), (color, line, marker) in zip(curves.items(), styles, strict=False):
        axes.plot(
            range(1, n_epochs + 1),
            values,
            line,
            color=color,
            marker=marker if n_epochs <= 30 else "",  # more of them would hide the curve
            clip_on=False,  # a dot on an axis shows whole
            label=name,
        )
    axes.set(xlabel="epoch", ylabel=quantity if len(curves) > 1 else f"{name} {quantity}")
    axes.set_xlim(0, n_epochs + 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.grid(alpha=0.3)
    if len(curves) > 1:
        axes.legend()


def draw_digits(
    path: Path,
    title: str,
    images: NDArray[np.float64],
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float64],
) -> None:
    """Draw 12 images of 8 by 8 pixels, each beside the probabilities of the ten digits."""
    figure = Figure(figsize=(14, 7.4))
    figure.suptitle(title)
    panels = figure.subfigures(3, 4, squeeze=False).flat
    for panel, image, label, row in zip(panels, images, labels, probabilities, strict=True):
        left, right = panel.subplots(1, 2)
        _draw_digit(left, image, label, row.argmax())
        _draw_probabilities(right, label, row)
    figure.legend(
        handles=[
            Patch(color=BLUE, label="the digit it is"),
            Patch(color=ORANGE, label="the digit it is taken for"),
        ],
        loc="outside lower center",
        ncols=2,
    )
    figure.savefig(path)


def _draw_digit(axes: Axes, image: NDArray[np.float64], label: int, predicted: int) -> None:
    axes.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0.0, vmax=1.0)
    axes.set_title(
        f"{label}, " + ("read right" if predicted == label else f"taken for {predicted}")
    )
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)


def _draw_probabilities(axes: Axes, label: int, probabilities: NDArray[np.float64]) -> None:
    colors = {int(probabilities.argmax()): ORANGE, label: BLUE}  # of the same digit, blue stays
    bars = axes.barh(range(10), probabilities, color=[colors.get(i, GREY) for i in range(10)])
    numbers = [f"{p:.0%}" if p >= 0.01 else "" for p in probabilities]
    axes.bar_label(bars, numbers, padding=3, fontsize=10)
    axes.set(xlim=(0, 1.4), ylim=(9.6, -0.6), xticks=[], yticks=range(10), box_aspect=1)
    axes.tick_params(axis="y", length=0, labelsize=10)
    axes.spines["bottom"].set_visible(False)


def draw_boundary(
    path: Path,
    title: str,
    points: NDArray[np.float64],
    labels: NDArray[np.int64],
    score: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> None:
    """Draw points of the classes -1 and +1 in a plane, over the `score` of each place."""
    figure = Figure(figsize=(9, 5.8))
    axes = figure.subplots()
    axes.set_title(title, fontsize=16, fontweight="bold")
    _draw_scores(figure, axes, points, score)
    for label, name, color, marker in [(1, "class +1", BLUE, "o"), (-1, "class −1", ORANGE, "s")]:
        x, y = points[labels == label].T
        axes.scatter(x, y, s=60, color=color, marker=marker, edgecolors="white", label=name)
    axes.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axes.legend(loc="upper left", ncols=2, frameon=True)
    figure.savefig(path)


def _draw_scores(
    figure: Figure,
    axes: Axes,
    points: NDArray[np.float64],
    score: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> None:
    """Colour the plane by score; draw the boundary, and the margins where the hinge loss ends."""
    low, high = points.min(axis=0) - 0.4, points.max(axis=0) + 0.4
    x, y = np.meshgrid(np.linspace(low[0], high[0], 160), np.linspace(low[1], high[1], 110))
    scores = score(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)
    shades = LinearSegmentedColormap.from_list("classes", ["#E8A06C", "white", "#6CADD4"])
    levels = np.linspace(-4, 4, 33)
    areas = axes.contourf(x, y, scores, levels, cmap=shades, extend="both")
    bar = figure.colorbar(areas, ax=axes, label="score", ticks=range(-4, 5))
    if scores.min() < 0.0 < scores.max():  # otherwise all of the plane is on one side
        bar.add_lines(
            axes.contour(
                x,
                y,
                scores,
                levels=[-1, 0, 1],
                colors=INK,
                linewidths=[1, 2, 1],
                linestyles=["--", "-", "--"],
            )
        )

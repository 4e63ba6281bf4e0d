"""Which class a network chooses at each point of the plane."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

import autograd as ag
from autograd.errors import ArgumentError, DomainError, NonFiniteError, ShapeError
from nn.arguments import float_array, require_callable
from nn.data import Data, checked_data
from nn.plots.canvas import INK, PALETTE, finished, new_axes, style

Array = NDArray[np.float64]
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")
SIDES: Final = LinearSegmentedColormap.from_list("sides", ["#E8A06C", "white", "#6CADD4"])


def decision_boundary(
    model: Callable[[Any], Any],
    X: Data,
    y: Data,
    *,
    title: str | None = None,
    axes: Axes | None = None,
    path: str | Path | None = None,
) -> Figure:
    """Draw points in a plane, and the class that a model chooses at each place.

    A model with one output gives a score, positive for one class and negative for the other: the
    plane is coloured by it, the boundary is where it is 0, and dashed lines, at -1 and 1, are where
    the hinge loss ends. A model with an output for each class chooses the largest.

    >>> import nn
    >>> figure = nn.plots.decision_boundary(nn.MLP(2, [1], rng=0), [[0, 1], [1, 0]], [-1, 1])
    >>> figure.axes[0].get_title(loc="left")
    'Decision boundary: 2 of 2 points on the right side'

    Parameters
    ----------
    model : callable
        From a list of two numbers to a Value, or to a list of one Value for each class.
    X : (n, 2)
        The points.
    y : (n,)
        Their classes: -1 or 0 against 1 for a score, otherwise 0, 1, 2 and so on.
    title : str, optional
    axes : matplotlib Axes, optional
        To draw on. By default a new picture is made.
    path : path, optional
        See `nn.plots.save`.

    Raises
    ------
    ShapeError
        If a point does not have two coordinates, or there are not as many classes as points.
    ArgumentError
        If the model cannot be called, or a class is none that it can choose.
    NonFiniteError
        If the model has no output at a place that the picture shows.
    TraceError
        If what the model does depends on the numbers it gets: it is compiled.
    """
    require_callable(model, "model", "an nn.MLP")
    points, labels = float_array(X, "X"), float_array(y, "y")
    checked_data(points, labels)
    if points.ndim != 2 or points.shape[1] != 2 or labels.ndim != 1:
        raise ShapeError(
            f"decision_boundary needs points in a plane, X of shape (n, 2), and their classes, y "
            f"of shape (n,): these have shapes {points.shape} and {labels.shape}"
        )
    run = _run_on(model)
    outputs = run(points)
    by_class = outputs.ndim == 2
    _require_classes(labels, outputs.shape[1] if by_class else 1)
    right = outputs.argmax(axis=1) == labels if by_class else (outputs > 0) == (labels > 0)
    with style():
        axes = axes or new_axes(9, 5.8)
        axes.set_title(
            f"Decision boundary: {right.sum()} of {len(right)} points on the right side"
            if title is None
            else title
        )
        x, y_grid = _grid(points)
        heights = _heights(run, model, np.column_stack([x.ravel(), y_grid.ravel()]))
        if by_class:
            _draw_regions(axes, x, y_grid, heights.T.reshape(-1, *x.shape))
        else:
            _draw_score(axes, x, y_grid, heights.reshape(x.shape))
        _draw_points(axes, points, labels if by_class else np.where(labels > 0, 0, 1), labels)
        axes.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
        place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.02, 1.0)}
        axes.legend(frameon=True, **(place if by_class else {}))  # a score has its bar there
    return finished(axes, path)


def _run_on(model: Callable[[Any], Any]) -> Callable[[Array], Array]:
    """Return a function of many points: scores of shape (n,), or (n, classes) of several."""
    run = ag.compile(model).map

    def outputs(points: Array) -> Array:
        scores = run(points)
        return scores[:, 0] if scores.shape[1:] == (1,) else scores

    return outputs


def _require_classes(labels: Array, n_outputs: int) -> None:
    known = list(range(n_outputs))
    rule = f"with {n_outputs} outputs, a class is a whole number from 0 to {n_outputs - 1}"
    if n_outputs == 1:
        known, rule = [-1, 0, 1], "with a single score, a class is -1 or 0 against 1"
    unknown = labels[~np.isin(labels, known)]
    if len(unknown):
        raise ArgumentError(f"y holds {unknown[0]:g}: {rule}")


def _heights(run: Callable[[Array], Array], model: Callable[[Any], Any], places: Array) -> Array:
    """Return the outputs at all places of the picture, or say where there is none."""
    try:
        return run(places)
    except (DomainError, NonFiniteError):
        for x, y in places.tolist():
            try:
                model([x, y])
            except (DomainError, NonFiniteError) as error:
                raise NonFiniteError(
                    f"the model has no output at ({x:.4g}, {y:.4g}), which is in the picture: "
                    f"{error}. Define it all around the points"
                ) from error
        raise


def _grid(points: Array) -> tuple[Array, Array]:
    """Return the coordinates of places all over the points and a little beyond."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.15 * max(*(high - low), 1e-3)
    (left, bottom), (right, top) = low - margin, high + margin
    x, y = np.meshgrid(np.linspace(left, right, 160), np.linspace(bottom, top, 120))
    return x, y


def _draw_score(axes: Axes, x: Array, y: Array, scores: Array) -> None:
    """Colour the plane by score, with lines where it is -1, 0 and 1."""
    most = int(np.clip(np.ceil(np.abs(scores).max()), 1, 4))  # a tanh gives 1 at most
    areas = axes.contourf(x, y, scores, np.linspace(-most, most, 33), cmap=SIDES, extend="both")
    beside = axes.inset_axes((1.03, 0.0, 0.03, 1.0))  # as high as the axes, whatever their shape
    bar = axes.figure.colorbar(areas, cax=beside, label="score", ticks=range(-most, most + 1))
    if any(scores.min() < score < scores.max() for score in (-1, 0, 1)):  # else all on one side
        lines = axes.contour(
            x,
            y,
            scores,
            levels=[-1, 0, 1],
            colors=INK,
            linewidths=[1, 2, 1],
            linestyles=["--", "-", "--"],
        )
        bar.add_lines(lines)


def _draw_regions(axes: Axes, x: Array, y: Array, outputs: Array) -> None:
    """Colour each place by the class whose output is the largest there."""
    for k, output in enumerate(outputs):
        lead = output - np.delete(outputs, k, axis=0).max(axis=0, initial=-np.inf)
        if lead.max() > 0:
            axes.contourf(x, y, lead, [0, lead.max()], colors=[_color(k)], alpha=0.35)
        if lead.min() < 0 < lead.max():
            axes.contour(x, y, lead, [0], colors=INK, linewidths=1.5)


def _draw_points(axes: Axes, points: Array, classes: Array, names: Array) -> None:
    for name in np.unique(names):
        k = int(classes[names == name][0])
        x, y = points[names == name].T
        axes.scatter(
            x,
            y,
            s=60,
            color=_color(k),
            marker=MARKERS[(k + k // len(PALETTE)) % len(MARKERS)],
            edgecolors=INK,
            linewidths=0.8,
            label=f"class {name:+g}".replace("-", "−") if -1 in names else f"class {name:g}",
        )


def _color(k: int) -> str:
    return PALETTE[k % len(PALETTE)]

"""The course of training."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeAlias

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from autograd.errors import ShapeError
from nn.arguments import require
from nn.plots.canvas import BLUE, VERMILION, Picture, finished, style
from nn.reports import EpochReport

TRAINING: Final[Any] = {"color": BLUE, "linestyle": "-", "marker": "o"}
VALIDATION: Final[Any] = {"color": VERMILION, "linestyle": "--", "marker": "s"}

Curve: TypeAlias = tuple[str, list[float], dict[str, Any]]
"""The name of a curve, its numbers by epoch, and how it looks."""

FEW_EPOCHS = 30
"""Up to this many epochs have a dot each. More dots would hide the curve."""


def curves(
    reports: Iterable[EpochReport],
    *,
    metric: str = "metric",
    validation: str = "validation",
    title: str = "The course of training",
    path: str | Path | None = None,
) -> Figure:
    """Draw the loss by epoch, and beside it the metric if there is one.

    >>> import nn
    >>> reports = [nn.EpochReport(1, 0.7, 0.5, 0.4, 0.1), nn.EpochReport(2, 0.2, 0.9, 0.8, 0.1)]
    >>> figure = nn.plots.curves(reports)
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['training loss', 'metric']

    Parameters
    ----------
    reports : iterable of EpochReport
        What `nn.fit` yields; ``curves(nn.fit(...))`` trains and draws.
    metric : str
        What its metric measures, such as "accuracy".
    validation : str
        What to call the validation data.
    title : str
    path : path, optional
        See `nn.plots.save`.

    Raises
    ------
    ShapeError
        If there is no report.
    ArgumentError
        If something is not a report.
    """
    takes = "what nn.fit yields: reports = list(nn.fit(...))"
    require(isinstance(reports, Iterable), reports, "reports", takes)
    reports = list(reports)
    for index, report in enumerate(reports):
        require(isinstance(report, EpochReport), report, f"reports[{index}]", takes)
    if not reports:
        raise ShapeError(f"there are no reports to draw: give {takes}")
    epochs = [report.epoch for report in reports]
    losses = [report.loss for report in reports]
    metrics: list[Curve] = [
        ("training", [report.metric for report in reports], TRAINING),
        (validation, [report.validation for report in reports], VALIDATION),
    ]
    metrics = [curve for curve in metrics if not all(map(math.isnan, curve[1]))]
    with style():
        figure = Picture(figsize=(11, 4.8) if metrics else (6.5, 4.8), layout="constrained")
        figure.suptitle(title)
        axes = figure.subplots(1, 2 if metrics else 1, squeeze=False)[0]
        _draw(axes[0], epochs, "loss", [("training", losses, TRAINING)])
        axes[0].set_ylim(bottom=min(0.0, *losses))
        if metrics:
            _draw(axes[1], epochs, metric, metrics)
    return finished(axes[0], path)


def _draw(axes: Axes, epochs: list[int], quantity: str, curves: list[Curve]) -> None:
    for name, values, look in curves:
        (line,) = axes.plot(epochs, values, label=name, **look)
        line.set_clip_on(False)  # a dot on an axis shows whole
        if len(epochs) > FEW_EPOCHS:
            line.set_marker("")
    axes.set(xlabel="epoch", ylabel=quantity if len(curves) > 1 else f"{name} {quantity}")
    axes.set_xlim(epochs[0] - 1, epochs[-1] + 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.grid(alpha=0.3)
    if len(curves) > 1:
        names = [name for name, _, _ in curves]
        axes.legend(axes.lines, names)  # which by itself leaves out names such as "_test"

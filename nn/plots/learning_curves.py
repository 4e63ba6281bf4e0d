"""The course of training."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from autograd.errors import ShapeError
from nn.arguments import require
from nn.plots.canvas import PALETTE, VERMILION, Picture, finished, style
from nn.reports import EpochReport

TRAINING: Final[Any] = {"linestyle": "-", "marker": "o"}
VALIDATION: Final[Any] = {"linestyle": "--", "marker": "s"}

FEW_EPOCHS = 30
"""Up to this many epochs have a dot each. More dots would hide the curve."""

Reports: TypeAlias = Iterable[EpochReport]


class Curve(NamedTuple):
    """A quantity by epoch.

    Attributes
    ----------
    name : str
    epochs : list of int
    numbers : list of float
    color : str
    held_out : bool
        Whether it is of the validation data.
    """

    name: str
    epochs: list[int]
    numbers: list[float]
    color: str
    held_out: bool


def curves(
    reports: Reports | Mapping[Any, Reports],
    *,
    metric: str = "metric",
    validation: str = "validation",
    title: str = "The course of training",
    path: str | Path | None = None,
) -> Figure:
    """Draw the loss by epoch, and beside it the metric if there is one.

    >>> import nn
    >>> figure = nn.plots.curves(
    ...     [nn.EpochReport(1, 0.7, 0.5, 0.8, 0.4, 0.1), nn.EpochReport(2, 0.2, 0.9, 0.3, 0.8, 0.1)]
    ... )
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['loss', 'metric']

    Several trainings stand in one picture, ``curves({"SGD": reports, "Adam": others})``.

    Parameters
    ----------
    reports : iterable of EpochReport, or dict of names to such
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
        If there is no report, or none with a loss.
    ArgumentError
        If something is not a report.
    """
    runs = _checked_runs(reports)
    losses = _curves(runs, "loss", "validation_loss", validation)
    if not losses:
        raise ShapeError("there is no loss to draw: that of each report is nan")
    metrics = _curves(runs, "metric", "validation_metric", validation)
    with style():
        figure = Picture(figsize=(11, 4.8) if metrics else (6.5, 4.8), layout="constrained")
        figure.suptitle(title)
        axes = figure.subplots(1, 2 if metrics else 1, squeeze=False)[0]
        _draw(axes[0], "loss", losses)
        axes[0].set_ylim(bottom=min(0.0, *(np.nanmin(curve.numbers) for curve in losses)))
        if metrics:
            _draw(axes[1], metric, metrics)
    return finished(axes[0], path)


def _checked_runs(reports: Any) -> dict[Any, list[EpochReport]]:
    """Return the reports of each training by its name, which is None if it is the only one."""
    takes = "what nn.fit yields: reports = list(nn.fit(...))"
    runs = {}
    for name, run in reports.items() if isinstance(reports, Mapping) else [(None, reports)]:
        where = "reports" if name is None else f"reports[{name!r}]"
        require(isinstance(run, Iterable), run, where, takes)
        runs[name] = list(run)
        for index, report in enumerate(runs[name]):
            require(isinstance(report, EpochReport), report, f"{where}[{index}]", takes)
    if not all(runs.values()) or not runs:
        raise ShapeError(f"there are no reports to draw: give {takes}")
    return runs


def _curves(
    runs: Mapping[Any, Sequence[EpochReport]], trained: str, held_out: str, validation: str
) -> list[Curve]:
    """Return the curves of two fields of the reports, without those that are nan throughout."""
    found = []
    for (run, reports), color in zip(runs.items(), itertools.cycle(PALETTE), strict=False):
        epochs = [report.epoch for report in reports]
        of_trained = [getattr(report, trained) for report in reports]
        of_held_out = [getattr(report, held_out) for report in reports]
        if run is None:
            found.append(Curve("training", epochs, of_trained, color, held_out=False))
            found.append(Curve(validation, epochs, of_held_out, VERMILION, held_out=True))
        else:
            name = f"{run}, {validation}"
            found.append(Curve(f"{run}", epochs, of_trained, color, held_out=False))
            found.append(Curve(name, epochs, of_held_out, color, held_out=True))
    return [curve for curve in found if not all(map(math.isnan, curve.numbers))]


def _draw(axes: Axes, quantity: str, curves: list[Curve]) -> None:
    for curve in curves:
        look = VALIDATION if curve.held_out else TRAINING
        (line,) = axes.plot(
            curve.epochs, curve.numbers, label=curve.name, color=curve.color, **look
        )
        line.set_clip_on(False)  # a dot on an axis shows whole
        if len(curve.epochs) > FEW_EPOCHS:
            line.set_marker("")
    both = any(curve.held_out for curve in curves)
    axes.set(xlabel="epoch", ylabel=quantity if both else f"training {quantity}")
    epochs = [epoch for curve in curves for epoch in curve.epochs]
    axes.set_xlim(min(epochs) - 1, max(epochs) + 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.grid(alpha=0.3)
    if len(curves) > 1:
        names = [curve.name for curve in curves]
        axes.legend(axes.lines, names)  # which by itself leaves out names such as "_test"

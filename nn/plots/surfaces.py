"""The loss landscape, seen from above and from the side, with the path of the descent on it."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from autograd.errors import ArgumentError
from nn.arguments import require
from nn.landscape import Landscape
from nn.plots.canvas import INK, VERMILION, finished, new_axes, style

DETAIL: Final = 3.0
"""The levels of the loss grow with this power: they are close to each other where it is low."""

FLAT: Final = 1e-9
"""Losses that differ by less than this, relative to their size, are drawn as equal."""

STAR: Final[Any] = {"marker": "*", "color": VERMILION, "markersize": 18}

VIEW: Final = (50.0, -60.0)
"""From high above most ridges, with the numbers of both directions growing to the right."""

STRIP: Final = 5.0
"""From this ratio of its sides on, a plane is stretched: in equal units nothing could be seen."""

FEW_POINTS: Final = 150
"""Up to this many points of a path have a dot each. More dots would hide the line."""


def contour(
    landscape: Landscape,
    *,
    title: str | None = None,
    axes: Axes | None = None,
    path: str | Path | None = None,
) -> Figure:
    """Draw a loss landscape from above: lines of equal loss, and the path of the descent.

    >>> import nn
    >>> model = nn.MLP(1, [3, 1], rng=0)
    >>> landscape = nn.loss_landscape(model, [[1.0]], [2.0], nn.mse_loss, size=11, rng=0)
    >>> figure = nn.plots.contour(landscape)

    Parameters
    ----------
    landscape : Landscape
        Of `nn.loss_landscape`.
    title : str, optional
    axes : matplotlib Axes, optional
        To draw on. By default a new picture is made.
    path : path, optional
        See `nn.plots.save`.

    Raises
    ------
    ArgumentError
        If it is not a landscape.
    """
    _require_landscape(landscape)
    levels = _levels(landscape.losses, 25)
    with style():
        axes = axes or new_axes(8, 6.4)
        axes.set_title(_title(landscape) if title is None else title)
        heights = landscape.x, landscape.y, landscape.losses, levels
        areas = axes.contourf(*heights, cmap="viridis", norm=_norm(levels))
        axes.contour(*heights, colors="white", linewidths=0.5, alpha=0.5)
        ticks = _round_ticks(levels)
        bar = axes.figure.colorbar(
            areas, ax=axes, ticks=ticks, label="loss (finer where it is low)"
        )
        bar.ax.set_yticklabels([f"{tick:.10g}" for tick in ticks])
        _draw_path(axes, landscape.path.T, _center(landscape)[:2])
        x, y = _direction_labels(landscape)
        sides = np.ptp(landscape.x), np.ptp(landscape.y)
        is_strip = max(sides) > STRIP * min(sides)
        axes.set(xlabel=x, ylabel=y, aspect="auto" if is_strip else "equal")
    return finished(axes, path)


def surface(
    landscape: Landscape,
    *,
    title: str | None = None,
    view: tuple[float, float] = VIEW,
    axes: Axes | None = None,
    path: str | Path | None = None,
) -> Figure:
    """Draw a loss landscape in three dimensions, and the path of the descent on it.

    >>> import nn
    >>> model = nn.MLP(1, [3, 1], rng=0)
    >>> landscape = nn.loss_landscape(model, [[1.0]], [2.0], nn.mse_loss, size=11, rng=0)
    >>> figure = nn.plots.surface(landscape)

    Parameters
    ----------
    landscape : Landscape
        Of `nn.loss_landscape`.
    title : str, optional
    view : (float, float)
        From where to look, in degrees: the height above the ground, and the angle around it. The
        path is drawn over the surface, even where a ridge stands before it.
    axes : matplotlib Axes with ``projection="3d"``, optional
        To draw on. By default a new picture is made.
    path : path, optional
        See `nn.plots.save`.

    Raises
    ------
    ArgumentError
        If the axes have two dimensions, or it is not a landscape.
    """
    _require_landscape(landscape)
    with style():
        space: Any = axes or new_axes(9, 7.5, projection="3d", box_aspect=(4, 4, 2.6))
        if space.name != "3d":
            raise ArgumentError("a surface needs axes with projection='3d'")
        space.computed_zorder = False  # the path lies on the surface, and would sink into it
        space.view_init(*view)
        space.set_title(_title(landscape) if title is None else title)
        x, y = np.meshgrid(landscape.x, landscape.y)
        space.plot_surface(
            x,
            y,
            landscape.losses,
            cmap="viridis",
            norm=_norm(_levels(landscape.losses, 2)),
            rcount=len(landscape.y),
            ccount=len(landscape.x),
            linewidth=0.2,
            edgecolor=(1.0, 1.0, 1.0, 0.25),
            zorder=1,
        )
        descent = np.column_stack([landscape.path, landscape.path_losses]).T
        _draw_path(space, descent, _center(landscape))
        _label(space, [*_direction_labels(landscape), "loss"])
    return finished(space, path)


def _require_landscape(landscape: Any) -> None:
    takes = "what nn.loss_landscape(model, X, y, loss) returns"
    require(isinstance(landscape, Landscape), landscape, "landscape", takes)


def _label(space: Any, labels: list[str]) -> None:
    """Name the three axes, with room between their names and numbers, and hide the walls."""
    for axis, label in zip((space.xaxis, space.yaxis, space.zaxis), labels, strict=True):
        axis.set_major_locator(MaxNLocator(5))
        axis.set_label_text(label)
        axis.labelpad = 10
        axis.set_pane_color((1.0, 1.0, 1.0, 0.0))
        axis.line.set_color("#999999")
    space.grid(alpha=0.3)


def _center(landscape: Landscape) -> NDArray[np.float64]:
    """Return the column of the surface's point at x = y = 0, or no column if it is not there."""
    x, y = landscape.x, landscape.y
    if not (x[0] <= 0.0 <= x[-1] and y[0] <= 0.0 <= y[-1]):
        return np.zeros((3, 0))
    along_y = [np.interp(0.0, x, row) for row in landscape.losses]
    return np.array([[0.0], [0.0], [np.interp(0.0, y, along_y)]])


def _draw_path(axes: Any, path: NDArray[np.float64], center: NDArray[np.float64]) -> None:
    """Draw a path, its start and its end; or if there is none, the network at the centre.

    A point is a column of two or three coordinates.
    """
    if path.shape[1]:
        dots = "o" if path.shape[1] <= FEW_POINTS else ""
        axes.plot(*path, marker=dots, color=INK, linewidth=3.5, markersize=5.5, zorder=2)
        axes.plot(*path, marker=dots, color="white", linewidth=1.5, markersize=3.5, zorder=3)
        _mark(axes, path[:, :1], "start", marker="o", color="white", markersize=10)
        _mark(axes, path[:, -1:], "end", **STAR)
    elif center.shape[1]:
        _mark(axes, center, "the network", **STAR)
    else:
        return
    axes.legend(loc="upper left", frameon=True)


def _mark(axes: Any, point: NDArray[np.float64], name: str, **style: Any) -> None:
    axes.plot(*point, label=name, linestyle="", markeredgecolor=INK, zorder=4, **style)


def _levels(losses: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    low, high = losses.min(), losses.max()
    if high - low <= FLAT * abs(low):
        high = low + 1.0
    levels: NDArray[np.float64] = low + (high - low) * np.linspace(0.0, 1.0, n) ** DETAIL
    return levels


def _round_ticks(levels: NDArray[np.float64]) -> list[float]:
    """Return numbers near some of the levels, with as few digits as tell them apart."""
    some = levels[::4]
    for digits in range(1, 16):
        ticks = sorted({float(f"{level:.{digits}g}") for level in some})
        ticks = [tick for tick in ticks if levels[0] <= tick <= levels[-1]]
        if len(ticks) >= len(some) - 2:
            break
    return ticks


def _norm(levels: NDArray[np.float64]) -> PowerNorm:
    return PowerNorm(1 / DETAIL, levels[0], levels[-1])


def _title(landscape: Landscape) -> str:
    if len(landscape.path) == 0:
        return "Loss landscape around the network"
    if np.isnan(landscape.path_shares).any():
        return "Loss landscape, with the path of the descent"
    share = f"{landscape.path_shares.sum():.0%} of the descent's variance"
    return f"Loss landscape\non a plane with {share}"


def _direction_labels(landscape: Landscape) -> list[str]:
    if landscape.kind == "random":
        return [f"{nth} random direction (1: size of the weights)" for nth in ("first", "second")]
    return [
        f"{nth} principal direction ({share:.0%} of variance)"
        for nth, share in zip(("first", "second"), landscape.path_shares, strict=True)
    ]

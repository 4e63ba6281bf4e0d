"""What a loss surface hides of the points on it, and from where it hides the least.

A point is hidden if, on the way from it to the viewer, the surface rises above the line of sight.
"""

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nn.landscape import Landscape

Array: TypeAlias = NDArray[np.float64]

View: TypeAlias = tuple[float, float]
"""From where to look, in degrees: the height above the ground, and the angle around it."""

VIEWS: Final[tuple[View, ...]] = tuple(
    (height, angle)
    for height in (50.0, 65.0)
    for angle in (-60.0, -45.0, -75.0, -30.0, -15.0, 15.0, 45.0, -105.0, -135.0, 75.0, 120.0, 165.0)
)
"""The best first: from high above most ridges, with the numbers of both directions growing to the
right, as they do between -90 and 0 degrees."""

CLEARANCE: Final = 0.01
"""A surface that is higher by less than this share of the axis hides nothing: it is made of flat
pieces, and so is the path."""

MARK: Final = 0.06
"""The radius of a mark, as a share of the width of the surface."""

ENOUGH: Final = 200
"""So many points tell how well a path is seen."""


def best_view(space: Any, landscape: Landscape, points: Array) -> View:
    """Return the first of the views that hide the least: of where the last point is, and of all.

    Parameters
    ----------
    space : matplotlib Axes with ``projection="3d"``
        With the surface in it.
    landscape : Landscape
    points : (3, n)
    """
    end = _around(landscape, points[:, -1:])
    some = points[:, :: -max(1, points.shape[1] // ENOUGH)]

    def cost(view: View) -> tuple[int, int]:
        space.view_init(*view)
        return (
            int(hidden_points(space, landscape, end).sum()),
            int(hidden_points(space, landscape, some).sum()),
        )

    return min(VIEWS, key=cost)


def _around(landscape: Landscape, points: Array) -> Array:
    """Return places on the surface in a circle around each point, as wide as its mark."""
    angles = np.linspace(0.0, 2.0 * np.pi, 13)[1:]
    x, y = (
        np.clip(center[:, None] + MARK * np.ptp(grid) * turn(angles), grid[0], grid[-1]).ravel()
        for center, grid, turn in (
            (points[0], landscape.x, np.cos),
            (points[1], landscape.y, np.sin),
        )
    )
    return np.array([x, y, surface_height(landscape, x, y)])


def hidden_points(space: Any, landscape: Landscape, points: Array) -> NDArray[np.bool_]:
    """Tell of each point, a column of x, y and loss, whether the surface hides it from the viewer.

    Parameters
    ----------
    space : matplotlib Axes with ``projection="3d"``
        Seen as it is drawn.
    landscape : Landscape
    points : (3, n)

    Returns
    -------
    array of shape (n,)
    """
    size = np.abs(np.diff(np.reshape(space.get_w_lims(), (3, 2))))
    towards = _towards_viewer(space, points) / size
    towards *= size / np.abs(towards).max(axis=0)  # out of the box that the surface is in
    start = np.maximum(points[2], surface_height(landscape, points[0], points[1]))
    hidden = np.zeros(points.shape[1], dtype=bool)
    for share in np.linspace(0.0, 1.0, 200)[1:]:
        ahead_x, ahead_y, rise = share * towards
        surface = surface_height(landscape, points[0] + ahead_x, points[1] + ahead_y)
        hidden |= surface > start + rise + CLEARANCE * size[2]
    return hidden


def _towards_viewer(space: Any, points: Array) -> Array:
    """Return the direction from each point to the viewer, who may be infinitely far away."""
    *viewer, nearness = np.linalg.solve(space.get_proj(), [0.0, 0.0, 1.0, 0.0])
    direction: Array = np.reshape(viewer, (3, 1)) - nearness * points
    return direction if (direction[2].sum() >= 0.0) == (space.elev >= 0.0) else -direction


def surface_height(landscape: Landscape, x: Array, y: Array) -> Array:
    """Return the loss at places between the points of the grid, -inf outside of it."""
    columns, rows = (
        np.interp(place, grid, np.arange(len(grid)), left=-1.0, right=-1.0)
        for place, grid in ((x, landscape.x), (y, landscape.y))
    )
    column, row = (
        np.clip(index.astype(int), 0, count - 2)
        for index, count in ((columns, len(landscape.x)), (rows, len(landscape.y)))
    )
    right, up = columns - column, rows - row
    losses = landscape.losses
    below = (1 - right) * losses[row, column] + right * losses[row, column + 1]
    above = (1 - right) * losses[row + 1, column] + right * losses[row + 1, column + 1]
    return np.where((columns < 0) | (rows < 0), -np.inf, (1 - up) * below + up * above)

"""The loss landscape: the loss on a plane in the space of all parameters.

The loss of a network is a function of thousands of parameters, and a picture has room for two. So
choose a centre and two directions, and look at

    losses[i, j] = loss(center + x[j] * directions[0] + y[i] * directions[1])

Everything depends on the directions, which `nn.directions` chooses. Only numbers are computed here;
`nn.plots` draws them. The loss is computed by the compiled program from a vector of parameters: the
Values of the model are read once and never set, so that nothing, not even Ctrl-C, can leave the
network changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

import autograd as ag
from autograd import Value
from autograd.diagnosis import data_of
from autograd.errors import ArgumentError, DomainError, NonFiniteError, ShapeError
from autograd.real_numbers import is_list
from autograd.wording import shown_short
from nn.arguments import Seed, float_array, require, whole_number
from nn.data import Data, checked_data
from nn.directions import Array, principal_directions, random_directions
from nn.module import Module
from nn.objective import Objective
from nn.progress import Progress

Interval: TypeAlias = tuple[float, float]


@dataclass(frozen=True, eq=False, repr=False)
class Landscape:
    """The loss on a plane, and the path of a descent projected onto it.

    >>> import nn
    >>> model = nn.MLP(1, [1], rng=0)
    >>> landscape = nn.loss_landscape(
    ...     model, [[1.0]], [0.0], nn.mse_loss, limits=((-1.0, 1.0), (-1.0, 1.0)), size=3, rng=0
    ... )
    >>> landscape
    <Landscape: 3 x 3 losses from 0 to 2.026>
    >>> landscape.kind, landscape.x.tolist()
    ('random', [-1.0, 0.0, 1.0])
    >>> bool(np.isclose(landscape.losses[1, 1], model([1.0]).data ** 2))  # at the centre
    True

    Attributes
    ----------
    kind : "random" or "path"
        Where the directions come from.
    center : array, (n,)
        The parameters at x = y = 0, in the order of ``model.parameters()``.
    directions : array, (2, n)
    x : array, (w,)
    y : array, (h,)
        The coordinates of the grid, in multiples of the directions.
    losses : array, (h, w)
    path : array, (m, 2)
        For each parameter vector of the path, the x and y of the point of the plane nearest to it.
        Without a path, m is 0.
    path_losses : array, (m,)
        The loss at those points of the plane. It may differ from that on the path itself.
    path_shares : array, (2,)
        How much of the variance of the path lies along the first direction, and how much the second
        one adds; 1 in total if the path lies in the plane; nan if there is no path that moves.
    """

    kind: Literal["random", "path"]
    center: Array
    directions: Array
    x: Array
    y: Array
    losses: Array
    path: Array
    path_losses: Array
    path_shares: Array

    def __repr__(self) -> str:
        height, width = self.losses.shape
        low, high = self.losses.min(), self.losses.max()
        return f"<Landscape: {height} x {width} losses from {low:.4g} to {high:.4g}>"


def loss_landscape(
    model: Module,
    X: Data,
    y: Data,
    loss: Callable[[Any, Any], Value],
    *,
    path: Sequence[Any] | Array = (),
    directions: Literal["random", "path"] | None = None,
    limits: tuple[Interval, Interval] | None = None,
    size: int = 41,
    penalty: Callable[[], Value] | None = None,
    rng: Seed = None,
) -> Landscape:
    """Compute the mean loss over data on a plane through the parameters of a model.

    >>> import nn
    >>> model = nn.MLP(1, [4, 1], activation="tanh", rng=0)
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> optimizer = nn.SGD(model.parameters(), lr=0.1)
    >>> path = [optimizer.read()]
    >>> for report in nn.fit(model, X, y, nn.mse_loss, optimizer, epochs=50, rng=0):
    ...     path.append(optimizer.read())
    >>> landscape = nn.loss_landscape(model, X, y, nn.mse_loss, path=path, size=21)
    >>> landscape.losses.shape, landscape.path.shape
    ((21, 21), (51, 2))

    Parameters
    ----------
    model : Module
        From one input to a prediction, as for `fit`. Its parameters span the space.
    X, y : lists, or arrays with a leading axis, of n inputs and their n targets
    loss : callable
        ``loss(prediction, target)`` of one sample, a Value.
    path : sequence of arrays, each as long as ``model.parameters()``
        The parameters at moments during training, recorded with ``optimizer.read()``. The last ones
        are the centre of the plane; without a path, the parameters of the model are.
    directions : "random" or "path"
        See `nn.directions`. By default the principal ones of the path if there is one.
    limits : ((float, float), (float, float)), optional
        The first and the last coordinate along each direction. By default a square: about the path
        for its own directions; for random ones from -1 to 1, where each neuron's weights are
        changed by as much as they are large, or further if the path goes further.
    size : int
        The number of grid points along each direction. The loss is computed at all size² of them.
    penalty : callable, optional
        ``penalty()`` is a Value added to the loss, as in `nn.fit`.
    rng : numpy.random.Generator, int or None
        Draws random directions. Seeded landscapes repeat exactly.

    Raises
    ------
    ShapeError, ArgumentError
        If the data, the path or the numbers make no sense.
    NonFiniteError, DomainError
        If the loss does not exist at the centre or elsewhere on the plane.
    """
    require(isinstance(model, Module), model, "model", "a Module, such as an nn.MLP")
    objective = Objective(model, loss, penalty)
    X, y = checked_data(X, y)
    if whole_number(size, "size") < 2:
        raise ArgumentError("size=1: a grid needs at least two points in each direction")
    takes = "a list of arrays: optimizer.read() after each epoch, or a history's snapshots"
    require(is_list(path), path, "path", takes)
    parameters = model.parameters()
    snapshots = _checked_path(path, len(parameters))
    kind = directions or ("path" if len(snapshots) else "random")
    if kind == "path":
        vectors = principal_directions(snapshots)
    elif kind == "random":
        vectors = random_directions(model, rng)
    else:
        raise ArgumentError(f"directions={shown_short(directions)}: give 'random' or 'path'")
    now = data_of(parameters)
    center = snapshots[-1] if len(snapshots) else now
    projected = _coordinates(snapshots - center, vectors)
    x, y_grid = _axes(_square(projected, kind) if limits is None else limits, size)

    grid = np.stack(np.meshgrid(x, y_grid), axis=-1).reshape(-1, 2)
    function = _loss_function(objective, parameters, X, y)
    function(center)  # an error here is not the fault of the plane
    losses = _losses(function, center, vectors, np.concatenate([projected, grid]))
    return Landscape(
        kind=kind,
        center=center,
        directions=vectors,
        x=x,
        y=y_grid,
        losses=losses[len(projected) :].reshape(size, size),
        path=projected,
        path_losses=losses[: len(projected)],
        path_shares=_shares(snapshots, vectors),
    )


def _coordinates(vectors: Array, directions: Array) -> Array:
    """Return the multiples of two directions that come nearest to each vector, in a row each."""
    coordinates, *_ = np.linalg.lstsq(directions.T, vectors.T, rcond=None)
    return np.asarray(coordinates.T, np.float64)


def _shares(snapshots: Array, directions: Array) -> Array:
    """Return how much of the variance each direction explains that those before it do not."""
    if (snapshots == snapshots[:1]).all():  # there is none, or it does not move
        return np.full(2, np.nan)
    orthonormal = np.linalg.qr(directions.T).Q
    deviations = snapshots - snapshots.mean(axis=0)
    shares: Array = np.sum((deviations @ orthonormal) ** 2, axis=0) / np.sum(deviations**2)
    return shares


def _square(path: Array, kind: str) -> tuple[Interval, Interval]:
    """Return the limits of a square with the whole path in it."""
    if kind == "random":
        reach = 1.1 * np.abs(path).max(initial=1 / 1.1)
        return (-reach, reach), (-reach, reach)
    low, high = path.min(axis=0), path.max(axis=0)
    middle, reach = (low + high) / 2, 0.65 * (high - low).max()
    (left, bottom), (right, top) = middle - reach, middle + reach
    return (left, right), (bottom, top)


def _axes(limits: tuple[Interval, Interval], size: int) -> tuple[Array, Array]:
    wrong = ArgumentError(
        f"limits={shown_short(limits)}: give two intervals, each from a number to a larger one, "
        "such as ((-1, 1), (-1, 1))"
    )
    try:
        numbers = np.array(limits, np.float64)
    except (TypeError, ValueError):
        raise wrong from None
    are_numbers = numbers.shape == (2, 2) and np.isfinite(numbers).all()
    if not are_numbers or not (numbers[:, 0] < numbers[:, 1]).all():
        raise wrong
    x, y = (np.linspace(start, stop, size) for start, stop in numbers)
    return x, y


def _loss_function(
    objective: Objective, parameters: list[Value], X: Data, y: Data
) -> Callable[[Array], float]:
    """Return the mean loss over the data as a function of the parameters."""
    data = float_array(X, "X"), float_array(y, "y")
    objective.rehearse(data[0][0].tolist(), data[1])
    program = ag.compile(objective, parameters=parameters)
    return lambda theta: program.value(theta, *data)


def _losses(
    function: Callable[[Array], float], center: Array, directions: Array, points: Array
) -> Array:
    """Return the loss at each point of a plane."""
    losses = []
    with Progress(len(points), "loss landscape", unit="point") as bar:
        for x, y in points:
            try:
                losses.append(function(center + np.array([x, y]) @ directions))
            except (NonFiniteError, DomainError) as error:
                raise NonFiniteError(
                    f"the loss does not exist at ({x:.4g}, {y:.4g}): {error}. Use narrower limits"
                ) from error
            bar.advance()
    return np.array(losses)


def _checked_path(path: Sequence[Any] | Array, n_parameters: int) -> Array:
    """Return the path as an array, (m, n).

    Raises
    ------
    ShapeError, ArgumentError
        If its points are not vectors of n finite numbers.
    """
    points = [float_array(point, f"path[{index}]") for index, point in enumerate(path)]
    for index, point in enumerate(points):
        if point.shape != (n_parameters,):
            raise ShapeError(
                f"path[{index}] has shape {point.shape}: there are {n_parameters} parameters"
            )
        if not np.isfinite(point).all():
            raise ArgumentError(f"path[{index}] must hold finite numbers only")
    return np.array(points).reshape(-1, n_parameters)

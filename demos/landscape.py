"""Look at the landscape that gradient descent walks down.

The loss of a network is a function of all its parameters, hundreds for the moons and thousands for
the digits. Two pictures show it on the plane in which the recorded path of training goes furthest,
from above and from the side; a third shows it around the trained network, in two random directions.
Each is made of thousands of losses over all of the training data. The path needs two epochs or
more, since it takes three points to span a plane.

    make demo                    sets up everything and runs all demos
    python demos/landscape.py    after: python -m pip install -e '.[demos]'
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import nn
from autograd import Value
from command_line import command_line, parse, run, whole_number
from digits import load_digits, split
from moons import two_moons
from pictures import write

Loss = Callable[[Any, Any], Value]


def descend(
    model: nn.MLP,
    X: NDArray[np.float64],
    y: NDArray[np.int64],
    loss: Loss,
    optimizer: nn.Optimizer,
    epochs: int,
    rng: np.random.Generator,
) -> list[NDArray[np.float64]]:
    """Train, and return the parameters before it and after each epoch."""
    print(f"Training {model} ...", flush=True)
    path = [optimizer.read()]
    for _ in nn.fit(model, X, y, loss, optimizer, epochs=epochs, batch_size=100, rng=rng):
        path.append(optimizer.read())
    return path


def draw(
    name: str,
    model: nn.MLP,
    X: NDArray[np.float64],
    y: NDArray[np.int64],
    loss: Loss,
    path: list[NDArray[np.float64]],
    arguments: argparse.Namespace,
) -> None:
    """Draw the landscape of the path, and that around the trained network."""
    print(f"Computing the loss of the {name} on the plane of the descent ...", flush=True)
    way = nn.loss_landscape(model, X, y, loss, path=path, size=arguments.size)
    title = f"Loss of the {name}\non the plane of the descent"
    write(nn.plots.contour(way, title=title), arguments.output / f"landscape-{name}.png")
    write(nn.plots.surface(way, title=title), arguments.output / f"landscape-{name}-surface.png")
    print(f"Computing the loss of the {name} around the trained network ...", flush=True)
    around = nn.loss_landscape(model, X, y, loss, size=arguments.size, rng=0)
    write(
        nn.plots.surface(around, title=f"Loss of the {name}\naround the trained network"),
        arguments.output / f"landscape-{name}-around.png",
    )


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    description = "Draw the landscape that gradient descent walks down."
    parser = command_line(description, epochs=100, least_epochs=2)
    size = whole_number(2)
    parser.add_argument("--size", type=size, default=61, help="points of the grid in a direction")
    return parse(parser)


def main() -> int:
    """Train on the moons and on the digits, draw the landscapes, and return the exit code."""
    arguments = parse_arguments()
    epochs = arguments.epochs

    rng = np.random.default_rng(arguments.seed)
    points, sides = two_moons(rng)
    model = nn.MLP(2, [16, 16, 1], rng=rng)
    optimizer = nn.SGD(model.parameters(), lr=nn.linear_decay(1.0, 0.1, epochs))
    path = descend(model, points, sides, nn.hinge_loss, optimizer, epochs, rng)
    draw("moons", model, points, sides, nn.hinge_loss, path, arguments)

    rng = np.random.default_rng(arguments.seed)
    training, _ = split(load_digits(), rng)
    model = nn.MLP(64, [32, 10], rng=rng)
    optimizer = nn.SGD(model.parameters(), lr=0.5)
    path = descend(model, *training, nn.cross_entropy, optimizer, epochs, rng)
    draw("digits", model, *training, nn.cross_entropy, path, arguments)
    return 0


if __name__ == "__main__":
    run(main)

"""Part two moons with a network of scalars: the example that micrograd made famous.

Two half circles of points reach into each other, so that no straight line can part them. A network
with two hidden layers learns a score that is positive on one and negative on the other: the hinge
loss asks for a margin of 1 on the right side, a penalty on large weights keeps the boundary calm,
and gradient descent does the rest in a hundred steps, which take a moment.

    make demo                                sets up everything and runs both demos
    python demos/moons.py                    after: python -m pip install -e '.[demos]'
    python demos/moons.py --batch-size 10    ten steps on ten points each, for one on a hundred
"""

import argparse
import functools
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import autograd as ag
import nn
from pictures import draw_boundary, draw_curves
from timing import print_speed

HERE = Path(__file__).parent
POINTS = 100


# --- data ----------------------------------------------------------------------------------------


def two_moons(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Draw points about an upper half circle, of class +1, and about a lower one, of class -1."""
    angles = np.linspace(0.0, np.pi, POINTS // 2)
    upper = np.column_stack([np.cos(angles), np.sin(angles)])
    lower = np.column_stack([1.0 - np.cos(angles), 0.5 - np.sin(angles)])
    noise = rng.normal(0.0, 0.1, (POINTS, 2))
    return np.concatenate([upper, lower]) + noise, np.repeat([+1, -1], POINTS // 2)


# --- training ------------------------------------------------------------------------------------


def train(
    model: nn.MLP,
    points: NDArray[np.float64],
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    arguments: argparse.Namespace,
) -> Iterator[nn.EpochReport]:
    """Train by gradient descent, in steps that get shorter, and yield a report of each epoch."""
    steps = arguments.epochs * math.ceil(POINTS / arguments.batch_size)
    parameters = model.parameters()
    return nn.fit(
        model,
        points,
        labels,
        nn.hinge_loss,
        nn.SGD(parameters, lr=nn.linear_decay(1.0, 0.1, steps)),
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        rng=rng,
        penalty=lambda: nn.l2_penalty(parameters, strength=1e-4),
        metric=nn.accuracy,
        compiled=not arguments.eager,
    )


@ag.no_grad()
def scores(model: nn.MLP, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the score of each point, a row of two coordinates."""
    return np.array([float(model(point)) for point in points.tolist()])


# --- results -------------------------------------------------------------------------------------


def print_epoch(report: nn.EpochReport) -> None:
    """Print a line of the table of epochs, the first one under its heading, then every tenth."""
    if report.epoch == 1:
        print("epoch     loss   accuracy")
    if report.epoch == 1 or report.epoch % 10 == 0:
        print(f"{report.epoch:5}{report.loss:9.4f}{report.metric:11.0%}", flush=True)


def draw_scores(
    model: nn.MLP, points: NDArray[np.float64], labels: NDArray[np.int64], path: Path
) -> None:
    """Draw the boundary between the classes, and tell how many points are on their side of it."""
    right = np.sum((scores(model, points) > 0) == (labels > 0))
    title = f"Two moons: {right} of {POINTS} points on the right side"
    print(f"\n{title}")
    draw_boundary(path, title, points, labels, functools.partial(scores, model))
    print(f"wrote {path}")


def draw_history(history: list[nn.EpochReport], path: Path) -> None:
    """Draw how the loss fell and the accuracy rose."""
    draw_curves(
        path,
        "Two moons: the course of training",
        {"training": [report.loss for report in history]},
        {"training": [report.metric for report in history]},
    )
    print(f"wrote {path}")


# --- the program ---------------------------------------------------------------------------------


def parse_arguments() -> argparse.Namespace:
    """Read the command line, and make the output folder before time is spent on training."""
    parser = argparse.ArgumentParser(
        description="Part two moons with a network of scalars.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--epochs", type=int, default=100, help="times to go through the points")
    add("--batch-size", type=int, default=POINTS, help="points that each step sees")
    add("--seed", type=int, default=0, help="of points, weights and batches")
    add("--eager", action="store_true", help="record each sample by itself: slow, to compare")
    add("--output", type=Path, default=HERE / "output", help="folder for pictures")
    arguments = parser.parse_args()
    if arguments.epochs < 1:
        parser.error("--epochs takes a number from 1 on")
    if arguments.batch_size < 1:
        parser.error("--batch-size takes a number from 1 on")
    if arguments.seed < 0:
        parser.error("--seed takes a number from 0 on")
    try:
        arguments.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--output cannot be made a folder: {error}")
    return arguments


def main() -> int:
    """Train a network, show how it does, and return the exit code."""
    arguments = parse_arguments()
    rng = np.random.default_rng(arguments.seed)
    points, labels = two_moons(rng)
    model = nn.MLP(2, [16, 16, 1], activation="relu", rng=rng)
    print(f"{model} has {len(model.parameters())} parameters.")
    print(f"It trains on {POINTS} points, {arguments.batch_size} at a time.\n", flush=True)

    history: list[nn.EpochReport] = []
    try:
        for report in train(model, points, labels, rng, arguments):
            history.append(report)
            print_epoch(report)
        exit_code = 0
    except KeyboardInterrupt:
        print("\nInterrupted: this is the network as far as it came.", flush=True)
        exit_code = 130

    with nn.interrupts_deferred():  # Ctrl-C now waits for the pictures, a matter of seconds
        if history and not arguments.eager:
            untrained = nn.MLP(2, [16, 16, 1], activation="relu", rng=rng)
            print_speed(history, untrained, points, labels, nn.hinge_loss, arguments.batch_size)
        draw_scores(model, points, labels, arguments.output / "moons-boundary.png")
        if history:
            draw_history(history, arguments.output / "moons-curves.png")
    return exit_code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)

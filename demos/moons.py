"""Separate two moons with a network of scalars: the example that micrograd made famous.

The two half circles of points interlock, so no straight line separates them. A network with two
hidden layers learns a score that is positive on one and negative on the other: the hinge loss asks
for a margin of 1 on the right side, a penalty on large weights keeps the boundary smooth, and
gradient descent does the rest in a hundred steps, which take a moment.

    make demo                                sets up everything and runs all demos
    python demos/moons.py                    after: python -m pip install -e '.[demos]'
    python demos/moons.py --batch-size 10    ten steps of ten points per epoch, not one of all
"""

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import nn
from command_line import add_eager, command_line, parse, run, whole_number
from pictures import write
from timing import print_speed

POINTS = 100


# --- data ----------------------------------------------------------------------------------------


def two_moons(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Draw points near an upper half circle, of class +1, and near a lower one, of class -1."""
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


# --- results -------------------------------------------------------------------------------------


def print_epoch(report: nn.EpochReport) -> None:
    """Print a line of the table of epochs, the first one under its heading, then every tenth."""
    if report.epoch == 1:
        print("epoch     loss   accuracy")
    if report.epoch == 1 or report.epoch % 10 == 0:
        print(f"{report.epoch:5}{report.loss:9.4f}{report.metric:11.0%}", flush=True)


def draw(
    model: nn.MLP,
    points: NDArray[np.float64],
    labels: NDArray[np.int64],
    history: list[nn.EpochReport],
    folder: Path,
) -> None:
    """Draw the boundary between the classes, and the course of training."""
    boundary = nn.plots.decision_boundary(model, points, labels)
    print(boundary.axes[0].get_title(loc="left"))
    write(boundary, folder / "moons-boundary.png")
    if history:
        curves = nn.plots.curves(
            history, metric="accuracy", title="Two moons: the course of training"
        )
        write(curves, folder / "moons-curves.png")


# --- the program ---------------------------------------------------------------------------------


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = command_line("Separate two moons with a network of scalars.", epochs=100)
    add_eager(parser)
    parser.add_argument(
        "--batch-size", type=whole_number(1), default=POINTS, help="points per step"
    )
    return parse(parser)


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
        print("\nInterrupted: these are the results so far.", flush=True)
        exit_code = 130
    print()

    if history and not arguments.eager:
        untrained = nn.MLP(2, [16, 16, 1], activation="relu", rng=rng)
        print_speed(history, untrained, points, labels, nn.hinge_loss, arguments.batch_size)
    draw(model, points, labels, history, arguments.output)
    return exit_code


if __name__ == "__main__":
    run(main)

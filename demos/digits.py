"""Teach a network of scalars to read handwritten digits.

The whole lecture, on real data: images go through a multi-layer perceptron; the cross-entropy of
its answers says how surprising the right digits were; backpropagation through the scalar graph
gives the gradient; stochastic gradient descent takes a step. Since the graph of one image is
compiled, that takes a few seconds: then the network reads 97 of 100 digits it has never seen.

    make demo                                      sets up everything and runs all demos
    python demos/digits.py                         after: python -m pip install -e '.[demos]'
    python demos/digits.py --epochs 30 --resume    goes on where the last run ended
"""

import argparse
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import autograd as ag
import nn
from command_line import add_eager, command_line, parse, run
from pictures import draw_digits, write
from timing import print_speed

HERE = Path(__file__).parent
TEST_IMAGES = 360  # a fifth of all
BATCH_SIZE = 8
HARDEST = 12  # as many as `draw_digits` draws


# --- data ----------------------------------------------------------------------------------------


class Digits(NamedTuple):
    """Images, a row of 64 pixels each, from 0 for paper to 1 for ink; and what they show."""

    images: NDArray[np.float64]
    labels: NDArray[np.int64]


def load_digits() -> Digits:
    """Read the 1,797 digits. In the file, pixels go from 0 to 16, and the label comes last."""
    table = np.loadtxt(HERE / "data" / "digits.csv.gz", delimiter=",")
    return Digits(images=table[:, :64] / 16, labels=table[:, 64].astype(np.int64))


def split(digits: Digits, rng: np.random.Generator) -> tuple[Digits, Digits]:
    """Return the digits to train on, and those drawn at random to test with."""
    test, training = np.split(rng.permutation(len(digits.labels)), [TEST_IMAGES])
    return (
        Digits(digits.images[training], digits.labels[training]),
        Digits(digits.images[test], digits.labels[test]),
    )


# --- training ------------------------------------------------------------------------------------


def train(
    model: nn.MLP,
    training: Digits,
    test: Digits,
    rng: np.random.Generator,
    arguments: argparse.Namespace,
) -> Iterator[nn.EpochReport]:
    """Train by stochastic gradient descent, and yield each epoch as it ends.

    The learning rate depends on the steps done, not on those to come, so that a run which is
    interrupted and resumed, even with more epochs, equals one that was not.
    """
    steps_per_epoch = math.ceil(len(training.labels) / BATCH_SIZE)
    learning_rate = nn.step_decay(0.5, factor=0.9, every=steps_per_epoch)

    # Another seed tests with other images, on some of which this network trains: keep them apart.
    checkpoint = arguments.output / f"digits-seed-{arguments.seed}.npz"
    if arguments.resume and not checkpoint.exists():
        print(f"Nothing to resume with this seed in {arguments.output}: starting anew.\n")

    return nn.fit(
        model,
        training.images,
        training.labels,
        nn.cross_entropy,
        nn.SGD(model.parameters(), lr=learning_rate),
        epochs=arguments.epochs,
        batch_size=BATCH_SIZE,
        rng=rng,
        metric=nn.accuracy,
        compiled=not arguments.eager,
        validation=test,
        checkpoint=checkpoint,
        resume=arguments.resume,
    )


@ag.no_grad()
def probabilities(model: nn.MLP, images: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability that the network gives to each digit, a column, for each image."""
    return np.array([[float(p) for p in ag.softmax(model(image))] for image in images.tolist()])


# --- results -------------------------------------------------------------------------------------


def print_epoch(report: nn.EpochReport) -> None:
    """Print one line of the table of epochs, under its heading if it is the first."""
    if report.epoch == 1:
        print("epoch   train loss   train accuracy   test accuracy   seconds")
    print(
        f"{report.epoch:5}{report.loss:13.4f}{report.metric:17.1%}"
        f"{report.validation_metric:16.1%}{report.seconds:10.3f}",
        flush=True,
    )


def print_confusion(predictions: NDArray[np.float64], labels: NDArray[np.int64]) -> None:
    """Print the confusion matrix: how often each digit was taken for each."""
    counts = np.zeros((10, 10), dtype=int)
    np.add.at(counts, (labels, predictions.argmax(axis=1)), 1)
    print(f"\n{counts.trace()} of the {len(labels)} test images are read right.\n")
    print("true digit |" + "taken for".center(50) + "| right")
    print("           |" + "".join(f"{digit:4} " for digit in range(10)) + "|")
    print("-----------+" + "-" * 50 + "+-------")
    for digit, row in enumerate(counts):
        cells = "".join(f"{count or '.':>4} " for count in row)
        print(f"{digit:6}     |{cells}|{row[digit] / max(row.sum(), 1):6.0%}")
    print()


def title_of_hardest(misread: int, images: int) -> str:
    """Say how many images are misread, and which ones are drawn."""
    drawn = ["the most confident mistakes"] if misread else []
    drawn += ["the closest calls"] if misread < HARDEST else []
    return f"{misread} of {images} test images misread. Below: {', then '.join(drawn)}"


def draw_hardest(predictions: NDArray[np.float64], test: Digits, path: Path) -> None:
    """Draw the misread images, the most confident mistakes first, then the closest calls."""
    is_right = predictions.argmax(axis=1) == test.labels
    confidence = predictions.max(axis=1)
    hardest = np.lexsort((np.where(is_right, confidence, -confidence), is_right))[:HARDEST]
    picture = draw_digits(
        title_of_hardest(np.sum(~is_right), len(is_right)),
        test.images[hardest],
        test.labels[hardest],
        predictions[hardest],
    )
    write(picture, path)


# --- the program ---------------------------------------------------------------------------------


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = command_line("Teach a network of scalars to read handwritten digits.", epochs=20)
    add_eager(parser)
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint there")
    return parse(parser)


def main() -> int:
    """Train a network, show how it does, and return the exit code."""
    arguments = parse_arguments()
    rng = np.random.default_rng(arguments.seed)
    training, test = split(load_digits(), rng)
    model = nn.MLP(64, [32, 10], activation="relu", rng=rng)
    print(f"{model} has {len(model.parameters()):,} parameters.")
    print(f"It trains on {len(training.labels):,} images, {BATCH_SIZE} at a time.\n", flush=True)

    history: list[nn.EpochReport] = []
    try:
        for report in train(model, training, test, rng, arguments):
            history.append(report)
            print_epoch(report)
        exit_code = 0
    except KeyboardInterrupt:
        print("\nInterrupted: these are the results so far. --resume goes on.", flush=True)
        exit_code = 130

    predictions = probabilities(model, test.images)
    print_confusion(predictions, test.labels)
    if history and not arguments.eager:
        untrained = nn.MLP(64, [32, 10], activation="relu", rng=rng)
        print_speed(history, untrained, *training, nn.cross_entropy, BATCH_SIZE)
    if history:
        title = f"Reading digits: {history[-1].validation_metric:.1%} of the test images right"
        curves = nn.plots.curves(history, metric="accuracy", validation="test", title=title)
        write(curves, arguments.output / "digits-curves.png")
    write(nn.plots.weights(model.layers[0]), arguments.output / "digits-weights.png")
    draw_hardest(predictions, test, arguments.output / "digits-mistakes.png")
    return exit_code


if __name__ == "__main__":
    try:
        run(main)
    except ag.StateError as error:
        sys.exit(f"{error}. Without --resume, training starts anew")

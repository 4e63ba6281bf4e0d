"""Watch backpropagation: a neuron, a network, and a page to step through both passes.

Three views. The graph of one neuron shows each number with its gradient, and on each edge the local
derivative. A classifier of digits is drawn as its layers. And a page, to be opened in a browser,
plays the forward and the backward pass of a small network node by node, and moves through the
epochs of its training on the two moons.

    make demo                          sets up everything and runs all demos
    python demos/backpropagation.py    after: python -m pip install -e '.[demos]'
"""

import argparse
from pathlib import Path

import numpy as np

import autograd as ag
import nn
from autograd import Value
from command_line import command_line, parse, run
from moons import two_moons
from pictures import wrote


def draw_neuron(rng: np.random.Generator, path: Path) -> None:
    """Draw the graph of a neuron, and explain the gradient of its first weight."""
    neuron = nn.Neuron(2, activation="tanh", rng=rng)
    output = neuron([Value(1.0, "x0"), Value(-2.0, "x1")])
    output.label = "y"
    output.backward()
    print(f"{ag.explain(output, wrt=neuron.weight[0])}\n")
    wrote(ag.draw(output).render(path))


def draw_network(rng: np.random.Generator, path: Path) -> None:
    """Draw a network of two layers for images of 64 pixels."""
    model = nn.MLP(64, [32, 10], rng=rng)
    logits = model(rng.random(64))
    nn.cross_entropy(logits, 7).backward()
    wrote(ag.draw(logits, collapse="layer").render(path))


def write_page(rng: np.random.Generator, epochs: int, path: Path) -> None:
    """Train a small network on the two moons, and write the page."""
    points, sides = two_moons(rng)
    model = nn.MLP(2, [8, 1], activation="tanh", rng=rng)
    optimizer = nn.SGD(model.parameters(), lr=0.5)
    history = ag.TrainingHistory(model.parameters())
    for report in nn.fit(
        model, points, sides, nn.hinge_loss, optimizer, epochs=epochs, batch_size=20, rng=rng
    ):
        history.record(report.loss)

    inputs = [Value(0.5, "x"), Value(0.25, "y")]
    score = model(inputs)
    score.label = "score"
    loss = nn.hinge_loss(score, 1)
    loss.label = "loss"
    plane = ag.DecisionPlane(inputs, score, points, sides)
    wrote(ag.explore(loss, path, title="Two moons", training=history, plane=plane))
    print("Open this page in a browser: it plays both passes, and recomputes what you change.")


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    return parse(command_line("Watch backpropagation.", epochs=100))


def main() -> int:
    """Draw and write, and return the exit code."""
    arguments = parse_arguments()
    rng = np.random.default_rng(arguments.seed)
    folder = arguments.output
    draw_neuron(rng, folder / "backpropagation-neuron.svg")
    draw_network(rng, folder / "backpropagation-network.svg")
    write_page(rng, arguments.epochs, folder / "backpropagation.html")
    return 0


if __name__ == "__main__":
    run(main)

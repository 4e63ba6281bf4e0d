"""Compare a training step of this project with those of micrograd and PyTorch.

First the contestants (see `contestants`) must agree: losses and updated weights equal to 1e-12.
Then they take turns (see `processes`), with Python's cyclic garbage collector on, as it is by
default, and with it off. The tables show medians over the turns, and are valid Markdown.
"""

import argparse
import functools
import importlib.util
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack

import numpy as np

if importlib.util.find_spec("micrograd") is None:
    sys.exit("the benchmark needs micrograd: run `make bench`, or `pip install micrograd==0.1.0`")

from contestants import (
    CompiledFit,
    Contestant,
    EagerFit,
    Fused,
    Micrograd,
    PyTorch,
    ScalarProgram,
    Unfused,
)
from measuring import Entrant, stage_seconds, step_seconds, train, weigh
from processes import report, take_turns
from tables import figures, machine, markdown_table

TOLERANCE = 1e-12


def main() -> None:
    options = parse_options()
    rounds, turn_seconds = (1, 0.01) if options.quick else (11, 0.3)
    with ExitStack() as stack:
        entrants = [stack.enter_context(Entrant(kind)) for kind in contestants()]
        require_agreement(entrants)
        steps = step_table(entrants, rounds, turn_seconds)
        nodes = node_table(entrants, rounds)
    print(steps, nodes, machine(), sep="\n\n")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a single short round, for a try")
    return parser.parse_args()


def contestants() -> list[type[Contestant]]:
    """List the reference, micrograd, and then the others that are installed."""
    kinds: list[type[Contestant]] = [Micrograd, Unfused, Fused, EagerFit, CompiledFit]
    if importlib.util.find_spec("torch") is not None:
        return [*kinds, PyTorch]
    report("PyTorch is not installed and stays out: `pip install torch` lets it take part")
    return kinds


def require_agreement(entrants: Sequence[Entrant]) -> None:
    """End here, unless all contestants compute the same."""
    report("compare losses and weights")
    reference, *others = entrants
    expected = np.concatenate(reference.measure(train))
    for entrant in others:
        difference = np.abs(np.concatenate(entrant.measure(train)) - expected).max()
        if not difference <= TOLERANCE:
            sys.exit(
                f"no benchmark: {entrant.kind.name!r} disagrees with {reference.kind.name!r}, "
                f"in a loss or a weight, by {difference:.1e}"
            )


def step_table(entrants: Sequence[Entrant], rounds: int, turn_seconds: float) -> str:
    measure = functools.partial(step_seconds, turn_seconds=turn_seconds)
    medians = medians_of_turns("time steps", entrants, measure, rounds)
    rows = []
    for entrant, times in zip(entrants, medians, strict=True):
        row = [entrant.kind.name]
        for seconds, reference in zip(times, medians[0], strict=True):
            row += [figures(1e3 * seconds), figures(reference / seconds) + "x"]
        rows.append(row)
    title = ["training step", "collector on, ms", "speed", "collector off, ms", "speed"]
    return markdown_table(title, rows)


def node_table(entrants: Sequence[Entrant], rounds: int) -> str:
    """Compare what a node of the graph of a step costs, with the collector off."""
    entrants = [entrant for entrant in entrants if issubclass(entrant.kind, ScalarProgram)]
    medians = medians_of_turns("time nodes", entrants, stage_seconds, rounds)
    rows = []
    for entrant, (forward, backward) in zip(entrants, medians, strict=True):
        graph = entrant.measure(weigh)
        nanoseconds = [1e9 * time / graph.nodes for time in (forward, backward, forward + backward)]
        sizes = [graph.bytes_after_forward / graph.nodes, graph.bytes_after_backward / graph.nodes]
        row = [entrant.kind.name, str(graph.nodes)]
        rows.append(row + [f"{number:.0f}" for number in nanoseconds + sizes])
    title = ["cost of a node", "nodes", "forward, ns", "backward, ns", "both, ns"]
    return markdown_table([*title, "bytes", "bytes after backward"], rows)


def medians_of_turns(
    title: str,
    entrants: Sequence[Entrant],
    measure: Callable[..., Iterable[float]],
    rounds: int,
) -> list[list[float]]:
    """Return for each contestant the medians of the numbers that `measure` returns."""
    turns = [functools.partial(entrant.measure, measure) for entrant in entrants]
    return [
        [statistics.median(numbers) for numbers in zip(*of_entrant, strict=True)]
        for of_entrant in zip(*take_turns(title, turns, rounds), strict=True)
    ]


if __name__ == "__main__":
    main()

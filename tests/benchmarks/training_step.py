"""Compare a training step of this project with those of micrograd and PyTorch.

First the contestants (see `contestants`) must agree: losses and updated weights equal to 1e-12.
Then they take turns (see `measuring`), with Python's cyclic garbage collector on, as it is by
default, and with it off. The tables show medians over the turns, and are valid Markdown.
"""

import argparse
import functools
import importlib.metadata
import importlib.util
import os
import platform
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
from measuring import OwnProcess, stage_seconds, step_seconds, train, weigh

TOLERANCE = 1e-12


def main() -> None:
    options = parse_options()
    rounds, turn_seconds = (1, 0.01) if options.quick else (11, 0.3)
    with ExitStack() as stack:
        processes = [stack.enter_context(OwnProcess(kind)) for kind in contestants()]
        require_agreement(processes)
        steps = step_table(processes, rounds, turn_seconds)
        nodes = node_table(processes, rounds)
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


def require_agreement(processes: Sequence[OwnProcess]) -> None:
    """End here, unless all contestants compute the same."""
    report("compare losses and weights")
    reference, *others = processes
    expected = np.concatenate(reference.measure(train))
    for process in others:
        difference = np.abs(np.concatenate(process.measure(train)) - expected).max()
        if not difference <= TOLERANCE:
            sys.exit(
                f"no benchmark: {process.kind.name!r} disagrees with {reference.kind.name!r}, "
                f"in a loss or a weight, by {difference:.1e}"
            )


def step_table(processes: Sequence[OwnProcess], rounds: int, turn_seconds: float) -> str:
    measure = functools.partial(step_seconds, turn_seconds=turn_seconds)
    medians = take_turns("time steps", processes, measure, rounds)
    rows = []
    for process, times in zip(processes, medians, strict=True):
        row = [process.kind.name]
        for seconds, reference in zip(times, medians[0], strict=True):
            row += [figures(1e3 * seconds), figures(reference / seconds) + "x"]
        rows.append(row)
    title = ["training step", "collector on, ms", "speed", "collector off, ms", "speed"]
    return markdown_table(title, rows)


def node_table(processes: Sequence[OwnProcess], rounds: int) -> str:
    """Compare what a node of the graph of a step costs, with the collector off."""
    processes = [process for process in processes if issubclass(process.kind, ScalarProgram)]
    medians = take_turns("time nodes", processes, stage_seconds, rounds)
    rows = []
    for process, (forward, backward) in zip(processes, medians, strict=True):
        graph = process.measure(weigh)
        nanoseconds = [1e9 * time / graph.nodes for time in (forward, backward, forward + backward)]
        sizes = [graph.bytes_after_forward / graph.nodes, graph.bytes_after_backward / graph.nodes]
        row = [process.kind.name, str(graph.nodes)]
        rows.append(row + [f"{number:.0f}" for number in nanoseconds + sizes])
    title = ["cost of a node", "nodes", "forward, ns", "backward, ns", "both, ns"]
    return markdown_table([*title, "bytes", "bytes after backward"], rows)


def take_turns(
    title: str,
    processes: Sequence[OwnProcess],
    measure: Callable[..., Iterable[float]],
    rounds: int,
) -> list[list[float]]:
    """Return for each process the medians of the numbers that `measure` returns."""
    turns = []
    for number in range(1, rounds + 1):
        report(f"{title}: round {number} of {rounds}")
        turns.append([process.measure(measure) for process in processes])
    return [
        [statistics.median(numbers) for numbers in zip(*of_process, strict=True)]
        for of_process in zip(*turns, strict=True)
    ]


def figures(number: float) -> str:
    """Write three significant figures, or more where the number has more before its point."""
    return f"{number:.0f}" if number >= 1000 else f"{number:#.3g}".rstrip(".")


def markdown_table(title: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align the first column left and the others right, for readers of plain text too."""
    widths = [max(map(len, column)) for column in zip(title, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = []
    for first, *others in [title, rule, *rows]:
        cells = [text.rjust(width) for text, width in zip(others, widths[1:], strict=True)]
        lines.append(" | ".join([first.ljust(widths[0]), *cells]))
    return "\n".join(f"| {line} |" for line in lines)


def machine() -> str:
    """Say on what the figures were made, and how to make them again."""
    packages = [name for name in ("micrograd", "torch") if importlib.util.find_spec(name)]
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    facts = [f"Python {platform.python_version()}", *versions, f"{os.cpu_count()} CPUs"]
    return f"{', '.join(facts)}, {platform.processor() or platform.machine()}. Again: make bench"


def report(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

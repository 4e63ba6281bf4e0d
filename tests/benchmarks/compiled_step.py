"""Compare a compiled step, forward and backward, with those of NumPy by hand, PyTorch and JAX.

A step computes the loss of a batch and its flat gradient, in float64 on one thread. First the
contestants (see `peers`) must agree on each workload (see `workloads`): loss and gradient equal to
1e-10. Then they take turns (see `processes`). A ratio is the median over the rounds of the ratio in
a round, with the collector off. The tables are valid Markdown.
"""

import argparse
import functools
import importlib.util
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import NamedTuple

import numpy as np
from compiled_measuring import (
    compilation_seconds,
    graph_of_a_sample,
    loss_and_gradient,
    native_binding_seconds,
    step_seconds,
    takes_part,
)
from processes import OwnProcess, report, take_turns
from tables import figures, machine, markdown_table
from workloads import LOGISTIC_MAP, MOONS, RECURRENT, SMALL_RANDOM_GRAPH, WORKLOADS

from autograd.compiler import native

TOLERANCE = 1e-10
ENOUGH_SECONDS = 20.0
"""How long a workload may take: then a round is its last, though not before the third."""

FULL = [name for name in WORKLOADS if name != SMALL_RANDOM_GRAPH]
QUICK = [MOONS, RECURRENT, LOGISTIC_MAP, SMALL_RANDOM_GRAPH]


class Contestant(NamedTuple):
    """A column of the table.

    Attributes
    ----------
    name : str
    module : str
        Where its steps are written.
    package : str
        What must be installed.
    faster : bool
        Whether to say how many times faster than it we are, instead of how much time we take of
        its.
    """

    name: str
    module: str
    package: str
    faster: bool = False


COMPILED = Contestant("NumPy", "peers.ours_compiled", "autograd")
FLOATS = Contestant("floats", "peers.ours_floats", "autograd")
NATIVE = Contestant("native", "peers.ours_native", "autograd")
EAGER = Contestant("our eager engine", "peers.ours_eager", "autograd", faster=True)
OTHERS = [
    Contestant("hand NumPy", "peers.by_hand", "numpy"),
    Contestant("PyTorch", "peers.pytorch", "torch"),
    Contestant("jax.jit", "peers.jax_jit", "jax"),
    EAGER,
    Contestant("micrograd", "peers.micrograd_values", "micrograd", faster=True),
]


def main() -> None:
    options = parse_options()
    workloads, rounds, turn_seconds = QUICK, 1, 0.01
    if not options.quick:
        workloads, rounds, turn_seconds = FULL, 15, 0.1
    ours = [COMPILED, FLOATS, *[NATIVE] * has_c_compiler()]
    others = [contestant for contestant in OTHERS if installed(contestant)]
    steps, compilations = [], []
    with ExitStack() as stack:
        processes = {
            contestant: stack.enter_context(OwnProcess()) for contestant in (*ours, *others)
        }
        for workload in workloads:
            present = {
                contestant: process
                for contestant, process in processes.items()
                if process.run(takes_part, contestant.module, workload)
            }
            require_agreement(workload, present)
            seconds = time_steps(workload, present, rounds, turn_seconds)
            steps += [
                [workload, one.name, *step_figures(seconds, one, others)]
                for one in ours
                if one in present
            ]
            compilations.append([workload, *compilation_figures(workload, processes[COMPILED])])
    print(step_table(steps, others), compilation_table(compilations), machine(), sep="\n\n")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small workloads, one short round")
    return parser.parse_args()


def has_c_compiler() -> bool:
    if not native.is_available():
        report("the native backend stays out: `apt install gcc` lets it take part")
    return native.is_available()


def installed(contestant: Contestant) -> bool:
    if importlib.util.find_spec(contestant.package) is not None:
        return True
    report(f"{contestant.name} stays out: `pip install {contestant.package}` lets it take part")
    return False


def require_agreement(workload: str, processes: Mapping[Contestant, OwnProcess]) -> None:
    """End here, unless all contestants compute what our eager engine does."""
    report(f"{workload}: compare losses and gradients")
    loss, gradient = processes[EAGER].run(loss_and_gradient, EAGER.module, workload)
    for contestant, process in processes.items():
        its_loss, its_gradient = process.run(loss_and_gradient, contestant.module, workload)
        difference = np.max(  # unlike the built-in, it does not pass over nan
            [
                abs(its_loss - loss) / abs(loss),
                np.abs(its_gradient - gradient).max() / np.abs(gradient).max(),
            ]
        )
        if not difference <= TOLERANCE:
            sys.exit(
                f"no benchmark: {contestant.name!r} disagrees with {EAGER.name!r} on {workload!r}, "
                f"in the loss or the gradient, by {difference:.1e}"
            )


def time_steps(
    workload: str,
    processes: Mapping[Contestant, OwnProcess],
    rounds: int,
    turn_seconds: float,
) -> dict[Contestant, list[float]]:
    """Return the seconds of a step in each round."""
    turns = [
        functools.partial(process.run, step_seconds, contestant.module, workload, turn_seconds)
        for contestant, process in processes.items()
    ]
    start, times = time.monotonic(), []
    for of_round in take_turns(workload, turns, rounds):
        times.append(of_round)
        if len(times) >= 3 and time.monotonic() - start > ENOUGH_SECONDS:
            break
    return dict(zip(processes, map(list, zip(*times, strict=True)), strict=True))


def step_figures(
    seconds: Mapping[Contestant, list[float]], ours: Contestant, others: Sequence[Contestant]
) -> Iterator[str]:
    yield figures(1e6 * statistics.median(seconds[ours]))
    for contestant in others:
        if contestant not in seconds:
            yield "–"
            continue
        pairs = zip(seconds[ours], seconds[contestant], strict=True)
        ratio = statistics.median(one / other for one, other in pairs)
        yield figures(1.0 / ratio) + "x" if contestant.faster else figures(ratio)


def step_table(rows: Sequence[Sequence[str]], others: Sequence[Contestant]) -> str:
    comparisons = [
        f"faster than {other.name}" if other.faster else f"/ {other.name}" for other in others
    ]
    return markdown_table(["forward and backward", "backend", "us", *comparisons], rows)


def compilation_figures(workload: str, process: OwnProcess) -> list[str]:
    report(f"{workload}: compile anew")
    graph = process.run(graph_of_a_sample, workload)
    runs = [process.run(compilation_seconds, workload) for _ in range(3)]
    stages = [statistics.median(stage) for stage in zip(*runs, strict=True)]
    per_node = [figures(1e6 * seconds / graph.nodes) for seconds in (sum(stages), *stages)]
    compiler = "–"
    if native.is_available():
        compiler = figures(1e3 * process.run(native_binding_seconds, workload))
    return [str(graph.nodes), str(graph.recorded), figures(1e3 * sum(stages)), *per_node, compiler]


def compilation_table(rows: Sequence[Sequence[str]]) -> str:
    """Say what compiling costs, with a node for each operation on two numbers."""
    title = ["compilation", "nodes", "recorded", "ms", "us per node"]
    stages = ["recording", "planning", "binding"]
    return markdown_table([*title, *stages, "native binding, ms"], rows)


if __name__ == "__main__":
    main()

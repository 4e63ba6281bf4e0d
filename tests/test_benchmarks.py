"""The benchmarks run to their ends, which they do only if all contestants compute the same."""

import importlib
import importlib.util
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd.compiler import native

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "tests" / "benchmarks"


def test_a_quick_training_step_prints_every_contestant_in_both_tables() -> None:
    pytest.importorskip("micrograd")
    steps, nodes, machine = quick_run("training_step.py")
    scalar_programs = ["micrograd", "ours, a node for each * and +"]
    expected = [
        *scalar_programs,
        "ours, a node for each neuron",
        "ours, nn.fit, eager",
        "ours, nn.fit",
    ]
    if importlib.util.find_spec("torch") is not None:
        expected.append("PyTorch, float64, one thread")
    assert first_column(steps) == ["training step", *expected]
    assert first_column(nodes) == ["cost of a node", *scalar_programs]
    assert "make bench" in machine


def test_a_quick_compiled_step_prints_every_workload_in_both_tables() -> None:
    steps, compilation, machine = quick_run("compiled_step.py")
    on_floats = "logistic map, 200 steps, B 1"
    workloads = ["moons 2-16-16-1, B 100", "RNN, 16 steps, B 32", on_floats]
    workloads.append("small random graph, B 64")
    in_each_backend = [
        workload
        for workload in workloads
        for _ in range(1 + native.is_available() + (workload == on_floats))
    ]
    assert first_column(steps) == ["forward and backward", *in_each_backend]
    assert first_column(compilation) == ["compilation", *workloads]
    assert "/ hand NumPy" in steps
    assert ("/ jax.jit" in steps) == (importlib.util.find_spec("jax") is not None)
    assert "make bench" in machine


class Answer:
    """Stands for a process: whatever it is to run, it returns this loss and gradient."""

    def __init__(self, *numbers: float) -> None:
        self.numbers = numbers

    def run(self, *arguments: object) -> tuple[float, Any]:
        loss, *gradient = self.numbers
        return loss, np.array(gradient)


@pytest.mark.parametrize(
    ("numbers", "agree"),
    [
        ((2.0, 10.0, 0.0), True),
        ((2.0 + 1e-11, 10.0 - 1e-10, 1e-10), True),
        ((2.0 + 1e-9, 10.0, 0.0), False),
        ((2.0, 10.0, 1e-8), False),
        ((2.0, math.nan, 0.0), False),
        ((math.nan, 10.0, 0.0), False),
    ],
)
def test_a_contestant_that_computes_something_else_ends_the_benchmark(
    numbers: tuple[float, ...], agree: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    benchmark = importlib.import_module("compiled_step")
    contestant, *_ = benchmark.OTHERS
    processes = {benchmark.EAGER: Answer(2.0, 10.0, 0.0), contestant: Answer(*numbers)}
    if agree:
        benchmark.require_agreement("moons", processes)
    else:
        with pytest.raises(SystemExit, match=f"{contestant.name}.*disagrees"):
            benchmark.require_agreement("moons", processes)


def quick_run(name: str) -> list[str]:
    """Return the paragraphs that a benchmark prints."""
    run = subprocess.run(
        [sys.executable, str(BENCHMARKS / name), "--quick"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split("\n\n")


def first_column(markdown_table: str) -> list[str]:
    title, rule, *rows = [line.split("|")[1].strip() for line in markdown_table.splitlines()]
    assert set(rule) == {"-"}
    return [title, *rows]

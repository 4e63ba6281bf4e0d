"""The benchmark runs to its end, which it does only if all contestants compute the same."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytest.importorskip("micrograd")


def test_a_quick_run_prints_every_contestant_in_both_tables() -> None:
    run = subprocess.run(
        [sys.executable, "tests/benchmarks/training_step.py", "--quick"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    steps, nodes, machine = run.stdout.split("\n\n")
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


def first_column(markdown_table: str) -> list[str]:
    title, rule, *rows = [line.split("|")[1].strip() for line in markdown_table.splitlines()]
    assert set(rule) == {"-"}
    return [title, *rows]

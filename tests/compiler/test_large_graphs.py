"""What the compiler does so that a large graph takes little memory changes nothing else."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.compiler.passes import layout


def test_a_program_is_the_same_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    model = nn.MLP(6, [5, 3], rng=0)
    X, y = np.random.default_rng(0).normal(size=(4, 6)), np.array([0, 1, 2, 0])

    def computed() -> tuple[str, float, list[float]]:
        compiled = ag.compile(lambda x, label: nn.cross_entropy(model(x), label) + x[0] / 3)
        loss, gradient = compiled.value_and_grad(np.linspace(-1, 1, 53), X, y)
        return compiled.source, loss, gradient.tolist()

    expected = computed()
    monkeypatch.setattr(layout, "TERMS_AT_ONCE", 1)
    assert computed() == expected


STATUS = Path("/proc/self/status")  # getrusage would tell the peak of the process that forked


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells the peak of the memory there")
def test_a_chain_compiles_in_little_memory() -> None:
    steps = f"""
import autograd as ag
w, x = ag.Value(0.5), ag.Value(1.0)
y = x
for _ in range(30_000):
    y = ag.sin(w * y)
ag.compile_graph(y, [x], [w])([[1.0]])
print(open("{STATUS}").read().partition("VmHWM:")[2].split()[0])
"""
    done = subprocess.run([sys.executable, "-c", steps], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 400_000  # kB; in one function it would take 550,000

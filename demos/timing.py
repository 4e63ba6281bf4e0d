"""How long training would take without the compiler, estimated from a few steps."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import nn
from autograd import Value
from nn.data import Data

SAMPLES = 80


def print_speed(
    reports: Sequence[nn.EpochReport],
    model: nn.MLP,
    X: Data,
    y: Data,
    loss: Callable[[Any, Any], Value],
    batch_size: int,
) -> None:
    """Print how long an epoch took, and how long it would take to record each sample by itself.

    Parameters
    ----------
    reports : sequence of EpochReport
        Of compiled training.
    model : MLP
        Of the same shape as the trained one; it is trained on a few samples.
    X, y, loss, batch_size
        What the epochs went through.
    """
    n = min(SAMPLES, len(X))
    eager = nn.fit(
        model,
        X[:n],
        y[:n],
        loss,
        nn.SGD(model.parameters(), lr=0.01),
        epochs=3,
        batch_size=batch_size,
        rng=0,
        compiled=False,
    )
    seconds = median(report.seconds for report in eager) * len(X) / n
    compiled = median(report.seconds for report in reports)
    print(
        f"An epoch took {compiled:.4f} s. It would take {seconds:.2f} s, {seconds / compiled:.0f} "
        "times as long,\nif each sample were recorded by itself (--eager).\n"
    )

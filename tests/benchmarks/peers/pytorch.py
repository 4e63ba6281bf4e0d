"""PyTorch, eager: tensors of float64, and its own layers and losses.

The parameters are views of one flat tensor, and their gradients views of another, into which
``backward`` adds: that is quicker than to join separate gradients. The penalty is a decay of the
weights, as PyTorch's optimizers offer it.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  its usual name
from workloads import (
    DIGITS,
    EPSILON,
    HEADS,
    LARGE_CLASSIFIER,
    LOGISTIC_MAP,
    MOONS,
    PENALTY,
    RECURRENT,
    TRANSFORMER,
    Workload,
    population,
    split,
)

torch.set_num_threads(1)


def step_of(loss_of: Callable[..., Any], penalty: float = 0.0) -> Callable[[Workload], Any]:
    """Return a function that makes a step of ``loss_of(*parameters, *batch)``."""

    def make_step(workload: Workload) -> Callable[[], tuple[float, Any]]:
        theta = torch.tensor(workload.theta)
        gradient = torch.zeros_like(theta)
        parameters = [part.requires_grad_() for part in split(theta, workload.shapes)]
        for parameter, part in zip(parameters, split(gradient, workload.shapes), strict=True):
            parameter.grad = part
        batch = [torch.tensor(array) for array in workload.batch]

        def step() -> tuple[float, Any]:
            loss = loss_of(*parameters, *batch)
            if penalty:
                loss = loss + penalty * theta.dot(theta)
                torch.mul(theta, 2.0 * penalty, out=gradient)
            else:
                gradient.zero_()
            loss.backward()
            return loss.item(), gradient

        return step

    return make_step


def moons(W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, points: Any, sides: Any) -> Any:
    hidden = F.relu(F.linear(points, W1, b1))
    hidden = F.relu(F.linear(hidden, W2, b2))
    return F.relu(1 - sides * F.linear(hidden, W3, b3).squeeze(1)).mean()


def classifier(W1: Any, b1: Any, W2: Any, b2: Any, images: Any, labels: Any) -> Any:
    hidden = F.relu(F.linear(images, W1, b1))
    return F.cross_entropy(F.linear(hidden, W2, b2), labels)


def recurrent(
    W: Any, U: Any, b: Any, readout: Any, readout_bias: Any, sequences: Any, targets: Any
) -> Any:
    pulls = F.linear(sequences.transpose(0, 1), W, b).unbind()
    state = torch.tanh(pulls[0])
    for pull in pulls[1:]:
        state = torch.tanh(torch.addmm(pull, state, U.T))
    return F.mse_loss(state @ readout + readout_bias, targets)


def transformer(
    letters: Any,
    positions: Any,
    Wq: Any,
    Wk: Any,
    Wv: Any,
    Wo: Any,
    W1: Any,
    W2: Any,
    to_logits: Any,
    tokens: Any,
    targets: Any,
) -> Any:
    x = F.embedding(tokens, letters) + positions
    normal = rms_norm(x)
    q, k, v = (heads(F.linear(normal, W)) for W in (Wq, Wk, Wv))
    attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    x = x + F.linear(attended.transpose(1, 2).reshape(x.shape), Wo)
    x = x + F.linear(F.relu(F.linear(rms_norm(x), W1)), W2)
    logits = F.linear(rms_norm(x), to_logits)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def heads(x: Any) -> Any:
    return x.unflatten(-1, (HEADS, -1)).transpose(1, 2)


def rms_norm(x: Any) -> Any:
    return F.rms_norm(x, x.shape[-1:], eps=EPSILON)


def logistic_map(rate: Any, start: Any, target: Any) -> Any:
    return F.mse_loss(population(rate, start), target)


STEPS = {
    MOONS: step_of(moons, PENALTY),
    DIGITS: step_of(classifier),
    LARGE_CLASSIFIER: step_of(classifier),
    RECURRENT: step_of(recurrent),
    TRANSFORMER: step_of(transformer),
    LOGISTIC_MAP: step_of(logistic_map),
}

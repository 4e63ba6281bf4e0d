"""JAX: the loss of flat theta, differentiated and compiled for the processor by XLA."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
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

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")


def step_of(loss_of: Callable[..., Any], penalty: float = 0.0) -> Callable[[Workload], Any]:
    """Return a function that makes a step of ``loss_of(*parameters, *batch)``."""

    def make_step(workload: Workload) -> Callable[[], Any]:
        def loss(theta: Any, *batch: Any) -> Any:
            return loss_of(*split(theta, workload.shapes), *batch) + penalty * theta @ theta

        loss_and_gradient = jax.jit(jax.value_and_grad(loss))
        theta, *batch = map(jnp.asarray, (workload.theta, *workload.batch))
        return lambda: jax.block_until_ready(loss_and_gradient(theta, *batch))

    return make_step


def moons(W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, points: Any, sides: Any) -> Any:
    hidden = jax.nn.relu(points @ W1.T + b1)
    hidden = jax.nn.relu(hidden @ W2.T + b2)
    scores = (hidden @ W3.T + b3)[:, 0]
    return jax.nn.relu(1 - sides * scores).mean()


def classifier(W1: Any, b1: Any, W2: Any, b2: Any, images: Any, labels: Any) -> Any:
    hidden = jax.nn.relu(images @ W1.T + b1)
    return cross_entropy(hidden @ W2.T + b2, labels)


def cross_entropy(logits: Any, labels: Any) -> Any:
    rights = jnp.take_along_axis(logits, labels[..., None], axis=-1)[..., 0]
    return (jax.nn.logsumexp(logits, axis=-1) - rights).mean()


def recurrent(
    W: Any, U: Any, b: Any, readout: Any, readout_bias: Any, sequences: Any, targets: Any
) -> Any:
    def moment(state: Any, pull: Any) -> Any:
        return jnp.tanh(pull + state @ U.T), None

    pulls = sequences.transpose(1, 0, 2) @ W.T + b
    state, _ = jax.lax.scan(moment, jnp.tanh(pulls[0]), pulls[1:], unroll=True)
    return jnp.square(state @ readout + readout_bias - targets).mean()


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
    x = letters[tokens] + positions
    normal = rms_norm(x)
    q, k, v = (heads(normal @ W.T) for W in (Wq, Wk, Wv))
    scores = jnp.einsum("bthd,bshd->bhts", q, k) / q.shape[-1] ** 0.5
    past = jnp.tri(len(positions), dtype=bool)
    weights = jax.nn.softmax(jnp.where(past, scores, -jnp.inf), axis=-1)
    x = x + jnp.einsum("bhts,bshd->bthd", weights, v).reshape(x.shape) @ Wo.T
    x = x + jax.nn.relu(rms_norm(x) @ W1.T) @ W2.T
    return cross_entropy(rms_norm(x) @ to_logits.T, targets)


def heads(x: Any) -> Any:
    return x.reshape(*x.shape[:-1], HEADS, -1)


def rms_norm(x: Any) -> Any:
    return x * jax.lax.rsqrt(jnp.square(x).mean(axis=-1, keepdims=True) + EPSILON)


def logistic_map(rate: Any, start: Any, target: Any) -> Any:
    return jnp.square(population(rate, start) - target).mean()


STEPS = {
    MOONS: step_of(moons, PENALTY),
    DIGITS: step_of(classifier),
    LARGE_CLASSIFIER: step_of(classifier),
    RECURRENT: step_of(recurrent),
    TRANSFORMER: step_of(transformer),
    LOGISTIC_MAP: step_of(logistic_map),
}

"""NumPy, forward and backward written out by hand for speed.

Every array is allocated once and computed in place, gradients where they belong in the flat
gradient. ``np.dot`` has less to decide than ``np.matmul``, and a product with ones is the quickest
sum over samples. Where there is one number at a time, arrays would cost: that is in plain floats.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from workloads import (
    DIGITS,
    LARGE_CLASSIFIER,
    LOGISTIC_MAP,
    MOONS,
    PENALTY,
    RECURRENT,
    TRANSFORMER,
    Array,
    Workload,
    split,
)

from peers.by_hand_pieces import cross_entropy_of, relu_layer, through_relu
from peers.by_hand_transformer import transformer

Step: TypeAlias = Callable[[], tuple[float, Array]]


def moons(workload: Workload) -> Step:
    points, sides = workload.batch
    size = len(points)
    theta, gradient = workload.theta, np.empty_like(workload.theta)
    W1, b1, W2, b2, W3, b3 = split(theta, workload.shapes)
    dW1, db1, dW2, db2, dW3, db3 = split(gradient, workload.shapes)
    b1, b2 = b1[:, None], b2[:, None]
    h1, h2, d1, d2 = np.empty((4, len(W1), size))
    violation, d_score = np.empty((2, 1, size))
    active, violated = np.empty(h1.shape, dtype=bool), np.empty(d_score.shape, dtype=bool)
    ones, decay = np.ones(size), np.empty_like(theta)

    def step() -> tuple[float, Array]:
        relu_layer(W1, points.T, b1, out=h1)
        relu_layer(W2, h1, b2, out=h2)
        np.dot(W3, h2, out=violation)
        np.add(violation, b3, out=violation)
        np.multiply(violation, sides, out=violation)
        np.subtract(1.0, violation, out=violation)
        np.maximum(violation, 0.0, out=violation)
        loss = np.dot(violation[0], ones) / size + PENALTY * np.dot(theta, theta)

        np.multiply(sides, -1.0 / size, out=d_score[0])
        through_relu(d_score, violation, violated)
        np.dot(d_score, h2.T, out=dW3)
        np.dot(d_score, ones, out=db3)
        np.dot(W3.T, d_score, out=d2)
        through_relu(d2, h2, active)
        np.dot(d2, h1.T, out=dW2)
        np.dot(d2, ones, out=db2)
        np.dot(W2.T, d2, out=d1)
        through_relu(d1, h1, active)
        np.dot(d1, points, out=dW1)
        np.dot(d1, ones, out=db1)
        np.multiply(theta, 2.0 * PENALTY, out=decay)
        np.add(gradient, decay, out=gradient)
        return float(loss), gradient

    return step


def classifier(workload: Workload) -> Step:
    images, labels = workload.batch
    size = len(images)
    gradient = np.empty_like(workload.theta)
    W1, b1, W2, b2 = split(workload.theta, workload.shapes)
    dW1, db1, dW2, db2 = split(gradient, workload.shapes)
    b1, b2 = b1[:, None], b2[:, None]
    hidden, d_hidden = np.empty((2, len(W1), size))
    active, ones = np.empty(hidden.shape, dtype=bool), np.ones(size)
    logits = np.empty((len(W2), size))
    cross_entropy = cross_entropy_of(logits)

    def step() -> tuple[float, Array]:
        relu_layer(W1, images.T, b1, out=hidden)
        np.dot(W2, hidden, out=logits)
        np.add(logits, b2, out=logits)
        loss, d_logits = cross_entropy(labels)

        np.dot(d_logits, hidden.T, out=dW2)
        np.dot(d_logits, ones, out=db2)
        np.dot(W2.T, d_logits, out=d_hidden)
        through_relu(d_hidden, hidden, active)
        np.dot(d_hidden, images, out=dW1)
        np.dot(d_hidden, ones, out=db1)
        return loss, gradient

    return step


def recurrent(workload: Workload) -> Step:
    """What needs no state is done for all moments at once; they lie side by side in columns."""
    sequences, targets = workload.batch
    size, length, n_inputs = sequences.shape
    gradient = np.empty_like(workload.theta)
    W, U, b, readout, readout_bias = split(workload.theta, workload.shapes)
    dW, dU, db, d_readout, d_readout_bias = split(gradient, workload.shapes)
    b = b[:, None]
    inputs = np.empty((n_inputs, length * size))
    pulls, states, slopes, d_pulls = np.empty((4, len(U), length * size))
    memory, d_state = np.empty((2, len(U), size))
    error, ones = np.empty(size), np.ones(length * size)

    moments = [slice(start, start + size) for start in range(0, length * size, size)]
    pull, state, slope, d_pull = (
        [array[:, moment] for moment in moments] for array in (pulls, states, slopes, d_pulls)
    )

    def step() -> tuple[float, Array]:
        np.copyto(inputs.reshape(n_inputs, length, size), sequences.T)
        np.dot(W, inputs, out=pulls)
        np.add(pulls, b, out=pulls)
        np.tanh(pull[0], out=state[0])
        for t in range(1, length):
            np.matmul(U, state[t - 1], out=memory)
            np.add(memory, pull[t], out=memory)
            np.tanh(memory, out=state[t])
        np.matmul(readout, state[-1], out=error)
        np.add(error, readout_bias, out=error)
        np.subtract(error, targets, out=error)
        loss = np.dot(error, error) / size

        np.multiply(error, 2.0 / size, out=error)
        np.matmul(state[-1], error, out=d_readout)
        d_readout_bias[0] = np.add.reduce(error)
        np.multiply(states, states, out=slopes)
        np.subtract(1.0, slopes, out=slopes)
        np.multiply(readout[:, None], error, out=d_state)
        for t in range(length - 1, 0, -1):
            np.multiply(d_state, slope[t], out=d_pull[t])
            np.matmul(U.T, d_pull[t], out=d_state)
        np.multiply(d_state, slope[0], out=d_pull[0])
        np.matmul(d_pulls[:, size:], states[:, :-size].T, out=dU)
        np.dot(d_pulls, inputs.T, out=dW)
        np.dot(d_pulls, ones, out=db)
        return float(loss), gradient

    return step


def logistic_map(workload: Workload) -> Step:
    (rate,), ((start,), (target,)) = workload.theta.tolist(), map(np.ndarray.tolist, workload.batch)

    def step() -> tuple[float, Array]:
        x, past = start, []
        for _ in range(200):
            past.append(x)
            x = rate * x * (1.0 - x)
        error = x - target
        d_x, d_rate = 2.0 * error, 0.0
        for x in reversed(past):
            d_rate += d_x * x * (1.0 - x)
            d_x *= rate * (1.0 - 2.0 * x)
        return error * error, np.array([d_rate])

    return step


STEPS = {
    MOONS: moons,
    DIGITS: classifier,
    LARGE_CLASSIFIER: classifier,
    RECURRENT: recurrent,
    TRANSFORMER: transformer,
    LOGISTIC_MAP: logistic_map,
}

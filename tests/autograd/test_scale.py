"""Large graphs, and what is left of them: nothing, at once, without the cyclic collector."""

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import autograd as ag
from autograd.graph import topological_order

DEPTH = 1_000_000


@pytest.fixture
def _collector_off() -> Iterator[None]:
    """Leave it to reference counts alone to free things."""
    gc.collect()
    with ag.collector_paused():
        yield


class Label(str):
    """A label that can be watched: it dies with its node."""


def watched(node: ag.Value) -> weakref.ref[str]:
    node.label = Label("watched")
    return weakref.ref(node.label)


# --- depth and width -----------------------------------------------------------------------------


def chain(start: ag.Value, length: int) -> ag.Value:
    end = start
    for _ in range(length):
        end = -end
    return end


@pytest.mark.usefixtures("_collector_off")
def test_chain_a_million_deep_runs_both_ways_and_is_freed_at_once() -> None:
    x = ag.Value(3.0)
    middle = chain(x, DEPTH // 2)
    life = watched(middle)
    end = chain(middle, DEPTH // 2)
    del middle
    end.backward()
    assert (end.data, x.grad) == (3, 1)
    assert life() is not None
    del end
    assert life() is None


@pytest.mark.usefixtures("_collector_off")
def test_gradient_of_a_chain_a_million_deep() -> None:
    x = ag.Value(3.0)
    assert ag.gradient(chain(x, DEPTH + 1), x) == -1


def test_chain_of_many_inputs_per_node_is_as_deep() -> None:
    x = ag.Value(1.0)
    end = x
    for _ in range(10_000):
        end = ag.sum([end, x, x])
    end.backward()
    assert x.grad == 20_001


def test_thirty_doublings_visit_each_node_once() -> None:
    x = ag.Value(1.0)
    end = x
    for _ in range(30):
        end = end + end
    end.backward()
    assert end.data == x.grad == 2**30
    assert len(topological_order(end)) == 31
    assert ag.gradient(end, x) == 2**30


def test_node_with_very_many_inputs() -> None:
    xs = [ag.Value(float(i % 7)) for i in range(100_000)]
    loss = ag.sum(xs) + ag.dot(xs, xs) / 2 + ag.max(xs)
    loss.backward()
    expected = [1 + x.data for x in xs]
    expected[6] += 1
    assert [x.grad for x in xs] == expected


# --- memory --------------------------------------------------------------------------------------


def training_step(weights: list[ag.Value]) -> None:
    hidden = [ag.tanh(ag.dot(weights, [w, *weights[1:]], bias=0.5)) for w in weights]
    loss = -ag.log_softmax(hidden)[0] + ag.max(hidden) * sum(w * w for w in weights)
    loss.backward()
    for w in weights:
        w.data -= 0.1 * w.grad
        w.zero_grad()


def second_order_step(weights: list[ag.Value]) -> None:
    slopes = ag.gradient(ag.logsumexp(weights) ** 2, weights, create_graph=True)
    ag.sum(slope * slope for slope in slopes).backward()


def failing_step(weights: list[ag.Value]) -> None:
    with pytest.raises(ag.DomainError):
        ag.sqrt(weights[0] - weights[0]).backward()


def anomalous_step(weights: list[ag.Value]) -> None:
    with pytest.raises(ag.NonFiniteError), ag.detect_anomaly():
        weights[0] * 1e200 * 1e200


@pytest.mark.parametrize("step", [training_step, second_order_step])
def test_step_leaves_no_cyclic_garbage(
    step: Callable[[list[ag.Value]], None], cyclic_garbage_of: Callable[[Callable[[], Any]], int]
) -> None:
    weights = [ag.Value(0.1 * i) for i in range(5)]
    assert cyclic_garbage_of(lambda: step(weights)) == 0


@pytest.mark.usefixtures("_collector_off")
@pytest.mark.parametrize("step", [training_step, second_order_step, failing_step, anomalous_step])
def test_steps_keep_no_nodes(step: Callable[[list[ag.Value]], None]) -> None:
    def nodes() -> int:
        gc.collect()
        return sum(type(thing) is ag.Value for thing in gc.get_objects())

    weights = [ag.Value(1.0 + i) for i in range(5)]
    before = nodes()
    assert before >= len(weights)
    step(weights)
    assert nodes() == before


@pytest.mark.usefixtures("_collector_off")
def test_dropped_graph_is_freed_at_once() -> None:
    x = ag.Value(3.0)
    inner = ag.exp(x)
    life = watched(inner)
    loss = ag.dot([inner, x], [inner, inner]) * inner
    del inner
    loss.backward()
    assert life() is not None
    del loss
    assert life() is None


# --- threads -------------------------------------------------------------------------------------


def test_threads_work_on_graphs_of_their_own() -> None:
    gradients: dict[int, float] = {}

    def work(seed: int) -> None:
        x = ag.Value(float(seed))
        for _ in range(200):
            x.zero_grad()
            (ag.sum([x] * 50) * x).backward()
        gradients[seed] = x.grad

    threads = [threading.Thread(target=work, args=[seed]) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gradients == {seed: 100.0 * seed for seed in range(8)}

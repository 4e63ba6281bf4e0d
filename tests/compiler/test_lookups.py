"""Lookups, compiled: any table, any index, next to whatever else uses the entries."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import Value
from autograd.compiler import chunks, float_backend, native, numpy_backend

N_ENTRIES, N_WEIGHTS, N_INPUTS, BATCH_SIZE = 3, 4, 3, 7


class Looking(NamedTuple):
    """One lookup: the kinds of its entries, and the place of its index."""

    entries: list[tuple[int, int, int]]
    place: int


@st.composite
def entries(draw: st.DrawFn) -> tuple[int, int, int]:
    return draw(st.integers(0, 5)), draw(st.integers(0, 9)), draw(st.integers(0, 9))


lookings = st.builds(
    Looking,
    entries=st.lists(entries(), min_size=N_ENTRIES, max_size=N_ENTRIES),
    place=st.integers(0, 1),
)


def entry(kind: int, one: int, other: int, w: Sequence[Any], x: Sequence[Any], found: Any) -> Any:
    weight, factor = w[one % len(w)], w[other % len(w)]
    return [
        weight,
        x[one % len(x)],
        weight * x[other % len(x)],
        ag.tanh(weight * factor),  # computed once for all samples
        0.25 * one,
        found[one % len(found)] if found else weight,
    ][kind]


class Recipe:
    """A function of a sample, with lookups as they were drawn."""

    def __init__(self, steps: list[Looking], penalty: bool) -> None:
        self.steps, self.penalty = steps, penalty
        self.weights = [Value(0.3 * i - 0.4) for i in range(N_WEIGHTS)]

    def __call__(self, x: Any, i: Any) -> Value:
        found: list[Any] = []
        for step in self.steps:
            table = [entry(*kinds, self.weights, x, found) for kinds in step.entries]
            found.append(ag.lookup(table, i[step.place]))
        output: Value = ag.sum(ag.tanh(it) * (place + 1.0) for place, it in enumerate(found))
        output = output + ag.dot(self.weights[:N_INPUTS], x)
        if self.penalty:
            output = output + 0.1 * ag.sum(w * w for w in self.weights)
        return output


def assert_compiled_equals_eager(recipe: Recipe, backend: Any) -> None:
    rng = np.random.default_rng(len(recipe.steps))
    compiled = ag.compile(recipe, parameters=recipe.weights, backend=backend)
    theta = np.array([w.data for w in recipe.weights])
    for _ in range(2):  # what a run leaves behind must not reach the next one
        x = rng.normal(size=(BATCH_SIZE, N_INPUTS))
        i = rng.integers(0, N_ENTRIES, (BATCH_SIZE, 2))
        outputs = [recipe(*sample) for sample in zip(x.tolist(), i.tolist(), strict=True)]
        mean = ag.mean(outputs)
        expected = [slope.data for slope in ag.gradient(mean, recipe.weights, create_graph=True)]
        numbers = [output.data for output in outputs]
        np.testing.assert_allclose(compiled.map(x, i), numbers, rtol=1e-12, atol=1e-14)
        value, gradient = compiled.value_and_grad(theta, x, i)
        np.testing.assert_allclose(value, mean.data, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-14)


@settings(deadline=None, max_examples=150)
@given(st.lists(lookings, min_size=1, max_size=5), st.booleans())
@pytest.mark.parametrize("backend", [numpy_backend, float_backend])
def test_lookups_agree_with_eager_evaluation(
    backend: Any, steps: list[Looking], penalty: bool
) -> None:
    assert_compiled_equals_eager(Recipe(steps, penalty), backend)


@settings(deadline=None, max_examples=10)
@given(st.lists(lookings, min_size=1, max_size=5), st.booleans())
@pytest.mark.skipif(not native.is_available(), reason="there is no C compiler")
def test_lookups_agree_in_c(steps: list[Looking], penalty: bool) -> None:
    assert_compiled_equals_eager(Recipe(steps, penalty), native)


@settings(deadline=None, max_examples=20)
@given(st.lists(lookings, min_size=1, max_size=5), st.booleans())
def test_lookups_agree_in_chunks(steps: list[Looking], penalty: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CACHE_BYTES", 1)
        patch.setattr(chunks, "SMALLEST_CHUNK", 2)
        assert_compiled_equals_eager(Recipe(steps, penalty), None)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_each_lookup_takes_its_own_index(order: tuple[int, int]) -> None:
    w, (first, second) = Value(10.0), order
    looked_up = ag.compile(
        lambda x, i: ag.lookup([x[0], x[1]], i[first]) + ag.lookup([w * x[0], w * x[1]], i[second]),
        backend=numpy_backend,
    )
    number = {(0, 1): 1.0 + 20.0, (1, 0): 2.0 + 10.0}[order]
    assert looked_up.map(np.array([[1.0, 2.0]]), np.array([[0, 1]])).tolist() == [number]


@pytest.mark.parametrize("backend", [numpy_backend, float_backend, native])
def test_an_index_may_be_trained_where_its_table_is_not(backend: Any) -> None:
    if backend is native and not native.is_available():
        pytest.skip("there is no C compiler")
    w = Value(1.0)
    looked_up = ag.compile(
        lambda x, i: ag.lookup([x[0] * 2.0, x[1] * 3.0], ag.relu(w * i)) * w, backend=backend
    )
    X, i = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([0, 1])
    assert looked_up.value_and_grad(np.ones(1), X, i)[1].tolist() == [(2.0 + 15.0) / 2]
    assert "lookup: from" not in looked_up.report(passes=True)  # it sends nothing back


@pytest.mark.parametrize("index", [4.0, -1.0, 0.5, 1e5, 1e9])
@pytest.mark.parametrize("backend", [numpy_backend, float_backend, native])
def test_a_wrong_index_leaves_nothing_behind(backend: Any, index: float) -> None:
    if backend is native and not native.is_available():
        pytest.skip("there is no C compiler")
    w = Value(1.0)
    looked_up = ag.compile(
        lambda x, i: ag.lookup([w * x[0], w * x[1], w * x[2]], i) * x[0], backend=backend
    )
    X, right = np.ones((8, 3)), np.zeros(8)
    before = looked_up.value_and_grad(np.ones(1), X, right)
    with pytest.raises(ag.DomainError, match=r"lookup\(.* does not exist: .*\(sample 0\)"):
        looked_up(X, np.full(8, index))
    value, gradient = looked_up.value_and_grad(np.ones(1), X, right)
    assert (value, gradient.tolist()) == (before[0], before[1].tolist())


@pytest.mark.parametrize(
    "backend", [numpy_backend, float_backend, *[native] * native.is_available()]
)
def test_an_index_that_rounding_moved_is_an_error_and_hides_no_wrong_one(backend: Any) -> None:
    table = [ag.Value(10.0 + entry) for entry in range(8)]
    compiled = ag.compile(lambda x: ag.lookup(table, x / 49), backend=backend)
    with pytest.raises(ag.NonFiniteError, match=r"compute no index that rounding can move"):
        compiled.map([49.0, 98.0])
    with pytest.raises(ag.DomainError, match=r"0\.5"):
        compiled.map([49.0, 98.0, 24.5, 0.0])

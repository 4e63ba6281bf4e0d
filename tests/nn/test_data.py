"""Mini-batches: every sample once, in a random order, each with its own target."""

import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import nn

counts = st.integers(1, 30)
batch_sizes = st.integers(1, 40)
seeds = st.integers(0, 2**32 - 1)


@given(counts, batch_sizes, seeds)
def test_an_epoch_is_a_permutation_of_the_samples(n: int, batch_size: int, seed: int) -> None:
    X, y = list(range(n)), [10 * x for x in range(n)]
    batches = list(nn.minibatches(X, y, batch_size, seed))
    assert sorted(x for inputs, _ in batches for x in inputs) == X


@given(counts, batch_sizes, seeds)
def test_inputs_stay_with_their_targets(n: int, batch_size: int, seed: int) -> None:
    X, y = [[float(x)] for x in range(n)], np.arange(n) ** 2
    for inputs, targets in nn.minibatches(X, y, batch_size, seed):
        assert [x * x for (x,) in inputs] == targets.tolist()


@given(counts, batch_sizes, seeds)
def test_only_the_last_batch_is_smaller(n: int, batch_size: int, seed: int) -> None:
    sizes = [len(inputs) for inputs, _ in nn.minibatches(range(n), range(n), batch_size, seed)]
    full, rest = divmod(n, batch_size)
    assert sizes == [batch_size] * full + [rest] * (rest > 0)


@given(counts, batch_sizes, seeds)
def test_a_seed_repeats_the_batches(n: int, batch_size: int, seed: int) -> None:
    first, second = (list(nn.minibatches(range(n), range(n), batch_size, seed)) for _ in "12")
    assert first == second


def test_epochs_drawn_from_one_generator_differ() -> None:
    rng = np.random.default_rng(0)
    first, second = (list(nn.minibatches(range(20), range(20), 20, rng)) for _ in "12")
    assert first != second


def test_every_order_is_equally_likely() -> None:
    rng = np.random.default_rng(0)
    drawn = Counter(
        tuple(inputs) for _ in range(6000) for inputs, _ in nn.minibatches("abc", "abc", 3, rng)
    )
    chi_squared = sum((drawn[order] - 1000) ** 2 / 1000 for order in itertools.permutations("abc"))
    assert chi_squared < 20.5  # exceeded by one seed in a thousand


@pytest.mark.parametrize(
    ("X", "y", "kinds"),
    [
        ([[1.0], [2.0]], [1, 2], (list, list)),
        (((1.0,), (2.0,)), range(2), (list, list)),
        (np.ones((2, 3)), [1, 2], (np.ndarray, list)),
        ([1, 2], np.ones(2), (list, np.ndarray)),
    ],
)
def test_lists_stay_lists_and_arrays_stay_arrays(X: Any, y: Any, kinds: tuple[type, type]) -> None:
    ((inputs, targets),) = nn.minibatches(X, y, 2)
    assert (type(inputs), type(targets)) == kinds


def test_arrays_keep_their_shape_and_type() -> None:
    X = np.arange(24, dtype=np.int8).reshape(4, 3, 2)
    inputs, targets = next(nn.minibatches(X, X, 3, rng=0))
    assert inputs.shape == targets.shape == (3, 3, 2)
    assert inputs.dtype == np.int8


def test_the_data_is_left_as_it_was() -> None:
    X, y = [3, 1, 2], np.array([30, 10, 20])
    list(nn.minibatches(X, y, 2, rng=0))
    assert X == [3, 1, 2]
    assert y.tolist() == [30, 10, 20]


# --- errors are raised by the call, before anyone iterates ---------------------------------------


@pytest.mark.parametrize("batch_size", [0, -1, 1.5, 2.0, math.nan, "2", None], ids=repr)
def test_the_batch_size_is_a_positive_whole_number(batch_size: Any) -> None:
    with pytest.raises(ag.ArgumentError, match=r"batch_size=.* whole number, at least 1"):
        nn.minibatches([1, 2], [1, 2], batch_size)


@pytest.mark.parametrize("empty", [[], (), np.ones((0, 3))], ids=repr)
def test_there_is_data(empty: Any) -> None:
    with pytest.raises(ag.ShapeError, match="there is no data"):
        nn.minibatches(empty, empty, 2)


@pytest.mark.parametrize(("n_inputs", "n_targets"), [(2, 3), (3, 2), (0, 1), (1, 0)])
def test_there_are_as_many_inputs_as_targets(n_inputs: int, n_targets: int) -> None:
    with pytest.raises(
        ag.ShapeError, match=f"X has {n_inputs} input.* but y has {n_targets} target"
    ):
        nn.minibatches(np.ones((n_inputs, 2)), [1] * n_targets, 2)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_a_number_in_an_array_that_is_not_finite_is_named(number: float, kind: str) -> None:
    bad = np.ones((3, 2), kind)
    bad[2, 1] = number
    with pytest.raises(ag.ArgumentError, match=rf"X\[2, 1\] is {number}"):
        nn.minibatches(bad, [1, 2, 3], 2)
    with pytest.raises(ag.ArgumentError, match=rf"y\[2, 1\] is {number}"):
        nn.minibatches([1, 2, 3], bad, 2)


def test_a_mask_of_infinities_is_told_what_works() -> None:
    with pytest.raises(ag.ArgumentError, match=r"X\[0, 1\] is -inf: a mask can hold -1e9 instead"):
        nn.minibatches([[0.0, -math.inf]], [1.0], 1)
    with pytest.raises(ag.NonFiniteError, match=r"holds -inf at \(0, 1\): a mask can hold -1e9"):
        ag.compile(ag.logsumexp)(np.array([[0.0, -math.inf]]))
    assert ag.compile(ag.logsumexp)(np.array([[0.5, -1e9]])).data == 0.5


@pytest.mark.parametrize(
    ("X", "place"),
    [
        ([[0.0, math.nan], [1.0, 2.0]], "0, 1"),
        ([[0.0, 1.0], [1.0, math.nan]], "1, 1"),
        ([[0.0], [1.0, 2.0, math.nan]], "1, 2"),
        ([[[0.0, 1.0], [2.0]], [[1.0], [math.nan]]], "1, 1, 0"),
        ([0.0, math.nan], "1"),
        ([0.0, np.array([1.0, 2.0, math.nan])], "1, 2"),
    ],
)
def test_a_number_in_lists_that_is_not_finite_is_named(X: Any, place: str) -> None:
    with pytest.raises(ag.ArgumentError, match=rf"X\[{place}\] is nan: leave it out"):
        nn.minibatches(X, [1.0, 2.0], 2)
    with pytest.raises(ag.ArgumentError, match=rf"y\[{place}\] is nan: leave it out"):
        nn.minibatches([1.0, 2.0], X, 2)


def test_a_masked_number_is_no_number_to_train_on() -> None:
    """Under the mask stands anything, and every conversion of the array would show it."""
    masked = np.ma.masked_greater([[0.0, 1.0], [1.0, 1e20]], 1e10)
    with pytest.raises(ag.ArgumentError, match="X has masked numbers"):
        nn.minibatches(masked, [1.0, 2.0], 2)
    with pytest.raises(ag.ArgumentError, match="y has masked numbers"):
        nn.minibatches([1.0, 2.0], masked, 2)
    assert len(list(nn.minibatches(masked[:1], [1.0], 2))) == 1


def test_training_and_landscapes_name_the_number_that_is_not_finite() -> None:
    model = nn.MLP(2, [1], rng=0)
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    bad, y = [[0.0, math.nan], [0.0, 1.0]], [1.0, -1.0]
    for compiled in [True, False]:
        with pytest.raises(ag.ArgumentError, match=r"X\[0, 1\] is nan"):
            nn.fit(model, bad, y, nn.mse_loss, optimizer, epochs=1, compiled=compiled)
    with pytest.raises(ag.ArgumentError, match=r"X\[0, 1\] is nan"):
        nn.loss_landscape(model, bad, y, nn.mse_loss)

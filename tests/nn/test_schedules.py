"""Schedules: where a learning rate starts, ends, and how it goes there."""

import inspect
import itertools
import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import nn

rates = st.floats(1e-3, 10)
step_counts = st.integers(1, 1000)
Decay = Callable[[float, float, int], Callable[[int], float]]

both_decays = pytest.mark.parametrize("decay", [nn.linear_decay, nn.cosine_decay])


@both_decays
@given(start=rates, end=rates, steps=step_counts)
def test_a_decay_goes_from_start_to_end_and_stays_there(
    decay: Decay, start: float, end: float, steps: int
) -> None:
    rate = decay(start, end, steps)
    assert rate(0) == pytest.approx(start, rel=1e-12)
    assert [rate(steps), rate(steps + 1), rate(10 * steps)] == pytest.approx([end] * 3, rel=1e-12)


@both_decays
@given(start=rates, end=rates, steps=step_counts)
def test_a_decay_never_turns(decay: Decay, start: float, end: float, steps: int) -> None:
    rate = decay(start, end, steps)
    direction = math.copysign(1, end - start)
    changes = [
        (after - before) * direction
        for before, after in itertools.pairwise(map(rate, range(steps + 3)))
    ]
    assert min(changes) >= -1e-14


@both_decays
@given(start=rates, end=rates, steps=step_counts, data=st.data())
def test_a_decay_is_symmetric_about_its_middle(
    decay: Decay, start: float, end: float, steps: int, data: st.DataObject
) -> None:
    step = data.draw(st.integers(0, steps))
    rate = decay(start, end, steps)
    assert rate(step) + rate(steps - step) == pytest.approx(start + end, rel=1e-12)


@given(start=rates, end=rates, steps=step_counts)
def test_linear_decay_takes_equal_steps(start: float, end: float, steps: int) -> None:
    rate = nn.linear_decay(start, end, steps)
    changes = [rate(step + 1) - rate(step) for step in range(steps)]
    assert changes == pytest.approx([(end - start) / steps] * steps, abs=1e-13)


@given(start=rates, end=rates)
def test_cosine_decay_follows_the_cosine(start: float, end: float) -> None:
    rate = nn.cosine_decay(start, end, steps=6)
    parts = [1, (1 + math.sqrt(3) / 2) / 2, 3 / 4, 1 / 2, 1 / 4, (1 - math.sqrt(3) / 2) / 2, 0]
    expected = [part * start + (1 - part) * end for part in parts]
    assert [rate(step) for step in range(7)] == pytest.approx(expected, rel=1e-12)


@given(start=rates, factor=st.floats(0.1, 2), every=st.integers(1, 100), period=st.integers(0, 5))
def test_step_decay_multiplies_once_a_period(
    start: float, factor: float, every: int, period: int
) -> None:
    rate = nn.step_decay(start, factor, every)
    rates_of_period = {rate(step) for step in range(period * every, (period + 1) * every)}
    assert len(rates_of_period) == 1
    expected = start * math.prod([factor] * period)
    assert rates_of_period.pop() == pytest.approx(expected, rel=1e-12)


@given(rate=rates, steps=step_counts)
def test_warmup_rises_in_equal_steps_from_above_zero(rate: float, steps: int) -> None:
    warmed = nn.warmup(rate, steps)
    expected = [rate * (step + 1) / steps for step in range(steps)]
    assert [warmed(step) for step in range(steps)] == pytest.approx(expected, rel=1e-12)


@given(start=rates, end=rates, steps=step_counts, warm=step_counts, step=st.integers(0, 2000))
def test_warmup_scales_the_schedule_it_is_given_until_it_is_warm(
    start: float, end: float, steps: int, warm: int, step: int
) -> None:
    decay = nn.linear_decay(start, end, steps)
    expected = decay(step) * (step + 1) / warm if step < warm else decay(step)
    assert nn.warmup(decay, warm)(step) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("steps", [0, -1, math.nan])
@pytest.mark.parametrize(
    "make",
    [
        lambda steps: nn.linear_decay(1.0, 0.1, steps),
        lambda steps: nn.cosine_decay(1.0, 0.1, steps),
        lambda steps: nn.step_decay(1.0, 0.1, steps),
        lambda steps: nn.warmup(1.0, steps),
    ],
    ids=["linear_decay", "cosine_decay", "step_decay", "warmup"],
)
def test_a_schedule_takes_at_least_one_step(
    make: Callable[[float], Callable[[int], float]], steps: float
) -> None:
    with pytest.raises(ag.ArgumentError, match="at least 1 step, not"):
        make(steps)


SCHEDULES: list[Callable[..., object]] = [
    nn.linear_decay,
    nn.cosine_decay,
    nn.step_decay,
    nn.warmup,
]


@pytest.mark.parametrize("wrong", ["1", None, [0.1]], ids=repr)
@pytest.mark.parametrize(
    ("make", "name"),
    [(make, name) for make in SCHEDULES for name in inspect.signature(make).parameters],
)
def test_a_schedule_takes_numbers(make: Callable[..., object], name: str, wrong: Any) -> None:
    arguments = dict.fromkeys(inspect.signature(make).parameters, 1.0) | {name: wrong}
    with pytest.raises(ag.NotANumberError, match=rf"^{name}={re.escape(repr(wrong))}: give a num"):
        make(**arguments)

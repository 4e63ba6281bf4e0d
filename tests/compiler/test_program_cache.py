"""What is kept of a compiled function: made once, up to a bound, and whole after any interrupt."""

from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value
from autograd.compiler import numpy_backend, program_cache
from autograd.compiler.program_cache import KEPT_PROGRAMS
from ctrl_c import interrupted_at_every

WEIGHTS = [Value(2.0**exponent) for exponent in range(6)]


def test_a_function_is_recorded_once_per_shape() -> None:
    calls = []

    def function(x: Any) -> Any:
        calls.append(len(x))
        return ag.sum(x)

    program = ag.compile(function)
    program(np.ones((4, 2)))
    recorded = len(calls)
    assert recorded == 2  # the first sample and, to compare, the last
    for size in (4, 1, 7, 4):
        program.map(np.ones((size, 2)))
    assert len(calls) == recorded
    program(np.ones((4, 3)))
    assert calls[recorded:] == [3, 3]


@pytest.mark.parametrize("others", [[3.0], [1.0, 3.0], [1.0, 1.0]])
def test_a_lone_sample_is_recorded_again_with_the_first_others(others: list[float]) -> None:
    calls = []

    def function(x: Any) -> Any:
        calls.append(1)
        return 2 * x

    program = ag.compile(function)
    recorded = []
    for samples in ([1.0], [1.0], others, [1.0], [4.0], [5.0, 6.0]):
        np.testing.assert_array_equal(program.map(np.array(samples)), 2 * np.array(samples))
        recorded.append(len(calls))
    assert recorded == [2, 2, 4, 4, 4, 4]


def test_a_lone_sample_is_remembered_as_it_was() -> None:
    """Whoever fills one array again and again gets its samples compared all the same."""
    calls = []

    def function(x: Any) -> Any:
        calls.append(1)
        return WEIGHTS[0] * ag.log(x)

    program, batch = ag.compile(function), np.array([1.0])
    for number, n_calls in ((1.0, 2), (3.0, 4)):
        batch[0] = number
        program(batch)
        assert len(calls) == n_calls


def test_a_lone_sample_that_fails_is_remembered_as_it_was() -> None:
    calls = []

    def function(x: Any) -> Any:
        calls.append(1)
        return WEIGHTS[0] * ag.log(x)

    program, batch = ag.compile(function), np.array([1.0])
    program(np.array([1.0]))
    batch[0] = -1.0
    with pytest.raises(ag.DomainError):
        program(batch)
    recorded = len(calls)
    batch[0] = 3.0
    program(batch)
    assert len(calls) > recorded


def test_after_a_lone_sample_the_first_that_fails_is_named() -> None:
    program = ag.compile(lambda x: ag.exp(WEIGHTS[0] * x))
    program([1.0])
    with pytest.raises(ag.NonFiniteError, match="sample 1"):
        program([1.0, 2000.0, 3000.0])


def test_a_lone_sample_outside_the_domain_is_recorded_once() -> None:
    calls = []

    def function(x: Any) -> Any:
        calls.append(1)
        return ag.log(x) * WEIGHTS[0]

    program = ag.compile(function)
    program(np.array([1.0]))
    for _ in range(5):
        with pytest.raises(ag.DomainError):
            program(np.array([-1.0]))
    assert len(calls) == 4
    program(np.array([2.0]))  # compared with the first one at last
    assert len(calls) == 6


def test_the_number_of_kept_programs_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def counted(program: Any, batch_size: int, dtype: Any) -> Any:
        sizes.append(batch_size)
        return bind(program, batch_size, dtype)

    bind = numpy_backend.bind
    monkeypatch.setattr(numpy_backend, "bind", counted)
    program = ag.compile(lambda x: WEIGHTS[0] * x, backend=numpy_backend)
    for size in range(1, KEPT_PROGRAMS + 2):  # one too many: the first goes
        program.map(np.ones(size))
    assert sizes == list(range(1, KEPT_PROGRAMS + 2))
    program.map(np.ones(2))
    assert sizes[-1] == KEPT_PROGRAMS + 1  # kept, and now the latest in use
    program.map(np.ones(1))
    assert sizes[-1] == 1  # made again, in the place of the least recently used, 3
    program.map(np.ones(2))
    assert sizes[-1] == 1
    program.map(np.ones(3))
    assert sizes[-1] == 3


def test_the_shape_of_samples_that_was_used_longest_ago_goes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorded: list[int] = []

    def function(x: Any) -> Any:
        recorded.append(len(x))
        return weighted_sum(x)

    monkeypatch.setattr(program_cache, "KEPT_PROGRAMS", 3)
    program = ag.compile(function)
    for n_inputs in (1, 2, 3, 1, 4, 1, 3, 5, 1, 3):
        program.map(np.ones((2, n_inputs)))
    assert recorded[::2] == [1, 2, 3, 4, 5]  # 4 takes the place of 2, and 5 that of 4
    program.map(np.ones((2, 4)))
    assert recorded[-1] == 4


SHAPES = [(1, 1), (2, 2), (2, 1), (3, 2), (2, 3), (2, 4), (3, 1)]


def weighted_sum(x: Any) -> Any:
    """Longer samples reach more parameters."""
    return ag.dot(WEIGHTS[: len(x)], x)


def assert_fit(program: ag.Compiled) -> None:
    """Assert that what is kept belongs together, and that every shape runs."""
    kept = program._cache
    assert len(kept.compilations) <= program_cache.KEPT_PROGRAMS
    assert len(kept.bound) <= program_cache.KEPT_PROGRAMS
    assert {bound.compilation for bound in kept.bound.values()} <= set(kept.compilations.values())
    for compilation in kept.compilations.values():
        reached = compilation.trace.parameters
        assert reached == kept.parameters[: len(reached)]
    for n_samples, n_inputs in SHAPES:
        outputs = program.map(np.ones((n_samples, n_inputs)))
        assert outputs.tolist() == [2.0**n_inputs - 1] * n_samples


def test_what_is_kept_is_bounded_and_belongs_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_cache, "KEPT_PROGRAMS", 3)
    program = ag.compile(weighted_sum)
    for _ in range(3):
        assert_fit(program)
    assert program.parameters == WEIGHTS[:4]


def test_what_other_shapes_need_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_cache, "KEPT_PROGRAMS", 2)
    program = ag.compile(ag.sum)
    for n_inputs in (1, 2):
        program.map(np.ones((2, n_inputs)))
    kept = program._cache.bound[((2, 2),)]
    program.map(np.ones((2, 3)))
    assert program._cache.bound.get(((2, 2),)) is kept


def test_what_was_not_called_for_the_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_cache, "KEPT_PROGRAMS", 2)
    program = ag.compile(ag.sum)
    for shape in [(2, 1), (2, 2), (2, 1), (3, 1), (2, 3)]:
        program.map(np.ones(shape))
    assert list(program._cache.compilations) == [((1,),), ((3,),)]


@pytest.mark.parametrize("numbers", [[1.0, 2.0], [1, 2]])
def test_good_numbers_are_checked_at_a_glance(
    numbers: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = ag.compile(lambda x: 2 * x)
    program.map(numbers)
    monkeypatch.delattr(program_cache, "require_samples")
    assert program.map(numbers).tolist() == [2.0, 4.0]


def test_an_interrupt_at_any_line_leaves_programs_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_cache, "KEPT_PROGRAMS", 2)

    def make() -> ag.Compiled:
        return ag.compile(weighted_sum)

    def call(program: ag.Compiled) -> None:
        for shape in SHAPES:
            program.map(np.ones(shape))

    lines = 0
    for program in interrupted_at_every(1, make, call, (program_cache.__name__,)):
        assert_fit(program)
        lines += 1
    assert lines > 20 * len(SHAPES)


def test_a_backend_that_fails_leaves_the_latest_call_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def out_of_memory(*arguments: Any) -> Any:
        raise MemoryError

    program = ag.compile(weighted_sum)
    program.map(np.ones((2, 1)))
    source, report = program.source, program.report()
    with monkeypatch.context() as patch:
        patch.setattr(program_cache, "bind_in_chunks", out_of_memory)
        with pytest.raises(MemoryError):
            program.map(np.ones((2, 3)))
    assert (program.source, program.report()) == (source, report)
    assert_fit(program)

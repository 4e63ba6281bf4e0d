import asyncio
import contextlib
import gc
import inspect
import math
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import operations
from autograd.functions import weighted_sum
from autograd.graph import NO_GRADIENT, Row, origins, topological_order
from autograd.modes import modes, open_contexts
from autograd.operation import CONSTANT, DETACH, SEED
from autograd.recording import differentiating
from ctrl_c import interrupted_at_every

NOT_IN_THE_TABLE = (CONSTANT, DETACH, SEED)


def is_recording() -> bool:
    return len((ag.Value(3.0) * 2).parents) == 2


def in_a_thread(task: Callable[[], object]) -> object:
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(task()))
    thread.start()
    thread.join()
    return results[0]


# --- no_grad and enable_grad ---------------------------------------------------------------------


def test_no_grad_computes_the_same_number_without_a_graph() -> None:
    x = ag.Value(3.0)
    with ag.no_grad():
        y = ag.dot([x, 2.0], [x, ag.exp(x)]) + ag.max(x, 5.0)
    assert y.parents == ()
    assert y.data == ag.dot([3.0, 2.0], [3.0, ag.exp(3.0)]) + 5.0


NANS: dict[str, tuple[Callable[[ag.Value], ag.Value], str]] = {
    "+": (lambda x: x + -x, "inf + (-inf)"),
    "-": (lambda x: x - x, "inf - inf"),
    "*": (lambda x: x * 0, "inf * 0.0"),
    "/": (lambda x: x / x, "inf / inf"),
    "dot": (lambda x: ag.dot([x], [ag.Value(0.0)]), "dot(inf, 0.0)"),
}


@pytest.mark.parametrize(("formula", "shown"), NANS.values(), ids=NANS.keys())
def test_a_nan_is_an_error_without_a_graph_and_when_it_is_read(
    formula: Callable[[ag.Value], ag.Value], shown: str
) -> None:
    """While a graph is recorded, backward() finds it."""
    infinite = ag.Value(math.inf)
    with ag.no_grad():
        assert (infinite * 2).data == float(infinite) == math.inf
        with pytest.raises(ag.NonFiniteError) as caught:
            formula(infinite)
    assert str(caught.value) == f"{shown} is nan: keep its inputs finite"
    later = ag.tanh(2 * formula(infinite))
    for read in (float, int):
        with pytest.raises(ag.NonFiniteError) as caught:
            read(later)
        assert "this Value is nan: " in str(caught.value)
        assert shown in str(caught.value)
    for combine in (ag.sum, ag.mean, ag.max, lambda values: ag.dot(values, [1.0, 2.0])):
        with pytest.raises(ag.NonFiniteError, match=f"from {re.escape(shown)}"):
            float(combine([later, ag.Value(1.0)]))


def test_a_nan_that_was_assigned_is_an_error_when_it_is_read() -> None:
    x = ag.Value(1.0, "x")
    x.data = math.nan
    with pytest.raises(ag.NonFiniteError, match=r"nan.*labelled 'x'"):
        float(x)


def test_result_of_no_grad_is_a_constant_of_later_formulas() -> None:
    x = ag.Value(3.0)
    with ag.no_grad():
        factor = x * x
    (factor * x).backward()
    assert x.grad == 9


def test_every_constant_is_without_gradient_before_a_pass() -> None:
    x = ag.Value(3.0)
    with ag.no_grad():
        constants: list[Any] = [x * x, (x * x) * 2]
    constants.append((2 * x).parents[0])
    assert [constant.grad for constant in constants] == [None, None, None]
    for constant in constants:
        constant.zero_grad()
        assert constant.grad is None


def test_variables_made_under_no_grad_are_variables() -> None:
    with ag.no_grad():
        x = ag.Value(3.0)
    (x * x).backward()
    assert (x.operation, x.grad) == (None, 6)


def test_recording_returns_after_an_exception() -> None:
    with pytest.raises(ag.DomainError), ag.no_grad():
        ag.log(ag.Value(0.0))
    assert is_recording()


def test_innermost_block_decides() -> None:
    with ag.no_grad():
        with ag.enable_grad():
            with ag.no_grad():
                assert not is_recording()
            assert is_recording()
        assert not is_recording()
    assert is_recording()


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=12))
def test_the_latest_block_that_is_open_decides_in_whatever_order_they_end(
    events: list[tuple[bool, int]],
) -> None:
    with contextlib.ExitStack() as at_the_end:
        open_blocks: list[tuple[bool, contextlib.ExitStack]] = []
        for records, place in events:
            if place < len(open_blocks):
                open_blocks.pop(place)[1].close()
            else:
                block = at_the_end.enter_context(contextlib.ExitStack())
                block.enter_context(ag.enable_grad() if records else ag.no_grad())
                open_blocks.append((records, block))
            assert is_recording() is (open_blocks[-1][0] if open_blocks else True)
    assert is_recording()
    assert not open_contexts


def test_coroutines_may_overlap() -> None:
    async def predict(steps: int) -> bool:
        with ag.no_grad():
            for _ in range(steps):
                await asyncio.sleep(0)
            return is_recording()

    async def predict_twice() -> tuple[bool, bool]:
        return await asyncio.gather(predict(1), predict(2))

    assert tuple(asyncio.run(predict_twice())) == (False, False)
    assert is_recording()


def test_a_block_can_be_used_again_and_within_itself() -> None:
    block = ag.no_grad()
    for _ in range(2):
        with block:
            with block:
                assert not is_recording()
            assert not is_recording()
        assert is_recording()


@pytest.mark.parametrize("no_grad", [ag.no_grad, ag.no_grad()])
def test_no_grad_decorates_functions(no_grad: Callable[..., Any]) -> None:
    @no_grad
    def predict(depth: int) -> bool:
        """Call itself, for decorators enter their block anew at each call."""
        return is_recording() or (depth > 0 and predict(depth - 1))

    assert not predict(depth=3)
    assert not in_a_thread(lambda: predict(depth=3))
    assert is_recording()
    assert predict.__name__ == "predict"


@pytest.mark.parametrize("enable_grad", [ag.enable_grad, ag.enable_grad()])
def test_enable_grad_decorates_functions(enable_grad: Callable[..., Any]) -> None:
    with ag.no_grad():
        assert enable_grad(is_recording)()
        assert not is_recording()


def test_recording_returns_after_an_exception_in_a_decorated_function() -> None:
    with pytest.raises(ag.DomainError):
        ag.no_grad(ag.log)(ag.Value(0.0))
    assert is_recording()


def generate() -> Iterator[bool]:
    yield is_recording()


async def wait() -> bool:
    return is_recording()


async def generate_slowly() -> AsyncIterator[bool]:
    yield is_recording()


@pytest.mark.parametrize("name", ["no_grad", "enable_grad"])
@pytest.mark.parametrize("function", [generate, wait, generate_slowly, ag.Value(3.0)])
def test_what_does_not_compute_when_it_is_called_is_not_decorated(name: str, function: Any) -> None:
    context = getattr(ag, name)
    for decorate in (context, context()):
        with pytest.raises(ag.ArgumentError, match=rf"^{name} .* write `with ag\.{name}\(\):`"):
            decorate(function)


def test_no_grad_holds_for_its_thread_alone() -> None:
    with ag.no_grad():
        assert in_a_thread(is_recording)
        assert not is_recording()


def test_no_grad_of_another_thread_changes_nothing_here() -> None:
    entered, leave = threading.Event(), threading.Event()

    def stay_in_no_grad() -> None:
        with ag.no_grad():
            entered.set()
            leave.wait()

    thread = threading.Thread(target=stay_in_no_grad)
    thread.start()
    entered.wait()
    recording_meanwhile = is_recording()
    leave.set()
    thread.join()
    assert recording_meanwhile


# --- detect_anomaly ------------------------------------------------------------------------------


def overflow(x: ag.Value) -> ag.Value:
    return x * 1e300


def overflow_of_a_function(x: ag.Value) -> ag.Value:
    return ag.sum([x * 1e8] * 9)


def flat_root(x: ag.Value) -> ag.Value:
    return ag.sqrt(x - x)


def steep(x: ag.Value) -> ag.Value:
    return (x - x) * 1e200


def line_in(function: Callable[..., object]) -> str:
    """Return the first line of the body of a function, as messages write it."""
    return f"{__file__}:{inspect.getsourcelines(function)[1] + 1}"


@pytest.mark.parametrize(
    ("formula", "description"),
    [
        (overflow, "1e+300 * 1e+300"),
        (overflow_of_a_function, "sum(1e+308, 1e+308, 1e+308, ..., 1e+308, 1e+308)"),
    ],
)
def test_anomaly_in_a_formula_is_found_at_its_line(
    formula: Callable[[ag.Value], ag.Value], description: str
) -> None:
    with pytest.raises(ag.NonFiniteError) as caught, ag.detect_anomaly():
        formula(ag.Value(1e300))
    assert str(caught.value) == f"{description} (made at {line_in(formula)}) is inf"


@pytest.mark.parametrize(
    ("formula", "description"), [(flat_root, "sqrt(0.0)"), (steep, "0.0 * 1e+200")]
)
def test_anomaly_in_the_backward_pass_is_found_at_its_line(
    formula: Callable[[ag.Value], ag.Value], description: str
) -> None:
    with ag.detect_anomaly():
        result = formula(ag.Value(2.0))
        result.label = "my result"
        loss = result * 1e200
        with pytest.raises(ArithmeticError) as caught:
            loss.backward()
    assert f"{description} (labelled 'my result', made at {line_in(formula)}) " in str(caught.value)


def test_gradient_that_vanishes_again_before_the_leaves_is_an_anomaly() -> None:
    absorb = replace(operations.neg, name="absorb", derivative=lambda g, out, x: (0.0,))
    x = ag.Value(0.0)
    with ag.detect_anomaly():
        loss = absorb(x) * 1e200 * 1e200
        with pytest.raises(ag.NonFiniteError):
            loss.backward()
    loss.backward()
    assert x.grad == 0


def in_many_ways(x: ag.Value, y: ag.Value) -> ag.Value:
    """Combine two numbers through every operation, each in the ways that it can be written."""
    z = (
        (x + y) * (x - 2) / (y + 3)
        + 2 ** abs(-x)
        + y**x
        + weighted_sum([x, y], [y, x], [x], (Row([x, y]), Row([y, x]), Row([x])))
    )
    z = z + ag.dot([x, 0.1], [y, 0.7]) + ag.sum([x, y, z]) + ag.max(x, y) * ag.min(x, y, z)
    z = z + ag.lookup([x, y], 1) + ag.logsumexp([x, y]) + ag.mean(ag.softmax([x, y]))
    z = z + ag.detach(x) + ag.heaviside(x)
    functions = (ag.exp, ag.expm1, ag.log, ag.log1p, ag.sqrt, ag.sin, ag.cos, ag.tanh, ag.arctan)
    more = (
        ag.sigmoid,
        ag.relu,
        ag.softplus,
        ag.abs,
        ag.heaviside,
        ag.erf,
        ag.erfc,
        ag.gelu,
        ag.silu,
        ag.elu,
    )
    total: ag.Value = z + ag.sum(function(x) for function in functions + more)
    return total


@given(st.floats(0.1, 3), st.floats(0.1, 3))
def test_what_was_not_changed_is_no_anomaly(a: float, b: float) -> None:
    x, y = ag.Value(a), ag.Value(b)
    in_many_ways(x, y).backward()
    with ag.detect_anomaly():
        watched = in_many_ways(x, y)
        watched.backward()
    met = {node.operation for node in topological_order(watched)} - {None, *NOT_IN_THE_TABLE}
    assert met == set(operations.OPERATIONS.values())
    gradient = x.grad
    in_many_ways(x, y).backward()
    assert x.grad == pytest.approx(1.5 * gradient)


@pytest.mark.parametrize("number", [5.0, math.inf, math.nan, -1.0, "5"])
def test_numbers_changed_after_the_recording_are_an_anomaly(number: Any) -> None:
    with ag.detect_anomaly():
        x = ag.Value(2.0, "x")
        root = ag.sqrt(x)
        root.label = "root"
        y = root * root
        x.data = number
        with pytest.raises(ag.GraphError) as caught:
            y.backward()
        message = str(caught.value)
        assert message.startswith("x was changed after the graph was recorded: sqrt(")
        assert "(labelled 'root', made at " in message
        assert "1.414" in message
        assert x.grad == 0.0
        assert y.grad is NO_GRADIENT
        root.data = 3.0
        x.data = 9.0
        with pytest.raises(ag.GraphError, match=r"^a number was changed .*made at .* was 2\.0"):
            y.backward()


def test_a_nan_that_was_one_before_has_not_been_changed() -> None:
    infinity, x = ag.Value(math.inf), ag.Value(2.0)
    nan = infinity - infinity
    with ag.detect_anomaly():
        ag.lookup([nan, x], 1).backward()
    assert x.grad == 1


def test_nan_of_infinite_numbers_is_an_anomaly() -> None:
    x = ag.Value(float("inf"))
    with ag.detect_anomaly():
        assert (x + 1).data == x.data
        with pytest.raises(ag.NonFiniteError, match="is nan"):
            x - x


def test_anomalies_are_found_without_a_graph() -> None:
    with ag.detect_anomaly(), ag.no_grad(), pytest.raises(ag.NonFiniteError):
        overflow(ag.Value(1e300))


def test_healthy_formula_is_no_anomaly() -> None:
    x = ag.Value(1000.0)
    with ag.detect_anomaly():
        ag.logsumexp([x, -x, -1000 * x]).backward()
    assert x.grad == 1


def test_outer_block_remembers_its_lines_after_an_inner_one() -> None:
    with ag.detect_anomaly():
        loss = steep(ag.Value(2.0)) * 1e200
        with ag.detect_anomaly():
            pass
        with pytest.raises(ag.NonFiniteError, match="made at"):
            loss.backward()


def test_detection_ends_with_its_block_even_by_an_exception() -> None:
    with pytest.raises(ag.NonFiniteError), ag.detect_anomaly():
        overflow(ag.Value(1e300))
    assert overflow(ag.Value(1e300)).data == float("inf")


def test_detection_holds_for_its_thread_alone() -> None:
    with ag.detect_anomaly():
        assert in_a_thread(lambda: overflow(ag.Value(1e300)).data) == float("inf")


def test_nodes_are_not_kept_after_the_block() -> None:
    with ag.detect_anomaly():
        overflow(ag.Value(1.0))
    assert not origins


def test_lines_outlast_the_block_of_another_thread() -> None:
    def enter_and_leave() -> None:
        with ag.detect_anomaly():
            overflow(ag.Value(1.0))

    with ag.detect_anomaly():
        loss = steep(ag.Value(2.0)) * 1e200
        in_a_thread(enter_and_leave)
        assert len(origins) == 5  # of the lines and constants of this thread alone
        with pytest.raises(ag.NonFiniteError, match="made at"):
            loss.backward()
    assert not origins


def test_gradients_are_not_searched_for_anomalies_of_another_thread() -> None:
    absorb = replace(operations.neg, name="absorb", derivative=lambda g, out, x: (0.0,))
    loss = absorb(ag.Value(0.0)) * 1e200 * 1e200
    with ag.detect_anomaly():
        overflow(ag.Value(1.0))
        assert in_a_thread(lambda: loss.backward()) is None


# --- collector_paused ----------------------------------------------------------------------------


@pytest.fixture(params=[True, False], ids=["collector on", "collector off"])
def enabled(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether the collector runs at the start of the test."""
    was_enabled = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if was_enabled else gc.disable)()


def test_collector_is_paused_in_the_block_only(enabled: bool) -> None:
    with ag.collector_paused():
        assert not gc.isenabled()
        with ag.collector_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled() == enabled


def test_collector_is_as_before_after_an_exception(enabled: bool) -> None:
    with pytest.raises(ag.DomainError), ag.collector_paused():
        ag.log(ag.Value(0.0))
    assert gc.isenabled() == enabled


# --- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "context", [ag.no_grad, ag.enable_grad, ag.detect_anomaly, ag.collector_paused]
)
def test_context_lets_exceptions_pass(context: Callable[[], AbstractContextManager[None]]) -> None:
    with pytest.raises(KeyboardInterrupt), context():
        raise KeyboardInterrupt


@pytest.mark.parametrize("context", [ag.no_grad, ag.enable_grad, differentiating])
def test_ctrl_c_at_any_line_leaves_no_mode_behind(
    context: Callable[[], AbstractContextManager[Any]],
) -> None:
    def now(_: object = None) -> tuple[bool, ...]:
        return modes.recording, modes.detecting_anomalies, modes.differentiating

    def use(_: object) -> None:
        with context():
            ag.Value(1.0) * 2.0

    for before in interrupted_at_every(1, now, use):
        open_contexts.clear()  # what is left there only costs time
        assert now() == before
        assert not any(modes.open_blocks.values())

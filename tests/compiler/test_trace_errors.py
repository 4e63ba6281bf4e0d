"""What cannot be compiled, or not be computed, is refused with a reason and a remedy."""

import contextlib
import copy
import inspect
import pickle
import re
import statistics
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Value
from autograd.compiler import chunks, float_backend, numpy_backend
from autograd.compiler.passes import guard
from autograd.errors import (
    ArgumentError,
    DomainError,
    GraphError,
    NonFiniteError,
    NotANumberError,
    ShapeError,
    TraceError,
)

w, v = Value(0.5), Value(2.0)
X = np.array([[1.0, 2.0], [-3.0, 4.0], [5.0, -6.0]])
REPLACEMENT = r"ag\.max, ag\.min, ag\.relu, ag\.abs and ag\.lookup"


# --- what depends on the numbers -----------------------------------------------------------------


def printed(value: Value) -> float:
    """A way around the guard."""
    return float(f"{value:g}")


def branches(x: list[Value]) -> Any:
    if x[0]:  # here
        return w * x[0]
    return x[1]


def negates(x: list[Value]) -> Any:
    return w * (not x[0])  # here


def compares(x: list[Value]) -> Any:
    return w if x[0] > 0 else x[0]  # here


def compares_with_a_value(x: list[Value]) -> Any:
    return w if x[0] <= x[1] else v  # here


def compares_a_parameter(x: list[Value]) -> Any:
    return x[0] if w >= 0.25 else x[1]  # here


def compares_a_result(x: list[Value]) -> Any:
    y = ag.tanh(x[0] * w)
    return y if y > 0.5 else x[1]  # here


def takes_the_built_in_maximum(x: Any) -> Any:
    return w * max(x)  # here


def takes_the_built_in_minimum(x: Any) -> Any:
    return w * min(x[0], 1.0)  # here


def sorts(x: list[Value]) -> Any:
    return w * sorted(x)[0]  # here


def asks_for_a_float(x: list[Value]) -> Any:
    return w * float(x[0])  # here


def clips_with_numpy(x: list[Value]) -> Any:
    return w * np.asarray(x[0], dtype=float)[()]  # here


def counts_up_to(x: list[Value]) -> Any:
    return w * [v, w][x[0]]  # type: ignore[call-overload]  # here


def reads_data(x: list[Value]) -> Any:
    return w * x[0].data  # here


def reads_data_of_a_result(x: list[Value]) -> Any:
    def deeper(y: Value, depth: int) -> Any:
        return deeper(ag.tanh(y), depth - 1) if depth else y.data * w  # here

    return deeper(x[0] * w, 3)


def reads_data_in_an_array(x: list[Value]) -> Any:
    return w * max(a.data for a in np.tanh(np.array(x)))  # here


def reads_print(x: list[Value]) -> Any:
    return w * printed(x[0])  # here


def calls_itself(x: list[Value]) -> Any:
    def deeper(y: Value, depth: int) -> Any:
        return deeper(ag.tanh(y), depth - 1) if depth else printed(y) * w  # here

    return deeper(x[0], 3)


def draws_at_random(x: list[Value]) -> Any:
    return w * x[0] * GENERATOR.normal()  # here


def loops_over_print(x: list[Value]) -> Any:
    total = x[0]
    for _ in range(abs(round(printed(x[0])))):
        total = total * w  # here
    return total


def line_of(function: Callable[..., Any]) -> str:
    lines, first = inspect.getsourcelines(function)
    (offset,) = (i for i, line in enumerate(lines) if "# here" in line)
    return f"{__file__}:{first + offset}: "


GENERATOR = np.random.default_rng(0)

ASKING = [
    branches,
    negates,
    compares,
    compares_with_a_value,
    compares_a_parameter,
    compares_a_result,
    takes_the_built_in_maximum,
    takes_the_built_in_minimum,
    sorts,
    asks_for_a_float,
    counts_up_to,
    clips_with_numpy,
    reads_data,
    reads_data_of_a_result,
    reads_data_in_an_array,
]
BAKING = [reads_print, calls_itself, draws_at_random, loops_over_print]


@pytest.mark.parametrize("function", ASKING)
@pytest.mark.parametrize("batch_size", [1, 3])
def test_asking_for_a_number_is_refused(function: Callable[..., Any], batch_size: int) -> None:
    with pytest.raises(TraceError, match=REPLACEMENT) as caught:
        ag.compile(function)(X[:batch_size])
    assert str(caught.value).startswith(line_of(function))


def test_data_can_be_read_after_the_recording() -> None:
    seen: list[Value] = []

    def function(x: list[Value]) -> Any:
        seen.append(ag.tanh(x[0]) * w)
        return seen[-1]

    program = ag.compile(function)
    program(X)
    assert seen[0].data == pytest.approx(0.5 * np.tanh(1.0))
    w.data, before = 3.0, w.data  # and parameters change as always
    try:
        assert program.map(X)[0] == pytest.approx(3.0 * np.tanh(1.0))
    finally:
        w.data = before


def test_an_input_that_was_kept_is_no_integer_as_no_value_is() -> None:
    kept: list[Value] = []

    def keeps(x: Value) -> Any:
        kept.append(x)
        return w * x

    ag.compile(keeps)(np.ones(2))
    for one in (kept[0], Value(1.0)):
        with pytest.raises(TypeError, match="'Value' object cannot be interpreted as an integer"):
            range(one)  # type: ignore[call-overload]


@pytest.mark.parametrize("function", BAKING)
def test_baking_a_number_in_is_noticed(function: Callable[..., Any]) -> None:
    with pytest.raises(TraceError, match=REPLACEMENT) as caught:
        ag.compile(function)(X)
    assert str(caught.value).startswith(line_of(function))
    assert "sample 2 than for sample 0" in str(caught.value)


def uses_another_parameter(x: list[Value]) -> Any:
    p = (w if printed(x[1]) > 0 else v) * x[0]  # here
    q = ag.tanh(p)
    return ag.exp(q * q)


def uses_another_parameter_second(x: list[Value]) -> Any:
    p = w * x[0]
    q = (w if printed(x[0]) > 2 else v) * p  # here
    return ag.tanh(q) + q


def swaps_the_operands(x: list[Value]) -> Any:
    a, b = (x[0], w) if printed(x[1]) > 0 else (w, x[0])
    c = a - b  # here
    return ag.tanh(c) * w


def swaps_results(x: list[Value]) -> Any:
    a, b = ag.tanh(x[0]), ag.tanh(x[1])
    c = a / b if printed(x[1]) > 0 else b / a  # here
    return c * c


def applies_another_operation(x: list[Value]) -> Any:
    p = w * x[0]
    q = ag.sin(p) if printed(x[1]) > 0 else ag.cos(p)  # here
    return q * q


def leaves_a_step_out(x: list[Value]) -> Any:
    p = w * x[0]
    q = ag.tanh(p) if printed(x[1]) > 0 else p  # here
    return q * q


def makes_a_variable(x: list[Value]) -> Any:
    p = Value(printed(x[0])) * w  # here
    return ag.tanh(p)


def ends_earlier(x: list[Value]) -> Any:
    p = ag.exp(x[0])
    return ag.tanh(p) if printed(x[1]) < 0 else p  # here


@pytest.mark.parametrize(
    "function",
    [
        uses_another_parameter,
        uses_another_parameter_second,
        swaps_the_operands,
        swaps_results,
        applies_another_operation,
        leaves_a_step_out,
        makes_a_variable,
        ends_earlier,
    ],
)
def test_the_first_line_that_differs_is_named(function: Callable[..., Any]) -> None:
    with pytest.raises(TraceError, match="sample 2 than for sample 0") as caught:
        ag.compile(function)(X)
    assert str(caught.value).startswith(line_of(function))


@pytest.mark.parametrize(
    "results",
    [
        lambda a, b: ([a, b], [b, a]),
        lambda a, b: ([a, b], [a, a]),
        lambda a, b: ([[a, b]], [a, b]),
        lambda a, b: (a, b),
        lambda a, b: ([ag.tanh(a), a], [a, ag.tanh(a)]),
    ],
)
def test_other_results_of_one_graph_are_noticed(results: Callable[..., Any]) -> None:
    calls: list[Any] = []

    def function(x: list[Value]) -> Any:
        calls.append(x)
        return results(x[0], x[1])[len(calls) > 1]

    with pytest.raises(TraceError, match="something different for sample 2"):
        ag.compile(function).map(X)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_the_number_of_a_parameter_is_not_read(batch_size: int) -> None:
    weight = Value(1.0)

    def reads(x: list[Value]) -> Any:
        weighted = weight * x[0]
        return weighted + (5.0 if weight.data > 0 else -5.0)  # here

    for parameters in ([], [weight]):
        with pytest.raises(TraceError, match=REPLACEMENT) as caught:
            ag.compile(reads, parameters=parameters)(X[:batch_size])
        assert str(caught.value).startswith(line_of(reads))
        assert type(weight) is Value


def test_the_number_of_a_parameter_that_only_its_owner_names_is_not_read() -> None:
    scale = Value(2.0)
    with pytest.raises(TraceError, match=r"read with \.data"):
        ag.compile(lambda x: w * x[0] * scale.data, parameters=[scale])(X)


def test_parameters_are_as_before_however_a_recording_ends() -> None:
    weight = Value(1.0)

    def stops(error: BaseException | None) -> Callable[..., Any]:
        calls: list[Any] = []

        def function(x: list[Value]) -> Any:
            calls.append(type(weight))
            if len(calls) == 2 and error is not None:
                raise error
            return weight * x[0]

        return function

    for error in (KeyboardInterrupt(), ValueError(), DomainError("log"), None):
        with contextlib.suppress(KeyboardInterrupt, ValueError, DomainError):
            ag.compile(stops(error), parameters=[weight])(X)
        assert type(weight) is Value
        assert weight.data == 1.0


def test_other_threads_read_parameters_during_a_recording() -> None:
    weight = Value(1.0)
    read: list[float] = []

    def function(x: list[Value]) -> Any:
        reader = threading.Thread(target=lambda: read.append(weight.data))
        reader.start()
        reader.join()
        return weight * x[0]

    ag.compile(function)(X)
    assert read == [1.0, 1.0]


class KeepsItsGradient(Value):
    """A parameter whose gradient another thread is using."""

    __slots__ = ()

    @property
    def grad(self) -> float:
        return 5.0

    @grad.setter
    def grad(self, gradient: float) -> None:
        assert sys._getframe(1).f_code is Value.__init__.__code__, "a gradient was set"


def test_a_recording_sets_no_gradient() -> None:
    weights = [KeepsItsGradient(number) for number in (2.0, 3.0)]
    program = ag.compile(lambda x: ag.tanh(weights[0] * x) + ag.dot(weights, [x, x]))
    expected = np.tanh(2 * X[:, 0]) + 5 * X[:, 0]
    np.testing.assert_allclose(program.map(X[:, 0]), expected)
    assert program.parameters == weights


def test_a_value_of_a_class_of_ones_own_is_a_parameter_too() -> None:
    class Named(Value):
        name = "w"

    weight = Named(2.0)
    assert ag.compile(lambda x: weight * x[0]).map(X).tolist() == [2.0, -6.0, 10.0]
    assert type(weight) is Named


class Slotted(Value):
    __slots__ = ()


class Unslotted(Value):
    pass


class OfOneSlot(Value):
    __slots__ = ("unit",)


class Reducing(Value):
    def __reduce__(self) -> Any:
        return type(self), (self.data, self.label)


OF_OWN_CLASS = [Value, Slotted, Unslotted, OfOneSlot, Reducing]


@pytest.mark.parametrize("kind", OF_OWN_CLASS)
def test_the_number_of_a_variable_of_any_class_is_not_read(kind: type[Value]) -> None:
    weight = kind(2.0)
    with pytest.raises(TraceError, match=r"read with \.data"):
        ag.compile(lambda x: weight * x[0] * weight.data)(X)
    assert type(weight) is kind


def copied_in_every_way(value: Value) -> list[Value]:
    return [copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))]


@pytest.mark.parametrize("kind", OF_OWN_CLASS)
def test_other_threads_copy_parameters_during_a_recording(kind: type[Value]) -> None:
    weight = kind(2.0, "w")
    copies: list[Value] = []

    def function(x: list[Value]) -> Any:
        reader = threading.Thread(target=lambda: copies.extend(copied_in_every_way(weight)))
        reader.start()
        reader.join()
        return weight * x[0]

    ag.compile(function, parameters=[weight])(X)
    assert [type(one) for one in copies] == [kind] * 6  # of the two samples that are recorded
    assert {(one.data, one.label) for one in copies} == {(2.0, "w")}


def test_nodes_that_a_function_kept_are_copied_as_values() -> None:
    kept: list[Value] = []

    def keeps(x: list[Value]) -> Any:
        kept.append(w * x[0])
        return kept[-1]

    ag.compile(keeps)(X)
    for one in copied_in_every_way(kept[0]):
        assert (type(one), one.data) == (Value, 0.5)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_number_is_not_copied_while_it_is_recorded(duplicate: Callable[..., Any]) -> None:
    with pytest.raises(TraceError, match="copied or pickled"):
        ag.compile(lambda x: x[0] * len(str(duplicate(w))), parameters=[w])(X)


def test_two_threads_guard_a_variable_until_both_have_recorded() -> None:
    weight = Value(2.0)
    inside, finished = threading.Event(), threading.Event()
    errors: list[Exception] = []
    calls: list[int] = []

    def reads_after_the_other_thread(x: list[Value]) -> Any:
        calls.append(1)
        if len(calls) == 2:  # the call in which parameters are guarded
            inside.set()
            assert finished.wait(10)
        return weight * x[0] * (float(weight.data) if len(calls) == 2 else 2.0)

    def compile_it() -> None:
        try:
            ag.compile(reads_after_the_other_thread, parameters=[weight])(X)
        except TraceError as error:
            errors.append(error)

    thread = threading.Thread(target=compile_it)
    thread.start()
    assert inside.wait(10)
    ag.compile(lambda x: weight * x[0])(X)
    finished.set()
    thread.join()
    assert [str(error).count("read with .data") for error in errors] == [1]
    assert type(weight) is Value


@pytest.mark.parametrize(
    "other_leaf",
    [
        lambda x, y, a, b: (y, x, a, b),  # another input
        lambda x, y, a, b: (x, y, b, a),  # another parameter
        lambda x, y, a, b: (a, y, x, b),  # a parameter for an input, and the reverse
        lambda x, y, a, b: (Value(1.0), y, a, b),  # a number of its own
    ],
)
def test_other_leaves_in_the_same_places_are_noticed_though_their_numbers_are_equal(
    other_leaf: Callable[..., Any],
) -> None:
    calls: list[Any] = []

    def function(sample: list[Value]) -> Any:
        leaves = (*sample, *parameters)
        p, q, r, s = leaves if not calls else other_leaf(*leaves)
        calls.append(sample)
        return (p - q) * (r - 2 * s)

    parameters = Value(1.0), Value(1.0)
    with pytest.raises(TraceError, match="something different for sample 1"):
        ag.compile(function)(np.ones((2, 2)))


def test_variables_made_inside_are_constants() -> None:
    program = ag.compile(lambda x: Value(3.0) * w * x + Value(3.0))
    assert program.map(np.ones(2)).tolist() == [4.5, 4.5]
    assert program.parameters == [w]


def test_an_input_kept_from_an_earlier_call_is_noticed() -> None:
    kept: list[Value] = []

    def function(x: Value) -> Any:
        kept.append(x)
        return w * kept[0]

    with pytest.raises(TraceError, match="something different for sample 1"):
        ag.compile(function)(np.ones(2))


@pytest.mark.parametrize("method", ["__call__", "map", "value_and_grad"])
def test_every_way_of_calling_refuses(method: str) -> None:
    program = ag.compile(branches)
    arguments = ([0.5], X) if method == "value_and_grad" else (X,)
    for _ in range(2):  # a refusal leaves nothing behind
        with pytest.raises(TraceError):
            getattr(program, method)(*arguments)
    with pytest.raises(GraphError, match="call it with a batch first"):
        program.source  # noqa: B018


@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize(
    "call",
    [
        lambda program, x: program(np.ones(3)),
        lambda program, x: program.map(np.ones(3))[0],
        lambda program, x: program.map([x])[0],
        lambda program, x: program(x),
        lambda program, x: program.value_and_grad(np.array([0.5]), np.ones(3))[0],
        lambda program, x: program.outputs_and_grad(np.array([0.5]), np.ones(3))[0][0],
    ],
    ids=["the mean", "map", "map of an input", "an input", "value_and_grad", "outputs_and_grad"],
)
def test_a_compiled_function_inside_another_is_refused(call: Any, batch_size: int) -> None:
    def function(x: Value) -> Any:
        return x * call(inner, x)  # here

    inner = ag.compile(lambda x: w * x)
    inner(np.ones(3))
    with pytest.raises(TraceError, match="inside a compiled function call the function") as caught:
        ag.compile(function).map(X[:batch_size, 0])
    assert str(caught.value).startswith(f"{__file__}:")
    assert inner.map(np.ones(3)).tolist() == [0.5, 0.5, 0.5]


def test_a_mean_made_outside_is_refused_in_its_own_words() -> None:
    mean = ag.compile(lambda x: w * x)(np.ones(3))
    for program in (
        lambda: ag.compile_graph(mean * 2, [], [w]),
        lambda: ag.compile(lambda x: x * mean)([1.0]),
    ):
        with pytest.raises(GraphError, match=r"^the mean that a compiled function returned"):
            program()


def test_the_replacements_work() -> None:
    table = [w, v]

    def chooses(x: list[Value]) -> Any:
        return ag.max(x) + ag.relu(x[0]) + ag.abs(x[1]) + ag.min(x[0], w) + ag.lookup(table, x[2])

    samples = np.column_stack([X, [1, 0, 1]])
    expected = [
        max(a, b, i) + max(a, 0) + abs(b) + min(a, 0.5) + [0.5, 2.0][int(i)] for a, b, i in samples
    ]
    np.testing.assert_allclose(ag.compile(chooses).map(samples), expected)


def test_numbers_can_be_asked_for_again_after_a_refusal() -> None:
    with pytest.raises(TraceError):
        ag.compile(branches)(X)
    assert float(w) == 0.5
    assert max(w, v) is v


def test_an_error_of_the_function_is_its_own() -> None:
    def fails(x: list[Value]) -> Any:
        return x[7]

    with pytest.raises(IndexError, match="out of range"):
        ag.compile(fails)(X)


# --- arguments -----------------------------------------------------------------------------------


def refuses_to_run(*samples: Any) -> Any:
    raise AssertionError("recorded, though the arguments are wrong")


ARGUMENTS: dict[str, tuple[tuple[Any, ...], type[Exception], str]] = {
    "unequal sizes": ((np.ones((3, 2)), np.ones(4)), ShapeError, r"samples: 3, 4"),
    "an empty batch": ((np.ones((0, 2)),), ShapeError, r"the batch is empty"),
    "one number": ((1.5,), ShapeError, r"argument 0 is one number"),
    "nan": ((np.ones(3), [[1.0], [np.nan], [2.0]]), NonFiniteError, r"1 holds nan at \(1, 0\)"),
    "infinity": (([1.0, 2.0, -np.inf],), NonFiniteError, r"0 holds -inf at \(2,\)"),
    "objects": ((np.array([1.0, None]),), ArgumentError, r"0 holds None at \(1,\)"),
    "Values": (([Value(1.0), Value(2.0)],), ArgumentError, r"argument 0 holds Values: "),
    "strings": ((["1.0", "2.0"],), ArgumentError, r"0 holds '1.0' at \(0,\): give numbers"),
    "complex numbers": (([1j, 2j],), ArgumentError, r"0 holds 1j at \(0,\)"),
    "dates": ((np.zeros(2, dtype="datetime64[s]"),), ArgumentError, r"0 holds datetime.date"),
}


@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.parametrize("method", ["__call__", "map", "value_and_grad"])
def test_wrong_arguments_are_refused_before_anything_runs(name: str, method: str) -> None:
    arguments, error, message = ARGUMENTS[name]
    program = ag.compile(refuses_to_run)
    with pytest.raises(error, match=message):
        getattr(program, method)(*([[]] if method == "value_and_grad" else []), *arguments)


@pytest.mark.parametrize(
    "call",
    [
        lambda compiled: ag.grad(compiled)(2.0),
        lambda compiled: compiled.value_and_grad([w], [1.0]),
    ],
    ids=["grad", "theta"],
)
def test_a_compiled_function_takes_no_values(call: Any) -> None:
    with pytest.raises(ArgumentError, match=r"holds Values: .* Call the function that it was made"):
        call(ag.compile(lambda x: w * x))


@pytest.mark.parametrize("backend", [numpy_backend, float_backend])
@pytest.mark.parametrize("method", ["__call__", "map", "value_and_grad"])
def test_arguments_beyond_float32_are_refused(method: str, backend: Any) -> None:
    program = ag.compile(lambda x, y: w * x + y, dtype=np.float32, backend=backend)
    theta = [[0.5]] if method == "value_and_grad" else []
    with pytest.raises(NonFiniteError, match=r"argument 1 holds -1e\+39 at \(2,\).* float32"):
        getattr(program, method)(*theta, np.ones(3), np.array([1.0, 1.0, -1e39]))
    with pytest.raises(NonFiniteError, match=r"argument 0 holds 1e\+300 at \(0,\).* float32"):
        getattr(program, method)(*theta, np.array([1e300]), np.ones(1))
    large = np.array([3e38])
    getattr(program, method)(*theta, large, -large)


@pytest.mark.parametrize("backend", [numpy_backend, float_backend])
def test_parameters_beyond_float32_are_refused(backend: Any) -> None:
    huge = Value(1e39)
    program = ag.compile(lambda x: huge * x, dtype=np.float32, backend=backend)
    message = r"theta holds 1e\+39 at \(0,\), which is too large for float32"
    for use in (program, program.map, lambda x: program.value_and_grad(np.array([1e39]), x)):
        with pytest.raises(NonFiniteError, match=message):
            use(np.zeros(2))
    assert program.value_and_grad(np.array([2.0]), np.ones(2))[0] == 2.0


@pytest.mark.parametrize("held", [Value(1.0), None, "1", 1j, np.array([1.0])])
def test_what_is_assigned_to_a_parameter_must_be_a_number(held: Any) -> None:
    slope, offset = Value(0.5, "slope"), Value(1.0, "offset")
    program = ag.compile(lambda x: slope * x + offset, parameters=[slope])
    program.map([1.0])
    offset.data = held
    message = rf"offset holds .*{type(held).__name__}.*, not a number: "
    for use in (program, program.map, lambda x: program.value_and_grad(np.array([0.5]), x)):
        with pytest.raises(NotANumberError, match=message):
            use([1.0])
    offset.data = 2
    assert program([1.0]).data == 2.5


def test_masked_samples_are_refused() -> None:
    program = ag.compile(lambda x: w * x)
    numbers = np.ma.masked_greater([1.0, 1e20], 1e10)
    with pytest.raises(ArgumentError, match="argument 0 has masked numbers"):
        program.map(numbers)
    assert program.map(numbers[:1]).shape == (1,)


@pytest.mark.parametrize("array", [np.ones((2, 3)), np.ones(2), np.ones((2, 2, 1))])
def test_a_recorded_graph_takes_as_many_numbers_as_it_has_inputs(array: Any) -> None:
    x, y = Value(1.0), Value(2.0)
    program = ag.compile_graph(x * y, [x, y], [])
    with pytest.raises(ShapeError, match=r"one array of shape \(B, 2\)"):
        program.map(array)
    with pytest.raises(ShapeError, match=r"one array of shape \(B, 2\)"):
        program.map(np.ones((2, 2)), np.ones(2))


@pytest.mark.parametrize(
    ("inputs", "parameters", "message"),
    [
        ("xx", "w", "more than once"),
        ("x", "ww", "more than once"),
        ("xw", "w", "more than once"),
        ("p", "w", "computed"),
        ("x", "p", "computed"),
        ("x", "wc", "constant"),
    ],
)
def test_inputs_and_parameters_are_variables_each_given_once(
    inputs: str, parameters: str, message: str
) -> None:
    values = {"x": Value(1.0), "w": Value(2.0)}
    values["p"] = values["x"] * values["w"]
    root = values["p"] * 3
    values["c"] = root.parents[1]  # type: ignore[assignment]  # the constant 3
    with pytest.raises(ArgumentError, match=message):
        ag.compile_graph(root, [values[i] for i in inputs], [values[i] for i in parameters])


@pytest.mark.parametrize(
    "dtype", [np.float16, np.int64, np.complex128, bool, "foo", 5, [1], "f4,("]
)
def test_numbers_are_float64_or_float32(dtype: Any) -> None:
    with pytest.raises(ArgumentError, match=r"float64 or float32, not"):
        ag.compile(lambda x: x, dtype=dtype)
    with pytest.raises(ArgumentError, match=r"float64 or float32, not"):
        ag.compile_graph(w * 2, [], [w], dtype=dtype)


@pytest.mark.parametrize(
    "values",
    [None, Value(1.0), 3, np.array(1.0), ag.sum],
    ids=["None", "Value", "int", "number of NumPy", "function"],
)
def test_values_come_in_a_list(values: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^parameters=.*: give a list of Values"):
        ag.compile(lambda x: x, parameters=values)
    with pytest.raises(ArgumentError, match=r"^inputs=.*: give a list of Values"):
        ag.compile_graph(w * 2, values, [])
    with pytest.raises(ArgumentError, match=r"^parameters=.*: give a list of Values"):
        ag.compile_graph(w * 2, [], values)


def test_values_come_in_any_iterable() -> None:
    once: Any = iter
    program = ag.compile_graph(w * v, once([w]), once([v]))
    assert program.map(np.ones((2, 1))).tolist() == [2.0, 2.0]
    assert ag.compile(lambda x: w * x, parameters=once([w]))(np.ones(2)).data == 0.5


TAKES: dict[str, tuple[Callable[..., Any], int, str]] = {
    "none": (lambda x: x, 0, r"<lambda>\(x\) was given 0 arrays: missing"),
    "too few": (lambda x, y: x * y, 1, r"\(x, y\) was given 1 array: missing"),
    "too many": (lambda x: x, 2, r"\(x\) was given 2 arrays: too many"),
    "none is taken": (lambda: w, 1, r"\(\) was given 1 array: too many"),
    "beyond a default": (lambda x, y=1: x, 3, r"\(x, y=1\) was given 3 arrays: too many"),
    "below any": (lambda x, *rest: x, 0, r"\(x, \*rest\) was given 0 arrays: missing"),
    "by name": (lambda x, *, y: x, 1, r"\(x, \*, y\) was given 1 array: missing .* 'y'"),
}


@pytest.mark.parametrize("name", TAKES)
@pytest.mark.parametrize("method", ["__call__", "map", "value_and_grad"])
def test_a_function_is_called_with_as_many_arguments_as_it_takes(name: str, method: str) -> None:
    function, n_arguments, message = TAKES[name]
    program = ag.compile(function)
    theta: list[Any] = [[]] if method == "value_and_grad" else []
    for _ in range(2):
        with pytest.raises(ArgumentError, match=message):
            getattr(program, method)(*theta, *[np.ones(3)] * n_arguments)


def test_samples_that_differ_are_compared_wherever_they_stand() -> None:
    with pytest.raises(TraceError, match="something different for sample 1 than for sample 0"):
        ag.compile(lambda x: w * float(f"{x:.1f}"))(np.array([1.0, 2.0, 1.0]))


@pytest.mark.parametrize("function", [len, sum, lambda x: x[0]])
def test_a_value_that_is_taken_for_a_list_is_told_with_the_shapes(function: Any) -> None:
    with pytest.raises(TraceError, match=r"'?Value.*of shape \(\), \(2,\).* batch of one, \[x\]"):
        ag.compile(lambda x, y: w * function(x))([1.0, 2.0], np.ones((2, 2)))


def test_a_single_sample_for_a_network_is_told_to_be_a_batch() -> None:
    predict = ag.compile(nn.MLP(2, [3, 1], rng=0))
    with pytest.raises(ag.ShapeError, match=r"takes one sample, .* give a batch of one, \[x\]$"):
        predict([0.3, 0.4])
    assert predict.map([[0.3, 0.4]]).shape == (1,)


@pytest.mark.parametrize(
    ("function", "arrays"),
    [
        (lambda: ag.dot([w], [1.0, 2.0]), []),
        (lambda x: ag.dot([x, x], [1.0]), [[1.0, 2.0]]),
        (lambda x, y: nn.MLP(1, [1], rng=0)([x, y]), [[1.0], [1.0]]),
    ],
)
def test_lists_of_other_lengths_are_not_told_to_be_batches(function: Any, arrays: Any) -> None:
    with pytest.raises(ag.ShapeError) as caught:
        ag.compile(function).map(*arrays)
    assert "batch of one" not in str(caught.value)


def takes_an_entry(x: Any) -> Any:
    return w * x[0]  # here


def asks_for_a_length(x: Any) -> Any:
    return w * len(x)  # here


def sums_the_entries(x: Any) -> Any:
    return np.sum(
        [w * number for number in x]  # here
    )


def lets_the_standard_library_take_entries(x: Any) -> Any:
    return w * statistics.fmean(x)  # here


def indexes_a_table(x: Any) -> Any:
    table = np.array([[w, v], [v, w]])
    return table[x].sum()  # here


def indexes_numbers(x: Any) -> Any:
    return w * np.arange(3.0)[x]  # here


def asks_a_dict(x: Any) -> Any:
    return {0: w, 1: v}[x]  # here


def asks_for_a_shape(x: Any) -> Any:
    sample: Any = [x]
    return w * sample.shape[0]  # here


def takes_an_entry_of_a_matrix(x: Any) -> Any:
    sample: Any = [[x]]
    return w * sample[0, 0]  # here


@pytest.mark.parametrize(
    ("function", "advice"),
    [
        (takes_an_entry, "a batch of one"),
        (asks_for_a_length, "a batch of one"),
        (sums_the_entries, "a batch of one"),
        (lets_the_standard_library_take_entries, "a batch of one"),
        (indexes_a_table, "ag.lookup(table.tolist(), index)"),
        (indexes_numbers, "ag.lookup(table.tolist(), index)"),
        (asks_a_dict, "ag.lookup"),
        (asks_for_a_shape, "A sample is a list, or nested lists: np.array(x)"),
        (takes_an_entry_of_a_matrix, "A sample is a list, or nested lists: np.array(x)"),
    ],
)
def test_what_a_value_is_taken_for_is_told_with_the_line(
    function: Callable[..., Any], advice: str
) -> None:
    with pytest.raises(TraceError, match=re.escape(advice)) as caught:
        ag.compile(function)(np.array([0, 1]))
    assert str(caught.value).startswith(line_of(function))
    table = [[w, v], [v, w]]
    assert ag.compile(lambda i: ag.lookup(table, i)[0]).map(np.array([0, 1])).tolist() == [0.5, 2.0]


@pytest.mark.parametrize(
    "error", [IndexError("list index out of range"), KeyError("a"), KeyError()]
)
def test_an_index_error_of_the_function_is_its_own(error: Exception) -> None:
    def fails(x: Value) -> Any:
        raise error

    with pytest.raises(type(error)) as caught:
        ag.compile(fails)(np.ones(3))
    assert caught.value is error


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda x: x << 2, TypeError, "unsupported operand type.* 'Value' and 'int'"),
        (lambda x: x.shape, AttributeError, "'Value' object has no attribute 'shape'"),
    ],
)
def test_what_a_value_cannot_do_is_told_as_of_a_value(
    function: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=rf"^{message}$"):
        ag.compile(lambda x: w * function(x))([1.0, 2.0])


@pytest.mark.parametrize("choose", [np.argmax, np.sort])
def test_the_line_is_that_of_the_user_also_where_another_library_compares(choose: Any) -> None:
    with pytest.raises(TraceError, match=rf"^{re.escape(__file__)}:\d+: .* is compared"):
        ag.compile(lambda x: w * choose([x, w]))(np.ones(3))


def test_a_type_error_of_the_function_is_its_own() -> None:
    def calls_wrongly(x: Value) -> Any:
        return (lambda a, b: a)(x)  # type: ignore[call-arg]

    with pytest.raises(TypeError, match="missing 1 required positional argument: 'b'") as caught:
        ag.compile(calls_wrongly)(np.ones(3))
    assert type(caught.value) is TypeError


def test_arguments_may_be_left_to_their_defaults() -> None:
    assert ag.compile(lambda x, scale=3: scale * x).map(np.ones(2)).tolist() == [3.0, 3.0]


def test_an_array_of_values_is_a_list_of_them() -> None:
    program = ag.compile(lambda x: np.array([[w], [v]]) @ np.array([x]))
    assert program.map(np.array([2.0, 4.0])).tolist() == [[1.0, 4.0], [2.0, 8.0]]


@pytest.mark.parametrize("result", [None, "1", [1.0, "1"], {"loss": 1.0}])
def test_a_function_returns_values(result: Any) -> None:
    with pytest.raises(NotANumberError, match="must return a Value, or lists of Values"):
        ag.compile(lambda x: result)(X)


@pytest.mark.parametrize("result", [[[1.0], [1.0, 2.0]], [1.0, [2.0]]])
def test_lists_that_a_function_returns_are_of_equal_length(result: Any) -> None:
    with pytest.raises(GraphError, match="must return a Value, or lists of Values of equal length"):
        ag.compile(lambda x: result)(X)


# --- numbers that leave the range of floats ------------------------------------------------------

NOT_FINITE: dict[str, tuple[Callable[[Value], Value], float, str]] = {
    "log": (lambda x: ag.log(w * x), -1.0, r"log\(-0\.5\)"),
    "sqrt": (lambda x: ag.sqrt(w * x), -2.0, r"sqrt\(-1\.0\)"),
    "a pole": (lambda x: w / x, 0.0, r"0\.5 / 0\.0"),
    "pow": (lambda x: (w * x) ** 1.5, -4.0, r"\(-2\.0\) \*\* 1\.5"),
    "exp": (lambda x: ag.exp(x * w), 2000.0, r"exp\(1000\.0\)"),
    "log1p": (lambda x: ag.log1p(x) * w, -1.0, r"log1p\(-1\.0\)"),
    "a product": (lambda x: w * x * x, 1e200, r"5e\+199 \* 1e\+200"),
    "a sum": (lambda x: ag.sum([x, x, w * x]), 1.7e308, r"sum\(1\.7e\+308, 1"),
    "a lookup below": (lambda x: ag.lookup([w, v], x), -1.0, r"lookup\(-1\.0"),
    "a lookup above": (lambda x: ag.lookup([w, v], x), 2.0, r"lookup\(2\.0"),
    "a lookup between": (lambda x: ag.lookup([w * x, x], x), 0.5, r"lookup\(0\.5"),
}


@pytest.mark.parametrize("name", NOT_FINITE)
@pytest.mark.parametrize("method", ["__call__", "map"])
def test_a_non_finite_number_names_operation_and_sample(name: str, method: str) -> None:
    function, number, message = NOT_FINITE[name]
    program = ag.compile(function)
    with pytest.raises((DomainError, NonFiniteError), match=message) as caught:
        getattr(program, method)(np.array([1.0, 1.0, number, 1.0]))
    assert "sample 2" in str(caught.value)
    assert np.isfinite(program.map(np.ones(4))).all()  # and the program still works


@pytest.mark.parametrize("sample", [0, 1, 2])
@pytest.mark.parametrize("name", NOT_FINITE)
def test_a_sample_is_named_also_while_it_is_recorded(name: str, sample: int) -> None:
    function, number, message = NOT_FINITE[name]
    numbers = np.ones(3)
    numbers[sample] = number
    with pytest.raises((DomainError, NonFiniteError), match=message) as caught:
        ag.compile(function)(numbers)
    assert str(caught.value).count(f"(sample {sample})") == 1


def test_the_first_sample_that_fails_is_named_in_the_first_call_too() -> None:
    program = ag.compile(lambda x: x**w)
    samples = np.array([1.0, -2.0, -1.0, -3.0])
    messages = []
    for _ in range(2):
        with pytest.raises(DomainError, match=r"^\(-2\.0\) \*\* 0\.5 .*\(sample 1\)$") as caught:
            program(samples)
        messages.append(str(caught.value))
        program(np.ones(4))
    assert messages[0] == messages[1]


def test_a_sample_that_follows_one_alone_is_named_by_its_place_in_its_own_batch() -> None:
    program = ag.compile(lambda x: ag.log(w * x))
    program.map(np.array([1.0]))
    with pytest.raises(DomainError, match=r"log\(-0\.5\).*\(sample 0\)"):
        program.map(np.array([-1.0]))
    with pytest.raises(DomainError, match=r"log\(-1\.0\).*\(sample 1\)"):
        program.map(np.array([1.0, -2.0]))


def test_a_derivative_that_does_not_exist_names_operation_and_sample() -> None:
    program = ag.compile(lambda x: ag.sqrt(w * x))
    samples = np.array([1.0, 4.0, 0.0, 9.0])
    np.testing.assert_allclose(program.map(samples), np.sqrt(0.5 * samples))
    with pytest.raises((DomainError, NonFiniteError), match=r"sqrt\(0\.0\)") as caught:
        program(samples)
    assert "sample 2" in str(caught.value)


def test_samples_are_counted_over_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CACHE_BYTES", 1)
    monkeypatch.setattr(chunks, "SMALLEST_CHUNK", 1)
    with pytest.raises(DomainError, match="sample 2"):
        ag.compile(lambda x: ag.log(w * x)).map(np.array([1.0, 1.0, -1.0, 1.0]))


def test_large_numbers_that_cancel_nothing_are_no_error() -> None:
    """As in eager mode: a stable function may overflow nowhere."""
    program = ag.compile(lambda x: ag.sigmoid(x * w) + ag.softplus(x) + ag.logsumexp([x, w * x]))
    samples = np.array([1000.0, -1000.0, 0.0])
    expected = [
        (ag.sigmoid(x * 0.5) + ag.softplus(x) + ag.logsumexp([x, 0.5 * x]))
        for x in samples.tolist()
    ]
    np.testing.assert_allclose(program.map(samples), expected)
    assert np.isfinite(program.value_and_grad(np.array([0.5]), samples)[1]).all()


def test_an_interrupt_while_the_guard_comes_off_leaves_no_variable_guarded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop, interrupts = guard._stop_guarding, [KeyboardInterrupt()]

    def interrupted(variables: Any) -> None:
        if interrupts:
            raise interrupts.pop()
        stop(variables)

    monkeypatch.setattr(guard, "_stop_guarding", interrupted)
    variable = Value(2.0)
    with pytest.raises(KeyboardInterrupt), guard.guarding([variable]):
        pass
    assert type(variable) is Value

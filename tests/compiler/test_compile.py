"""What a user meets: `ag.compile`, `ag.compile_graph`, and what they return."""

import copy
import pickle
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import autograd as ag
import nn
from autograd import Value
from autograd.compiler import chunks, float_backend, native, numpy_backend
from autograd.compiler.compiled import Compiled
from autograd.compiler.numpy_backend import NumPyProgram, bind
from autograd.errors import DomainError, GraphError, NonFiniteError, ShapeError
from autograd.nested_numbers import map_numbers

Array = NDArray[Any]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def classifier(seed: int = 0) -> tuple[nn.MLP, Callable[..., Value]]:
    model = nn.MLP(4, [6, 3], activation="tanh", rng=seed)
    return model, lambda x, label: nn.cross_entropy(model(x), label)


def batch(size: int, seed: int = 0) -> tuple[Array, Array]:
    return rng(seed).normal(size=(size, 4)), rng(seed).integers(0, 3, size)


def numbers(parameters: list[Value]) -> Array:
    return np.array([parameter.data for parameter in parameters])


def gradients(parameters: list[Value]) -> Array:
    return np.array([parameter.grad for parameter in parameters])


# --- shapes --------------------------------------------------------------------------------------


def test_samples_are_values_lists_and_lists_of_lists() -> None:
    seen = []

    def function(one: Any, row: Any, table: Any) -> Any:
        seen.append((one, row, table))
        return one + ag.sum(row) + ag.sum(a for line in table for a in line)

    arrays = rng().normal(size=3), rng(1).normal(size=(3, 2)), rng(2).normal(size=(3, 2, 4))
    expected = arrays[0] + arrays[1].sum(axis=1) + arrays[2].sum(axis=(1, 2))
    np.testing.assert_allclose(ag.compile(function).map(*arrays), expected)
    one, row, table = seen[0]
    assert isinstance(one, Value)
    assert [isinstance(a, Value) for a in row] == [True] * 2
    assert [len(line) for line in table] == [4, 4]
    assert [one.data, row[1].data, table[1][3].data] == [
        arrays[0][0],
        arrays[1][0, 1],
        arrays[2][0, 1, 3],
    ]


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (lambda x: x[0], ()),
        (lambda x: [x[0], x[1]], (2,)),
        (lambda x: [x[0]], (1,)),
        (lambda x: (x[0], 2.0, x[2]), (3,)),
        (lambda x: [[x[0], x[1], x[0]], [x[2], x[3], 1.0]], (2, 3)),
        (lambda x: np.array(x).reshape(2, 2), (2, 2)),
        (lambda x: [np.array(x) * 2.0, x], (2, 4)),
    ],
)
def test_map_has_the_shape_of_the_result(function: Callable[..., Any], shape: Any) -> None:
    X, _ = batch(5)
    expected = np.array([function(row) for row in X.tolist()])
    mapped = ag.compile(function).map(X)
    assert mapped.shape == (5, *shape)
    np.testing.assert_array_equal(mapped, expected)


scale = Value(2.0)


def reverses(x: list[list[Value]]) -> Any:
    x.reverse()
    return scale * x[0][0]


def takes_from_a_row(x: list[list[Value]]) -> Any:
    return x[1].pop(0) - scale * x[1][0]


def takes_what_it_never_uses(x: list[list[Value]]) -> Any:
    x.pop(0)
    return scale * x[0][1]


def appends(x: list[list[Value]]) -> Any:
    x[0].append(Value(1.0))
    return ag.dot(x[0], [scale] * 3)


def assigns(x: list[list[Value]]) -> Any:
    x[0][1] = scale * x[0][1]
    return ag.sum(x[0])


@pytest.mark.parametrize(
    "function", [reverses, takes_from_a_row, takes_what_it_never_uses, appends, assigns]
)
def test_a_function_may_change_the_lists_it_is_given(function: Callable[..., Any]) -> None:
    X = np.arange(12.0).reshape(3, 2, 2)
    program = ag.compile(function)
    expected = [function(map_numbers(Value, sample)).data for sample in X.tolist()]
    assert program.map(X).tolist() == expected
    assert program.parameters == [scale]


def test_map_returns_an_array_of_its_own() -> None:
    program = ag.compile(lambda x: 2 * x)
    first = program.map(np.ones(3))
    program.map(np.zeros(3))
    assert first.tolist() == [2.0, 2.0, 2.0]


def test_lists_whole_numbers_and_booleans_are_numbers() -> None:
    program = ag.compile(lambda x: x * 2)
    for ones in ([1.0, 1.0], [1, 1], np.ones(2, dtype=np.int8), np.ones(2, dtype=bool)):
        assert program.map(ones).tolist() == [2.0, 2.0]


def test_one_program_takes_samples_of_several_shapes() -> None:
    w = Value(0.5)
    program = ag.compile(lambda x: w * ag.sum(x))
    assert program(np.ones((2, 3))).data == 1.5
    assert program(np.ones((2, 5))).data == 2.5
    assert program(np.ones((4, 3))).data == 1.5
    assert program.parameters == [w]


# --- the mean, a Value ---------------------------------------------------------------------------


def test_backward_fills_the_gradients_of_the_mean() -> None:
    model, loss = classifier()
    X, y = batch(6)
    eager = ag.mean([loss(x, label) for x, label in zip(X.tolist(), y.tolist(), strict=True)])
    mean = ag.compile(loss)(X, y)
    assert isinstance(mean, Value)
    assert gradients(model.parameters()).tolist() == [0.0] * 51  # nothing before backward
    mean.backward()
    assert mean.data == pytest.approx(eager.data, rel=1e-12)
    np.testing.assert_allclose(
        gradients(model.parameters()),
        ag.gradient(eager, model.parameters()),
        rtol=1e-10,
        atol=1e-15,
    )


def test_gradients_add_up_until_zero_grad() -> None:
    w = Value(0.5)
    program = ag.compile(lambda x: w * x)
    mean = program(np.array([1.0, 3.0]))
    mean.backward()
    assert w.grad == 2.0
    mean.backward()
    assert w.grad == 4.0
    program(np.array([10.0, 20.0])).backward()
    assert w.grad == 19.0
    w.zero_grad()
    mean.backward()
    assert w.grad == 2.0


def test_the_mean_is_part_of_larger_expressions() -> None:
    w, v = Value(0.5), Value(3.0)
    mean = ag.compile(lambda x: w * w * x)(np.array([1.0, 3.0]))
    total = v * mean**2 + w  # mean is 2 w²
    total.backward()
    assert total.data == 3 * 0.5**2 + 0.5
    assert w.grad == pytest.approx(3.0 * 2 * 0.5 * (4 * 0.5) + 1)
    assert v.grad == pytest.approx(0.25)


def test_the_plain_training_loop_learns() -> None:
    model = nn.MLP(2, [8, 1], activation="tanh", rng=1)
    X = rng().normal(size=(64, 2))
    y = np.sign(X[:, 0] * X[:, 1])
    loss_of = ag.compile(lambda x, target: nn.mse_loss(model(x), target))
    optimizer = nn.Adam(model.parameters(), lr=0.05)
    losses = []
    for _ in range(150):
        loss = loss_of(X, y)
        model.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    assert losses[0] > 0.8
    assert losses[-1] < 0.2


@pytest.mark.parametrize("backend", [None, numpy_backend, native])
def test_without_recording_the_mean_is_a_constant_and_nothing_is_differentiated(
    backend: Any,
) -> None:
    if backend is native and not native.is_available():
        pytest.skip("this machine has no C compiler")
    w = Value(2.0)
    program = ag.compile(lambda x: ag.sqrt(w * x), backend=backend)
    with ag.no_grad():
        mean = program(np.array([0.0, 2.0]))  # the root has no derivative at 0
        with pytest.raises(DomainError, match=r"sqrt\(-2\.0\).*\(sample 1\)"):
            program(np.array([0.0, -1.0]))
    assert (mean.data, mean.parents) == (1.0, ())
    with pytest.raises(DomainError):
        program(np.array([0.0, 2.0]))


def test_second_derivatives_are_refused() -> None:
    w = Value(0.5)
    mean = ag.compile(lambda x: w * w * x)(np.ones(2))
    assert ag.gradient(mean, w) == 1.0
    with pytest.raises(GraphError, match="first derivatives only"):
        ag.gradient(mean, w, create_graph=True)


def test_a_mean_is_of_one_number() -> None:
    program = ag.compile(lambda x: [x, x])
    for use in (
        lambda: program(np.ones(2)),
        lambda: program.value_and_grad(np.empty(0), np.ones(2)),
    ):
        with pytest.raises(GraphError, match="one Value"):
            use()


# --- value_and_grad ------------------------------------------------------------------------------


def test_value_and_grad_is_pure() -> None:
    model, loss = classifier()
    X, y = batch(6)
    program = ag.compile(loss)
    mean = program(X, y)
    before = numbers(model.parameters())
    theta = rng(5).normal(size=len(program.parameters))
    given = theta.copy()
    value, gradient = program.value_and_grad(theta, X, y)
    kept = gradient.copy()
    again, _ = program.value_and_grad(theta + 1.0, X, y)
    assert isinstance(value, float)
    assert value != mean.data
    assert value != again
    np.testing.assert_array_equal(theta, given)
    np.testing.assert_array_equal(gradient, kept)  # no view that the next call overwrites
    np.testing.assert_array_equal(numbers(model.parameters()), before)
    np.testing.assert_array_equal(gradients(model.parameters()), 0.0)


def test_value_and_grad_fits_minimizers_of_scipy() -> None:
    """A descent that calls ``fun(theta, *args) -> (value, gradient)`` finds the least squares."""

    def minimize(fun: Callable[..., tuple[float, Array]], theta: Array, args: Any) -> Array:
        for _ in range(500):
            value, gradient = fun(theta, *args)
            assert np.ndim(value) == 0
            assert gradient.shape == theta.shape
            assert gradient.dtype == np.float64
            theta = theta - 0.2 * gradient
        return theta

    w, b = Value(0.0), Value(0.0)
    program = ag.compile(lambda x, y: (w * x + b - y) ** 2)
    x = rng().normal(size=50)
    y = 3 * x - 2
    program(x, y)
    theta = minimize(program.value_and_grad, numbers(program.parameters), (x, y))
    solution = dict(zip(program.parameters, theta.tolist(), strict=True))
    assert solution[w] == pytest.approx(3.0)
    assert solution[b] == pytest.approx(-2.0)


def test_value_is_that_of_value_and_grad() -> None:
    w, b = Value(2.0), Value(-1.0)
    program = ag.compile(lambda x: w * x + b, parameters=[w])
    inputs = np.array([1.0, 2.0])
    assert program.value([5.0], inputs) == program.value_and_grad([5.0], inputs)[0] == 6.5
    assert program.value([5.0, 3.0], inputs) == 10.5
    assert (w.data, b.data) == (2.0, -1.0)


@pytest.mark.parametrize("wrong", [np.zeros(0), np.zeros(2), np.zeros((1, 1))])
def test_theta_has_one_number_per_parameter(wrong: Any) -> None:
    w = Value(0.5)
    program = ag.compile(lambda x: w * x)
    with pytest.raises(ShapeError, match=r"the function has 1 parameter$"):
        program.value_and_grad(wrong, np.ones(2))


# --- parameters ----------------------------------------------------------------------------------


def test_parameters_are_what_the_function_reaches() -> None:
    model, loss = classifier()
    unreached = Value(1.0)
    program = ag.compile(lambda x, y: loss(x, y) + 0 * unreached.data)
    program(*batch(2))
    assert len(program.parameters) == 51
    assert set(program.parameters) == set(model.parameters())


def test_parameters_keep_their_order_between_shapes_and_calls() -> None:
    weights = [Value(float(i)) for i in range(5)]
    program = ag.compile(
        lambda x: ag.sum(w * a for w, a in zip(weights[-len(x) :], x, strict=True))
    )
    program(np.ones((2, 2)))
    first = program.parameters
    assert set(first) == set(weights[3:])
    program(np.ones((2, 5)))
    assert program.parameters[:2] == first  # though weights[0] is now used before them
    assert set(program.parameters) == set(weights)
    program(np.ones((2, 2)))
    assert program.parameters[:2] == first


def test_equal_functions_have_equally_ordered_parameters() -> None:
    model, loss = classifier()
    orders = []
    for _ in range(2):
        program = ag.compile(loss)
        program(*batch(2))
        orders.append(program.parameters)
    assert orders[0] == orders[1]
    assert set(orders[0]) == set(model.parameters())


def test_parameters_is_a_copy() -> None:
    w = Value(0.5)
    program = ag.compile(lambda x: w * x)
    program(np.ones(2))
    program.parameters.clear()
    assert program.parameters == [w]


def test_parameters_that_change_between_calls_take_effect() -> None:
    w = Value(0.5)
    program = ag.compile(lambda x: ag.exp(w) * x)
    assert program(np.ones(2)).data == pytest.approx(np.exp(0.5))
    w.data = 2.0
    assert program(np.ones(2)).data == pytest.approx(np.exp(2.0))
    np.testing.assert_allclose(program.map(np.ones(2)), np.exp(2.0))


def test_nothing_is_known_before_the_first_call() -> None:
    program = ag.compile(lambda x: x)
    for attribute in ("parameters", "source"):
        with pytest.raises(GraphError, match="call it with a batch first"):
            getattr(program, attribute)


# --- the source ----------------------------------------------------------------------------------


def test_the_source_names_each_function_that_it_calls() -> None:
    w = Value(0.5)
    program = ag.compile(
        lambda x: ag.tanh(w * x[0]) * ag.cos(x[1]) + ag.max(w, ag.exp(x[1])), backend=numpy_backend
    )
    program(np.ones((2, 2)))
    forward, backward = program.source.split("def backward")
    for function in ("tanh", "cos", "exp", "maximum", "multiply", "add"):
        assert re.search(rf"\b{function}\(", forward), function
    for function in ("multiply", "subtract", "greater_equal"):
        assert re.search(rf"\b{function}\(", backward), function
    assert not re.search(r"\b(tanh|cos|exp)\(", backward)  # no forward number is computed twice


def test_a_layer_is_a_matrix_product_in_the_source() -> None:
    _, loss = classifier()
    program = ag.compile(loss)
    program(*batch(5))
    forward, backward = program.source.split("def backward")
    assert len(re.findall(r"\b(dot|matmul)\(", forward)) == 2
    assert len(re.findall(r"\b(dot|matmul)\(", backward)) == 3  # the inputs need no gradient


def test_the_source_is_python_and_deterministic() -> None:
    sources = []
    for _ in range(2):
        _, loss = classifier()
        program = ag.compile(loss)
        program(*batch(5))
        sources.append(program.source)
    compile(sources[0], "<source>", "exec")
    assert sources[0] == sources[1]


# --- the same numbers, whatever the batch --------------------------------------------------------


def test_repeats_are_equal_to_the_last_bit() -> None:
    _, loss = classifier()
    X, y = batch(33)
    runs = []
    for _ in range(2):
        program = ag.compile(loss)
        for _ in range(2):
            mean = program(X, y)
            runs.append((mean.data, program.value_and_grad(numbers(program.parameters), X, y)))
    for value, (same, gradient) in runs:
        assert value == same == runs[0][0]
        assert gradient.tobytes() == runs[0][1][1].tobytes()


def test_partial_batches() -> None:
    _, loss = classifier()
    program = ag.compile(loss)
    X, y = batch(32)
    whole = program.map(X, y)
    for part in (slice(0, 1), slice(0, 7), slice(7, 32), slice(31, 32), slice(0, 32)):
        np.testing.assert_allclose(program.map(X[part], y[part]), whole[part], rtol=1e-13)
        assert program(X[part], y[part]).data == pytest.approx(whole[part].mean(), rel=1e-13)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 40), st.integers(1, 60_000))
def test_chunks_make_no_difference(size: int, cache_bytes: int) -> None:
    _, loss = classifier()
    X, y = batch(size)
    whole, chunked = ag.compile(loss), ag.compile(loss)
    whole(X, y)
    theta = numbers(whole.parameters)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CACHE_BYTES", cache_bytes)
        patch.setattr(chunks, "SMALLEST_CHUNK", 1)
        value, gradient = chunked.value_and_grad(theta, X, y)
        mapped = chunked.map(X, y)
    expected = whole.value_and_grad(theta, X, y)
    assert value == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(mapped, whole.map(X, y), rtol=1e-13)


def test_large_batches_run_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def counted(program: Any, batch_size: int, dtype: Any) -> Any:
        sizes.append(batch_size)
        return bind(program, batch_size, dtype)

    monkeypatch.setattr(numpy_backend, "bind", counted)
    monkeypatch.setattr(chunks, "CACHE_BYTES", 2 * 8 * 10)  # two numbers for ten samples
    monkeypatch.setattr(chunks, "SMALLEST_CHUNK", 1)
    w = Value(0.5)
    program = ag.compile(lambda x: w * x, backend=numpy_backend)
    x = rng().normal(size=25)
    np.testing.assert_allclose(program.map(x), 0.5 * x)
    assert sizes == [8, 9]  # 8 samples, then 8 again, then 9


def test_chunks_are_not_smaller_than_is_worth_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CACHE_BYTES", 1)
    sizes = []

    class Counting:
        def bind(self, program: Any, batch_size: int, dtype: Any) -> Any:
            sizes.append(batch_size)
            return bind(program, batch_size, dtype)

    w = Value(0.5)
    ag.compile(lambda x: w * x, backend=Counting()).map(np.ones(2 * chunks.SMALLEST_CHUNK))
    assert sizes == [chunks.SMALLEST_CHUNK]


def test_float32_has_seven_digits_and_half_the_memory() -> None:
    _, loss = classifier()
    X, y = batch(20)
    double, single = ag.compile(loss), ag.compile(loss, dtype=np.float32)
    double(X, y)
    single(X, y)
    theta = numbers(double.parameters)
    value, gradient = double.value_and_grad(theta, X, y)
    value_32, gradient_32 = single.value_and_grad(theta, X, y)
    assert single.map(X, y).dtype == np.float32
    assert double.map(X, y).dtype == np.float64
    assert value_32 == pytest.approx(value, rel=1e-4)
    np.testing.assert_allclose(gradient_32, gradient, atol=1e-4 * np.abs(gradient).max())
    assert not np.array_equal(gradient_32, gradient)  # it did compute with fewer digits


# --- threads and modes ---------------------------------------------------------------------------


def test_calls_from_several_threads() -> None:
    w = Value(0.5)
    program = ag.compile(lambda x: ag.tanh(w * x) * ag.exp(w))
    inputs = [rng(seed).normal(size=10 + seed % 3) for seed in range(8)]
    expected = [np.tanh(0.5 * x) * np.exp(0.5) for x in inputs]
    failures: list[Any] = []

    def work(number: int) -> None:
        try:
            for _ in range(40):
                x = inputs[number]
                np.testing.assert_allclose(program.map(x), expected[number])
                value, gradient = program.value_and_grad(np.array([0.5]), x)
                assert value == pytest.approx(expected[number].mean())
                slope = np.exp(0.5) * (x * (1 - np.tanh(0.5 * x) ** 2) + np.tanh(0.5 * x))
                assert gradient[0] == pytest.approx(slope.mean())
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


CALLS: dict[str, Callable[[ag.Compiled, Array], Any]] = {
    "call": lambda program, X: program(X),
    "value_and_grad": lambda program, X: program.value_and_grad([1.0], X),
    "outputs_and_grad": lambda program, X: program.outputs_and_grad([1.0], X),
    "value": lambda program, X: program.value([1.0], X),
    "map": lambda program, X: program.map(X),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_calls_from_several_threads_wait_for_each_other(
    call: Callable[[ag.Compiled, Array], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program works in place on its memory, so two runs of it may never overlap."""
    running: list[int] = []
    most: list[int] = []
    run = NumPyProgram.run

    def slow_run(self: NumPyProgram, *arguments: Any, **options: Any) -> Any:
        running.append(1)
        time.sleep(0.002)
        most.append(len(running))
        running.pop()
        return run(self, *arguments, **options)

    monkeypatch.setattr(NumPyProgram, "run", slow_run)
    w = Value(1.0)
    program = ag.compile(lambda x: w * x, backend=numpy_backend)
    threads = [threading.Thread(target=call, args=(program, np.ones(3))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6


def test_compiling_leaves_recording_as_it_was() -> None:
    x = Value(1.0)
    with ag.no_grad():
        w = Value(0.5)
        program = ag.compile(lambda a: w * a)
        mean = program(np.ones(2))
        assert (w * x).parents == ()
    assert program.parameters == [w]
    assert program.value_and_grad(np.array([0.5]), np.ones(2))[1].tolist() == [1.0]
    assert mean.data == 0.5
    assert bool(x > 0.5)  # comparing works again


# --- compile_graph -------------------------------------------------------------------------------


def test_a_recorded_graph_is_compiled() -> None:
    x, y, w = Value(1.0), Value(2.0), Value(0.5)
    program = ag.compile_graph(ag.tanh(w * x) + y, inputs=[x, y], parameters=[w])
    assert repr(program) == "<compiled graph: call it with arrays of samples>"
    X, _ = batch(5)
    np.testing.assert_allclose(program.map(X[:, :2]), np.tanh(0.5 * X[:, 0]) + X[:, 1])
    assert isinstance(program, Compiled)
    assert program.parameters == [w]
    program(X[:, :2]).backward()
    assert w.grad == pytest.approx((X[:, 0] * (1 - np.tanh(0.5 * X[:, 0]) ** 2)).mean())


def test_parameters_of_a_recorded_graph_are_in_the_given_order() -> None:
    x, *parameters = [Value(float(i)) for i in range(4)]
    a, b, c = parameters
    root = c * x + a * 2 + b * 0
    for order in ([a, b, c], [c, a, b]):
        program = ag.compile_graph(root, [x], order)
        assert program.parameters == order
        _, gradient = program.value_and_grad(numbers(order), np.full((2, 1), 5.0))
        assert dict(zip(order, gradient.tolist(), strict=True)) == {a: 2.0, b: 0.0, c: 5.0}


def test_other_variables_keep_the_number_they_hold_at_compilation() -> None:
    x, fixed = Value(1.0), Value(3.0)
    program = ag.compile_graph(fixed * x, [x], [])
    fixed.data = 100.0
    assert program.map(np.ones((2, 1))).tolist() == [3.0, 3.0]


def test_a_recorded_graph_may_lack_inputs_and_parameters() -> None:
    w = Value(0.5)
    assert ag.compile_graph(w * w, [], [w]).map(np.empty((3, 0))).tolist() == [0.25] * 3
    assert ag.compile_graph(w * w, [w], []).map(np.array([[2.0]])).tolist() == [4.0]
    assert ag.compile_graph(w, [], []).map(np.empty((1, 0))).tolist() == [0.5]


def test_a_recorded_graph_without_inputs_is_called_without_arrays() -> None:
    w = Value(0.5)
    program = ag.compile_graph(w * w, [], [w])
    mean = program()
    mean.backward()
    assert (mean.data, w.grad) == (0.25, 1.0)
    assert program.map().tolist() == [0.25]
    assert program.value_and_grad(np.array([3.0])) == (9.0, np.array([6.0]))
    with pytest.raises(ShapeError, match=r"takes no arrays, or one of shape \(B, 0\)"):
        program([1.0])


def test_another_backend_gets_the_same_program() -> None:
    bound = []

    class Counting:
        def bind(self, program: Any, batch_size: int, dtype: Any) -> Any:
            bound.append(batch_size)
            return numpy_backend.bind(program, batch_size, dtype)

    weight = Value(2.0)
    program = ag.compile(lambda x: weight * x, backend=Counting())
    assert program.map(np.ones(3)).tolist() == [2.0, 2.0, 2.0]
    program.map(np.ones(5))
    program.map(np.ones(3))
    assert bound == [3, 5]


def test_only_functions_are_compiled() -> None:
    with pytest.raises(ag.ArgumentError, match="a function of one sample, not 3"):
        ag.compile(3)  # type: ignore[arg-type]


def test_the_repr_says_what_to_do() -> None:
    def squared(x: Any) -> Any:
        return x * x

    assert repr(ag.compile(squared)) == "<compiled squared: call it with arrays of samples>"


@pytest.mark.parametrize("backend", [numpy_backend, float_backend, native])
def test_a_compiled_function_is_freed_without_the_collector(
    backend: Any, cyclic_garbage_of: Callable[[Callable[[], Any]], int]
) -> None:
    if backend is native and not native.is_available():
        pytest.skip("this machine has no C compiler")
    w = Value(0.5)

    def use() -> None:
        ag.compile(lambda x: ag.tanh(w * x), backend=backend)(np.ones(3)).backward()

    assert cyclic_garbage_of(use) == 0


class Scaled:
    """A model that is compiled in a method of its own."""

    def __init__(self, backend: Any) -> None:
        self.weight = Value(2.0)
        self.compiled = ag.compile(self.scaled, parameters=[self.weight], backend=backend)

    def scaled(self, x: Any) -> Any:
        """Multiply by the weight."""
        return self.weight * x


def test_a_compiled_function_is_named_and_documented_as_the_function() -> None:
    compiled: Any = Scaled(None).compiled
    assert compiled.__name__ == "scaled"
    assert compiled.__doc__ == "Multiply by the weight."


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
@pytest.mark.parametrize("backend", [None, numpy_backend, *[native] * native.is_available()])
def test_a_copy_has_parameters_and_programs_of_its_own(duplicate: Any, backend: Any) -> None:
    original = Scaled(backend)
    original.compiled(np.ones(3))
    other = duplicate(original)
    other.weight.data = 5.0
    assert other.compiled.map(np.ones(2)).tolist() == [5.0, 5.0]
    assert other.compiled.parameters == [other.weight] != [original.weight]
    assert original.compiled.map(np.ones(2)).tolist() == [2.0, 2.0]
    assert ("#include" in other.compiled.source) == (backend is native)


def test_a_copy_takes_theta_for_the_parameters_that_were_given() -> None:
    class Line:
        def __init__(self) -> None:
            self.slope, self.offset = Value(3.0), Value(1.0)

        def __call__(self, x: Any) -> Any:
            return self.slope * x + self.offset

    line = Line()
    compiled = ag.compile(line, parameters=[line.offset])
    compiled([1.0])
    copied = copy.deepcopy(compiled)
    copied([1.0])
    assert copied.value_and_grad([2.0], [1.0])[0] == 5.0


def test_a_copy_of_a_compiled_function_is_itself_as_that_of_a_function_is() -> None:
    w = Value(2.0)
    for compiled in (ag.compile(lambda x: w * x, parameters=[w]), ag.compile_graph(w * w, [], [w])):
        assert copy.copy(compiled) is compiled
        assert copy.deepcopy([compiled, w])[0] is compiled
        with pytest.raises(GraphError, match=r"cannot be pickled: .*compile again"):
            pickle.dumps(compiled)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_mean_that_is_too_large_is_told(dtype: Any) -> None:
    w = Value(1.0)
    compiled = ag.compile(lambda x: w * x, dtype=dtype)
    X = np.full(4, 3e38 if dtype == np.float32 else 1.2e308)
    if dtype == np.float32:
        assert compiled(X).data == pytest.approx(3e38)
    else:
        with pytest.raises(NonFiniteError, match="the mean over the batch is too large"):
            compiled(X)

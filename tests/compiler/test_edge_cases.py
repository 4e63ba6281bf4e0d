"""Programs that once came out wrong, and errors that once were not ours."""

from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value
from autograd.compiler import compiled as compiled_module
from autograd.errors import AutogradError, DomainError, GraphError, TraceError


def test_one_parameter_in_many_equal_terms() -> None:
    shift = Value(0.5)
    ag.compile(lambda x: ag.sum(a - shift for a in x))(np.ones((3, 5))).backward()
    assert shift.grad == pytest.approx(-5.0)


def test_terms_times_zero() -> None:
    weights = [Value(0.5) for _ in range(6)]
    ag.compile(lambda x: ag.dot(weights, [x, *[0.0] * 5]))(np.ones(3)).backward()
    assert [weight.grad for weight in weights] == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]


def test_a_forward_sum_of_zeros() -> None:
    program = ag.compile(lambda x: ag.dot([0.0] * 6, x))
    assert program.map(np.ones((3, 6))).tolist() == [0.0, 0.0, 0.0]


def test_a_varying_sum_of_shared_terms_only() -> None:
    weights = [Value(0.5) for _ in range(6)]
    program = ag.compile(lambda x: ag.sum(ag.lookup([w, x], 0) for w in weights))
    assert program.map(np.ones(3)).tolist() == [3.0, 3.0, 3.0]


def chooses_a_parameter(x: Value) -> Any:
    return [Value(0.5), Value(2.0)][int(x.data)] * 3


PARAMETERS = [Value(0.5), Value(2.0)]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: PARAMETERS[int(x.data)] * 3,
        lambda x: PARAMETERS[0] * Value(x.data),
        chooses_a_parameter,
    ],
)
def test_variables_that_depend_on_the_numbers_are_noticed(function: Any) -> None:
    with pytest.raises(TraceError):
        ag.compile(function).map(np.array([0.0, 1.0, 1.0]))


def test_graphs_of_different_size_name_the_line() -> None:
    def function(x: Value) -> Any:
        return sum([x] * (1 + int(x.data)), PARAMETERS[0])

    with pytest.raises(TraceError, match=r"test_\w+\.py:\d+: "):
        ag.compile(function).map(np.array([0.0, 1.0, 2.0]))


@pytest.mark.parametrize("index", [-1.0, 0.5, 2.0])
def test_lookup_in_a_mixed_table_checks_its_index(index: float) -> None:
    program = ag.compile(lambda x: ag.lookup([PARAMETERS[0], x[1]], x[0]))
    with pytest.raises(DomainError, match="sample 1"):
        program.map(np.array([[0.0, 1.0], [index, 7.0], [1.0, 3.0]]))


def test_lookup_counts_samples_over_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_module, "CACHE_BYTES", 1)
    with pytest.raises(DomainError, match="sample 2"):
        ag.compile(lambda i: ag.lookup(PARAMETERS, i)).map(np.array([0.0, 1.0, 2.0, 0.0]))


def test_a_derivative_by_a_parameter_names_its_sample() -> None:
    base = Value(0.0)
    with pytest.raises(AutogradError, match=r"0\.0 \*\* 0\.5 .*sample 2"):
        ag.compile(lambda x: base**x)(np.array([1.0, 2.0, 0.5, 1.0]))


def test_theta_fits_every_shape() -> None:
    program = ag.compile(lambda x: ag.dot(PARAMETERS[: len(x)], x))
    program(np.ones((3, 1)))
    program(np.ones((3, 2)))
    _, gradient = program.value_and_grad(np.array([0.5, 2.0]), np.ones((3, 1)))
    assert gradient.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("theta", [0.5, ["a"], [np.nan]])
def test_theta_is_checked(theta: Any) -> None:
    program = ag.compile(lambda x: PARAMETERS[0] * x)
    with pytest.raises(AutogradError):
        program.value_and_grad(theta, np.ones(3))


def test_backward_without_parameters() -> None:
    mean = ag.compile(lambda x: 2 * x)(np.ones(3))
    with pytest.raises(GraphError):
        mean.backward()


def test_an_infinite_constant() -> None:
    program = ag.compile(lambda x: ag.tanh(x * 1e308 * 10))  # eager: 1e307 at 0.01
    np.testing.assert_allclose(program.map(np.array([0.01, 0.02])), 1.0)


@pytest.mark.parametrize(
    "use",
    [
        lambda: ag.compile(lambda x: x).map([[1.0, 2.0], [3.0]]),
        lambda: ag.compile(lambda x: []).map(np.ones(3)),
        lambda: ag.compile_graph(3.0, [], []),  # type: ignore[arg-type]
        lambda: ag.compile_graph(PARAMETERS[0] * 2, [3.0], []),  # type: ignore[list-item]
    ],
)
def test_errors_are_of_the_family(use: Any) -> None:
    with pytest.raises(AutogradError):
        use()


def test_dot_of_nothing_with_a_bias() -> None:
    bias = Value(1.0)
    ag.dot([], [], bias).backward()
    assert bias.grad == 1.0

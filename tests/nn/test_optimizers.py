"""Optimizers against closed forms, and what they refuse."""

import math
import sys
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

import autograd as ag
import nn
from autograd import Value
from autograd.value import as_value
from comparing import assert_close

Array: TypeAlias = NDArray[np.float64]

N_STEPS, N_PARAMETERS = 6, 3
moderate = st.floats(-10, 10)
learning_rates = st.floats(1e-3, 1.0)
momenta = st.floats(0.1, 0.99)
starts = arrays(np.float64, N_PARAMETERS, elements=moderate)
gradient_histories = arrays(np.float64, (N_STEPS, N_PARAMETERS), elements=moderate)


def train(
    make: Callable[[list[Value]], nn.Optimizer], start: Array, gradients: Iterable[Array]
) -> Array:
    """Return where an optimizer goes from `start` if it meets these gradients."""
    parameters = [Value(number) for number in start]
    optimizer = make(parameters)
    for gradient in gradients:
        for parameter, number in zip(parameters, gradient, strict=True):
            parameter.grad = float(number)
        optimizer.step()
    return np.array([parameter.data for parameter in parameters])


def decayed_sums(gradients: Array, decay: float) -> Array:
    """Return the sums over all s <= t of decay ** (t - s) * gradients[s], for each t."""
    age = np.subtract.outer(np.arange(N_STEPS), np.arange(N_STEPS))
    weights = np.where(age >= 0, float(decay) ** np.maximum(age, 0), 0.0)
    return np.array(weights @ gradients)


# --- SGD -----------------------------------------------------------------------------------------


@given(arrays(np.float64, (5, 4), elements=moderate), learning_rates)
def test_a_step_on_a_batch_is_the_closed_form(data: Array, lr: float) -> None:
    X, y = data[:, :3], data[:, 3]
    model = nn.MLP(3, [1], rng=0)
    w, b = (array.ravel() for array in model.state_dict().values())
    residuals = X @ w + b - y

    ag.mean(nn.mse_loss(model(x), target) for x, target in zip(X, y, strict=True)).backward()
    nn.SGD(model.parameters(), lr).step()

    new_w, new_b = (array.ravel() for array in model.state_dict().values())
    assert_close(new_w, w - lr * 2 / 5 * X.T @ residuals, tolerance=1e-11)
    assert_close(new_b, b - lr * 2 * np.mean(residuals), tolerance=1e-11)


@given(st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_the_gradient_of_a_batch_is_the_mean_over_its_samples(n_samples: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = nn.MLP(2, [3, 1], "tanh", rng=rng)
    X, y = rng.normal(size=(n_samples, 2)), rng.choice([-1, 1], size=n_samples)
    losses = [nn.hinge_loss(model(x), target) for x, target in zip(X, y, strict=True)]
    of_samples = [ag.gradient(loss, model.parameters()) for loss in losses]
    of_batch = ag.gradient(ag.mean(losses), model.parameters())
    assert_close(of_batch, np.mean(of_samples, axis=0))


@given(starts, gradient_histories, learning_rates)
def test_sgd_walks_down_the_sum_of_the_gradients(start: Array, gradients: Array, lr: float) -> None:
    end = train(lambda parameters: nn.SGD(parameters, lr), start, gradients)
    assert_close(end, start - lr * gradients.sum(axis=0))


@given(starts, gradient_histories, learning_rates, momenta)
def test_momentum_is_a_decaying_sum_of_the_gradients(
    start: Array, gradients: Array, lr: float, momentum: float
) -> None:
    end = train(lambda parameters: nn.SGD(parameters, lr, momentum), start, gradients)
    velocities = decayed_sums(gradients, momentum)
    assert_close(end, start - lr * velocities.sum(axis=0))


@given(starts, gradient_histories, learning_rates, momenta)
def test_nesterov_looks_ahead_along_the_velocity(
    start: Array, gradients: Array, lr: float, momentum: float
) -> None:
    end = train(lambda ps: nn.SGD(ps, lr, momentum, nesterov=True), start, gradients)
    velocities = decayed_sums(gradients, momentum)
    assert_close(end, start - lr * (gradients + momentum * velocities).sum(axis=0))


@given(starts, learning_rates, st.floats(0, 1))
def test_weight_decay_of_sgd_is_an_l2_penalty(start: Array, lr: float, decay: float) -> None:
    decayed, penalized = ([Value(number) for number in start] for _ in "12")
    nn.SGD(decayed, lr, weight_decay=decay).step()
    nn.l2_penalty(penalized, decay / 2).backward()
    nn.SGD(penalized, lr).step()
    assert_close([w.data for w in decayed], [w.data for w in penalized])


@given(starts, gradient_histories)
def test_a_schedule_gives_each_step_its_rate(start: Array, gradients: Array) -> None:
    rates = np.array([1.0, 0.5, 0.25, 0.0, 2.0, 0.125])
    end = train(lambda parameters: nn.SGD(parameters, rates.item), start, gradients)
    assert_close(end, start - rates @ gradients)


# --- Adam and AdamW ------------------------------------------------------------------------------


@given(starts, gradient_histories, learning_rates, st.floats(0, 0.99), st.floats(0, 0.999))
def test_adam_divides_the_mean_gradient_by_its_root_mean_square(
    start: Array, gradients: Array, lr: float, first: float, second: float
) -> None:
    epsilon = 1e-3
    end = train(
        lambda parameters: nn.Adam(parameters, lr, (first, second), epsilon), start, gradients
    )
    ones = np.ones_like(gradients)
    mean = decayed_sums(gradients, first) / decayed_sums(ones, first)
    square = decayed_sums(gradients**2, second) / decayed_sums(ones, second)
    expected = start - lr * np.sum(mean / (np.sqrt(square) + epsilon), axis=0)
    assert_close(end, expected, tolerance=1e-10)


@given(starts, gradient_histories, st.integers(-100, 100))
def test_adam_with_the_smallest_epsilon_does_not_see_the_unit_of_the_loss(
    start: Array, gradients: Array, exponent: int
) -> None:
    gradients = np.where(abs(gradients) < 1e-3, 1.0, gradients)  # zeros have no size to divide by
    one_unit, other_unit = (
        train(
            lambda parameters: nn.Adam(parameters, epsilon=sys.float_info.min),
            start,
            scale * gradients,
        )
        for scale in (1.0, 2.0**exponent)
    )
    assert one_unit.tolist() == other_unit.tolist()


@given(starts, gradient_histories, st.floats(0, 1))
def test_weight_decay_of_adam_is_part_of_the_gradient(
    start: Array, gradients: Array, decay: float
) -> None:
    gradient = gradients[:1]
    decayed = train(lambda ps: nn.Adam(ps, 0.1, weight_decay=decay), start, gradient)
    in_gradient = train(lambda ps: nn.Adam(ps, 0.1), start, gradient + decay * start)
    assert_close(decayed, in_gradient)


@given(starts, gradient_histories, learning_rates)
def test_adamw_without_decay_is_adam(start: Array, gradients: Array, lr: float) -> None:
    adam = train(lambda parameters: nn.Adam(parameters, lr), start, gradients)
    adamw = train(lambda parameters: nn.AdamW(parameters, lr, weight_decay=0.0), start, gradients)
    assert adam.tolist() == adamw.tolist()


@given(starts, st.floats(0, 1))
def test_adamw_decays_by_the_rate_of_each_step_whatever_the_gradient(
    start: Array, decay: float
) -> None:
    rates = np.array([1.0, 0.5, 0.25, 0.0, 0.75, 0.125])
    zeros = np.zeros((N_STEPS, N_PARAMETERS))
    end = train(lambda ps: nn.AdamW(ps, rates.item, weight_decay=decay), start, zeros)
    assert_close(end, start * np.prod(1 - rates * decay))


@pytest.mark.parametrize(
    ("make", "expected"),
    [(nn.SGD, 2 - 0.01 * 3), (nn.Adam, 2 - 0.001), (nn.AdamW, 2 * (1 - 0.001 * 0.01) - 0.001)],
)
def test_the_default_settings(make: Callable[..., nn.Optimizer], expected: float) -> None:
    (end,) = train(make, np.array([2.0]), [np.array([3.0])])
    assert end == pytest.approx(expected, rel=1e-9)


# --- an optimizer of yours -----------------------------------------------------------------------


class SignDescent(nn.Optimizer):
    """Steps of the learning rate, against the sign of the gradient."""

    def update(
        self, theta: Array, gradient: Array, state: dict[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        return theta - self.learning_rate() * np.sign(gradient), {"last": gradient}


def test_an_optimizer_is_a_formula() -> None:
    w = Value(1.0)
    optimizer = SignDescent([w], lr=0.25)
    w.grad = -7.0
    optimizer.step()
    assert w.data == 1.25
    assert optimizer.state["last"].tolist() == [-7.0]


def test_an_optimizer_without_a_formula_cannot_step() -> None:
    with pytest.raises(ag.GraphError, match=r"Optimizer\(1 parameter.* does not say how to step"):
        nn.Optimizer([Value(1.0)], lr=0.1).step()


@pytest.mark.parametrize(
    "result",
    [
        None,
        np.zeros(2),
        (np.zeros(2), {}, {}),
        (np.zeros(3), {}),
        (np.zeros(2), np.zeros(2)),
        ([0.0, 0.0], {}),
        (np.zeros(2, complex), {}),
        (np.zeros(2), {"velocity": 1.0}),
        (np.zeros(2), {"velocity": np.zeros(2, object)}),
    ],
)
def test_a_formula_returns_theta_and_a_state(result: Any) -> None:
    class Forgetful(nn.Optimizer):
        def update(self, theta: Array, gradient: Array, state: dict[str, Array]) -> Any:
            return result

    w = [Value(1.0), Value(2.0)]
    optimizer = Forgetful(w, lr=0.1)
    with pytest.raises(ag.GraphError, match=r"^Forgetful.update returned .*an array of 2 floats"):
        optimizer.step()
    assert (w[0].data, w[1].data, optimizer.steps) == (1.0, 2.0, 0)


def test_an_optimizer_shows_its_options() -> None:
    w = [Value(1.0)]
    assert repr(nn.SGD(w, lr=0.0)) == "SGD(1 parameter, lr=0.0) after 0 steps"
    adam = nn.AdamW(w, lr=nn.warmup(nn.linear_decay(0.1, 0.0, 100), 20))
    assert "lr=warmup(linear_decay(0.1, 0.0, 100), 20), weight_decay=0.01, betas=" in repr(adam)
    own = SignDescent(w, lr=0.5)
    own.mask, own.model = np.ones(2), nn.MLP(1, [1])  # type: ignore[attr-defined]
    assert repr(own) == "SignDescent(1 parameter, lr=0.5) after 0 steps"


class InPlace(nn.Optimizer):
    """It would leave a parameter changed by a step that fails."""

    def update(
        self, theta: Array, gradient: Array, state: dict[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        theta -= self.learning_rate() * gradient
        return theta, state


@pytest.mark.parametrize("compiled", [False, True])
def test_a_formula_cannot_change_what_it_is_given(compiled: bool) -> None:
    w = Value(1.0)
    training = nn.fit(
        lambda x: w * x,
        [1.0],
        [5.0],
        nn.mse_loss,
        InPlace([w], lr=0.1),
        epochs=1,
        compiled=compiled,
    )
    with pytest.raises(ValueError, match="read-only"):
        list(training)
    assert w.data == 1.0


def test_a_state_can_be_restored_whatever_a_formula_carries() -> None:
    first, second = (SignDescent([Value(1.0)], lr=0.25) for _ in range(2))
    first.step()
    second.restore(first.steps, first.state)
    assert second.state["last"].tolist() == first.state["last"].tolist()
    with pytest.raises(ag.StateError, match=r"after 1 step carries \['last'\]"):
        second.restore(1, {})


# --- steps and state -----------------------------------------------------------------------------

OPTIMIZERS: dict[str, Callable[..., nn.Optimizer]] = {
    "SGD": nn.SGD,
    "momentum": lambda parameters, lr: nn.SGD(parameters, lr, momentum=0.9),
    "nesterov": lambda parameters, lr: nn.SGD(parameters, lr, momentum=0.9, nesterov=True),
    "Adam": nn.Adam,
    "AdamW": nn.AdamW,
}
every_optimizer = pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())


@every_optimizer
def test_each_optimizer_finds_the_bottom_of_a_bowl(make: Callable[..., nn.Optimizer]) -> None:
    x, y = Value(3.0), Value(-2.0)
    optimizer = make([x, y], lr=nn.cosine_decay(0.1, 0.0, 300))
    for _ in range(300):
        optimizer.zero_grad()
        ((x - 1) ** 2 + 2 * (y - 0.5) ** 2).backward()
        optimizer.step()
    assert (x.data, y.data) == pytest.approx((1.0, 0.5), abs=0.01)


@every_optimizer
def test_steps_are_counted(make: Callable[..., nn.Optimizer]) -> None:
    optimizer = make([Value(1.0)], lr=0.1)
    counts = []
    for _ in range(3):
        optimizer.step()
        counts.append(optimizer.steps)
    assert counts == [1, 2, 3]


@every_optimizer
def test_a_step_asks_its_schedule_once(make: Callable[..., nn.Optimizer]) -> None:
    asked: list[int] = []

    def schedule(step: int) -> float:
        asked.append(step)
        return 0.1

    optimizer = make([Value(1.0)], schedule)
    for _ in range(3):
        optimizer.step()
    assert asked == [0, 1, 2]


def test_plain_sgd_carries_nothing_from_step_to_step() -> None:
    optimizer = nn.SGD([Value(1.0)])
    optimizer.step()
    assert optimizer.state == {}


def test_zero_grad_forgets_and_step_keeps_the_gradients() -> None:
    w = Value(1.0)
    optimizer = nn.SGD([w])
    w.grad = 2.0
    optimizer.step()
    assert w.grad == 2.0
    optimizer.zero_grad()
    assert w.grad == 0.0


@pytest.mark.parametrize("steps", [1.5, "3", -1, None], ids=repr)
def test_steps_that_are_restored_are_a_whole_number(steps: Any) -> None:
    optimizer = nn.SGD([Value(1.0)])
    with pytest.raises(ag.ArgumentError, match="steps"):
        optimizer.restore(steps, {})
    assert optimizer.steps == 0


@every_optimizer
@pytest.mark.parametrize("done", [0, 1, 4])
def test_a_restored_optimizer_goes_on_as_the_first_would(
    make: Callable[..., nn.Optimizer], done: int
) -> None:
    def walk(optimizer: nn.Optimizer, steps: Iterable[int]) -> None:
        for step in steps:
            for index, parameter in enumerate(optimizer.parameters):
                parameter.grad = math.sin(5 * step + index)
            optimizer.step()

    lr = nn.linear_decay(1.0, 0.1, 8)
    first = make([Value(1.0), Value(2.0)], lr)
    walk(first, range(done))
    second = make([Value(parameter.data) for parameter in first.parameters], lr)
    second.restore(first.steps, first.state)
    walk(first, range(done, 8))
    walk(second, range(done, 8))
    assert [w.data for w in second.parameters] == [w.data for w in first.parameters]


def test_a_state_of_another_size_is_not_restored() -> None:
    optimizer = nn.Adam([Value(1.0), Value(2.0)])
    with pytest.raises(ag.StateError, match=r"has shape \(3,\), not \(2,\)"):
        optimizer.restore(7, {"mean": np.zeros(2), "square": np.zeros(3)})
    assert (optimizer.steps, optimizer.state) == (0, {})


# --- steps that fail -----------------------------------------------------------------------------


def snapshot(optimizer: nn.Optimizer) -> Any:
    state = {name: array.tolist() for name, array in optimizer.state.items()}
    return [w.data for w in optimizer.parameters], optimizer.steps, state


@every_optimizer
@pytest.mark.parametrize(
    ("gradient", "lr"), [(1.0, 1.7e308), (math.nan, 0.1), (math.inf, 0.1), (-math.inf, 0.1)]
)
def test_a_step_that_would_leave_the_floats_changes_nothing(
    make: Callable[..., nn.Optimizer], gradient: float, lr: float
) -> None:
    parameters = [Value(1.0), Value(-1.7e308)]
    optimizer = make(parameters, 1e-3)
    optimizer.step()
    optimizer.lr = lr
    before = snapshot(optimizer)
    parameters[0].grad, parameters[1].grad = 1.0, gradient
    with pytest.raises(ag.NonFiniteError, match="step 2 would make a parameter infinite"):
        optimizer.step()
    assert snapshot(optimizer) == before


def test_a_parameter_that_is_infinite_already_is_named() -> None:
    parameters = [Value(1.0), Value(2.0, "slope")]
    parameters[1].data = math.nan
    with pytest.raises(ag.NonFiniteError, match=r"slope.* is nan already, before the step"):
        nn.SGD(parameters).step()


@pytest.mark.parametrize("held", [None, "1.0", [1.0], np.ones(1), Value(1.0)], ids=repr)
def test_what_is_read_of_a_parameter_is_a_number(held: Any) -> None:
    weight = Value(1.0, "w")
    optimizer = nn.SGD([Value(2.0), weight])
    weight.data = held
    with pytest.raises(ag.NotANumberError, match=r"^w holds .*, not a number: "):
        optimizer.read()
    weight.data = 3
    assert optimizer.read().tolist() == [2.0, 3.0]


@every_optimizer
@pytest.mark.parametrize("gradient", [None, "1.0", [1.0], Value(1.0)], ids=repr)
def test_a_gradient_that_is_no_number_changes_nothing(
    make: Callable[..., nn.Optimizer], gradient: Any
) -> None:
    parameters = [Value(1.0), Value(2.0, "w")]
    optimizer = make(parameters, 0.1)
    optimizer.step()
    before = snapshot(optimizer)
    parameters[1].grad = gradient
    with pytest.raises(ag.NotANumberError, match=r"labelled 'w'.*, not a number: optimizer"):
        optimizer.step()
    assert snapshot(optimizer) == before
    optimizer.zero_grad()
    optimizer.step()


def test_any_real_number_is_a_gradient() -> None:
    ends = []
    gradients: list[Any] = [2, 2.0, np.float32(2.0), np.int64(2)]
    for gradient in gradients:
        w = Value(1.0)
        w.grad = gradient
        nn.SGD([w], lr=0.5).step()
        ends.append(w.data)
    assert ends == [0.0] * 4


@every_optimizer
@pytest.mark.parametrize("rate", [-1.0, math.nan, math.inf])
def test_a_schedule_that_gives_no_rate_changes_nothing(
    make: Callable[..., nn.Optimizer], rate: float
) -> None:
    optimizer = make([Value(1.0)], lambda step: rate if step == 1 else 0.1)
    optimizer.step()
    before = snapshot(optimizer)
    with pytest.raises(ag.ArgumentError, match="the schedule at step 1"):
        optimizer.step()
    assert snapshot(optimizer) == before


# --- what they refuse ----------------------------------------------------------------------------


@pytest.mark.parametrize("make", [nn.SGD, nn.Adam, nn.AdamW])
@pytest.mark.parametrize("name", ["lr", "weight_decay"])
@pytest.mark.parametrize("number", [-1, -1e-9, math.nan, math.inf, -math.inf])
def test_rates_are_finite_and_not_negative(
    make: Callable[..., nn.Optimizer], name: str, number: float
) -> None:
    with pytest.raises(ag.ArgumentError, match=f"{name}={number}: it must be finite"):
        make([Value(1.0)], **{name: number})


@pytest.mark.parametrize("make", [nn.SGD, nn.Adam, nn.AdamW])
def test_rates_are_any_real_numbers(make: Callable[..., nn.Optimizer]) -> None:
    ends = []
    for half in (0.5, Fraction(1, 2), np.float32(0.5)):
        for rate in (half, lambda step, half=half: half):
            w = Value(1.0)
            optimizer = make([w], lr=rate, weight_decay=half)
            optimizer.step()
            ends.append(w.data)
    assert ends == [ends[0]] * 6


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (nn.SGD, {"momentum": -0.1}, "momentum=-0.1: it must be below 1, and not below 0"),
        (nn.SGD, {"momentum": 1.0}, "momentum=1.0: it must be below 1"),
        (nn.SGD, {"momentum": math.nan}, "momentum=nan"),
        (nn.SGD, {"nesterov": True}, "nesterov needs momentum"),
        (nn.SGD, {"lr": 10**400}, "lr=1000.*: it must be finite"),
        (nn.Adam, {"lr": 10**5000}, "lr=<int too long to print>: it must be finite"),
        (nn.Adam, {"betas": (1.0, 0.999)}, "betas=1.0"),
        (nn.Adam, {"betas": (0.9, 1.0)}, "betas=1.0"),
        (nn.AdamW, {"betas": (-0.1, 0.999)}, "betas=-0.1"),
        (nn.Adam, {"betas": (0.9, math.nan)}, "betas=nan"),
        (nn.Adam, {"epsilon": -1e-8}, "epsilon=-1e-08"),
        (nn.AdamW, {"epsilon": math.nan}, "epsilon=nan"),
        (nn.Adam, {"epsilon": 0.0}, "epsilon=0.0: give a number above 0"),
        (nn.AdamW, {"epsilon": 0}, "epsilon=0: give a number above 0"),
    ],
)
def test_numbers_outside_of_their_range_are_named(
    make: Callable[..., nn.Optimizer], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ag.ArgumentError, match=message):
        make([Value(1.0)], **arguments)


def test_zero_is_a_rate_that_stands_still() -> None:
    w = Value(1.0)
    w.grad = 5.0
    nn.SGD([w], lr=0).step()
    assert w.data == 1.0


shared = Value(1.0)


@every_optimizer
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ([], "needs parameters"),
        ([shared, Value(2.0), shared], "more than once"),
        ([shared * 2], "computed or constant"),
        ([as_value(3.0)], "computed or constant"),
    ],
    ids=["none", "repeated", "computed", "constant"],
)
def test_parameters_are_different_variables(
    make: Callable[..., nn.Optimizer], parameters: list[Value], message: str
) -> None:
    with pytest.raises(ag.ArgumentError, match=message):
        make(parameters, lr=0.1)


@every_optimizer
@pytest.mark.parametrize("thing", [1.0, "weight", None, [Value(1.0)]], ids=repr)
def test_parameters_are_values(make: Callable[..., nn.Optimizer], thing: Any) -> None:
    with pytest.raises(ag.NotANumberError, match="parameters must be Values, not"):
        make([thing], lr=0.1)


@every_optimizer
def test_parameters_come_in_any_iterable(make: Callable[..., nn.Optimizer]) -> None:
    model = nn.MLP(2, [1], rng=0)
    assert make(iter(model.parameters()), lr=0.1).parameters == tuple(model.parameters())


@every_optimizer
@pytest.mark.parametrize("parameters", [None, np.array(1.0), nn.MLP(2, [1], rng=0)], ids=repr)
def test_parameters_come_in_a_list(make: Callable[..., nn.Optimizer], parameters: Any) -> None:
    with pytest.raises(ag.ArgumentError, match=r"^parameters=.*or model\.parameters\(\)"):
        make(parameters, lr=0.1)


@pytest.mark.parametrize("betas", [0.9, None, (0.9,), (0.9, 0.99, 0.999), "ab"], ids=repr)
def test_adam_takes_two_betas(betas: Any) -> None:
    with pytest.raises(ag.ArgumentError, match=r"^betas=.*: give two numbers"):
        nn.Adam([Value(1.0)], betas=betas)


@pytest.mark.parametrize("theta", [[1.0], [1.0, 2.0, 3.0], 1.0, "ab", None], ids=repr)
def test_numbers_that_do_not_fit_are_not_written(theta: Any) -> None:
    parameters = [Value(4.0), Value(5.0)]
    with pytest.raises(ag.ShapeError, match="theta"):
        nn.SGD(parameters).write(theta)
    assert [parameter.data for parameter in parameters] == [4.0, 5.0]


def test_numbers_may_be_written_from_a_list() -> None:
    parameters = [Value(4.0), Value(5.0)]
    nn.SGD(parameters).write([1, 2])  # type: ignore[arg-type]
    assert [parameter.data for parameter in parameters] == [1.0, 2.0]


def test_it_shows_its_parameters_and_steps_by_their_number() -> None:
    optimizer = nn.SGD([Value(1.0)], lr=0.1)
    assert repr(optimizer) == "SGD(1 parameter, lr=0.1) after 0 steps"
    optimizer.step()
    assert repr(optimizer) == "SGD(1 parameter, lr=0.1) after 1 step"


def test_a_learning_rate_that_was_set_is_checked_as_well() -> None:
    w = Value(1.0)
    optimizer = nn.SGD([w], lr=0.1)
    optimizer.lr = -1.0
    with pytest.raises(ag.ArgumentError, match=r"^lr=-1\.0"):
        optimizer.step()
    assert (w.data, optimizer.steps) == (1.0, 0)


def test_betas_may_be_a_list() -> None:
    assert nn.Adam([Value(1.0)], betas=[0.5, 0.6]).betas == (0.5, 0.6)  # type: ignore[arg-type]  # as JSON has them


def test_the_repr_shows_what_is_not_the_default() -> None:
    shown = repr(nn.SGD([Value(1.0)], lr=0.5, momentum=0.25, nesterov=True))
    assert "nesterov=True" in shown
    assert "momentum=0.25" in shown

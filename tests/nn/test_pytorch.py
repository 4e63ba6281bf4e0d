"""The same numbers as PyTorch, where it is installed."""

from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import autograd as ag
import nn
from autograd import Value
from comparing import assert_close

torch = pytest.importorskip("torch")

Array: TypeAlias = NDArray[np.float64]

seeds = st.integers(0, 2**32 - 1)

ACTIVATIONS: dict[str, Any] = {
    "linear": torch.nn.Identity,
    "relu": torch.nn.ReLU,
    "leaky_relu": torch.nn.LeakyReLU,
    "elu": torch.nn.ELU,
    "gelu": torch.nn.GELU,
    "silu": torch.nn.SiLU,
    "softplus": torch.nn.Softplus,
    "tanh": torch.nn.Tanh,
    "sigmoid": torch.nn.Sigmoid,
}


def sequential(n_inputs: int, sizes: list[int], activation: Any) -> Any:
    """Return PyTorch's network of the same form as ``nn.MLP(n_inputs, sizes, activation)``."""
    layers: list[Any] = []
    for n, m in zip([n_inputs, *sizes[:-1]], sizes, strict=True):
        layers += [torch.nn.Linear(n, m, dtype=torch.float64), activation()]
    return torch.nn.Sequential(*layers[:-1])


def as_tensor(numbers: Any) -> Any:
    return torch.tensor(np.array(numbers, dtype=np.float64))


def outputs(model: nn.MLP, x: Array) -> list[float]:
    output = model(x)
    return [value.data for value in (output if isinstance(output, list) else [output])]


# --- networks ------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), seeds)
def test_pytorch_loads_a_state_and_computes_the_same(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    model, peer = nn.MLP(3, sizes, "relu", rng=rng), sequential(3, sizes, torch.nn.ReLU)
    for parameter in model.parameters():
        parameter.data = rng.normal()
    state = {name: torch.from_numpy(array) for name, array in model.state_dict().items()}
    peer.load_state_dict(state)
    x = rng.normal(size=3)
    assert_close(outputs(model, x), peer(as_tensor(x)).detach().numpy())


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), seeds)
def test_a_state_of_pytorch_loads_and_computes_the_same(sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    model, peer = nn.MLP(3, sizes, "relu"), sequential(3, sizes, torch.nn.ReLU)
    model.load_state_dict(peer.state_dict())
    x = np.random.default_rng(seed).normal(size=3)
    assert_close(outputs(model, x), peer(as_tensor(x)).detach().numpy())


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_activation_has_the_values_and_gradients_of_pytorch(name: str) -> None:
    rng = np.random.default_rng(0)
    model, peer = nn.MLP(4, [5, 5, 1], name, rng=rng), sequential(4, [5, 5, 1], ACTIVATIONS[name])
    peer.load_state_dict({k: torch.from_numpy(v) for k, v in model.state_dict().items()})
    X = rng.normal(size=(6, 4))
    loss, peer_loss = ag.mean(model(x) for x in X), peer(as_tensor(X)).mean()
    loss.backward()
    peer_loss.backward()
    assert_close(loss, peer_loss.item())
    gradients = torch.cat([parameter.grad.ravel() for parameter in peer.parameters()])
    assert_close([parameter.grad for parameter in model.parameters()], gradients.numpy())


def test_every_activation_that_pytorch_knows_is_compared() -> None:
    assert set(nn.ACTIVATIONS) - set(ACTIVATIONS) == {"arctan"}


# --- losses --------------------------------------------------------------------------------------

logits_of_classes = st.lists(st.floats(-1000, 1000), min_size=2, max_size=6)
functional = torch.nn.functional


@given(logits_of_classes)
def test_cross_entropy_is_that_of_pytorch(logits: list[float]) -> None:
    expected = functional.cross_entropy(as_tensor([logits]), torch.tensor([1]))
    assert_close(nn.cross_entropy([Value(x) for x in logits], 1), expected.item())


@given(st.floats(-1000, 1000), st.floats(0, 1))
def test_binary_cross_entropy_is_that_of_pytorch(logit: float, target: float) -> None:
    expected = functional.binary_cross_entropy_with_logits(as_tensor(logit), as_tensor(target))
    assert_close(nn.binary_cross_entropy(Value(logit), target), expected.item())


@given(logits_of_classes)
def test_mse_loss_is_that_of_pytorch(predictions: list[float]) -> None:
    targets = list(range(len(predictions)))
    expected = functional.mse_loss(as_tensor(predictions), as_tensor(targets))
    assert_close(nn.mse_loss([Value(p) for p in predictions], targets), expected.item())


# --- optimizers ----------------------------------------------------------------------------------

OPTIMIZERS: list[tuple[Any, Any, dict[str, Any]]] = [
    (nn.SGD, torch.optim.SGD, {}),
    (nn.SGD, torch.optim.SGD, {"momentum": 0.9}),
    (nn.SGD, torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    (nn.SGD, torch.optim.SGD, {"weight_decay": 0.1}),
    (nn.SGD, torch.optim.SGD, {"momentum": 0.5, "weight_decay": 0.1}),
    (nn.SGD, torch.optim.SGD, {"momentum": 0.5, "weight_decay": 0.1, "nesterov": True}),
    (nn.Adam, torch.optim.Adam, {}),
    (nn.Adam, torch.optim.Adam, {"weight_decay": 0.1}),
    (nn.Adam, torch.optim.Adam, {"betas": (0.5, 0.9)}),
    (nn.Adam, torch.optim.Adam, {"betas": (0.0, 0.0)}),
    (nn.AdamW, torch.optim.AdamW, {}),
    (nn.AdamW, torch.optim.AdamW, {"weight_decay": 0.1, "betas": (0.5, 0.9)}),
]


@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    OPTIMIZERS,
    ids=[f"{ours.__name__} {options}" for ours, _, options in OPTIMIZERS],
)
def test_twenty_steps_go_where_pytorch_goes(
    ours: Any, theirs: Any, options: dict[str, Any]
) -> None:
    rng = np.random.default_rng(0)
    start = rng.normal(size=10)
    parameters, tensor = [Value(number) for number in start], as_tensor(start).requires_grad_()
    optimizer, peer = ours(parameters, lr=0.05, **options), theirs([tensor], lr=0.05, **options)
    for gradient in rng.normal(scale=rng.lognormal(sigma=3, size=10), size=(20, 10)):
        for parameter, number in zip(parameters, gradient, strict=True):
            parameter.grad = float(number)
        tensor.grad = as_tensor(gradient)
        optimizer.step()
        peer.step()
        assert_close(parameters, tensor.detach().numpy())


# --- schedules and training ----------------------------------------------------------------------

scheduler = torch.optim.lr_scheduler
SCHEDULES: list[tuple[Any, Any]] = [
    (nn.cosine_decay(1.0, 0.1, 20), lambda o: scheduler.CosineAnnealingLR(o, 20, eta_min=0.1)),
    (nn.linear_decay(1.0, 0.1, 15), lambda o: scheduler.LinearLR(o, 1.0, 0.1, total_iters=15)),
    (nn.step_decay(1.0, 0.5, 6), lambda o: scheduler.StepLR(o, 6, gamma=0.5)),
    (nn.warmup(1.0, 8), lambda o: scheduler.LinearLR(o, 1 / 8, 1.0, total_iters=7)),
]


@pytest.mark.parametrize(
    ("rate", "make_peer"), SCHEDULES, ids=["cosine", "linear", "step", "warmup"]
)
def test_schedules_are_those_of_pytorch(rate: Any, make_peer: Any) -> None:
    optimizer = torch.optim.SGD([as_tensor([1.0]).requires_grad_()], lr=1.0)
    peer = make_peer(optimizer)
    peer_rates = []
    for _ in range(20):
        peer_rates.append(peer.get_last_lr()[0])
        optimizer.step()
        peer.step()
    assert [rate(step) for step in range(20)] == pytest.approx(peer_rates, rel=1e-12)


def test_a_training_with_fit_is_that_of_pytorch() -> None:
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(20, 2)), rng.integers(0, 3, size=20)
    model, peer = nn.MLP(2, [4, 3], "tanh", rng=rng), sequential(2, [4, 3], torch.nn.Tanh)
    peer.load_state_dict({k: torch.from_numpy(v) for k, v in model.state_dict().items()})

    optimizer = nn.Adam(model.parameters(), lr=0.01)
    reports = nn.fit(model, X, labels, nn.cross_entropy, optimizer, epochs=3, batch_size=20, rng=0)
    losses = [report.loss for report in reports]

    peer_optimizer = torch.optim.Adam(peer.parameters(), lr=0.01)
    peer_losses = []
    for _ in range(3):
        loss = functional.cross_entropy(peer(as_tensor(X)), torch.tensor(labels))
        peer_losses.append(loss.item())
        peer_optimizer.zero_grad()
        loss.backward()
        peer_optimizer.step()

    assert_close(losses, peer_losses)
    for name, tensor in peer.state_dict().items():
        assert_close(model.state_dict()[name], tensor.numpy())


def test_tensors_that_give_no_array_are_told() -> None:
    model, peer = nn.MLP(3, [2], rng=0), sequential(3, [2], torch.nn.ReLU)
    before = model.state_dict()
    parameters = dict(peer.named_parameters())
    for state in (parameters, {name: p.detach().bfloat16() for name, p in parameters.items()}):
        with pytest.raises(ag.StateError, match=r"'0\.(weight|bias)' is not an array: "):
            model.load_state_dict(state)
    for name, array in model.state_dict().items():
        assert array.tolist() == before[name].tolist()
    X, optimizer = parameters["0.weight"], nn.SGD(model.parameters())
    with pytest.raises(ag.ArgumentError, match="X cannot be made an array: Can't call numpy"):
        nn.fit(model, X, [1, 0], nn.mse_loss, optimizer, epochs=1)

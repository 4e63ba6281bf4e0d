"""Models and optimizers can be pickled, to be copied or sent to another process."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import nn
from autograd import Value

X, Y = [[0.5, 1.0], [-1.0, 2.0], [3.0, 0.0]], [1.0, -1.0, 2.0]

copied = pytest.mark.parametrize(
    "copied", [lambda thing: pickle.loads(pickle.dumps(thing)), copy.deepcopy]
)
Copier = Callable[[Any], Any]


@copied
@pytest.mark.parametrize("activation", nn.ACTIVATIONS)
def test_a_copied_model_predicts_the_same(activation: str, copied: Copier) -> None:
    model = nn.MLP(2, [3, 2], activation, activation, rng=0)
    copy_of_it = copied(model)
    assert repr(copy_of_it) == repr(model)
    assert list(copy_of_it.state_dict()) == list(model.state_dict())
    for x in X:
        assert [output.data for output in copy_of_it(x)] == [output.data for output in model(x)]


def test_a_copied_model_has_parameters_of_its_own() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    before = model(X[0]).data
    for parameter in pickle.loads(pickle.dumps(model)).parameters():
        parameter.data += 1.0
    assert model(X[0]).data == before


OPTIMIZERS: dict[str, Callable[[list[Value]], nn.Optimizer]] = {
    "momentum": lambda p: nn.SGD(p, nn.linear_decay(0.1, 0.01, 6), momentum=0.9),
    "nesterov": lambda p: nn.SGD(p, nn.step_decay(0.1, 0.5, 2), momentum=0.9, nesterov=True),
    "Adam": lambda p: nn.Adam(p, nn.cosine_decay(0.1, 0.01, 6)),
    "AdamW": lambda p: nn.AdamW(p, nn.warmup(nn.linear_decay(0.1, 0.01, 6), 3)),
    "warm": lambda p: nn.SGD(p, nn.warmup(0.1, 6)),
}


@copied
@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("make_optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_copy_goes_on_training_as_the_original(
    make_optimizer: Callable[[list[Value]], nn.Optimizer], compiled: bool, copied: Copier
) -> None:
    def train(model: nn.MLP, optimizer: nn.Optimizer) -> list[float]:
        options: dict[str, Any] = {"epochs": 2, "batch_size": 2, "rng": 0, "compiled": compiled}
        return [r.loss for r in nn.fit(model, X, Y, nn.mse_loss, optimizer, **options)]

    model = nn.MLP(2, [3, 1], "tanh", rng=0)
    optimizer = make_optimizer(model.parameters())
    train(model, optimizer)
    model_copy, optimizer_copy = copied((model, optimizer))
    assert train(model_copy, optimizer_copy) == train(model, optimizer)
    assert optimizer_copy.read().tolist() == optimizer.read().tolist()
    assert [p.data for p in model_copy.parameters()] == optimizer.read().tolist()

"""Arguments of the wrong kind are told by name, with what they are and what is taken."""

from collections.abc import Callable
from typing import Any

import pytest

import autograd as ag
import nn

X, y = [[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0]
MODEL = nn.MLP(2, [3, 1], rng=0)
OPTIMIZER = nn.SGD(MODEL.parameters(), lr=0.1)
REPORT = nn.EpochReport(1, 0.5, 0.5, 0.5, 0.1)


def fit(**changed: Any) -> Any:
    arguments: dict[str, Any] = {"loss": nn.mse_loss, "optimizer": OPTIMIZER, "epochs": 1}
    arguments |= {"model": MODEL, "X": X, "y": y}
    return nn.fit(**arguments | changed)


def landscape(**changed: Any) -> Any:
    arguments: dict[str, Any] = {"model": MODEL, "X": X, "y": y, "loss": nn.mse_loss, "size": 2}
    return nn.loss_landscape(**arguments | changed)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("model", MODEL.parameters()),
        ("X", 5),
        ("y", 1.0),
        ("loss", "hinge"),
        ("loss", None),
        ("optimizer", 0.1),
        ("optimizer", MODEL.parameters()),
        ("optimizer", nn.SGD),
        ("penalty", nn.l2_penalty(MODEL.parameters())),
        ("metric", "accuracy"),
    ],
)
def test_training_takes_what_it_can_use(name: str, argument: Any, compiled: bool) -> None:
    with pytest.raises(ag.ArgumentError, match=rf"^{name}=.*: it takes .*"):
        fit(**{name: argument}, compiled=compiled)


@pytest.mark.parametrize("validation", [5, [*X, X[0]], (X,), (X, y, y)])
def test_validation_data_are_a_pair(validation: Any) -> None:
    with pytest.raises(ag.ArgumentError, match=r"^validation=.*: it takes a pair"):
        fit(validation=validation, metric=nn.accuracy)


@pytest.mark.parametrize(
    ("name", "argument"),
    [("model", MODEL.parameters()), ("model", abs), ("loss", "hinge"), ("penalty", 3)],
)
def test_a_landscape_takes_what_it_can_use(name: str, argument: Any) -> None:
    with pytest.raises(ag.ArgumentError, match=rf"^{name}=.*: it takes .*"):
        landscape(**{name: argument})


@pytest.mark.parametrize(
    ("draw", "argument", "complaint"),
    [
        (nn.plots.curves, REPORT, r"^reports=EpochReport.*: it takes what nn\.fit yields"),
        (nn.plots.curves, [REPORT, 0.5], r"^reports\[1\]=0\.5: it takes what nn\.fit yields"),
        (nn.plots.surface, [REPORT], r"^landscape=\[.*: it takes what nn\.loss_landscape"),
        (nn.plots.contour, MODEL, r"^landscape=MLP.*: it takes what nn\.loss_landscape"),
        (nn.l2_penalty, MODEL, r"^parameters=MLP.*: it takes .*model\.parameters\(\)"),
        (lambda model: nn.plots.decision_boundary(model, X, y), "MLP", "^model='MLP': it takes"),
    ],
)
def test_functions_take_what_others_return(
    draw: Callable[[Any], Any], argument: Any, complaint: str
) -> None:
    with pytest.raises(ag.ArgumentError, match=complaint):
        draw(argument)


def test_what_is_long_is_shortened() -> None:
    with pytest.raises(ag.ArgumentError) as caught:
        fit(optimizer=nn.MLP(64, [32, 10]).parameters())
    assert len(str(caught.value)) < 500

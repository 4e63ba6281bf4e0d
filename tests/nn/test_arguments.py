"""Arguments of the wrong kind are told by name, with what they are and what is taken."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn

X, y = [[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0]
MODEL = nn.MLP(2, [3, 1], rng=0)
OPTIMIZER = nn.SGD(MODEL.parameters(), lr=0.1)
REPORT = nn.EpochReport(1, 0.5, 0.5, 0.5, 0.5, 0.1)


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
        ("X", {0: [0.0, 1.0], 1: [1.0, 0.0]}),
        ("X", {0.0, 1.0}),
        ("X", (x for x in X)),
        ("X", np.array(1.0)),
        ("epochs", -1),
        ("epochs", 1.5),
        ("epochs", "3"),
        ("epochs", True),
        ("batch_size", 0),
        ("batch_size", "8"),
        ("rng", "a"),
        ("rng", -1),
        ("rng", 1.5),
        ("resume", "no"),
        ("penalty", nn.l2_penalty(MODEL.parameters())),
        ("metric", "accuracy"),
    ],
)
def test_training_takes_what_it_can_use(name: str, argument: Any, compiled: bool) -> None:
    with pytest.raises(ag.ArgumentError, match=rf"^{name}=.*: give .*"):
        fit(**{name: argument}, compiled=compiled)


@pytest.mark.parametrize("validation", [5, [*X, X[0]], (X,), (X, y, y)])
def test_validation_data_are_a_pair(validation: Any) -> None:
    with pytest.raises(ag.ArgumentError, match=r"^validation=.*: give a pair"):
        fit(validation=validation, metric=nn.accuracy)


def test_a_pair_may_be_a_list() -> None:
    assert len(list(fit(validation=[X, y]))) > 0


@pytest.mark.parametrize(
    ("name", "argument"),
    [("model", MODEL.parameters()), ("model", abs), ("loss", "hinge"), ("penalty", 3)],
)
def test_a_landscape_takes_what_it_can_use(name: str, argument: Any) -> None:
    with pytest.raises(ag.ArgumentError, match=rf"^{name}=.*: give .*"):
        landscape(**{name: argument})


@pytest.mark.parametrize(
    ("draw", "argument", "complaint"),
    [
        (nn.plots.curves, REPORT, r"^reports=EpochReport.*: give what nn\.fit yields"),
        (nn.plots.curves, [REPORT, 0.5], r"^reports\[1\]=0\.5: give what nn\.fit yields"),
        (nn.plots.surface, [REPORT], r"^landscape=\[.*: give what nn\.loss_landscape"),
        (nn.plots.contour, MODEL, r"^landscape=MLP.*: give what nn\.loss_landscape"),
        (nn.l2_penalty, MODEL, r"^parameters=MLP.*: give .*model\.parameters\(\)"),
        (lambda model: nn.plots.decision_boundary(model, X, y), "MLP", "^model='MLP': give"),
    ],
)
def test_functions_take_what_others_return(
    draw: Callable[[Any], Any], argument: Any, complaint: str
) -> None:
    with pytest.raises(ag.ArgumentError, match=complaint):
        draw(argument)


DRAWING: dict[str, Callable[[Any], Any]] = {
    "Neuron": lambda rng: nn.Neuron(2, rng=rng),
    "Layer": lambda rng: nn.Layer(2, 2, rng=rng),
    "MLP": lambda rng: nn.MLP(2, [3, 1], rng=rng),
    "minibatches": lambda rng: nn.minibatches(X, y, 1, rng=rng),
    "loss_landscape": lambda rng: landscape(rng=rng),
}


@pytest.mark.parametrize("rng", ["a", -1, 1.5, np.random], ids=repr)
@pytest.mark.parametrize("name", DRAWING)
def test_whoever_draws_takes_a_seed_or_a_generator(name: str, rng: Any) -> None:
    with pytest.raises(ag.ArgumentError, match=r"^rng=.*: give a seed"):
        DRAWING[name](rng)


def test_a_network_that_cannot_be_made_draws_nothing() -> None:
    rng = np.random.default_rng(0)
    wrong: list[dict[str, Any]] = [
        {"layer_sizes": [3, 0]},
        {"layer_sizes": [3, "1"]},
        {"activation": "rellu"},
        {"output_activation": "rellu"},
    ]
    for changed in wrong:
        with pytest.raises(ag.ArgumentError):
            nn.MLP(2, **{"layer_sizes": [3, 1]} | changed, rng=rng)
    assert rng.random() == np.random.default_rng(0).random()


WITH_PATHS: dict[str, Callable[[Any], Any]] = {
    "save": MODEL.save,
    "load": MODEL.load,
    "fit": lambda path: fit(checkpoint=path),
    "curves": lambda path: nn.plots.curves([REPORT], path=path),
    "render": lambda path: ag.draw(ag.Value(1.0) * 2).render(path),
    "explore": lambda path: ag.explore(ag.Value(1.0) * 2, path),
}


@pytest.mark.parametrize("path", [3, b"model.npz", []], ids=repr)
@pytest.mark.parametrize("name", WITH_PATHS)
def test_a_file_has_a_path(name: str, path: Any) -> None:
    with pytest.raises(ag.ArgumentError, match="is not a file path: give a string") as caught:
        WITH_PATHS[name](path)
    assert repr(path) in str(caught.value)


@pytest.mark.parametrize(
    "state", [None, 3, "model.npz", ["0.weight"], MODEL, {"0.weight"}], ids=repr
)
def test_a_state_is_a_dict(state: Any) -> None:
    before = MODEL.state_dict()
    with pytest.raises(ag.ArgumentError, match=r"^state=.*: give a dict of arrays"):
        MODEL.load_state_dict(state)
    assert all((MODEL.state_dict()[name] == array).all() for name, array in before.items())


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"X": [["a", "b"]] * 2}, r"X holds 'a' at \(0, 0\): give numbers"),
        ({"X": [None, None]}, r"X holds None at \(0,\): give numbers"),
        ({"X": [[1j, 2j]] * 2}, r"X holds 1j at \(0, 0\): give numbers"),
        ({"y": ["cat", "dog"]}, r"y holds 'cat' at \(0,\): give numbers"),
        ({"y": [0, 2**70]}, "y is an array of object: give floats"),
        (
            {"validation": (["a", "b"], y), "metric": nn.accuracy},
            r"validation\[0\] holds 'a' at \(0,\)",
        ),
        ({"X": [[0.0, 1.0, 2.0]] * 2}, "takes 2 inputs, not 3"),
        ({"X": [[0.0, np.nan], [1.0, 2.0]]}, r"X\[0, 1\] is nan"),
        ({"y": [0.0, np.inf]}, r"y\[1\] is inf"),
    ],
)
def test_data_to_train_on_are_numbers(changed: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ag.ArgumentError, match=complaint):
        fit(**changed)


@pytest.mark.parametrize("compiled", [True, False])
def test_validation_data_that_the_model_refuses_cost_no_epoch(compiled: bool) -> None:
    model = nn.MLP(2, [1], rng=0)
    before = model.state_dict()["0.weight"]
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ag.ShapeError, match="takes 2 inputs, not 3"):
        next(
            fit(
                model=model,
                optimizer=optimizer,
                validation=([[1.0, 2.0, 3.0]], [1.0]),
                metric=nn.accuracy,
                compiled=compiled,
            )
        )
    assert (model.state_dict()["0.weight"] == before).all()


@pytest.mark.parametrize("compiled", [True, False])
def test_validation_targets_that_the_loss_refuses_cost_no_epoch(compiled: bool) -> None:
    model = nn.MLP(2, [2], rng=0)
    before = model.state_dict()["0.weight"]
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    held_out = [[0.0, 1.0], [1.0, 0.0]], [0, 7]
    with pytest.raises(ag.ArgumentError, match="the label 7 is not a class"):
        next(
            fit(
                model=model,
                y=[0, 1],
                loss=nn.cross_entropy,
                optimizer=optimizer,
                validation=held_out,
                compiled=compiled,
            )
        )
    assert (model.state_dict()["0.weight"] == before).all()


@pytest.mark.parametrize("result", [None, [1.0], "good"])
@pytest.mark.parametrize("compiled", [True, False])
def test_a_metric_is_a_number(compiled: bool, result: Any) -> None:
    message = f"the metric returned {result!r} for a sample: return a number"
    with pytest.raises(ag.NotANumberError, match=re.escape(message)):
        list(fit(metric=lambda prediction, target: result, compiled=compiled))


class Table:
    """What a table of pandas does: it is an array, and yet its items are its columns."""

    def __init__(self, numbers: Any) -> None:
        self.numbers = np.array(numbers)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Any:
        return iter(["first", "second"])

    def __getitem__(self, column: Any) -> Any:
        raise KeyError(column)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_table_is_taken_by_its_rows(compiled: bool) -> None:
    (inputs, targets), *_ = nn.minibatches(Table(X), Table(y), 2, rng=0)  # type: ignore[arg-type]
    assert sorted(inputs.tolist()) == sorted(X)
    assert sorted(targets.tolist()) == sorted(y)
    losses = []
    for data in [(X, y), (Table(X), Table(y))]:
        model = nn.MLP(2, [3, 1], rng=0)
        optimizer = nn.SGD(model.parameters(), lr=0.1)
        changed = {"model": model, "optimizer": optimizer, "X": data[0], "y": data[1]}
        losses.append([report.loss for report in fit(**changed, rng=0, compiled=compiled)])
    assert losses[0] == losses[1]


def test_what_is_long_is_shortened() -> None:
    with pytest.raises(ag.ArgumentError) as caught:
        fit(optimizer=nn.MLP(64, [32, 10]).parameters())
    assert len(str(caught.value)) < 500

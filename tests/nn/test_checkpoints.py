"""Checkpoints: training goes on as if it had not been interrupted, or nothing changes."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Value
from comparing import numbers
from trainings import (
    BATCH_SIZE,
    HELD_OUT,
    OPTIMIZERS,
    X,
    distance,
    expecting,
    facts,
    fit,
    network,
    y,
)

BIT_GENERATORS = [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64]


class Run:
    """Everything that a training changes, so that two of them can be compared bit by bit."""

    def __init__(
        self,
        make_optimizer: Callable[[list[Value]], nn.Optimizer] = OPTIMIZERS["Adam"],
        bit_generator: type[Any] = np.random.PCG64,
        *,
        seed: int = 0,
        model: nn.MLP | None = None,
    ) -> None:
        self.model = model or nn.MLP(2, [3, 1], "tanh", rng=seed)
        self.optimizer = make_optimizer(self.model.parameters())
        self.rng = np.random.Generator(bit_generator(seed))
        self.reports: list[nn.EpochReport] = []

    def run(self, *, stop_at_step: int | None = None, **options: Any) -> None:
        """Train for four epochs, or until Ctrl-C is pressed during a step."""

        def loss(prediction: Value, target: float) -> Value:
            if self.optimizer.steps == stop_at_step:
                raise KeyboardInterrupt
            return nn.mse_loss(prediction, target)

        arguments: dict[str, Any] = {"epochs": 4, "batch_size": BATCH_SIZE}
        arguments |= {"metric": distance, "validation": HELD_OUT} | options
        training = fit(self.model, X, y, loss, self.optimizer, rng=self.rng, **arguments)
        with expecting(KeyboardInterrupt if stop_at_step is not None else None):
            for report in training:
                self.reports.append(report)

    def outcome(self) -> Any:
        return (
            numbers(self.model),
            self.optimizer.steps,
            {name: array.tolist() for name, array in self.optimizer.state.items()},
            repr(self.rng.bit_generator.state),
            facts(self.reports),
        )


# --- going on -------------------------------------------------------------------------------------


@pytest.mark.parametrize("make_optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
@pytest.mark.parametrize("bit_generator", BIT_GENERATORS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("step", [4, 6, 8, 11])
def test_a_resumed_training_ends_as_if_it_had_not_been_interrupted(
    tmp_path: Path, make_optimizer: Any, bit_generator: Any, step: int
) -> None:
    uninterrupted = Run(make_optimizer, bit_generator)
    uninterrupted.run()

    checkpoint = tmp_path / "training.npz"
    Run(make_optimizer, bit_generator).run(stop_at_step=step, checkpoint=checkpoint)
    resumed = Run(make_optimizer, bit_generator, seed=1)
    resumed.run(checkpoint=checkpoint, resume=True)

    assert resumed.outcome() == uninterrupted.outcome()


def test_a_training_can_be_interrupted_again_and_again(tmp_path: Path) -> None:
    checkpoint = str(tmp_path / "training.npz")
    for step in [1, 4, 5, 10, 11]:
        Run().run(stop_at_step=step, checkpoint=checkpoint, resume=True)
    resumed, uninterrupted = Run(), Run()
    resumed.run(checkpoint=checkpoint, resume=True)
    uninterrupted.run()
    assert resumed.outcome() == uninterrupted.outcome()


def test_a_checkpoint_does_not_change_the_training(tmp_path: Path) -> None:
    with_checkpoint, without = Run(), Run()
    with_checkpoint.run(checkpoint=tmp_path / "training.npz")
    without.run()
    assert with_checkpoint.outcome() == without.outcome()


def test_any_text_may_be_a_label(tmp_path: Path) -> None:
    training = Run()
    training.model.parameters()[0].label = "\ud800"  # half of a character, which has no encoding
    training.run(checkpoint=tmp_path / "training.npz")


def test_another_learning_rate_takes_effect_when_training_is_resumed(tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.npz"
    before = Run(lambda parameters: nn.SGD(parameters, lr=0.1))
    before.run(checkpoint=checkpoint)
    resumed = Run(lambda parameters: nn.SGD(parameters, lr=0.0), seed=1)
    resumed.run(checkpoint=checkpoint, resume=True, epochs=6)
    assert resumed.optimizer.steps > before.optimizer.steps
    assert numbers(resumed.model) == numbers(before.model)


def test_a_finished_training_resumes_to_its_end(tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.npz"
    finished, resumed = Run(), Run(seed=1)
    finished.run(checkpoint=checkpoint)
    resumed.run(checkpoint=checkpoint, resume=True)
    assert resumed.reports == finished.reports  # with the seconds of the first time
    assert resumed.outcome() == finished.outcome()


@pytest.mark.parametrize("compiled", [False, True])
def test_a_finished_training_can_be_prolonged(tmp_path: Path, compiled: bool) -> None:
    checkpoint = tmp_path / "training.npz"
    short, prolonged, long = Run(), Run(seed=1), Run()
    short.run(checkpoint=checkpoint, compiled=compiled)
    prolonged.run(checkpoint=checkpoint, compiled=compiled, resume=True, epochs=6)
    long.run(compiled=compiled, epochs=6)
    assert prolonged.outcome() == long.outcome()


def test_without_resume_an_old_checkpoint_is_overwritten(tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.npz"
    Run(seed=1).run(checkpoint=checkpoint)
    alone, fresh, resumed = Run(), Run(), Run(seed=2)
    alone.run()
    fresh.run(checkpoint=checkpoint)
    resumed.run(checkpoint=checkpoint, resume=True)
    assert alone.outcome() == fresh.outcome() == resumed.outcome()


# --- checkpoints of something else ----------------------------------------------------------------


def assert_refused(training: Run, checkpoint: Path, epochs: int = 4, match: str = ".") -> None:
    before = training.outcome()
    with pytest.raises(ag.StateError, match=match):
        training.run(checkpoint=checkpoint, resume=True, epochs=epochs)
    assert training.outcome() == before


@pytest.mark.parametrize("make_optimizer", [nn.SGD, nn.Adam])
@pytest.mark.parametrize(
    "other",
    [
        {"model": nn.MLP(2, [4, 1])},
        {"model": nn.MLP(2, [1])},
        {"model": nn.MLP(2, [1, 3, 1])},
        {"bit_generator": np.random.MT19937},
    ],
    ids=["more parameters", "fewer parameters", "other layers", "another kind of generator"],
)
def test_a_checkpoint_of_another_training_changes_nothing(
    tmp_path: Path, make_optimizer: Any, other: dict[str, Any]
) -> None:
    checkpoint = tmp_path / "training.npz"
    Run(make_optimizer).run(checkpoint=checkpoint)
    assert_refused(Run(make_optimizer, **other), checkpoint)


def test_other_layers_have_as_many_parameters() -> None:  # as the test above needs
    assert len(nn.MLP(2, [1, 3, 1]).parameters()) == len(Run().model.parameters())


def test_a_training_cannot_be_resumed_to_an_earlier_end(tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.npz"
    Run().run(checkpoint=checkpoint)
    assert_refused(Run(), checkpoint, epochs=3)


def test_a_saved_network_is_no_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    network().save(path)
    assert_refused(Run(), path)


def test_a_checkpoint_of_another_version_is_told(tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.npz"
    Run().run(checkpoint=checkpoint)
    with np.load(checkpoint) as archive:
        entries = dict(archive)
    np.savez(checkpoint, **entries | {"reports": entries["reports"][:, 1:]})
    assert_refused(Run(), checkpoint, match="of another version")


def test_a_checkpoint_of_another_optimizer_is_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.npz"
    Run(OPTIMIZERS["momentum and schedule"]).run(checkpoint=checkpoint)
    assert_refused(Run(OPTIMIZERS["Adam"]), checkpoint, match="Adam")


# --- damage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ["parameters", "steps", "rng", "reports"])
def test_a_checkpoint_without_an_entry_changes_nothing(tmp_path: Path, entry: str) -> None:
    checkpoint = tmp_path / "training.npz"
    Run().run(checkpoint=checkpoint)
    with np.load(checkpoint) as archive:
        entries = {name: array for name, array in archive.items() if name != entry}
    np.savez(checkpoint, allow_pickle=False, **entries)
    assert_refused(Run(), checkpoint)


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_checkpoint_that_was_cut_changes_nothing(tmp_path: Path, part: float) -> None:
    checkpoint = tmp_path / "training.npz"
    Run().run(checkpoint=checkpoint)
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(content[: int(part * len(content))])
    assert_refused(Run(), checkpoint)


DAMAGE: dict[str, list[Any]] = {
    "parameters": [np.nan, np.inf, 1j, "text", True],
    "optimizer.velocity": [np.nan, 1j, "text"],
    "steps": [-1, 1.5, np.inf],
    "reports": [np.inf, 1j, "text"],
    "rng": ["{", json.dumps({"state": -1}), "[" * 100_000],
}


@pytest.mark.parametrize(
    ("entry", "content"), [(entry, content) for entry in DAMAGE for content in DAMAGE[entry]]
)
def test_a_damaged_checkpoint_changes_nothing(entry: str, content: Any, tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.npz"
    make_optimizer = OPTIMIZERS["momentum and schedule"]
    Run(make_optimizer).run(checkpoint=checkpoint)
    with np.load(checkpoint) as archive:
        entries = dict(archive)
    np.savez(checkpoint, **entries | {entry: np.full(entries[entry].shape, content)})
    assert_refused(Run(make_optimizer), checkpoint)


# --- where it cannot be written -------------------------------------------------------------------


def test_a_checkpoint_without_a_folder_is_refused_before_training(tmp_path: Path) -> None:
    model = nn.MLP(1, [1], rng=0)
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ag.FileError, match="there is no folder"):
        nn.fit(
            model,
            [[1.0]],
            [0.0],
            nn.mse_loss,
            optimizer,
            epochs=1,
            checkpoint=tmp_path / "runs" / "training.npz",
        )


@pytest.mark.parametrize("reason", ["it is a folder", "it is not a regular file"])
def test_a_checkpoint_that_is_no_file_is_refused_before_training(
    tmp_path: Path, reason: str
) -> None:
    path = tmp_path / "training.npz"
    (os.mkfifo if "regular" in reason else os.mkdir)(path)
    model = nn.MLP(1, [1], rng=0)
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ag.FileError, match=reason):
        nn.fit(model, [[1.0]], [1.0], nn.mse_loss, optimizer, epochs=1, checkpoint=path)

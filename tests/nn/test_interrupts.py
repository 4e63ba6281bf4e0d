"""Ctrl-C: held back inside a block, and harmless at any line of a training."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import Value
from comparing import numbers
from ctrl_c import interrupted_at_every, press_ctrl_c
from nn.checkpoints import load_checkpoint
from nn.interrupts import completed, interrupts_deferred
from trainings import BATCH_SIZE, N_SAMPLES, STEPS_PER_EPOCH, network, train

Result = TypeVar("Result")

SAMPLES, TARGETS = [[0.0, 1.0], [1.0, 3.0], [2.0, -1.0]], [0.0, 1.0, 2.0]


@pytest.fixture(autouse=True)
def default_handler() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt, whoever started the tests; and put the handler back."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


# --- interrupts_deferred -------------------------------------------------------------------------


def test_an_interrupt_inside_takes_effect_at_the_end() -> None:
    passed = []
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012  it shows which lines run
        with interrupts_deferred():
            press_ctrl_c()
            passed.append("inside")
        passed.append("after")
    assert passed == ["inside"]


def test_an_interrupt_in_an_inner_block_takes_effect_at_the_end_of_the_outer() -> None:
    passed = []
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        with interrupts_deferred():
            with interrupts_deferred():
                press_ctrl_c()
                passed.append("inner")
            passed.append("outer")
        passed.append("after")
    assert passed == ["inner", "outer"]


def test_an_interrupt_is_not_lost_when_the_block_fails() -> None:
    with pytest.raises(KeyboardInterrupt) as caught, interrupts_deferred():  # noqa: PT012
        press_ctrl_c()
        raise LookupError
    assert isinstance(caught.value.__context__, LookupError)


def test_without_an_interrupt_errors_come_through() -> None:
    with pytest.raises(LookupError), interrupts_deferred():
        raise LookupError


def test_a_handler_of_yours_is_called_at_the_end_and_stays() -> None:
    events = []

    def handler(number: int, frame: FrameType | None) -> None:
        events.append(f"signal {number}")

    signal.signal(signal.SIGINT, handler)
    with interrupts_deferred():
        press_ctrl_c()
        events.append("inside")
    assert events == ["inside", f"signal {int(signal.SIGINT)}"]
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_ignored_interrupt_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interrupts_deferred():
        press_ctrl_c()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


# --- in other threads ----------------------------------------------------------------------------


def in_another_thread(function: Callable[[], Result]) -> Result:
    results: list[Result] = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def test_in_another_thread_the_block_leaves_the_handler_alone() -> None:
    def handler_inside() -> Any:
        with interrupts_deferred():
            return signal.getsignal(signal.SIGINT)

    assert in_another_thread(handler_inside) is signal.default_int_handler


def test_training_in_another_thread_gives_the_same() -> None:
    def trained() -> list[float]:
        model = nn.MLP(2, [3, 1], rng=0)
        optimizer = nn.SGD(model.parameters(), lr=0.1)
        list(nn.fit(model, SAMPLES, TARGETS, nn.mse_loss, optimizer, epochs=3, batch_size=2, rng=0))
        return numbers(model)

    assert in_another_thread(trained) == trained()


# --- completed -----------------------------------------------------------------------------------


def test_a_change_that_is_interrupted_is_made_again_as_a_whole() -> None:
    passed = []

    def change() -> None:
        passed.append("begin")
        if len(passed) == 1:
            press_ctrl_c()
        passed.append("end")

    with pytest.raises(KeyboardInterrupt):
        completed(change)
    assert passed == ["begin", "begin", "end"]


def test_a_change_that_fails_is_not_tried_again() -> None:
    passed = []

    def change() -> None:
        passed.append("begin")
        raise LookupError

    with pytest.raises(LookupError):
        completed(change)
    assert passed == ["begin"]


def test_a_change_that_is_interrupted_twice_is_made_all_the_same() -> None:
    passed = []

    def change() -> None:
        press_ctrl_c()
        passed.append("end")

    with pytest.raises(KeyboardInterrupt):
        completed(change)
    assert passed == ["end"]


# --- in a step ------------------------------------------------------------------------------------


class Interrupted:
    """A loss during whose call number `at` Ctrl-C is pressed."""

    def __init__(self, at: int, model: nn.MLP) -> None:
        self.at = at
        self.model = model
        self.parameters_at_each_call: list[list[float]] = []

    def __call__(self, prediction: Value, target: float) -> Value:
        if len(self.parameters_at_each_call) == self.at:
            raise KeyboardInterrupt
        self.parameters_at_each_call.append(numbers(self.model))
        return nn.mse_loss(prediction, target)


@given(st.integers(0, 2 * N_SAMPLES - 1))
def test_an_interrupted_training_leaves_the_model_at_the_last_whole_step(call: int) -> None:
    model = network()
    uninterrupted = Interrupted(-1, model)
    train(model, loss=uninterrupted, epochs=2)

    model = network()
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    with pytest.raises(KeyboardInterrupt):
        train(model, loss=Interrupted(call, model), optimizer=optimizer)
    epoch, sample = divmod(call, N_SAMPLES)
    assert optimizer.steps == epoch * STEPS_PER_EPOCH + sample // BATCH_SIZE
    assert numbers(model) == uninterrupted.parameters_at_each_call[call]


@pytest.mark.parametrize("step", [1, 2, 5])
def test_an_interrupted_compiled_training_leaves_the_model_at_the_last_whole_step(
    step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = []
    update = nn.SGD.update

    def interrupted_update(self: Any, theta: Any, gradient: Any, state: Any) -> Any:
        if self.steps == step:
            raise KeyboardInterrupt
        moved, state = update(self, theta, gradient, state)
        history.append(moved.tolist())
        return moved, state

    monkeypatch.setattr(nn.SGD, "update", interrupted_update)
    model = network()
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    with pytest.raises(KeyboardInterrupt):
        train(model, optimizer=optimizer, epochs=3, compiled=True)
    assert optimizer.steps == step
    assert numbers(model) == history[-1]


ENDLESS_TRAINING = """
import json, signal
import nn

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have turned it off

def train(stop_at_step):
    model = nn.MLP(1, [4, 1], "tanh", rng=0)
    optimizer = nn.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def loss(prediction, target):
        if optimizer.steps == stop_at_step:
            raise KeyboardInterrupt
        return nn.mse_loss(prediction, target)

    X, y = [[0.0], [1.0], [2.0]], [1.0, -1.0, 0.5]
    try:
        for report in nn.fit(model, X, y, loss, optimizer, epochs=10**9, batch_size=2, rng=0,
            compiled=False):
            if report.epoch == 20 and stop_at_step is None:
                print("training", flush=True)
    except KeyboardInterrupt:
        return optimizer.steps, [parameter.data for parameter in model.parameters()]

steps, parameters = train(None)
print(json.dumps([steps, parameters, train(steps)]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send Ctrl-C to another there")
def test_a_real_interrupt_leaves_the_model_at_the_last_whole_step() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS_TRAINING],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "training\n"
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=300)
        finally:
            process.kill()  # where it has not stopped
    assert errors == ""
    steps, parameters, (replayed_steps, replayed_parameters) = json.loads(output)
    assert steps >= 40
    assert (steps, parameters) == (replayed_steps, replayed_parameters)


# --- at any line -------------------------------------------------------------------------------


class WatchedTraining:
    """A training of two steps an epoch, which notes where it is at each call of the loss."""

    def __init__(self) -> None:
        self.model = nn.MLP(2, [1], rng=3)
        self.optimizer = nn.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.places: list[Any] = []

    def loss(self, prediction: Value, target: float) -> Value:
        self.places.append(self.place())
        return nn.mse_loss(prediction, target)

    def run(self, **options: Any) -> None:
        arguments: dict[str, Any] = {"epochs": 2, "batch_size": 2, "rng": 0, "compiled": False}
        arguments |= options
        for _ in nn.fit(self.model, SAMPLES, TARGETS, self.loss, self.optimizer, **arguments):
            pass

    def place(self) -> Any:
        """Return all that a step changes."""
        velocity = self.optimizer.state.get("velocity", np.zeros(3))
        parameters = [parameter.data for parameter in self.optimizer.parameters]
        return self.optimizer.steps, parameters, velocity.tolist()


def test_a_step_is_done_as_a_whole_or_not_at_all() -> None:
    def make() -> WatchedTraining:
        training = WatchedTraining()
        for index, parameter in enumerate(training.optimizer.parameters):
            parameter.grad = 1.0 + index
        return training

    before = make()
    after = make()
    after.optimizer.step()
    places = [t.place() for t in interrupted_at_every(1, make, lambda t: t.optimizer.step())]
    n_before = places.count(before.place())
    assert 0 < n_before < len(places)
    assert places == [before.place()] * n_before + [after.place()] * (len(places) - n_before)


# Ctrl-C at the very moment when a `with` is about to close its file leaves that to Python.
files_may_be_closed_late = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@files_may_be_closed_late
@pytest.mark.filterwarnings("ignore:nn.fit was never iterated")  # true, if it stops before that
def test_training_stops_at_a_whole_step_and_resumes_as_if_it_had_not(tmp_path: Path) -> None:
    uninterrupted = WatchedTraining()
    uninterrupted.run()
    places = [*uninterrupted.places, uninterrupted.place()]
    checkpoint = tmp_path / "training.npz"

    def make() -> WatchedTraining:
        checkpoint.unlink(missing_ok=True)
        return WatchedTraining()

    def run(training: WatchedTraining) -> None:
        training.run(checkpoint=checkpoint)

    steps_done = set()
    for training in interrupted_at_every(20, make, run):
        assert training.place() in places
        steps_done.add(training.optimizer.steps)
        resumed = WatchedTraining()
        resumed.run(checkpoint=checkpoint, resume=True)
        assert resumed.place() == uninterrupted.place()
    assert steps_done == {0, 1, 2, 3, 4}


@pytest.mark.filterwarnings("ignore:nn.fit was never iterated")  # true, if it stops before that
def test_compiled_training_stops_at_a_whole_step() -> None:
    class Noting(nn.SGD):
        moved: list[list[float]]

        def update(self, theta: Any, gradient: Any, state: Any) -> Any:
            moved, state = super().update(theta, gradient, state)
            self.moved.append(moved.tolist())
            return moved, state

    def make() -> tuple[nn.MLP, Noting]:
        model = nn.MLP(2, [1], rng=3)
        optimizer = Noting(model.parameters(), lr=0.1)
        optimizer.moved = [numbers(model)]
        return model, optimizer

    def run(training: tuple[nn.MLP, Noting]) -> None:
        model, optimizer = training
        list(nn.fit(model, SAMPLES, TARGETS, nn.mse_loss, optimizer, epochs=2, batch_size=2, rng=0))

    steps_done = set()
    for model, optimizer in interrupted_at_every(1, make, run, ("nn.training", "nn.steps")):
        assert numbers(model) == optimizer.moved[optimizer.steps]
        steps_done.add(optimizer.steps)
    assert steps_done == {0, 1, 2, 3, 4}


@files_may_be_closed_late
def test_a_file_holds_the_old_network_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    old, new = nn.MLP(2, [1], rng=0), nn.MLP(2, [1], rng=1)

    def make() -> nn.MLP:
        old.save(path)
        return nn.MLP(2, [1], rng=2)

    found = []
    for loaded in interrupted_at_every(1, make, lambda _: new.save(path)):
        loaded.load(path)
        found.append(numbers(loaded))
    n_old = found.count(numbers(old))
    assert 0 < n_old < len(found)
    assert found == [numbers(old)] * n_old + [numbers(new)] * (len(found) - n_old)


def test_a_network_has_the_old_numbers_or_the_loaded_ones() -> None:
    old, new = nn.MLP(2, [1], rng=0), nn.MLP(2, [1], rng=1)
    state = new.state_dict()
    found = [
        numbers(loading)
        for loading in interrupted_at_every(
            1, lambda: nn.MLP(2, [1], rng=0), lambda model: model.load_state_dict(state)
        )
    ]
    n_old = found.count(numbers(old))
    assert 0 < n_old < len(found)
    assert found == [numbers(old)] * n_old + [numbers(new)] * (len(found) - n_old)


def test_a_checkpoint_is_loaded_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.npz"
    done = WatchedTraining()
    done.run(epochs=1, checkpoint=checkpoint)

    def resume(training: WatchedTraining) -> None:
        load_checkpoint(checkpoint, training.optimizer, np.random.default_rng(0), 1)

    places = [training.place() for training in interrupted_at_every(1, WatchedTraining, resume)]
    n_before = places.count(WatchedTraining().place())
    assert 0 < n_before < len(places)
    n_after = len(places) - n_before
    assert places == [WatchedTraining().place()] * n_before + [done.place()] * n_after

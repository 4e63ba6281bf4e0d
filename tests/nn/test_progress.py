"""The progress bar of a training: on a terminal, and elsewhere."""

import io
import sys
import time

import pytest

import nn
from autograd import Value
from comparing import numbers
from trainings import STEPS_PER_EPOCH, X, facts, fit, network, train, y


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def slow_loss(prediction: Value, target: float) -> Value:
    """Make an epoch take a second: a bar shows after half of one."""
    time.sleep(1 / len(X))
    return nn.mse_loss(prediction, target)


def test_it_is_silent_where_there_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    train(network(), loss=slow_loss, epochs=1)
    assert capfd.readouterr() == ("", "")


def test_it_is_silent_without_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert len(train(network())) == 2
    assert terminal.getvalue() == ""


def test_a_progress_bar_shows_on_a_terminal_and_changes_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tqdm")

    silent, shown = network(), network()
    silent_reports = train(silent, epochs=1)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    shown_reports = train(shown, loss=slow_loss, epochs=1)
    assert "epoch 1 of 1: " in terminal.getvalue()
    assert f"/{STEPS_PER_EPOCH} " in terminal.getvalue()
    assert "\n" not in terminal.getvalue()  # the next one takes its place
    assert capfd.readouterr() == ("", "")
    assert (numbers(shown), facts(shown_reports)) == (numbers(silent), facts(silent_reports))


def test_many_short_epochs_show_a_bar_and_leave_the_line_to_others_between_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("tqdm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    model = network()
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    began = time.perf_counter()
    for report in fit(model, X, y, nn.mse_loss, optimizer, epochs=10**6, batch_size=2, rng=0):
        *_, line = terminal.getvalue().removesuffix("\r").split("\r")
        assert line.strip() == ""
        if f"epoch {report.epoch} of 1000000, loss " in terminal.getvalue():
            break
        assert time.perf_counter() - began < 60  # it would never end
    assert report.epoch > 1

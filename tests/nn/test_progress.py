"""The progress bar of a training: on a terminal, in a notebook, and elsewhere."""

import io
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

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
    train(network(), loss=slow_loss, epochs=1)
    assert terminal.getvalue() == ""


def test_it_is_silent_where_there_is_no_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)  # as in a program without a console
    assert len(train(network())) == 2


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


class Notebook(io.StringIO):
    """The standard error of a notebook, which is no terminal."""


class Widget:
    """What tqdm makes in a notebook."""

    made: ClassVar[list["Widget"]] = []

    def __init__(self, desc: str, total: int, **options: Any) -> None:
        self.told = [(desc, True)]
        self.total, self.n, self.is_closed = total, 0, False
        self.made.append(self)

    def update(self) -> bool:
        self.n += 1
        return True

    def set_description(self, title: str, refresh: bool) -> None:
        self.told.append((title, refresh))

    def close(self) -> None:
        self.is_closed = True


def in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    monkeypatch.setitem(sys.modules, "ipykernel.iostream", SimpleNamespace(OutStream=Notebook))
    monkeypatch.setitem(sys.modules, "ipywidgets", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "tqdm.notebook", SimpleNamespace(tqdm=Widget))
    monkeypatch.setattr(Widget, "made", [])
    notebook = Notebook()
    monkeypatch.setattr(sys, "stderr", notebook)
    return notebook


def test_a_notebook_shows_a_widget_and_never_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = in_a_notebook(monkeypatch)
    train(network(), epochs=3)
    (widget,) = Widget.made
    assert (widget.n, widget.is_closed) == (widget.total, True)
    assert [title[:12] for title, _ in widget.told[1:]] == [f"epoch {n} of 3" for n in (1, 2, 3)]
    assert not any(refresh for _, refresh in widget.told[1:])
    assert notebook.getvalue() == ""


@pytest.mark.parametrize("missing", ["ipywidgets", "tqdm.notebook"])
def test_a_notebook_without_widgets_is_silent(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = in_a_notebook(monkeypatch)
    monkeypatch.setitem(sys.modules, missing, None)
    assert len(train(network())) == 2
    assert (Widget.made, notebook.getvalue()) == ([], "")


def test_a_resumed_training_shows_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_notebook(monkeypatch)
    for epochs in (1, 3):
        train(network(), epochs=epochs, checkpoint=tmp_path / "training.npz", resume=True)
    assert [widget.total for widget in Widget.made] == [STEPS_PER_EPOCH, 2 * STEPS_PER_EPOCH]
    assert all(widget.is_closed for widget in Widget.made)

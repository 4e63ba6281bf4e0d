"""The demos as people run them: from the command line, in whatever folder they are."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEMOS = ["backpropagation", "digits", "landscape", "moons"]
PICTURES = {
    "digits": {"digits-curves.png", "digits-mistakes.png", "digits-weights.png"},
    "landscape": {
        f"landscape-{data}{view}.png"
        for data in ("moons", "digits")
        for view in ("", "-surface", "-around")
    },
    "moons": {"moons-boundary.png", "moons-curves.png"},
}


@dataclass(frozen=True)
class Outcome:
    """What a program left behind: its exit code, its words, and those about errors."""

    code: int
    output: str
    errors: str


def start(demo: str, *arguments: object, folder: Path) -> subprocess.Popen[str]:
    """Start a demo in a folder. A module that lies there comes before an installed one."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", ROOT / "demos" / f"{demo}.py", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, [folder, ROOT]))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Programs that a shell runs in the background ignore Ctrl-C, and so do their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finish(process: subprocess.Popen[str]) -> Outcome:
    with process:
        try:
            output, errors = process.communicate(timeout=120)
        finally:
            process.kill()
    return Outcome(process.returncode, output, errors)


def run(demo: str, *arguments: object, folder: Path) -> Outcome:
    return finish(start(demo, *arguments, folder=folder))


def run_until_interrupted(demo: str, *arguments: object, folder: Path) -> Outcome:
    """Press Ctrl-C once the table of epochs has its first line."""
    process = start(demo, *arguments, folder=folder)
    assert process.stdout is not None
    before = ""
    for line in process.stdout:
        before += line
        if line.split()[:1] == ["1"]:
            break
    process.send_signal(signal.SIGINT)
    after = finish(process)
    return Outcome(after.code, before + after.output, after.errors)


def pictures_in(folder: Path) -> set[str]:
    """Return the names of the PNG files, and see that they are what they are called."""
    pictures = list(folder.glob("*.png"))
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    return {picture.name for picture in pictures}


def tables(output: str) -> list[list[str]]:
    """Return the rows of numbers, the epochs without their seconds, which are never the same."""
    rows = [line.split() for line in output.splitlines()]
    return [row[:-1] if len(row) == 5 else row for row in rows if row and row[0].isdigit()]


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    """Two epochs of the digits, in a folder that has nothing but their output."""
    folder = tmp_path_factory.mktemp("digits")
    return run("digits", "--epochs", 2, "--output", "new/output", folder=folder), folder


def test_digits_are_learned_and_shown(two_epochs: tuple[Outcome, Path]) -> None:
    outcome, folder = two_epochs
    assert (outcome.code, outcome.errors) == (0, "")
    first, second, *confusion = tables(outcome.output)[:2] + tables(outcome.output)[-10:]
    assert (first[0], second[0]) == ("1", "2")
    assert float(second[3].removesuffix("%")) > 90
    assert [row[0] for row in confusion] == list("0123456789")
    assert pictures_in(folder / "new" / "output") == PICTURES["digits"]
    for picture in PICTURES["digits"]:
        assert f"wrote {Path('new', 'output', picture)}" in outcome.output


@pytest.mark.parametrize(
    ("misread", "title"),
    [
        (0, "0 of 30 test images misread. Below: the closest calls"),
        (1, "1 of 30 test images misread. Below: the most confident mistakes, then the closest c"),
        (12, "12 of 30 test images misread. Below: the most confident mistakes"),
    ],
)
def test_the_hardest_digits_are_told_in_any_number(
    misread: int, title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "demos")
    from digits import title_of_hardest

    assert title_of_hardest(misread, 30).startswith(title)


def test_digits_interrupted_and_resumed_come_to_the_same(
    two_epochs: tuple[Outcome, Path], tmp_path: Path
) -> None:
    # A training with another seed is none to resume: it has seen the images that test this one.
    (tmp_path / "digits-seed-1.npz").touch()
    arguments = ["--resume", "--output", tmp_path]
    interrupted = run_until_interrupted("digits", *arguments, folder=tmp_path)
    assert (interrupted.code, interrupted.errors) == (130, "")
    assert "Nothing to resume" in interrupted.output
    assert "Interrupted" in interrupted.output
    assert pictures_in(tmp_path) == PICTURES["digits"]

    resumed = run("digits", *arguments, "--epochs", 2, folder=tmp_path)
    assert (resumed.code, resumed.errors) == (0, "")
    assert "Nothing to resume" not in resumed.output
    assert tables(resumed.output) == tables(two_epochs[0].output)


def test_moons_are_parted(tmp_path: Path) -> None:
    outcome = run("moons", "--output", tmp_path, folder=tmp_path)
    assert (outcome.code, outcome.errors) == (0, "")
    assert "100 of 100 points on the right side" in outcome.output
    assert "\n\n\n" not in outcome.output
    assert pictures_in(tmp_path) == PICTURES["moons"]


def test_moons_in_batches_interrupted(tmp_path: Path) -> None:
    arguments = ["--batch-size", 10, "--epochs", 10_000, "--output", tmp_path]
    outcome = run_until_interrupted("moons", *arguments, folder=tmp_path)
    assert (outcome.code, outcome.errors) == (130, "")
    assert "Interrupted" in outcome.output
    assert pictures_in(tmp_path) == PICTURES["moons"]


def test_landscapes_are_drawn_the_same_each_time(tmp_path: Path) -> None:
    one, other = (
        run("landscape", "--size", 9, "--output", tmp_path / name, folder=tmp_path)
        for name in ("one", "other")
    )
    assert (one.code, one.errors) == (other.code, other.errors) == (0, "")
    assert pictures_in(tmp_path / "one") == PICTURES["landscape"]
    assert one.output.count("Computing the loss of the ") == 4
    for picture in PICTURES["landscape"]:
        same = (
            (tmp_path / "one" / picture).read_bytes(),
            (tmp_path / "other" / picture).read_bytes(),
        )
        assert same[0] == same[1]


def test_backpropagation_is_drawn_explained_and_explored(tmp_path: Path) -> None:
    outcome = run("backpropagation", "--epochs", 3, "--output", tmp_path, folder=tmp_path)
    assert (outcome.code, outcome.errors) == (0, "")
    assert "w0.grad = 0.1274: backward() found the same." in outcome.output
    for picture, content in {"neuron": ">tanh<", "network": "Layer(64, 32)"}.items():
        drawn = tmp_path / f"backpropagation-{picture}.svg"
        assert content in drawn.read_text()
        assert f"wrote {drawn}" in outcome.output
    assert "Two moons" in (tmp_path / "backpropagation.html").read_text()


@pytest.mark.parametrize("demo", DEMOS)
def test_help(demo: str, tmp_path: Path) -> None:
    outcome = run(demo, "--help", folder=tmp_path)
    assert outcome.code == 0
    for option in ["--epochs", "--seed", "--output", "default: "]:
        assert option in outcome.output


@pytest.mark.parametrize(
    ("demo", "arguments", "complaint"),
    [
        ("digits", ["--epochs", "0"], "--epochs"),
        ("digits", ["--seed", "-1"], "--seed"),
        ("landscape", ["--epochs", "1"], "--epochs"),
        ("moons", ["--epochs", "-1"], "--epochs"),
        ("moons", ["--batch-size", "0"], "--batch-size"),
        ("moons", ["--output", __file__], "--output"),
    ],
)
def test_bad_arguments_are_told(
    demo: str, arguments: list[str], complaint: str, tmp_path: Path
) -> None:
    outcome = run(demo, "--output", "output", *arguments, folder=tmp_path)
    assert outcome.code == 2
    assert f"error: argument {complaint}: " in outcome.errors
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("demo", DEMOS)
def test_missing_matplotlib_is_told_before_anything_is_done(demo: str, tmp_path: Path) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ModuleNotFoundError(name='matplotlib')")
    outcome = run(demo, "--output", "output", folder=tmp_path)
    assert outcome.code == 1
    assert outcome.output == ""
    assert "pip install matplotlib" in outcome.errors
    assert "Traceback" not in outcome.errors
    assert not (tmp_path / "output").exists()


def test_damaged_checkpoint_is_told(tmp_path: Path) -> None:
    checkpoint = tmp_path / "digits-seed-0.npz"
    checkpoint.write_bytes(b"not an archive")
    outcome = run("digits", "--resume", "--output", tmp_path, folder=tmp_path)
    assert outcome.code == 1
    assert str(checkpoint) in outcome.errors
    assert "--resume" in outcome.errors
    assert "Traceback" not in outcome.errors
    assert not pictures_in(tmp_path)

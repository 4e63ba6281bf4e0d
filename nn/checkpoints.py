"""Checkpoints of `fit`: all that is needed to go on as if training had not been interrupted."""

import copy
import hashlib
import json
import operator
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from autograd.errors import FileError, StateError
from autograd.files import as_path, require_replaceable
from nn.archive import checked_array, read_archive, write_archive
from nn.interrupts import interrupts_deferred
from nn.optimizer import Optimizer
from nn.reports import EpochReport


def require_writable(path: str | Path) -> None:
    """Raise an error now if a file cannot be written later: it is a folder, or is in none.

    Raises
    ------
    ArgumentError, FileError
    """
    path = as_path(path)
    if not path.parent.is_dir():
        raise FileError(f"{path} cannot be written: there is no folder {path.parent}")
    require_replaceable(path)


def save_checkpoint(
    path: str | Path, optimizer: Optimizer, rng: np.random.Generator, reports: Sequence[EpochReport]
) -> None:
    """Write the parameters, the states of the optimizer and of `rng`, and the reports so far."""
    arrays = {
        "parameters": optimizer.read(),
        "labels": np.array(_digest_of_labels(optimizer)),
        "steps": np.array(optimizer.steps),
        "rng": np.array(json.dumps(rng.bit_generator.state, default=lambda array: array.tolist())),
        "reports": np.array([list(vars(report).values()) for report in reports]),
    }
    state = {f"optimizer.{name}": array for name, array in optimizer.state.items()}
    write_archive(path, arrays | state)


def load_checkpoint(
    path: str | Path, optimizer: Optimizer, rng: np.random.Generator, epochs: int
) -> list[EpochReport]:
    """Put the optimizer, its parameters and `rng` back to where they were; return the reports.

    Raises
    ------
    StateError
        If the file is not a checkpoint of this training run. Then nothing has changed.
    """
    arrays = read_archive(path)
    prefix = "optimizer."
    state = {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
    try:
        theta = checked_array("parameters", arrays["parameters"], (len(optimizer.parameters),))
        if arrays["labels"].item() != _digest_of_labels(optimizer):
            raise StateError("its parameters have other labels, as those of another network")
        rows = np.asarray(arrays["reports"], np.float64)
        if rows.shape[1:] != (len(fields(EpochReport)),):
            raise StateError("its reports are of another version of this package")
        reports = [EpochReport(int(row[0]), *row[1:]) for row in rows.tolist()]
        if not 1 <= len(reports) <= epochs:
            raise StateError(f"it has trained for {len(reports)} epochs, not 1 to {epochs}")
        steps = operator.index(arrays["steps"].item())
        restored_rng = copy.deepcopy(rng)
        restored_rng.bit_generator.state = json.loads(str(arrays["rng"]))
        with interrupts_deferred():
            optimizer.restore(steps, state)
            optimizer.write(theta)
            rng.bit_generator.state = restored_rng.bit_generator.state
    except KeyError as error:
        raise StateError(f"{path} is not a checkpoint of fit: it has no entry {error}") from error
    except Exception as error:  # damage can raise anything
        raise StateError(f"{path} is not a checkpoint of this training run: {error}") from error
    return reports


def _digest_of_labels(optimizer: Optimizer) -> str:
    """Return a digest of the labels of all parameters, which tell their places in a network."""
    labels = "\n".join(str(parameter.label) for parameter in optimizer.parameters)
    return hashlib.sha256(labels.encode(errors="backslashreplace")).hexdigest()

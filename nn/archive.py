"""Arrays in a file: NumPy's ``.npz``, without pickle, replaced as a whole or not at all."""

import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.errors import StateError


def write_archive(path: str | Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write named arrays. Until the new file is complete, an old one stays in its place."""
    path = Path(path)
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        with unfinished.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy types a name as an option
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def read_archive(path: str | Path) -> dict[str, NDArray[Any]]:
    """Read the arrays that `write_archive` wrote.

    Raises
    ------
    OSError
        If the file cannot be opened.
    StateError
        If it is not such a file, or is damaged.
    """
    with Path(path).open("rb") as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                return dict(archive)
        except (ValueError, TypeError, AttributeError, EOFError, KeyError) as error:
            raise StateError(f"{path} is not a whole .npz file of arrays: {error}") from error
        except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
            raise StateError(f"{path} is damaged: {error}") from error

"""Arrays in a file: NumPy's ``.npz``, without pickle, replaced as a whole or not at all."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.errors import FileError, StateError
from autograd.files import as_path, replacing
from autograd.real_numbers import hides_numbers


def write_archive(path: str | Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write named arrays. Until the new file is complete, an old one stays in its place."""
    # As np.savez does, which would refuse the names of its own arguments, such as "file".
    with replacing(path) as unfinished, zipfile.ZipFile(unfinished, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            archive.writestr(name + ".npy", content.getvalue())


def read_archive(path: str | Path) -> dict[str, NDArray[Any]]:
    """Read the arrays that `write_archive` wrote.

    Raises
    ------
    ArgumentError
        If `path` is not a path.
    FileError
        If the file cannot be read.
    StateError
        If it is not such a file, or is damaged.
    """
    path = as_path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}") from error
    arrays = {}
    try:
        # As np.load does, which would take the entry "w" for one that is named "w.npy".
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for file in archive.namelist():
                with archive.open(file) as entry:
                    array = np.lib.format.read_array(entry, allow_pickle=False)
                arrays[file.removesuffix(".npy")] = array
    except Exception as error:  # damage can raise anything: zipfile, zlib and NumPy all read
        raise StateError(f"{path} is not a complete .npz file of arrays") from error
    return arrays


def is_checkpoint(arrays: Mapping[str, Any]) -> bool:
    """Return whether arrays read from a file have the names of those in a checkpoint of `fit`."""
    return {"parameters", "steps", "rng", "reports"} <= set(arrays)


def checked_array(name: str, numbers: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return an entry of a saved state as floats.

    Raises
    ------
    StateError
        If it has another shape, or holds anything but finite real numbers.
    """
    try:
        array = np.asarray(numbers)
    except (ValueError, TypeError, RuntimeError) as error:  # the last two from PyTorch
        raise StateError(f"the entry {name!r} is not an array: {error}") from error
    if hides_numbers(numbers):
        raise StateError(f"the entry {name!r} has masked numbers")
    if array.shape != shape:
        raise StateError(f"the entry {name!r} has shape {array.shape}, not {shape}")
    if array.dtype.kind not in "fiu" or not (np.abs(array) <= np.finfo(np.float64).max).all():
        raise StateError(f"the entry {name!r} must hold finite real numbers only")
    return array.astype(np.float64)

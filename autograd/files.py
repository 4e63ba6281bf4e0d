"""Files that are written as a whole or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from autograd.errors import ArgumentError, FileError


def as_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file as a `Path`.

    >>> as_path(3)
    Traceback (most recent call last):
        ...
    autograd.errors.ArgumentError: 3 is not a file path: give a string or a pathlib.Path

    Raises
    ------
    ArgumentError
        If it is not a path.
    """
    try:
        return Path(path)
    except TypeError:
        raise ArgumentError(
            f"{path!r} is not a file path: give a string or a pathlib.Path"
        ) from None


def require_replaceable(path: Path) -> None:
    """Raise an error if a path names what a file must not replace: a folder, a device.

    Raises
    ------
    FileError
    """
    if path.exists() and not path.is_file():
        reason = "it is a folder" if path.is_dir() else "it is not a regular file"
        raise FileError(f"{path} cannot be written: {reason}")


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield another path to write to: that file replaces `path` when the block succeeds.

    Raises
    ------
    ArgumentError
        If `path` is not a path.
    FileError
        If the file cannot be written. What was there before then stays in place.
    """
    path = as_path(path)
    require_replaceable(path)
    # A unique name: two programs that write the same file must not write into each other's.
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}.unfinished")
    try:
        try:
            yield unfinished
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(f"{path} cannot be written: {reason}") from error


def write_file(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file and return its path.

    Raises
    ------
    ArgumentError, FileError
        See `replacing`.
    """
    with replacing(path) as unfinished:
        unfinished.write_bytes(content)
    return Path(path)

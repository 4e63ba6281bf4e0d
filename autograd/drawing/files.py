"""Files that are written as a whole or not at all."""

import os
from pathlib import Path

from autograd.errors import WriteError


def write_file(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file and return its path. Until it is complete, an old one stays in its place.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    path = Path(path)
    unfinished = path.parent / f"{path.name}.unfinished"
    try:
        try:
            unfinished.write_bytes(content)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise WriteError(f"{path} cannot be written: {reason}") from error
    return path

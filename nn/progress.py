"""A progress bar for what takes longer than a moment."""

import sys
from collections.abc import Iterable
from typing import Any


def progress(items: Iterable[Any], total: int, title: str, unit: str) -> Iterable[Any]:
    """Show a bar on standard error, if that is a terminal and tqdm is installed."""
    if sys.stderr is None or not sys.stderr.isatty():
        return items
    try:
        from tqdm import tqdm
    except ImportError:
        return items
    return tqdm(items, title, total, leave=False, delay=0.5, unit=unit)

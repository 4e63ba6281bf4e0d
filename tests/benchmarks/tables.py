"""Tables that are valid Markdown and read well as plain text, and the machine they come from."""

import importlib.metadata
import importlib.util
import os
import platform
from collections.abc import Sequence

PEERS = ("numpy", "micrograd", "torch", "jax")


def figures(number: float) -> str:
    """Write three significant figures, or more where the number has more before its point."""
    return f"{number:.0f}" if number >= 1000 else f"{number:#.3g}".rstrip(".")


def markdown_table(title: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align the first column left and the others right."""
    widths = [max(map(len, column)) for column in zip(title, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = []
    for first, *others in [title, rule, *rows]:
        cells = [text.rjust(width) for text, width in zip(others, widths[1:], strict=True)]
        lines.append(" | ".join([first.ljust(widths[0]), *cells]))
    return "\n".join(f"| {line} |" for line in lines)


def machine() -> str:
    """Say on what the figures were made, and how to make them again."""
    packages = [name for name in PEERS if importlib.util.find_spec(name)]
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    facts = [f"Python {platform.python_version()}", *versions, f"{os.cpu_count()} CPUs"]
    return f"{', '.join(facts)}, {platform.processor() or platform.machine()}. Again: make bench"

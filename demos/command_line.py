"""The command line that the demos share."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

try:
    import nn.plots  # noqa: F401  now, not after a training whose pictures cannot be drawn
except ImportError as error:
    sys.exit(f"{error}\nor run `make demo`, which sets up everything.")

HERE = Path(__file__).parent


def command_line(
    description: str, *, epochs: int, least_epochs: int = 1
) -> argparse.ArgumentParser:
    """Return a parser of the options that all demos have, to add others to."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    add = parser.add_argument
    add(
        "--epochs",
        type=whole_number(least_epochs),
        default=epochs,
        help="times to go through the data",
    )
    add("--seed", type=whole_number(0), default=0, help="of the data, weights and batches")
    add("--output", type=Path, default=HERE / "output", help="folder for what is written")
    return parser


def add_eager(parser: argparse.ArgumentParser) -> None:
    """Add the option to train without the compiler."""
    parser.add_argument(
        "--eager", action="store_true", help="record each sample by itself: slow, for comparison"
    )


def whole_number(smallest: int) -> Callable[[str], int]:
    """Return the type of an option that takes a whole number."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < smallest:
            raise argparse.ArgumentTypeError(f"{text!r}: give a whole number, at least {smallest}")
        return int(text)

    return number


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line, and make the output folder before time is spent on training."""
    arguments = parser.parse_args()
    try:
        arguments.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"argument --output: the folder cannot be made: {error}")
    return arguments


def run(main: Callable[[], int]) -> NoReturn:
    """Run a demo as a program: Ctrl-C ends it without a traceback."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)

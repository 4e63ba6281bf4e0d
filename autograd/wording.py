"""Words that messages and reports are made of."""

from typing import Any


def counted(number: int, noun: str) -> str:
    """Write a number of things.

    >>> counted(1, "input"), counted(2080, "parameter")
    ('1 input', '2,080 parameters')
    """
    return f"{number:,} {noun}{'s' if number != 1 else ''}"


def of_sample(message: object, index: int) -> str:
    """Say which sample of a batch a message is about.

    >>> of_sample("the derivative of sqrt(0.0) does not exist. No gradient was changed.", 3)
    'the derivative of sqrt(0.0) does not exist. No gradient was changed (sample 3).'
    """
    text = str(message)
    stop = "." * text.endswith(".")
    return f"{text.removesuffix('.')} (sample {index}){stop}"


def shown_short(thing: Any) -> str:
    """Write `thing` for a message, in at most 60 characters."""
    try:
        text = repr(thing)
    except ValueError:  # Python refuses to print integers of more than 4300 digits
        return f"<{type(thing).__name__} too long to print>"
    return text if len(text) <= 60 else text[:57] + "..."

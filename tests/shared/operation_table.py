"""What the tests that go through the table of operations ask of each."""

from autograd.operation import Operation


def arity(operation: Operation) -> int | None:
    """Return the number of inputs of an operation, None if it takes any number."""
    names = operation.input_names()
    return None if names is None else len(names)

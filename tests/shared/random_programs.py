"""Random programs, whose graphs use their nodes again and again.

A program is a list of instructions ``(name, i, j)``: apply that operator to the i-th and the j-th
of the latest results. There are three numbers to start from.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from hypothesis import strategies as st

Program: TypeAlias = Sequence[tuple[str, int, int]]
Operators: TypeAlias = Mapping[str, Callable[[Any, Any], Any]]


def programs(operators: Mapping[str, object], longest: int) -> st.SearchStrategy[Program]:
    """Draw programs of these operators, of no more instructions than `longest`."""
    recent = st.integers(-3, -1)  # few to choose from: most nodes have several users
    instruction = st.tuples(st.sampled_from(sorted(operators)), recent, recent)
    return st.lists(instruction, min_size=1, max_size=longest)


def run(program: Program, inputs: Sequence[Any], operators: Operators) -> list[Any]:
    """Return the inputs and what each instruction computes."""
    results = list(inputs)
    for name, i, j in program:
        results.append(operators[name](results[i], results[j]))
    return results

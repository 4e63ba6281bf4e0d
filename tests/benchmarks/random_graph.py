"""Graphs with no structure that a compiler could use: operations at random on numbers at random.

A node takes its inputs from anywhere before it, so such a graph is as shallow as a random tree:
with 100,000 nodes some 30 levels. Each operation of the table stands in a formula that maps numbers
between -1 and 1 to numbers between -1 and 1, so that nothing overflows and no derivative explodes.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd as ag
from autograd import Value

TABLE_LENGTH = 4
"""How many numbers a lookup chooses from."""

FORMULAS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: 0.5 * (a + b),
    "sub": lambda a, b: 0.5 * (a - b),
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / (b + 2.0),
    "neg": lambda a: -a,
    "pow": lambda a, b: (0.5 * a + 1.5) ** b * 0.5,
    "exp": lambda a: ag.exp(a - 1.0),
    "log": lambda a: ag.log(a + 1.5),
    "log1p": lambda a: ag.log1p(0.5 * a),
    "expm1": lambda a: ag.expm1(0.5 * a),
    "sqrt": lambda a: ag.sqrt(0.25 * a + 0.75),
    "sin": lambda a: ag.sin(a),
    "cos": lambda a: ag.cos(a),
    "tanh": lambda a: ag.tanh(a),
    "arctan": lambda a: ag.arctan(a),
    "sigmoid": lambda a: ag.sigmoid(a),
    "relu": lambda a: ag.relu(a),
    "softplus": lambda a: ag.softplus(a - 1.0),
    "abs": lambda a: ag.abs(a),
    "erf": lambda a: ag.erf(a),
    "sum": lambda a, b, c: ag.sum([a, b, c]) / 3.0,
    "dot": lambda a, b, c, d: ag.dot([a, b], [c, d]) * 0.5,
    "max": lambda a, b, c: ag.max(a, b, c),
    "min": lambda a, b, c: ag.min(a, b, c),
}


class Recipe(NamedTuple):
    """What to compute, numbers being known by their positions: the given ones come first.

    Attributes
    ----------
    steps : list of (name, positions)
        The formulas, each with the numbers it is applied to.
    unused : list of int
        The positions of the numbers that no step takes.
    """

    steps: list[tuple[str, list[int]]]
    unused: list[int]


def recipe(n_given: int, n_steps: int, rng: np.random.Generator) -> Recipe:
    """Draw `n_steps` formulas, each on any of the numbers before it."""
    n_inputs = {name: len(inspect.signature(f).parameters) for name, f in FORMULAS.items()}
    n_inputs["lookup"] = TABLE_LENGTH
    names = list(n_inputs)
    steps: list[tuple[str, list[int]]] = []
    for position in range(n_given, n_given + n_steps):
        name = names[rng.integers(len(names))]
        steps.append((name, rng.integers(0, position, n_inputs[name]).tolist()))
    used = {position for _, positions in steps for position in positions}
    return Recipe(steps, sorted(set(range(n_given + n_steps)) - used))


def follow(recipe: Recipe, given: Sequence[Value], index: Any) -> Value:
    """Compute the steps, and the mean of all that they leave unused."""
    formulas = FORMULAS | {"lookup": lambda *entries: ag.lookup(entries, index)}
    numbers = list(given)
    for name, positions in recipe.steps:
        numbers.append(formulas[name](*[numbers[position] for position in positions]))
    return ag.mean(numbers[position] for position in recipe.unused)

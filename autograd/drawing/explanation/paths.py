"""The chain rule as a sum over paths: how many there are, and those that matter most.

The derivative of an output by a node is a sum over all paths from the one back to the other; along
a path the local derivatives multiply. There can be more paths than atoms in the universe, so
nothing here walks them all: to count them is one backward sweep, and the largest are found from the
best continuation of each node, which is a sweep too.
"""

import heapq
import itertools
import math
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from autograd.backpropagation import gradients_sent
from autograd.diagnosis import describe
from autograd.drawing.order import inputs_first
from autograd.errors import NonFiniteError
from autograd.gradients import gradient
from autograd.graph import Node
from autograd.operation import DETACH
from autograd.value import Value


class Step(NamedTuple):
    """One edge of the graph, from a node to one of its inputs.

    Attributes
    ----------
    node : Node
    position : int
        Which input: in ``a + a`` there is a step for each of the two.
    derivative : float
        The local derivative, d node / d input.
    """

    node: Node
    position: int
    derivative: float

    @property
    def edge(self) -> tuple[Node, int]:
        """The node and the position, without the number."""
        return self.node, self.position

    @property
    def input(self) -> Node:
        """The node that the step leads to."""
        return self.node.parents[self.position]


@dataclass(frozen=True)
class Path:
    """A way from the output back to the node, edge by edge.

    Attributes
    ----------
    nodes : tuple of Node
        From the output to the node, both included.
    steps : tuple of Step
        One fewer than nodes.
    """

    nodes: tuple[Node, ...]
    steps: tuple[Step, ...]

    @property
    def derivatives(self) -> tuple[float, ...]:
        """The local derivative of each step."""
        return tuple(step.derivative for step in self.steps)

    @property
    def product(self) -> float:
        """The product of the local derivatives: what the path contributes to the gradient."""
        return math.prod(self.derivatives, start=1.0)


@dataclass(frozen=True)
class ChainRuleSum:
    """A gradient as a sum over paths.

    Attributes
    ----------
    output, wrt : Node
    gradient : float
        d output / d wrt.
    paths : tuple of Path
        Those with the largest absolute products, the largest first.
    path_count : int
        How many there are in all.
    remainder : float
        What the paths that are not in `paths` contribute together: the gradient less their sum.
    """

    output: Node
    wrt: Node
    gradient: float
    paths: tuple[Path, ...]
    path_count: int
    remainder: float


def chain_rule_sum(output: Value, wrt: Value, most: int) -> ChainRuleSum:
    """Split a gradient into its `most` largest paths, and what the others contribute.

    Raises
    ------
    DomainError, NonFiniteError
        If the gradient, a local derivative or the product of a path does not exist or is not
        finite.
    """
    slope = gradient(output, wrt)
    steps = steps_between(output, wrt)
    if output not in steps:
        return ChainRuleSum(output, wrt, slope, (), 0, 0.0)
    paths = largest_paths(steps, most)
    for path in paths:
        if not math.isfinite(path.product):
            raise NonFiniteError(
                f"along a path from {describe(wrt)} the local derivatives multiply to "
                f"{path.product}: only because others cancel it is the gradient {slope}"
            )
    count = count_paths(steps)
    others = math.fsum([slope, *(-path.product for path in paths)]) if len(paths) < count else 0.0
    return ChainRuleSum(output, wrt, slope, tuple(paths), count, others)


Steps: TypeAlias = dict[Node, list[Step]]
"""The steps from each node that lead on to the target, the target first, the output last."""


def steps_between(output: Node, target: Node) -> Steps:
    """Return the part of the graph that lies on paths from `output` to `target`.

    Raises
    ------
    DomainError, NonFiniteError
        If a local derivative does not exist, or is not finite.
    """
    steps: Steps = {target: []}
    for node in inputs_first([output], receivers):
        if node is target or not any(parent in steps for parent in receivers(node)):
            continue
        steps[node] = [
            Step(node, position, float(derivative))
            for position, derivative in enumerate(gradients_sent(node, 1.0, steps.__contains__))
            if node.parents[position] in steps
        ]
        for step in steps[node]:
            if not math.isfinite(step.derivative):
                raise NonFiniteError(
                    f"the local derivative of {describe(node)} by input {step.position + 1} is "
                    f"{step.derivative}: a path through it has no product to show"
                )
    return steps


def receivers(node: Node) -> tuple[Node, ...]:
    """Return the inputs that a node sends a gradient to: a `detach`, as in softmax, has none."""
    return () if node.operation is DETACH else node.parents


def count_paths(steps: Steps) -> int:
    """Count the paths: the backward sweep, with every local derivative taken as 1."""
    output = next(reversed(steps))
    arriving = {output: 1}
    for node in reversed(steps):
        paths = arriving.pop(node)  # as it goes: a count may have a million digits
        for step in steps[node]:
            arriving[step.input] = arriving.get(step.input, 0) + paths
    return paths


def largest_paths(steps: Steps, most: int) -> list[Path]:
    """Return the `most` paths of the largest absolute products, the largest first.

    Best-first search: of all paths that are begun, go on with the one that can still become the
    largest. Since it is known how large each can become, none is begun in vain (A* with an exact
    estimate). What is compared is by how much a path falls behind the largest of all; going on with
    a best step adds exactly 0, and of equal paths the latest goes first, so a path that is begun is
    finished before another one that rounding makes as large.
    """
    sizes = _sizes(steps)
    output = next(reversed(steps))
    latest_first = itertools.count(0, -1)
    begun: list[tuple[float, int, Node, Any]] = [(0.0, next(latest_first), output, None)]
    found: list[Path] = []
    while begun and len(found) < most:
        loss, _, node, way = heapq.heappop(begun)
        if not steps[node]:
            found.append(_path(output, way))
        for step in reversed(steps[node]):
            best, size = sizes[node], _size_through(step, sizes)
            lost = 0.0 if size == best else best - size  # both may be minus infinity
            heapq.heappush(begun, (loss + lost, next(latest_first), step.input, (step, way)))
    return sorted(found, key=lambda path: -abs(path.product))


def _sizes(steps: Steps) -> dict[Node, float]:
    """Return how large a product can become from each node on.

    Sizes are logarithms: products leave the range of floats on paths that are merely long.
    """
    sizes: dict[Node, float] = {}
    for node, choices in steps.items():
        sizes[node] = max((_size_through(step, sizes) for step in choices), default=0.0)
    return sizes


def _size_through(step: Step, sizes: dict[Node, float]) -> float:
    slope = abs(step.derivative)
    return (math.log(slope) if slope else -math.inf) + sizes[step.input]


def _path(output: Node, way: Any) -> Path:
    """Return the path behind ``(last step, (step before it, ... None))``."""
    steps: list[Step] = []
    while way is not None:
        step, way = way
        steps.append(step)
    steps.reverse()
    return Path((output, *(step.input for step in steps)), tuple(steps))

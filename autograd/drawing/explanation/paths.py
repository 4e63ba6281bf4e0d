"""The chain rule as a sum over paths: how many there are, and those that matter most.

The derivative of an output by a node is a sum over all paths from the one back to the other; along
a path the local derivatives multiply. There can be more paths than atoms in the universe, so
nothing here walks them all: to count them is one backward sweep, and the largest are found from the
best continuation of each node, which is a sweep too.
"""

import heapq
import math
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from autograd.diagnosis import derivative_error, describe
from autograd.drawing.local import existing_derivatives
from autograd.errors import NonFiniteError
from autograd.gradients import gradient
from autograd.graph import Node, topological_order
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
    """Split a gradient into its `most` largest paths, and what the others contribute."""
    slope = gradient(output, wrt)
    steps = steps_between(output, wrt)
    if output not in steps:
        return ChainRuleSum(output, wrt, slope, (), 0, 0.0)
    paths = largest_paths(steps, most)
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
    for node in topological_order(output):
        if node is target or not any(parent in steps for parent in node.parents):
            continue
        steps[node] = [
            Step(node, position, derivative)
            for position, derivative in enumerate(_local_derivatives(node))
            if node.parents[position] in steps
        ]
        for step in steps[node]:
            if not math.isfinite(step.derivative):
                raise NonFiniteError(
                    f"the local derivative of {describe(node)} by input {step.position + 1} is "
                    f"{step.derivative}: a path through it has no product to show"
                )
    return steps


def _local_derivatives(node: Node) -> tuple[float, ...]:
    try:
        return existing_derivatives(node)
    except (ArithmeticError, ValueError) as cause:
        raise derivative_error(node, cause) from cause


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

    Each node has a best step, the one that the largest product from there on begins with. To take
    the best step everywhere gives the largest path. Any other path deviates from that somewhere,
    and each deviation loses something, so they are tried in the order of their losses: from a path
    that is found, note the cheapest steps to leave it by, complete the cheapest of all with best
    steps, and so on (Eppstein: Finding the k shortest paths, 1998).
    """
    sizes = _Sizes(steps)
    output = next(reversed(steps))
    found = [_completed([], output, sizes)]
    candidates: list[tuple[float, int, int, int]] = []  # loss, path, place on it, choice there
    loss, start = 0.0, 0
    while len(found) < most:
        latest = len(found) - 1
        deviations = (
            (loss + sizes.loss(step), latest, place, choice)
            for place in range(start, len(found[latest]))
            for choice, step in enumerate(steps[found[latest][place].node])
            if step is not sizes.best_step[step.node]
        )
        for deviation in heapq.nsmallest(most - len(found), deviations):
            heapq.heappush(candidates, deviation)
        if not candidates:
            break
        loss, path, place, choice = heapq.heappop(candidates)
        step = steps[found[path][place].node][choice]
        found.append(_completed([*found[path][:place], step], step.input, sizes))
        start = place + 1  # what deviates earlier has been noted with the path deviated from
    paths = [Path((output, *(step.input for step in way)), tuple(way)) for way in found]
    return sorted(paths, key=lambda path: -abs(path.product))


class _Sizes:
    """How large a product can become from each node on.

    Sizes are logarithms: products leave the range of floats on paths that are merely long. What is
    compared is always the loss against the best step, which is exactly 0 for that step, so rounding
    cannot make the search doubt a path that it has begun.
    """

    def __init__(self, steps: Steps) -> None:
        self.best_step: dict[Node, Step] = {}
        self._size: dict[Node, float] = {}
        for node, choices in steps.items():
            if choices:
                self.best_step[node] = max(choices, key=self._through)
                self._size[node] = self._through(self.best_step[node])
            else:
                self._size[node] = 0.0

    def loss(self, step: Step) -> float:
        """Return by what the step falls behind the best one of its node."""
        best, size = self._size[step.node], self._through(step)
        return 0.0 if size == best else best - size  # both may be minus infinity

    def _through(self, step: Step) -> float:
        slope = abs(step.derivative)
        return (math.log(slope) if slope else -math.inf) + self._size[step.input]


def _completed(begin: list[Step], node: Node, sizes: _Sizes) -> list[Step]:
    """Go on from `node` with best steps."""
    way = begin
    while node in sizes.best_step:
        way.append(sizes.best_step[node])
        node = way[-1].input
    return way

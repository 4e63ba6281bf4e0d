"""What an explanation shows of a chain-rule sum, and by which names, in text and in LaTeX alike.

Long paths are abridged in the middle. Every node that is then still mentioned gets a name, and
every step that is still walked its local derivative in symbols.
"""

from collections.abc import Callable, Sequence

from autograd.drawing.explanation.expressions import Condition, Expression, Symbolic
from autograd.drawing.explanation.formula_writing import factor, written
from autograd.drawing.explanation.names import name_nodes
from autograd.drawing.explanation.node_formulas import (
    OMITTED,
    derivative_formula,
    node_formula,
    nodes_in,
    reading_order,
)
from autograd.drawing.explanation.paths import ChainRuleSum, Path, Step, receivers
from autograd.drawing.notation import LATEX, Style
from autograd.drawing.order import nodes_behind
from autograd.graph import Node

LONG, BEGINNING, END = 10, 4, 3
"""Of a path of more than `LONG` steps, only those at its `BEGINNING` and its `END` are shown."""


class Outline:
    """The parts of an explanation.

    Attributes
    ----------
    total : ChainRuleSum
    ways : list of list of Step or None
        The steps of each path; None stands for those that are left out.
    steps : list of Step
        Each shown step of any path once, from the output back.
    computed : list of Node
        The nodes that these steps meet, in the order they are computed in.
    given : list of Node
        The other nodes that are mentioned.
    """

    def __init__(self, total: ChainRuleSum) -> None:
        self.total = total
        self.ways = [_abridged(path) for path in total.paths]
        order = {node: index for index, node in enumerate(nodes_behind(total.output))}
        steps = {step.edge: step for way in self.ways for step in way if step is not None}
        self.steps = sorted(
            steps.values(),
            key=lambda step: (-order[step.node], reading_order(step.node).index(step.position)),
        )
        positions: dict[Node, list[int]] = {}
        for step in self.steps:
            positions.setdefault(step.node, []).append(step.position)
            if step.input is not total.wrt:
                positions.setdefault(step.input, [])  # stays empty, where a gap follows
        self.computed = sorted(positions, key=order.__getitem__)
        self._formulas: dict[Node, Symbolic] = {
            node: node_formula(node, positions[node]) if positions[node] else OMITTED
            for node in self.computed
        }
        self._derivatives = {step.edge: derivative_formula(*step.edge) for step in self.steps}
        self._places = _places_to_mark(self.steps, order)
        formulas = (*self._formulas.values(), *self._derivatives.values())
        mentioned = [total.wrt, *(node for formula in formulas for node in nodes_in(formula))]
        given = (node for node in mentioned if node not in positions)
        self.given = list(dict.fromkeys(given))
        named = dict.fromkeys([*self.given, *self.computed, total.output])
        self._names = name_nodes(named, total.output)

    @property
    def has_conditions(self) -> bool:
        """Whether a local derivative is a condition, as that of relu."""
        return any(isinstance(formula, Condition) for formula in self._derivatives.values())

    @property
    def marked(self) -> Node | None:
        """An input whose name is marked with the place that it stands in."""
        return next((step.input for step in self.steps if step.edge in self._places), None)

    @property
    def last_place(self) -> int:
        """The largest mark."""
        return max(self._places.values())

    def name(self, node: Node, style: Style) -> str:
        """Return the name of a node."""
        name = self._names[node]
        return name.latex if style is LATEX else name.text

    def formula(self, node: Node, style: Style) -> str:
        """Write what a node on a path computes."""
        return written(self._formulas[node], style, self._namer(style))

    def derivative(self, step: Step, style: Style) -> str | None:
        """Write a local derivative in symbols; None if there is only its number."""
        formula = self._derivatives[step.edge]
        if not isinstance(formula, Expression):
            return None
        return written(formula, style, self._namer(style))

    def products(self, way: Sequence[Step | None], style: Style) -> list[str]:
        """Write the product of the local derivatives of a path: as such, in symbols, in numbers."""
        write = factor if len(way) > 1 else written

        def in_symbols(step: Step) -> str:
            formula = self._derivatives[step.edge]
            known = step.derivative if formula is None else formula
            return write(known, style, self._namer(style))

        def in_numbers(step: Step) -> str:
            return write(step.derivative, style, self._namer(style))

        return [
            style.dot.join(style.ellipsis if step is None else form(step) for step in way)
            for form in (lambda step: self.partial(step, style), in_symbols, in_numbers)
        ]

    def partial(self, step: Step, style: Style) -> str:
        """Write a local derivative as ∂node/∂input, with the place of an ambiguous input."""
        name = self.name(step.input, style)
        place = self._places.get(step.edge)
        below = style.raised(name, f"({place})") if place else name
        return style.partial(self.name(step.node, style), below)

    def whole(self, style: Style) -> str:
        """Write the gradient as a quotient, ∂output/∂wrt."""
        return style.partial(*(self.name(n, style) for n in (self.total.output, self.total.wrt)))

    def _namer(self, style: Style) -> Callable[[Node], str]:
        return lambda node: self.name(node, style)


def _abridged(path: Path) -> list[Step | None]:
    steps = path.steps
    if len(steps) <= LONG:
        return list(steps)
    return [*steps[:BEGINNING], None, *steps[-END:]]


def _places_to_mark(steps: Sequence[Step], order: dict[Node, int]) -> dict[tuple[Node, int], int]:
    """Return the place of the input of each step whose input has to be told apart.

    In ``y = x * x + x`` the last x is the third. The local derivative of y by it is 1, and ∂y/∂x is
    the derivative by all three: so wherever a node depends on an input in more than one way, the
    symbol of a local derivative names the place.
    """
    places: dict[Node, list[tuple[Node, int]]] = {step.input: [] for step in steps}
    for node in order:
        inputs = node.parents
        for position in reading_order(node):
            if inputs[position] in places:
                places[inputs[position]].append((node, position))
    return {
        step.edge: places[step.input].index(step.edge) + 1
        for step in steps
        if len(places[step.input]) > 1 and _is_one_of_several_ways(step, order)
    }


def _is_one_of_several_ways(step: Step, order: dict[Node, int]) -> bool:
    """Return whether the node of a step depends on its input through another step, too."""
    waiting = [*step.node.parents]
    del waiting[step.position]
    met: set[Node] = set()
    while waiting:
        node = waiting.pop()
        if node is step.input:
            return True
        if node not in met and order[node] > order[step.input]:
            met.add(node)
            waiting += receivers(node)
    return False

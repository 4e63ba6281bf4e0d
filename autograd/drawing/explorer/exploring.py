"""`explore`: the graph, its layout and its operations, written into one page."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograd.diagnosis import changed_node
from autograd.drawing.appearance import COLORS
from autograd.drawing.depicting import Collapse, levels_of, values_of
from autograd.drawing.explorer.cells import CellGraph, cell_graph, in_json, recorded_locals
from autograd.drawing.explorer.history import TrainingHistory
from autograd.drawing.explorer.javascript import javascript_table
from autograd.drawing.explorer.layout import places
from autograd.drawing.explorer.levels import MOST_VISIBLE, named_levels, opened, require_few
from autograd.drawing.explorer.page import page
from autograd.drawing.explorer.plane import DecisionPlane
from autograd.drawing.explorer.ranks import ALONG, BESIDE, CARD, FOLDED
from autograd.drawing.order import nodes_behind
from autograd.errors import ArgumentError, GraphError, NotANumberError
from autograd.files import as_path, write_file
from autograd.operation import Operation
from autograd.value import Value
from autograd.wording import shown_short


def explore(
    root: Value,
    path: str | os.PathLike[str],
    *,
    collapse: Collapse = "auto",
    parameters: Iterable[Value] = (),
    title: str = "",
    training: TrainingHistory | None = None,
    plane: DecisionPlane | None = None,
) -> Path:
    """Write a page that shows how an output was computed, and how its gradients come about.

    >>> import autograd as ag
    >>> x, w, b = ag.Value(2.0, "x"), ag.Value(-3.0, "w"), ag.Value(6.5, "b")
    >>> ag.explore(ag.tanh(w * x + b), "neuron.html").name  # doctest: +SKIP
    'neuron.html'

    It is a single file that needs no other, for a browser of 2024 or later. Step through the
    forward and the backward pass, point at a node to see its chain-rule sum in numbers, edit an
    input and watch everything follow. `backward()` need not have been called: the page computes the
    gradients. A notebook shows it in ``IPython.display.IFrame("neuron.html", "100%", 600)``.

    With the history of a training, a slider goes through its epochs; with a plane of two inputs,
    the decision boundary is drawn for the numbers at hand:

    >>> history = ag.TrainingHistory(model.parameters())  # doctest: +SKIP
    >>> for report in nn.fit(model, X, y, nn.hinge_loss, ...):  # doctest: +SKIP
    ...     history.record(report.loss)
    >>> inputs = [ag.Value(0.5, "x1"), ag.Value(-0.2, "x2")]  # doctest: +SKIP
    >>> score = model(inputs)  # doctest: +SKIP
    >>> plane = ag.DecisionPlane(inputs, score, points=X, classes=y)  # doctest: +SKIP
    >>> loss = nn.hinge_loss(score, 1)  # doctest: +SKIP
    >>> ag.explore(loss, "training.html", training=history, plane=plane)  # doctest: +SKIP

    Parameters
    ----------
    root : Value
        The output, such as a loss.
    path : path
        The file to write, which ends in ``.html`` or ``.htm``.
    collapse : "auto", "neuron", "layer" or None
        What is folded into one box at first: neurons, layers, or nothing. All can be opened in the
        page. "auto" folds as little as leaves a picture that can be read.
    parameters : iterable of Value
        Variables to show as parameters, besides those of `nn` and of `training`.
    title : str
        The heading of the page.
    training : TrainingHistory, optional
        A run to go through with a slider: the parameters change, and all that follows from them.
    plane : DecisionPlane, optional
        Two inputs to show the score of, over a plane, with its boundary.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    GraphError
        If the graph is too large, or `training` or `plane` belongs to another graph.
    NotANumberError, NonFiniteError
        If `root` is not a Value or `parameters` are not made of them, or one of them holds
        something that does not compute as a float does.
    ArgumentError
        If `path` has another ending, or `collapse`, `title`, `training` or `plane` is something
        else.
    RenderingError
        If there is no program to lay the graph out.
    FileError
        If the file cannot be written. One that was there before is then still whole.
    """
    levels_of(collapse)  # complains now, not after the graph has been laid out
    if as_path(path).suffix.lower() not in (".html", ".htm"):
        raise ArgumentError(f"path={str(path)!r}: a page is a file that ends in .html or .htm")
    if not isinstance(root, Value):
        raise NotANumberError(_no_value(root))
    if not isinstance(title, str):
        raise ArgumentError(f"title={title!r}: it must be a string")
    if not isinstance(training, TrainingHistory | None):
        raise ArgumentError(f"training={training!r}: it must be a TrainingHistory")
    if not isinstance(plane, DecisionPlane | None):
        raise ArgumentError(f"plane={plane!r}: it must be a DecisionPlane")
    known = values_of(parameters, "the parameters of a page are Values")
    known += training.parameters if training is not None else []
    require_few(nodes_behind(root))
    graph = cell_graph(root, known)
    source, missing = javascript_table(graph.operations())
    if missing and (training is not None or plane is not None):
        raise GraphError(f"training and planes cannot be recomputed: {_no_formula(missing)}")
    data = _data(graph, title, collapse, missing) | {
        "training": None if training is None else training.on_page(graph),
        "plane": None if plane is None else plane.on_page(graph),
    }
    return write_file(path, page(data["title"], data, source).encode(errors="replace"))


def _no_value(root: Any) -> str:
    given = f"a list of {len(root)}" if isinstance(root, list | tuple) else shown_short(root)
    return f"explore shows how a Value was computed, not {given}: give it a loss"


def _data(
    graph: CellGraph, title: str, collapse: Collapse, missing: list[Operation]
) -> dict[str, Any]:
    """Return everything that the page is given, by the names that its scripts use."""
    cells, groups, roles = graph.cells, graph.groups, list[str](COLORS)
    operations = {used: index for index, used in enumerate(graph.operations())}
    where = places(graph)
    return {
        "title": title or cells[-1].label or "Backpropagation, step by step",
        "roles": roles,
        "colors": {role: border for role, (border, _) in COLORS.items()},
        "operations": [_described(operation, n_inputs) for operation, n_inputs in operations],
        "nodes": {
            "name": graph.names(output="L"),
            "labelled": [bool(cell.label) for cell in cells],
            "role": [roles.index(cell.role) for cell in cells],
            "operation": [
                operations[cell.operation, len(cell.parents)] if cell.operation else -1
                for cell in cells
            ],
            "parents": [cell.parents for cell in cells],
            "data": [in_json(cell.data) for cell in cells],
            "locals": recorded_locals(graph, missing),
            "group": [cell.group for cell in cells],
            "place": where.centers[: len(cells)],
        },
        "groups": [
            {
                "title": group.title,
                "detail": group.detail,
                "role": group.role,
                "within": group.within,
                "place": place,
            }
            for group, place in zip(groups, where.centers[len(cells) :], strict=True)
        ],
        "sizes": {"card": CARD, "folded": FOLDED, "beside": BESIDE, "along": ALONG},
        "routes": where.routes,
        "levels": [{"name": name, "open": level} for name, level in named_levels(graph)],
        "opened": opened(graph, collapse),
        "foldToFit": collapse == "auto",
        "mostVisible": MOST_VISIBLE,
        "locked": f"Numbers cannot be edited: {_no_formula(missing)}." if missing else "",
        "changed": changed_node(graph.place) is not None,
    }


def _described(operation: Operation, n_inputs: int) -> dict[str, str]:
    """Return how to write an operation; `infix` stands between its inputs, if anything does."""
    symbol = operation.symbol.replace("-", "−")
    between = n_inputs == 2 and not any(letter.isalnum() or letter == " " for letter in symbol)
    infix = "+" if operation.name == "sum" else symbol if between else ""
    return {
        "name": operation.name,
        "symbol": symbol,
        "infix": infix,
        "advice": operation.advice,
        "overflowAdvice": operation.overflow_advice or operation.advice,
    }


def _no_formula(missing: list[Operation]) -> str:
    names = dict.fromkeys(operation.name for operation in missing)
    return f"the page has no formula for {' and '.join(names)}"

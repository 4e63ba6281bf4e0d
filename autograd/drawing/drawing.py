"""`draw`: the picture of a graph, as Graphviz draws it."""

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import graphviz

from autograd.drawing import appearance
from autograd.drawing.depicting import Collapse, depict
from autograd.drawing.picture import Picture
from autograd.drawing.rendering import render
from autograd.errors import ArgumentError
from autograd.files import as_path, write_file
from autograd.value import Value

MOST_BOXES = 500
"""Nobody could read more, and Graphviz would take minutes to lay them out."""

MOST_EDGE_LABELS = 100
"""With more edges than this, their labels would push the boxes far apart."""


def draw(
    root: Value | Sequence[Value],
    *,
    collapse: Collapse = "auto",
    direction: Literal["LR", "TB"] = "LR",
    number_format: str = ".4g",
    parameters: Iterable[Value] = (),
) -> "Drawing":
    """Draw what an output, or a list of outputs, was computed from.

    >>> import autograd as ag
    >>> x = ag.Value(2.0, "x")
    >>> y = x * x
    >>> y.backward()
    >>> drawing = ag.draw(y)  # a notebook shows it
    >>> drawing.render("y.svg")  # doctest: +SKIP
    'y.svg'

    A box shows the label of a node and the symbol of its operation, its number (data) and its
    gradient (grad), which is "–" before ``backward()``. An edge shows the local derivative: that of
    the box it points to with respect to the box it comes from. The gradient of a box is the sum,
    over the edges that leave it, of local derivative times gradient at the other end; unless
    numbers were changed after the graph was recorded, which the picture then says.

    Parameters
    ----------
    root : Value, or list of Values
    collapse : "auto", "neuron", "layer" or None
        What becomes one box: each neuron of a model, each layer, or with None each single node.
        A box of several numbers shows the smallest and the largest, an edge how many it carries,
        and more than a few nodes that are alike share a box. "auto" shows as much detail as is
        readable.
    direction : "LR" or "TB"
        Left to right, or top to bottom.
    number_format : str
        As in ``format(number, ".4g")``.
    parameters : iterable of Value
        Variables to colour as parameters. Those of the `nn` package are known.

    Raises
    ------
    ArgumentError
        If an option is unknown.
    ShapeError, GraphError
        If there is nothing to show, or too much.
    NotANumberError, NonFiniteError
        If `root` is not made of Values, or one holds something that does not compute as a float
        does.
    """
    if direction not in ("LR", "TB"):
        raise ArgumentError(f"direction={direction!r}: it must be 'LR' or 'TB'")
    _check_number_format(number_format)
    picture = depict(root, collapse, parameters=parameters, most=MOST_BOXES)
    return _drawing(picture, direction, number_format)


def _check_number_format(number_format: str) -> None:
    try:
        format(1.0, number_format)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"number_format={number_format!r}: it must be a format such as '.4g' or '+.2f'"
        ) from None


def _drawing(picture: Picture, direction: str, number_format: str) -> "Drawing":
    labels = [appearance.edge_label(edge, number_format) for edge in picture.edges]
    if len(labels) > MOST_EDGE_LABELS:
        labels = [""] * len(labels)
    has_derivatives = any(
        label and edge.derivative is not None
        for label, edge in zip(labels, picture.edges, strict=True)
    )
    roles = (box.role for box in picture.boxes)
    legend = appearance.legend(roles, has_derivatives, picture.changed)
    drawing = Drawing(
        format="svg",
        graph_attr={**appearance.GRAPH, "rankdir": direction, "label": legend},
        node_attr=appearance.NODES,
        edge_attr=appearance.EDGES,
    )
    for box in picture.boxes:
        drawing.node(box.key, appearance.box_label(box, number_format))
    computed = {edge.target for edge in picture.edges}
    for index, (edge, label) in enumerate(zip(picture.edges, labels, strict=True)):
        weight = appearance.STRAIGHT if edge.source in computed else None
        drawing.edge(edge.source, edge.target, label, id=f"e{index}", weight=weight)
    return drawing


class Drawing(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """A `graphviz.Digraph` that draws itself also where Graphviz is not installed.

    >>> import autograd as ag
    >>> drawing = ag.draw(ag.tanh(ag.Value(2.0, "x")))
    >>> drawing
    <Drawing: .render("picture.svg") writes it to a file>
    >>> drawing.source.splitlines()[0]
    'digraph {'

    A notebook shows it; `render` writes it to a file, `pipe` returns it, ``source`` is its text in
    the DOT language, in which boxes are named by their keys and edges have the ids "e0", "e1", ...
    """

    def __repr__(self) -> str:
        """Return what to do with it."""
        return '<Drawing: .render("picture.svg") writes it to a file>'

    def pipe(self, format: str | None = None, *, encoding: str | None = None) -> Any:
        """Return the picture as bytes, or as text in an encoding.

        >>> import autograd as ag
        >>> ag.draw(ag.tanh(ag.Value(2.0, "x"))).pipe("png")[1:4]
        b'PNG'

        Parameters
        ----------
        format : str
            "svg", "png", "pdf", or another one that Graphviz knows.
        encoding : str
            Such as "utf-8", for a picture that is text.

        Raises
        ------
        ArgumentError
            If the format is unknown.
        RenderingError
            If there is no program to draw with, or it fails.
        """
        picture = render(self.source, str(format or self.format).lower())
        return picture if encoding is None else picture.decode(encoding)

    def render(
        self, filename: str | os.PathLike[str], *, format: str | None = None, view: bool = False
    ) -> str:
        """Write the picture to a file, and nothing else; return the name of the file.

        >>> import autograd as ag
        >>> ag.draw(ag.tanh(ag.Value(2.0, "x"))).render("tanh.png")  # doctest: +SKIP
        'tanh.png'

        Parameters
        ----------
        filename : path
            Its ending is the format: "neuron.svg", "neuron.png", "neuron.pdf".
        format : str
            The format, whatever the ending is.
        view : bool
            Whether to open it in the system's viewer.

        Raises
        ------
        ArgumentError
            If the format is unknown.
        RenderingError
            If there is no program to draw with, or it fails.
        FileError
            If the file cannot be written. What was there before is then still whole.
        """
        path = as_path(filename)
        format = format or path.suffix.removeprefix(".")
        if not format:
            raise ArgumentError(
                f"filename={str(filename)!r}: it needs an ending that is a format, such as "
                f"{str(filename) + '.svg'!r}"
            )
        written = str(write_file(path, self.pipe(format)))
        if view:
            graphviz.view(written)
        return written

    def view(self, filename: str | os.PathLike[str] | None = None) -> str:
        """Open the picture in the system's viewer, and return the name of its file.

        >>> import autograd as ag
        >>> ag.draw(ag.tanh(ag.Value(2.0, "x"))).view()  # doctest: +SKIP

        Parameters
        ----------
        filename : path, optional
            As for `render`. By default it is an SVG in a temporary folder.
        """
        return self.render(filename or Path(tempfile.mkdtemp(), "graph.svg"), view=True)

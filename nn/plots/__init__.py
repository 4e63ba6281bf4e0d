"""Pictures of training: its course, what was learned, and the landscape it went through.

>>> import nn
>>> model = nn.MLP(2, [8, 1], activation="tanh", rng=0)
>>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]
>>> optimizer = nn.SGD(model.parameters(), lr=0.5)
>>> reports = list(nn.fit(model, X, y, nn.hinge_loss, optimizer, epochs=50, rng=0))
>>> figure = nn.plots.curves(reports)
>>> figure = nn.plots.decision_boundary(model, X, y)

Each function returns a matplotlib figure, which a notebook shows, and writes a file only if asked:
``path="boundary.png"`` (or ``.svg``, ``.pdf``). Those that draw one thing do so on your own axes,
too, next to other pictures: ``axes=``, of a figure with ``layout="constrained"``, which keeps them
apart. No window is opened, and no setting of matplotlib stays changed.

`learning_curves` draws the course, `boundary` and `weight_images` what was learned, and `surfaces`
the landscape; `canvas` is what all pictures share.

matplotlib is imported with this package, which ``import nn`` leaves alone until ``nn.plots`` is
used.
"""

from autograd.errors import MissingPackageError

try:
    import matplotlib  # noqa: F401  imported first, so that its absence gets our error below
except ModuleNotFoundError as error:
    if error.name != "matplotlib":
        raise
    raise MissingPackageError(
        "nn.plots draws with matplotlib, which is not installed. Install it with\n"
        "    python -m pip install matplotlib",
        name="matplotlib",
    ) from None

from nn.plots.boundary import decision_boundary
from nn.plots.canvas import Picture, save, style
from nn.plots.learning_curves import curves
from nn.plots.surfaces import contour, surface
from nn.plots.weight_images import weights

__all__ = [
    "Picture",
    "contour",
    "curves",
    "decision_boundary",
    "save",
    "style",
    "surface",
    "weights",
]

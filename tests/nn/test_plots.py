"""The pictures: what they show, how they are kept, and that they leave the rest alone."""

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.errors import (
    ArgumentError,
    FileError,
    MissingPackageError,
    NonFiniteError,
    ShapeError,
)

matplotlib = pytest.importorskip("matplotlib")
from matplotlib.figure import Figure  # noqa: E402  after it is known to be there

from nn import plots  # noqa: E402

ROOT = Path(__file__).parents[2]
POINTS = np.array([[0.0, 0.0], [1.0, 0.2], [0.3, 1.0], [1.2, 1.1]])
REPORTS = [
    nn.EpochReport(i, 1 / i, 1 - 0.5 / i, 1.5 / i, 1 - 0.6 / i, seconds=0.1) for i in (1, 2, 3)
]


def landscape(with_path: bool = True) -> nn.Landscape:
    model = nn.MLP(2, [3, 1], rng=0)
    n = len(model.parameters())
    path = np.random.default_rng(0).normal(size=(4, n)) if with_path else ()
    return nn.loss_landscape(model, POINTS, [1, 1, -1, -1], nn.hinge_loss, path=path, size=5, rng=0)


PICTURES: dict[str, Callable[..., Figure]] = {
    "curves": lambda **options: plots.curves(REPORTS, **options),
    "boundary": lambda **options: plots.decision_boundary(
        nn.MLP(2, [1], rng=0), POINTS, [1, 1, -1, -1], **options
    ),
    "classes": lambda **options: plots.decision_boundary(
        nn.MLP(2, [3], rng=0), POINTS, [0, 1, 2, 0], **options
    ),
    "weights": lambda **options: plots.weights(nn.Layer(4, 3, rng=0), **options),
    "rows": lambda **options: plots.weights(nn.Layer(32, 10, rng=0), **options),
    "column": lambda **options: plots.weights(nn.Layer(8, 1, rng=0), (8, 1), **options),
    "contour": lambda **options: plots.contour(landscape(), **options),
    "surface": lambda **options: plots.surface(landscape(), **options),
    "around": lambda **options: plots.surface(landscape(with_path=False), **options),
}
ON_AXES = {"boundary": "rectilinear", "classes": "rectilinear", "contour": "rectilinear"}
every_picture = pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES.keys())


# --- all pictures --------------------------------------------------------------------------------


@every_picture
def test_a_notebook_shows_it_and_nothing_else_happens(
    picture: Callable[..., Figure], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = dict(matplotlib.rcParams)
    figure = picture(title="A title")
    content = figure._repr_png_()  # type: ignore[attr-defined]  # of Picture
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    titles = [axes.get_title(loc) for axes in figure.axes for loc in ("left", "center")]
    assert "A title" in [*titles, figure.get_suptitle()]
    assert dict(matplotlib.rcParams) == settings
    assert not list(tmp_path.iterdir())


@every_picture
@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_it_is_written_if_asked(
    picture: Callable[..., Figure], ending: str, start: bytes, tmp_path: Path
) -> None:
    path = tmp_path / f"picture.{ending}"
    picture(path=path)
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ON_AXES)
def test_it_is_drawn_on_axes_of_ones_own(name: str) -> None:
    figure = Figure(figsize=(6, 3))
    left, right = figure.subplots(1, 2)
    assert PICTURES[name](axes=right) is figure
    assert right.has_data()
    assert not left.has_data()


def test_a_surface_takes_axes_in_three_dimensions() -> None:
    figure = Figure()
    panel, other = figure.subfigures(1, 2, squeeze=False)[0]
    axes = panel.add_subplot(projection="3d")
    assert plots.surface(landscape(), axes=axes) is figure
    with pytest.raises(ArgumentError, match="3d"):
        plots.surface(landscape(), axes=other.add_subplot())


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["picture", "picture.", "picture.xyz"])
def test_an_unknown_format_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=f"{name}'.*png"):
        plots.curves(REPORTS, path=tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_path_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "missing" / "picture.png", tmp_path / "folder.png"):
        (tmp_path / "folder.png").mkdir(exist_ok=True)
        with pytest.raises(FileError, match=path.name) as caught:
            plots.curves(REPORTS, path=path)
        assert isinstance(caught.value, OSError)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]


def test_a_file_is_replaced_as_a_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Figure, file: Path, **options: Any) -> None:
        file.write_bytes(b"half a pic")
        raise KeyboardInterrupt

    path = tmp_path / "picture.png"
    path.write_bytes(b"the one before")
    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(KeyboardInterrupt):
        plots.curves(REPORTS, path=path)
    assert path.read_bytes() == b"the one before"
    assert list(tmp_path.iterdir()) == [path]


# --- the import ----------------------------------------------------------------------------------


def test_matplotlib_is_imported_when_it_is_needed() -> None:
    program = (
        "import sys, nn; before = 'matplotlib' in sys.modules; nn.plots.curves; "
        "print(before, 'matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    command = [sys.executable, "-c", program]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert output.split() == ["False", "True", "False"]


def test_a_missing_matplotlib_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("nn.plots")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(nn, "plots", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingPackageError, match="pip install matplotlib"):
        _ = nn.plots
    with pytest.raises(AttributeError, match="no attribute 'plotz'"):
        _ = nn.plotz


def test_names_of_pytorch_are_told_what_to_write() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'Linear': write nn.Layer\(n_inputs"):
        _ = nn.Linear


# --- curves --------------------------------------------------------------------------------------


def test_curves_are_those_of_the_reports() -> None:
    left, right = plots.curves(REPORTS, metric="hits").axes
    training, validation = right.lines
    for line, numbers in [
        (left.lines[0], [report.loss for report in REPORTS]),
        (left.lines[1], [report.validation_loss for report in REPORTS]),
        (training, [report.metric for report in REPORTS]),
        (validation, [report.validation_metric for report in REPORTS]),
    ]:
        assert list(line.get_xdata()) == [1, 2, 3]  # type: ignore[arg-type]  # any array-like
        assert list(line.get_ydata()) == numbers  # type: ignore[arg-type]
    assert [training.get_label(), validation.get_label()] == ["training", "validation"]
    renamed = plots.curves(REPORTS, validation="test").axes[1].lines
    assert [line.get_label() for line in renamed] == ["training", "test"]
    alike = plots.curves(REPORTS, validation="training").axes[1].lines
    assert [list(line.get_ydata()) for line in alike] == [  # type: ignore[arg-type]
        [report.metric for report in REPORTS],
        [report.validation_metric for report in REPORTS],
    ]
    assert alike[0].get_color() != alike[1].get_color()
    legend = plots.curves(REPORTS, validation="_test").axes[1].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["training", "_test"]
    assert (left.get_xlabel(), right.get_ylabel()) == ("epoch", "hits")
    assert plots.curves(REPORTS).axes[1].get_ylabel() == "metric"


def test_a_training_without_a_metric_has_one_curve() -> None:
    report = nn.EpochReport(1, 0.5, math.nan, math.nan, math.nan, 0.1)
    (axes,) = plots.curves(iter([report])).axes
    assert axes.get_ylabel() == "training loss"
    nothings: list[Any] = [[], {}, {"SGD": REPORTS, "Adam": []}]
    for nothing in nothings:
        with pytest.raises(ShapeError, match="no reports"):
            plots.curves(nothing)


def test_trainings_may_be_called_by_numbers() -> None:
    left, _ = plots.curves({0: REPORTS, 0.1: REPORTS}).axes
    assert [line.get_label() for line in left.lines][::2] == ["0", "0.1"]


def test_a_loss_that_is_missing_is_left_out() -> None:
    nan = math.nan
    lost = nn.EpochReport(1, nan, 0.5, nan, nan, 0.1)
    with pytest.raises(ShapeError, match="no loss"):
        plots.curves([lost])
    assert plots.curves([lost, REPORTS[1]]).axes[0].get_ylim()[0] == 0.0


def test_several_trainings_are_told_apart_by_name_and_colour() -> None:
    left, right = plots.curves({"SGD": REPORTS, "Adam": iter(REPORTS[:2])}, validation="test").axes
    for axes in (left, right):
        names = ["SGD", "SGD, test", "Adam", "Adam, test"]
        assert [line.get_label() for line in axes.lines] == names
        colors = [line.get_color() for line in axes.lines]
        assert colors[0] == colors[1] != colors[2] == colors[3]
        assert [len(line.get_xdata()) for line in axes.lines] == [3, 3, 2, 2]  # type: ignore[arg-type]
    with pytest.raises(ag.ArgumentError, match=r"^reports\['Adam'\]\[0\]=0.5: give what nn.fit"):
        plots.curves({"SGD": REPORTS, "Adam": [0.5]})  # type: ignore[arg-type]


@pytest.mark.parametrize("n_neurons", [1, 40])
def test_the_colour_bar_of_weights_is_wide_enough_to_be_seen(n_neurons: int) -> None:
    figure = plots.weights(nn.Layer(64, n_neurons, rng=0))
    figure.draw_without_rendering()
    width = figure.axes[-1].get_window_extent().width / figure.dpi
    assert 0.1 < width < 0.3  # inches


# --- decision boundary ---------------------------------------------------------------------------


@pytest.mark.parametrize(("factor", "most"), [(0.3, 1), (1.0, 1), (2.5, 3), (100.0, 4)])
def test_the_colours_reach_as_far_as_the_scores(factor: float, most: int) -> None:
    figure = plots.decision_boundary(
        lambda x: factor * ag.tanh(1000.0 * (x[0] - 0.5)), [[0.0, 0.0], [1.0, 1.0]], [-1, 1]
    )
    assert figure.axes[0].child_axes[0].get_ylim() == (-most, most)


@pytest.mark.parametrize("labels", [[-1, 1], [0, 1]])
def test_the_boundary_is_where_the_score_is_zero(labels: list[int]) -> None:
    model = nn.MLP(2, [1], rng=0)
    (neuron,) = model.layers[0].neurons
    neuron.weight[0].data, neuron.weight[1].data, neuron.bias.data = 1.0, 0.0, -0.4
    figure = plots.decision_boundary(model, [[0.0, 0.0], [1.0, 1.0]], labels)
    lines = figure.axes[0].collections[1]
    boundary = np.asarray(lines.get_paths()[1].vertices)  # of the scores -1, 0 and 1
    np.testing.assert_allclose(boundary[:, 0], 0.4, atol=1e-12)
    assert figure.axes[0].get_title("left").endswith("2 of 2 points on the right side")
    legend = figure.axes[0].get_legend()
    assert legend is not None
    names = ["class −1", "class +1"] if labels[0] else ["class 0", "class 1"]
    assert [text.get_text() for text in legend.get_texts()] == names


def test_of_many_classes_the_largest_output_counts() -> None:
    model = nn.MLP(2, [3], rng=0)
    figure = plots.decision_boundary(model, POINTS, [0, 1, 2, 0])
    answers = [np.argmax([float(output) for output in model(point)]) for point in POINTS.tolist()]
    n_right = np.sum(np.array(answers) == [0, 1, 2, 0])
    assert f" {n_right} of 4 " in figure.axes[0].get_title("left")


@pytest.mark.parametrize(
    ("X", "y"),
    [
        ([[0.0, 1.0, 2.0]], [1]),
        ([0.0, 1.0], [1, 1]),
        ([[0.0, 1.0]], [[1]]),
        ([[0.0, 1.0]], [1, 1]),
        ([[0.0, 1.0], [2.0]], [1, 1]),
        ([[0.0, 1.0]], ["up"]),
    ],
)
def test_points_that_are_none_are_told(X: list[Any], y: list[Any]) -> None:
    with pytest.raises(ShapeError):
        plots.decision_boundary(nn.MLP(2, [1]), X, y)


# --- weights -------------------------------------------------------------------------------------


def test_each_neuron_has_its_image_in_common_colours_about_zero() -> None:
    layer = nn.Layer(6, 3, rng=0)
    images = [axes.images[0] for axes in plots.weights(layer, (2, 3), columns=2).axes[:3]]
    weights = layer.state_dict()["weight"]
    bound = np.abs(weights).max()
    for image, row in zip(images, weights, strict=True):
        np.testing.assert_array_equal(image.get_array(), row.reshape(2, 3))
        assert image.get_clim() == (-bound, bound)


@pytest.mark.parametrize("columns", [1, 2, 8])
def test_images_of_weights_stand_together_below_their_title(columns: int) -> None:
    figure = plots.weights(nn.Layer(64, 8, rng=0), columns=columns)
    figure.draw_without_rendering()
    *images, bar = (axes.get_window_extent() for axes in figure.axes)
    left, right = min(box.x0 for box in images), max(box.x1 for box in images)
    inside = sum(box.width for box in images[:columns])
    assert inside > 0.7 * (right - left)
    assert 0.1 < (bar.x0 - right) / figure.dpi < 0.4  # inches
    assert left / figure.dpi < 0.5


def test_weights_can_be_an_array_and_find_their_shape() -> None:
    for n, shape in [(9, (3, 3)), (32, (4, 8)), (7, (1, 7)), (1, (1, 1))]:
        image = plots.weights(np.zeros((1, n))).axes[0].images[0]
        assert np.asarray(image.get_array()).shape == shape


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        (np.zeros((2, 6)), {"shape": (2, 2)}, r"shape=\(2, 2\): .* exactly 6 weights$"),
        (np.zeros((2, 8)), {"shape": (2.0, 4.0)}, "whole numbers .* exactly 8 weights"),
        (np.zeros((2, 6)), {"shape": (-2, -3)}, "6 weights"),
        (np.zeros((2, 6)), {"shape": 6}, "6 weights"),
        (np.zeros((2, 1)), {"shape": (2, 2)}, "exactly 1 weight$"),
        ([[1.0], [1.0, 2.0]], {}, "is not an array of numbers"),
        (np.zeros(6), {}, r"\(6,\)"),
        (nn.MLP(6, [1], rng=0), {}, r"^layer=MLP\(.*: give a Layer, such as model.layers\[0\]"),
        (np.zeros((0, 6)), {}, r"\(0, 6\)"),
        (np.full((1, 4), np.inf), {}, "infinite"),
        (np.zeros((1, 4)), {"columns": 0}, "columns=0"),
    ],
)
def test_weights_that_make_no_image_are_told(
    weights: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        plots.weights(weights, **options)


def test_a_colour_bar_is_as_high_as_the_picture_beside_it() -> None:
    wide = plots.decision_boundary(nn.MLP(2, [1], rng=0), [[0.0, 0.0], [30.0, 1.0]], [1, -1])
    wide.draw_without_rendering()
    (axes,) = wide.axes
    (bar,) = axes.child_axes
    share = bar.get_window_extent().height / axes.get_window_extent().height
    assert 0.8 < share < 1.0  # with an arrow at each end


def test_the_legend_of_classes_hides_no_points() -> None:
    figure = PICTURES["classes"]()
    figure.draw_without_rendering()
    (axes,) = figure.axes
    legend: Any = axes.get_legend()
    assert legend.get_window_extent().x0 > axes.get_window_extent().x1


# --- landscape -----------------------------------------------------------------------------------


def test_a_contour_shows_the_whole_range_of_losses_and_the_path() -> None:
    data = landscape()
    axes, bar = plots.contour(data).axes
    areas = axes.collections[0]
    assert areas.get_clim() == (data.losses.min(), data.losses.max())
    assert (axes.get_xlim(), axes.get_ylim()) == (
        (data.x[0], data.x[-1]),
        (data.y[0], data.y[-1]),
    )
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), data.path)
    assert bar.get_ylabel() == "loss (finer where it is low)"


def test_a_contour_has_room_for_any_limits() -> None:
    model = nn.MLP(1, [2, 1], rng=0)
    shapes = []
    for limits in (((-1, 1), (-2, 2)), ((-1, 1), (-100, 100)), ((0, 90), (0, 1))):
        landscape = nn.loss_landscape(
            model, [[1.0]], [1.0], nn.mse_loss, limits=limits, size=5, rng=0
        )
        figure = plots.contour(landscape)
        figure.draw_without_rendering()
        box = figure.axes[0].get_window_extent()
        shapes.append(box.height / box.width)
    assert shapes[0] == pytest.approx(2.0)
    assert all(0.5 < shape < 2.0 for shape in shapes[1:])


def test_the_numbers_of_a_surface_grow_to_the_right() -> None:
    data = landscape()
    axes: Any = plots.surface(data).axes[0]
    origin, right, away = (axes.get_proj() @ [*point, 0, 1] for point in [(0, 0), (1, 0), (0, 1)])
    for point in (right, away):
        assert point[0] / point[3] > origin[0] / origin[3]
    axes = plots.surface(data, view=(10, 20)).axes[0]
    assert (axes.elev, axes.azim) == (10, 20)


def test_a_path_is_drawn_over_the_surface() -> None:
    data = landscape()
    axes: Any = plots.surface(data).axes[0]
    (drawn,) = axes.collections
    outline, line, *_ = axes.lines
    assert not axes.computed_zorder
    assert drawn.zorder < outline.zorder < line.zorder
    np.testing.assert_array_equal(line.get_data_3d(), [*data.path.T, data.path_losses])


@pytest.mark.parametrize("size", [4, 5])
def test_without_a_path_the_network_is_marked_on_the_surface(size: int) -> None:
    model = nn.MLP(2, [1], rng=0)
    data = nn.loss_landscape(model, [[1.0, 2.0]], [1.0], nn.mse_loss, size=size, rng=0)
    (star,) = plots.contour(data).axes[0].lines
    np.testing.assert_array_equal(star.get_xydata(), [[0.0, 0.0]])
    surface: Any = plots.surface(data).axes[0]
    x, y, height = surface.lines[0].get_data_3d()
    middle = data.losses[(size - 1) // 2 : size // 2 + 1, (size - 1) // 2 : size // 2 + 1]
    assert (x, y, height) == (0.0, 0.0, pytest.approx(middle.mean()))
    elsewhere = nn.loss_landscape(
        model, [[1.0, 2.0]], [1.0], nn.mse_loss, size=size, rng=0, limits=((1, 2), (-1, 1))
    )
    assert not plots.contour(elsewhere).axes[0].lines


@pytest.mark.parametrize(("low", "high"), [(0.00067, 1.5), (0.0, 10.0), (5.0, 5.001), (-3.0, 2e8)])
def test_the_ticks_of_a_colour_bar_are_distinct_and_within_it(low: float, high: float) -> None:
    data = nn.Landscape(**{**vars(landscape()), "losses": np.linspace(low, high, 25).reshape(5, 5)})
    bar = plots.contour(data).axes[1]
    ticks, labels = bar.get_yticks(), [label.get_text() for label in bar.get_yticklabels()]
    assert [float(label) for label in labels] == pytest.approx(ticks)
    assert len(set(labels)) == len(labels) >= 4
    assert low <= min(ticks) < max(ticks) <= high


def test_no_share_is_told_of_a_path_that_stays_where_it_is() -> None:
    still = nn.Landscape(**{**vars(landscape()), "path_shares": np.full(2, np.nan)})
    title = plots.contour(still).axes[0].get_title(loc="left")
    assert title == "Loss landscape, with the path of the descent"


@pytest.mark.parametrize("last_digits", [0, 1, 2, 8, 1000])
def test_a_flat_landscape_can_be_drawn(last_digits: int) -> None:
    """Dead neurons leave a loss that differs by rounding alone, which gets no colours."""
    losses = np.full((5, 5), 2.0)
    losses[1, 1] += last_digits * np.spacing(2.0)
    flat = nn.Landscape(**{**vars(landscape()), "losses": losses})
    _, bar = plots.contour(flat).axes
    assert bar.get_ylim() == (2.0, 3.0)
    (surface,) = plots.surface(flat).axes[0].collections
    assert len(np.unique(surface.get_facecolor(), axis=0)) == 1


@pytest.mark.parametrize(
    ("n_outputs", "labels", "message"),
    [
        (1, [1, 2, 2, 1], "y holds 2: with a single score, a class is -1 or 0 against 1"),
        (2, [-1, 1, 1, -1], "y holds -1: with 2 outputs, a class is a whole number from 0 to 1"),
        (3, [0, 1, 0.5, 2], "y holds 0.5: .* from 0 to 2"),
        (3, [0, 1, 2, 3], "y holds 3: "),
    ],
)
def test_classes_that_the_model_cannot_choose_are_refused(
    n_outputs: int, labels: list[float], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        plots.decision_boundary(nn.MLP(2, [n_outputs], rng=0), POINTS, labels)


@pytest.mark.parametrize(
    ("model", "lines"),
    [
        (lambda p: 9 * p[0] - 4, [-1, 0, 1]),
        (lambda p: p[0] + 0.5, [1]),
        (lambda p: p[0] - 1.1, [-1, 0]),
        (lambda p: p[0] + 1.2, []),
    ],
)
def test_each_of_three_scores_has_its_line_where_it_occurs(model: Any, lines: list[int]) -> None:
    axes = plots.decision_boundary(model, [[0.0, 0.0], [1.0, 1.0]], [-1, 1]).axes[0]
    drawn = [c for c in axes.collections[1:] if len(c.get_paths()) == 3]  # not areas or points
    lengths = [np.size(path.vertices) for c in drawn for path in c.get_paths()]
    assert [s for s, length in zip([-1, 0, 1], lengths, strict=False) if length] == lines


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (lambda p: ag.log(p[0]) + p[1], r"log\(-0.2425\) does not exist"),
        (lambda p: [p[0], ag.exp(320 * p[0])], r"exp\(\d+.\d+\) is too large"),
    ],
)
def test_a_model_that_does_not_exist_beside_the_points_is_told_with_the_place(
    model: Any, reason: str
) -> None:
    X = [[0.05, 1.0], [1.0, 2.0], [2.0, 0.5]]
    with pytest.raises(NonFiniteError, match=rf"no output at \(.*\), .*: {reason}"):
        plots.decision_boundary(model, X, [0, 1, 1])


def test_a_score_in_a_list_has_two_sides_too() -> None:
    layer = nn.Layer(2, 1, activation="tanh", rng=0)
    X = [[0.0, 1.0], [1.0, 0.0], [-1.0, 0.5]]
    titles = [
        plots.decision_boundary(model, X, [1, -1, -1]).axes[0].get_title(loc="left")
        for model in (layer, lambda x: layer(x)[0])
    ]
    assert titles[0] == titles[1] != ""

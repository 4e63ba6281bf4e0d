"""What `explore` writes and refuses, without a browser."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd.drawing import rendering
from autograd.drawing.explorer import layout, levels
from autograd.drawing.explorer.cells import cell_graph
from autograd.drawing.explorer.history import MOST_NUMBERS
from autograd.drawing.explorer.javascript import DEEPEST, javascript, javascript_table
from autograd.drawing.explorer.page import in_script
from autograd.drawing.explorer.ranks import CARD, FOLDED, in_ranks
from autograd.errors import NotANumberError
from autograd.operations import OPERATIONS, define


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "page.html"


def data_of(page: Path) -> Any:
    """Read the data out of a page."""
    match = re.search('id="graph">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert match is not None
    return json.loads(match[1])


def network(*sizes: int) -> ag.Value:
    model = nn.MLP(2, list(sizes), activation="tanh", rng=0)
    return nn.mse_loss(model([ag.Value(0.5, "x1"), ag.Value(-1.0, "x2")]), 1.0)


# --- the file ------------------------------------------------------------------------------------


def test_it_returns_the_path_and_leaves_the_graph_alone(page: Path) -> None:
    x = ag.Value(2.0, "x")
    square = x * x
    assert ag.explore(square, str(page)) == page
    gradients: list[float | None] = [x.grad, square.grad]
    assert gradients == [0.0, None]
    square.backward()
    ag.explore(square, page)
    assert (x.grad, square.grad) == (4.0, 1.0)


def test_equal_graphs_make_equal_pages(tmp_path: Path) -> None:
    first, second = (ag.explore(network(4, 1), tmp_path / f"{i}.html") for i in (1, 2))
    assert first.read_bytes() == second.read_bytes()


def test_the_page_is_one_file_that_loads_nothing(page: Path) -> None:
    ag.explore(network(4, 1), page)
    assert [path.name for path in page.parent.iterdir()] == ["page.html"]
    text = page.read_text(encoding="utf-8")
    assert "://" not in text.replace("http://www.w3.org/2000/svg", "")  # the name of a namespace
    assert not re.search(r"\b(?:src|href|import)\s*[=(]", text)


def test_a_page_that_cannot_be_written_leaves_the_old_one(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ag.explore(ag.Value(1.0), page)
    before = page.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ag.FileError, match=r"page\.html cannot be written: No space left"):
        ag.explore(network(4, 1), page)
    assert page.read_bytes() == before
    assert [path.name for path in page.parent.iterdir()] == ["page.html"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ag.FileError, match=r"nowhere/page\.html cannot be written"):
        ag.explore(ag.Value(1.0), tmp_path / "nowhere" / "page.html")


@pytest.mark.parametrize("name", ["", ".", "page", "page.png", "html"])
def test_a_file_that_no_browser_would_show_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ag.ArgumentError, match=r"ends in \.html or \.htm"):
        ag.explore(ag.Value(1.0), f"{tmp_path}/{name}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("root", [1.0, "loss", None, [ag.Value(1.0)], np.array(1.0)])
def test_a_root_that_is_no_value_is_refused(root: Any, page: Path) -> None:
    with pytest.raises(ag.NotANumberError, match="explore shows how a Value was computed, not "):
        ag.explore(root, page)
    assert not page.exists()


@pytest.mark.parametrize("held", ["3", None, np.float32(3.0), ag.Value(3.0)])
def test_what_is_no_number_is_refused_by_its_label(held: Any, page: Path) -> None:
    x, w = ag.Value(2.0, "x"), ag.Value(3.0, "w")
    y = w * x
    w.data = held
    with pytest.raises(NotANumberError, match=r"^w holds"):
        ag.explore(y, page)
    assert not page.exists()


def test_numbers_that_were_changed_after_the_recording_are_told(page: Path) -> None:
    x, w = ag.Value(1.0, "x"), ag.Value(3.0, "w")
    y = w * x
    assert data_of(ag.explore(y, page))["changed"] is False
    w.data += 1e-10
    assert data_of(ag.explore(y, page))["changed"] is True


def test_a_list_is_refused_without_its_numbers(page: Path) -> None:
    with pytest.raises(ag.NotANumberError, match="not a list of 30: give it a loss"):
        ag.explore([ag.Value(1.0)] * 30, page)  # type: ignore[arg-type]


@pytest.mark.parametrize("option", [{"title": 3}, {"training": [1, 2]}, {"plane": 3}])
def test_options_of_another_kind_are_refused(page: Path, option: dict[str, Any]) -> None:
    name, given = option.popitem()
    with pytest.raises(ag.ArgumentError, match=re.escape(f"{name}={given!r}: it must be a")):
        ag.explore(ag.Value(1.0), page, **{name: given})
    assert not page.exists()


def test_parameters_are_one_value_or_several(page: Path) -> None:
    x, w = ag.Value(1.0, "x"), ag.Value(2.0, "w")
    expected = data_of(ag.explore(x * w, page, parameters=[w]))["nodes"]["role"]
    assert expected == [0, 1, 4]
    given: tuple[Any, ...] = (w, (w,), iter([w]), {w}, np.array([w]))
    for parameters in given:
        assert data_of(ag.explore(x * w, page, parameters=parameters))["nodes"]["role"] == expected
    for wrong in (3.0, [3.0], "w"):
        with pytest.raises(ag.NotANumberError, match="the parameters of a page are Values, not"):
            ag.explore(x * w, page, parameters=wrong)  # type: ignore[arg-type]


def test_unknown_folding_is_refused(page: Path) -> None:
    with pytest.raises(ag.ArgumentError, match="collapse='neurons': it must be 'auto', 'neuron'"):
        ag.explore(ag.Value(1.0), page, collapse="neurons")  # type: ignore[arg-type]


# --- sizes ---------------------------------------------------------------------------------------


def test_more_boxes_than_move_are_refused(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "MOST_VISIBLE", 20)
    with pytest.raises(ag.GraphError, match=r"a page of \d+ boxes .* 20 can.* collapse='layer'"):
        ag.explore(network(4, 1), page, collapse=None)
    monkeypatch.setattr(levels, "MOST_VISIBLE", 3)
    with pytest.raises(ag.GraphError, match=r"3 can: explore one sample .* shorter loop$"):
        ag.explore(network(4, 1), page, collapse="layer")
    x = ag.Value(1.0)
    with pytest.raises(ag.GraphError, match=r"3 can: explore one .* build the model of nn\.Layer"):
        ag.explore(ag.sin(x) * x + x, page, collapse=None)
    monkeypatch.setattr(levels, "MOST_VISIBLE", 20)
    ag.explore(network(4, 1), page, collapse="neuron")


def test_graphs_that_are_too_large_are_refused_at_once(page: Path) -> None:
    x = ag.Value(1.0)
    for _ in range(levels.MOST_CELLS):
        x = x + 1.0
    with pytest.raises(ag.GraphError, match="one sample instead of a batch"):
        ag.explore(x, page)


def test_the_products_in_a_dot_count_as_nodes(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = network(4, 1)
    count = len(cell_graph(root, []).cells)
    monkeypatch.setattr(levels, "MOST_CELLS", count - 1)
    with pytest.raises(ag.GraphError, match=rf"would have {count} nodes, with .* {count - 1}: exp"):
        ag.explore(root, page)
    monkeypatch.setattr(levels, "MOST_CELLS", count)
    ag.explore(root, page)


@pytest.mark.parametrize(
    ("root", "boxes"),
    [(network(4, 1), "neuron"), (network(64, 64, 1), "layer"), (ag.tanh(ag.Value(0.0)), None)],
)
def test_auto_opens_what_can_be_read(root: ag.Value, boxes: Any, page: Path) -> None:
    opened = data_of(ag.explore(root, page))["opened"]
    assert opened == data_of(ag.explore(root, page, collapse=boxes))["opened"]


def test_neurons_of_one_form_are_laid_out_once(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layouts = []

    def counted(dot: str) -> Any:
        layouts.append(dot)
        return rendering.layout(dot)

    monkeypatch.setattr(layout, "layout", counted)
    layout._arranged.cache_clear()
    ag.explore(network(5, 7, 1), page)
    assert len(layouts) == 4  # the page, a neuron of 2, one of 5, the one of 7


# --- the graph -----------------------------------------------------------------------------------


def test_a_dot_is_taken_apart_to_the_last_digit() -> None:
    rng = np.random.default_rng(0)
    weights, inputs = ([ag.Value(x) for x in rng.normal(size=9).tolist()] for _ in range(2))
    for bias in (None, ag.Value(0.1)):
        root = ag.dot(weights, inputs, bias)
        cells = cell_graph(root, []).cells
        assert cells[-1].data == root.data
        assert sum(cell.operation is OPERATIONS["mul"] for cell in cells) == 9


def test_groups_hold_layers_neurons_and_what_is_alike(page: Path) -> None:
    model = nn.MLP(8, [6, 5], rng=0)
    loss = nn.cross_entropy(model([ag.Value(0.1, f"x{i}") for i in range(8)]), 2)
    groups = data_of(ag.explore(loss, page))["groups"]
    titles = [group["title"] for group in groups]
    assert "8 inputs" in titles
    assert "Layer(8, 6)" in titles
    neuron = groups[titles.index("Neuron(8) #6")]
    assert groups[neuron["within"]]["title"] == "Layer(8, 6)"
    assert groups[titles.index("Layer(8, 6)")]["within"] == -1


def test_what_follows_the_last_layer_is_one_box(page: Path) -> None:
    model = nn.MLP(8, [6, 5], rng=0)
    logits = model([ag.Value(0.1, f"x{i}") for i in range(8)])
    loss = nn.cross_entropy(logits, 2) + 0.1 * model.parameters()[0] ** 2
    loss.label = "the loss"
    data = data_of(ag.explore(loss, page, collapse="layer"))
    groups = data["groups"]
    assert (groups[0]["title"], groups[0]["role"], groups[0]["within"]) == (
        "the loss",
        "output",
        -1,
    )
    places = range(len(data["nodes"]["name"]))

    def outermost(place: int) -> int:
        group = data["nodes"]["group"][place]
        while group >= 0 and groups[group]["within"] >= 0:
            group = groups[group]["within"]
        return int(group)

    inside = {place for place in places if outermost(place) == 0}
    users: dict[int, set[int]] = {place: set() for place in places}
    for place in places:
        for parent in data["nodes"]["parents"][place]:
            users[parent].add(place)
    assert places[-1] in inside
    assert all(users[place] <= inside for place in inside)  # nothing but the output leaves it
    assert f"{len(inside)} nodes" == groups[0]["detail"]
    small = data_of(ag.explore(network(4, 1), page, collapse="layer"))["groups"]
    assert "output" not in {group["role"] for group in small}


def test_names_of_formulas_are_labels_or_numbers(page: Path) -> None:
    x = ag.Value(2.0, "x")
    names = data_of(ag.explore(2 * x + x * x, page))["nodes"]["name"]
    assert names == ["2", "x", "v1", "v2", "L"]


def test_a_name_that_is_made_is_no_label() -> None:
    x, v1, v = ag.Value(1.0, "L"), ag.Value(2.0, "v1"), ag.Value(3.0)
    names = cell_graph(ag.tanh(x * v1) + v, []).names(output="L")
    assert names == ["L", "v1", "v2", "v3", "v4", "output"]


def test_a_batch_that_calls_a_model_several_times_has_a_page(page: Path) -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    loss = ag.mean(nn.mse_loss(model([i, -i]), 1.0) for i in range(6))
    nodes = data_of(ag.explore(loss, page))["nodes"]
    assert all(parent < node for node, row in enumerate(nodes["parents"]) for parent in row)


def test_data_cannot_end_its_element() -> None:
    text = in_script(["</script>", "<!--", "&amp;", "\u2028\u2029"])
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == ["</script>", "<!--", "&amp;", "\u2028\u2029"]


# --- operations as JavaScript --------------------------------------------------------------------


@pytest.fixture
def own_operation() -> Iterator[str]:
    """A name for an operation that is gone after the test."""
    yield "own </script>"
    OPERATIONS.pop("own </script>", None)


@pytest.mark.parametrize(
    "array",
    [
        lambda np, x: np.vectorize(float)(x),
        lambda np, x: np.heaviside(x, 0.0),
        lambda np, x: x if x > 0 else -x,
        lambda np, x: x.clip(0.0),
        lambda np, x: "x",
        lambda np, x: 1 / 0,
    ],
)
def test_what_is_no_formula_is_refused(array: Any, own_operation: str, page: Path) -> None:
    operation = define(
        own_operation,
        symbol="?",
        forward=lambda x: x,
        array=array,
        derivative=lambda g, out, x: (g,),
    )
    assert javascript_table([(operation, 1)])[1] == [operation]
    locked = data_of(ag.explore(operation(ag.Value(1.0)), page))["locked"]
    assert locked == "Numbers cannot be edited: the page has no formula for own </script>."
    history = ag.TrainingHistory([ag.Value(1.0)])
    with pytest.raises(
        ag.GraphError, match="cannot be recomputed: the page has no formula for own"
    ):
        ag.explore(operation(ag.Value(1.0)), page, training=history)


def test_names_of_operations_cannot_end_the_script(own_operation: str) -> None:
    operation = define(
        own_operation,
        symbol="?",
        forward=lambda x: x,
        array=lambda np, x: np.where(x != 0, np.square(x), -2.5) + np.inf,
        derivative=lambda g, out, x: (g,),
    )
    source, missing = javascript_table([(operation, 1)])
    assert missing == []
    assert "</script" not in source
    assert "(x0 != 0.0 ? Math.pow(x0, 2) : -2.5) + Infinity" in source


@pytest.mark.parametrize(("name", "call"), [("sum", " + "), ("max", "Math.max(")])
def test_operations_of_many_inputs_do_not_nest(name: str, call: str) -> None:
    statements = javascript(OPERATIONS[name], 5000).split(";")
    assert max(statement.count(call) for statement in statements) <= DEEPEST


# --- training ------------------------------------------------------------------------------------


def test_history_keeps_every_epoch_and_pages_some() -> None:
    parameters = [ag.Value(0.0) for _ in range(MOST_NUMBERS // 4)]
    history = ag.TrainingHistory(parameters)
    for epoch in range(1, 11):
        parameters[0].data = float(epoch)
        history.record(1.0 / epoch)
    parameters[0].data = -1.0
    root = parameters[0] * 1.0
    whole = history.on_page(cell_graph(root, parameters))
    assert whole["epochs"] == list(range(11))
    root = ag.sum(parameters[: MOST_NUMBERS // 5])
    some = history.on_page(cell_graph(root, parameters))
    assert some["epochs"] == [0, 2, 5, 8, 10]
    assert some["losses"] == [None, *(1.0 / epoch for epoch in range(1, 11))]
    assert [snapshot[0] for snapshot in history.snapshots] == list(range(11))


def test_history_of_another_model_is_refused(page: Path) -> None:
    history = ag.TrainingHistory(nn.MLP(2, [1]).parameters())
    with pytest.raises(ag.GraphError, match="do they belong to another model"):
        ag.explore(network(4, 1), page, training=history)


def test_history_takes_values_and_losses() -> None:
    with pytest.raises(ag.NotANumberError, match=r"parameters must be Values, not 1\.0"):
        ag.TrainingHistory([1.0])  # type: ignore[list-item]
    with pytest.raises(ag.ArgumentError, match=r"give a list of Values.* model\.parameters\(\)"):
        ag.TrainingHistory(nn.MLP(1, [1]))  # type: ignore[arg-type]
    weight = ag.Value(1.0, "w")
    with pytest.raises(ag.ArgumentError, match="is computed or constant: a training changes"):
        ag.TrainingHistory([weight, 2 * weight])
    history = ag.TrainingHistory([weight])
    with pytest.raises(ag.NotANumberError):
        history.record("0.5")  # type: ignore[arg-type]
    weight.data = None  # type: ignore[assignment]
    with pytest.raises(ag.NotANumberError, match=r"^w holds None"):
        history.record(0.5)
    assert len(history.losses) == len(history.snapshots) == 1


def test_planes_that_make_no_sense_are_refused(page: Path) -> None:
    x, y = ag.Value(1.0, "x"), ag.Value(2.0, "y")
    score = x * y
    with pytest.raises(ag.ArgumentError, match="two different inputs"):
        ag.DecisionPlane([x], score)
    with pytest.raises(ag.ArgumentError, match="two different inputs"):
        ag.DecisionPlane([x, x], score)
    with pytest.raises(ag.ArgumentError, match="give a list of Values"):
        ag.DecisionPlane(score, [x, y])  # type: ignore[arg-type]
    with pytest.raises(ag.NotANumberError, match="the score of a plane is a Value"):
        ag.DecisionPlane([x, y], 1.0)  # type: ignore[arg-type]
    with pytest.raises(ag.ShapeError, match=r"points of shape \(1, 3\)"):
        ag.DecisionPlane([x, y], score, [[1.0, 2.0, 3.0]], [1])
    with pytest.raises(ag.ShapeError, match=r"classes of shape \(2,\)"):
        ag.DecisionPlane([x, y], score, [[1.0, 2.0]], [1, -1])
    with pytest.raises(ag.ArgumentError, match="not all finite"):
        ag.DecisionPlane([x, y], score, [[1.0, np.nan]], [1])
    with pytest.raises(ag.GraphError, match="not in the graph"):
        ag.explore(x * x, page, plane=ag.DecisionPlane([x, y], score))
    with pytest.raises(ag.GraphError, match="is computed: the inputs of a plane are leaves"):
        ag.explore(score * x, page, plane=ag.DecisionPlane([x, score], score))
    assert not page.exists()


# --- layout --------------------------------------------------------------------------------------


@given(st.data())
def test_ranks_keep_boxes_apart_and_edges_forward(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 30))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    drawn = data.draw(st.lists(pairs))
    edges = sorted({(min(pair), max(pair)) for pair in drawn if pair[0] != pair[1]})
    sizes = [data.draw(st.sampled_from([CARD, FOLDED])) for _ in range(count)]
    centers = in_ranks(sizes, edges)
    assert all(centers[source][0] < centers[target][0] for source, target in edges)
    for (a, (x1, y1)), (b, (x2, y2)) in itertools.combinations(enumerate(centers), 2):
        assert x1 != x2 or abs(y1 - y2) >= (sizes[a][1] + sizes[b][1]) / 2


@pytest.mark.parametrize("sizes", [(3, 1), (9, 20, 1), (70, 8, 1), (160, 1)])
def test_edges_into_and_out_of_groups_pass_between_boxes(
    page: Path, sizes: tuple[int, ...]
) -> None:
    data = data_of(ag.explore(network(*sizes), page, collapse="layer"))
    nodes, groups = data["nodes"], data["groups"]
    containers = nodes["group"] + [group["within"] for group in groups]
    places = nodes["place"] + [group["place"] for group in groups]
    heights = [CARD[1]] * len(nodes["place"]) + [FOLDED[1]] * len(groups)
    boxes: dict[tuple[int, int], list[tuple[float, int]]] = {}
    for container, (x, y), height in zip(containers, places, heights, strict=True):
        boxes.setdefault((container, x), []).append((y, height))
    crossing = [route for route in data["routes"] if None in route[:2]]
    entered = {target for source, target, _ in crossing if source is None}
    names = [operation["name"] for operation in data["operations"]]
    products = {n for n, i in enumerate(nodes["operation"]) if i >= 0 and names[i] == "mul"}
    assert products
    assert {n for n in products if containers[n] >= 0} <= entered
    for source, target, points in crossing:
        item = target if source is None else source
        for x, y in points:
            around = boxes.get((containers[item], x), [])
            assert all(abs(y - center) >= height / 2 for center, height in around)


def test_nine_inputs_stand_in_columns_of_five_and_four(page: Path) -> None:
    nodes = data_of(ag.explore(ag.sum(ag.Value(0.0) for _ in range(9)), page))["nodes"]
    assert [x for x, _ in nodes["place"][:9]] == [0] * 5 + [nodes["place"][5][0]] * 4
    assert nodes["place"][0][1] < nodes["place"][5][1] < nodes["place"][1][1]


def test_a_loop_is_a_line(page: Path) -> None:
    x = ag.Value(0.5, "x")
    for _ in range(6):
        x = 0.9 * x + 0.1
    nodes = data_of(ag.explore(x, page, collapse=None))["nodes"]
    computed = zip(nodes["parents"], nodes["place"], strict=True)
    assert len({y for parents, (_, y) in computed if parents}) == 1


def test_a_long_chain_is_laid_out_without_graphviz(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "layout", lambda dot: pytest.fail("Graphviz is slow here"))
    x = ag.Value(1.0, "x")
    for _ in range(400):
        x = ag.sin(x) + 0.5
    assert ag.explore(x, page).exists()

"""`ag.draw`: its text, its files, and labels that try to break it."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import graphviz
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd.drawing.appearance import COLORS, FAINT, LONGEST_LABEL, TEXT
from autograd.drawing.rendering import layout, render, renderers

GOLDEN = Path(__file__).with_name("golden")
ROOT = Path(__file__).parents[2]


def neuron_by_hand() -> tuple[ag.Value, list[ag.Value]]:
    x, w, b = ag.Value(2.0, "x"), ag.Value(-3.0, "w"), ag.Value(6.5, "b")
    y = ag.tanh(w * x + b)
    y.label = "y"
    return y, [w, b]


def network() -> ag.Value:
    """Return the loss of a network whose numbers can be read."""
    model = nn.MLP(2, [2, 1], rng=0)
    for index, parameter in enumerate(model.parameters()):
        parameter.data = 0.5 * index - 1
    loss = nn.mse_loss(model([ag.Value(1.0, "x0"), ag.Value(-2.0, "x1")]), 1.0)
    loss.label = "loss"
    loss.backward()
    return loss


def before_backward() -> Any:
    y, parameters = neuron_by_hand()
    return ag.draw(y, parameters=parameters)


def after_backward() -> Any:
    y, parameters = neuron_by_hand()
    y.backward()
    return ag.draw(y, parameters=parameters, direction="TB", number_format="+.2f")


def twice_the_same() -> Any:
    a = ag.Value(3.0, "a")
    return ag.draw(a + a)


def as_neurons() -> Any:
    return ag.draw(network(), collapse="neuron")


def as_layers() -> Any:
    return ag.draw(network(), collapse="layer")


def every_node() -> Any:
    return ag.draw(network(), collapse=None)


DRAWINGS = [before_backward, after_backward, twice_the_same, as_neurons, as_layers, every_node]


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_the_text_is_as_ever(drawing: Any) -> None:
    """Golden texts; look at what changed, and write the files anew with GOLDEN=write."""
    path = GOLDEN / f"{drawing.__name__}.gv"
    source = drawing().source
    if os.environ.get("GOLDEN") == "write":
        path.write_text(source, encoding="utf-8")
    assert source == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("drawing", DRAWINGS)
@pytest.mark.parametrize("program", renderers())
def test_every_program_draws_the_text(drawing: Any, program: str) -> None:
    result = subprocess.run(
        [program, "-Tsvg"], input=drawing().source.encode(), capture_output=True, check=True
    )
    assert b"rror" not in result.stderr
    ET.fromstring(result.stdout)


def test_the_text_is_the_same_in_every_process() -> None:
    script = (
        "import autograd as ag, nn\n"
        "model = nn.MLP(8, [7, 6], activation='gelu', rng=0)\n"
        "loss = ag.mean(nn.cross_entropy(model([i / j for i in range(8)]), j) for j in (1, 2, 3))\n"
        "print(*(ag.draw(loss, collapse=c).source for c in ('neuron', 'layer', 'auto')))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(texts) == 1


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_a_chain_is_a_line(direction: Any) -> None:
    x = ag.Value(0.5, "x")
    for _ in range(6):
        x = ag.sin(x) * 0.9 + 0.1
    drawing = ag.draw(x, direction=direction)
    computed = {line.split(" -> ")[1].split()[0] for line in drawing.body if " -> " in line}
    boxes, _ = layout(drawing.source)
    across = [boxes[key][direction == "LR"] for key in computed]
    assert len(across) == 18
    assert max(across) - min(across) < 10  # a box is 70 high


def test_subtraction_has_a_sign_that_is_seen() -> None:
    x = ag.Value(3.0)
    assert "−" in texts(ag.draw(x - 1).pipe())


# --- labels --------------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: bytes) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


def visible(text: str) -> str:
    """Return the text as it should be read, without the spaces that no reader sees."""
    return "".join(text.split())


@settings(max_examples=60)
@given(st.text(st.characters(blacklist_categories=["Cc", "Cs", "Cn"]), max_size=LONGEST_LABEL))
@example('a "quoted" {b|c} <i>d</i> &amp; \\n \\l \\')
@example("</TABLE>>]; x -> y")
@example("-->]]>%s$HOME`ls`")
@example("one\ntwo\r\nthree")
@example("δ∂ 漢字 🙂 \u202e")
@example("\n")
@example(" ")
@example("&#65;&lt;")
@example("]")
@example("\\N \\G \\L")
def test_every_label_is_read_as_it_was_written(label: str) -> None:
    for program in renderers():
        result = subprocess.run(
            [program, "-Tsvg"],
            input=ag.draw(ag.Value(1.0, label)).source.encode(),
            capture_output=True,
            check=True,
        )
        legend, box = "input", f"{visible(label)}data1grad–"
        assert visible("".join(texts(result.stdout))) in (legend + box, box + legend)


@pytest.mark.parametrize(
    ("label", "shown"), [("\x00\x1b[0m", "␀␛[0m"), ("\ud800", "\ufffd"), ("\uffff", "\ufffd")]
)
def test_what_no_picture_can_hold_is_shown_by_a_sign(label: str, shown: str) -> None:
    assert shown in texts(ag.draw(ag.Value(1.0, label)).pipe())


def test_a_long_label_is_shortened() -> None:
    assert "x" * (LONGEST_LABEL - 1) + "…" in texts(ag.draw(ag.Value(1.0, "x" * 1000)).pipe())


# --- numbers -------------------------------------------------------------------------------------


def test_numbers_that_are_not_finite_are_shown() -> None:
    big = ag.Value(1e200, "big")
    square = big * big
    shown = texts(ag.draw(square - square).pipe())
    assert {"∞", "nan"} <= set(shown)
    slope_of_root = texts(ag.draw(ag.sqrt(ag.Value(0.0))).pipe())
    assert "undefined" in map(str.strip, slope_of_root)


@pytest.mark.parametrize("number_format", ["<>9", "&>9", "]^9", '">9'])
def test_a_format_can_fill_with_any_character(number_format: str) -> None:
    number = format(3.5, number_format)
    assert number in texts(ag.draw(ag.Value(3.5), number_format=number_format).pipe())


def test_text_is_readable_on_every_colour() -> None:
    for _, area in COLORS.values():
        assert contrast(TEXT, area) > 7  # WCAG 2.2, level AAA
        assert contrast(FAINT, area) > 4.5


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, as WCAG 2.2 defines it."""

    def luminance(color: str) -> float:
        channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted([luminance(one), luminance(other)], reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


# --- files and notebooks -------------------------------------------------------------------------


def test_a_notebook_shows_the_picture() -> None:
    bundle = twice_the_same()._repr_mimebundle_()
    assert list(bundle) == ["image/svg+xml"]
    ET.fromstring(bundle["image/svg+xml"])


@pytest.mark.parametrize(
    ("ending", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("PNG", b"\x89PNG")]
)
def test_render_writes_the_format_of_the_ending(tmp_path: Path, ending: str, start: bytes) -> None:
    path = tmp_path / f"a.{ending}"
    assert twice_the_same().render(path) == str(path)
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


def test_render_takes_a_format_whatever_the_ending(tmp_path: Path) -> None:
    twice_the_same().render(tmp_path / "a.txt", format="svg")
    assert (tmp_path / "a.txt").read_bytes().startswith(b"<?xml")


def test_a_format_may_be_written_in_capitals(tmp_path: Path) -> None:
    assert twice_the_same().pipe("SVG").startswith(b"<?xml")
    path = tmp_path / "picture"
    twice_the_same().render(path, format="PNG")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_render_needs_a_format() -> None:
    with pytest.raises(ag.ArgumentError, match=r"'picture': it needs an ending .* 'picture.svg'"):
        twice_the_same().render("picture")


def test_an_ending_that_is_no_format_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ag.ArgumentError, match="format 'py': use svg, png or pdf"):
        twice_the_same().render(tmp_path / "a.py")
    with pytest.raises(ag.ArgumentError, match=r"'html': .* ag\.explore writes pages"):
        twice_the_same().render(tmp_path / "a.html")
    assert not list(tmp_path.iterdir())


def test_a_failed_render_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.svg"
    path.write_text("old")
    with pytest.raises(ag.ArgumentError, match="format 'foo'"):
        twice_the_same().render(path, format="foo")
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(ag.FileError, match=r"a\.svg cannot be written: disk full"):
        twice_the_same().render(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def refuse(*arguments: object) -> None:
    raise OSError(28, "disk full")


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ag.FileError, match="No such file"):
        twice_the_same().render(tmp_path / "missing" / "a.svg")
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(ag.FileError, match=r"folder\.svg cannot be written"):
        twice_the_same().render(tmp_path / "folder.svg")
    assert list(tmp_path.iterdir()) == [tmp_path / "folder.svg"]


# --- options -------------------------------------------------------------------------------------


def test_unknown_options_are_refused() -> None:
    x = ag.Value(1.0)
    with pytest.raises(ag.ArgumentError, match="direction='RL': it must be 'LR' or 'TB'"):
        ag.draw(x, direction="RL")  # type: ignore[arg-type]  # the point
    with pytest.raises(ag.ArgumentError, match=r"number_format='q': .* such as '\.4g'"):
        ag.draw(x, number_format="q")


def test_a_picture_says_if_numbers_were_changed_since_it_was_recorded() -> None:
    y, (w, _) = neuron_by_hand()
    assert "changed" not in ag.draw(y).source
    w.data = 1.0
    assert "some numbers were changed after the graph was recorded" in ag.draw(y).source
    assert render(ag.draw(y).source)


def test_the_edges_of_a_crowded_picture_have_no_labels() -> None:
    model = nn.MLP(2, [30, 4], rng=0)
    assert "local derivatives" not in ag.draw(model([1.0, 2.0]), collapse="neuron").source


def test_a_graph_of_a_hundred_thousand_nodes_answers() -> None:
    total = ag.sum(ag.tanh(ag.Value(1.0)) for _ in range(50_000))
    assert render(ag.draw(total).source).startswith(b"<?xml")


def test_its_repr_tells_how_to_see_it() -> None:
    x = ag.Value(2.0, "x")
    assert repr(ag.draw(x * x)) == '<Drawing: .render("picture.svg") writes it to a file>'


def test_a_copy_is_a_drawing_of_its_own() -> None:
    """As of any Digraph: to write on, or to go on in the DOT language."""
    x = ag.Value(2.0, "x")
    drawing = ag.draw(x * x)
    source = drawing.source
    twin = drawing.copy()
    assert (type(twin), twin.source, twin.format) == (type(drawing), source, "svg")
    with twin.subgraph(name="cluster") as cluster:
        cluster.node("n0")
    assert drawing.source == source != twin.source
    assert twin.pipe(encoding="utf-8").startswith("<?xml")


def test_view_opens_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(graphviz, "view", opened.append)
    drawing = before_backward()
    path = tmp_path / "neuron.png"
    assert [drawing.view(path), drawing.view()] == opened
    assert opened[0] == str(path)
    assert Path(opened[1]).read_bytes().startswith(b"<?xml")


def test_edges_that_cover_each_other_are_refused() -> None:
    model = nn.MLP(64, [32, 10], rng=0)
    loss = nn.cross_entropy(model([0.1] * 64), 7)
    with pytest.raises(ag.GraphError, match=r"4\d\d edges .*read\. collapse='layer' shows less"):
        ag.draw(loss, collapse="neuron")
    x = ag.Value(1.0)
    for _ in range(200):
        x = ag.sin(x) * x
    assert ag.draw(x, collapse=None).source.count("->") == 600  # a chain can be read

"""Both programs that draw, and what happens without them."""

import os
import shutil
import stat
import sysconfig
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

import autograd as ag
from autograd.drawing import rendering
from autograd.drawing.rendering import layout, render, renderers

SOURCE = 'digraph { a [label="é ∂ Σ"]; a -> b [id="e0" label="x"]; a -> b [id="e1"] }'
PROGRAMS = renderers()

PURE = next(program for program in PROGRAMS if Path(program).stem == "graphviz-pure")

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Make a function that leaves nothing but the given programs on this machine."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sysconfig, "get_path", lambda scheme: str(tmp_path))

    def install(*existing: str, **scripts: str) -> None:
        for program in existing:
            (tmp_path / Path(program).name).symlink_to(program)
        for name, script in scripts.items():
            path = tmp_path / name
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)

    return install


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_draws(program: str, install: Install) -> None:
    install(program)
    svg = ET.fromstring(render(SOURCE))
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert "é ∂ Σ" in "".join(svg.itertext())
    assert render(SOURCE, "png").startswith(b"\x89PNG")


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_tells_where_things_are(program: str, install: Install) -> None:
    install(program)
    boxes, edges = layout(SOURCE)
    (x, upper), (_, lower) = boxes["a"], boxes["b"]
    assert x > 0
    assert 0 < upper < lower
    assert list(edges) == ["e0", "e1"]
    for points in edges.values():
        assert len(points) % 3 == 2  # a cubic spline, and the tip
        assert points[0][1] == pytest.approx(upper + 18.0, abs=3)  # a box is 36 high
        assert points[-1][1] == pytest.approx(lower - 18.0, abs=3)


def test_an_empty_graph_has_a_layout() -> None:
    assert layout("digraph {}") == ({}, {})


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_unknown_format_is_refused_with_the_usual_ones(program: str, install: Install) -> None:
    install(program)
    with pytest.raises(ag.ArgumentError, match=r"format 'tiff2': use svg, png or pdf$"):
        render(SOURCE, "tiff2")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_graph_that_cannot_be_read_is_refused(program: str, install: Install) -> None:
    install(program)
    with pytest.raises(ag.RenderingError, match="syntax error"):
        render("digraph { a -> ")


def test_pdf_takes_the_systems_graphviz(install: Install) -> None:
    install(PURE)
    with pytest.raises(ag.ArgumentError, match="pdf needs an installed Graphviz"):
        render(SOURCE, "pdf")


def test_without_a_program_the_error_names_both_ways_to_get_one(install: Install) -> None:
    install()
    with pytest.raises(ag.RenderingError, match=r"pip install graphviz-pure.*apt install graphviz"):
        render(SOURCE)


def test_a_broken_program_is_passed_over(install: Install) -> None:
    install(PURE, dot="echo 'no plugins' >&2; exit 1")
    assert render(SOURCE).startswith(b"<?xml")


def test_a_program_that_fails_is_named_with_what_it_said(install: Install) -> None:
    install(dot="echo 'no plugins' >&2; exit 1")
    with pytest.raises(ag.RenderingError, match="dot: no plugins"):
        render(SOURCE)


def test_a_program_that_is_found_twice_is_tried_once(install: Install) -> None:
    install(**{"graphviz-pure": "echo x >> $0.calls; exit 1"})
    with pytest.raises(ag.RenderingError):
        render(SOURCE)
    calls = Path(renderers()[0] + ".calls").read_text()
    assert calls.split() == ["x"]


def test_a_program_that_dies_in_silence_is_named(install: Install) -> None:
    install(dot="exit 3")
    with pytest.raises(ag.RenderingError, match="dot: ended with 3"):
        render(SOURCE)


def test_a_program_that_cannot_be_run_is_named(install: Install, tmp_path: Path) -> None:
    install(dot="")
    (tmp_path / "dot").write_bytes(b"\x7fELF")
    with pytest.raises(ag.RenderingError, match="cannot be run"):
        render(SOURCE)


def test_nothing_hangs(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "PATIENCE", 0.2)
    sleep = shutil.which("sleep", path=os.defpath)
    install(dot=f"exec {sleep} 1000000")
    with pytest.raises(ag.RenderingError, match=r"in 0\.2 seconds: draw less"):
        render(SOURCE)

"""Where errors and warnings say that something happened."""

import sys
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd.user_code import line_of_user_code


def test_a_line_is_named_by_its_file() -> None:
    file, line = line_of_user_code().rsplit(":", 1)
    assert file == __file__
    assert line == str(test_a_line_is_named_by_its_file.__code__.co_firstlineno + 1)


@pytest.mark.parametrize("cell", [("Cell", "In[3]"), None])
def test_a_line_of_a_notebook_is_named_by_its_cell(
    cell: tuple[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = SimpleNamespace(compile=SimpleNamespace(format_code_name={"a cell": cell}.get))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    names: dict[str, Any] = {}
    code = "def branch(x):\n    return x if x > 0 else -x\n\ndef convert(x):\n    return [x][x]"
    exec(compile(code, "a cell", "exec"), names)
    place = "Cell In[3], line" if cell else "a cell:"
    for function, line in (("branch", 2), ("convert", 5)):
        with pytest.raises(ag.TraceError) as caught:
            ag.compile(names[function]).map(np.array([1.0, 2.0]))
        assert place in str(caught.value)
        assert f"{line}: " in str(caught.value)


@pytest.mark.parametrize("shell", [None, SimpleNamespace(compile=object())], ids=["none", "old"])
def test_where_no_cells_are_known_there_are_files(
    shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert line_of_user_code().startswith(f"{__file__}:")


def test_a_line_that_warns_again_and_again_is_shown_once() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            ag.grad(lambda x: 1.0)(2.0)
    assert len(caught) == 1

"""Everything that the README shows, run as a reader would."""

import codeop
import contextlib
import io
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from autograd.compiler import native

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
QUOTATION = re.compile(r"<!-- from (\S+) -->\n```python\n(.*?)```", re.DOTALL)
SNIPPETS = re.findall(
    r"```python\n(.*?)```(?:\n<!-- printed -->\n```\n(.*?)```)?",
    QUOTATION.sub("", README),
    re.DOTALL,
)
IN_C = "".join(re.findall(r"```c\n(.*?)```", README, re.DOTALL)).splitlines()
COMMANDS = re.findall(r"\bmake \w+", README)
FILES = re.findall(r"\]\((?!http|#)([^)]+)\)", README)
SECTIONS = re.findall(r"\]\(#([^)]+)\)", README)


def test_snippets_print_what_stands_beside_or_below_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {}
    for snippet, below in SNIPPETS:
        beside = re.findall(r"^print\(.*\)\s+# (.*)$", snippet, re.MULTILINE)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(snippet, "README.md", "exec"), namespace)
        assert printed.getvalue().splitlines() == beside + below.splitlines()
    for line in IN_C if native.is_available() else []:
        assert line in namespace["quick"].source


def test_snippets_can_be_pasted_into_a_plain_prompt() -> None:
    for snippet, _ in SNIPPETS:
        pasted: list[str] = []
        for line in [*snippet.splitlines(), ""]:  # there, an empty line ends a class or a function
            pasted.append(line)
            if codeop.compile_command("\n".join(pasted)) is not None:
                pasted.clear()
        assert not pasted


def test_there_are_snippets_and_quotations() -> None:
    assert len(SNIPPETS) >= 5
    assert QUOTATION.search(README)
    assert IN_C


@pytest.mark.parametrize(("path", "quotation"), QUOTATION.findall(README))
def test_quotations_stand_in_the_source(path: str, quotation: str) -> None:
    assert quotation in (ROOT / path).read_text()


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_commands_are_targets_of_the_makefile(command: str) -> None:
    subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("path", sorted(set(FILES)))
def test_links_lead_to_files(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("section", sorted(set(SECTIONS)))
def test_links_lead_to_sections(section: str) -> None:
    headings = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    assert section in [heading.lower().replace(" ", "-") for heading in headings]

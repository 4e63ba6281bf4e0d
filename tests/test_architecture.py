"""Who imports whom: `nn` stands on `autograd`, and each module on those above it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ORDER = [
    "errors",
    "collector",
    "user_code",
    "files",
    "parts",
    "operation",
    "operations",
    "graph",
    "real_numbers",
    "diagnosis",
    "backpropagation",
    "recording",
    "value",
    "functions",
    "compositions",
    "derivatives",
    "gradcheck",
    "compiler",
    "drawing",
]
"""The modules of `autograd`, each of which may import those before it."""

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for package in ("autograd", "nn")
    for path in sorted((ROOT / package).rglob("*.py"))
    if path.name != "__init__.py"
}


def imported(path: Path) -> Iterator[str]:
    """Yield what a file imports, wherever in it: modules, and names in them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by a relative name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield str(node.module)


IMPORTS = {name: set(imported(path)) for name, path in MODULES.items()}


def test_every_module_of_the_engine_has_its_place() -> None:
    assert {name.split(".")[1] for name in MODULES if name.startswith("autograd.")} == set(ORDER)


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("autograd.")])
def test_the_engine_imports_only_what_stands_above(name: str) -> None:
    place = ORDER.index(name.split(".")[1])
    for other in IMPORTS[name]:
        package, _, rest = other.partition(".")
        assert package != "nn"
        if package == "autograd" and rest.split(".")[0] in ORDER:
            assert ORDER.index(rest.split(".")[0]) <= place, f"{name} imports {other}"


def test_there_are_no_circles() -> None:
    left = {name: IMPORTS[name] & MODULES.keys() for name in MODULES}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    assert not left

"""Who imports whom: `nn` stands on `autograd`, and each module on those above it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import autograd
import nn

ROOT = Path(__file__).parents[1]

ORDER = {
    "autograd": [
        "errors",
        "wording",
        "collector",
        "user_code",
        "files",
        "parts",
        "operation",
        "definition",
        "operations",
        "graph",
        "real_numbers",
        "nested_numbers",
        "diagnosis",
        "backpropagation",
        "modes",
        "tracing",
        "recording",
        "value",
        "functions",
        "compositions",
        "gradients",
        "derivatives",
        "gradcheck",
        "formulas",
        "compiler",
        "drawing",
    ],
    "nn": [
        "interrupts",
        "progress",
        "arguments",
        "archive",
        "module",
        "activations",
        "layers",
        "losses",
        "objective",
        "metrics",
        "schedules",
        "optimizer",
        "optimizers",
        "data",
        "reports",
        "checkpoints",
        "steps",
        "training",
        "weighted_sums",
        "flow",
        "directions",
        "landscape",
        "plots",
    ],
}
"""The modules of each package. Each may import those before it, and `nn` all of `autograd`."""

PASSES = "autograd.compiler.passes"
BACKENDS = (
    "autograd.compiler.numpy_backend",
    "autograd.compiler.float_backend",
    "autograd.compiler.native",
)

FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for package in ORDER
    for path in sorted((ROOT / package).rglob("*.py"))
}
MODULES = {name: path for name, path in FILES.items() if path.name != "__init__.py"}
PACKAGES = {name.rpartition(".")[0]: FILES[name] for name in FILES.keys() - MODULES.keys()}


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


@pytest.mark.parametrize("package", ORDER)
def test_every_module_has_its_place(package: str) -> None:
    names = (name.split(".") for name in MODULES)
    assert {parts[1] for parts in names if parts[0] == package} == set(ORDER[package])


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_what_stands_above(name: str) -> None:
    package, module = name.split(".")[:2]
    order = ORDER[package]
    for imported_name in IMPORTS[name]:
        other_package, _, rest = imported_name.partition(".")
        other = rest.split(".")[0]
        assert (package, other_package) != ("autograd", "nn")
        if other_package == package and other in order:
            assert order.index(other) <= order.index(module), f"{name} imports {imported_name}"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_the_passes_and_the_backends_meet_only_at_the_program(name: str) -> None:
    for imported_name in IMPORTS[name]:
        if name.startswith(PASSES):
            assert not imported_name.startswith(BACKENDS)
        if name.startswith(BACKENDS):
            assert not imported_name.startswith(PASSES)


def test_pictures_know_nothing_of_the_compiler() -> None:
    drawing = set().union(
        *[IMPORTS[name] for name in MODULES if name.startswith("autograd.drawing")]
    )
    assert not [name for name in drawing if name.startswith("autograd.compiler")]


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_a_package_tells_of_each_of_its_modules(package: str) -> None:
    docstring = ast.get_docstring(ast.parse(PACKAGES[package].read_text(encoding="utf-8")))
    assert docstring is not None
    names = [*MODULES, *PACKAGES]
    modules = {name.rpartition(".")[2] for name in names if name.rpartition(".")[0] == package}
    assert [name for name in sorted(modules) if f"`{name}`" not in docstring] == []


def test_there_are_no_circles() -> None:
    left = {name: IMPORTS[name] & MODULES.keys() for name in MODULES}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    assert not left


@pytest.mark.parametrize(
    ("package", "name"), [(autograd, "compile"), (autograd, "draw"), (nn, "fit"), (nn, "plots")]
)
def test_completion_lists_what_users_need_and_it_is_there(package: Any, name: str) -> None:
    assert name in dir(package)
    assert all(hasattr(package, listed) for listed in dir(package))
    assert not {"Any", "importlib", "operations", "layers"} & set(dir(package))

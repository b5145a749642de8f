"""No module imports an energy by its name: a change of one re-runs only what names its kind."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from ebmrepro.params.kinds import kinds

PACKAGE = Path(__file__).parents[2] / "src/ebmrepro"
ENERGIES = {kind.implementation.partition(":")[0] for kind in kinds("energies").values()}


def _imported(node: ast.AST) -> Iterator[str]:
    """Names of modules, but for those that stand in annotations alone."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.If) and ast.unparse(inner.test) == "TYPE_CHECKING":
            continue
        if isinstance(inner, ast.ImportFrom):
            yield from (inner.module, *(f"{inner.module}.{alias.name}" for alias in inner.names))
        elif isinstance(inner, ast.Import):
            yield from (alias.name for alias in inner.names)
        yield from _imported(inner)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_energies_are_imported_by_kind_alone(path):
    assert not ENERGIES & set(_imported(ast.parse(path.read_text(encoding="utf-8"))))

"""Imports run downward only: a room knows the rooms below it and nothing above."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src/ebmrepro"
# Each row may import from the rows before it and from its own.
FLOORS = [
    {"params", "files", "machine"},
    {"checks"},
    {"data", "energies", "mcmc"},
    {"objectives"},
    {"training", "evaluation", "shown", "reproduction"},
    {"plots", "tables", "report"},
    {"flow", "provenance"},
    {"stages", "tools"},
    {"cli", "__main__"},
]
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_downward(path):
    room = room_of(path)
    if room == "__init__":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ebmrepro"):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "ebmrepro" and len(parts) > 1 and parts[1] in FLOOR:
                assert FLOOR[parts[1]] <= FLOOR[room], f"{path.name} imports {name}"


def test_every_room_has_a_floor():
    rooms = {room_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__"}
    assert rooms == set(FLOOR)

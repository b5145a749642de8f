"""Imports run downward only, a room knows nothing above it, and no module imports itself round others."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
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
    {"cli", "forkserver", "__main__"},
]
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_dotted(path): path for path in sorted((SOURCE / "ebmrepro").rglob("*.py"))}


def _room(module: str) -> str:
    return module.split(".")[1]


class _Imports(ast.NodeVisitor):
    """Modules of the package that a file imports at any place, but for those of type annotations only."""

    def __init__(self):
        self.found = set()

    def visit_If(self, node: ast.If):
        if ast.unparse(node.test) not in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import):
        self.found |= {alias.name for alias in node.names} & MODULES.keys()

    def visit_ImportFrom(self, node: ast.ImportFrom):
        assert node.level == 0, f"a relative import of {node.module}"
        below = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
        # `from package import module` needs nothing of the package itself.
        self.found |= below if len(below) == len(node.names) else below | ({node.module} & MODULES.keys())


def _imports(module: str) -> set[str]:
    visitor = _Imports()
    visitor.visit(ast.parse(MODULES[module].read_text()))
    return visitor.found


@pytest.mark.parametrize("module", [name for name in MODULES if "." in name])
def test_imports_run_downward(module):
    above = {name for name in _imports(module) if "." in name and FLOOR[_room(name)] > FLOOR[_room(module)]}
    assert not above


def test_no_module_imports_itself_round_others():
    try:
        TopologicalSorter({module: _imports(module) for module in MODULES}).prepare()
    except CycleError as failure:
        pytest.fail(" imports ".join(reversed(failure.args[1])))


def test_every_room_has_a_floor():
    assert {_room(module) for module in MODULES if "." in module} == set(FLOOR)

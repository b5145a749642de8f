"""The meaning of the code that does a job: a fingerprint that comments, docstrings and layout leave alone.

A job's code is its stage's module and the modules of the kinds that its entry names, with all that these
import, wherever in the file. A module's fingerprint is of its syntax tree without comments and docstrings,
and of the data files beside it that it names. Left out:

* imports under `if TYPE_CHECKING:`, which nothing runs;
* the rooms in PLUMBING: they carry settings and files, and what they carry stands in the job by itself;
* of the settings of a kind (`params/<family>/`) the fields, the validators, and the class variables and
  methods in UNDECIDING: the values of the fields stand in the job, the rest describes.
"""

import ast
import hashlib
import json
import re
from collections.abc import Iterable
from functools import cache
from itertools import accumulate
from pathlib import Path

from ebmrepro.files.workspace import WorkspaceError, data_sha256, write_text
from ebmrepro.machine.packages import installed
from ebmrepro.params.kinds import FAMILIES, UNDECIDING, file_of

PACKAGE = "ebmrepro"
CACHE = Path(".work/code.json")
PLUMBING = re.compile(
    rf"{PACKAGE}(\.(params(?!\.({'|'.join(FAMILIES)})(\.|$))|checks|files|machine|provenance|flow|tools|cli"
    r"|__main__|shown\.(labels|caption))(\..*)?)?"
)
SETTINGS = re.compile(rf"{PACKAGE}\.params\.({'|'.join(FAMILIES)})(\..*)?")
# Packages that decide numbers or what figures look like, by the name they are imported by.
DECIDING = {
    name: name for name in ("kornia", "matplotlib", "numpy", "pandas", "scipy", "torch", "torchvision")
}
DECIDING |= {"cleanfid": "clean-fid", "mlxtend": "mlxtend", "PIL": "pillow", "sklearn": "scikit-learn"}


def code_of(modules: Iterable[str]) -> tuple[str, dict[str, str]]:
    """The fingerprint (SHA-256) of `modules` with all that they import, and the versions of the packages that
    these import and that decide numbers.

    Raises WorkspaceError if a module does not exist or is no Python.
    """
    found = closure(modules)
    used = {name for module in found for name in _read(module)["packages"]}
    packages = {name: version for name, version in sorted(_installed().items()) if name in used}
    return data_sha256({module: _read(module)["sha256"] for module in found}), packages


def closure(modules: Iterable[str]) -> list[str]:
    """`modules` and every module that they import, at any depth and place, sorted; without PLUMBING.

    The modules of an installed package that offers kinds count like ours.
    """
    todo, seen = list(modules), set()
    while todo:
        name = todo.pop()
        if name not in seen and not PLUMBING.fullmatch(name):
            seen.add(name)
            todo += _read(name)["imports"]
    return sorted(seen)


def undeclared(modules: Iterable[str], loaded: Iterable[str]) -> list[str]:
    """Those of the `loaded` modules of this package that `closure(modules)` does not know: results depend on
    code that no runner watches."""
    ours = {name for name in loaded if name.split(".")[0] == PACKAGE and not PLUMBING.fullmatch(name)}
    return sorted(ours.difference(closure(modules)))


def save_cache() -> None:
    """Keep what was read for the next process; files are told apart by their contents."""
    if _new:
        write_text(CACHE, json.dumps(_cached() | _new))


_new: dict[str, dict] = {}


@cache
def _cached() -> dict[str, dict]:
    try:
        known = json.loads(CACHE.read_text(encoding="utf-8"))
        return known if isinstance(known, dict) else {}
    except (OSError, ValueError):
        return {}


@cache
def _installed() -> dict[str, str]:
    # Builds of one version for other devices ("+cpu") give one another's numbers as nearly as devices do.
    return {name: version.split("+")[0] for name, version in installed().items()}


@cache
def _read(module: str) -> dict:
    """`sha256`, `imports` (of its own package) and `packages` (of DECIDING) of a module."""
    path = file_of(module)
    if path is None:
        raise WorkspaceError(f"there is no module {module}: it is named as the code of a kind")
    source = path.read_bytes()
    key = hashlib.sha256(b"1" + module.encode() + b"\0" + source).hexdigest()
    known = _cached().get(key)
    if known is None:
        known = _new[key] = _analyse(module, path, source)
    # Files beside it are read anew: the cache knows them by name alone.
    beside = [hashlib.sha256((path.parent / name).read_bytes()).hexdigest() for name in known["beside"]]
    imports = [found for name in known["imports"] if (found := _module(name))]
    packages = accumulate(module.split(".")[:-1], "{}.{}".format)
    return known | {"sha256": data_sha256([known["sha256"], beside]), "imports": [*imports, *packages]}


def _module(dotted: str) -> str | None:
    """The module that an import of `dotted` reaches: itself, or the one that it is a name in."""
    return next((name for name in (dotted, dotted.rpartition(".")[0]) if name and file_of(name)), None)


def _analyse(module: str, path: Path, source: bytes) -> dict:
    """What the source alone says of a module, for the cache; `beside`: files of its folder that it names."""
    try:
        tree = ast.parse(source)
    except SyntaxError as failure:
        raise WorkspaceError(f"{path}:{failure.lineno}: {failure.msg}") from None
    meaning = _Meaning(bool(SETTINGS.fullmatch(module)))
    text = json.dumps(meaning.of(tree))
    roots = {name: name.split(".")[0] for name in sorted(meaning.imports)}
    here = {entry.name for entry in path.parent.iterdir() if entry.is_file() and entry.suffix != ".py"}
    return {
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "imports": [name for name, root in roots.items() if root in (module.split(".")[0], PACKAGE)],
        "packages": sorted({DECIDING[root] for root in roots.values() if root in DECIDING}),
        "beside": sorted(here & meaning.strings),
    }


class _Meaning:
    """A syntax tree as lists, the same in every version of Python; gathers imports and strings on the way."""

    def __init__(self, is_settings: bool):
        self.is_settings = is_settings
        self.imports: set[str] = set()
        self.strings: set[str] = set()

    def of(self, node):
        """Lists and constants that mean what `node` means."""
        if isinstance(node, list):
            return [self.of(part) for part in node if not _says_nothing(part)]
        if not isinstance(node, ast.AST):
            return repr(node) if isinstance(node, bytes | complex) or node is ... else node
        match node:
            case ast.Import():
                self.imports |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=str(), level=0):
                self.imports |= {f"{node.module}.{alias.name}" for alias in node.names}
            case ast.Constant(value=str()):
                self.strings.add(node.value)
            case ast.ClassDef() if self.is_settings:
                node.keywords = [said for said in node.keywords if said.arg not in UNDECIDING]
                node.body = [part for part in node.body if not _describes(part)]
        # Fields without a value are left out: newer versions of Python have more of them.
        found = {name: value for name, value in ast.iter_fields(node) if value is not None and value != []}
        kept = found.keys() - {"kind", "type_comment", "ctx"}
        return [type(node).__name__, *([name, self.of(found[name])] for name in found if name in kept)]


def _says_nothing(part) -> bool:
    """Docstrings and other strings that stand alone; what only type checkers read."""
    match part:
        case ast.Expr(value=ast.Constant(value=str())) | ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
    return False


def _describes(part: ast.AST) -> bool:
    """What in a class of settings is a field, a validator or called as UNDECIDING names it."""
    match part:
        case ast.FunctionDef():
            return part.name in UNDECIDING or "_validator" in "".join(map(ast.dump, part.decorator_list))
        case ast.AnnAssign(annotation=kind) if "ClassVar" not in ast.dump(kind):
            return True
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name in UNDECIDING
    return False

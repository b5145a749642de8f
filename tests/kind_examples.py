"""Every registered kind with its own examples: what tests of the contract run over."""

from collections.abc import Iterator
from typing import get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from ebmrepro.params.base import Section
from ebmrepro.params.kinds import FAMILIES, Kind, kinds

KINDS = [(family, kind) for family in FAMILIES for kind in kinds(family).values()]
IDS = [f"{family}-{kind.name()}" for family, kind in KINDS]


def example(kind: type[Kind]) -> Kind:
    """The kind with the first example of each field that has no default."""
    return kind.model_validate(_first(kind))


def examples(kind: type[Kind]) -> Iterator[Kind]:
    """`example`, and the same with each further example of one field; what the kind refuses is left out."""
    first = _first(kind)
    yield kind.model_validate(first)
    for name, field in kind.model_fields.items():
        for value in (field.examples or ())[1:]:
            try:
                yield kind.model_validate(first | {name: value})
            except ValidationError:
                continue


def sections(annotation) -> Iterator[type[Section]]:
    """The sections in the type of a field."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for part in get_args(annotation):
        yield from sections(part)


def _first(section: type[Section]) -> dict:
    """The first example of each field without a default; of a section inside it, that of its own fields."""
    required = {name: field for name, field in section.model_fields.items() if field.is_required()}
    return {name: _value(section, name, field) for name, field in required.items()}


def _value(section: type[Section], name: str, field: FieldInfo):
    if name == "kind" and issubclass(section, Kind):
        return section.name()
    if field.examples:
        return field.examples[0]
    inside = _first(next(sections(field.annotation)))
    return {"train": inside} if get_origin(field.annotation) is dict else inside

"""Every registered kind with its own examples: what tests of the contract run over."""

from collections.abc import Iterator

from pydantic import ValidationError

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


def _first(kind: type[Kind]) -> dict:
    required = {name: field for name, field in kind.model_fields.items() if field.is_required()}
    return {name: kind.name() if name == "kind" else field.examples[0] for name, field in required.items()}

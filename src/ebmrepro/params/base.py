"""What every section of params.yaml shares: strict models and the error they end in."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

NAME = r"^[a-z][a-z0-9_]*$"
Name = Annotated[str, Field(pattern=NAME)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]
Probability = Annotated[float, Field(ge=0, le=1, strict=True)]
Count = Annotated[int, Field(ge=1, strict=True)]
Several = Annotated[int, Field(ge=2, strict=True)]
Index = Annotated[int, Field(ge=0, strict=True)]
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Switch = Annotated[bool, Field(strict=True)]
Fraction = Annotated[float, Field(gt=0, lt=1, strict=True)]


class Section(BaseModel):
    """A mapping in params.yaml: unknown keys are refused, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), serialize_by_alias=True)


def about(description: str, *examples, **limits):
    """The field of a setting that people are told of: what it is, values that it may have, and limits."""
    return Field(description=description, examples=list(examples) or None, **limits)


class ParamsError(Exception):
    """params.yaml cannot be used. The message is one line: file, line, key, reason, nearest valid name."""

"""What every section of params.yaml shares: strict models, and what a refusal says."""

import difflib
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

# Names are parts of file names, which have at most 255 bytes.
NAME = r"^[a-z][a-z0-9_]{0,99}$"
NAME_IN_WORDS = "lower-case letters, digits and _, at most 100"
Name = Annotated[str, Field(pattern=NAME)]
# Numbers are computed with in 32 bits, where what is ten times as large is infinite.
LARGEST = 1e37
# Of whatever is counted; no machine holds or does more.
MOST = 10**9
Positive = Annotated[float, Field(gt=0, le=LARGEST, allow_inf_nan=False, strict=True)]
NonNegative = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False, strict=True)]
Probability = Annotated[float, Field(ge=0, le=1, strict=True)]
Count = Annotated[int, Field(ge=1, le=MOST, strict=True)]
Several = Annotated[int, Field(ge=2, le=MOST, strict=True)]
# Seeds are of 32 bits: what some generators take.
Index = Annotated[int, Field(ge=0, le=2**32 - 1, strict=True)]
Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False, strict=True)]
Switch = Annotated[bool, Field(strict=True)]
Fraction = Annotated[float, Field(gt=0, lt=1, strict=True)]


def _says_something(text: str) -> str:
    if not text.strip():
        raise ValueError("must say something, got nothing")
    return text


def _one_line(text: str) -> str:
    if unprintable := [character for character in text if not character.isprintable()]:
        raise ValueError(f"must be one line of letters that can be printed, got {unprintable[0]!r} in it")
    return text


# Words for people, which figures and tables show as they are.
Line = Annotated[str, AfterValidator(_one_line)]
Said = Annotated[Line, AfterValidator(_says_something)]


class Section(BaseModel):
    """A mapping in params.yaml: unknown keys are refused, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), serialize_by_alias=True)


def about(description: str, *examples, **limits):
    """The field of a setting that people are told of: what it is, values that it may have, and limits."""
    return Field(description=description, examples=list(examples) or None, **limits)


# Fields that several kinds of data set have; what is said of them here makes no data stale.
Seed = Annotated[Index, about("Seed of what is drawn or split.", 0)]
TrainSize = Annotated[Count, about("Training samples, at least 1.", 5000)]
TestSize = Annotated[Count, about("Test samples, at least 1.", 2000)]
TestFraction = Annotated[Fraction, about("Share of each class that is test data, in (0, 1).", 0.2)]
Side = Annotated[int, about("Pixels a side, 4 to 1024.", 32, ge=4, le=1024, strict=True)]
Corrupt = Annotated[
    Literal["stop", "skip"],
    about("Whether pictures that cannot be decoded end it, named and counted, or are left out.", "stop"),
]
Limit = Annotated[
    Count | None, about("So many images of the split, drawn with the seed; null for all.", 10000)
]


def once(word: str) -> AfterValidator:
    """Refuses a list in which a `word` appears twice."""

    def check(values: list) -> list:
        if len(set(values)) != len(values):
            raise ValueError(f"each {word} must appear once, got {values}")
        return values

    return AfterValidator(check)


class ParamsError(Exception):
    """params.yaml cannot be used. The message is one line: file, line, key, reason, nearest valid name."""


# (location, reason), the location a tuple of keys into params.yaml.
Problem = tuple[tuple[str | int, ...], str]


def nearest(word: object, known: Iterable[str]) -> str:
    """'; did you mean ...?' or the list of what is possible."""
    known = sorted(map(str, known))
    close = difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; possible: {', '.join(known)}" if known else ""


def no_such(key: str, chosen: str, entries: Iterable[str], section: str = "") -> str:
    """That `chosen` is not among `entries` (of `section`), and which of them is nearest."""
    where = f" in {section}" if section else ""
    return f"there is no {key} '{chosen}'{where}{nearest(chosen, entries)}"

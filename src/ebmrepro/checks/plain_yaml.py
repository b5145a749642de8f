"""YAML 1.2 of mappings, lists, texts, numbers, switches and null: what else it can hold is refused unbuilt.

A tag builds objects, a merge key is read differently by the tools that read the same file (Snakemake, DVC),
and a few lines of aliases of aliases stand for more values than any memory holds.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, Event, ScalarEvent

from ebmrepro.params.base import ParamsError

# Several times what our largest preset has.
MOST_CHARACTERS, MOST_VALUES, MOST_DEPTH = 2_000_000, 100_000, 50
# Of one text in quotes or over several lines, and of one without quotes, which may be a number.
LONGEST, LONGEST_BARE = 10_000, 1_000


def plain(path: str, text: str) -> Any:
    """What `text`, that of the file `path`, holds.

    Raises ParamsError, one line that names the line of the file, if it is not YAML or holds anything else.
    """
    if len(text) > MOST_CHARACTERS:
        raise ParamsError(f"{path}: has {len(text):,} characters, at most {MOST_CHARACTERS:,} are read")
    try:
        for event, reason in _refusals(text):
            raise ParamsError(f"{path}:{event.start_mark.line + 1}: {reason}")
        # The parser in C: every job reads this file.
        return YAML(typ="safe").load(text)
    except YAMLError as failure:
        line, reason = _said(text, failure)
    except ValueError:
        line, reason = _no_value(text)
    raise ParamsError(f"{path}:{line + 1}: not valid YAML: {reason}")


def _refusals(text: str) -> Iterator[tuple[Event, str]]:
    """What is no plain value, and why."""
    # Values in what has an anchor, and in what is still open, itself among them, outermost first.
    sizes: dict[str, int] = {}
    still_open: list[tuple[str | None, int]] = [(None, 0)]
    for event in YAML(typ="safe").parse(text):
        size = 0
        if isinstance(event, CollectionStartEvent):
            still_open.append((event.anchor, 1))
        elif isinstance(event, CollectionEndEvent):
            anchor, size = still_open.pop()
            sizes[anchor] = size
        elif isinstance(event, ScalarEvent):
            sizes[event.anchor] = size = 1
        elif isinstance(event, AliasEvent):
            if any(anchor == event.anchor for anchor, _ in still_open):
                yield event, f"*{_short(event.anchor)} is part of itself"
            size = sizes.get(event.anchor, 0)
        within, before = still_open[-1]
        still_open[-1] = within, before + size
        if before + size > MOST_VALUES:
            yield event, f"more than {MOST_VALUES:,} values, those that aliases (*) repeat among them"
        if len(still_open) > MOST_DEPTH:
            yield event, f"lists and mappings more than {MOST_DEPTH} deep are not taken"
        if tag := getattr(event, "tag", None):
            yield event, f"tags ({_short(tag)}) are not taken: write a plain value"
        if isinstance(event, ScalarEvent):
            if event.value == "<<" and _is_bare(event):
                yield event, "merge keys (<<) are not taken: write out what they stand for"
            long, longest = len(event.value), LONGEST_BARE if _is_bare(event) else LONGEST
            if long > longest:
                yield event, f"{_short(event.value)} has {long:,} characters, at most {longest:,} are read"


def _is_bare(event: ScalarEvent) -> bool:
    """Whether a scalar has no quotes: it may be a number."""
    return event.implicit[0]


def _said(text: str, failure: YAMLError) -> tuple[int, str]:
    """Line and reason of a text that is not YAML, in the words of the parser that says more."""
    with suppress(ValueError, RecursionError):
        try:
            YAML(typ="safe", pure=True).load(text)
        except YAMLError as said:
            failure = said
    mark = getattr(failure, "problem_mark", None) or getattr(failure, "context_mark", None)
    # Characters that no YAML file may hold come with a position instead of a mark.
    line = mark.line if mark else text.count("\n", 0, getattr(failure, "position", 0))
    problem = getattr(failure, "problem", None) or getattr(failure, "context", None) or failure
    return line, str(problem).strip().splitlines()[0]


def _no_value(text: str) -> tuple[int, str]:
    """Line and reason of the scalar that has the form of a number or of a date and is none."""
    for event in YAML(typ="safe").parse(text):
        if isinstance(event, ScalarEvent) and _is_bare(event):
            try:
                YAML(typ="safe").load(event.value)
            except YAMLError:
                continue
            except ValueError:
                reason = f"{_short(event.value)} is no number and no date; a text needs quotes"
                return event.start_mark.line, reason
    return 0, "a number or a date that is none"


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."

"""What a refusal says of a name that does not exist."""

import difflib
from collections.abc import Iterable

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

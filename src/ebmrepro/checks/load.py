"""Read params.yaml, or refuse it in one line that names file, line, key and the nearest valid name."""

from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode

from ebmrepro.checks.plain_yaml import plain
from ebmrepro.checks.problems import describe, present, problems
from ebmrepro.params.base import NAME_IN_WORDS, ParamsError
from ebmrepro.params.root import Params

PARAMS_FILE = "params.yaml"


def load_params(path: Path | str = PARAMS_FILE) -> Params:
    """The validated contents of `path`.

    Raises ParamsError, a one-line message, if the file is missing, is not YAML, or holds anything that is
    not a valid set of parameters. Reads YAML 1.2, as DVC does.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ParamsError(f"{path}: no such file; copy one of workflow/presets/*.yaml here") from None
    except (OSError, UnicodeDecodeError) as failure:
        raise ParamsError(f"{path}: cannot be read: {failure}") from None
    data = plain(str(path), text)
    if not isinstance(data, dict):
        raise ParamsError(f"{path}:1: must be a mapping of sections")
    try:
        params = Params.model_validate(data)
    except ValidationError as failure:
        raise ParamsError(_first(path, text, data, failure)) from None
    for location, reason in problems(params):
        raise ParamsError(_line(path, text, location, reason))
    return params


def _first(path: Path, text: str, data: dict, failure: ValidationError) -> str:
    # A misspelt key is reported twice (the wrong one unknown, the right one missing): name the wrong one.
    errors = sorted(failure.errors(), key=lambda error: error["type"] == "missing")
    error = errors[0]
    location = present(data, error)
    known = ()
    if error["type"] == "extra_forbidden":
        known = _fields(Params.model_json_schema(), location[:-1], data)
        known = known - reduce(getitem, location[:-1], data).keys() or known
    if error["loc"][-1:] == ("[key]",):
        return _line(path, text, location, f"a name is {NAME_IN_WORDS}")
    if error["type"].startswith("union_tag"):
        location = (*location, "kind")
    # A value that is neither a number nor a word: pydantic reports both.
    words = [e for e in errors[1:] if e["type"] == "literal_error" and present(data, e) == location]
    return _line(path, text, location, describe(error, known, words[0]["ctx"]["expected"] if words else ""))


def _fields(node: dict, location: tuple, data: Any, definitions: dict | None = None) -> set[str]:
    """Keys that may stand at `location` of `data`, by a JSON schema and its `definitions`."""
    definitions = definitions or node["$defs"]
    if "$ref" in node:
        return _fields(definitions[node["$ref"].rsplit("/", 1)[1]], location, data, definitions)
    if branches := node.get("oneOf") or node.get("anyOf"):
        if "mapping" in node.get("discriminator", {}) and isinstance(data, dict):
            kind = node["discriminator"]["mapping"].get(data.get("kind"))
            branches = [{"$ref": kind}] if kind else branches
        return set().union(*(_fields(branch, location, data, definitions) for branch in branches))
    fields = node.get("properties", {})
    if not location:
        return set(fields)
    named = node.get("patternProperties", {"": node.get("additionalProperties")})
    below = fields.get(location[0]) or next(iter(named.values()))
    return _fields(below, location[1:], data[location[0]], definitions) if isinstance(below, dict) else set()


def _line(path: Path, text: str, location: tuple, reason: str) -> str:
    """`file:line: key: reason`, the line being that of the deepest part of `location` in the file."""
    node, line = YAML(typ="safe").compose(text), 0
    for part in location:
        if isinstance(node, MappingNode):
            entries = {key.value: (key, value) for key, value in node.value}
        else:
            entries = {str(index): (value, value) for index, value in enumerate(node.value)}
        if str(part) not in entries:
            break
        at, node = entries[str(part)]
        line = at.start_mark.line
    return f"{path}:{line + 1}: {'.'.join(map(str, location))}: {reason}"

"""Read params.yaml, or refuse it in one line that names file, line, key and the nearest valid name."""

from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, SequenceNode

from ebmrepro.checks.problems import describe, present, problems
from ebmrepro.params.base import ParamsError
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
    try:
        data = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        line = mark.line + 1 if mark else 1
        problem = str(failure.problem or failure.context).strip().splitlines()[0]
        raise ParamsError(f"{path}:{line}: not valid YAML: {problem}") from None
    except YAMLError as failure:
        # Characters that no YAML file may hold come without a mark.
        position = getattr(failure, "position", 0)
        line = text.count("\n", 0, position) + 1
        reason = str(failure).splitlines()[0]
        raise ParamsError(f"{path}:{line}: not valid YAML: {reason}") from None
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
    known = _fields(data, location[:-1]) if error["type"] == "extra_forbidden" else ()
    if known:
        known = [key for key in known if key not in reduce(getitem, location[:-1], data)] or known
    if error["loc"][-1:] == ("[key]",):
        return _line(path, text, location, "a name is lower-case letters, digits and _")
    if error["type"].startswith("union_tag"):
        location = (*location, "kind")
    # A value that is neither a number nor a word: pydantic reports both.
    words = [e for e in errors[1:] if e["type"] == "literal_error" and present(data, e) == location]
    return _line(path, text, location, describe(error, known, words[0]["ctx"]["expected"] if words else ""))


def _fields(data: Any, location: tuple) -> list[str]:
    """Keys that may stand at `location` of `data`, read from the JSON schema of Params."""
    schema = Params.model_json_schema()
    options = [schema]
    for part in location:
        data = data[part]
        options = [_resolve(schema, child) for option in options for child in _step(option, part)]
        options = [leaf for option in options for leaf in _alternatives(schema, option, data)]
    return sorted({key for option in options for key in option.get("properties", {})})


def _resolve(schema: dict, node: dict) -> dict:
    return schema["$defs"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node


def _alternatives(schema: dict, node: dict, data: Any) -> list[dict]:
    if "discriminator" in node and isinstance(data, dict):
        reference = node["discriminator"]["mapping"].get(data.get("kind"))
        if reference is not None:
            return [_resolve(schema, {"$ref": reference})]
    branches = node.get("oneOf") or node.get("anyOf")
    return [_resolve(schema, branch) for branch in branches] if branches else [node]


def _step(node: dict, part: str | int) -> list[dict]:
    if "properties" in node:
        return [node["properties"][part]] if part in node["properties"] else []
    if "patternProperties" in node:
        return list(node["patternProperties"].values())
    extra = node.get("additionalProperties")
    return [extra] if isinstance(extra, dict) else []


def _line(path: Path, text: str, location: tuple, reason: str) -> str:
    """`file:line: key: reason`, the line being that of the deepest part of `location` in the file."""
    # Composed only to name a line: half of the time of reading a whole paper's parameters.
    node, line = YAML(typ="safe", pure=True).compose(text), 1
    for part in location:
        found = None
        if isinstance(node, MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, found = key.start_mark.line + 1, value
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = node.value[part]
            line = found.start_mark.line + 1
        if found is None:
            break
        node = found
    return f"{path}:{line}: {'.'.join(map(str, location))}: {reason}"

"""What dvc.yaml says of a job: its command, parameters, inputs and outputs.

DVC can say it too, but takes longer to be imported than most jobs of the demo take.
tests/provenance holds this reading to DVC's own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from ebmrepro.files.workspace import WorkspaceError

FLOW = Path("dvc.yaml")
CODE = "src/ebmrepro"
PLACE = re.compile(r"\$\{([\w.]+)\}")


@dataclass(frozen=True)
class Job:
    """One job of the flow. Paths are relative to the checkout and may be folders."""

    stage: str
    item: str
    command: str
    # Dotted key -> value.
    parameters: dict[str, object]
    inputs: tuple[str, ...]
    # Files and folders of the package that decide the outputs.
    code: tuple[str, ...]
    outputs: tuple[str, ...]


def all_jobs(params: Mapping, flow: Path = FLOW) -> list[Job]:
    """Every job that the parameters (the contents of params.yaml) ask for, in the order of dvc.yaml.

    Raises WorkspaceError if dvc.yaml cannot be read.
    """
    found = []
    for stage, declared in _stages(flow).items():
        if "foreach" in declared:
            items = _lookup(params, PLACE.fullmatch(declared["foreach"])[1])
            found += [_job(stage, declared, params, item) for item in items]
        elif "outs" in declared:  # stage `check` makes nothing
            found.append(_job(stage, declared, params, None))
    return found


def one_job(params: Mapping, stage: str, item: str | None, flow: Path = FLOW) -> Job:
    """The job of a stage for an item; None where the stage has no items. Raises WorkspaceError as above."""
    return _job(stage, _stages(flow)[stage], params, item)


def _stages(flow: Path) -> dict:
    try:
        return YAML(typ="safe").load(flow.read_text(encoding="utf-8"))["stages"]
    except OSError as failure:
        raise WorkspaceError(f"{flow} cannot be read ({failure.strerror}): restore it from git") from None


def _job(stage: str, declared: dict, params: Mapping, item: str | None) -> Job:
    names = {"preset": params["preset"]}
    if item is not None:
        items = _lookup(params, PLACE.fullmatch(declared["foreach"])[1])
        names |= {"key": item, "item": items[item]}
        declared = declared["do"]

    def filled(entry: str | dict) -> str:
        # Outputs with options are mappings of one key.
        text = entry if isinstance(entry, str) else next(iter(entry))
        return PLACE.sub(lambda place: str(_lookup(names, place[1])), text)

    def section(name: str) -> list[str]:
        return [filled(entry) for entry in declared.get(name, ())]

    deps = section("deps")
    return Job(
        stage=stage,
        item=item or stage,
        command=filled(declared["cmd"]),
        parameters={key: _lookup(params, key) for key in section("params")},
        inputs=tuple(path for path in deps if not path.startswith(CODE)),
        code=tuple(path for path in deps if path.startswith(CODE)),
        outputs=tuple(section("outs") + section("metrics") + section("plots")),
    )


def _lookup(data: Mapping, dotted: str) -> object:
    for part in dotted.split("."):
        data = data[part]
    return data

"""The table of jobs as Snakemake's rules take it: patterns of files, and what `ebm check` depends on."""

from pathlib import Path

from ebmrepro.files.workspace import data_sha256, file_sha256
from ebmrepro.flow.needs import judged
from ebmrepro.flow.places import folder_of, outputs
from ebmrepro.params.root import Params
from ebmrepro.params.stages import Stage

# What `ebm check` depends on, here as in dvc.yaml.
CHECKED = ("params.yaml", "requirements.lock", "src")


def patterns(params: Params, stage: Stage) -> list[str]:
    """The files that a stage writes, with {item} and {experiment} for what differs from job to job."""
    if stage.section is None:
        return list(map(str, outputs(params, stage.name, stage.name)))
    folder = folder_of(params.preset, stage, "{item}", "{experiment}")
    return [f"{folder}/{{item}}{suffix}" for suffix in stage.suffixes]


def label(stage: Stage) -> str:
    """Where a job's log lies below the folder of logs, as a pattern."""
    if stage.section is None:
        return stage.name
    return f"{stage.name}/{'{experiment}/' if stage.by_experiment else ''}{{item}}"


def collected(params: Params) -> list[str]:
    """What `ebm collect` reads: the results that anything is drawn from."""
    return list(dict.fromkeys(map(str, judged(params))))


def checked() -> str:
    """SHA-256 of all that `ebm check` depends on, comments included."""
    files = [path for name in CHECKED for path in [Path(name), *Path(name).rglob("*")]]
    kept = sorted(path for path in files if path.is_file() and "__pycache__" not in path.parts)
    return data_sha256([[str(path), file_sha256(path)] for path in kept])

"""The table of jobs: what each job of the flow reads, writes, is told and is done by, said once.

Rules, dvc.yaml, records of provenance and checkpoints read it. A job depends on its inputs, on its settings
(with every name in them resolved) and on its code (code.py). `ebm check` writes the latter two of every job
to JOBS, from which DVC takes each stage's parameters; Snakemake takes the same values from here.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ebmrepro.files.workspace import data_sha256, file_sha256
from ebmrepro.flow import needs
from ebmrepro.flow.code import code_of
from ebmrepro.params.root import Params
from ebmrepro.params.stages import STAGES, Stage, stage

JOBS = Path("jobs.json")
# What figures, tables and the report are made from, one hash for each: DVC's stages of them depend on these
# alone. Which stage's files a figure shows is said by its kind, where dvc.yaml cannot read it.
INPUTS = Path("inputs.json")
# What `ebm check` depends on, here as in dvc.yaml.
CHECKED = ("params.yaml", "requirements.lock", "src")


@dataclass(frozen=True)
class Job:
    """One job of the flow; `item` is that of params.yaml, or the stage's name where it has none."""

    params: Params
    stage: Stage
    item: str

    @property
    def command(self) -> str:
        """What makes its outputs."""
        return f"ebm {self.stage.name} {self.item}" if self.stage.section else f"ebm {self.stage.name}"

    @cached_property
    def _needs(self) -> needs.Needs:
        return getattr(needs, self.stage.name)(self.params, self.item)

    @property
    def settings(self) -> dict:
        """All that params.yaml says to it, names resolved and overrides applied."""
        return self._needs.settings

    @property
    def modules(self) -> list[str]:
        """Modules whose code, with what they import, does it: of its stage and of the kinds it names."""
        kinds = {module for kind in self._needs.kinds for module in kind.modules()}
        return [f"ebmrepro.stages.{self.stage.name}", *sorted(kinds)]

    @cached_property
    def entry(self) -> dict:
        """What decides its outputs beside its inputs: `settings`, `code` (SHA-256), `packages` (versions).

        Raises WorkspaceError if a module is missing or is no Python.
        """
        code, packages = code_of(self.modules)
        return {"settings": self.settings, "code": code, "packages": packages}

    @property
    def inputs(self) -> list[str]:
        """Files of other jobs that it reads, relative to the checkout."""
        return list(map(str, self._needs.inputs))

    @property
    def outputs(self) -> list[str]:
        """Files that it writes, relative to the checkout."""
        return list(map(str, needs.outputs(self.params, self.stage.name, self.item)))


def all_jobs(params: Params) -> list[Job]:
    """Every job that the parameters ask for, in the order of the flow."""
    return [
        Job(params, one, item)
        for one in STAGES
        for item in (getattr(params, one.section) if one.section else [one.name])
    ]


def one_job(params: Params, name: str, item: str | None) -> Job:
    """The job of stage `name` for an item, None where the stage has no items."""
    return Job(params, stage(name), item or name)


def listing(params: Params) -> str:
    """The text of JOBS: stage -> item -> entry; of a stage without items the entry itself.

    Raises WorkspaceError as `Job.entry`.
    """
    found: dict[str, dict] = {}
    for job in all_jobs(params):
        here = found.setdefault(job.stage.name, {}) if job.stage.section else found
        here[job.item] = job.entry
    return json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def checked() -> str:
    """SHA-256 of all that `ebm check` depends on, comments included."""
    files = [path for name in CHECKED for path in [Path(name), *Path(name).rglob("*")]]
    kept = sorted(path for path in files if path.is_file() and "__pycache__" not in path.parts)
    return data_sha256([[str(path), file_sha256(path)] for path in kept])

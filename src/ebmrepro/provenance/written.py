"""Whether a file is what its own job wrote: a checksum inside proves it whole, not that it is this job's.

A job's record names its outputs by SHA-256, and a list beside the checkpoints all that the job ever wrote
here: DVC may bring an earlier output back, whose record a later one has replaced. Of a file that neither
knows nothing can be said, and it is believed.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ebmrepro.files.workspace import (
    FIGURES,
    RESULTS,
    WorkspaceError,
    data_sha256,
    file_sha256,
    load_json,
    remedy,
)
from ebmrepro.flow.jobs import Job, all_jobs
from ebmrepro.params.root import Params
from ebmrepro.params.stages import stage

RECORDS = Path("provenance")
# In the form of sha256sum, one list for each job.
LISTS = Path(".work/written")


def record_file(preset: str, name: str, item: str) -> Path:
    """Where the record of a job of stage `name` lies."""
    return RECORDS / preset / name / f"{item}.json"


def sha256_or_none(path: str) -> str | None:
    """SHA-256 of a file's bytes; None if it is not there."""
    return file_sha256(Path(path)) if Path(path).is_file() else None


def remember(preset: str, name: str, item: str, outputs: Mapping[str, str | None]) -> None:
    """Add what a job has just written, SHA-256 by path, to its list."""
    path = LISTS / preset / name / f"{item}.sha256"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        file.write("".join(f"{sha256}  {output}\n" for output, sha256 in outputs.items() if sha256))


def refuse_foreign(found: Mapping[str, str]) -> None:
    """Raise WorkspaceError if one of the files `found`, SHA-256 by path, is not what its job wrote."""
    for path, sha256 in found.items():
        if not _is_known(path, sha256):
            raise WorkspaceError(_sentence(path))


def unvouched(params: Params) -> Iterator[str]:
    """In sentences, which results of a preset are not what their jobs wrote, or were made from other inputs,
    settings, code or packages than are here."""
    seen: dict[str, str | None] = {}

    def now(path: str) -> str | None:
        if path not in seen:
            seen[path] = sha256_or_none(path)
        return seen[path]

    for job in all_jobs(params):
        there = {path: sha256 for path in job.outputs if (sha256 := now(path)) is not None}
        wrong = [_sentence(path) for path, sha256 in there.items() if not _is_known(path, sha256)]
        yield from wrong
        record = _record(record_file(params.preset, job.stage.name, job.item))
        # An earlier output that DVC has brought back has another record.
        if not wrong and record and all(record["outputs"].get(path) == there[path] for path in there):
            yield from _made_otherwise(job, record, now)


def _made_otherwise(job: Job, record: Mapping, now: Callable[[str], str | None]) -> Iterator[str]:
    code = record["code"]
    then = {"settings": record["settings"], "code": code["sha256"], "packages": code["packages"]}
    for what, value in job.entry.items():
        if data_sha256(value) != data_sha256(then[what]):
            yield f"{job.outputs[0]} was made with other {what}: `{job.command}` makes it anew"
    for path, sha256 in record["inputs"].items():
        if now(path) != sha256:
            yield f"{job.outputs[0]} was made from another {path}: `{job.command}` makes it anew"


def _is_known(path: str, sha256: str) -> bool:
    """Whether the job that makes `path` has written these bytes, as far as anybody knows."""
    job = _job_of(Path(path))
    if job is None:
        return True
    record = _record(record_file(*job))
    known = {record["outputs"][path]} if record and path in record["outputs"] else set()
    listed = LISTS.joinpath(*job).with_suffix(".sha256")
    if listed.is_file():
        lines = (line.split("  ", 1) for line in listed.read_text(encoding="utf-8").splitlines())
        known |= {line[0] for line in lines if line[1:] == [path]}
    return not known or sha256 in known


def _record(path: Path) -> dict | None:
    return load_json(path) if path.is_file() else None


def _job_of(path: Path) -> tuple[str, str, str] | None:
    """Preset, stage and item of the job that makes `path`; None where its name does not say."""
    top, preset, *rest = path.parts if len(path.parts) > 2 else ("", "")
    if top == RESULTS.name and len(rest) == 3:
        name, folder, _ = rest
        return preset, name, folder if name == "prepare" else path.stem
    if top == FIGURES.name and len(rest) == 1:
        return preset, "figure" if path.suffix in stage("figure").suffixes else "table", path.stem
    return None


def _sentence(path: str) -> str:
    return (
        f"{path} is not what its job wrote, but damaged, edited or another's: delete it, then"
        f" {remedy(Path(path))}"
    )

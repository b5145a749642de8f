"""From the report back to the data: every job's record, held to the files that lie here."""

from functools import cache

from ebmrepro.files.workspace import WorkspaceError, load_json
from ebmrepro.flow.jobs import Job, all_jobs
from ebmrepro.params.root import Params
from ebmrepro.provenance.written import record_file, sha256_or_none


def chain(params: Params) -> list[tuple[Job, dict]]:
    """Every job of the flow with its record, in the order of the flow.

    Raises WorkspaceError if a record is missing or damaged, or if what it says of parameters, code, inputs
    or outputs is not what lies here: then nobody can say how these files came about.
    """
    found = []
    # Files are inputs of many jobs.
    digest = cache(sha256_or_none)
    for job in all_jobs(params):
        path = record_file(params.preset, job.stage.name, job.item)
        if not path.exists():
            raise WorkspaceError(f"{path} is missing: `{job.command}` writes it with its result")
        record = load_json(path)
        reason = _contradiction(job, record, digest)
        if reason:
            raise WorkspaceError(f"{path} is not the record of what lies here, {reason}: run `snakemake`")
        found.append((job, record))
    return found


def _contradiction(job: Job, record: dict, digest) -> str | None:
    for key in job.settings.keys() | record["settings"].keys():
        if job.settings.get(key) != record["settings"].get(key):
            return f"its {key} in params.yaml has changed since"
    if job.entry["code"] != record["code"]["sha256"]:
        return "the code of the stage has changed since"
    for path, sha256 in record["inputs"].items():
        if digest(path) != sha256:
            return f"it read another {path}"
    for path in job.outputs:
        if digest(path) != record["outputs"].get(path):
            return f"{path} is missing or another file"
    return None

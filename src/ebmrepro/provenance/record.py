"""The record of a job: provenance/<preset>/<stage>/<item>.json.

It lies beside the results, not among them: results have the same bytes whenever they are made, a record says
when that was. It names its outputs by SHA-256, so that a file that something else wrote is told apart.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ebmrepro.files.workspace import data_sha256, file_sha256, save_json, write_text
from ebmrepro.flow.code import undeclared
from ebmrepro.flow.jobs import one_job
from ebmrepro.machine.hardware import machine, usage
from ebmrepro.params.root import Params
from ebmrepro.provenance.origin import environment, revision

FLOW = Path("dvc.yaml")
RECORDS = Path("provenance")
# One small file per start of a job; a process that was killed leaves its own behind.
ATTEMPTS = Path(".work/provenance")


def record_file(preset: str, stage: str, item: str) -> Path:
    """Where the record of a job lies."""
    return RECORDS / preset / stage / f"{item}.json"


@contextmanager
def recorded(params: Params, stage: str, item: str | None) -> Iterator[None]:
    """Write the record of the job that the block runs, once the block has succeeded.

    Every start of the job leaves a trace: the record of a training that was killed and went on says so.
    """
    if not FLOW.exists():
        yield
        print(f"ebm: {FLOW} is not in this folder, so this job leaves no record", file=sys.stderr)
        return
    job = one_job(params, stage, item)
    folder = ATTEMPTS / params.preset / stage / job.item
    mine = folder / f"{time.time_ns()}-{os.getpid()}.json"
    # A start with other code or settings belongs to another result.
    identity = data_sha256(job.entry)
    attempt = {"identity": identity, "started": _now(), "ended": None, "outcome": "killed"}
    write_text(mine, json.dumps(attempt))
    loaded = set(sys.modules)
    inputs = {path: found for path in job.inputs if (found := sha256_or_none(path)) is not None}
    outcome = "done"
    try:
        yield
    except BaseException as failure:
        outcome = type(failure).__name__
        raise
    finally:
        attempt |= {"ended": _now(), "outcome": outcome}
        write_text(mine, json.dumps(attempt))
    unwatched = undeclared(job.modules, set(sys.modules) - loaded)
    if unwatched:
        print(f"ebm: {job.command} used code that no runner watches: {', '.join(unwatched)}", file=sys.stderr)
    code = {"sha256": job.entry["code"], "packages": job.entry["packages"], "unwatched": unwatched}
    content = {
        "command": job.command,
        "runner": "dvc" if "DVC_STAGE" in os.environ else os.environ.get("EBM_RUNNER", "command line"),
        "started": attempt["started"],
        "ended": attempt["ended"],
        "attempts": _attempts(folder, identity),
        "settings": job.settings,
        "seeds": params.seeds,
        "code": revision(Path()) | code,
        "environment": environment(Path()),
        "machine": machine(),
        "usage": usage(),
        "inputs": inputs,
        "outputs": {path: sha256_or_none(path) for path in job.outputs},
    }
    save_json(record_file(params.preset, stage, job.item), content)
    for path in folder.glob("*.json"):
        path.unlink(missing_ok=True)


def sha256_or_none(path: str) -> str | None:
    """SHA-256 of a file's bytes; None if it is not there."""
    return file_sha256(Path(path)) if Path(path).is_file() else None


def _attempts(folder: Path, identity: str) -> list[dict]:
    """Starts of this job since its last record, the first one first. A killed one has no end."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            attempt = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if attempt.pop("identity", None) == identity:
            found.append(attempt)
    return found


def _now() -> str:
    """The time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")

"""The record of a job: provenance/<preset>/<stage>/<item>.json.

It lies beside the results, not among them: results have the same bytes whenever they are made, a record says
when that was. It names its outputs by SHA-256, so that a file that something else wrote is told apart.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from ebmrepro.files.workspace import data_sha256, file_sha256, save_json, write_text
from ebmrepro.flow.code import undeclared
from ebmrepro.flow.jobs import one_job
from ebmrepro.machine.hardware import machine, usage
from ebmrepro.machine.packages import LOCKS, differences, installed, locked
from ebmrepro.params.root import Params
from ebmrepro.provenance.written import record_file, refuse_foreign, remember, sha256_or_none

FLOW = Path("dvc.yaml")
# One small file per start of a job; a process that was killed leaves its own behind.
ATTEMPTS = Path(".work/provenance")
# What the flow itself writes: a change there is no change of the code.
WRITTEN = ("results", "paper_figures", "provenance", "contents", "dvc.lock", "jobs.json", "inputs.json")
# Left by the image beside a params.yaml that stood alone.
REVISION_FILE = ".ebm-revision"
DIRTY = "-dirty"
# Named one by one: who runs the jobs, and what computes in them.
NAMED = ("snakemake", "dvc", "torch", "torchvision", "numpy", "scipy", "clean-fid")


@contextmanager
def recorded(params: Params, stage: str, item: str | None) -> Iterator[None]:
    """Write the record of the job that the block runs, once the block has succeeded.

    Every start of the job leaves a trace: the record of a training that was killed and went on says so.
    Raises WorkspaceError before the block if an input is not what its own job wrote.
    """
    if not FLOW.exists():
        yield
        print(f"ebm: {FLOW} is not in this folder, so this job leaves no record", file=sys.stderr)
        return
    job = one_job(params, stage, item)
    inputs = {path: found for path in job.inputs if (found := sha256_or_none(path)) is not None}
    refuse_foreign(inputs)
    folder = ATTEMPTS / params.preset / stage / job.item
    mine = folder / f"{time.time_ns()}-{os.getpid()}.json"
    # A start with other code or settings belongs to another result.
    identity = data_sha256(job.entry)
    attempt = {"identity": identity, "started": _now(), "ended": None, "outcome": "killed"}
    write_text(mine, json.dumps(attempt))
    loaded = set(sys.modules)
    try:
        yield
        attempt["outcome"] = "done"
    except BaseException as failure:
        attempt["outcome"] = type(failure).__name__
        raise
    finally:
        attempt["ended"] = _now()
        write_text(mine, json.dumps(attempt))
    if unwatched := undeclared(job.modules, set(sys.modules) - loaded):
        print(f"ebm: {job.command} used code that no runner watches: {', '.join(unwatched)}", file=sys.stderr)
    outputs = {path: sha256_or_none(path) for path in job.outputs}
    remember(params.preset, stage, job.item, outputs)
    content = {
        "command": job.command,
        "runner": "dvc" if "DVC_STAGE" in os.environ else os.environ.get("EBM_RUNNER", "command line"),
        "started": attempt["started"],
        "ended": attempt["ended"],
        "attempts": _attempts(folder, identity),
        "settings": job.settings,
        "seeds": params.seeds,
        "code": revision(Path())
        | {"sha256": job.entry["code"], "packages": job.entry["packages"], "unwatched": unwatched},
        "environment": environment(Path()),
        "machine": machine(),
        "usage": usage(),
        "inputs": inputs,
        "outputs": outputs,
    }
    save_json(record_file(params.preset, stage, job.item), content)
    for path in folder.glob("*.json"):
        path.unlink(missing_ok=True)


def _attempts(folder: Path, identity: str) -> list[dict]:
    """Starts of this job since its last record, the first one first. A killed one has no end."""
    found = []
    for path in sorted(folder.glob("*.json")):
        with suppress(OSError, ValueError):
            attempt = json.loads(path.read_text(encoding="utf-8"))
            if attempt.pop("identity", None) == identity:
                found.append(attempt)
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def revision(folder: Path) -> dict[str, str | bool | None]:
    """`commit` of the project in `folder`, whether anything but results differs from it, and who says so.

    What nobody can say is None: without git and image `commit` and `dirty`, in a folder that the image
    completed `dirty`, unless the image itself was built from an unclean checkout.
    """
    if (folder / ".git").exists():
        commit, changed = git(folder, "rev-parse", "HEAD"), changes(folder)
        # A repository without a commit, or one that git refuses to read, has no name for its code.
        dirty = None if commit is None or changed is None else bool(changed)
        return {"commit": commit, "dirty": dirty, "source": "git"}
    kept = folder / REVISION_FILE
    named = kept.read_text(encoding="utf-8").strip() if kept.exists() else os.environ.get("EBM_REVISION", "")
    if named in ("", "unknown"):
        return {"commit": None, "dirty": None, "source": None}
    dirty = True if named.endswith(DIRTY) else None
    return {"commit": named.removesuffix(DIRTY), "dirty": dirty, "source": "image"}


def changes(folder: Path) -> list[str] | None:
    """The paths of a checkout, new ones among them, that are not what its commit says, without what the flow
    writes; None if git cannot say."""
    # Whoever copies a preset over params.yaml runs what the commit holds.
    presets = [path.read_bytes() for path in (folder / "workflow/presets").glob("*.yaml")]
    params = folder / "params.yaml"
    chosen = params.exists() and params.read_bytes() in presets
    left_out = [f":(exclude){path}" for path in (*WRITTEN, *(["params.yaml"] if chosen else []))]
    changed = git(folder, "status", "--porcelain", "--", ".", *left_out)
    return None if changed is None else [line.split(maxsplit=1)[1] for line in changed.splitlines()]


def environment(folder: Path) -> dict[str, object]:
    """The image's digest if the runner was told it, the lock, and how the packages here differ from it."""
    locks = [folder / lock for lock in LOCKS if (folder / lock).exists()]
    there = installed()
    return {
        "image": os.environ.get("EBM_IMAGE") or None,
        "lock_sha256": {lock.name: file_sha256(lock) for lock in locks},
        "packages_sha256": data_sha256(there),
        "versions": {name: there.get(name) for name in NAMED},
        "packages_unlike_lock": differences(there, locked(*locks)) if locks else None,
    }


def git(folder: Path, *arguments: str) -> str | None:
    """What git says in `folder`; None if there is no git or it refuses."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None

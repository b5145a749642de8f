"""Which code ran, and in which environment."""

import os
import subprocess
from pathlib import Path

from ebmrepro.files.workspace import data_sha256, file_sha256
from ebmrepro.machine.packages import LOCKS, differences, installed, locked

# What the flow itself writes: a change there is no change of the code.
WRITTEN = ("results", "paper_figures", "provenance", "contents", "dvc.lock", "jobs.json", "inputs.json")
# Left by the image beside a params.yaml that stood alone.
REVISION_FILE = ".ebm-revision"
DIRTY = "-dirty"
# Named one by one: who runs the jobs, and what computes in them.
NAMED = ("snakemake", "dvc", "torch", "torchvision", "numpy", "scipy", "clean-fid")


def revision(folder: Path) -> dict[str, str | bool | None]:
    """`commit` of the project in `folder`, whether anything but results differs from it, and who says so.

    `commit` and `dirty` are None where nobody can say: no git, no image. A folder that the image completed
    has no git to ask whether somebody edited it: `dirty` is None unless the image itself was built from an
    unclean checkout.
    """
    if (folder / ".git").exists():
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--", ".", *(f":(exclude){path}" for path in WRITTEN))
        # A repository without a commit, or one that git refuses to read, has no name for its code.
        dirty = None if commit is None or changed is None else bool(changed)
        return {"commit": commit, "dirty": dirty, "source": "git"}
    kept = folder / REVISION_FILE
    named = kept.read_text(encoding="utf-8").strip() if kept.exists() else os.environ.get("EBM_REVISION", "")
    if named in ("", "unknown"):
        return {"commit": None, "dirty": None, "source": None}
    dirty = True if named.endswith(DIRTY) else None
    return {"commit": named.removesuffix(DIRTY), "dirty": dirty, "source": "image"}


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


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None

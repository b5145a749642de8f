"""Two runners, one truth: Snakemake runs, DVC remembers, and neither believes without looking.

`dvc commit --force` and `snakemake --touch --forceall` both assert that what lies in the folder is right.
`sync` uses the first only if Snakemake has nothing to do, `restore` the second only if DVC is clean.
"""

import atexit
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.flow import dvc_lock
from ebmrepro.provenance.record import changes

# Set for the dry run that `sync` makes while the main Snakemake process still holds the folder.
INSIDE = "EBM_INSIDE_RUN"
_lock = FileLock(".snakemake/ebm.lock", timeout=5.0)
# There from the start of a run until DVC has recorded it.
UNRECORDED = Path(".snakemake/ebm.unrecorded")
# Seconds that file systems and clocks may differ by; no job is shorter.
AHEAD = 1.0


def hold_this_folder() -> None:
    """Called by the Snakefile: clear the lock of a killed run, but never that of a live one.

    The kernel drops a file lock when its process dies, however it dies. Whoever gets it knows that no other
    Snakemake is at work here, so that a lock Snakemake left behind is stale.
    """
    if os.environ.get(INSIDE) or _lock.is_locked:
        return
    Path(".snakemake").mkdir(exist_ok=True)
    try:
        _lock.acquire()
    except Timeout:
        print("ebm: another snakemake is at work in this folder; wait for it to end", file=sys.stderr)
        return
    for stale in Path(".snakemake/locks").glob("*.lock"):
        stale.unlink()


def refuse_what_is_dated_ahead(paths: Iterable[str]) -> None:
    """Raise WorkspaceError if a file of `paths`, inputs of jobs, is dated in the future.

    What a job makes of it is older than it, and Snakemake deletes that: when the work has been done, and
    again every time.
    """
    now = time.time() + AHEAD
    for path in sorted(set(paths)):
        try:
            moment = os.stat(path).st_mtime
        except OSError:
            continue
        if moment > now:
            date = datetime.fromtimestamp(moment).isoformat(" ", "seconds")
            raise WorkspaceError(
                f"{path} is dated ahead, {date}: Snakemake would delete what is made from it; touch it, or"
                " set the clock right"
            )


def record_what_was_left(nothing_was_to_do: Callable[[], bool]) -> None:
    """Called by the Snakefile: if a run was killed before DVC had recorded it, record it at exit.

    Snakemake calls no hook where it has nothing to do, as when only the recording was missing.
    `nothing_was_to_do` is asked at exit, and false for a dry run and the like.
    """
    if UNRECORDED.exists() and not os.environ.get(INSIDE):
        atexit.register(_record, nothing_was_to_do)


def _record(nothing_was_to_do: Callable[[], bool]) -> None:
    if nothing_was_to_do():
        sync_after_run()


def run_begins() -> None:
    """From here on there may be results that DVC has not recorded; at its end the run has its own hook."""
    atexit.unregister(_record)
    if _is_checkout():
        UNRECORDED.touch()


def say_what_is_uncommitted() -> None:
    """One line at the start of a run whose records will call its code dirty: results of no commit."""
    if changed := changes(Path()) if Path(".git").exists() else None:
        named = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
        print(f"ebm: not what the commit says: {named}; records will call the code dirty", file=sys.stderr)


def sync_after_run() -> None:
    """`sync` at the end of a Snakemake run: silent where there is no git + DVC checkout, never fatal."""
    try:
        if _is_checkout():
            sync()
    except WorkspaceError as failure:
        print(f"ebm: {failure}", file=sys.stderr)


def sync() -> None:
    """Let DVC record the files in this folder, if Snakemake vouches for them.

    Raises WorkspaceError if this is no git + DVC checkout or Snakemake still has something to do.
    """
    _require_checkout()
    if not _dvc_is_clean():
        if not _snakemake_is_done():
            raise WorkspaceError("DVC was left as it is: Snakemake still has something to do (snakemake -n)")
        _run("dvc", "commit", "--force", "--quiet")
        if not _dvc_is_clean():
            raise WorkspaceError("DVC still sees changes after dvc commit: look at dvc status")
        print("ebm: DVC has recorded this run")
    dvc_lock.keep()
    UNRECORDED.unlink(missing_ok=True)


def restore() -> None:
    """Let Snakemake adopt the files that DVC vouches for, pulling them first if some are missing.

    Raises WorkspaceError if this is no git + DVC checkout or DVC is not clean.
    """
    _require_checkout()
    if not _dvc_is_clean() and _run("dvc", "remote", "list", capture=True).stdout.strip():
        _run("dvc", "pull", "--quiet")
    if not _dvc_is_clean():
        raise WorkspaceError("Snakemake was left as it is: DVC sees changes or missing files (dvc status)")
    # --forceall: without it, jobs not touched keep no record of their parameters, and a later change of
    # those would go unnoticed.
    _run("snakemake", "--cores", "1", "--touch", "--forceall", "--no-hooks", "--quiet", "all")
    if not _snakemake_is_done():
        raise WorkspaceError("Snakemake still has something to do: look at snakemake -n")
    print("ebm: Snakemake has adopted the files that DVC holds")


def _dvc_is_clean() -> bool:
    return _run("dvc", "status", "--quiet", check=False, capture=True).returncode == 0


def _snakemake_is_done() -> bool:
    planned = _run("snakemake", "--dry-run", "--no-hooks", capture=True)
    return "Nothing to be done" in planned.stdout + planned.stderr


def _is_checkout() -> bool:
    return Path(".git").exists() and Path(".dvc").is_dir()


def _require_checkout() -> None:
    if not _is_checkout():
        raise WorkspaceError("this folder is no git checkout with DVC: there is nothing to keep in step")
    if healed := dvc_lock.heal():
        print(f"ebm: {healed}", file=sys.stderr)


def _run(*command: str, check: bool = True, capture: bool = False) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env=os.environ | {INSIDE: "1"},
        capture_output=capture,
        text=True,
        check=False,
    )
    if check and done.returncode:
        detail = f": {done.stderr.strip()}" if done.stderr else ""
        raise WorkspaceError(f"{' '.join(command)} failed{detail}")
    return done

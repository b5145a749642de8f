"""Which packages are installed here and which ones the lock names: the two are to be the same."""

import sysconfig
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("requirements.lock", "bootstrap.lock")
# Installed from the checkout itself, not from a lock.
PROJECT = "ebm-reproduction"


def installed(folder: Path | None = None) -> dict[str, str]:
    """Canonical name -> version of every package in `folder`, by default this Python's own.

    The names of the packages' folders say both; opening the files in them would cost a tenth of a second
    in every job.
    """
    folder = folder or Path(sysconfig.get_path("purelib"))
    named = (path.name.removesuffix(".dist-info").rpartition("-") for path in folder.glob("*.dist-info"))
    found = {canonicalize_name(name): version for name, _, version in named}
    found.pop(PROJECT, None)
    return found


def locked(*locks: Path) -> dict[str, str]:
    """Canonical name -> version of what lock files name for this Python on this machine.

    Raises OSError if a file cannot be read, ValueError if a line of it is no pinned requirement.
    """
    found = {}
    for lock in locks:
        for line in lock.read_text(encoding="utf-8").splitlines():
            # The other lines are hashes, which belong to the requirement above them.
            if not line or line[0] in " #":
                continue
            requirement = Requirement(line.rstrip().removesuffix("\\"))
            pins = list(requirement.specifier)
            if len(pins) != 1 or pins[0].operator != "==":
                raise ValueError(f"{lock}: no pinned version in {line!r}")
            if requirement.marker is None or requirement.marker.evaluate():
                found[canonicalize_name(requirement.name)] = pins[0].version
    return found


def differences(there: dict[str, str], wanted: dict[str, str]) -> list[str]:
    """One line per package that is missing, of another version or not wanted; none if the lists agree."""
    return [
        f"{name} {there.get(name, 'is not installed')}, locked: {wanted.get(name, 'no')}"
        for name in sorted(there.keys() | wanted.keys())
        if there.get(name) != wanted.get(name)
    ]

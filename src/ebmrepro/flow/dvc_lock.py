"""dvc.lock after a kill: DVC writes over it in place, and what was cut short no command of DVC reads."""

from pathlib import Path

from ebmrepro.files.workspace import WorkspaceError, write_text
from ebmrepro.provenance.record import git

LOCK = Path("dvc.lock")
# Where git does not look.
KEPT = Path(".dvc/tmp/ebm.dvc.lock")


def _is_whole(text: str) -> bool:
    """Whether DVC reads a dvc.lock of this text."""
    # Here: only who keeps the runners in step asks, and DVC takes a second to import itself.
    import yaml
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    try:
        COMPILED_LOCKFILE_SCHEMA(yaml.load(text, yaml.CSafeLoader))
    except (yaml.YAMLError, Invalid):
        return False
    return True


def damage() -> str | None:
    """In a sentence, what is wrong with the dvc.lock in this folder; None if nothing is or there is none."""
    text = _text(LOCK)
    if text is None or _is_whole(text):
        return None
    return "dvc.lock was cut short, as by a kill: `ebm sync` brings the last whole one back"


def keep() -> None:
    """Set a copy of dvc.lock, which DVC has just read, aside."""
    text = _text(LOCK)
    if text is not None and text != _text(KEPT):
        write_text(KEPT, text)


def heal() -> str | None:
    """Bring the last whole dvc.lock back, set aside or committed, if the one in this folder is not; what was
    done. Raises WorkspaceError if no whole one is known.

    What it does not know of the results DVC sees as changes, and records once Snakemake vouches for them.
    """
    if damage() is None:
        return None
    committed = git(Path(), "show", f"HEAD:{LOCK}")
    for source, text in (("set aside", _text(KEPT)), ("committed", committed and f"{committed}\n")):
        if text is not None and _is_whole(text):
            write_text(LOCK, text)
            return f"{LOCK} was cut short, as by a kill: the last whole one, which was {source}, is back"
    raise WorkspaceError(f"{LOCK} was cut short and no whole one is known: delete it, then run `ebm sync`")


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return ""

"""A published set as `own` in the micro params.yaml: its small files where they are looked for."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

from catalogue_archives import MAKERS, Made, make
from catalogue_entries import entry_of
from catalogue_formats import tar

from ebmrepro.files import workspace
from ebmrepro.params.catalogue import Entry

FOLDER = Path("results/micro/prepare/own")
# By name of the set: the splits taken for training and test.
SPLITS = {name: ("train", "test") for name in MAKERS}
SPLITS |= {name: ("train", "validation") for name in ("imagenet32", "imagenet32_2016", "lsun_bedroom")}


def publish_in(folder: Path, edit: Callable[[str, str], None]) -> Callable[..., Entry]:
    """A function that puts a set's files into `folder`, and the set as `own` into params.yaml."""

    def place(name: str, made: Made, changes: dict | None = None, **settings) -> Entry:
        """`changes` are of the catalogue's entry, `settings` of the data set; the entry without changes."""
        entry = entry_of(name, made)
        fields = entry.model_dump(mode="json", exclude={"name"})
        source = folder / "own.yaml"
        source.write_text(json.dumps({name: fields | (changes or {})}))
        (folder / "files").mkdir()
        for file, body in made.bodies.items():
            (folder / "files" / file).write_bytes(body)
        if entry.access != "open":
            (folder / "files" / entry.acceptance[0]).write_text(entry.acceptance[1])
        train, test = SPLITS[name]
        section = {"kind": "catalogue", "catalogue": str(source), "seed": 3, "entry": name, "folder": "files",
                   "size": entry.sizes[0], "preparation": None, "corrupt": "stop", "train": train,
                   "test": test, "train_limit": None, "test_limit": None, "classifier": None,
                   "inception": None}  # fmt: skip
        edit("\ndatasets:\n", f"\ndatasets:\n  own: {json.dumps(section | settings)}\n")
        return entry

    return place


def done(ebm) -> dict:
    """Run `ebm prepare own`, which must end well; the manifest."""
    ended = ebm("prepare", "own")
    assert ended.code == 0, ended.err
    return workspace.load_json(FOLDER / "manifest.json")


def refused(ebm, *words: str) -> None:
    """Run `ebm prepare own`, which must end in exit code 1 and one sentence with all of `words`."""
    ended = ebm("prepare", "own")
    lines = [line for line in ended.err.splitlines() if line.startswith("ebm: ")]
    assert ended.code == 1 and len(lines) == 1 and ended.err.endswith(lines[0] + "\n"), ended.err
    assert "Traceback" not in ended.err
    for word in words:
        assert word in lines[0], lines[0]
    assert not (FOLDER / "manifest.json").exists()


def half_a_picture() -> Made:
    """DTD, the first training photograph of which ends in its middle."""
    made = make("dtd")
    ((name, body),) = made.bodies.items()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        members = {member.name: archive.extractfile(member).read() for member in archive}
    half = "dtd/images/banded/banded_0003.jpg"
    members[half] = members[half][: len(members[half]) // 2]
    return made._replace(bodies={name: tar(members)})

"""Published sets from `ebm prepare`: what is in the files is what was in the archives, and what the catalogue
says is in the manifest; every way to fail is one sentence."""

import hashlib
import json
import tracemalloc
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from catalogue_archives import MAKERS, Made, make
from catalogue_entries import entry_of
from catalogue_formats import database, encoded, ramps, tar, zipped
from stages_published import FOLDER, SPLITS, done, half_a_picture, publish_in, refused

from ebmrepro.data.catalogue.archives import tar_members
from ebmrepro.data.catalogue.fetch import digest_of
from ebmrepro.files import workspace
from ebmrepro.files.workspace import map_tensors
from ebmrepro.params.catalogue import find_entry


@pytest.fixture
def publish(workspace_folder, edit):
    """Put a set's files and its entry in place."""
    return publish_in(workspace_folder, edit)


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_images_and_labels_are_those_of_the_archive(name, publish, ebm):
    made = make(name)
    entry = publish(name, made)
    manifest = done(ebm)
    for part, split in zip(("train", "test"), SPLITS[name], strict=True):
        truth, labels = made.expected[split]
        # Both readers of the file agree.
        found, _ = workspace.load_tensors(FOLDER / f"{part}.safetensors")
        mapped, described = map_tensors(FOLDER / f"{part}.safetensors")
        assert described == {"dataset": "own"} and found.keys() == mapped.keys() == {"x", *labels}
        assert all(np.array_equal(found[key], mapped[key]) for key in found)
        assert found["x"].dtype == np.uint8 and found["x"].shape == truth.shape
        inside = slice(1, -1) if made.tolerance else slice(None)
        apart = np.abs(found["x"].astype(float) - truth)[..., inside, inside]
        assert apart.max() <= made.tolerance
        for attribute, values in labels.items():
            assert found[attribute].dtype == np.int64 and found[attribute].tolist() == values
        assert manifest[f"{part}_size"] == manifest["counts"][part] == len(truth)
        assert manifest[f"{part}_sha256"] == workspace.file_sha256(FOLDER / f"{part}.safetensors")
    assert manifest["splits"] == dict(zip(("train", "test"), SPLITS[name], strict=True))
    assert manifest["shape"] == [entry.channels, entry.sizes[0], entry.sizes[0]]
    assert manifest["corrupt"] == {"train": [], "test": []} and manifest["kind"] == "catalogue"
    for key in ("title", "variant", "page", "licence", "citation"):
        assert manifest[key] == getattr(entry, key)
    needed = {file.name for file in entry.files_of(SPLITS[name])}
    digests = {file: f"sha256:{hashlib.sha256(made.bodies[file]).hexdigest()}" for file in needed}
    assert {file: facts["checksum"] for file, facts in manifest["files"].items()} == digests
    assert all(facts["in_catalogue"] for facts in manifest["files"].values())
    usual = next(iter(entry.preparations), None)
    told = manifest["preparation"]
    assert told is None if usual is None else told["name"] == usual
    assert usual is None or told["source"] == entry.preparations[usual].source
    assert workspace.load_tensors(FOLDER / "reference.safetensors")[0] == {} and manifest["reference"] == {}
    # Again, over the old files: the same bytes.
    first = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    done(ebm)
    assert {path.name: path.read_bytes() for path in FOLDER.iterdir()} == first


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_labels_that_the_catalogue_does_not_know_arerefused(name, publish, ebm):
    told = entry_of(name, make(name)).attributes
    publish(name, make(name), {"attributes": {**told, "weather": None}})
    refused(ebm, name, "weather", "attributes")


@pytest.mark.parametrize("name", sorted(n for n in MAKERS if find_entry(n).attributes))
def test_values_in_another_order_arerefused(name, publish, ebm):
    """The catalogue is right or wrong about the order; the numbers of the labels follow the files."""
    made = make(name)
    told = entry_of(name, made).attributes
    first, values = next(iter(told.items()))
    values = values or tuple(map(str, range(10)))
    publish(name, made, {"attributes": {**told, first: values[::-1]}})
    refused(ebm, name, f"the values of {first} are", ", ".join(values[::-1][:2]))


def test_a_limit_draws_a_subset_by_the_seed(publish, edit, ebm):
    made = make("imagenet32")
    publish("imagenet32", made, train_limit=7)
    assert done(ebm)["train_size"] == 7
    everything, labels = made.expected["train"]

    def chosen() -> list[int]:
        found = workspace.load_tensors(FOLDER / "train.safetensors")[0]
        places = [int(np.flatnonzero((everything == image).all((1, 2, 3)))[0]) for image in found["x"]]
        assert found["label"].tolist() == [labels["label"][place] for place in places]
        return places

    one = chosen()
    # The order of the publisher, each at most once.
    assert one == sorted(set(one)) and len(one) == 7
    done(ebm)
    assert chosen() == one
    edit('"seed": 3', '"seed": 4')
    done(ebm)
    assert chosen() != one
    assert workspace.load_tensors(FOLDER / "test.safetensors")[0]["x"].shape[0] == 2


def test_a_limit_takes_every_image_equally_often(publish, edit, ebm):
    made = make("svhn")
    publish("svhn", made, train_limit=2)
    everything, counts = made.expected["train"][0], np.zeros(4)
    for seed in range(3, 43):
        done(ebm)
        for image in map_tensors(FOLDER / "train.safetensors")[0]["x"]:
            counts[(everything == image).all((1, 2, 3))] += 1
        edit(f'"seed": {seed}', f'"seed": {seed + 1}')
    # 40 subsets of half: each image 20 times with a variance of 10.
    assert counts.sum() == 80 and np.abs(counts - 20).max() < 4 * np.sqrt(10)


def test_a_corrupt_picture_stops_it_by_name(publish, ebm):
    publish("dtd", half_a_picture())
    refused(ebm, "dtd", "1 of 2 images", "banded/banded_0003.jpg")


def test_a_corrupt_picture_is_left_out_when_told_so(publish, ebm):
    publish("dtd", half_a_picture(), corrupt="skip")
    manifest = done(ebm)
    assert manifest["corrupt"] == {"train": ["banded/banded_0003.jpg"], "test": []}
    assert (manifest["train_size"], manifest["counts"]["train"]) == (1, 2)
    found = workspace.load_tensors(FOLDER / "train.safetensors")[0]
    truth, labels = make("dtd").expected["train"]
    # The other one, with its own label.
    (kept,) = [place for place, label in enumerate(labels["label"]) if label == 1]
    assert found["label"].tolist() == [1] and np.abs(found["x"][0].astype(float) - truth[kept]).max() <= 3


def test_a_file_without_a_published_checksum_is_recorded_with_its_own(publish, workspace_folder, ebm):
    made = make("celeba_hq")
    entry = publish("celeba_hq", made)
    changed = json.loads((workspace_folder / "own.yaml").read_text())
    changed["celeba_hq"]["files"][0]["checksums"] = []
    other = workspace_folder / "unchecked.yaml"
    other.write_text(json.dumps(changed))
    params = workspace_folder / "params.yaml"
    params.write_text(params.read_text().replace(str(workspace_folder / "own.yaml"), str(other)))
    (name,) = made.bodies
    digest = hashlib.sha256(made.bodies[name]).hexdigest()
    assert done(ebm)["files"] == {name: {"checksum": f"sha256:{digest}", "in_catalogue": False}}
    # The folder that the archive was unpacked to serves as well.
    with zipfile.ZipFile(workspace_folder / "files" / name) as archive:
        archive.extractall(workspace_folder / "files")
    first = (FOLDER / "train.safetensors").read_bytes()
    (workspace_folder / "files" / name).unlink()
    folder = workspace_folder / "files" / entry.files[0].instead
    assert done(ebm)["files"][name] == {"checksum": f"sha256:{digest_of(folder)}", "in_catalogue": False}
    assert (FOLDER / "train.safetensors").read_bytes() == first
    # A byte in any of its files, or another name, is another folder.
    before, some = digest_of(folder), next(folder.rglob("*.jpg"))
    some.write_bytes(some.read_bytes() + b".")
    after = digest_of(folder)
    some.rename(some.with_name("other.jpg"))
    assert len({before, after, digest_of(folder)}) == 3


def _peak(task: Callable[[], object]) -> int:
    """Bytes of memory that `task` held at most, of Python and numpy."""
    tracemalloc.start()
    task()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_it_takes_the_memory_of_some_images_not_of_all(publish, ebm):
    """1,500 pictures, which are 74 MB of pixels."""
    count, picture = 1500, encoded(ramps(192, 128, 60), "WEBP")
    bodies = {}
    for stem, some in (("train", count), ("val", 1)):
        files = database({f"{place:040}".encode(): picture for place in range(some)})
        bodies[f"bedroom_{stem}_lmdb.zip"] = zipped(
            {f"bedroom_{stem}_lmdb/{name}": data for name, data in files.items()}
        )
    shapes = {"train": (np.empty((count, 0)), {}), "validation": (np.empty((1, 0)), {})}
    publish("lsun_bedroom", Made(bodies, shapes), size=128)
    done(ebm)  # What is imported and unpacked now is not measured.
    peak = _peak(lambda: done(ebm))
    found = map_tensors(FOLDER / "train.safetensors")[0]["x"]
    assert found.shape == (count, 3, 128, 128) and (found[0] == found[-1]).all() and found.std() > 1
    assert peak < found.nbytes / 2


def test_a_tar_of_very_many_members_is_not_remembered(tmp_path):
    path = tmp_path / "many.tar"
    path.write_bytes(tar({f"{place:05}": b"" for place in range(10_000)}, "w"))
    names = []
    # 80 bytes a name; a header that is kept has a thousand.
    assert _peak(lambda: names.extend(name for name, _ in tar_members(path))) < 2_000_000
    assert names == [f"{place:05}" for place in range(10_000)]


def test_terms_that_nobody_accepted(publish, workspace_folder, ebm):
    entry = publish("celeba", make("celeba"))
    (workspace_folder / "files" / entry.acceptance[0]).unlink()
    refused(ebm, "celeba", "must accept its terms", entry.acceptance[1])


def test_half_an_archive(publish, workspace_folder, ebm):
    publish("cifar10", make("cifar10"))
    path = workspace_folder / "files/cifar-10-python.tar.gz"
    path.write_bytes(path.read_bytes()[:-100])
    refused(ebm, "cifar-10-python.tar.gz is not the file that the catalogue names")


def test_an_edition_with_other_counts(publish, ebm):
    publish("svhn", make("svhn"), {"counts": {"train": 5, "test": 2}})
    refused(ebm, "svhn", "its split train has 4 images, the catalogue says 5")


def test_what_was_placed_is_missing(publish, workspace_folder, ebm):
    publish("celeba", make("celeba"))
    (workspace_folder / "files/list_attr_celeba.txt").unlink()
    refused(ebm, "list_attr_celeba.txt must be placed by hand")

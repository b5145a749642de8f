"""Every set of the catalogue end to end: fetched, verified, read, and what comes out is what was put in."""

import hashlib

import numpy as np
import pytest
from catalogue_archives import MAKERS, make
from catalogue_entries import entry_of, opened
from catalogue_server import running

from ebmrepro.data.catalogue.fetch import fetch
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.catalogue import find_entry, load_catalogue

CATALOGUE = load_catalogue()
CLOSED = sorted(name for name, entry in CATALOGUE.items() if entry.access != "open")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """A proxy of the machine has nothing to do with its own server."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def _place(entry, bodies, folder) -> None:
    """What a person does for a set that is not open."""
    name, line = entry.acceptance
    (folder / name).write_text(f"Read on a Friday.\n{line}\n")
    for file, body in bodies.items():
        (folder / file).write_bytes(body)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_from_its_source_to_pixels(name, tmp_path):
    made = make(name)
    with running() as server:
        is_open = CATALOGUE[name].access == "open"
        # The publisher is gone, the mirror has it.
        urls = {
            file: [server.address + "gone", server.serve(file, body)] if is_open else []
            for file, body in made.bodies.items()
        }
        entry = entry_of(name, made, urls)
        if not is_open:
            _place(entry, made.bodies, tmp_path)
        fetched = fetch(entry, tmp_path)
    assert {file: found.path.read_bytes() for file, found in fetched.items()} == made.bodies
    digests = {file: f"sha256:{hashlib.sha256(body).hexdigest()}" for file, body in made.bodies.items()}
    assert {file: found.checksum for file, found in fetched.items()} == digests
    paths = {file: found.path for file, found in fetched.items()}
    for split, (expected, labels) in made.expected.items():
        images = opened(entry, paths, split, entry.sizes[0])
        assert len(images) == len(expected)
        # Twice: an iteration begins at the first image.
        for _ in range(2):
            pixels, numbers = zip(*images, strict=True)
            pixels = np.stack(pixels)
            assert pixels.dtype == np.uint8 and pixels.shape == expected.shape
            inside = slice(1, -1) if made.tolerance else slice(None)
            apart = np.abs(pixels.astype(float) - expected)[..., inside, inside]
            assert apart.max() <= made.tolerance, (split, apart.max())
            assert {key: [number[key] for number in numbers] for key in labels} == labels
            assert set(images.values) == set(labels) and images.corrupt == []


def test_every_entry_has_a_small_archive():
    assert set(MAKERS) == set(CATALOGUE)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_entry_says_what_a_user_must_know(name):
    """Facts that are checked against what other projects publish, not against this file."""
    from torchvision import datasets

    entry = CATALOGUE[name]
    known = {
        "cifar10": {"cifar-10-python.tar.gz": datasets.CIFAR10.tgz_md5},
        "cifar100": {"cifar-100-python.tar.gz": datasets.CIFAR100.tgz_md5},
        "svhn": {file: md5 for _, file, md5 in datasets.SVHN.split_list.values()},
        "dtd": {"dtd-r1.0.1.tar.gz": datasets.DTD._MD5},
        "mnist": dict(datasets.MNIST.resources),
        "celeba": {file: md5 for _, md5, file in datasets.CelebA.file_list},
    }.get(name, {})
    for file in entry.files:
        if known:
            assert f"md5:{known[file.name]}" in file.checksums
        if not file.checksums:
            assert "not verified" in file.checksum_source
        assert all("sha256:" in checksum or "md5:" in checksum for checksum in file.checksums)
    assert (entry.access == "open") == all(file.urls for file in entry.files)
    if entry.access != "open":
        assert all(file.name in entry.how_to_get or file.instead in entry.how_to_get for file in entry.files)


@pytest.mark.parametrize("name", CLOSED)
def test_terms_are_accepted_by_a_person_first(name, tmp_path):
    entry, made = CATALOGUE[name], make(name)
    _place(entry, made.bodies, tmp_path)
    licence = tmp_path / entry.acceptance[0]
    for text in (None, "", "I accept the terms of something else\n"):
        licence.unlink() if text is None else licence.write_text(text)
        with pytest.raises(WorkspaceError) as caught:
            fetch(entry, tmp_path)
        message = str(caught.value)
        assert "a person must accept its terms" in message and "\n" not in message
        assert entry.page in message and str(licence) in message and entry.acceptance[1] in message


@pytest.mark.parametrize("name", CLOSED)
def test_what_a_person_must_bring_is_one_sentence(name, tmp_path):
    entry = CATALOGUE[name]
    _place(entry, {}, tmp_path)
    with pytest.raises(WorkspaceError) as caught:
        fetch(entry, tmp_path)
    message, file = str(caught.value), entry.files[0]
    assert "placed by hand" in message and "\n" not in message
    assert str(tmp_path / file.name) in message and entry.page in message
    assert (file.checksums[0] if file.checksums else "no checksum is known") in message


def test_a_foreign_file_in_place_of_a_closed_sets_is_kept(tmp_path):
    _place(CATALOGUE["celeba"], {"img_align_celeba.zip": b"mine"}, tmp_path)
    with pytest.raises(WorkspaceError, match="put the right one there"):
        fetch(CATALOGUE["celeba"], tmp_path)
    assert (tmp_path / "img_align_celeba.zip").read_bytes() == b"mine"


def test_only_the_files_of_a_split_are_fetched(tmp_path):
    made = make("svhn")
    with running() as server:
        urls = {file: [server.serve(file, body)] for file, body in made.bodies.items()}
        entry = entry_of("svhn", made, urls)
        assert set(fetch(entry, tmp_path, ["test"])) == {"test_32x32.mat"}
        assert server.requests == [("/test_32x32.mat", None)]
    with pytest.raises(WorkspaceError, match=r"no split 'tst'; did you mean 'test'\?"):
        fetch(entry, tmp_path, ["tst"])


def test_wrong_names_are_answered_with_the_nearest():
    with pytest.raises(WorkspaceError, match=r"no data set 'cifar_10'; did you mean 'cifar10'\?"):
        find_entry("cifar_10")
    assert find_entry("cifar10").title == "CIFAR-10"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("md5:", "md4:", "checksums"),
        ("size: 170498071", "size: null", "no size"),
        ("access: open", "access: login", "how_to_get"),
        ("splits: [train, test]", "splits: [tran]", "unknown splits"),
        ("licence:", "license:", "licen"),
        ("cifar10:", "- cifar10:", "cannot be read as a catalogue"),
    ],
)
def test_a_wrong_catalogue_is_refused_in_one_line(old, new, said, tmp_path):
    from importlib.resources import files

    text = files("ebmrepro.data.catalogue").joinpath("catalogue.yaml").read_text()
    path = tmp_path / "catalogue.yaml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(WorkspaceError, match=said) as caught:
        load_catalogue(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)

"""The Inception weights as an artifact: right, missing, broken off or foreign."""

from typing import get_args

import pytest
from cleanfid.downloads_helper import inception_url
from cleanfid.inception_pytorch import FID_WEIGHTS_URL

from ebmrepro.evaluation.inception.weights import Weights, catalogue, verified, weights_of
from ebmrepro.files.workspace import WorkspaceError, file_sha256
from ebmrepro.params.inception import Mode


def test_the_files_are_those_that_clean_fid_itself_downloads():
    assert weights_of("clean") == weights_of("legacy_tensorflow")
    for mode, url in {"clean": inception_url, "legacy_pytorch": FID_WEIGHTS_URL}.items():
        assert weights_of(mode).urls[0] == url
        assert weights_of(mode).file == url.rsplit("/", 1)[1]
    # pytorch-fid follows torch.hub: the name ends in the first eight digits of the SHA-256.
    assert weights_of("legacy_pytorch").file.endswith(f"-{weights_of('legacy_pytorch').sha256[:8]}.pth")


def test_every_mode_has_one_file():
    served = [mode for entry in catalogue().values() for mode in entry.modes]
    assert sorted(served) == sorted(get_args(Mode))


@pytest.fixture
def entry(tmp_path) -> Weights:
    path = tmp_path / "net.pt"
    path.write_bytes(b"weights" * 100)
    return Weights(
        file="net.pt",
        urls=["https://one.example/net.pt", "https://two.example/net.pt"],
        sha256=file_sha256(path),
        size=700,
        modes=["clean"],
        licence="none",
        citation="none",
        checked="by this test",
    )


def test_the_right_file_is_accepted(entry, tmp_path):
    assert verified(entry, tmp_path) == tmp_path / "net.pt"
    assert verified(entry.model_copy(update={"size": None}), tmp_path) == tmp_path / "net.pt"


def refusal(entry, folder) -> str:
    with pytest.raises(WorkspaceError) as caught:
        verified(entry, folder)
    words = str(caught.value)
    # One sentence that says which file, where to get it, and how to know that it is the right one.
    assert "\n" not in words and entry.file in words and entry.sha256 in words
    assert all(url in words for url in entry.urls)
    return words


def test_a_missing_file_is_asked_for_with_its_place(entry, tmp_path):
    elsewhere = tmp_path / "empty"
    words = refusal(entry, elsewhere)
    assert "is missing" in words and words.endswith(f"put it into {elsewhere}") and "700 bytes" in words
    assert "size unknown" in refusal(entry.model_copy(update={"size": None}), elsewhere)
    (elsewhere / "net.pt").mkdir(parents=True)
    assert "is missing" in refusal(entry, elsewhere)


@pytest.mark.parametrize(
    ("bytes_", "said"),
    [
        (b"weights" * 50, "has 350 bytes and should have 700"),
        (b"", "has 0 bytes"),
        (b"weights" * 99 + b"weighty", "is another file"),
    ],
)
def test_a_wrong_file_is_refused_and_left_alone(entry, tmp_path, bytes_, said):
    path = tmp_path / "net.pt"
    path.write_bytes(bytes_)
    assert said in refusal(entry, tmp_path)
    assert path.read_bytes() == bytes_

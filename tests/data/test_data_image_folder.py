"""Any folder of images: cropped, resized, limited, split; what cannot be read is named."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ebmrepro.data import image_folder
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.datasets.image_folder import ImageFolderData


def _config(source: Path, **changes) -> ImageFolderData:
    settings = {"kind": "image_folder", "folder": "images", "seed": 0, "size": 8, "channels": 3,
                "limit": None, "test_fraction": 0.5, "corrupt": "stop", "inception": None,
                "classifier": {"epochs": 1, "batch_size": 64, "width": 2, "minimum_accuracy": 0}}  # fmt: skip
    return ImageFolderData(**settings | changes).located({"images": str(source)})


def _read(config: ImageFolderData) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Train images, train labels, test images, test labels."""
    read = []
    for part in image_folder.prepare(config).parts.values():
        pixels, labels = zip(*part, strict=True)
        read += [np.stack(pixels), np.array([label["label"] for label in labels])]
    return tuple(read)


def _save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two classes of ten images of odd sizes; class 'ant' is red, class 'bee' is blue."""
    rng = np.random.default_rng(0)
    for label, (name, channel) in enumerate((("bee", 2), ("ant", 0))):
        for number in range(10):
            height, width = rng.integers(9, 40, 2)
            pixels = np.zeros((height, width, 3))
            pixels[..., channel] = 100 + 10 * number
            suffix = (".jpg", ".png", ".JPEG", ".PNG", ".jpeg")[(number + label) % 5]
            _save(tmp_path / "pictures" / name / f"{number}{suffix}", pixels)
    (tmp_path / "pictures" / "ant" / "notes.txt").write_text("not an image")
    return tmp_path / "pictures"


def test_sizes_classes_and_split(folder):
    train, train_labels, test, test_labels = _read(_config(folder))
    assert train.shape == test.shape == (10, 3, 8, 8) and train.dtype == np.uint8
    assert np.bincount(train_labels).tolist() == np.bincount(test_labels).tolist() == [5, 5]
    # Classes in alphabetical order: ant (red) is 0, bee (blue) is 1. The brightness tells the images apart.
    images, labels = np.concatenate([train, test]), np.concatenate([train_labels, test_labels])
    for label, channel in ((0, 0), (1, 2)):
        ours = images[labels == label]
        levels = np.sort(ours[:, channel].mean((1, 2)))
        assert levels == pytest.approx(100 + 10 * np.arange(10), abs=2)
        others = [c for c in range(3) if c != channel]
        assert ours[:, others].max() <= 3  # JPEG's rounding


def test_the_centre_square_is_kept(tmp_path):
    """Margins are white, the centre square grey: no margin may be left, and no centre lost."""
    for number in range(4):
        wide = np.full((10, 30, 3), 255)
        wide[:, 10:20] = 60
        wide[:, 10] = wide[:, 19] = 0
        _save(tmp_path / "p" / "a" / f"{number}.png", wide)
        _save(tmp_path / "p" / "b" / f"{number}.png", wide.transpose(1, 0, 2))
    train, labels, _, _ = _read(_config(tmp_path / "p", size=10))
    wide = np.full((10, 10), 60)
    wide[:, [0, 9]] = 0
    for image, label in zip(train, labels, strict=True):
        assert np.array_equal(image, np.stack([wide.T if label else wide] * 3))


def test_an_image_of_the_right_size_is_untouched(tmp_path):
    pixels = np.random.default_rng(2).integers(0, 256, (4, 8, 8, 3))
    for number in range(4):
        _save(tmp_path / "p" / "a" / f"{number}.png", pixels[number])
    train, _, test, _ = _read(_config(tmp_path / "p"))
    found = {image.tobytes() for image in np.concatenate([train, test])}
    assert found == {image.transpose(2, 0, 1).astype(np.uint8).tobytes() for image in pixels}


def test_grey_follows_the_luma_weights(tmp_path):
    pixels = np.random.default_rng(3).integers(0, 256, (8, 8, 3))
    for number in range(2):
        _save(tmp_path / "p" / "a" / f"{number}.png", pixels)
    train, _, _, _ = _read(_config(tmp_path / "p", channels=1))
    assert train.shape == (1, 1, 8, 8)
    # ITU-R 601-2.
    assert np.abs(train[0, 0] - pixels @ [0.299, 0.587, 0.114]).max() <= 1


@pytest.mark.parametrize("limit", [8, 9])
def test_the_limit_is_even_over_the_classes(limit, folder):
    train, train_labels, test, test_labels = _read(_config(folder, limit=limit))
    assert len(train) + len(test) == limit
    counts = np.bincount(np.concatenate([train_labels, test_labels]))
    assert counts.max() - counts.min() <= 1
    # Drawn at random, not the first ones: another seed gives other images.
    other = _read(_config(folder, limit=limit, seed=1))

    def bag(parts):
        return sorted(image.tobytes() for part in parts for image in part)

    assert bag((train, test)) != bag(other[::2])


def test_missing_and_empty_folders_are_named(tmp_path):
    with pytest.raises(WorkspaceError, match="absent is not a folder"):
        _read(_config(tmp_path / "absent"))
    (tmp_path / "empty" / "class").mkdir(parents=True)
    with pytest.raises(WorkspaceError, match="empty has no sub-folder with JPEG or PNG"):
        _read(_config(tmp_path / "empty"))


def test_too_few_images_to_split(tmp_path):
    _save(tmp_path / "p" / "a" / "0.png", np.zeros((8, 8, 3)))
    with pytest.raises(WorkspaceError, match="cannot be split"):
        _read(_config(tmp_path / "p"))


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_damaged_image_is_named_or_read_never_a_traceback(suffix, folder):
    """Cut short anywhere or with bytes turned over: one sentence that names the file, or some image."""
    rng = np.random.default_rng(0)
    path = folder / "bee" / f"zz{suffix}"
    _save(path, rng.integers(0, 256, (12, 12, 3)))
    intact = path.read_bytes()
    refused = 0
    for trial in range(60):
        damaged = bytearray(intact)
        if trial % 2:
            damaged = damaged[: rng.integers(len(damaged))]
        else:
            for position in rng.integers(0, len(damaged), 3):
                damaged[position] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            _read(_config(folder))
        except WorkspaceError as failure:
            refused += 1
            assert re.match(
                rf"image_folder: 1 of 1[01] \w+ images in {folder} cannot be decoded \(bee/zz{suffix}; ",
                str(failure),
            )
            assert "\n" not in str(failure)
    assert refused >= 25


def test_corrupt_images_are_counted_or_left_out(folder):
    whole = _read(_config(folder))
    lost = [sorted((folder / name).glob("3.*"))[0] for name in ("ant", "bee")]
    for path in lost:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    train, test = image_folder.prepare(_config(folder, corrupt="skip")).parts.values()
    read = [list(part) for part in (train, test)]
    assert sorted(train.corrupt + test.corrupt) == [str(path.relative_to(folder)) for path in lost]
    assert [len(images) for images in read] == [10 - len(part.corrupt) for part in (train, test)]
    # The others stay in their part and place.
    for images, part, before, labels in zip(read, (train, test), whole[::2], whole[1::2], strict=True):
        kept = [
            number
            for number, path in enumerate(part.paths)
            if str(path.relative_to(folder)) not in part.corrupt
        ]
        assert np.array_equal(np.stack([pixels for pixels, _ in images]), before[kept])
        assert [label["label"] for _, label in images] == labels[kept].tolist()
    part = max((train, test), key=lambda part: len(part.corrupt))
    with pytest.raises(
        WorkspaceError, match=rf"{len(part.corrupt)} of 10 {part.name} images .* corrupt: skip"
    ):
        list(image_folder.prepare(_config(folder)).parts[part.name])


def test_a_folder_of_damaged_images_is_refused_even_if_they_may_be_skipped(folder):
    for path in folder.rglob("*.*"):
        path.write_bytes(b"nothing")
    with pytest.raises(WorkspaceError, match=r"10 of 10 train images in .* cannot be decoded"):
        list(image_folder.prepare(_config(folder, corrupt="skip")).parts["train"])


def test_an_image_too_large_to_decode_is_named(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 30)
    with pytest.raises(WorkspaceError, match=r"10 of 10 train images .*\(\w+/\d\.\w+, "):
        _read(_config(folder))

"""How images are read: cropped and scaled as said, in the stated order; corrupt ones named and counted."""

import gzip
import io
import pickle
import struct
import zipfile

import lmdb
import numpy as np
import pytest
from catalogue_archives import JPEG, Made, celeba_labels, make, pixels, scaled
from catalogue_entries import entry_of, opened
from catalogue_formats import database, encoded, ramps, tar, zipped
from PIL import Image

from ebmrepro.data.catalogue.fetch import fetch
from ebmrepro.data.catalogue.published import HOPELESS
from ebmrepro.files.workspace import WorkspaceError


def _opened(name: str, made: Made, folder, split: str = "train", size: int | None = None, **options):
    """The images of a split of `made`, whose files are written into `folder`."""
    entry = entry_of(name, made)
    folder.mkdir(exist_ok=True)
    for file, body in made.bodies.items():
        (folder / file).write_bytes(body)
    paths = {file: folder / file for file in made.bodies}
    return opened(entry, paths, split, size or entry.sizes[0], **options)


def _inside_apart(image: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference apart from the edge, where filters see less."""
    return np.abs(image.astype(float) - expected)[:, 1:-1, 1:-1].max()


@pytest.mark.parametrize(
    ("name", "preparation", "box"),
    [
        ("celeba", "centre_140", (19, 39, 140, 140)),
        ("celeba", "reference", (0, 0, 178, 218)),
        ("lsun_bedroom", "reference", (0, 0, 192, 128)),
        ("lsun_bedroom", "square", (32, 0, 128, 128)),
        ("celeba_hq", "reference", (0, 0, 256, 256)),
        ("celeba_hq", "box", (0, 0, 256, 256)),
    ],
)
@pytest.mark.parametrize("size", [32, 64, 128])
def test_images_are_cropped_and_scaled_as_the_catalogue_says(name, preparation, box, size, tmp_path):
    made = make(name)
    images = list(_opened(name, made, tmp_path, size=size, preparation=preparation))
    for (image, _), third in zip(images, made.expected["train"][0][:, 2, 0, 0], strict=True):
        expected = scaled(*box, size, third)
        # The edge of a Lanczos filter of three lobes reaches further in.
        margin = 3 if preparation == "square" else 0
        inside = slice(margin, size - margin)
        assert image.shape == (3, size, size) and image.dtype == np.uint8
        assert _inside_apart(image[:, inside, inside], expected[:, inside, inside]) <= JPEG


def test_a_box_is_the_mean_of_its_pixels(tmp_path):
    """Karras et al.: a level is the mean of 2 x 2 pixels of the next, so of 4 x 4 two levels up."""
    made = make("celeba_hq")
    noise = np.random.default_rng(5).integers(0, 256, (256, 256, 3))
    with zipfile.ZipFile(io.BytesIO(made.bodies["CelebAMask-HQ.zip"])) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["CelebAMask-HQ/CelebA-HQ-img/1.jpg"] = encoded(noise, "PNG")
    made.bodies["CelebAMask-HQ.zip"] = zipped(members)
    image, _ = next(iter(_opened("celeba_hq", made, tmp_path, preparation="box")))
    means = noise.reshape(64, 4, 64, 4, 3).mean((1, 3)).transpose(2, 0, 1)
    assert np.abs(image - means).max() <= 1


def test_grey_and_transparent_images_become_colour(tmp_path):
    """DTD and LSUN have a few: the reference reads them as RGB."""
    grey = np.random.default_rng(6).integers(0, 256, (192, 192), dtype=np.uint8)
    values = {}
    for key, image in (
        (b"a", Image.fromarray(grey)),
        (b"b", Image.fromarray(np.stack([grey] * 4, 2), "RGBA")),
    ):
        file = io.BytesIO()
        image.resize((64, 64), Image.Resampling.NEAREST).save(file, "PNG")
        values[key] = file.getvalue()
    made = Made({**make("lsun_bedroom").bodies, "bedroom_train_lmdb.zip": zipped(database(values))},
                {"train": (np.zeros(2), {}), "validation": (np.zeros(2), {})})  # fmt: skip
    for image, _ in _opened("lsun_bedroom", made, tmp_path, preparation="square"):
        assert np.array_equal(image, np.stack([grey[1::3, 1::3]] * 3))


def _with_corrupt(count: int, corrupt: dict[int, bytes]) -> Made:
    """LSUN with images 0.., some replaced by something else."""
    good = {f"{index:04}".encode(): encoded(ramps(64, 64, index % 256), "PNG") for index in range(count)}
    values = good | {f"{index:04}".encode(): body for index, body in corrupt.items()}
    bodies = {**make("lsun_bedroom").bodies, "bedroom_train_lmdb.zip": zipped(database(values))}
    return Made(bodies, {"train": (np.zeros(count), {}), "validation": (np.zeros(2), {})})


HALF = encoded(np.random.default_rng(7).integers(0, 256, (64, 64, 3)), "JPEG")[:2000]
CHANGED = encoded(ramps(64, 64, 0), "PNG")[:-40] + bytes(40)


def test_corrupt_images_are_named_and_counted_and_stop_the_run(tmp_path):
    images = _opened("lsun_bedroom", _with_corrupt(20, {3: HALF, 11: b"junk", 12: CHANGED}), tmp_path)
    with pytest.raises(WorkspaceError) as caught:
        list(images)
    message = str(caught.value)
    assert "3 of 20 images of the split train cannot be decoded (0003, 0011, 0012; 0003: " in message
    assert "\n" not in message and "skipped" in message


def test_corrupt_images_are_skipped_if_told_to(tmp_path):
    made = _with_corrupt(20, {3: HALF, 11: b"junk", 12: CHANGED})
    images = _opened("lsun_bedroom", made, tmp_path, corrupt="skip")
    for _ in range(2):
        found = [pixels for pixels, _ in images]
    assert images.corrupt == ["0003", "0011", "0012"] and len(images) == 20
    kept = _with_corrupt(20, {})
    whole = [pixels for pixels, _ in _opened("lsun_bedroom", kept, tmp_path / "whole")]
    assert np.array_equal(found, [whole[n] for n in range(20) if n not in (3, 11, 12)])


def test_a_hopeless_set_stops_early(tmp_path):
    images = _opened("lsun_bedroom", _with_corrupt(60, dict.fromkeys(range(5, 60), b"junk")), tmp_path)
    came = []
    with pytest.raises(WorkspaceError, match=f"{HOPELESS} of 15 images"):
        came.extend(iter(images))
    assert images.corrupt == [f"{n:04}" for n in range(5, 15)]


def test_an_image_too_small_for_its_crop_is_corrupt(tmp_path):
    made = make("celeba")
    with zipfile.ZipFile(io.BytesIO(made.bodies["img_align_celeba.zip"])) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["img_align_celeba/000002.jpg"] = encoded(ramps(139, 200, 0), "JPEG")
    made.bodies["img_align_celeba.zip"] = zipped(members)
    with pytest.raises(WorkspaceError, match=r"000002\.jpg: it has 139 x 200 pixels, too few for 140 x 140"):
        list(_opened("celeba", made, tmp_path))


def test_too_few_or_too_many_images_are_told(tmp_path):
    for name in ("cifar10", "imagenet32", "imagenet32_2016", "lsun_bedroom", "celeba"):
        made = make(name)
        came = made.counts["train"]
        wrong = Made(made.bodies, made.expected | {"train": (np.zeros(came + 1), {})})
        with pytest.raises(
            WorkspaceError, match=f"its split train has {came} images, the catalogue says {came + 1}"
        ):
            list(_opened(name, wrong, tmp_path))


def test_batches_of_imagenet_as_pickles_are_the_same_images(tmp_path):
    """Imagenet32_train.zip: what is accepted in the place of the npz."""
    made = make("imagenet32")
    images, labels = made.expected["train"]
    members = {}
    for number in range(10):
        part = slice(2 * number, 2 * number + 2)
        batch = {"data": images[part].reshape(-1, 3072), "labels": [n + 1 for n in labels["label"][part]],
                 "mean": images[part].mean(0).ravel()}  # fmt: skip
        members[f"Imagenet32_train/train_data_batch_{number + 1}"] = pickle.dumps(batch, 3)
    entry = entry_of("imagenet32", made)
    (tmp_path / "Imagenet32_train.zip").write_bytes(zipped(members))
    (tmp_path / entry.acceptance[0]).write_text(entry.acceptance[1])
    found = fetch(entry, tmp_path, ["train"])["Imagenet32_train_npz.zip"]
    assert (found.path.name, found.checksum) == ("Imagenet32_train.zip", None)
    samples = list(opened(entry, {"Imagenet32_train_npz.zip": found.path}, "train", 32))
    assert np.array_equal([pixels for pixels, _ in samples], images)
    assert [numbers["label"] for _, numbers in samples] == labels["label"]


@pytest.mark.parametrize(
    ("header", "count"),
    [((0, 0, 8, 3, 5, 28, 28), 4), ((0, 0, 9, 3, 5, 28, 28), 5), ((0, 0, 8, 2, 5, 784), 5)],
)
def test_an_idx_file_that_is_whole_as_gzip_but_not_as_idx_is_refused(header, count, tmp_path):
    """Too few bytes for its header, signed bytes, two dimensions."""
    made = make("mnist")
    body = struct.pack(f">4B{len(header) - 4}I", *header) + bytes(784 * count)
    made.bodies["train-images-idx3-ubyte.gz"] = gzip.compress(body)
    with pytest.raises(
        WorkspaceError, match=r"train-images-idx3-ubyte\.gz is no whole IDX file of 3 dimensions"
    ):
        list(_opened("mnist", made, tmp_path))


def test_many_rows_of_an_npz_come_in_pieces(tmp_path):
    """More rows than are read at a time, in a batch that is compressed or not."""
    rng = np.random.default_rng(8)
    images, labels = pixels(rng, 2100), rng.integers(1, 1001, 2100)
    for save in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save(file, data=images.reshape(-1, 3072), labels=labels)
        made = make("imagenet32")
        made.bodies["Imagenet32_train_npz.zip"] = zipped({"train_data_batch_1.npz": file.getvalue()})
        made = Made(made.bodies, made.expected | {"train": (images, {})})
        samples = list(_opened("imagenet32", made, tmp_path))
        assert np.array_equal([pixels for pixels, _ in samples], images)
        assert np.array_equal([numbers["label"] for _, numbers in samples], labels - 1)


def test_an_npz_of_objects_is_refused(tmp_path):
    file = io.BytesIO()
    np.savez(file, data=np.array([[{}] * 3072], dtype=object), labels=np.array([1]))
    made = make("imagenet32")
    made.bodies["Imagenet32_train_npz.zip"] = zipped({"train_data_batch_1.npz": file.getvalue()})
    with pytest.raises(WorkspaceError, match=r"train_data_batch_1\.npz does not hold rows"):
        list(_opened("imagenet32", made, tmp_path))
    file = io.BytesIO()
    np.savez(file, data=np.zeros((1, 3072), np.uint8), labels=np.array([print], dtype=object))
    made.bodies["Imagenet32_train_npz.zip"] = zipped({"train_data_batch_1.npz": file.getvalue()})
    with pytest.raises(WorkspaceError, match="Object arrays cannot be loaded"):
        list(_opened("imagenet32", made, tmp_path))


def test_folders_and_csv_serve_in_the_place_of_archives(tmp_path):
    """What people unpacked, and CelebA's tables as the CSV files in which others hand them on."""
    made = make("celeba")
    entry = entry_of("celeba", made)
    (tmp_path / entry.acceptance[0]).write_text(entry.acceptance[1])
    with zipfile.ZipFile(io.BytesIO(made.bodies["img_align_celeba.zip"])) as archive:
        archive.extractall(tmp_path)
    table = [line.split() for line in made.bodies["list_attr_celeba.txt"].decode().splitlines()[2:]]
    names = "image_id,5_o_Clock_Shadow,Male,Smiling,Young"
    (tmp_path / "list_attr_celeba.csv").write_text(
        "\n".join([names, *map(",".join, table)]).replace("-1", "0")
    )
    parts = made.bodies["list_eval_partition.txt"].decode().replace(" ", ",")
    (tmp_path / "list_eval_partition.csv").write_text("image_id,partition\n" + parts)
    fetched = fetch(entry, tmp_path)
    assert {found.checksum for found in fetched.values()} == {None}
    paths = {name: found.path for name, found in fetched.items()}
    samples = list(opened(entry, paths, "train", 32))
    images, labels = made.expected["train"]
    for (found, _), image in zip(samples, images, strict=True):
        assert _inside_apart(found, image) <= JPEG
    assert {key: [numbers[key] for _, numbers in samples] for key in labels} == labels
    rows = np.array([[int(value) for value in row[1:]] for row in table])
    assert labels == celeba_labels(rows[:3])


def test_a_folder_exported_from_an_lmdb_serves_as_well(tmp_path):
    """fyu/lsun's export: one file per key, in sub-folders by the first letters of the key."""
    made = make("lsun_bedroom")
    entry = entry_of("lsun_bedroom", made)
    with zipfile.ZipFile(io.BytesIO(made.bodies["bedroom_train_lmdb.zip"])) as archive:
        archive.extractall(tmp_path)
    with (
        lmdb.open(str(tmp_path / "bedroom_train_lmdb"), readonly=True) as environment,
        environment.begin() as reading,
    ):
        for key, value in reading.cursor():
            name = key.decode()
            folder = tmp_path / "bedroom_train" / name[0] / name[1]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.webp").write_bytes(value)
    fetched = fetch(entry, tmp_path, ["train"])["bedroom_train_lmdb.zip"]
    assert fetched.path == tmp_path / "bedroom_train" and fetched.checksum is None
    samples = list(opened(entry, {"bedroom_train_lmdb.zip": fetched.path}, "train", 64))
    for (found, _), image in zip(samples, made.expected["train"][0], strict=True):
        assert _inside_apart(found, image) <= made.tolerance


def test_an_lmdb_is_extracted_once(tmp_path):
    made = make("lsun_bedroom")
    first = [pixels for pixels, _ in _opened("lsun_bedroom", made, tmp_path)]
    stamp = next((tmp_path / "bedroom_train_lmdb").rglob("data.mdb")).stat().st_mtime_ns
    again = [pixels for pixels, _ in _opened("lsun_bedroom", made, tmp_path)]
    assert np.array_equal(first, again)
    assert next((tmp_path / "bedroom_train_lmdb").rglob("data.mdb")).stat().st_mtime_ns == stamp


def test_a_list_that_names_a_missing_image_is_told(tmp_path):
    made = make("dtd")
    made.bodies["dtd-r1.0.1.tar.gz"] = tar(
        {f"dtd/labels/{part}1.txt": b"banded/banded_0001.jpg\n" for part in ("train", "val", "test")}
    )
    made = Made(made.bodies, {split: (np.zeros(1 if split != "all" else 3), {}) for split in made.expected})
    with pytest.raises(WorkspaceError, match=r"lacks dtd/images/banded/banded_0001\.jpg"):
        list(_opened("dtd", made, tmp_path))

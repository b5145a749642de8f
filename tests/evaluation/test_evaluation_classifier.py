"""The classifier of digits: accurate enough, and the same every time."""

import resource
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import torch
from prepared_parts import labelled
from scipy import stats
from torch import nn

from ebmrepro.checks.load import load_params
from ebmrepro.evaluation.classifiers.by_attribute import Classifiers, classifiers_from_tensors
from ebmrepro.evaluation.classifiers.network import (
    Classifier,
    as_unit,
    distorted,
    halvings,
    quarter_means,
    train_classifier,
)
from ebmrepro.files.mapped import save_rows
from ebmrepro.files.workspace import map_tensors
from ebmrepro.params.datasets import ReferenceClassifier
from ebmrepro.params.datasets.mnist import DistortedClassifier, Distortion


def test_the_demos_classifier_reads_digits():
    """The settings that ship, on test digits that it never saw; no other metric of the digits may be trusted
    if this fails."""
    root = Path(__file__).parents[2]
    files = [root / "params.yaml", *(root / "workflow" / "presets").glob("*.yaml")]
    demo = next(params for params in map(load_params, files) if params.preset == "demo")
    config = demo.datasets["digits"]
    train, train_labels, test, test_labels = labelled(config)
    train_labels, test_labels = train_labels["label"], test_labels["label"]
    model = train_classifier(train, train_labels, 10, config.classifier, config.seed, torch.device("cpu"))
    accuracy = (model.predict(test) == test_labels).mean()
    assert accuracy >= 0.97
    # Labels that mean nothing are not learnt: the accuracy is no artefact of the comparison.
    shuffled = np.random.default_rng(0).permutation(test_labels)
    assert (model.predict(test) == shuffled).mean() < 0.2


@pytest.fixture(scope="module")
def small():
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    images = rng.integers(0, 60, (90, 1, 8, 8))
    images[np.arange(90), 0, 2 * labels, :] += 190
    return images.astype(np.uint8), labels.astype(np.int64)


def test_training_is_reproducible_and_seeded(small):
    def weights(seed):
        config = ReferenceClassifier(epochs=2, batch_size=64, width=4, minimum_accuracy=0)
        model = train_classifier(*small, 3, config, seed, torch.device("cpu"))
        return torch.cat([p.detach().flatten() for p in model.parameters()])

    assert torch.equal(weights(0), weights(0)) and not torch.equal(weights(0), weights(1))


def test_features_are_what_the_logits_are_linear_in():
    torch.manual_seed(0)
    model = Classifier(3, 5, 4).eval()
    images = np.random.default_rng(1).integers(0, 256, (700, 3, 9, 12)).astype(np.uint8)
    features = model.features(images)
    assert features.shape == (700, 10) and features.dtype == np.float64
    weight, bias = (p.detach().double().numpy() for p in (model.output.weight, model.output.bias))
    assert np.array_equal((features @ weight.T + bias).argmax(1), model.predict(images))
    logits = model(as_unit(images)).detach().double().numpy()
    assert features @ weight.T + bias == pytest.approx(logits, abs=1e-5)


def test_levels_map_to_the_middle_of_what_training_sees():
    assert as_unit(np.array([0, 128, 255], dtype=np.uint8)).tolist() == [0.5 / 256, 128.5 / 256, 255.5 / 256]


def test_images_of_up_to_32_pixels_keep_their_network():
    """Nothing stands before it and no random number is drawn for what is not there."""
    torch.manual_seed(3)
    found = Classifier(3, 5, 4, halvings(32)).state_dict()
    torch.manual_seed(3)
    layers = [
        nn.Conv2d(3, 5, 3),
        nn.Conv2d(5, 5, 3),
        nn.Conv2d(5, 10, 3),
        nn.Linear(40, 10),
        nn.Linear(10, 4),
    ]
    drawn = [array for layer in layers for array in layer.state_dict().values()]
    assert len(found) == len(drawn)
    assert all(torch.equal(*pair) for pair in zip(found.values(), drawn, strict=True))


@pytest.mark.parametrize(("side", "count"), [(8, 0), (32, 0), (33, 1), (64, 2), (96, 3), (128, 3), (1024, 6)])
def test_larger_images_are_halved_to_16_pixels_or_less(side, count):
    assert halvings(side) == count
    model = Classifier(3, 2, 4, count)
    assert model.halve(torch.zeros(1, 3, side, side)).shape[2] == side >> count


def _pairs(count: int, side: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two bright squares on noise, an eighth of the side apart (0) or three eighths (1), anywhere, turned
    anyhow: no part of such an image that is smaller tells which."""
    rng = np.random.default_rng(seed)
    images, labels = rng.integers(60, 100, (count, 3, side, side)), np.arange(count) % 2
    half = side // 16
    for image, label in zip(images, labels, strict=True):
        angle = rng.uniform(0, 2 * np.pi)
        apart = np.array([np.cos(angle), np.sin(angle)]) * (1 + 2 * label) * side / 8
        middle = rng.uniform(side / 4 + half, 3 * side / 4 - half, 2)
        for centre in (middle - apart / 2, middle + apart / 2):
            top, left = np.round(centre).astype(int) - half
            image[:, top : top + 2 * half, left : left + 2 * half] = rng.integers(180, 220)
    return images.astype(np.uint8), labels


NO_DISTORTION = {"degrees": 0.0, "shear": 0.0, "shift": 1e-9, "scale": 1e-9}


@pytest.mark.parametrize(
    ("part", "limit"), [("degrees", 30.0), ("shear", 20.0), ("shift", 0.15), ("scale", 0.3)]
)
def test_each_image_is_distorted_by_itself_and_uniformly(part, limit):
    """A long Gaussian spot tells by its moments how it was turned, sheared, moved and scaled."""
    side, wide, high = 61, 7.0, 2.5
    axis = np.arange(side) - side // 2
    spot = np.exp(-(axis[None, :] ** 2) / (2 * wide**2) - axis[:, None] ** 2 / (2 * high**2))
    images = torch.tensor(spot, dtype=torch.float32).expand(600, 1, side, side)
    torch.manual_seed(0)
    made = distorted(Distortion(**NO_DISTORTION | {part: limit}))(images)[:, 0].double().numpy()
    mass = made.sum((1, 2))
    x, y = (made.sum(1) @ axis / mass, made.sum(2) @ axis / mass)
    xx, yy = (made.sum(1) @ axis**2 / mass - x**2, made.sum(2) @ axis**2 / mass - y**2)
    xy = np.einsum("nij,i,j->n", made, axis, axis) / mass - x * y
    found = {
        "degrees": np.degrees(np.arctan2(2 * xy, xx - yy) / 2),
        "shear": np.degrees(np.arctan(xy / yy)),
        "shift": x / side,
        "scale": (xx * yy / (wide * high) ** 2) ** 0.25 - 1,
    }
    assert stats.kstest(found[part] / limit, "uniform", (-1, 2)).pvalue > 1e-3
    if part == "shift":
        assert stats.kstest(y / side / limit, "uniform", (-1, 2)).pvalue > 1e-3
        assert abs(np.corrcoef(x, y)[0, 1]) < 0.2
    else:
        assert max(abs(x).max(), abs(y).max()) < 0.05


def test_what_a_distortion_moves_in_is_the_edge():
    config = Distortion(degrees=0.0, shear=0.0, shift=0.4, scale=1e-9)
    torch.manual_seed(0)
    made = distorted(config)(torch.full((50, 1, 12, 12), 0.7))
    torch.testing.assert_close(made, torch.full_like(made, 0.7))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_settings_may_say_how_often_images_are_halved(count):
    config = DistortedClassifier(
        epochs=1, batch_size=8, width=2, minimum_accuracy=0, halvings=count, distortion=NO_DISTORTION
    )
    images = np.random.default_rng(0).integers(0, 256, (16, 1, 28, 28), dtype=np.uint8)
    model = train_classifier(images, np.arange(16) % 2, 2, config, 0, torch.device("cpu"))
    assert model.halve(torch.zeros(1, 1, 28, 28)).shape[2] == 28 >> count
    again = classifiers_from_tensors(Classifiers({"label": model}).tensors())
    assert np.array_equal(again.predict(images)["label"], model.predict(images))


def test_the_classifier_of_mnist_is_held_to_its_accuracy():
    """By `prepare`, which refuses less (tests/stages): training it takes longer than a test should."""
    root = Path(__file__).parents[2]
    files = [root / "params.yaml", *(root / "workflow" / "presets").glob("*.yaml")]
    sets = [one for params in map(load_params, files) for one in params.datasets.values()]
    least = [one.classifier.minimum_accuracy for one in sets if one.kind == "mnist"]
    assert least and min(least) >= 0.98


def test_of_large_images_it_sees_more_than_texture():
    config = ReferenceClassifier(epochs=8, batch_size=32, width=12, minimum_accuracy=0)
    model = train_classifier(*_pairs(500, 64, 0), 2, config, 0, torch.device("cpu"))
    images, labels = _pairs(200, 64, 1)
    assert (model.predict(images) == labels).mean() > 0.95


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 16, 16), (3, 128, 128)])
def test_what_is_stored_is_the_same_classifier(shape):
    torch.manual_seed(1)
    models = {
        name: Classifier(shape[0], 3, classes, halvings(shape[1])).eval()
        for name, classes in (("young", 2), ("male", 5))
    }
    images = np.random.default_rng(2).integers(0, 256, (40, *shape)).astype(np.uint8)
    judge = Classifiers(models)
    again = classifiers_from_tensors(judge.tensors() | {"inception/clean/train/mean": np.zeros(3)})
    assert np.array_equal(again.features(images), judge.features(images))
    for name, predicted in judge.predict(images).items():
        assert np.array_equal(again.predict(images)[name], predicted)
    assert again.joint_class(images)[1] == 10


def _train_from(path: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Weights and predictions of a classifier trained from a file, and by how many bytes memory grew."""
    torch.set_num_threads(1)
    torch.nn.functional.conv2d(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 3, 3))
    arrays = map_tensors(path)[0]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    config = ReferenceClassifier(epochs=1, batch_size=16, width=1, minimum_accuracy=0)
    model = train_classifier(arrays["x"], arrays["label"], 2, config, 0, torch.device("cpu"))
    weights = torch.cat([p.detach().flatten() for p in model.parameters()]).numpy()
    predicted = model.predict(arrays["x"])
    return weights, predicted, 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)


def test_images_are_read_from_their_file_a_batch_at_a_time(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (1200, 3, 128, 128), dtype=np.uint8)
    labels = rng.integers(0, 2, 1200)
    save_rows(tmp_path / "train.safetensors", "x", images, lambda: {"label": labels})
    with get_context("spawn").Pool(1) as pool:
        weights, predicted, grown = pool.apply(_train_from, [tmp_path / "train.safetensors"])
    # The pages of the map count as memory; as floats the images would take four times that beside them.
    assert grown < 2 * images.nbytes
    config = ReferenceClassifier(epochs=1, batch_size=16, width=1, minimum_accuracy=0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    model = train_classifier(images, labels, 2, config, 0, torch.device("cpu"))
    torch.set_num_threads(threads)
    assert np.array_equal(torch.cat([p.detach().flatten() for p in model.parameters()]).numpy(), weights)
    assert np.array_equal(model.predict(images), predicted)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (4, 7), (3, 3), (1, 2)])
def test_the_deterministic_quarter_means_are_torchs(height, width):
    maps = torch.randn(2, 3, height, width, dtype=torch.float64, requires_grad=True)
    expected = nn.AdaptiveAvgPool2d(2)(maps)
    found = quarter_means(maps)
    assert found.shape == expected.shape and torch.allclose(found, expected, rtol=1e-12)
    weight = torch.randn(expected.shape, dtype=torch.float64)
    gradients = [torch.autograd.grad((means * weight).sum(), maps)[0] for means in (found, expected)]
    assert torch.allclose(*gradients, rtol=1e-12)

"""Samples measured by Inception beside a data set's references, and the likelihood of images."""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from inception_stand_in import draw, inception_of, make_weights, references_of
from PIL import Image
from scipy import stats
from scipy.spatial.distance import cdist, pdist
from torch import nn

from ebmrepro.evaluation.inception.prepare import references_from
from ebmrepro.evaluation.likelihood.cube import cube_likelihood
from ebmrepro.evaluation.measures import inception
from ebmrepro.evaluation.measures.inception import (
    feature_numbers,
    inception_numbers,
    pairwise_distance_ratios,
)
from ebmrepro.evaluation.samples import diversity
from ebmrepro.evaluation.samples.diversity import nearest
from ebmrepro.evaluation.subject import Subject
from ebmrepro.files import workspace
from ebmrepro.files.workspace import map_tensors
from ebmrepro.params.evaluations.inception import InceptionEvaluation, Likelihood
from ebmrepro.params.inception import InceptionFeatures

CPU = torch.device("cpu")
MODES = ("clean", "legacy_tensorflow")
KEPT = 14
METRICS = ("kid", "kid_sd", "precision", "recall", "density", "coverage")
EVALUATION = {
    "kind": "inception", "counts": [], "splits": 2, "subsets": 4, "subset_size": 9, "neighbours": 2,
    "density_neighbours": 3, "seed": 5, "shown_neighbours": 3, "likelihood": None,
}  # fmt: skip
PATH = {"chains": 8, "temperatures": 5, "steps": 2, "step_size": 0.001, "points": 6}


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    """A folder with the stand-in, and its catalogue entry."""
    folder = tmp_path_factory.mktemp("weights")
    return folder, make_weights(folder)[0]


def asked_for(stand_in, **changes) -> InceptionFeatures:
    folder, entry = stand_in
    settings = {
        "weights": str(folder), "sha256": dict.fromkeys(MODES, entry.sha256), "modes": list(MODES),
        "references": {"train": {"split": "train", "count": None}, "test": {"split": "test", "count": 16}},
        "kept": KEPT, "batch_size": 7,
    }  # fmt: skip
    return InceptionFeatures(**(settings | changes))


def evaluation(**changes) -> InceptionEvaluation:
    return InceptionEvaluation(**(EVALUATION | changes))


def subject(own, references, samples, threads=1) -> Subject:
    """Samples by seed beside `references`, tensors and metadata."""
    dataset = SimpleNamespace(inception=own)
    return Subject("tiny", None, samples, {}, {}, *references, dataset, CPU, threads)


def two_kinds(count: int, seed: int, bright: np.ndarray) -> np.ndarray:
    """Images (count, 3, 8, 8), dark ones and, where `bright`, bright ones."""
    return np.where(bright[:, None, None, None], 160, 0).astype(np.uint8) + draw(count, seed, 8) // 3


def test_a_seeds_numbers_are_those_of_its_samples_in_random_order(stand_in):
    """Every mode, reference and seed; the number is `measure`'s, which has its own truths."""
    config, own = evaluation(), asked_for(stand_in)
    images = {"train": draw(18, 1, 8), "test": draw(17, 2, 8, spread=80)}
    references = references_of(own, images, 3)
    samples = {seed: draw(20, 10 + seed, 8) for seed in (0, 4)}
    counted = []
    found = inception_numbers(config, subject(own, references, samples, 2), counted.append)
    names = {f"{r}_{mode}_{name}_{KEPT}" for r in METRICS for mode in MODES for name in ("train", "test")}
    assert set(found) == {0, 4} and all(set(numbers) == names for numbers in found.values())
    # No more images pass the network than a number is asked for of.
    assert sum(counted) == 2 * 2 * KEPT == 2 * 2 * inception.measured_count(config, own, 20)
    folder, entry = stand_in
    for mode in MODES:
        network, real = inception_of(folder, mode, entry, 7), references_from(*references, mode)
        assert real["test"].origin.count == 16
        for seed, made in samples.items():
            features = network.features(made[inception.random_order(20, seed)])
            expected = feature_numbers(features, real, config, CPU)
            assert {name: found[seed][name] for name in expected} == expected
    # The order is the seed's own, and every sample is in it once.
    orders = [inception.random_order(20, seed) for seed in (0, 4)]
    assert all(sorted(order) == list(range(20)) for order in orders) and list(orders[0]) != list(orders[1])
    one = own.model_copy(update={"modes": [MODES[1]]})
    other = inception_numbers(evaluation(seed=6), subject(one, references, {0: samples[0]}))[0]
    changed = {name for name in other if other[name] != found[0][name]}
    assert changed == {name for name in other if name.startswith("kid")}


def test_samples_that_stand_by_condition_are_mixed(stand_in):
    """Dark samples first, bright ones last, half of them measured: the numbers are those of both."""
    own = asked_for(stand_in, modes=["legacy_tensorflow"], kept=60,
                references={"train": {"split": "train", "count": None}})  # fmt: skip
    images = {"train": two_kinds(60, 1, np.arange(60) % 2 == 0), "test": draw(3, 2, 8)}
    references = references_of(own, images, 3)
    bright = np.arange(120) >= 60
    samples = {0: two_kinds(120, 3, bright), 1: two_kinds(120, 3, np.zeros(120, bool))}
    config = evaluation(subsets=1, subset_size=60)
    found = inception_numbers(config, subject(own, references, samples))
    mixed, dark = (found[seed]["kid_legacy_tensorflow_train_60"] for seed in (0, 1))
    assert abs(mixed) < 0.2 * dark
    mixed, dark = (found[seed]["coverage_legacy_tensorflow_train_60"] for seed in (0, 1))
    assert dark <= 0.5 < 0.7 < mixed


@pytest.mark.parametrize("block", [1, 3 * 64 * 7, 2**24])
def test_the_nearest_training_image_in_blocks_of_a_file(tmp_path, monkeypatch, block):
    points, images = draw(5, 0, 8), draw(60, 1, 8)
    # Two equally near ones: the first counts.
    images[11] = images[50] = points[2]
    workspace.save_tensors(tmp_path / "train.safetensors", {"x": images})
    monkeypatch.setattr(diversity, "BLOCK", block)
    distances, index = nearest(points, map_tensors(tmp_path / "train.safetensors")[0]["x"])
    exact = cdist(points.reshape(5, -1) / 255, images.reshape(60, -1) / 255)
    assert index.tolist() == exact.argmin(1).tolist() and index[2] == 11
    assert distances == pytest.approx(exact.min(1), abs=1e-12)


def test_distances_between_samples_beside_those_of_test_images(monkeypatch):
    samples = {0: draw(30, 0, 8, spread=20), 1: np.repeat(draw(1, 3, 8), 30, 0)}
    test = draw(25, 2, 8)

    def spread(images):
        return pdist(images.reshape(len(images), -1) / 255).mean()

    found = pairwise_distance_ratios(samples, test, 0)
    assert found[0] == pytest.approx(spread(samples[0]) / spread(test)) and found[1] == 0
    # Of some of them: those of the order in which they are measured, whatever stands first.
    monkeypatch.setattr(inception, "PAIRED", 12)
    sorted_set = two_kinds(30, 5, np.arange(30) >= 15)
    some = pairwise_distance_ratios({2: sorted_set}, sorted_set[:20], 0)[2]
    chosen = sorted_set[inception.random_order(30, 2)[:12]]
    again = pairwise_distance_ratios({2: sorted_set}, sorted_set[:20], 1)[2]
    assert some != again
    ratios = [spread(chosen) / spread(sorted_set[:20][index]) for index in _subsets(20, 12)]
    assert np.min(ratios) < some < np.max(ratios)


def _subsets(count, size):
    rng = np.random.default_rng(1)
    return [rng.choice(count, size, replace=False) for _ in range(2000)]


class Tilted(nn.Module):
    """exp(-a x) for every pixel: on the unit cube a product of exponential densities cut at 1."""

    def __init__(self, rate: float, offset: float = 0.0):
        super().__init__()
        self.rate, self.offset = rate, offset

    def forward(self, x):
        return self.rate * x.flatten(1).sum(1) + self.offset


def likelihood(energy, images, **changes) -> dict[str, float]:
    config = Likelihood(**({"chains": 600, "temperatures": 40, "steps": 2, "step_size": 0.05, "points": 1000}
                           | changes))  # fmt: skip
    return cube_likelihood(energy, images, config, 7, torch.Generator().manual_seed(1))


def test_the_uniform_density_has_eight_bits_per_dimension():
    found = likelihood(Tilted(0.0, offset=-3.5), draw(9, 0, 8), temperatures=3)
    assert found["log_partition"] == pytest.approx(3.5, abs=1e-9)
    assert found["log_partition_error"] < 1e-9 and found["metropolis_acceptance"] == 1
    assert found["test_log_likelihood"] == pytest.approx(0, abs=1e-6)
    assert found["bits_per_dimension"] == pytest.approx(8, abs=1e-8)
    assert found["log_weight_effective_size"] == pytest.approx(600)


@pytest.mark.parametrize("offset", [0.0, 9.0])
def test_bits_per_dimension_are_those_of_the_discrete_law(offset):
    """The probability of each of 256 levels is an integral in closed form; cells are so small that the bound
    is all but tight. An energy's offset changes log Z and nothing else."""
    rate, images = 2.0, draw(300, 1, 4)
    edges = np.arange(257) / 256
    levels = np.diff(stats.truncexpon.cdf(edges, b=rate, scale=1 / rate))
    found = likelihood(Tilted(rate, offset), images)
    exact = math.log(-math.expm1(-rate) / rate)
    d = images[0].size
    assert found["log_partition"] == pytest.approx(d * exact - offset, abs=4 * found["log_partition_error"])
    assert 0 < found["log_partition_error"] < 0.1
    slack = 4 * found["log_partition_error"] / (d * math.log(2))
    bits = -np.log2(levels[images]).mean()
    noise = 4 * rate / 256 / math.sqrt(12 * images.size) / math.log(2)
    assert found["bits_per_dimension"] == pytest.approx(bits, abs=slack + noise + 1e-4)


def test_every_model_is_given_the_same_points():
    images = draw(50, 1, 4)
    a, b = (likelihood(Tilted(rate), images, points=5, temperatures=2, chains=2) for rate in (2.0, 4.0))
    energies = [-(m["test_log_likelihood"] + m["log_partition"]) for m in (a, b)]
    assert energies[1] == pytest.approx(2 * energies[0], rel=1e-5)
    everything = likelihood(Tilted(2.0), images, points=99, temperatures=2, chains=2)
    mean = -(everything["test_log_likelihood"] + everything["log_partition"])
    exact = 2.0 * (images.reshape(50, -1) + 0.5).sum(1).mean() / 256
    assert mean == pytest.approx(exact, rel=1e-3) and abs(energies[0] - exact) > 0.01 * exact


def test_a_model_that_is_not_finite_has_no_likelihood():
    found = likelihood(Tilted(math.nan), draw(3, 1, 4), temperatures=3, chains=4)
    assert math.isnan(found["log_partition"]) and math.isnan(found["bits_per_dimension"])


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """Two classes of ten pictures, dark and bright."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, bright in (("dark", False), ("light", True)):
        (folder / name).mkdir()
        for number, image in enumerate(two_kinds(40, 7 + bright, np.full(40, bright))):
            Image.fromarray(image.transpose(1, 2, 0)).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def measured_folder(workspace_folder, edit, pictures, stand_in):
    """Parameters with a run on the pictures, measured by Inception."""

    def make(condition: str = "") -> None:
        # YAML of params.yaml is a superset of JSON.
        own = json.dumps(asked_for(stand_in).model_dump(mode="json"))
        edit("folders: {pictures: pictures}", f"folders: {{pictures: {pictures}}}")
        edit("    limit: 20\n", "    limit: null\n")
        edit("minimum_accuracy: 0.1}\n    inception: null", f"minimum_accuracy: 0.0}}\n    inception: {own}")
        measured = json.dumps(EVALUATION | {"likelihood": PATH})
        edit("\nevaluations:\n", f"\nevaluations:\n  features: {measured}\n")
        energy = "{kind: conv, width: 2, condition: null}"
        if condition:
            energy = "{kind: residual, layout: small, width: 2, scales: 1, attention: false, normalise: false"
            energy += f", spectral_norm: false, output: linear, members: 1, condition: {condition}}}"
        edit("\nenergies:\n", f"\nenergies:\n  seen: {energy}\n")
        run = "{experiment: seen, dataset: pictures, sample: {generation: shapes}"
        run += ", evaluate: {evaluation: features}"
        run += ", train: {energy: seen, objective: cd, sampler: images, schedule: short}}"
        edit("\nruns:\n", f"\nruns:\n  seen: {run}\n")

    return make


def results(stage: str) -> Path:
    return Path(f"results/micro/{stage}/seen/seen.safetensors")


def test_evaluate_from_prepare_to_metrics(measured_folder, ebm, stand_in):
    measured_folder()
    for command in ("prepare pictures", "train seen", "sample seen", "evaluate seen"):
        ended = ebm(*command.split())
        assert ended.code == 0, ended.err
    content = workspace.load_json(results("evaluate").with_suffix(".json"))
    assert (content["kind"], content["dataset"]) == ("inception", "pictures")
    arrays, _ = workspace.load_tensors(results("evaluate"))
    samples, _ = workspace.load_tensors(results("sample"))
    prepared = Path("results/micro/prepare/pictures")
    train, test = (workspace.load_tensors(prepared / f"{p}.safetensors")[0]["x"] for p in ("train", "test"))
    references = references_from(*workspace.load_tensors(prepared / "reference.safetensors"), MODES[0])
    folder, entry = stand_in
    network = inception_of(folder, MODES[0], entry, 7)
    for seed in (0, 1):
        metrics, made = content["seeds"][str(seed)]["metrics"], samples[f"{seed}/samples"]
        features = network.features(made[inception.random_order(len(made), seed)])
        expected = feature_numbers(features, references, evaluation(), CPU)
        assert {name: metrics[name] for name in expected} == expected
        assert {f"coverage_{mode}_test_12" for mode in MODES} <= set(metrics)
        spread = [pdist(images.reshape(len(images), -1) / 255).mean() for images in (made, test)]
        assert metrics["pairwise_distance_ratio"] == pytest.approx(spread[0] / spread[1])
        assert np.array_equal(arrays[f"{seed}/shown"], made[:3])
        nearest = cdist(made[:3].reshape(3, -1), train.reshape(len(train), -1)).argmin(1)
        assert np.array_equal(arrays[f"{seed}/nearest_train"], train[nearest])
        # log p(x) = -E(x) - log Z, as bits.
        bits = 8 - metrics["test_log_likelihood"] / (3 * 64 * math.log(2))
        assert metrics["bits_per_dimension"] == pytest.approx(bits)
        assert metrics["log_partition_error"] > 0 and metrics["iterations_survived"] == 12
    assert "classifier_frechet" not in content["seeds"]["0"]["metrics"]
    first = results("evaluate").with_suffix(".json").read_bytes()
    assert ebm("evaluate", "seen").code == 0
    assert results("evaluate").with_suffix(".json").read_bytes() == first


def test_what_cannot_be_measured_ends_in_one_sentence(measured_folder, ebm):
    """One log Z for each value of the condition: refused with params.yaml, before any work."""
    measured_folder(condition="label")
    ended = ebm("prepare", "pictures")
    assert ended.code == 2 and ended.err.count("\n") == 1
    assert (
        "an energy that is conditioned on an attribute has no likelihood here: write likelihood: null"
        in ended.err
    )


def test_a_network_that_is_not_the_prepared_one_is_refused(stand_in):
    own = asked_for(stand_in)
    references = references_of(own, {"train": draw(20, 1, 8), "test": draw(20, 2, 8)}, 3)
    foreign = own.model_copy(update={"sha256": dict.fromkeys(MODES, "0" * 64)})
    with pytest.raises(workspace.WorkspaceError, match=r"is another file, .* get it again from whoever made"):
        inception_numbers(evaluation(), subject(foreign, references, {0: draw(20, 3, 8)}))
    missing = own.model_copy(update={"modes": ["legacy_pytorch"], "sha256": {}})
    with pytest.raises(workspace.WorkspaceError, match=r"pt_inception.* is missing"):
        inception_numbers(evaluation(), subject(missing, references, {0: draw(20, 3, 8)}))

"""prepare, train, sample, evaluate at micro size: outputs exist, agree with each other, and repeat."""

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ebmrepro.checks.load import load_params
from ebmrepro.data import image_folder
from ebmrepro.data.batches import quantise
from ebmrepro.data.densities import rings
from ebmrepro.energies import build_energy
from ebmrepro.evaluation.measures.density import log_likelihood, normalise_on_grid
from ebmrepro.evaluation.measures.gaussian import gaussian_kl
from ebmrepro.files import workspace
from ebmrepro.params.stages import stage
from ebmrepro.training.model_file import ModelFile

RUNS = {
    "gaussian_mle": ("gaussian", "toy"),
    "rings_icd": ("rings", "rings"),
    "digits_cd": ("digits", "digits"),
    "rings_dcd": ("rings", "rings"),
    "bars_rbm": ("bars", "bars"),
    "bars_wake_sleep": ("bars", "bars"),
}
RESULTS = Path("results/micro")


def _flow(ebm, run: str) -> None:
    dataset, _ = RUNS[run]
    for arguments in (("prepare", dataset), ("train", run), ("sample", run), ("evaluate", run)):
        ended = ebm(*arguments)
        assert ended.code == 0, ended.err


def _outputs() -> dict[str, bytes]:
    files = [path for path in Path("results").rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in files}


@pytest.mark.parametrize("run", RUNS)
def test_outputs_are_the_declared_ones_and_repeat_byte_for_byte(run, workspace_folder, ebm):
    dataset, experiment = RUNS[run]
    _flow(ebm, run)
    first = _outputs()
    declared = {f"{RESULTS}/prepare/{dataset}{suffix}" for suffix in stage("prepare").suffixes}
    for name in ("train", "sample", "evaluate"):
        declared |= {f"{RESULTS}/{name}/{experiment}/{run}{suffix}" for suffix in stage(name).suffixes}
    assert first.keys() == declared
    # Again over the old files, and again from nothing, after other use of torch's random state.
    _flow(ebm, run)
    assert _outputs() == first
    for path in first:
        Path(path).unlink()
    torch.manual_seed(12345)
    _flow(ebm, run)
    assert _outputs() == first
    # No checkpoint is left over.
    assert not list(Path(".work").rglob("*.safetensors"))


@pytest.mark.parametrize("dataset", ["gaussian", "rings", "digits", "bars"])
def test_prepared_data(dataset, workspace_folder, ebm):
    assert ebm("prepare", dataset).code == 0
    folder = workspace.prepared("micro", dataset)
    manifest = workspace.load_json(folder / "manifest.json")
    train, test = (workspace.load_tensors(folder / f"{p}.safetensors")[0]["x"] for p in ("train", "test"))
    assert (manifest["train_size"], manifest["test_size"]) == (len(train), len(test))
    assert tuple(manifest["shape"]) == train.shape[1:] == test.shape[1:]
    assert manifest["train_sha256"] == workspace.file_sha256(folder / "train.safetensors")
    assert manifest["source"] == load_params().datasets[dataset].implementation
    reference, _ = workspace.load_tensors(folder / "reference.safetensors")
    if dataset == "rings":
        truth = rings.log_density(test.astype(np.float64))
        assert reference["test_log_density"] == pytest.approx(truth)
        assert manifest["reference"]["true_test_log_likelihood"] == pytest.approx(truth.mean())
    if dataset == "gaussian":
        assert np.array_equal(reference["mean"], np.zeros(3))
        assert np.array_equal(reference["covariance"], np.eye(3))


def test_models_logs_and_metrics_agree(workspace_folder, ebm):
    _flow(ebm, "gaussian_mle")
    place = RESULTS / "train" / "toy"
    model = ModelFile(place / "gaussian_mle.safetensors", torch.device("cpu"))
    assert model.seeds == [0, 1] and model.shape == (3,) and not model.is_image and model.buffer(0) is None
    rows = list(csv.DictReader(io.StringIO((place / "gaussian_mle.csv").read_text())))
    assert [(row["seed"], row["iteration"]) for row in rows] == [
        (seed, iteration) for seed in "01" for iteration in ("0", "3", "6", "9", "11")
    ]
    status = workspace.load_json(place / "gaussian_mle.json")
    assert status["seeds"]["1"] == {"outcome": "finished", "iterations": 12}

    metrics = workspace.load_json(RESULTS / "evaluate" / "toy" / "gaussian_mle.json")
    for seed in (0, 1):
        energy = model.energy(seed, "ema")
        mean, precision = energy.mean.double().numpy(), energy.precision().double().numpy()
        expected = gaussian_kl(np.zeros(3), np.eye(3), mean, precision)
        assert metrics["seeds"][str(seed)]["metrics"]["kl"] == pytest.approx(expected)
        # Better than the start, mean one and precision two.
        start = gaussian_kl(np.zeros(3), np.eye(3), np.ones(3), 2 * np.eye(3))
        assert 0 < expected < start
    assert not torch.equal(model.energy(0, "ema").mean, model.energy(0, "raw").mean)
    assert not torch.equal(model.energy(0, "ema").mean, model.energy(1, "ema").mean)


def test_density_metrics_come_from_the_named_weights(workspace_folder, ebm):
    _flow(ebm, "rings_icd")
    params = load_params()
    model = ModelFile(RESULTS / "train/rings/rings_icd.safetensors", torch.device("cpu"))
    samples, _ = workspace.load_tensors(RESULTS / "sample/rings/rings_icd.safetensors")
    assert samples["0/samples"].shape == (33, 2) and samples["0/strip"].shape == (3, 2, 2)
    assert np.abs(samples["1/samples"]).max() <= 4
    assert model.buffer(0).shape == (50, 2)
    test = torch.from_numpy(
        workspace.load_tensors(workspace.prepared("micro", "rings") / "test.safetensors")[0]["x"]
    )
    metrics = workspace.load_json(RESULTS / "evaluate/rings/rings_icd.json")["seeds"]["0"]["metrics"]
    energy, config = model.energy(0, "ema"), params.resolve("rings_icd", "evaluation")
    grid = normalise_on_grid(energy, config.box, config.grid)
    expected = log_likelihood(energy, test, grid.log_partition)
    assert metrics["test_log_likelihood"] == pytest.approx(expected)
    # Nothing can beat the law the points were drawn from by more than sampling error.
    reference, _ = workspace.load_tensors(workspace.prepared("micro", "rings") / "reference.safetensors")
    truth = reference["test_log_density"]
    assert expected < truth.mean() + 4.5 * truth.std() / math.sqrt(len(truth))
    assert {"mmd_squared", "energy_gap_size", "kl_to_cd_gradient"} <= metrics.keys()


def test_image_samples_are_bytes_in_the_clamp(workspace_folder, ebm):
    _flow(ebm, "digits_cd")
    samples, about = workspace.load_tensors(RESULTS / "sample/digits/digits_cd.safetensors")
    images = samples["0/samples"]
    assert images.shape == (24, 1, 8, 8) and images.dtype == np.uint8 and about["is_image"]
    assert images.max() <= 0.9 * 256
    assert samples["0/strip"].shape == (6, 4, 1, 8, 8)
    model = ModelFile(RESULTS / "train/digits/digits_cd.safetensors", torch.device("cpu"))
    assert model.buffer(0).shape == (40, 1, 8, 8) and 0 <= model.buffer(0).min() < model.buffer(0).max() < 1
    # Its generation has start: replay, so that every strip begins at an image of its own seed's buffer.
    for seed in (0, 1):
        kept = {image.tobytes() for image in quantise(model.buffer(seed)).numpy()}
        assert {image.tobytes() for image in samples[f"{seed}/strip"][0]} <= kept
    metrics = workspace.load_json(RESULTS / "evaluate/digits/digits_cd.json")["seeds"]["0"]["metrics"]
    assert metrics["classifier_frechet"] > 0 and 1 <= metrics["effective_classes"] <= 10
    assert metrics["nearest_train_distance_of_test"] > 0
    drawn, _ = workspace.load_tensors(RESULTS / "evaluate/digits/digits_cd.safetensors")
    assert np.array_equal(drawn["0/shown"], images[:3]) and drawn["0/nearest_train"].shape == (3, 1, 8, 8)


def test_the_shape_of_a_model_file_decides_the_network(workspace_folder, ebm):
    assert ebm("prepare", "rings").code == 0
    assert ebm("train", "rings_icd").code == 0
    model = ModelFile(RESULTS / "train/rings/rings_icd.safetensors", torch.device("cpu"))
    fresh = build_energy(load_params().energies["mlp"], (2,))
    assert {n: v.shape for n, v in model.energy(1, "raw").state_dict().items()} == {
        n: v.shape for n, v in fresh.state_dict().items()
    }
    assert not any(p.requires_grad for p in model.energy(1, "raw").parameters())


def test_image_folder_is_prepared_with_a_classifier_of_its_own(workspace_folder, ebm):
    from PIL import Image

    for label, name in enumerate(("dark", "light")):
        (workspace_folder / "pictures" / name).mkdir(parents=True)
        for number in range(12):
            pixels = np.random.default_rng(number).integers(0, 90, (11, 14, 3)) + 150 * label
            path = workspace_folder / "pictures" / name / f"{number}.{('png', 'jpg')[number % 2]}"
            Image.fromarray(pixels.astype(np.uint8)).save(path)
    ended = ebm("prepare", "pictures")
    assert ended.code == 0, ended.err
    folder = workspace.prepared("micro", "pictures")
    stored = workspace.load_tensors(folder / "train.safetensors")[0]
    params = load_params()
    found = image_folder.prepare(params.datasets["pictures"].located(params.folders))
    train, labels = zip(*found.parts["train"], strict=True)
    assert np.array_equal(stored["x"], np.stack(train)) and stored["label"].tolist() == [
        one["label"] for one in labels
    ]
    assert workspace.load_json(folder / "manifest.json")["reference"]["classifier_test_accuracy"] >= 0.1


def test_a_classifier_that_cannot_read_is_refused(workspace_folder, edit, ebm):
    edit("64, width: 4, minimum_accuracy: 0.0", "64, width: 1, minimum_accuracy: 1.0")
    code, _, err = ebm("prepare", "digits")
    said = [line for line in err.splitlines() if line.startswith("ebm: ")]
    assert code == 1 and len(said) == 1 and err.endswith(f"{said[0]}\n")
    assert "digits: the classifier of label reaches 0." in said[0] and "below minimum_accuracy 1.0" in said[0]
    assert not {"reference.safetensors", "manifest.json"} & {path.name for path in RESULTS.rglob("*")}


def test_a_diverged_run_goes_on_to_its_metrics(workspace_folder, edit, ebm):
    edit("{learning_rate: 0.002}", "{learning_rate: 30.0, energy_limit: 5.0}")
    _flow(ebm, "rings_icd")
    status = workspace.load_json(RESULTS / "train/rings/rings_icd.json")["seeds"]["0"]
    assert status["outcome"] == "diverged" and status["cause"] == "energy above the limit"
    assert status["last_good_iteration"] == status["iteration"] - 1
    evaluated = workspace.load_json(RESULTS / "evaluate/rings/rings_icd.json")["seeds"]["0"]
    assert evaluated["outcome"] == "diverged"
    assert all(math.isfinite(value) for value in evaluated["metrics"].values())
    assert json.loads((RESULTS / "evaluate/rings/rings_icd.json").read_text())


def test_a_run_that_collapsed_has_survived_until_then(workspace_folder, ebm):
    _flow(ebm, "rings_icd")
    place, measured = RESULTS / "train/rings/rings_icd.csv", RESULTS / "evaluate/rings/rings_icd.json"
    before = workspace.load_json(measured)["seeds"]
    log = pd.read_csv(place)
    assert log.buffer_distance.between(0, 1).all()
    log.buffer_distance = np.where((log.seed == 1) & (log.iteration > 3), 0.9, 0.01)
    workspace.write_text(place, log.to_csv(index=False))
    status = workspace.load_json(place.with_suffix(".json"))
    workspace.save_json(place.with_suffix(".json"), status | {"log_sha256": workspace.file_sha256(place)})
    assert ebm("evaluate", "rings_icd").code == 0
    after = workspace.load_json(measured)["seeds"]
    assert (after["1"]["outcome"], after["1"]["collapsed"]) == ("finished", 6)
    assert after["0"]["outcome"] == "finished" and "collapsed" not in after["0"]
    for seed, survived, distance in (("0", 12.0, 0.01), ("1", 6.0, 0.9)):
        changed = {"iterations_survived": survived, "final_buffer_distance": pytest.approx(distance)}
        assert after[seed]["metrics"] == before[seed]["metrics"] | changed

"""compose and detect at micro size: what they write is what the models and the images say."""

from pathlib import Path

import numpy as np
import pytest
import torch
from prepared_parts import labelled
from sklearn.metrics import roc_auc_score
from stages_commands import run_all

from ebmrepro.checks.load import load_params
from ebmrepro.data.batches import quantise
from ebmrepro.energies.calibration import Calibrated
from ebmrepro.energies.composition import Guided, Or
from ebmrepro.energies.conditional import Given
from ebmrepro.evaluation.classifiers.by_attribute import classifiers_from_tensors
from ebmrepro.files import workspace
from ebmrepro.machine.progress import progress
from ebmrepro.mcmc.chunks import Target
from ebmrepro.training.model_file import ModelFile

RESULTS = Path("results/micro")


@pytest.fixture
def composed(workspace_folder, ebm):
    """The workspace after `compose coloured`."""
    run_all(ebm, "prepare shapes", "train shapes_colour", "compose coloured")
    return load_params()


@pytest.fixture
def detected(workspace_folder, ebm):
    """The workspace after `detect digits`."""
    run_all(ebm, "prepare digits", "prepare shapes", "train digits_cd", "train digits_dcd", "detect digits")
    return load_params()


def test_accuracies_are_those_of_the_stored_samples(composed, ebm):
    result = workspace.load_json(RESULTS / "compose/shapes/coloured.json")
    tensors, _ = workspace.load_tensors(RESULTS / "compose/shapes/coloured.safetensors")
    judge = classifiers_from_tensors(
        workspace.load_tensors(RESULTS / "prepare/shapes/reference.safetensors")[0]
    )
    red, blue = 0, 2
    for seed in ("0", "1"):
        for key, truth in {
            "red_or_blue": lambda colour: (colour == red) | (colour == blue),
            "red_not_blue": lambda colour: (colour == red) & (colour != blue),
        }.items():
            samples = tensors[f"{seed}/{key}"]
            assert samples.shape == (12, 3, 16, 16) and samples.dtype == np.uint8
            expected = truth(judge.predict(samples)["colour"])
            assert (tensors[f"{seed}/{key}/correct"] == expected).all()
            assert result["seeds"][seed]["metrics"][f"accuracy_{key}"] == expected.mean()
    assert (tensors["0/red_or_blue"] != tensors["1/red_or_blue"]).any()
    assert (tensors["0/red_or_blue"] != tensors["0/red_not_blue"]).any()


def test_chance_is_the_share_of_the_training_labels(composed):
    result = workspace.load_json(RESULTS / "compose/shapes/coloured.json")
    colour = labelled(composed.datasets["shapes"])[1]["colour"]
    assert result["chance"] == {
        "red_or_blue": (colour != 1).mean(),
        "red_not_blue": (colour == 0).mean(),
    }
    assert result["words"] == {"red_or_blue": "red OR blue", "red_not_blue": "red AND NOT blue"}


def test_models_are_calibrated_on_images_of_their_own_value(composed, edit, ebm):
    """The samples are those of the energy put together here by hand, from the first images of each value,
    each value that is asked for held against the two others."""
    generation = composed.generations["shapes"]
    model = ModelFile(RESULTS / "train/shapes/shapes_colour.safetensors", torch.device("cpu"))
    images, labels = labelled(composed.datasets["shapes"])[:2]
    known = []
    for value in range(3):
        own = torch.from_numpy(images[labels["colour"] == value][:10])
        energy = Given(model.energy(1, generation.weights), torch.eye(3)[[value]])
        known.append(Calibrated.on(energy, (own + 0.5) / 256))
    red, green, blue = known
    mixture = Or([Guided(red, [green, blue], 1.0), Guided(blue, [red, green], 1.0)], (1.0, 2.0), 5.0)
    with progress("test", 100) as bar:
        target = Target(mixture, model.shape, 1, bar, purpose="composition", first_stream=0)
        expected = quantise(generation.load()(generation, target).samples).numpy()
    path = RESULTS / "compose/shapes/coloured.safetensors"
    found = workspace.load_tensors(path)[0]["1/red_or_blue"]
    assert np.array_equal(found, expected)

    edit("calibration: {images: 10, guidance: 1.0}", "calibration: null")
    run_all(ebm, "compose coloured")
    assert (workspace.load_tensors(path)[0]["1/red_or_blue"] != found).any()


def test_compose_repeats_byte_for_byte(composed, ebm):
    files = sorted((RESULTS / "compose/shapes").iterdir())
    first = [path.read_bytes() for path in files]
    assert len(first) == 2
    for path in files:
        path.unlink()
    torch.manual_seed(77)
    run_all(ebm, "compose coloured")
    assert [path.read_bytes() for path in files] == first


def test_a_conditional_model_is_sampled_at_every_value(composed, ebm):
    run_all(ebm, "sample shapes_colour", "evaluate shapes_colour")
    metrics = workspace.load_json(RESULTS / "evaluate/shapes/shapes_colour.json")
    assert metrics["switches"]["scales"] == 3 and metrics["switches"]["attention"] is True
    samples, _ = workspace.load_tensors(RESULTS / "sample/shapes/shapes_colour.safetensors")
    assert samples["0/samples"].shape == (12, 3, 16, 16)


def test_a_diverged_model_is_named_in_its_composition(workspace_folder, edit, ebm):
    edit("energy_limit: 10000.0", "energy_limit: 0.00001")
    run_all(ebm, "prepare shapes", "train shapes_colour", "compose coloured")
    seeds = workspace.load_json(RESULTS / "compose/shapes/coloured.json")["seeds"]
    assert {entry["outcome"] for entry in seeds.values()} == {"diverged"}
    assert all(entry["cause"] == "energy above the limit" for entry in seeds.values())


def test_every_set_has_scores_and_a_density_over_shared_edges(detected):
    result = workspace.load_json(RESULTS / "detect/digits/digits.json")
    assert result["sets"] == ["interpolation", "uniform", "constant", "photographs", "shapes"]
    model = ModelFile(RESULTS / "train/digits/digits_cd.safetensors", torch.device("cpu"))
    own = workspace.load_tensors(RESULTS / "prepare/digits/test.safetensors")[0]["x"][:50]
    for seed in (0, 1):
        energy = model.energy(seed, "ema")
        inside = energy((torch.from_numpy(own).float() + 0.5) / 256).double().numpy()
        metrics = result["runs"]["digits_cd"]["seeds"][str(seed)]["metrics"]
        assert len(metrics) == 10 and all(0 <= value <= 1 for value in metrics.values())
        tensors, _ = workspace.load_tensors(RESULTS / "detect/digits/digits.safetensors")
        edges = tensors[f"digits_cd/{seed}/edges"]
        assert edges.shape == (9,)
        for name in ["in", *result["sets"]]:
            density = tensors[f"digits_cd/{seed}/histogram/{name}"]
            assert (density * np.diff(edges)).sum() == pytest.approx(1)
        counts, _ = np.histogram(np.clip(inside, edges[0], edges[-1]), edges)
        np.testing.assert_allclose(
            tensors[f"digits_cd/{seed}/histogram/in"], counts / 50 / np.diff(edges), rtol=1e-9
        )


def test_the_other_data_set_is_scored_as_it_is(detected):
    from ebmrepro.evaluation.ood_sets import like

    model = ModelFile(RESULTS / "train/digits/digits_cd.safetensors", torch.device("cpu"))
    images = {
        name: workspace.load_tensors(RESULTS / f"prepare/{name}/test.safetensors")[0]["x"][:50]
        for name in ("digits", "shapes")
    }
    images["shapes"] = like(images["shapes"], (1, 8, 8))
    energy = model.energy(0, "ema")
    values = [
        energy((torch.from_numpy(x).float() + 0.5) / 256).double().numpy()
        for x in (images["digits"], images["shapes"])
    ]
    truth = np.repeat([1, 0], [len(values[0]), len(values[1])])
    expected = roc_auc_score(truth, -np.concatenate(values))
    result = workspace.load_json(RESULTS / "detect/digits/digits.json")
    metrics = result["runs"]["digits_cd"]["seeds"]["0"]["metrics"]
    assert metrics["ood_auroc_shapes"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("command", "missing"), [("compose coloured", "shapes"), ("detect digits", "digits")]
)
def test_missing_inputs_are_named(command, missing, workspace_folder, ebm):
    ended = ebm(*command.split())
    assert ended.code == 1 and ended.err.count("\n") == 1
    assert f"prepare/{missing}" in ended.err and "is missing" in ended.err

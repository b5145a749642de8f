"""The ruler for digits: accurate enough, and the same every time."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ebm.data import digits
from ebm.evaluation.classifier import Classifier, as_unit, train_classifier
from ebm.params import load_params
from ebm.params.datasets import ClassifierRuler


def test_the_demos_classifier_reads_digits():
    """The settings that ship, on test digits that it never saw; no other metric of the digits may be trusted
    if this fails."""
    root = Path(__file__).parents[2]
    files = [root / "params.yaml", *(root / "workflow" / "presets").glob("*.yaml")]
    demo = next(params for params in map(load_params, files) if params.preset == "demo")
    config = demo.datasets["digits"]
    train, train_labels, test, test_labels = digits.make(config)
    model = train_classifier(train, train_labels, config.classifier, config.seed, torch.device("cpu"))
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
        config = ClassifierRuler(epochs=2, batch_size=64, width=4, minimum_accuracy=0)
        model = train_classifier(*small, config, seed, torch.device("cpu"))
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

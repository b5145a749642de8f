"""What holds of every registered kind of evaluation."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from inception_stand_in import draw, make_weights, references_of
from ruamel.yaml import YAML

from ebmrepro.energies import build_energy
from ebmrepro.evaluation.classifiers.by_attribute import Classifiers
from ebmrepro.evaluation.classifiers.network import Classifier
from ebmrepro.evaluation.subject import Subject
from ebmrepro.files.workspace import finite_or_null
from ebmrepro.params.inception import InceptionFeatures
from ebmrepro.params.kinds import kinds
from ebmrepro.params.root import ADAPTERS

CPU = torch.device("cpu")
SEEDS = (0, 3)
EVALUATIONS = kinds("evaluations")
MICRO = YAML(typ="safe").load(Path(__file__).parents[1] / "micro_params.yaml")


def micro(section: str, kind: str) -> dict | None:
    """The first entry of that kind in the micro parameters."""
    return next((entry for entry in MICRO[section].values() if entry["kind"] == kind), None)


def energies(shape, kind):
    """A new energy of a seed, the same at each call."""

    def energy(seed):
        torch.manual_seed(seed)
        config = ADAPTERS["energy"].validate_python(micro("energies", kind))
        energy = build_energy(config, shape, None).requires_grad_(False).eval()
        for parameter in energy.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        return energy

    return energy


def subject(energy, samples, train, test, reference, about=(), inception=None) -> Subject:
    data = {"train": {"x": train}, "test": {"x": test}}
    dataset = SimpleNamespace(inception=inception)
    return Subject("tiny", energy, samples, {}, data, reference, dict(about), dataset, CPU)


def points(count, seed, dim=2):
    return np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)


def gaussian(tmp_path):
    law = {"mean": np.zeros(2), "covariance": np.eye(2)}
    samples = {seed: points(30, seed) for seed in SEEDS}
    yield subject(energies((2,), "gaussian"), samples, points(40, 8), points(35, 9), law)


def plane(tmp_path):
    energy = energies((2,), "mlp")
    samples = {seed: points(30, seed) for seed in SEEDS}
    yield subject(energy, samples, points(40, 8), points(35, 9), {})


def binary(tmp_path):
    rng = np.random.default_rng(1)
    train, test = (rng.integers(0, 2, (count, 9)).astype(np.float32) for count in (20, 16))
    samples = {seed: 255 * rng.integers(0, 2, (20, 1, 3, 3), dtype=np.uint8) for seed in SEEDS}
    law = {"patterns": np.unique(test, axis=0)}
    law["log_probability"] = np.full(len(law["patterns"]), -np.log(len(law["patterns"])))
    for kind in ("rbm", "helmholtz"):
        for reference in ({}, law):
            yield subject(energies((9,), kind), samples, train, test, reference)


def classifier(tmp_path):
    judge = Classifiers({"label": Classifier(3, 2, 3)})
    train, test = draw(20, 1, 8), draw(12, 2, 8)
    reference = judge.tensors() | {"features/test": judge.features(test)}
    energy = energies((3, 8, 8), "conv")
    yield subject(energy, {seed: draw(9, 5 + seed, 8) for seed in SEEDS}, train, test, reference)


def inception(tmp_path):
    entry, _ = make_weights(tmp_path)
    references = {part: {"split": part, "count": None} for part in ("train", "test")}
    own = InceptionFeatures(weights=str(tmp_path), sha256={"clean": entry.sha256}, modes=["clean"],
                         references=references, kept=12, batch_size=8)  # fmt: skip
    train, test = draw(20, 1, 8), draw(12, 2, 8)
    tensors, about = references_of(own, {"train": train, "test": test}, 0)
    energy = energies((3, 8, 8), "conv")
    samples = {seed: draw(14, 5 + seed, 8) for seed in SEEDS}
    yield subject(energy, samples, train, test, tensors, about, own)


# By what an evaluation compares with.
SUBJECTS = {
    "gaussian": gaussian, "plane": plane, "binary": binary, "classifier": classifier, "inception": inception,
}  # fmt: skip


@pytest.fixture(params=EVALUATIONS.values(), ids=EVALUATIONS)
def kind(request):
    return request.param


def examples(section) -> dict:
    return {name: field.examples[0] for name, field in section.model_fields.items() if name != "kind"}


@pytest.fixture
def config(kind):
    """As the micro parameters have it; of a kind that they lack as its examples say."""
    found = micro("evaluations", kind.name())
    return kind.model_validate(found or {"kind": kind.name()} | examples(kind))


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[key], other[key], equal_nan=True) for key in one
    )


def test_metrics_are_numbers_by_name_and_repeat(config, tmp_path):
    for tiny in SUBJECTS[config.needs](tmp_path):
        found, again = (config.load()(config, tiny) for _ in range(2))
        assert set(found.seeds) == set(SEEDS) and found.facts == again.facts
        assert all(isinstance(fact, str) for fact in found.facts.values())
        for seed, (metrics, arrays) in found.seeds.items():
            assert metrics and all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in metrics)
            assert all(value is not None for value in finite_or_null(metrics).values())
            assert all(isinstance(array, np.ndarray) for array in arrays.values())
            assert same(metrics, again.seeds[seed].metrics) and same(arrays, again.seeds[seed].arrays)
        # Each seed has numbers of its own.
        first, second = (found.seeds[seed].metrics for seed in SEEDS)
        assert first.keys() == second.keys() and first != second


def test_a_model_that_is_not_finite_has_numbers_or_none(config, tmp_path):
    for tiny in SUBJECTS[config.needs](tmp_path):

        def diverged(seed, energy=tiny.energy):
            energy = energy(seed)
            for parameter in energy.parameters():
                parameter.fill_(torch.nan)
            return energy

        broken = Subject(**vars(tiny) | {"energy": diverged})
        for metrics, _ in config.load()(config, broken).seeds.values():
            assert all(value is None or np.isfinite(value) for value in finite_or_null(metrics).values())


@pytest.mark.parametrize("section", [*EVALUATIONS.values(), InceptionFeatures], ids=lambda s: s.__name__)
def test_every_setting_is_described_and_its_example_is_valid(section):
    fields = {name: field for name, field in section.model_fields.items() if name != "kind"}
    assert all(field.description and field.description[-1] == "." for field in fields.values())
    kind = {"kind": section.name()} if "kind" in section.model_fields else {}
    for name, field in fields.items():
        for example in field.examples:
            section.model_validate(kind | examples(section) | {name: example})

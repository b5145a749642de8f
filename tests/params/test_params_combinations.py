"""Every registered kind with every other: what can do what is needed is taken, the rest is told why not."""

from itertools import product
from types import SimpleNamespace

import pytest
from kind_examples import example, examples

from ebmrepro.params.kinds import kinds


def _pairs(one: str, other: str):
    found = list(product(kinds(one).values(), kinds(other).values()))
    return pytest.mark.parametrize(("one", "other"), found, ids=[f"{a.name()}-{b.name()}" for a, b in found])


def _sentences(reasons) -> list[str]:
    reasons = list(reasons)
    assert all(" " in reason and "\n" not in reason for reason in reasons)
    return reasons


@_pairs("evaluations", "datasets")
def test_an_evaluation_measures_what_has_its_reference(one, other):
    evaluation, dataset = example(one), example(other)
    energy, generation = SimpleNamespace(attribute=None), SimpleNamespace(samples=10**9)
    reasons = _sentences(evaluation.problems(dataset, energy, generation))
    assert bool(reasons) == (evaluation.needs not in dataset.references)


@pytest.mark.parametrize("kind", kinds("datasets").values(), ids=kinds("datasets"))
def test_every_data_set_is_taken_by_an_energy_and_measured_by_an_evaluation(kind):
    dataset = example(kind)
    energies = [config for energy in kinds("energies").values() for config in examples(energy)]
    assert any(not list(energy.problems(dataset)) for energy in energies)
    assert any(evaluation.needs in dataset.references for evaluation in kinds("evaluations").values())


@_pairs("generations", "energies")
def test_a_generation_samples_energies_that_have_its_chains(one, other):
    objective, sampler = SimpleNamespace(times=10**6), SimpleNamespace(buffer=object())
    generation = example(one)
    for energy in examples(other):
        reasons = _sentences(generation.problems(energy, objective, sampler))
        suits = generation.needs in energy.chains
        augmented = getattr(generation, "augmentation", None) is not None and energy.form != "images"
        assert bool(reasons) == (not suits or augmented)


@_pairs("samplers", "energies")
def test_a_sampler_runs_on_energies_that_have_its_chains(one, other):
    sampler, schedule = example(one), SimpleNamespace(batch_size=1)
    for energy, chain in product(examples(other), (True, False)):
        reasons = _sentences(sampler.problems(energy, SimpleNamespace(kind="any", chain=chain), schedule))
        suits = bool(sampler.needs) == chain and (not chain or sampler.needs in energy.chains)
        augmented = getattr(sampler, "augmentation", None) is not None and energy.form != "images"
        assert bool(reasons) == (not suits or augmented)

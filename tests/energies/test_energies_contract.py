"""Every registered energy with every registered data set: what it promises where it suits, a sentence where
it does not."""

import pytest
import torch
from kind_examples import example, examples

from ebmrepro.energies import build_energy
from ebmrepro.params.kinds import kinds

TIMES = 3
PAIRS = [(energy, dataset) for energy in kinds("energies").values() for dataset in kinds("datasets").values()]
IDS = [f"{energy.name()}-{dataset.name()}" for energy, dataset in PAIRS]


def _samples(dataset, count: int) -> torch.Tensor:
    shape = (count, *dataset.sample_shape)
    if dataset.form == "vectors":
        return torch.randn(shape)
    return torch.rand(shape) if dataset.form == "images" else torch.randint(0, 2, shape).float()


def _conditions(config, dataset, count: int) -> tuple[int | None, tuple[torch.Tensor, ...]]:
    """Classes of the energy, and what it is called with beside the samples."""
    classes = TIMES if config.timed else None
    if config.attribute is not None:
        classes = len(dataset.attributes[config.attribute] or range(10))
    return classes, () if classes is None else (torch.eye(classes)[torch.arange(count) % classes],)


@pytest.mark.parametrize(("kind", "data"), PAIRS, ids=IDS)
def test_an_energy_keeps_its_promises_or_says_why_it_does_not_suit(kind, data):
    dataset = example(data)
    for config in examples(kind):
        reasons = list(config.problems(dataset))
        if reasons or dataset.form != config.form:
            assert reasons and all(" " in reason and "\n" not in reason for reason in reasons)
            continue
        classes, condition = _conditions(config, dataset, 4)
        x = _samples(dataset, 4).requires_grad_()
        energy = build_energy(config, dataset.sample_shape, classes).eval()
        energies = energy(x, *condition)
        assert energies.shape == (4,) and energies.isfinite().all()
        assert config.chains and all(isinstance(word, str) for word in config.chains)
        if config.chains & {"gradient", "annealed"}:
            (gradient,) = torch.autograd.grad(energies.sum(), x)
            assert gradient.shape == x.shape and gradient.isfinite().all()
        assert config.log_partition == hasattr(energy, "log_partition")
        other = build_energy(config, dataset.sample_shape, classes).eval()
        other.load_state_dict(energy.state_dict())
        assert torch.equal(other(x, *condition), energies)


@pytest.mark.parametrize("kind", kinds("energies").values(), ids=kinds("energies"))
def test_samples_of_another_rank_are_refused(kind):
    config = example(kind)
    classes = TIMES if config.timed else None
    for shape in ((), (8, 8), (2,) if config.form == "images" else (1, 8, 8)):
        with pytest.raises(ValueError, match="shape"):
            build_energy(config, shape, classes)


@pytest.mark.parametrize("kind", kinds("energies").values(), ids=kinds("energies"))
def test_something_samples_and_trains_it(kind):
    for config in examples(kind):
        assert any(generation.needs in config.chains for generation in kinds("generations").values())
        assert any(objective.directed == config.directed for objective in kinds("objectives").values())

"""Annealed importance sampling against log Z by enumeration."""

import copy
import functools
import math

import numpy as np
import pytest
import torch
from prepared_parts import samples
from random_rbm import random_rbm
from scipy import stats

from ebmrepro.energies.rbm import RBM
from ebmrepro.mcmc.annealed_importance_rbm import base_rate_bias, rbm_log_partition, summarise
from ebmrepro.params.datasets.bars_and_stripes import BarsAndStripesData
from ebmrepro.params.datasets.binary_digits import BinaryDigitsData
from ebmrepro.params.energies.rbm import RBMEnergy
from ebmrepro.params.objectives.cd import ContrastiveDivergence
from ebmrepro.params.root import Schedule, TrainSettings
from ebmrepro.params.samplers.gibbs import GibbsSampler
from ebmrepro.training.loop import Training


@functools.cache
def _trained(data: torch.Tensor, hidden: int, iterations: int) -> RBM:
    """An RBM after PCD-1 on `data`."""
    settings = TrainSettings(
        energy=RBMEnergy(kind="rbm", hidden=hidden, visible="bernoulli"),
        objective=ContrastiveDivergence(kind="cd", energy_l2=0.0),
        sampler=GibbsSampler(kind="gibbs", steps=1, start="persistent",
                             buffer={"kind": "chains", "size": 100, "reinitialise": 0.0}),
        schedule=Schedule(iterations=iterations, batch_size=100, learning_rate=0.01, betas=[0.9, 0.999],
                          clip_norm=None, ema_decay=0.99, energy_limit=1e6, log_every=iterations,
                          checkpoint_seconds=1e6),
    )  # fmt: skip
    training = Training(settings, data, 0)
    for _ in range(iterations):
        training.step()
    return training.model("raw").requires_grad_(False)


@functools.cache
def _digits() -> torch.Tensor:
    config = BinaryDigitsData(kind="binary_digits", seed=0, test_fraction=0.2, threshold=0.5)
    return torch.from_numpy(samples(config)[0])


@functools.cache
def _bars() -> torch.Tensor:
    config = BarsAndStripesData(kind="bars_and_stripes", side=4)
    return torch.from_numpy(samples(config)[0])


# RBM and base-rate biases; how many of Neal's temperatures each needs for weights that vary little.
CASES = {
    "weak": (lambda: (random_rbm(8, 6, scale=0.3), torch.zeros(8)), 30),
    "strong": (lambda: (random_rbm(8, 6, scale=2.0), torch.zeros(8)), 300),
    "real": (lambda: (random_rbm(5, 4, "gaussian"), torch.ones(5)), 100),
    "bars": (lambda: (_trained(_bars(), 12, 400), base_rate_bias(RBM(16, 12), _bars())), 300),
    "digits": (lambda: (_trained(_digits(), 14, 400), base_rate_bias(RBM(64, 14), _digits())), 300),
}


@pytest.mark.parametrize("case", CASES)
def test_log_z_lies_within_its_error_bar(case):
    """A hundred estimates of sixty chains each. Their distances from the exact log Z are within two error
    bars 95 times in 100 (a binomial test) and about 0 on average, and the error bar is their spread.

    Measured: distance in error bars, mean and standard deviation; mean error bar and spread in nats.

        weak     -0.05  1.04   0.0215  0.0219
        strong    0.00  0.96   0.0298  0.0282
        real     -0.14  1.07   0.157   0.164
        bars      0.06  0.99   0.0252  0.0242
        digits    0.05  1.04   0.0194  0.0201
    """
    make, temperatures = CASES[case]
    rbm, base = make()
    exact = float(copy.deepcopy(rbm).double().log_partition())
    generator = torch.Generator().manual_seed(1)
    every = rbm_log_partition(rbm, base, temperatures, 6000, generator)
    made = [summarise(weights) for weights in every.log_weights.view(100, 60)]
    errors = np.array([one.standard_error for one in made])
    distances = np.array([one.log_partition - exact for one in made])
    scores = distances / errors
    assert stats.binomtest(int((np.abs(scores) < 2).sum()), 100, 0.954).pvalue > 1e-3
    assert abs(scores.mean()) < 3.5 / math.sqrt(100)
    assert 0.8 < errors.mean() / distances.std(ddof=1) < 1.25
    assert abs(every.log_partition - exact) < 3.5 * every.standard_error


@pytest.mark.parametrize("temperatures", [2, 3, 10])
@pytest.mark.parametrize("visible", ["bernoulli", "gaussian"])
def test_the_mean_weight_is_z_at_any_number_of_temperatures(temperatures, visible):
    """Two temperatures are simple importance sampling. 200,000 chains, whose weights' own spread judges."""
    rbm = random_rbm(5, 4, visible, scale=0.5 if visible == "bernoulli" else 0.3)
    base = torch.linspace(-1, 1, 5)
    estimate = rbm_log_partition(rbm, base, temperatures, 200000, torch.Generator().manual_seed(2))
    ratio = (estimate.log_weights - float(rbm.log_partition())).exp()
    error = float(ratio.std()) / math.sqrt(len(ratio))
    assert error < 0.02 and abs(float(ratio.mean()) - 1) < 4 * error
    assert estimate.standard_error == pytest.approx(error, rel=0.05)


@pytest.mark.parametrize("visible", ["bernoulli", "gaussian"])
def test_the_base_itself_has_no_error(visible):
    """Without weights and hidden biases every chain's weight is Z."""
    rbm = random_rbm(6, 3, visible)
    rbm.weight.zero_()
    rbm.hidden_bias.zero_()
    base = rbm.visible_bias.clone()
    estimate = rbm_log_partition(rbm, base, 7, 5, torch.Generator().manual_seed(0))
    exact = float(rbm.log_partition())
    assert estimate.log_weights.numpy() == pytest.approx(np.full(5, exact), abs=1e-12)
    assert estimate.standard_error < 1e-12 and estimate.effective_samples == pytest.approx(5)


def test_a_base_at_the_means_of_the_data_needs_fewer_temperatures():
    """Salakhutdinov and Murray's reason for it. Digits, twenty temperatures: effective samples of 400."""
    rbm, data = _trained(_digits(), 14, 400), _digits()
    base = base_rate_bias(rbm, data)
    fitted, uniform = (
        rbm_log_partition(rbm, bias, 20, 400, torch.Generator().manual_seed(3)).effective_samples
        for bias in (base, torch.zeros(64))
    )
    assert fitted > 2 * uniform


def test_base_rates_are_those_of_the_data():
    """The RBM without weights has the data's means, but for one imagined point on and one off."""
    data = (torch.rand(500, 6, generator=torch.Generator().manual_seed(0)) < torch.linspace(0, 1, 6)).float()
    assert (data[:, 0] == 0).all() and (data[:, 5] == 1).all()
    rates = base_rate_bias(RBM(6, 2), data).sigmoid()
    assert rates.numpy() == pytest.approx((data.sum(0).numpy() + 1) / 502, abs=1e-6)
    real = torch.randn(50, 6)
    assert torch.equal(base_rate_bias(RBM(6, 2, "gaussian"), real), real.mean(0))


def test_the_summary_of_weights_is_that_of_the_delta_method():
    """Against the spread of log mean exp over many sets of log-normal weights."""
    draws = torch.randn(4000, 200, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    made = [summarise(900 + 0.5 * row) for row in draws]
    found = np.array([one.log_partition for one in made])
    assert found.mean() == pytest.approx(900 + 0.125, abs=0.005)
    assert np.mean([one.standard_error for one in made]) == pytest.approx(found.std(), rel=0.05)
    # Effective samples of log-normal weights: n / E[w^2] * E[w]^2 = n exp(-variance).
    expected = 200 * math.exp(-0.25)
    assert np.mean([one.effective_samples for one in made]) == pytest.approx(expected, rel=0.02)
    assert summarise(torch.tensor([0.0, -800.0, -900.0]).double()).effective_samples == 1


@pytest.mark.parametrize(("temperatures", "chains"), [(1, 10), (0, 10), (10, 1)])
def test_too_few_temperatures_or_chains_are_refused(temperatures, chains):
    with pytest.raises(ValueError, match="at least two temperatures and chains"):
        rbm_log_partition(RBM(3, 2), torch.zeros(3), temperatures, chains, torch.Generator())

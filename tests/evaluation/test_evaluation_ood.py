"""Out-of-distribution detection against closed forms, enumeration and the pixels themselves."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from ebmrepro.evaluation import ood


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_auroc_is_the_share_of_pairs_in_order(rng):
    inside, outside = rng.normal(0, 1, 40), rng.normal(0.7, 1, 30)
    inside[:5] = outside[:5]  # ties count half
    pairs = np.mean(
        [1.0 if own < other else 0.5 if own == other else 0.0 for own in inside for other in outside]
    )
    assert ood.detection(inside, outside)["auroc"] == pytest.approx(pairs, abs=1e-12)


@pytest.mark.parametrize("shift", [0.0, 1.0, 3.0])
def test_two_gaussians_of_energies(rng, shift):
    """AUROC = Phi(shift / sqrt 2), FPR95 = Phi(Phi^-1(0.95) - shift) for unit variances."""
    found = ood.detection(rng.normal(0, 1, 40_000), rng.normal(shift, 1, 40_000))
    assert found["auroc"] == pytest.approx(stats.norm.cdf(shift / math.sqrt(2)), abs=0.006)
    assert found["fpr95"] == pytest.approx(stats.norm.cdf(stats.norm.ppf(0.95) - shift), abs=0.012)


def test_low_energy_is_in_distribution():
    assert ood.detection(np.arange(5.0), np.arange(10.0, 15.0)) == {"auroc": 1.0, "fpr95": 0.0}
    assert ood.detection(np.arange(10.0, 15.0), np.arange(5.0)) == {"auroc": 0.0, "fpr95": 1.0}


def test_energies_that_are_not_finite_have_no_score():
    found = ood.detection(np.array([0.0, np.nan]), np.array([1.0, 2.0]))
    assert all(math.isnan(value) for value in found.values())


def test_energies_of_levels():
    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(()))

        def forward(self, x):
            return self.weight * x.flatten(1).sum(1)

    images = np.random.default_rng(0).integers(0, 256, (600, 1, 2, 2), dtype=np.uint8)
    expected = ((images.astype(float) + 0.5) / 256).sum((1, 2, 3))
    np.testing.assert_allclose(ood.energies(Sum(), images), expected, rtol=1e-6)


def test_a_histogram_is_a_density_that_loses_nobody(rng):
    values = rng.normal(0, 1, 1000)
    edges = ood.histogram_edges([values, np.array([np.inf, 0.1])], 20)
    density = ood.histogram(np.append(values, 1e9), edges)
    assert len(edges) == 21 and (density * np.diff(edges)).sum() == pytest.approx(1)
    middle = (edges[10] + edges[9]) / 2
    assert density[9:11].mean() == pytest.approx(stats.norm.pdf(middle), rel=0.25)

"""Out-of-distribution detection against closed forms, enumeration and the pixels themselves."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.datasets import load_sample_images
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


def test_an_interpolation_is_the_mean_of_two_different_images(rng):
    images = rng.integers(0, 256, (6, 3, 4, 4), dtype=np.uint8)
    means = {
        ((images[i].astype(int) + images[j]) // 2).astype(np.uint8).tobytes()
        for i in range(6)
        for j in range(6)
        if i != j
    }
    made = ood.made_set("interpolation", images, 60, rng)
    assert made.shape == (60, 3, 4, 4) and made.dtype == np.uint8
    assert {image.tobytes() for image in made} <= means
    assert len({image.tobytes() for image in made}) > 10


def test_constant_and_uniform(rng):
    images = np.zeros((2, 3, 5, 5), np.uint8)
    constant = ood.made_set("constant", images, 200, rng)
    assert (constant == constant[:, :, :1, :1]).all() and len(np.unique(constant[:, 0, 0, 0])) > 50
    uniform = ood.made_set("uniform", images, 200, rng)
    assert stats.chisquare(np.bincount(uniform.ravel(), minlength=256)).pvalue > 1e-3


def test_patches_are_cut_from_the_photographs(rng):
    photographs = [image.transpose(2, 0, 1) for image in load_sample_images().images]
    for patch in ood.made_set("photographs", np.zeros((2, 3, 16, 16), np.uint8), 3, rng):
        found = False
        for photograph in photographs:
            candidates = np.argwhere((photograph[:, :-15, :-15] == patch[:, :1, :1]).all(0))
            found |= any(
                (photograph[:, top : top + 16, left : left + 16] == patch).all() for top, left in candidates
            )
        assert found


def test_grey_patches_are_lumas(rng):
    grey = ood.made_set("photographs", np.zeros((2, 1, 8, 8), np.uint8), 5, np.random.default_rng(1))
    colour = ood.made_set("photographs", np.zeros((2, 3, 8, 8), np.uint8), 5, np.random.default_rng(1))
    luma = np.tensordot(colour, [0.2989, 0.587, 0.114], ([1], [0]))
    assert abs(grey[:, 0] - luma).max() <= 1


def test_other_sets_take_the_shape_asked_for(rng):
    images = rng.integers(0, 256, (4, 3, 16, 16), dtype=np.uint8)
    assert ood.like(images, (1, 8, 8)).shape == (4, 1, 8, 8)
    assert (ood.like(images, (3, 16, 16)) == images).all()
    assert (ood.like(images[:, :1], (3, 16, 16)) == images[:, :1]).all()


def test_an_unknown_set_is_refused(rng):
    with pytest.raises(ValueError, match="nonsense"):
        ood.made_set("nonsense", np.zeros((2, 1, 8, 8), np.uint8), 3, rng)


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

"""Distances to a known Gaussian, and grid normalisation."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from ebmrepro.energies import build_energy
from ebmrepro.evaluation.measures.density import log_likelihood, normalise_on_grid
from ebmrepro.evaluation.measures.gaussian import fisher_divergence, gaussian_kl
from ebmrepro.params.energies.gaussian import GaussianEnergy


def _random_law(dim: int, seed: int):
    rng = np.random.default_rng(seed)
    factor = rng.standard_normal((dim, dim)) + 1.5 * np.eye(dim)
    return rng.standard_normal(dim), factor @ factor.T


@pytest.mark.parametrize("dim", [1, 2, 6])
def test_kl_against_torch_distributions(dim):
    (m, s), (mu, sigma) = _random_law(dim, 0), _random_law(dim, 1)
    p, q = (torch.distributions.MultivariateNormal(torch.from_numpy(a), torch.from_numpy(b))
            for a, b in ((m, s), (mu, sigma)))  # fmt: skip
    expected = float(torch.distributions.kl_divergence(p, q))
    assert gaussian_kl(m, s, mu, np.linalg.inv(sigma)) == pytest.approx(expected, rel=1e-9)
    assert gaussian_kl(m, s, m, np.linalg.inv(s)) == pytest.approx(0, abs=1e-12)


def test_kl_against_monte_carlo():
    (m, s), (mu, sigma) = _random_law(3, 2), _random_law(3, 3)
    x = np.random.default_rng(4).multivariate_normal(m, s, 50_000)
    ratio = stats.multivariate_normal(m, s).logpdf(x) - stats.multivariate_normal(mu, sigma).logpdf(x)
    error = ratio.std() / math.sqrt(len(x))
    assert abs(gaussian_kl(m, s, mu, np.linalg.inv(sigma)) - ratio.mean()) < 4.5 * error


def _energy(mean, precision):
    energy = build_energy(GaussianEnergy(kind="gaussian"), (len(mean),)).double()
    factor = np.linalg.cholesky(precision)
    with torch.no_grad():
        energy.mean.copy_(torch.from_numpy(mean))
        energy.lower.copy_(torch.from_numpy(np.tril(factor, -1)))
        energy.log_diagonal.copy_(torch.from_numpy(np.log(np.diag(factor))))
    return energy


def test_fisher_divergence_of_two_gaussians():
    """E_p |Lambda (x - mu) - S^-1 (x - m)|^2 = tr(D S D^T) + |Lambda (m - mu)|^2, D = Lambda - S^-1."""
    (m, s), (mu, sigma) = _random_law(3, 5), _random_law(3, 6)
    lam, p = np.linalg.inv(sigma), np.linalg.inv(s)
    energy = _energy(mu, lam)
    # Points whose sample mean and covariance are exactly m and s: the sample mean of a quadratic is exact.
    raw = np.random.default_rng(7).standard_normal((200, 3))
    white = (raw - raw.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T, bias=True))).T
    x = m + white @ np.linalg.cholesky(s).T
    scores = -(x - m) @ p
    d = lam - p
    expected = np.trace(d @ s @ d.T) + np.square(lam @ (m - mu)).sum()
    found = fisher_divergence(energy, torch.from_numpy(x), torch.from_numpy(scores))
    assert found == pytest.approx(expected, rel=1e-9)


def test_fisher_divergence_is_zero_at_the_truth():
    m, s = _random_law(4, 8)
    x = np.random.default_rng(9).multivariate_normal(m, s, 50)
    scores = -(x - m) @ np.linalg.inv(s)
    energy = _energy(m, np.linalg.inv(s)).requires_grad_(False)
    assert fisher_divergence(energy, torch.from_numpy(x), torch.from_numpy(scores)) == pytest.approx(
        0, abs=1e-18
    )


@pytest.mark.parametrize("cells", [128, 200])
def test_grid_log_z_is_the_gaussians(cells):
    energy = _energy(np.array([0.4, -0.7]), np.array([[2.0, 0.5], [0.5, 1.0]])).float()
    grid = normalise_on_grid(energy, [-7.0, 7.0], cells)
    assert grid.log_partition == pytest.approx(float(energy.log_partition().detach()), abs=1e-5)
    assert grid.edge_mass < 1e-6
    assert float(grid.log_density.exp().sum() * (14 / cells) ** 2) == pytest.approx(1, abs=1e-9)


def test_grid_rows_run_along_y():
    energy = _energy(np.array([2.0, -3.0]), 4 * np.eye(2)).float()
    grid = normalise_on_grid(energy, [-5.0, 5.0], 100)
    row, column = divmod(int(grid.log_density.argmax()), 100)
    assert -5 + 0.1 * (row + 0.5) == pytest.approx(-3, abs=0.06)
    assert -5 + 0.1 * (column + 0.5) == pytest.approx(2, abs=0.06)


def test_edge_mass_warns_of_a_small_box():
    """exp(-E) constant: the ring holds 1 - (n - 2)^2 / n^2 of the mass."""
    energy = _energy(np.zeros(2), 1e-12 * np.eye(2)).float()
    assert normalise_on_grid(energy, [-1.0, 1.0], 16).edge_mass == pytest.approx(1 - 14**2 / 16**2, abs=1e-6)


def test_log_likelihood_is_scipys():
    mean, precision = np.array([0.4, -0.7]), np.array([[2.0, 0.5], [0.5, 1.0]])
    energy = _energy(mean, precision)
    x = np.random.default_rng(1).standard_normal((30, 2))
    expected = stats.multivariate_normal(mean, np.linalg.inv(precision)).logpdf(x).mean()
    found = log_likelihood(energy, torch.from_numpy(x), float(energy.log_partition().detach()))
    assert found == pytest.approx(expected, abs=1e-10)


def test_very_low_energies_do_not_overflow():
    energy = _energy(np.zeros(2), np.eye(2)).float()
    shifted = torch.nn.Module()
    shifted.forward = lambda x: energy(x) - 1e4
    shifted.parameters = energy.parameters
    plain, low = (normalise_on_grid(e, [-6.0, 6.0], 64) for e in (energy, shifted))
    assert low.log_partition == pytest.approx(plain.log_partition + 1e4, abs=2e-3)

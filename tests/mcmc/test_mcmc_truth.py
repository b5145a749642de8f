"""Chains against the laws that they claim to sample: moments and a two-sample test.

The test is the permutation test of the maximum mean discrepancy (Gretton et al., 2012), Gaussian kernel with
the median distance as bandwidth, against as many independent samples drawn by numpy.
"""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist, pdist

from ebmrepro.mcmc.chain import chain, run_chain
from ebmrepro.mcmc.hmc import transition
from ebmrepro.params.samplers.hmc import HamiltonianSampler
from ebmrepro.params.sampling import Langevin

PERMUTATIONS = 999
START = {"start": "data", "start_box": [-1.0, 1.0], "buffer": None, "augmentation": None}


class Mixture:
    """A mixture of Gaussians with weights (m,), means (m, d) and covariances (m, d, d); one is a Gaussian."""

    def __init__(self, weights, means, covariances):
        self.weights, self.means, self.covariances = map(np.array, (weights, means, covariances))

    def energy(self, x: torch.Tensor) -> torch.Tensor:
        """-log density up to a constant, (B,) of (B, d)."""
        terms = []
        for weight, mean, covariance in zip(self.weights, self.means, self.covariances, strict=True):
            away = x - torch.from_numpy(mean)
            quadratic = ((away @ torch.from_numpy(np.linalg.inv(covariance))) * away).sum(1)
            terms.append(math.log(weight / math.sqrt(np.linalg.det(covariance))) - 0.5 * quadratic)
        return -torch.stack(terms).logsumexp(0)

    def sample(self, count: int, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        which = rng.choice(len(self.weights), count, p=self.weights)
        roots = np.linalg.cholesky(self.covariances)[which]
        noise = rng.standard_normal((count, self.means.shape[1]))
        return self.means[which] + np.einsum("bij,bj->bi", roots, noise)

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        mean = self.weights @ self.means
        second = self.covariances + self.means[:, :, None] * self.means[:, None, :]
        return mean, np.einsum("m,mij->ij", self.weights, second) - np.outer(mean, mean)


GAUSSIAN = Mixture([1.0], [[0.7, -0.4]], [[[1.0, 0.6], [0.6, 0.8]]])
TWO_MODES = Mixture(
    [0.3, 0.7], [[-1.2, 0.0], [1.2, 0.6]], [[[0.5, 0.0], [0.0, 0.4]], [[0.3, 0.15], [0.15, 0.5]]]
)


def _p_value(x: np.ndarray, y: np.ndarray) -> float:
    """That of the hypothesis that x and y (n, d) follow one law."""
    both, count = np.concatenate([x, y]), len(x)
    gram = np.exp(-cdist(both, both, "sqeuclidean") / (2 * np.median(pdist(both)) ** 2))
    np.fill_diagonal(gram, 0)
    rng = np.random.default_rng(0)
    # Columns are labels: which half of the pooled sample is x; the first is the true one.
    labels = np.zeros((2 * count, 1 + PERMUTATIONS))
    labels[:count, 0] = 1
    labels[:, 1:] = rng.permuted(np.repeat(labels[:, :1], PERMUTATIONS, 1), axis=0)
    across = np.einsum("ib,ib->b", labels, gram @ (1 - labels))
    within = gram.sum() - 2 * across
    # Unbiased MMD^2 up to a constant of equal sizes.
    statistic = within / (count * (count - 1)) - 2 * across / count**2
    return float((statistic >= statistic[0]).mean())


def _moments_agree(x: np.ndarray, law: Mixture, errors: float = 4.5) -> bool:
    """Mean and covariance within `errors` standard errors, the errors from the sample's own moments."""
    mean, covariance = law.moments()
    away = x - mean
    products = away[:, :, None] * away[:, None, :]
    root = math.sqrt(len(x))
    mean_ok = np.abs(away.mean(0)) < errors * x.std(0) / root
    covariance_ok = np.abs(products.mean(0) - covariance) < errors * products.std(0) / root
    return bool(mean_ok.all() and covariance_ok.all())


def _langevin(step: float, steps: int, noise: float | None = None) -> Langevin:
    noise = math.sqrt(2 * step) if noise is None else noise
    return Langevin(steps=steps, step_size=step, noise=noise, anneal=False, clamp=None)


def _hmc(leapfrog_steps: int, step: float, metropolis: bool, steps: int = 40) -> HamiltonianSampler:
    return HamiltonianSampler(
        **START, kind="hmc", steps=steps, leapfrog_steps=leapfrog_steps, step_size=step,
        metropolis=metropolis, clamp=None,
    )  # fmt: skip


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("law", "steps"), [(GAUSSIAN, 400), (TWO_MODES, 1500)], ids=["gaussian", "mixture"])
def test_langevin_with_matched_noise_samples_the_law(law, steps):
    """2000 chains from one far point; at this step the bias is below the statistical error."""
    start = torch.tensor([[2.0, -2.0]], dtype=torch.float64).repeat(2000, 1)
    x = run_chain(law.energy, start, _langevin(0.005, steps), _generator()).numpy()
    assert _moments_agree(x, law)
    assert _p_value(x, law.sample(2000, 1)) > 0.05


@pytest.mark.parametrize("law", [GAUSSIAN, TWO_MODES], ids=["gaussian", "mixture"])
@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_another_noise_samples_another_law(law, factor):
    """The paper's decoupled noise is another temperature: the tests above would notice."""
    start = torch.from_numpy(law.sample(2000, 2))
    config = _langevin(0.005, 300, noise=factor * math.sqrt(0.01))
    x = run_chain(law.energy, start, config, _generator()).numpy()
    assert not _moments_agree(x, law)
    assert _p_value(x, law.sample(2000, 1)) <= 1 / (1 + PERMUTATIONS)


LARGE = [(GAUSSIAN, 1, 0.85), (GAUSSIAN, 5, 0.75), (TWO_MODES, 1, 0.8), (TWO_MODES, 5, 0.75)]
NAMES = ["gaussian-mala", "gaussian-hmc", "mixture-mala", "mixture-hmc"]


@pytest.mark.parametrize(("law", "leapfrog_steps", "step"), LARGE, ids=NAMES)
def test_metropolis_makes_the_law_stationary_at_a_large_step(law, leapfrog_steps, step):
    """4000 exact samples, 40 transitions, many of them refused: the law stays, every sample has moved."""
    start = law.sample(4000, 2)
    config = _hmc(leapfrog_steps, step, metropolis=True)
    states = [torch.from_numpy(start), *chain(law.energy, torch.from_numpy(start), config, _generator())]
    moved = [float((b != a).any(1).double().mean()) for a, b in pairwise(states)]
    assert 0.4 < np.mean(moved) < 0.97
    assert (states[-1] != states[0]).any(1).double().mean() > 0.99
    x = states[-1].numpy()
    assert _moments_agree(x, law)
    assert _p_value(x[:2000], law.sample(2000, 1)) > 0.05


@pytest.mark.parametrize(("law", "leapfrog_steps", "step"), LARGE, ids=NAMES)
def test_without_the_metropolis_test_it_is_not(law, leapfrog_steps, step):
    start = torch.from_numpy(law.sample(4000, 2))
    x = run_chain(law.energy, start, _hmc(leapfrog_steps, step, metropolis=False), _generator()).numpy()
    assert not _moments_agree(x, law)
    assert _p_value(x[:2000], law.sample(2000, 1)) <= 1 / (1 + PERMUTATIONS)


def test_the_metropolis_chain_reaches_the_law_from_afar():
    start = torch.tensor([[3.0, -3.0]], dtype=torch.float64).repeat(4000, 1)
    x = run_chain(TWO_MODES.energy, start, _hmc(5, 0.5, metropolis=True, steps=60), _generator()).numpy()
    assert _moments_agree(x, TWO_MODES)
    assert _p_value(x[:2000], TWO_MODES.sample(2000, 1)) > 0.05


def test_one_leapfrog_step_is_langevin_of_half_its_square():
    """x + s p - s^2 grad E / 2, p ~ N(0, I)."""
    x = torch.randn(50, 2, dtype=torch.float64)
    moved = transition(GAUSSIAN.energy, x, _hmc(1, 0.3, metropolis=False), _generator())
    leaf = x.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(GAUSSIAN.energy(leaf).sum(), leaf)
    noise = torch.randn(x.shape, generator=_generator(), dtype=x.dtype)
    torch.testing.assert_close(moved, x + 0.3 * noise - 0.045 * gradient)


def test_a_transition_is_the_leapfrog_integrator():
    """Seven steps written out, from the same momenta."""
    law, x = TWO_MODES, torch.randn(30, 2, dtype=torch.float64)
    end = transition(law.energy, x, _hmc(7, 0.2, metropolis=False), _generator())

    def force(y):
        y = y.clone().requires_grad_(True)
        return -torch.autograd.grad(law.energy(y).sum(), y)[0]

    p = torch.randn(x.shape, generator=_generator(), dtype=x.dtype)
    for _ in range(7):
        p = p + 0.1 * force(x)
        x = x + 0.2 * p
        p = p + 0.1 * force(x)
    torch.testing.assert_close(end, x, atol=1e-12, rtol=0)


def test_moves_to_states_of_infinite_energy_are_refused():
    def walled(x):
        return torch.where(x[:, 0].abs() < 1, 0.5 * x.square().sum(1), math.inf)

    x = 0.9 * (2 * torch.rand(3000, 2, dtype=torch.float64) - 1)
    ends = run_chain(walled, x, _hmc(1, 0.8, metropolis=True), _generator())
    assert ends.isfinite().all() and (ends[:, 0].abs() < 1).all()
    assert (ends != x).any(1).all()


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_annealed_noise_falls_linearly_to_none(steps):
    """Where the energy is flat every step adds noise of standard deviation noise (K - 1 - i) / K."""
    config = Langevin(steps=steps, step_size=1.0, noise=0.6, anneal=True, clamp=None)
    x = torch.zeros(20000, 2, dtype=torch.float64)
    states = [x, *chain(lambda x: 0 * x.sum(1), x, config, _generator())]
    assert len(states) == steps + 1
    for index, (before, after) in enumerate(pairwise(states)):
        expected = 0.6 * (steps - 1 - index) / steps
        # The standard error of a standard deviation of 40000 numbers is 1 / sqrt(80000) of it.
        assert float((after - before).std()) == pytest.approx(expected, rel=4.5 / math.sqrt(80000))
    assert torch.equal(states[-1], states[-2])


def test_a_chain_in_two_parts_is_annealed_as_one():
    config = Langevin(steps=6, step_size=0.1, noise=0.6, anneal=True, clamp=None)
    x, generator = torch.randn(10, 2, dtype=torch.float64), _generator()
    whole = run_chain(GAUSSIAN.energy, x, config, _generator())
    middle = run_chain(GAUSSIAN.energy, x, config, generator, 4, first=0, total=6)
    assert torch.equal(run_chain(GAUSSIAN.energy, middle, config, generator, 2, first=4, total=6), whole)

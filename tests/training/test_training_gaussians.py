"""CD, PCD and ICD on Gaussians, where the maximum-likelihood fit is known.

Data: 1000 points of p_D = N(m, S), m scattered by 0.3 about 1, S with eigenvalues from 0.5 to 2 in a random
basis. The maximum-likelihood fit has the points' mean and covariance, p_ML = N(m^, S^).

Two things keep a training from it. The chain is discretised: with a = 1 - s l it has, along an eigenvector of
precision l, the stationary variance a^2 / (l (1 - s l / 2)), about (1 - 1.5 s l) / l, so the learnt precision
is about 1.5 s / s^ too small, s^ being the points' variance. For s = 0.02 that costs KL(p_ML || p_theta) =
0.001, 0.003 and 0.018 nats in 2, 10 and 50 dimensions. The rest is the noise of the chains in the gradient.
"""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from ebmrepro.evaluation.measures.gaussian import gaussian_kl
from ebmrepro.params.energies.gaussian import GaussianEnergy
from ebmrepro.params.objectives.cd import ContrastiveDivergence
from ebmrepro.params.objectives.icd import ImprovedContrastiveDivergence
from ebmrepro.params.root import Schedule, TrainSettings
from ebmrepro.params.samplers.langevin import LangevinSampler
from ebmrepro.training.loop import Training

POINTS, STEPS, STEP_SIZE = 1000, 10, 0.02


def _law(dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of p_D."""
    rng = np.random.default_rng(dim)
    mean = 1 + 0.3 * rng.standard_normal(dim)
    basis, _ = np.linalg.qr(rng.standard_normal((dim, dim)))
    return mean, (basis * np.geomspace(0.5, 2, dim)) @ basis.T


def _points(dim: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng([seed, 7])
    return rng.multivariate_normal(*_law(dim), POINTS).astype(np.float32)


def _chains(start: str) -> LangevinSampler:
    buffer = {"kind": "fifo", "size": POINTS, "reinitialise": 0.0} if start == "replay" else None
    return LangevinSampler(
        kind="langevin", steps=STEPS, step_size=STEP_SIZE, noise=math.sqrt(2 * STEP_SIZE), anneal=False,
        clamp=None, start=start, start_box=[-1.0, 1.0], buffer=buffer, augmentation=None,
    )  # fmt: skip


def _icd(entropy_weight: float, kl_steps) -> ImprovedContrastiveDivergence:
    return ImprovedContrastiveDivergence(
        kind="icd", energy_l2=0.0, kl_weight=1.0, entropy_weight=entropy_weight, kl_samples=250,
        kl_steps=kl_steps, neighbours=200, nearest=1, entropy_after=POINTS // 2, compare_full=False,
    )  # fmt: skip


def _fit(points: np.ndarray, objective, start: str, seed: int, schedule: tuple[int, float, float]):
    """Mean and precision (averaged weights) after a training on the full set in every iteration."""
    iterations, learning_rate, ema_decay = schedule
    settings = TrainSettings(
        energy=GaussianEnergy(kind="gaussian"), objective=objective, sampler=_chains(start),
        schedule=Schedule(iterations=iterations, batch_size=POINTS, learning_rate=learning_rate,
                          betas=[0.0, 0.9], clip_norm=None, ema_decay=ema_decay, energy_limit=1e6,
                          log_every=iterations, checkpoint_seconds=1e6),
    )  # fmt: skip
    training = Training(settings, torch.from_numpy(points), seed)
    for _ in range(iterations):
        training.step()
    assert training.guard.diverged() is None
    energy = training.model("ema").double()
    return energy.mean.detach().numpy(), energy.precision().detach().numpy()


# Dimension: (iterations, learning rate, decay of the average) and the stated distance in nats.
STATED = {2: ((250, 0.01, 0.98), 0.005), 10: ((300, 0.005, 0.98), 0.02), 50: ((400, 0.005, 0.99), 0.1)}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dim", STATED)
@pytest.mark.parametrize("method", ["cd", "pcd", "icd"])
def test_training_reaches_the_maximum_likelihood_fit(method, dim, seed):
    """KL(p_D || p_theta) lies within the stated distance of KL(p_D || p_ML), and p_theta within it of p_ML.

    The KL term of ICD is the true KL(q || p) if the entropy has weight n: Kozachenko and Leonenko's estimate
    is n times the mean logarithm of the distance, which the objective leaves to its weight.

    Measured in nats, the largest of five seeds, in 2, 10 and 50 dimensions:

        |KL(p_D || p_theta) - KL(p_D || p_ML)|   CD   0.003  0.004  0.044
                                                 PCD  0.003  0.011  0.042
                                                 ICD  0.003  0.009  0.028
        KL(p_ML || p_theta)                      CD   0.002  0.005  0.079
                                                 PCD  0.003  0.009  0.059
                                                 ICD  0.003  0.008  0.050

    p_ML itself is n (n + 3) / 4 N = 0.0025, 0.033 and 0.66 from p_D.
    """
    schedule, distance = STATED[dim]
    points = _points(dim, seed)
    objective = _icd(float(dim), 1) if method == "icd" else ContrastiveDivergence(kind="cd", energy_l2=0.0)
    mean, precision = _fit(points, objective, "data" if method == "cd" else "replay", seed, schedule)
    sample = points.astype(np.float64)
    ml = sample.mean(0), np.cov(sample.T, bias=True)
    truth = _law(dim)
    best = gaussian_kl(*truth, ml[0], np.linalg.inv(ml[1]))
    reached = gaussian_kl(*truth, mean, precision), gaussian_kl(*ml, mean, precision)
    assert abs(reached[0] - best) < distance
    assert reached[1] < distance


def _fixed_point(variance: float, kl_weight: float) -> float:
    """The precision l at which the gradients of L_CD and kl_weight * L_opt through all K steps cancel.

    Along an eigenvector, with x' = a y, y = x + noise, a = 1 - s l and v = E y^2 at stationarity:
    d L_CD / dl = (variance - a^2 v) / 2, and D = dx_K/dl obeys D' = -s y + a D, so that
    d L_opt / dl = l E[x_K D_K] = -l s a v (1 - a^2K) / (1 - a^2).
    """

    def gradient(precision: float) -> float:
        a = 1 - STEP_SIZE * precision
        v = 2 * STEP_SIZE / (1 - a**2)
        product = -STEP_SIZE * a * v * (1 - a ** (2 * STEPS)) / (1 - a**2)
        return 0.5 * (variance - a**2 * v) + kl_weight * precision * product

    return brentq(gradient, 1e-3 / variance, 5 / variance)


@pytest.mark.parametrize("seed", range(3))
def test_l_opt_without_entropy_is_biased_as_the_closed_form_says(seed):
    """Through all steps, ICD without its entropy comes to rest where its gradients cancel, not at p_ML: at
    precisions 20 and 60 % too large. KL from that point, largest of three seeds: 0.002 nats."""
    points = _points(2, seed)
    mean, precision = _fit(points, _icd(0.0, "all"), "replay", seed, (300, 0.01, 0.98))
    sample = points.astype(np.float64)
    variances, basis = np.linalg.eigh(np.cov(sample.T, bias=True))
    expected = np.array([_fixed_point(variance, 1.0) for variance in variances])
    assert (expected * variances > 1.15).all()
    found = gaussian_kl(sample.mean(0), (basis / expected) @ basis.T, mean, precision)
    assert found < 0.01


@pytest.mark.parametrize("seed", range(3))
def test_the_entropy_of_weight_n_takes_that_bias_away(seed):
    """The same training with the entropy: within 0.01 nats of p_ML, where that without it is 0.08 away.
    Largest of three seeds: 0.004.

    In 10 dimensions precisions stay 7 to 10 % too large: the nearest of 200 samples is too far away for its
    direction to be that of the density's gradient. Through one step of ten, as above, it is hardly seen.
    """
    points = _points(2, seed)
    mean, precision = _fit(points, _icd(2.0, "all"), "replay", seed, (300, 0.01, 0.98))
    sample = points.astype(np.float64)
    found = gaussian_kl(sample.mean(0), np.cov(sample.T, bias=True), mean, precision)
    assert found < 0.01

"""Models of a known Gaussian."""

import numpy as np
import torch
from torch import Tensor, nn

from ebmrepro.energies.gradient import energy_gradient
from ebmrepro.evaluation.subject import Measured, Numbers, Subject
from ebmrepro.params.evaluations.gaussian import GaussianEvaluation


def measure(config: GaussianEvaluation, subject: Subject) -> Measured:
    """`fisher_divergence` at the test points and, where the energy is a Gaussian, `kl` in nats."""
    mean, covariance = subject.reference["mean"], subject.reference["covariance"]
    test = torch.from_numpy(subject.data["test"]["x"]).to(subject.device)
    centred = test.double() - torch.from_numpy(mean).to(subject.device)
    scores = -centred @ torch.from_numpy(np.linalg.inv(covariance)).to(subject.device)
    found = {}
    for seed in subject.samples:
        energy = subject.energy(seed)
        metrics = {"fisher_divergence": fisher_divergence(energy, test, scores.float())}
        if hasattr(energy, "precision"):
            own = (array.double().cpu().numpy() for array in (energy.mean, energy.precision()))
            metrics["kl"] = gaussian_kl(mean, covariance, *own)
        found[seed] = Numbers(metrics, {})
    return Measured(found)


def gaussian_kl(
    data_mean: np.ndarray, data_covariance: np.ndarray, mean: np.ndarray, precision: np.ndarray
) -> float:
    """KL( N(m, S) || N(mu, Lambda^-1) ) in nats, in closed form.

    1/2 [ tr(Lambda S) + (mu - m)^T Lambda (mu - m) - d - log det(Lambda S) ]; vectors (d,), matrices (d, d).
    """
    difference = mean - data_mean
    product = precision @ data_covariance
    _, log_det = np.linalg.slogdet(product)
    quadratic = difference @ precision @ difference
    return float(0.5 * (np.trace(product) + quadratic - len(mean) - log_det))


def fisher_divergence(energy: nn.Module, points: Tensor, data_scores: Tensor) -> float:
    """Mean over `points` (n, d) of |grad E(x) + grad log p_D(x)|^2; `data_scores` (n, d) is grad log p_D.

    Needs no normalising constant: -grad E is the model's score.
    """
    _, gradient = energy_gradient(energy, points)
    return float((gradient + data_scores).square().sum(1).mean())

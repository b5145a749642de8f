"""Models of a known Gaussian."""

import numpy as np
import torch

from ebmrepro.evaluation.likelihood.gaussian import fisher_divergence, gaussian_kl
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

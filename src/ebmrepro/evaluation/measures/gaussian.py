"""Models of a known Gaussian."""

import numpy as np
import torch

from ebmrepro.evaluation.likelihood.gaussian import fisher_divergence, gaussian_kl
from ebmrepro.evaluation.subject import Measured, Numbers, Subject
from ebmrepro.params.evaluations.gaussian import GaussianEvaluation


def measure(config: GaussianEvaluation, subject: Subject) -> Measured:
    """`fisher_divergence` at the test points and, where the energy is a Gaussian, `kl` in nats."""
    return Measured({seed: _of_seed(subject, seed) for seed in subject.samples})


def _of_seed(subject: Subject, seed: int) -> Numbers:
    energy, ruler = subject.energy(seed), subject.ruler
    test = torch.from_numpy(subject.data["test"]["x"]).to(subject.device)
    centred = test.double() - torch.from_numpy(ruler["mean"]).to(subject.device)
    scores = -centred @ torch.from_numpy(np.linalg.inv(ruler["covariance"])).to(subject.device)
    metrics = {"fisher_divergence": fisher_divergence(energy, test, scores.float())}
    if hasattr(energy, "precision"):
        mean = energy.mean.double().cpu().numpy()
        precision = energy.precision().double().cpu().numpy()
        metrics["kl"] = gaussian_kl(ruler["mean"], ruler["covariance"], mean, precision)
    return Numbers(metrics, {})

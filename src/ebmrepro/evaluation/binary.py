"""Models of binary images: likelihood, reconstruction, and samples against the data."""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ebmrepro.energies.helmholtz import HelmholtzMachine
from ebmrepro.energies.rbm import MAX_UNITS, RBM
from ebmrepro.evaluation.importance import log_likelihood_bound
from ebmrepro.mcmc.annealed_importance import annealed_importance_sampling, base_rate_bias
from ebmrepro.params.evaluations.binary import BinaryEvaluation

EXACT, ANNEALED, BOUND = "exact", "annealed importance sampling", "importance-weighted bound"


class Likelihood(NamedTuple):
    """Log-likelihoods (n,) and (m,) of train and test data in nats, float64.

    `log_partition` and its standard error `log_partition_error`: of an RBM alone, the error None where log Z
    is exact.
    """

    train: Tensor
    test: Tensor
    log_partition: float | None = None
    log_partition_error: float | None = None


def how(model: RBM | HelmholtzMachine) -> str:
    """How `likelihood` finds it: EXACT, ANNEALED, or BOUND, a lower bound."""
    if isinstance(model, HelmholtzMachine):
        return BOUND
    return EXACT if min(len(model.visible_bias), len(model.hidden_bias)) <= MAX_UNITS else ANNEALED


@torch.no_grad()
def likelihood(
    model: RBM | HelmholtzMachine,
    train: Tensor,
    test: Tensor,
    config: BinaryEvaluation,
    generator: torch.Generator,
) -> Likelihood:
    """Log-likelihoods of binary `train` (n, d) and `test` (m, d), found as `how` says."""
    if isinstance(model, HelmholtzMachine):
        parts = (log_likelihood_bound(model, x, config.importance_samples, generator) for x in (train, test))
        return Likelihood(*parts)
    if how(model) == EXACT:
        log_partition, error = float(model.double().log_partition()), None
        model.float()
    else:
        estimate = annealed_importance_sampling(
            model, base_rate_bias(model, train), config.ais_temperatures, config.ais_chains, generator
        )
        log_partition, error = estimate.log_partition, estimate.standard_error
    parts = (-model(x).double() - log_partition for x in (train, test))
    return Likelihood(*parts, log_partition, error)


@torch.no_grad()
def reconstruct(model: RBM | HelmholtzMachine, x: Tensor, generator: torch.Generator) -> Tensor:
    """Probabilities (n, d) of the pixels of binary `x` (n, d) after one way up, drawn, and down again."""
    if isinstance(model, HelmholtzMachine):
        return model.visible_mean(model.sample_recognition(x, generator)[0])
    return model.visible_mean(model.sample_hidden(x, generator))


def reconstruction_error(x: Tensor, probabilities: Tensor) -> float:
    """Mean cross-entropy in nats an image between binary `x` (n, d) and `probabilities` (n, d)."""
    loss = torch.nn.functional.binary_cross_entropy(probabilities, x, reduction="none")
    return float(loss.sum(1).double().mean())


def filters(model: RBM | HelmholtzMachine, count: int) -> np.ndarray:
    """Weights of the first `count` hidden units to the pixels, (count, side, side) float32, row-major."""
    weight = model.weight if isinstance(model, RBM) else model.generative.layers[0].weight
    side = math.isqrt(len(weight))
    return weight.detach().T[:count].unflatten(1, (side, side)).cpu().numpy()


def valid_share(samples: np.ndarray, patterns: np.ndarray) -> float:
    """Share of binary `samples` (n, d) that are among `patterns` (m, d)."""
    powers = 2.0 ** np.arange(samples.shape[1])
    return float(np.isin(samples @ powers, patterns @ powers).mean())

"""Models of binary images."""

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy

from ebmrepro.data.streams import stream_seed
from ebmrepro.evaluation.likelihood.binary import how, likelihood, log_pseudo_likelihood
from ebmrepro.evaluation.samples.distances import median_bandwidth, mmd_squared
from ebmrepro.evaluation.subject import Measured, Numbers, Subject
from ebmrepro.params.evaluations.binary import BinaryEvaluation


def measure(config: BinaryEvaluation, subject: Subject) -> Measured:
    """Log-likelihoods in nats, `reconstruction_error`, `mmd_squared` of samples and of training to test
    images; where there are such, `pseudo_log_likelihood`, `log_partition` and its error, `kl`, `valid_share`.

    Arrays `filters`, `originals` and `reconstructions`; `likelihood` says how it was found.
    """
    reference, compared, shown = subject.reference, config.compared_samples, config.shown
    train, test = (subject.data[part]["x"] for part in ("train", "test"))
    known, points = (torch.from_numpy(x).to(subject.device) for x in (train, test))
    # Training and test images are then the law itself, each of its points as often as it is likely.
    is_law = "patterns" in reference
    seen, real = (train, test) if is_law else (train[:compared], test[:compared])
    bandwidth = median_bandwidth(real)
    mmd_of_train = mmd_squared(seen, real, bandwidth, is_law, is_law)
    found = {}
    for seed, samples in subject.samples.items():
        energy, made = subject.energy(seed), samples.reshape(len(samples), -1) / 255
        generator = torch.Generator(subject.device).manual_seed(stream_seed(seed, "evaluation"))
        of_train, of_test, partition = likelihood(energy, known, points, config, generator)
        metrics = {
            "train_log_likelihood": float(of_train.mean()),
            "test_log_likelihood": float(of_test.mean()),
            **partition,
        }
        if hasattr(energy, "hidden_drive"):
            metrics["pseudo_log_likelihood"] = float(log_pseudo_likelihood(energy, points).double().mean())
        reconstructions = reconstruct(energy, points, generator)
        metrics["reconstruction_error"] = reconstruction_error(points, reconstructions)
        metrics["mmd_squared"] = mmd_squared(made[:compared], real, bandwidth, y_is_law=is_law)
        metrics["mmd_squared_train_to_test"] = mmd_of_train
        if is_law:
            # The mean log-likelihood of the test images is minus the cross-entropy.
            entropy = -(np.exp(reference["log_probability"]) * reference["log_probability"]).sum()
            metrics["kl"] = -metrics["test_log_likelihood"] - float(entropy)
            metrics["valid_share"] = valid_share(made, reference["patterns"])
        square = (-1, *samples.shape[-2:])
        arrays = {
            "filters": filters(energy, shown),
            "originals": test[:shown].astype(np.uint8).reshape(square),
            "reconstructions": reconstructions[:shown].cpu().numpy().reshape(square),
        }
        found[seed] = Numbers(metrics, arrays)
    return Measured(found, {"likelihood": how(energy)})


@torch.no_grad()
def reconstruct(model: nn.Module, x: Tensor, generator: torch.Generator) -> Tensor:
    """Probabilities (n, d) of the pixels of binary `x` (n, d) after one way up, drawn, and down again."""
    if hasattr(model, "recognition"):
        return model.visible_mean(model.sample_recognition(x, generator)[0])
    return model.visible_mean(model.sample_hidden(x, generator))


def reconstruction_error(x: Tensor, probabilities: Tensor) -> float:
    """Mean cross-entropy in nats an image between binary `x` and `probabilities`, (n, d); NaN if one is NaN,
    as of a diverged model."""
    if probabilities.isnan().any():
        return math.nan
    loss = binary_cross_entropy(probabilities, x, reduction="none")
    return float(loss.sum(1).double().mean())


def filters(model: nn.Module, count: int) -> np.ndarray:
    """Weights of the first `count` hidden units to the pixels, (count, side, side) float32, row-major."""
    weight = model.weight if hasattr(model, "weight") else model.generative.layers[0].weight
    side = math.isqrt(len(weight))
    return weight.detach().T[:count].unflatten(1, (side, side)).cpu().numpy()


def valid_share(samples: np.ndarray, patterns: np.ndarray) -> float:
    """Share of binary `samples` (n, d) that are among `patterns` (m, d)."""
    powers = 2.0 ** np.arange(samples.shape[1])
    return float(np.isin(samples @ powers, patterns @ powers).mean())

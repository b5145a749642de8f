"""Models of binary images."""

import numpy as np
import torch

from ebmrepro.data.streams import stream_seed
from ebmrepro.evaluation.likelihood.binary import how, likelihood
from ebmrepro.evaluation.likelihood.pseudo_likelihood import log_pseudo_likelihood
from ebmrepro.evaluation.samples.binary import filters, reconstruct, reconstruction_error, valid_share
from ebmrepro.evaluation.samples.distances import median_bandwidth, mmd_squared
from ebmrepro.evaluation.subject import Measured, Numbers, Subject
from ebmrepro.params.evaluations.binary import BinaryEvaluation


def measure(config: BinaryEvaluation, subject: Subject) -> Measured:
    """Log-likelihoods in nats, `reconstruction_error`, `mmd_squared` of samples and of training to test
    images; where there are such, `pseudo_log_likelihood`, `log_partition` and its error, `kl`, `valid_share`.

    Arrays `filters`, `originals` and `reconstructions`; `likelihood` says how it was found.
    """
    found = {seed: _of_seed(config, subject, seed) for seed in subject.samples}
    return Measured(found, {"likelihood": how(subject.energy(next(iter(found))))})


def _of_seed(config: BinaryEvaluation, subject: Subject, seed: int) -> Numbers:
    energy, samples, ruler = subject.energy(seed), subject.samples[seed], subject.ruler
    train, test = (subject.data[part]["x"] for part in ("train", "test"))
    generator = torch.Generator(subject.device).manual_seed(stream_seed(seed, "evaluation"))
    known, points = (torch.from_numpy(x).to(subject.device) for x in (train, test))
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

    made, compared = samples.reshape(len(samples), -1) / 255, config.compared_samples
    real = test[:compared]
    bandwidth = median_bandwidth(real)
    metrics["mmd_squared"] = mmd_squared(made[:compared], real, bandwidth)
    metrics["mmd_squared_train_to_test"] = mmd_squared(train[:compared], real, bandwidth)
    if "patterns" in ruler:
        # The test images are the distribution itself: their mean log-likelihood is minus the cross-entropy.
        entropy = -(np.exp(ruler["log_probability"]) * ruler["log_probability"]).sum()
        metrics["kl"] = -metrics["test_log_likelihood"] - float(entropy)
        metrics["valid_share"] = valid_share(made, ruler["patterns"])
    side = samples.shape[-1]
    arrays = {
        "filters": filters(energy, config.shown),
        "originals": test[: config.shown].astype(np.uint8).reshape(-1, side, side),
        "reconstructions": reconstructions[: config.shown].cpu().numpy().reshape(-1, side, side),
    }
    return Numbers(metrics, arrays)

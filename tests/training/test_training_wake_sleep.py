"""Wake-sleep trains a Helmholtz machine on 3x3 bars and stripes, whose entropy is known."""

import numpy as np
import pytest
import torch
from prepared_parts import samples

from ebmrepro.data.bars_and_stripes import patterns
from ebmrepro.evaluation.likelihood.binary import log_likelihood_bound
from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.ancestral import generate
from ebmrepro.mcmc.chunks import Target
from ebmrepro.params.datasets.bars_and_stripes import BarsAndStripesData
from ebmrepro.params.energies.helmholtz import HelmholtzMachine
from ebmrepro.params.generations.ancestral import AncestralGeneration
from ebmrepro.params.objectives.wake_sleep import WakeSleep
from ebmrepro.params.root import Schedule, TrainSettings
from ebmrepro.params.samplers.none import NoChain
from ebmrepro.training.loop import Training

ITERATIONS = 800
SETTINGS = TrainSettings(
    energy=HelmholtzMachine(kind="helmholtz", layers=[8, 6]),
    objective=WakeSleep(kind="wake_sleep"),
    sampler=NoChain(kind="none"),
    schedule=Schedule(iterations=ITERATIONS, batch_size=128, learning_rate=0.1, betas=[0.9, 0.99],
                      clip_norm=None, ema_decay=0.98, energy_limit=1e3, log_every=ITERATIONS,
                      checkpoint_seconds=1e6),
)  # fmt: skip


def _likelihoods(machine, data: torch.Tensor) -> tuple[float, float]:
    """Mean log-likelihood of the data in nats: the bound of 100 samples, and the exact value."""
    with torch.no_grad():
        bound = log_likelihood_bound(machine, data, 100, torch.Generator().manual_seed(1))
        return bound.mean().item(), -machine(data).mean().item()


@pytest.mark.parametrize("seed", range(3))
def test_training_improves_the_bound_and_the_likelihood(seed):
    """From about -6.35 nats to KL(data || model) below 0.2 nats, by the bound as by the exact likelihood.

    -2.599 nats, minus the data's entropy, is the best that any model can have. Seeds 0, 1 and 2 end at
    -2.74, -2.66 and -2.67, the bound of 100 samples within 0.01 of that.
    """
    config = BarsAndStripesData(kind="bars_and_stripes", side=3)
    data = torch.from_numpy(samples(config)[0])
    distinct, log_probability = patterns(3)
    best = float((np.exp(log_probability) * log_probability).sum())

    training = Training(SETTINGS, data, seed)
    first = {name: value.clone() for name, value in training.energy.state_dict().items()}
    bound_before, exact_before = _likelihoods(training.model("ema"), data)
    for _ in range(ITERATIONS):
        training.step()
    assert training.guard.diverged() is None
    machine = training.model("ema")
    bound, exact = _likelihoods(machine, data)
    assert exact_before < best - 3 and bound_before < best - 3
    assert exact <= best
    assert exact > best - 0.2 and bound > best - 0.2
    assert bound == pytest.approx(exact, abs=0.05)

    # Both nets learnt: the loop gave each phase's gradient to its own.
    assert all(not value.equal(first[name]) for name, value in training.energy.state_dict().items())
    # What the machine dreams are bars and stripes, as often as its probabilities say.
    with torch.no_grad():
        valid = (-machine(torch.from_numpy(distinct))).exp().sum().item()
    config = AncestralGeneration(kind="ancestral", weights="ema", samples=5000)
    made = generate(config, Target(machine, distinct.shape[1:], 0, Progress("generate", 10)))
    known = {pattern.tobytes() for pattern in distinct}
    share = np.mean([sample.numpy().tobytes() in known for sample in made.samples])
    assert valid > 0.8
    assert share == pytest.approx(valid, abs=4.5 * np.sqrt(valid * (1 - valid) / 5000))

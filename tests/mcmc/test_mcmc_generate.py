"""Sampling from a trained energy."""

import math
from itertools import pairwise

import pytest
import torch
from scipy import stats

from ebmrepro.energies import build_energy
from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.chunks import CHUNK, Target
from ebmrepro.mcmc.generate import generate
from ebmrepro.params.energies.conv import ConvEnergy
from ebmrepro.params.energies.gaussian import GaussianEnergy
from ebmrepro.params.generations.langevin import LangevinGeneration


def _config(**changes) -> LangevinGeneration:
    settings = {
        "weights": "ema", "start": "noise", "start_box": [-2.0, 2.0], "samples": 20, "rounds": 1, "steps": 6,
        "final_steps": 0, "step_size": 0.1, "noise": 0.0, "clamp": None, "anneal": False,
        "augmentation": None,
        "strip_chains": 3, "strip_frames": 4, "long_chains": None,
    }  # fmt: skip
    return LangevinGeneration(kind="langevin", **settings | changes)


def _made(energy, shape, config, buffer=None, seed=0):
    chunks = -(-config.samples // CHUNK)
    progress = Progress("generate", chunks * config.chain_steps())
    made = generate(config, Target(energy, shape, seed, progress, buffer=buffer))
    assert progress.done == progress.total
    return made


def _gaussian(dim=2):
    """N(1, I / 2), as the energy starts."""
    return build_energy(GaussianEnergy(kind="gaussian"), (dim,)).requires_grad_(False)


def test_every_sample_takes_the_stated_number_of_steps():
    """Without noise each step maps x - 1 to (1 - 2 step)(x - 1): the ends tell how many were taken."""
    config = _config(rounds=3, steps=4, final_steps=2, strip_frames=15)
    assert config.chain_steps() == 14
    made = _made(_gaussian(), (2,), config)
    assert made.samples.shape == (20, 2) and made.strip.shape == (15, 3, 2)
    start = made.strip[0] - 1
    for step in range(15):
        torch.testing.assert_close(made.strip[step] - 1, start * 0.8**step, atol=1e-5, rtol=1e-4)
    assert torch.equal(made.strip[-1], made.samples[:3])
    assert made.strip[0].abs().max() <= 2


@pytest.mark.parametrize(("steps", "frames"), [(6, 2), (6, 4), (6, 7), (100, 12)])
def test_frames_are_evenly_spaced_from_start_to_end(steps, frames):
    made = _made(_gaussian(), (2,), _config(steps=steps, strip_frames=frames))
    assert len(made.strip) == frames
    taken = torch.log(((made.strip - 1) / (made.strip[0] - 1)).abs().amax((1, 2))) / math.log(0.8)
    expected = torch.linspace(0, steps, frames).round()
    reachable = expected < 40  # beyond, float32 cannot tell the distance to the mode
    torch.testing.assert_close(taken[reachable], expected[reachable], atol=0.05, rtol=0)


def test_samples_follow_the_energy():
    step = 0.01
    config = _config(samples=2000, steps=400, step_size=step, noise=math.sqrt(2 * step))
    x = _made(_gaussian(), (2,), config).samples.double().numpy()
    r2 = (1 - 2 * step) ** 2
    sd = math.sqrt(2 * step * r2 / (1 - r2))
    for column in x.T:
        assert stats.kstest((column - 1) / sd, "norm").pvalue > 1e-3


def test_starts_from_the_buffer():
    buffer = torch.arange(50.0)[:, None] + 100
    made = _made(_gaussian(1), (1,), _config(start="replay", samples=200, strip_chains=200), buffer)
    starts = made.strip[0][:, 0]
    assert set(starts.tolist()) <= set(buffer[:, 0].tolist())
    assert len(starts.unique()) > 40


def test_the_clamp_is_respected_at_every_frame():
    config = _config(noise=0.5, clamp=[0.0, 0.8], start_box=[0.1, 0.7], strip_chains=20, strip_frames=7)
    made = _made(_gaussian(), (2,), config)
    assert made.strip.min() >= 0 and made.strip.max() == pytest.approx(0.8)
    assert made.samples.max() <= 0.8


def test_chunks_have_streams_of_their_own_and_seeds_differ():
    config = _config(samples=CHUNK + 30, noise=0.3)
    made = _made(_gaussian(), (2,), config)
    assert made.samples.shape == (CHUNK + 30, 2)
    assert len({tuple(row) for row in made.samples.tolist()}) == CHUNK + 30
    # The first chunk does not depend on how many follow.
    first = _made(_gaussian(), (2,), _config(samples=CHUNK, noise=0.3)).samples
    assert torch.equal(made.samples[:CHUNK], first)
    assert torch.equal(first, _made(_gaussian(), (2,), _config(samples=CHUNK, noise=0.3)).samples)
    assert not torch.equal(first, _made(_gaussian(), (2,), _config(samples=CHUNK, noise=0.3), seed=1).samples)


def test_transitions_come_between_rounds_and_not_before_the_final_steps():
    """A flat energy moves nothing: only the transitions do, and there is one fewer than rounds."""
    energy = build_energy(ConvEnergy(kind="conv", width=1, condition=None), (1, 8, 8)).requires_grad_(False)
    for parameter in energy.parameters():
        parameter.zero_()
    crop = {
        "crop_scale": [0.5, 0.5],
        "flip": 0.0,
        "colour": 0.0,
        "grayscale": 0.0,
        "blur": 0.0,
        "blur_kernel": 5,
    }
    ramp = ((torch.arange(8) + 0.5) / 8).expand(1, 1, 8, 8)
    for rounds in (1, 2, 4):
        config = _config(start="replay", start_box=[0.0, 1.0], rounds=rounds, steps=2, final_steps=3,
                         augmentation=crop, strip_chains=20, strip_frames=2 * rounds + 4)  # fmt: skip
        strip = _made(energy, (1, 8, 8), config, ramp).strip
        changed = [not torch.equal(a, b) for a, b in pairwise(strip)]
        assert changed == [k % 2 == 0 and 0 < k < 2 * rounds for k in range(2 * rounds + 3)]

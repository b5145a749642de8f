"""Annealed Langevin dynamics with energies that are known at every time."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn

from ebmrepro.data.density import density
from ebmrepro.evaluation.samples.distances import median_bandwidth, mmd_squared
from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.annealed import generate
from ebmrepro.mcmc.chunks import CHUNK, Target
from ebmrepro.objectives.dcd import kernels, marginals
from ebmrepro.params.generations.annealed import AnnealedGeneration
from ebmrepro.params.objectives.dcd import DiffusionContrastiveDivergence


def _config(**changes) -> AnnealedGeneration:
    settings = {
        "kind": "annealed", "weights": "ema", "start_box": [-2.0, 2.0], "samples": 20, "steps": 4,
        "step_size": 0.1, "noise": 1.0, "clamp": None, "strip_chains": 3, "strip_frames": 4,
    }  # fmt: skip
    return AnnealedGeneration(**settings | changes)


def _dcd(diffusion: str, levels: list[float]) -> DiffusionContrastiveDivergence:
    return DiffusionContrastiveDivergence(
        kind="dcd", diffusion=diffusion, levels=levels, inner_samples=1, stabiliser=1.0
    )


def _made(energy, shape, config, diffusion, seed=0, **target):
    progress = Progress("generate", -(-config.samples // CHUNK) * config.chain_steps(len(diffusion)))
    made = generate(
        config, Target(energy, shape, seed, progress, over_time=energy, diffusion=diffusion, **target)
    )
    assert progress.done == progress.total
    return made


class Quadratic(nn.Module):
    """E(x, t_i) = precision_i |x|^2 / 2."""

    def __init__(self, precisions: list[float]):
        super().__init__()
        self.precisions = nn.Parameter(torch.tensor(precisions), requires_grad=False)

    def forward(self, x, condition):
        assert condition.shape == (len(x), len(self.precisions))
        return 0.5 * (condition @ self.precisions) * x.flatten(1).square().sum(1)


class Mixture(nn.Module):
    """Equal-weighted or weighted Gaussians of one width, diffused to each time: a known E(x, t)."""

    def __init__(self, centres: np.ndarray, weights: np.ndarray, sigma: float, config):
        super().__init__()
        self.centres = nn.Parameter(torch.tensor(centres, dtype=torch.float32), requires_grad=False)
        self.log_weights = torch.tensor(np.log(weights), dtype=torch.float32)
        starts = marginals(config)
        self.scales = torch.tensor([start.scale for start in starts])
        self.variances = torch.tensor([(start.scale * sigma) ** 2 + start.noise**2 for start in starts])

    def forward(self, x, condition):
        scale, variance = condition @ self.scales, condition @ self.variances
        squares = (x[:, None] - scale[:, None, None] * self.centres).square().sum(2)
        return -torch.logsumexp(self.log_weights - squares / (2 * variance[:, None]), 1)


@pytest.mark.parametrize("noise", [0.0, 0.7])
def test_steps_sizes_and_scales_are_as_stated(noise):
    """Linear maps: variances by a recursion, over three times with their own kernels, frame by frame."""
    diffusion, precisions = [(1.0, 0.4), (0.8, 0.6), (0.5, 0.9)], [3.0, 1.5, 0.7]
    config = _config(samples=CHUNK, steps=3, step_size=0.4, noise=noise, strip_chains=CHUNK, strip_frames=10)
    made = _made(Quadratic(precisions), (40,), config, diffusion)
    assert made.strip.shape == (10, CHUNK, 40)
    variance = 16 / 12
    tolerance = 5 * math.sqrt(2 / (CHUNK * 40))
    assert float(made.strip[0].square().mean()) == pytest.approx(variance, rel=tolerance)
    frame = 0
    for time in (2, 1, 0):
        a, s = diffusion[time]
        variance /= a**2 if time < 2 else 1
        step_size = 0.4 * s**2 / a**2
        for _ in range(3):
            variance = (1 - step_size * precisions[time]) ** 2 * (variance + noise**2 * 2 * step_size)
            frame += 1
            assert float(made.strip[frame].square().mean()) == pytest.approx(variance, rel=tolerance)
    assert torch.equal(made.strip[-1], made.samples)


CENTRES = np.array([[-2.0, 0.0], [2.0, 0.5], [0.0, 2.5]])
WEIGHTS = np.array([0.5, 0.3, 0.2])


@pytest.mark.parametrize(
    ("diffusion", "levels", "box"),
    [
        ("ve", [0.0, 0.25, 0.5, 1.0, 2.0, 4.0], [-6.0, 6.0]),
        ("vp", [0.0, 0.03, 0.1, 0.3, 0.8, 2.0], [-2.0, 2.0]),
    ],
    ids=["ve", "vp"],
)
def test_a_mixture_is_reached_with_its_weights(diffusion, levels, box):
    """Its modes are ten widths apart: weights are right because each time hands them to the one before."""
    sigma, count = 0.2, 2500
    config = _dcd(diffusion, levels)
    energy = Mixture(CENTRES, WEIGHTS, sigma, config)
    pairs = [tuple(kernel) for kernel in kernels(config)]
    annealed = _config(samples=count, steps=60, step_size=0.1, start_box=box)
    x = _made(energy, (2,), annealed, pairs).samples.double().numpy()
    nearest = ((x[:, None] - CENTRES) ** 2).sum(2).argmin(1)
    shares = np.bincount(nearest, minlength=3) / count
    # Beside chance (a standard deviation of at most 0.01), what the finite steps at each time leave over.
    assert shares == pytest.approx(WEIGHTS, abs=0.05)
    # Stationary under Langevin steps of size h on N(c, v I): v (1 - r)^2 / (1 - r/2), r = h / v.
    a, s = pairs[0]
    ratio = 0.1 * (s / a) ** 2 / sigma**2
    expected = sigma**2 * (1 - ratio) ** 2 / (1 - ratio / 2)
    for mode in range(3):
        inside = x[nearest == mode]
        error = math.sqrt(expected / len(inside))
        assert inside.mean(0) == pytest.approx(CENTRES[mode], abs=5 * error)
        assert inside.var(0) == pytest.approx(expected, rel=5 * math.sqrt(2 / len(inside)))


@pytest.mark.parametrize(
    ("diffusion", "levels"), [("ve", [0.3, 0.6, 1.2, 2.4]), ("vp", [0.05, 0.2, 0.6, 1.8])], ids=["ve", "vp"]
)
def test_the_last_step_is_the_mean_of_the_clean_data(diffusion, levels):
    """Data N(c, v I), closed form: x = a x_0 + s xi has E[x_0 | x] = c + a v (x - a c) / (a^2 v + s^2).

    Without the switch the chains are what they were, to the last bit, and stop before it.
    """
    variance, centre = 0.25, np.array([[1.5, -0.5]])
    config = _dcd(diffusion, levels)
    energy = Mixture(centre, np.ones(1), math.sqrt(variance), config)
    pairs = [tuple(kernel) for kernel in kernels(config)]
    first = a, s = tuple(marginals(config)[0])
    assert s > 0 and (a < 1) == (diffusion == "vp")
    noisy, clean = (
        _made(energy, (2,), _config(samples=50, tweedie=last), pairs, first_level=first)
        for last in (False, True)
    )
    c = torch.tensor(centre, dtype=torch.float32)
    expected = c + a * variance * (noisy.samples - a * c) / (a**2 * variance + s**2)
    torch.testing.assert_close(clean.samples, expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(clean.strip[-1], clean.samples[:3])
    assert torch.equal(_made(energy, (2,), _config(samples=50), pairs).samples, noisy.samples)
    held = _config(samples=50, tweedie=True, clamp=[0.0, 0.5])
    bounded = _made(energy, (2,), held, pairs, first_level=first).samples
    assert float(bounded.min()) >= 0 and float(bounded.max()) <= 0.5


def test_without_the_later_times_the_weights_are_lost():
    """What annealing is for: at the first time alone, chains stay in the mode nearest to their start."""
    config = _dcd("ve", [0.0, 0.25])
    energy = Mixture(CENTRES, WEIGHTS, 0.2, config)
    annealed = _config(samples=1000, steps=200, start_box=[-6.0, 6.0])
    x = _made(energy, (2,), annealed, [tuple(kernel) for kernel in kernels(config)]).samples.double().numpy()
    nearest = ((x[:, None] - CENTRES) ** 2).sum(2).argmin(1)
    assert abs((nearest == 0).mean() - WEIGHTS[0]) > 0.1


def test_eight_gaussians_are_reached_in_mmd():
    """Beside as many samples of the density itself."""
    angles = 2 * np.pi * np.arange(8) / 8
    centres = 2.5 * np.stack([np.cos(angles), np.sin(angles)], 1)
    config = _dcd("ve", [0.0, 0.25, 0.6, 1.2, 2.5])
    energy = Mixture(centres, np.full(8, 1 / 8), 0.25, config)
    annealed = _config(samples=1000, steps=50, start_box=[-4.0, 4.0])
    x = _made(energy, (2,), annealed, [tuple(kernel) for kernel in kernels(config)]).samples.double().numpy()
    law = density("eight_gaussians")
    one, other = (law.sample(np.random.default_rng(seed), 1000) for seed in (0, 1))
    bandwidth = median_bandwidth(one)
    # The spread of the estimate between samples of one law.
    draws = [law.sample(np.random.default_rng(10 + seed), 1000) for seed in range(8)]
    spread = np.std([mmd_squared(a, b, bandwidth) for a, b in itertools.pairwise(draws)])
    assert abs(mmd_squared(x, one, bandwidth)) < 5 * spread
    assert abs(mmd_squared(one, other, bandwidth)) < 5 * spread
    # The start is far beyond that.
    uniform = np.random.default_rng(2).uniform(-4, 4, (1000, 2))
    assert mmd_squared(uniform, one, bandwidth) > 10 * spread


@pytest.mark.parametrize(("steps", "frames"), [(3, 2), (3, 4), (3, 7), (2, 5)])
def test_frames_are_evenly_spaced_over_all_times(steps, frames):
    """Without noise every step shrinks x by a known factor: the frames tell when they were taken."""
    diffusion, step_size = [(1.0, 1.0), (1.0, 1.0)], 0.1
    config = _config(steps=steps, strip_frames=frames, noise=0.0, step_size=step_size)
    made = _made(Quadratic([1.0, 1.0]), (2,), config, diffusion)
    taken = torch.log((made.strip / made.strip[0]).amax((1, 2))) / math.log(1 - step_size)
    torch.testing.assert_close(taken, torch.linspace(0, 2 * steps, frames).round(), atol=0.01, rtol=0)


def test_images_keep_their_shape_and_the_clamp_holds():
    config = _config(start_box=[0.0, 1.0], clamp=[0.0, 0.9], strip_frames=9, noise=1.0)
    made = _made(Quadratic([0.1, 0.1]), (3, 4, 4), config, [(1.0, 1.0), (0.9, 0.5)])
    assert made.samples.shape == (20, 3, 4, 4) and made.strip.shape == (9, 3, 3, 4, 4)
    assert float(made.strip[1:].min()) == 0 and float(made.strip[1:].max()) == pytest.approx(0.9)


def test_chunks_have_streams_of_their_own_and_seeds_differ():
    def samples(count, seed=0):
        return _made(Quadratic([1.0, 0.5]), (2,), _config(samples=count), [(1.0, 0.5)] * 2, seed).samples

    many = samples(CHUNK + 30)
    assert len({tuple(row) for row in many.tolist()}) == CHUNK + 30
    assert torch.equal(many[:CHUNK], samples(CHUNK))
    assert not torch.equal(samples(CHUNK), samples(CHUNK, 1))


def test_a_strip_of_more_frames_than_states_is_refused():
    with pytest.raises(ValueError, match="strip_frames must be at most 9"):
        _made(Quadratic([1.0, 1.0]), (2,), _config(strip_frames=10), [(1.0, 1.0)] * 2)


class Reference(Quadratic):
    """That energy relative to the Gaussian it is at each time."""

    def sample(self, condition, xi):
        return xi / (condition @ self.precisions).sqrt().view(-1, *[1] * (xi.dim() - 1))


def test_chains_start_at_the_reference_of_the_last_time():
    """In equilibrium there they stay, but for the finite step."""
    precisions = [4.0, 0.25]
    config = _config(
        samples=CHUNK, start="reference", steps=1, step_size=0.1, strip_chains=CHUNK, strip_frames=2
    )
    made = _made(Reference(precisions), (40,), config, [(1.0, 0.5), (1.0, 1.0)])
    tolerance = 5 * math.sqrt(2 / (CHUNK * 40))
    assert float(made.strip[0].square().mean()) == pytest.approx(4.0, rel=tolerance)
    moved = _made(Reference([0.25]), (40,), config, [(1.0, 1.0)]).samples
    expected = (1 - 0.1 * 0.25) ** 2 * 4 + 0.2
    assert float(moved.square().mean()) == pytest.approx(expected, rel=tolerance)

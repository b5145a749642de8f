"""Block Gibbs sampling against the exact distribution and the exact transition matrix of small RBMs."""

import itertools

import numpy as np
import pytest
import torch
from random_rbm import random_rbm
from scipy import special, stats

from ebmrepro.energies.rbm import RBM
from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.chunks import CHUNK, Target
from ebmrepro.mcmc.gibbs import transition
from ebmrepro.mcmc.gibbs_generate import generate
from ebmrepro.params.generations.gibbs import GibbsGeneration


def _states(units: int) -> np.ndarray:
    return np.array(list(itertools.product([0.0, 1.0], repeat=units)))


def _law(rbm: RBM) -> np.ndarray:
    """p(v) of all states of the visible units."""
    b, c, weight = (p.numpy() for p in (rbm.visible_bias, rbm.hidden_bias, rbm.weight))
    v, h = _states(len(b)), _states(len(c))
    return special.softmax(special.logsumexp(v @ weight @ h.T + (v @ b)[:, None] + h @ c, axis=1))


def _transitions(rbm: RBM) -> np.ndarray:
    """T(v' | v) = sum_h p(v' | h) p(h | v), rows v."""
    b, c, weight = (p.numpy() for p in (rbm.visible_bias, rbm.hidden_bias, rbm.weight))
    v, h = _states(len(b)), _states(len(c))
    joint = np.exp(v @ weight @ h.T + (v @ b)[:, None] + h @ c)
    return (joint / joint.sum(1, keepdims=True)) @ (joint / joint.sum(0)).T


def _counts(v: torch.Tensor) -> np.ndarray:
    """How often each state occurs in `v` (n, d), in the order of `_states`."""
    place = 2.0 ** np.arange(v.shape[1] - 1, -1, -1)
    return np.bincount((v.numpy() @ place).astype(int), minlength=2 ** v.shape[1])


def _pvalue(counts: np.ndarray, law: np.ndarray) -> float:
    """Chi-square; states expected less than five times are one class."""
    expected = law * counts.sum()
    rare = expected < 5
    if rare.any():
        counts = np.append(counts[~rare], counts[rare].sum())
        expected = np.append(expected[~rare], expected[rare].sum())
    return stats.chisquare(counts, expected).pvalue


@pytest.mark.parametrize("seed", range(4))
def test_a_sweep_leaves_the_exact_distribution_as_it_is(seed):
    rbm, generator = random_rbm(6, 5, scale=1.5, seed=seed), torch.Generator().manual_seed(seed)
    law = _law(rbm)
    start = np.random.default_rng(seed).choice(64, 50000, p=law)
    v = torch.from_numpy(_states(6)[start])
    for _ in range(3):
        v = transition(rbm, v, None, generator)
        assert set(v.unique().tolist()) == {0.0, 1.0}
    assert _pvalue(_counts(v), law) > 1e-3
    # The test would see it if two in a hundred were spread evenly instead.
    off = np.random.default_rng(1).multinomial(50000, 0.98 * law + 0.02 / 64)
    assert _pvalue(off, law) < 1e-6


def test_a_sweep_has_the_exact_transition_matrix():
    """From each of the 16 states; Bonferroni over them."""
    rbm, generator = random_rbm(4, 3, scale=1.5), torch.Generator().manual_seed(0)
    for state, row in zip(_states(4), _transitions(rbm), strict=True):
        v = transition(rbm, torch.from_numpy(state).expand(8000, -1), None, generator)
        assert _pvalue(_counts(v), row) > 1e-3 / 16


def test_a_sweep_leaves_the_mixture_of_gaussians_of_real_units_as_it_is():
    """p(v) = sum_h p(h) N(v; b + W h, I), with p(h) exact: its marginal laws after three sweeps."""
    rbm, generator, count = random_rbm(2, 4, "gaussian", 1.5), torch.Generator().manual_seed(1), 20000
    b, c, weight = (p.numpy() for p in (rbm.visible_bias, rbm.hidden_bias, rbm.weight))
    h = _states(4)
    drive = h @ weight.T
    probability = special.softmax(h @ c + drive @ b + 0.5 * np.square(drive).sum(1))
    rng = np.random.default_rng(0)
    means = b + drive
    v = torch.from_numpy(means[rng.choice(16, count, p=probability)] + rng.standard_normal((count, 2)))
    for _ in range(3):
        v = transition(rbm, v, None, generator)
    directions = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [0.8, -0.6]])
    for direction in directions:
        centres = means @ direction

        def law(x: np.ndarray, centres=centres) -> np.ndarray:
            return stats.norm.cdf(x[:, None] - centres) @ probability

        assert stats.kstest(v.numpy() @ direction, law).pvalue > 1e-3


def test_a_sweep_keeps_dtype_and_has_no_graph():
    rbm = RBM(6, 5)
    v = transition(rbm, torch.ones(3, 6), None, torch.Generator().manual_seed(0))
    assert v.dtype == torch.float32 and not v.requires_grad and v.shape == (3, 6)


def _config(**changes) -> GibbsGeneration:
    settings = {"samples": 20, "steps": 6, "strip_chains": 3, "strip_frames": 4}
    return GibbsGeneration(kind="gibbs", weights="ema", **settings | changes)


def _made(rbm, config, seed=0):
    progress = Progress("generate", -(-config.samples // CHUNK) * config.steps)
    made = generate(config, Target(rbm, (len(rbm.visible_bias),), seed, progress))
    assert progress.done == progress.total
    return made


def test_samples_follow_the_exact_distribution():
    rbm = random_rbm(6, 5, scale=1.0)
    samples = _made(rbm, _config(samples=6000, steps=60)).samples
    # The chain's own distance: what 60 sweeps from fair coins still lack, at most a few parts in 10^4.
    reached = np.full(64, 1 / 64) @ np.linalg.matrix_power(_transitions(rbm), 60)
    assert np.abs(reached - _law(rbm)).sum() < 1e-3
    assert _pvalue(_counts(samples), _law(rbm)) > 1e-3


def test_chains_take_the_stated_number_of_sweeps_from_fair_coins():
    """After one sweep the law is that of coins times the exact transition matrix; before it, of coins."""
    rbm = random_rbm(4, 3, scale=1.5)
    made = _made(rbm, _config(samples=4 * CHUNK, steps=1, strip_frames=2, strip_chains=CHUNK))
    coins = np.full(16, 1 / 16)
    assert _pvalue(_counts(made.strip[0]), coins) > 1e-3
    reached = coins @ _transitions(rbm)
    assert _pvalue(_counts(made.samples), reached) > 1e-3
    assert _pvalue(_counts(made.samples), _law(rbm)) < 1e-6


@pytest.mark.parametrize(("steps", "frames"), [(6, 2), (6, 4), (6, 7), (100, 12)])
def test_frames_are_evenly_spaced_from_start_to_end(steps, frames):
    rbm = random_rbm(6, 5, scale=0.3)
    every = _made(rbm, _config(steps=steps, strip_frames=steps + 1)).strip
    made = _made(rbm, _config(steps=steps, strip_frames=frames))
    assert torch.equal(made.strip, every[torch.linspace(0, steps, frames).round().int()])
    assert torch.equal(made.strip[-1], made.samples[:3])
    assert made.strip.shape == (frames, 3, 6)
    # Neighbouring frames are states of one chain that moves.
    assert all(not torch.equal(*pair) for pair in itertools.pairwise(every))


def test_chunks_have_streams_of_their_own_and_seeds_differ():
    rbm = random_rbm(12, 5, scale=0.3)
    samples = _made(rbm, _config(samples=CHUNK + 30)).samples
    assert samples.shape == (CHUNK + 30, 12)
    assert not torch.equal(samples[:30], samples[CHUNK:])
    first = _made(rbm, _config(samples=CHUNK)).samples
    assert torch.equal(samples[:CHUNK], first)
    assert not torch.equal(first, _made(rbm, _config(samples=CHUNK), seed=1).samples)

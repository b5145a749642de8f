"""The negative phase: starts, re-initialisation, and the ends with the graph of the last step."""

import pytest
import torch
from scipy import stats

from ebmrepro.energies import build_energy
from ebmrepro.mcmc.chain import run_chain, uniform_noise
from ebmrepro.mcmc.negatives import NegativeSampler
from ebmrepro.params.energies.conv import ConvEnergy
from ebmrepro.params.energies.mlp import MLPEnergy
from ebmrepro.params.samplers.langevin import LangevinSampler


def _config(**changes) -> LangevinSampler:
    settings = {
        "kind": "langevin", "steps": 3, "step_size": 0.1, "noise": 0.3, "clamp": None, "anneal": False,
        "start": "replay",
        "start_box": [-3.0, 3.0], "buffer": {"kind": "fifo", "size": 1000, "reinitialise": 0.25},
        "augmentation": None,
    }  # fmt: skip
    return LangevinSampler(**settings | changes)


def _sampler(like: torch.Tensor, is_image=False, seed=0, **changes) -> NegativeSampler:
    return NegativeSampler(_config(**changes), like, is_image, torch.Generator().manual_seed(seed))


def test_contrastive_divergence_starts_at_the_data():
    data = torch.randn(6, 2)
    assert torch.equal(_sampler(data, start="data").start(data), data)


def test_noise_starts_are_uniform_in_the_box():
    data = torch.zeros(4000, 2)
    sampler = _sampler(data, start="noise", start_box=[-1.0, 3.0])
    sampler.keep(torch.full((4000, 2), 50.0))
    start = sampler.start(data).double()
    for column in start.T:
        assert stats.kstest((column.numpy() + 1) / 4, "uniform").pvalue > 1e-3
    assert not torch.equal(start, sampler.start(data).double())


def test_replay_starts_at_noise_until_the_buffer_holds_one_batch():
    data = torch.zeros(10, 2)
    sampler = _sampler(data, buffer={"kind": "fifo", "size": 100, "reinitialise": 0.0})
    sampler.keep(torch.full((9, 2), 50.0))
    assert sampler.start(data).abs().max() <= 3
    sampler.keep(torch.full((1, 2), 50.0))
    assert torch.equal(sampler.start(data), torch.full((10, 2), 50.0))


@pytest.mark.parametrize("probability", [0.0, 0.05, 0.3, 1.0])
def test_chains_are_reinitialised_whole_with_the_stated_probability(probability):
    data = torch.zeros(5000, 2)
    sampler = _sampler(data, buffer={"kind": "fifo", "size": 5000, "reinitialise": probability})
    sampler.keep(torch.full((5000, 2), 50.0))
    fresh = sampler.start(data).abs() <= 3
    assert torch.equal(fresh[:, 0], fresh[:, 1])
    count = int(fresh[:, 0].sum())
    assert stats.binomtest(count, 5000, probability).pvalue > 1e-3 if 0 < probability < 1 else (
        count == 5000 * probability
    )  # fmt: skip


def test_what_is_drawn_is_what_was_kept():
    data = torch.zeros(8, 3)
    sampler = _sampler(data, buffer={"kind": "fifo", "size": 100, "reinitialise": 0.0})
    kept = torch.randn(8, 3)
    sampler.keep(kept)
    assert ((sampler.start(data)[:, None] == kept[None]).all(2).sum(1) == 1).all()
    assert ((sampler.neighbours(20)[:, None] == kept[None]).all(2).sum(1) == 1).all()


def test_images_are_augmented_on_their_way_out_of_the_buffer():
    data = torch.zeros(16, 1, 8, 8)
    flip = {
        "crop_scale": [0.3, 0.3],
        "flip": 0.0,
        "colour": 0.0,
        "grayscale": 0.0,
        "blur": 0.0,
        "blur_kernel": 5,
    }
    settings = {"buffer": {"kind": "fifo", "size": 16, "reinitialise": 0.0}, "start_box": [0.0, 1.0]}
    ramp = ((torch.arange(8) + 0.5) / 8).expand(16, 1, 8, 8)
    for augmentation, width in ((None, 1.0), (flip, 0.3**0.5)):
        sampler = _sampler(data, True, augmentation=augmentation, **settings)
        sampler.keep(ramp)
        for drawn in (sampler.start(data), sampler.neighbours(200)):
            slope = (drawn[..., 6] - drawn[..., 1]).mean((1, 2)) / (5 / 8)
            # Aspect ratios 3/4 to 4/3 change the width by at most sqrt(4/3).
            low, high = (width, width) if augmentation is None else (width * 0.75**0.5, width / 0.75**0.5)
            assert (slope > low - 0.03).all() and (slope < high + 0.03).all()


@pytest.mark.parametrize("with_graph", [1, 4, 9, 10, 12])
def test_attached_ends_equal_the_first_detached_ones(with_graph):
    energy = build_energy(MLPEnergy(kind="mlp", widths=[8], condition=None), (2,))
    data = torch.randn(10, 2)
    negatives = _sampler(data, start="data").run(energy, data, with_graph)
    count = min(with_graph, 10)
    assert negatives.x.shape == (10, 2) and not negatives.x.requires_grad
    assert negatives.x_graph.shape == (count, 2) and negatives.x_graph.requires_grad
    assert torch.equal(negatives.x[:count], negatives.x_graph.detach())


def test_without_graph_it_is_the_plain_chain():
    energy = build_energy(MLPEnergy(kind="mlp", widths=[8], condition=None), (2,))
    data = torch.randn(10, 2)
    negatives = _sampler(data, start="data", seed=3).run(energy, data)
    expected = run_chain(energy, data, _config(start="data"), torch.Generator().manual_seed(3))
    assert negatives.x_graph is None and torch.equal(negatives.x, expected)


def test_a_full_graph_changes_no_value():
    # Up to rounding: a convolution that is differentiated twice runs through other kernels.
    energy = build_energy(ConvEnergy(kind="conv", width=2, condition=None), (1, 8, 8))
    data = torch.rand(5, 1, 8, 8)
    settings = {"start": "data", "clamp": [0.0, 1.0], "seed": 5}
    plain = _sampler(data, True, **settings).run(energy, data).x
    attached = _sampler(data, True, **settings).run(energy, data, with_graph=5).x
    torch.testing.assert_close(plain, attached)


def test_running_moves_every_chain_the_stated_number_of_steps():
    data = torch.ones(4, 2)
    for steps in (1, 2, 7):
        sampler = _sampler(data, start="data", steps=steps, noise=0.0, step_size=0.5)
        for with_graph in (0, 2, 4):
            ends = sampler.run(lambda x: 0.5 * x.square().sum(1), data, with_graph).x
            assert torch.equal(ends, torch.full((4, 2), 0.5**steps))


def test_running_does_not_touch_the_buffer():
    energy = build_energy(MLPEnergy(kind="mlp", widths=[8], condition=None), (2,))
    sampler = _sampler(torch.zeros(3, 2))
    ends = sampler.run(energy, torch.zeros(3, 2)).x
    assert len(sampler.buffer) == 0
    sampler.keep(ends)
    assert torch.equal(sampler.buffer.samples[:3], ends)


def test_uniform_noise_is_float32_in_the_box():
    noise = uniform_noise((1000, 2), [2.0, 2.5], torch.device("cpu"), torch.Generator().manual_seed(0))
    assert noise.dtype == torch.float32 and noise.min() >= 2.0 and noise.max() <= 2.5
    assert stats.kstest((noise.flatten().double().numpy() - 2) / 0.5, "uniform").pvalue > 1e-3

"""Persistent chains go on where they stopped, in turn, and survive a save."""

import pytest
import torch

from ebmrepro.energies import build_energy
from ebmrepro.mcmc.negatives import NegativeSampler
from ebmrepro.mcmc.replay import ReplayBuffer
from ebmrepro.params.energies.gaussian import GaussianEnergy
from ebmrepro.params.energies.rbm import RBMEnergy
from ebmrepro.params.samplers.gibbs import GibbsSampler
from ebmrepro.params.samplers.langevin import LangevinSampler


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _langevin(size: int, reinitialise: float = 0.0, steps: int = 1, noise: float = 0.0):
    return LangevinSampler(
        kind="langevin", steps=steps, step_size=0.1, noise=noise, anneal=False, clamp=None,
        start="persistent", start_box=[5.0, 6.0],
        buffer={"kind": "chains", "size": size, "reinitialise": reinitialise},
        augmentation=None,
    )  # fmt: skip


@pytest.mark.parametrize(("size", "batch"), [(4, 4), (6, 4), (9, 4), (12, 4), (5, 2)])
def test_every_chain_is_begun_at_data_once_and_then_goes_on_in_rotation(size, batch):
    """Held to a list: chain number k of `size` is advanced at updates of its turn alone."""
    chains = ReplayBuffer(size, "chains", torch.zeros(batch, 1), as_bytes=False)
    states: list[float | None] = [None] * size
    turn = 0
    for update in range(20):
        data = -torch.arange(1.0, batch + 1)[:, None] - 100 * update
        drawn = chains.next(data)
        expected = []
        for row in range(batch):
            kept = states[(turn + row) % size]
            expected.append(float(data[row]) if kept is None else kept)
        assert drawn.flatten().tolist() == expected
        chains.add(drawn + 0.5, _generator())
        for row in range(batch):
            states[(turn + row) % size] = expected[row] + 0.5
        turn = (turn + batch) % size
        assert len(chains) == sum(state is not None for state in states)


def test_a_chain_of_k_steps_an_update_is_one_long_chain():
    """Gradient descent on a quadratic: after n updates of k steps the contraction is that of n k steps."""
    energy = build_energy(GaussianEnergy(kind="gaussian"), (2,))
    sampler = NegativeSampler(_langevin(3, steps=4), torch.zeros(3, 2), False, _generator())
    data = torch.tensor([[0.0, 0.0], [3.0, 1.0], [-2.0, 5.0]])
    for _ in range(5):
        negatives = sampler.run(energy, data)
        sampler.keep(negatives.x)
        data = torch.full_like(data, 77.0)  # no chain begins anew at later data
    start = torch.tensor([[0.0, 0.0], [3.0, 1.0], [-2.0, 5.0]])
    mean, precision = energy.mean.detach(), energy.precision().detach()
    shrink = torch.linalg.matrix_power(torch.eye(2) - 0.1 * precision, 20)
    torch.testing.assert_close(negatives.x, mean + (start - mean) @ shrink.T, atol=1e-5, rtol=1e-5)


def test_reinitialisation_is_as_frequent_as_its_probability():
    sampler = NegativeSampler(_langevin(500, 0.2), torch.zeros(500, 1), False, _generator(1))
    fresh = 0
    for _ in range(20):
        start = sampler.start(torch.zeros(500, 1))
        inside = (start >= 5.0) & (start <= 6.0)
        fresh += int(inside.sum())
        assert ((start == 0) | inside).all()
        sampler.keep(torch.zeros(500, 1))
    # 10,000 draws: standard deviation 40.
    assert abs(fresh - 2000) < 160


def test_chains_of_binary_states_begin_afresh_at_fair_coins():
    config = GibbsSampler(
        kind="gibbs", steps=1, start="persistent", buffer={"kind": "chains", "size": 400, "reinitialise": 1.0}
    )
    sampler = NegativeSampler(config, torch.zeros(400, 9), False, _generator(2))
    start = sampler.start(torch.full((400, 9), 0.25))
    assert ((start == 0) | (start == 1)).all()
    # 3,600 coins: standard deviation 30.
    assert abs(float(start.sum()) - 1800) < 120


def test_states_are_kept_as_they_are_also_of_images():
    sampler = NegativeSampler(_langevin(2), torch.zeros(2, 1, 3, 3), True, _generator())
    ends = torch.rand(2, 1, 3, 3, generator=_generator(3))
    sampler.start(torch.zeros(2, 1, 3, 3))
    sampler.keep(ends)
    assert torch.equal(sampler.start(torch.zeros(2, 1, 3, 3)), ends)


def test_saved_and_loaded_chains_go_on_alike():
    rbm = build_energy(RBMEnergy(kind="rbm", hidden=3, visible="bernoulli"), (4,))
    config = GibbsSampler(
        kind="gibbs", steps=2, start="persistent", buffer={"kind": "chains", "size": 7, "reinitialise": 0.3}
    )
    data = torch.randint(0, 2, (5, 4), generator=_generator(4)).float()

    def run(sampler, updates):
        for _ in range(updates):
            ends = sampler.run(rbm, data).x
            sampler.keep(ends)
        return ends

    straight = NegativeSampler(config, data, False, _generator(5))
    run(straight, 3)
    state, position = straight.buffer.state_dict(), straight.generator.get_state()
    state = {name: value.clone() for name, value in state.items()}
    resumed = NegativeSampler(config, data, False, _generator(99))
    resumed.buffer.load_state_dict(state)
    resumed.generator.set_state(position)
    assert torch.equal(run(straight, 4), run(resumed, 4))

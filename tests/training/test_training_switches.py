"""Switches of the residual energies inside training: ensembles, spectral norm, conditions."""

import pytest
import torch

from ebmrepro.params.energies.residual import ResidualEnergy
from ebmrepro.params.objectives.icd import ImprovedContrastiveDivergence
from ebmrepro.params.root import Schedule, TrainSettings
from ebmrepro.params.samplers.langevin import LangevinSampler
from ebmrepro.training.loop import Training

BATCH = 6


def _training(**switches) -> Training:
    energy = {"kind": "residual", "layout": "small", "width": 4, "scales": 2, "attention": True,
              "normalise": True, "spectral_norm": False, "condition": None, "output": "linear",
              "members": 1}  # fmt: skip
    settings = TrainSettings(
        energy=ResidualEnergy(**energy | switches),
        objective=ImprovedContrastiveDivergence(kind="icd", energy_l2=1.0, kl_weight=1.0, entropy_weight=0.3,
                                                kl_samples=4, kl_steps=1, neighbours=10, nearest=1,
                                                entropy_after=BATCH - 1, compare_full=True),
        sampler=LangevinSampler(kind="langevin", steps=3, step_size=1.0, noise=0.01, anneal=False,
                                clamp=[0.0, 1.0], start="replay", start_box=[0.0, 1.0],
                                buffer={"kind": "fifo", "size": 60, "reinitialise": 0.05}, augmentation=None),
        schedule=Schedule(iterations=4, batch_size=BATCH, learning_rate=1e-3, betas=[0.0, 0.9], clip_norm=0.5,
                          ema_decay=0.9, log_every=1, checkpoint_seconds=1e6, energy_limit=1e6),
    )  # fmt: skip
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (20, 1, 8, 8), dtype=torch.uint8, generator=generator)
    return Training(settings, images, 0, torch.arange(20) % 3 if switches.get("condition") else None)


SWITCHES = [{}, {"spectral_norm": True}, {"members": 2}, {"condition": "label", "spectral_norm": True}]


@pytest.mark.parametrize("switches", SWITCHES)
def test_comparing_with_the_whole_chain_changes_no_bit_of_the_training(switches):
    one, other = _training(**switches), _training(**switches)
    for _ in range(3):
        compared = one.compare_truncation()
        one.step(), other.step()
        assert -1 <= float(compared["kl_cosine"]) <= 1
    tensors, others = one.tensors(), other.tensors()
    assert tensors.keys() == others.keys()
    for name, value in tensors.items():
        assert torch.equal(value, others[name]), name


@pytest.mark.parametrize("switches", SWITCHES)
def test_a_state_loaded_goes_on_bit_for_bit(switches):
    one, other = _training(**switches), _training(**switches)
    for _ in range(2):
        one.step()
    other.load({name: value.clone() for name, value in one.tensors().items()})
    for _ in range(2):
        one.step(), other.step()
    others = other.tensors()
    for name, value in one.tensors().items():
        assert torch.equal(value, others[name]), name


def test_each_iteration_trains_one_member_and_in_time_all():
    training = _training(members=3)
    members, trained = [training.energy.energies[index] for index in range(3)], set()
    for _ in range(12):
        before = [torch.nn.utils.parameters_to_vector(member.parameters()) for member in members]
        training.step()
        after = [torch.nn.utils.parameters_to_vector(member.parameters()) for member in members]
        moved = [index for index in range(3) if not torch.equal(before[index], after[index])]
        assert len(moved) == 1
        trained |= set(moved)
    assert trained == {0, 1, 2}

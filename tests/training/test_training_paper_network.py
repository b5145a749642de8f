"""The paper's CIFAR network, f = 64, three scales with attention, takes steps of training on this machine."""

import pytest
import torch

from ebmrepro.params.energies.residual import ResidualEnergy
from ebmrepro.params.objectives.icd import ImprovedContrastiveDivergence
from ebmrepro.params.root import Schedule, TrainSettings
from ebmrepro.params.samplers.langevin import LangevinSampler
from ebmrepro.training.loop import Training

BATCH = 8
AUGMENTATION = {"crop_scale": [0.08, 1.0], "flip": 0.5, "colour": 1.0, "grayscale": 0.2, "blur": 0.0,
                "blur_kernel": 3}  # fmt: skip


def _training(condition: str | None) -> Training:
    settings = TrainSettings(
        energy=ResidualEnergy(kind="residual", layout="cifar", width=64, scales=3, attention=True,
                              normalise=True, spectral_norm=False, condition=condition, output="linear",
                              members=1),
        objective=ImprovedContrastiveDivergence(kind="icd", energy_l2=1.0, kl_weight=1.0, entropy_weight=0.3,
                                                kl_samples=BATCH, kl_steps=1, neighbours=100, nearest=1,
                                                entropy_after=BATCH - 1, compare_full=False),
        # The paper's chain, two steps of its forty.
        sampler=LangevinSampler(kind="langevin", steps=2, step_size=100.0, noise=0.001, anneal=False,
                                clamp=[0.0, 1.0], start="replay", start_box=[0.0, 1.0],
                                buffer={"kind": "fifo", "size": 10000, "reinitialise": 0.001},
                                augmentation=AUGMENTATION),
        schedule=Schedule(iterations=2, batch_size=BATCH, learning_rate=2e-4, betas=[0.0, 0.9], clip_norm=0.5,
                          ema_decay=0.99, log_every=1, checkpoint_seconds=1e6, energy_limit=1e6),
    )  # fmt: skip
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (2 * BATCH, 3, 32, 32), dtype=torch.uint8, generator=generator)
    labels = None if condition is None else torch.arange(2 * BATCH) % 10
    return Training(settings, images, 0, labels)


@pytest.mark.parametrize("condition", [None, "label"])
def test_the_cifar_network_trains(condition):
    """Two iterations of the whole method: the second finds its chains and neighbours in the buffer."""
    training = _training(condition)
    before = {name: value.clone() for name, value in training.energy.named_parameters()}
    if condition is None:
        assert sum(value.numel() for value in before.values()) == 6_564_196
    logged = [training.step() for _ in range(2)]
    terms = {"loss_cd", "loss_opt", "gradient_norm_cd", "gradient_norm_kl", "gradient_norm"}
    assert terms <= logged[0].keys() and terms | {"loss_entropy"} <= logged[1].keys()
    assert all(bool(value.isfinite()) for row in logged for value in row.values())
    assert all(float(row["gradient_norm_kl"]) > 0 for row in logged)
    # With a decay of zero Adam's first moment is the gradient it was given.
    given = [m for name, m in training.optimizer.state_dict().items() if name.endswith("/exp_avg")]
    norm = torch.nn.utils.get_total_norm(given)
    assert float(norm) == pytest.approx(min(0.5, float(logged[1]["gradient_norm"])), rel=1e-4)
    unmoved = {name for name, value in training.energy.named_parameters() if torch.equal(value, before[name])}
    # A bias of the keys shifts all of a query's scores alike: the softmax does not see it.
    assert unmoved <= {"networks.0.blocks.4.key.bias"}
    assert training.guard.diverged() is None
    assert len(training.sampler.buffer) == 2 * BATCH

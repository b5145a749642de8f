"""Chains from one start: counted, framed, and separated by what separates them."""

import pytest
import torch
from torch import nn

from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.generate import long_chains
from ebmrepro.params.generations.langevin import LangevinGeneration


class Slope(nn.Module):
    """E(x) = -slope * sum x: each Langevin step without noise adds step_size * slope to every pixel."""

    def __init__(self, slope: float):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope))

    def forward(self, x):
        return -self.slope * x.flatten(1).sum(1)


def _config(**changes) -> LangevinGeneration:
    settings = {
        "weights": "ema", "start": "noise", "start_box": [0.0, 1.0], "samples": 4, "rounds": 1, "steps": 5,
        "final_steps": 0, "step_size": 0.01, "noise": 0.0, "anneal": False, "clamp": [0.0, 1.0],
        "augmentation": {"crop_scale": [0.3, 1.0], "flip": 0.5, "colour": 0.0, "grayscale": 0.0, "blur": 0.0,
                         "blur_kernel": 3},
        "strip_chains": 1, "strip_frames": 2, "long_chains": {"starts": 2, "chains": 3, "rounds": 4},
    }  # fmt: skip
    return LangevinGeneration(kind="langevin", **settings | changes)


def _frames(with_augmentation: bool, slope: float = 0.0, **changes) -> torch.Tensor:
    config = _config(**changes)
    starts = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(5)) * 0.5
    progress = Progress("test", 20)
    generator = torch.Generator().manual_seed(1)
    frames = long_chains(Slope(slope), starts, config, generator, progress, with_augmentation)
    assert progress.done == progress.total
    assert torch.equal(frames[0], starts[:, None].expand(2, 3, 1, 8, 8))
    return frames.detach()


def test_frames_show_the_start_and_the_middle_and_end_of_every_round():
    assert _config().long_steps() == [0, 2, 5, 7, 10, 12, 15, 17, 20]
    frames = _frames(False, slope=1.0)
    assert frames.shape == (9, 2, 3, 1, 8, 8)
    moved = (frames - frames[0]).flatten(1).mean(1)
    torch.testing.assert_close(moved, 0.01 * torch.tensor(_config().long_steps()), atol=1e-5, rtol=0)


def test_without_noise_and_augmentation_chains_stay_together():
    frames = _frames(False, slope=0.3)
    assert (frames == frames[:, :, :1]).all()


def test_augmentation_separates_them_after_the_first_round():
    frames = _frames(True)
    assert (frames[:3] == frames[:3, :, :1]).all(), "the first round begins at the common start"
    for later in frames[3:]:
        for chains in later:
            assert all((chains[i] != chains[j]).any() for i in range(3) for j in range(i))


@pytest.mark.parametrize("with_augmentation", [False, True])
def test_the_generator_decides(with_augmentation):
    noisy = {"noise": 0.05}
    assert torch.equal(_frames(with_augmentation, **noisy), _frames(with_augmentation, **noisy))

"""Augmentation transitions: seen through images whose values are their own coordinates."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torchvision.transforms import RandomResizedCrop

from ebmrepro.mcmc.augmentation import augment
from ebmrepro.params.sampling import Augmentation

SIDE = 32


def _config(**changes) -> Augmentation:
    nothing = {
        "crop_scale": [1.0, 1.0],
        "flip": 0.0,
        "colour": 0.0,
        "grayscale": 0.0,
        "blur": 0.0,
        "blur_kernel": 5,
    }
    return Augmentation(**nothing | changes)


def _generator(seed=0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _ramps(count: int, side: int = SIDE) -> torch.Tensor:
    """Images whose channels are x, y and 1/2: x and y of a pixel's centre in (0, 1)."""
    at = (torch.arange(side) + 0.5) / side
    x, y = at.expand(side, side), at[:, None].expand(side, side)
    return torch.stack([x, y, torch.full_like(x, 0.5)]).expand(count, 3, side, side)


def _windows(images: torch.Tensor):
    """The kept window of augmented ramps: left, width (signed), top, height, in shares of the side.

    Bilinear interpolation reproduces a ramp exactly, away from the border: read the slope off the middle.
    """
    middle = slice(SIDE // 4, 3 * SIDE // 4)
    at = (torch.arange(SIDE)[middle] + 0.5) / SIDE
    lines = []
    for channel, dim in ((0, 3), (1, 2)):
        line = images[:, channel].movedim(dim - 1, -1)[:, SIDE // 2, middle].double()
        slope = (line[:, -1] - line[:, 0]) / (at[-1] - at[0])
        start = line[:, 0] - slope * at[0]
        fitted = start[:, None] + slope[:, None] * at
        assert (line - fitted).abs().max() < 1e-5
        lines += [start.numpy(), slope.numpy()]
    return lines


def test_window_area_aspect_and_place_are_as_asked_for():
    images = augment(_ramps(3000), _config(crop_scale=[0.2, 0.6]), _generator())
    left, width, top, height = _windows(images)
    assert left.min() > -1e-4 and (left + width).max() < 1 + 1e-4
    assert top.min() > -1e-4 and (top + height).max() < 1 + 1e-4
    # At these scales no side reaches 1: area is uniform, log aspect ratio uniform, the place uniform.
    area, ratio = width * height, np.log(width / height)
    assert stats.kstest((area - 0.2) / 0.4, "uniform").pvalue > 1e-3
    assert stats.kstest((ratio - math.log(3 / 4)) / (2 * math.log(4 / 3)), "uniform").pvalue > 1e-3
    assert stats.kstest(left / (1 - width), "uniform").pvalue > 1e-3
    assert stats.kstest(top / (1 - height), "uniform").pvalue > 1e-3
    for one, other in ((area, ratio), (area, left / (1 - width)), (left / (1 - width), top / (1 - height))):
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / math.sqrt(3000)


@pytest.mark.parametrize("scale", [[0.9, 1.0], [0.5, 0.9], [0.08, 1.0]])
def test_windows_have_the_sizes_that_torchvision_draws(scale):
    """Its transform draws again what does not fit, ten times in all, and then keeps the whole image."""
    count = 3000
    _, width, _, height = _windows(augment(_ramps(count), _config(crop_scale=scale), _generator()))
    torch.manual_seed(1)
    # Of an image so large that whole pixels do not matter.
    blank, side = torch.empty(1, 1, 1).expand(1, 4000, 4000), 4000
    drawn = [RandomResizedCrop.get_params(blank, scale, [3 / 4, 4 / 3])[2:] for _ in range(count)]
    theirs = np.array(drawn) / side
    for ours, other in ((width * height, theirs.prod(1)), (width, theirs[:, 1]), (height, theirs[:, 0])):
        # A whole pixel, and single precision, are no difference.
        assert stats.ks_2samp(ours.round(3), other.round(3)).pvalue > 1e-3
    area = width * height
    whole = area > 1 - 1e-4
    assert area.min() > scale[0] - 1e-4 and area[~whole].max() < scale[1] + 1e-4


def test_a_whole_crop_keeps_the_image():
    """No other window of the whole area lies inside the image."""
    images = torch.rand(500, 3, SIDE, SIDE)
    torch.testing.assert_close(augment(images, _config(), _generator()), images)


def test_an_image_that_a_window_cannot_change_is_unchanged():
    """On flat images only colour, grey and blur could act; at strength zero nothing does."""
    flat = torch.rand(200, 3, 1, 1).expand(200, 3, 9, 12)
    torch.testing.assert_close(augment(flat, _config(crop_scale=[0.1, 1.0], flip=0.5), _generator()), flat)


def test_a_certain_flip_is_the_same_window_mirrored_exactly():
    images = torch.rand(60, 3, 10, 10)
    plain = augment(images, _config(crop_scale=[0.3, 1.0]), _generator(2))
    flipped = augment(images, _config(crop_scale=[0.3, 1.0], flip=1.0), _generator(2))
    torch.testing.assert_close(flipped, plain.flip(3), atol=1e-5, rtol=0)
    assert not torch.allclose(flipped, plain, atol=0.05)


def test_flip_probability():
    count = 4000
    _, width, _, height = _windows(augment(_ramps(count), _config(flip=0.3), _generator(3)))
    assert stats.binomtest(int((width < 0).sum()), count, 0.3).pvalue > 1e-3
    assert (height > 0).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_every_image_draws_its_own_parameters_and_the_generator_decides(channels):
    strong = _config(crop_scale=[0.08, 1.0], flip=0.5, colour=1.0, grayscale=0.2, blur=0.5)
    images = torch.rand(1, channels, 16, 16, generator=_generator(7)).expand(64, -1, -1, -1)
    one, again = (augment(images, strong, _generator(1)) for _ in range(2))
    assert torch.equal(one, again)
    assert not torch.equal(one, augment(images, strong, _generator(2)))
    assert len({image.numpy().tobytes() for image in one}) == 64
    before = torch.get_rng_state()
    augment(images, strong, _generator(1))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("channels", [1, 3])
def test_values_stay_in_the_unit_interval(channels):
    strong = _config(crop_scale=[0.08, 1.0], flip=0.5, colour=1.0, grayscale=0.5, blur=0.5)
    images = (torch.rand(200, channels, 12, 12) > 0.5).float()
    changed = augment(images, strong, _generator())
    assert changed.shape == images.shape and changed.isfinite().all()
    assert changed.min() >= 0 and changed.max() <= 1


def test_an_image_in_the_batch_is_treated_as_it_would_be_anywhere():
    """Values of one image have no influence on another: only the parameters come from the batch."""
    strong = _config(crop_scale=[0.5, 1.0], colour=0.5, grayscale=0.3, blur=0.5)
    images = torch.rand(8, 3, 12, 12)
    other = images.clone()
    other[1:] = 0
    torch.testing.assert_close(
        augment(images, strong, _generator(4))[0], augment(other, strong, _generator(4))[0]
    )


def test_grey_uses_the_luma_weights_at_the_stated_rate():
    flat = torch.rand(2000, 3, 1, 1).expand(2000, 3, 4, 4)
    changed = augment(flat, _config(grayscale=0.2), _generator())
    grey = (changed[:, 0] - changed[:, 1]).abs().amax((1, 2)) < 1e-6
    assert stats.binomtest(int(grey.sum()), 2000, 0.2).pvalue > 1e-3
    luma = (flat * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1, keepdim=True).expand_as(flat)
    torch.testing.assert_close(changed[grey], luma[grey], atol=1e-5, rtol=0)
    torch.testing.assert_close(changed[~grey], flat[~grey])


def test_one_channel_knows_no_grey_saturation_or_hue():
    image = torch.rand(1, 1, 6, 6).expand(400, 1, 6, 6)
    flat = torch.full((400, 1, 6, 6), 0.4)
    torch.testing.assert_close(augment(flat, _config(grayscale=1.0), _generator()), flat)
    # Brightness and contrast alone: an increasing affine map of the values, cut off at 0 and 1.
    changed = augment(image[:, :, :1, :1].expand(400, 1, 6, 6), _config(colour=1.0), _generator())
    assert (changed.amax((1, 2, 3)) - changed.amin((1, 2, 3))).max() < 1e-5


def test_colour_is_applied_to_four_in_five_and_brightness_has_the_stated_range():
    """Contrast, saturation and hue leave flat grey alone: what is left is brightness, 1 +- 0.4."""
    level, count, strength = 0.3, 4000, 0.5
    flat = torch.full((count, 3, 2, 2), level)
    changed = augment(flat, _config(colour=strength), _generator())[:, 0, 0, 0].double().numpy()
    touched = np.abs(changed - level) > 1e-6
    assert stats.binomtest(int(touched.sum()), count, 0.8).pvalue > 1e-3
    factor = changed[touched] / level
    assert stats.kstest((factor - 0.6) / 0.8, "uniform").pvalue > 1e-3


def test_blur_keeps_flat_images_softens_others_at_the_stated_rate():
    count = 2000
    spot = torch.zeros(count, 1, 9, 9)
    spot[:, :, 4, 4] = 1
    # A crop window that cannot be told apart: the comparison is with the same draw without blur.
    plain = augment(spot, _config(), _generator(6))
    blurred = augment(spot, _config(blur=0.4), _generator(6))
    softened = (plain - blurred).abs().amax((1, 2, 3)) > 1e-6
    # Standard deviations near 0.1 pixel change nothing visible: 0.1..0.2 of the range 0.1..2 at most.
    assert (
        0.4 * 0.9 - 4 * math.sqrt(0.24 / count) < softened.double().mean() < 0.4 + 4 * math.sqrt(0.24 / count)
    )
    assert (blurred.amax((1, 2, 3)) <= plain.amax((1, 2, 3)) + 1e-6).all()
    flat = torch.full((50, 1, 9, 9), 0.7)
    torch.testing.assert_close(augment(flat, _config(blur=1.0), _generator()), flat)

"""Data augmentation as a transition of the chain: the SimCLR recipe, as ICD applies it.

Every image of a batch draws its own parameters; the colour and blur arithmetic is kornia's. Unlike
torchvision's ColorJitter the four colour changes come in a fixed order, so that a batch needs one pass.
kornia is imported where it is used: every sampler knows this module, and most jobs never augment.
"""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from ebmrepro.params.sampling import Augmentation

# Probability of any colour distortion, and the blur's standard deviation in pixels.
COLOUR_PROBABILITY = 0.8
BLUR_SIGMA = (0.1, 2.0)
# Windows that are drawn until one fits, as torchvision's RandomResizedCrop draws them.
TRIES = 10


def uniform(
    images: Tensor, generator: torch.Generator, low: float = 0.0, high: float = 1.0, times: int = 1
) -> Tensor:
    """(times, B) values from U(low, high), `times` for each of `images` (B, ...); (B,) for times = 1."""
    shape = (times, len(images)) if times > 1 else (len(images),)
    return low + (high - low) * torch.rand(shape, generator=generator, device=images.device)


def augment(images: Tensor, config: Augmentation, generator: torch.Generator) -> Tensor:
    """Transformed images (B, C, H, W) in [0, 1], C = 1 or 3: crop, flip, colour, grey, blur, in this order.

    `crop_scale` is the range of the kept area (aspect ratio 3/4 to 4/3, log-uniform; a window that does not
    fit is drawn again, at most nine times, and then the whole image is kept), `colour` the strength s
    of brightness 0.8 s, contrast 0.8 s, saturation 0.8 s and hue 0.4 s. Saturation, hue and grey are the
    identity on one channel.
    """
    from kornia.color import rgb_to_grayscale
    from kornia.filters import gaussian_blur2d

    draw = partial(uniform, images, generator)
    images = _crop_and_flip(images, config, draw)
    if config.colour > 0:
        images = _colour(images, config.colour, draw)
    if config.grayscale > 0 and images.shape[1] == 3:
        grey = rgb_to_grayscale(images).expand_as(images)
        images = _where(draw() < config.grayscale, grey, images)
    if config.blur > 0:
        sigma = draw(*BLUR_SIGMA)[:, None].expand(-1, 2)
        blurred = gaussian_blur2d(images, (config.blur_kernel, config.blur_kernel), sigma)
        images = _where(draw() < config.blur, blurred, images)
    return images.clamp(0, 1)


def _where(condition: Tensor, chosen: Tensor, other: Tensor) -> Tensor:
    return torch.where(condition[:, None, None, None], chosen, other)


def _crop_and_flip(images: Tensor, config: Augmentation, draw: Callable[..., Tensor]) -> Tensor:
    """Random resized crop by bilinear interpolation; the kept window always lies inside the image."""
    width, height = _window(config, draw)
    # In grid_sample's coordinates the image spans [-1, 1]: a window of half-width w may shift by 1 - w.
    shift_x, shift_y = draw(-1, 1) * (1 - width), draw(-1, 1) * (1 - height)
    sign = torch.where(draw() < config.flip, -1.0, 1.0)
    zero = torch.zeros_like(width)
    transform = torch.stack([sign * width, zero, shift_x, zero, height, shift_y], 1).view(-1, 2, 3)
    grid = F.affine_grid(transform, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _window(config: Augmentation, draw: Callable[..., Tensor]) -> tuple[Tensor, Tensor]:
    """Widths and heights (B,) of the kept windows, in shares of the image's."""
    area = draw(*config.crop_scale, times=TRIES)
    ratio = draw(math.log(3 / 4), math.log(4 / 3), times=TRIES).exp()
    sides = torch.stack([(area * ratio).sqrt(), (area / ratio).sqrt()])
    fits = (sides <= 1).all(0)
    # The first that fits: argmax of equal values is the first of them on a CPU only.
    first = torch.where(fits, torch.arange(TRIES, 0, -1, device=fits.device)[:, None], 0).argmax(0)
    chosen = sides.gather(1, first.expand(2, 1, -1)).squeeze(1)
    width, height = torch.where(fits.any(0), chosen, 1.0)
    return width, height


def _colour(images: Tensor, strength: float, draw: Callable[..., Tensor]) -> Tensor:
    from kornia import enhance

    def factor() -> Tensor:
        return draw(max(0.0, 1 - 0.8 * strength), 1 + 0.8 * strength)

    changed = enhance.adjust_brightness_accumulative(images, factor())
    changed = enhance.adjust_contrast_with_mean_subtraction(changed, factor())
    saturation, hue = factor(), draw(-0.4 * strength, 0.4 * strength) * 2 * math.pi
    if images.shape[1] == 3:
        changed = enhance.adjust_saturation_with_gray_subtraction(changed, saturation)
        changed = enhance.adjust_hue(changed, hue)
    return _where(draw() < COLOUR_PROBABILITY, changed, images)

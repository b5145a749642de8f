"""How close images (n, C, H, W) are to the clean ones, both in grey levels of 0..1: PSNR and SSIM."""

import torch
from kornia.metrics import psnr, ssim
from torch import Tensor

# Taps of the Gaussian window of Wang et al. (2004), of standard deviation 1.5 pixels; fewer on small images.
WINDOW = 11


def peak_signal_to_noise(images: Tensor, clean: Tensor) -> float:
    """PSNR in dB, -10 log10 of an image's mean squared error, the mean over images; infinite if one is 0."""
    pairs = zip(images.double(), clean.double(), strict=True)
    return float(torch.stack([psnr(image, truth, max_val=1.0) for image, truth in pairs]).mean())


def structural_similarity(images: Tensor, clean: Tensor) -> float:
    """SSIM (Wang, Bovik, Sheikh and Simoncelli, 2004), at most 1, the mean over places, channels and images.

    Only places whose window lies inside the image count. The window has as many of WINDOW taps as the image
    has room for: 7x7 on 8x8 pixels.
    """
    window = min(WINDOW, *clean.shape[2:])
    window -= 1 - window % 2
    found = ssim(images.double(), clean.double(), window, max_val=1.0, eps=0.0, padding="valid")
    return float(found.mean())

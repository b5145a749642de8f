"""Weight-standardised convolutions (Qiao et al., 2019; arXiv 1903.10520), without a learnt gain."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import register_parametrization

# Added to the standard deviation: a filter of equal weights stays finite.
EPSILON = 1e-5


class StandardisedWeight(nn.Module):
    """w <- (w - mean w) / (std w + EPSILON) for each output filter, with the unbiased standard deviation.

    A parametrization of torch: under `parametrize.cached()` it is computed once.
    """

    def forward(self, weight: Tensor) -> Tensor:
        """Standardised filters of `weight` (out, in, h, w), the same shape."""
        std, mean = torch.std_mean(weight, (1, 2, 3), correction=1, keepdim=True)
        return (weight - mean) / (std + EPSILON)


def constrained_convolution(width: int, spectral: bool) -> nn.Conv2d:
    """A 3x3 convolution of `width` channels onto as many, its weights standardised.

    With `spectral` they are divided by their largest singular value instead (Miyato et al., 2018): one power
    iteration each time they are computed in training mode, none in evaluation mode.
    """
    convolution = nn.Conv2d(width, width, 3, padding=1)
    if spectral:
        return spectral_norm(convolution)
    register_parametrization(convolution, "weight", StandardisedWeight())
    return convolution

"""The blocks of the ICD networks: residual blocks with halving and conditioning, self-attention."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import register_parametrization

# Added to the standard deviation: a filter of equal weights stays finite.
EPSILON = 1e-5


def average_halved(x: Tensor) -> Tensor:
    """Maps (B, C, H, W) at half resolution, rounded up: the mean of 3x3 pixels, stride 2, padding 1."""
    # Padding counts as zeros, as in the authors' code.
    return F.avg_pool2d(x, 3, 2, 1)


def build_norm(width: int) -> nn.Module:
    """Instance norm up to 128 channels, group norm of 32 groups above; both with learnt gain and bias."""
    # Group norm with a group for each channel is instance norm, in two thirds of the time of torch's own.
    return nn.GroupNorm(width if width <= 128 else 32, width)


class StandardisedWeight(nn.Module):
    """w <- (w - mean w) / (std w + EPSILON) for each output filter, with the unbiased standard deviation.

    Weight standardisation (Qiao et al., 2019; arXiv 1903.10520) without a learnt gain.
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


class FiLM(nn.Module):
    """Feature-wise linear modulation (Perez et al., 2018): gain * x + bias, both linear in the condition."""

    def __init__(self, classes: int, width: int):
        super().__init__()
        self.linear = nn.Linear(classes, 2 * width)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """`x` (B, C, H, W) under `condition` (B, K)."""
        gain, bias = self.linear(condition)[:, :, None, None].chunk(2, 1)
        return gain * x + bias


class ResidualBlock(nn.Module):
    """x + layers(x), layers = twice (3x3 convolution, norm, FiLM, swish); then, if `halve`, half resolution.

    Halving is a plain 3x3 convolution to `width_out` channels, average pooling and swish.
    """

    def __init__(
        self, width: int, width_out: int, halve: bool, normalise: bool, spectral: bool, classes: int | None
    ):
        super().__init__()
        self.convolutions = nn.ModuleList(constrained_convolution(width, spectral) for _ in range(2))
        self.norms = nn.ModuleList(build_norm(width) if normalise else nn.Identity() for _ in range(2))
        self.films = None if classes is None else nn.ModuleList(FiLM(classes, width) for _ in range(2))
        self.halving = nn.Conv2d(width, width_out, 3, padding=1) if halve else None

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Features (B, C', H', W') of `x` (B, C, H, W) under `condition` (B, K)."""
        changed = x
        films = self.films or [None, None]
        for convolution, norm, film in zip(self.convolutions, self.norms, films, strict=True):
            changed = norm(convolution(changed))
            changed = F.silu(changed if film is None else film(changed, condition))
        x = x + changed
        return x if self.halving is None else F.silu(average_halved(self.halving(x)))


class SelfAttention(nn.Module):
    """x + gamma * attention(x) over the positions of a map (SAGAN; Zhang et al., 2019).

    1x1 queries and keys of an eighth of the channels, values of all of them. gamma is learnt from 0: at
    first the layer is the identity.
    """

    def __init__(self, width: int):
        super().__init__()
        narrow = max(1, width // 8)
        self.query = nn.Conv2d(width, narrow, 1)
        self.key = nn.Conv2d(width, narrow, 1)
        self.value = nn.Conv2d(width, width, 1)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """`x` (B, C, H, W), the same shape; the condition has no part in it."""
        query, key, value = (layer(x).flatten(2) for layer in (self.query, self.key, self.value))
        # Not scaled by the square root of their length, as in SAGAN. Written out: the fused kernels cannot be
        # differentiated twice, as the KL term of ICD needs.
        weights = torch.bmm(query.transpose(1, 2), key).softmax(2)
        return x + self.gamma * torch.bmm(value, weights.transpose(1, 2)).view_as(x)

"""The residual block of the ICD networks, with halving and conditioning."""

from torch import Tensor, nn
from torch.nn import functional as F

from ebmrepro.energies.standardised import constrained_convolution

# Up to this width each channel is normalised on its own, above it in NORM_GROUPS groups.
INSTANCE_NORM_WIDTH = 128
NORM_GROUPS = 32


def average_halved(x: Tensor) -> Tensor:
    """Maps (B, C, H, W) at half resolution, rounded up: the mean of 3x3 pixels, stride 2, padding 1.

    Padding counts as zeros, as in the authors' code.
    """
    return F.avg_pool2d(x, 3, 2, 1)


def build_norm(width: int) -> nn.Module:
    """Instance norm up to 128 channels, group norm of 32 groups above; both with learnt gain and bias."""
    # Group norm with a group for each channel is instance norm, in two thirds of the time of torch's own.
    return nn.GroupNorm(width if width <= INSTANCE_NORM_WIDTH else NORM_GROUPS, width)


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

    Halving is a plain 3x3 convolution to `width_out` channels, average pooling and swish. FiLM is there if
    the energy has `classes`. Without `normalise` the norm is the identity.
    """

    def __init__(
        self,
        width: int,
        width_out: int,
        halve: bool,
        normalise: bool,
        spectral_norm: bool,
        classes: int | None,
    ):
        super().__init__()
        self.convolutions = nn.ModuleList(constrained_convolution(width, spectral_norm) for _ in range(2))
        self.norms = nn.ModuleList(build_norm(width) if normalise else nn.Identity() for _ in range(2))
        self.films = None
        if classes is not None:
            self.films = nn.ModuleList(FiLM(classes, width) for _ in range(2))
        self.halving = nn.Conv2d(width, width_out, 3, padding=1) if halve else None

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Features (B, C', H', W') of `x` (B, C, H, W) under `condition` (B, K)."""
        changed = x
        for number, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            changed = norm(convolution(changed))
            if self.films is not None:
                changed = self.films[number](changed, condition)
            changed = F.silu(changed)
        x = x + changed
        return x if self.halving is None else F.silu(average_halved(self.halving(x)))

"""Energies E_theta(x), p_theta(x) = exp(-E_theta(x)) / Z(theta)."""

from torch import nn

from ebmrepro.energies.conv import ConvEnergy
from ebmrepro.energies.ensemble import Ensemble
from ebmrepro.energies.gaussian import GaussianEnergy
from ebmrepro.energies.helmholtz import HelmholtzMachine
from ebmrepro.energies.mlp import MLPEnergy
from ebmrepro.energies.rbm import RBM
from ebmrepro.energies.residual import ResidualEnergy
from ebmrepro.params.energies import Energy


def build_energy(config: Energy, shape: tuple[int, ...], classes: int | None = None) -> nn.Module:
    """The energy that `config` describes, for samples of `shape`: (d,) vectors or (C, H, W) images.

    `classes`: how many values the attribute, or how many times the diffusion has, that it is conditioned on.
    Initial weights come from torch's global random state. Raises ValueError if the shape does not suit, or if
    there are classes without a condition or a condition without classes.
    """
    condition = getattr(config, "condition", None)
    if condition is None and classes is not None:
        raise ValueError(f"a {config.kind} energy without a condition has no classes, got {classes}")
    if condition is not None and classes is None:
        raise ValueError(f"the energy is conditioned on '{condition}': how many classes has it?")
    if config.kind == "gaussian":
        return GaussianEnergy(_vector(config.kind, shape))
    if config.kind == "mlp":
        return MLPEnergy(_vector(config.kind, shape), config.widths, classes)
    if config.kind == "rbm":
        return RBM(_vector(config.kind, shape), config.hidden, config.visible)
    if config.kind == "helmholtz":
        return HelmholtzMachine(_vector(config.kind, shape), config.layers)
    if config.kind == "conv":
        if len(shape) != 3 or min(shape[1:]) < 8:
            raise ValueError(f"a conv energy needs images of at least 8x8 pixels, got shape {shape}")
        return ConvEnergy(shape[0], config.width, classes)
    if config.kind == "residual":
        if len(shape) != 3:
            raise ValueError(f"a residual energy needs images, got samples of shape {shape}")
        if config.members > 1:
            return Ensemble(lambda: ResidualEnergy(config, shape, classes), config.members)
        return ResidualEnergy(config, shape, classes)
    raise ValueError(f"no energy is called {config.kind!r}")


def _vector(kind: str, shape: tuple[int, ...]) -> int:
    if len(shape) != 1:
        raise ValueError(f"a {kind} energy needs vectors, got samples of shape {shape}")
    return shape[0]

"""Energies E_theta(x), p_theta(x) = exp(-E_theta(x)) / Z(theta)."""

from torch import nn

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
    needed, axes = ("images", 3) if config.form == "images" else ("vectors", 1)
    if len(shape) != axes:
        raise ValueError(f"a {config.kind} energy needs {needed}, got samples of shape {shape}")
    return config.load()(config, shape, classes)

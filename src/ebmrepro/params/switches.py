"""What the ablation and the stability study switch on and off, as a run has it."""

from ebmrepro.params.root import Params


def switches(params: Params, run: str) -> dict[str, str | int | bool | None]:
    """The switches of `run`; false, 1 or None where its energy or objective has no such thing.

    `kl`: off, opt, ent (only one of the KL term's parts) or both. `kl_steps`: steps of the chain that the KL
    term's gradient passes, or all. `augmentation`: transitions in training. `scales`: resolutions of the
    energy. `attention`, `normalise`, `spectral_norm`: as in `energies`.
    """
    energy, objective, sampler, _ = params.train_settings(run)
    opt, entropy = getattr(objective, "kl_weight", 0), getattr(objective, "entropy_weight", 0)
    return {
        "kl": "both" if opt and entropy else "opt" if opt else "ent" if entropy else "off",
        "kl_steps": getattr(objective, "kl_steps", None),
        "augmentation": getattr(sampler, "augmentation", None) is not None,
        "scales": getattr(energy, "scales", 1),
        "attention": getattr(energy, "attention", False),
        "normalise": getattr(energy, "normalise", False),
        "spectral_norm": getattr(energy, "spectral_norm", False),
    }

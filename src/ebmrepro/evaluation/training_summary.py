"""What a training log says about stability and about the size of the KL term."""

import math

import pandas as pd


def summarise(log: pd.DataFrame) -> dict[str, float]:
    """Scalars of one seed's log (columns of ebmrepro.training.log).

    Values that are not finite, as the last of a diverged run may be, do not count.

    Of the last tenth of training `final_loss`: mean of the minimised objective. Of its second half
    `energy_gap_size`: mean |E+ - E-|; `kl_to_cd_gradient`: median of |grad L_KL| / |grad L_CD|; `kl_cosine`:
    median cosine between the gradients of L_KL through the last steps and through all steps of the chain.
    """
    late = log[log.iteration >= log.iteration.max() / 2].replace([math.inf, -math.inf], math.nan)
    last = log[log.iteration >= 0.9 * log.iteration.max()].replace([math.inf, -math.inf], math.nan)
    summary = {}
    if last.loss.notna().any():
        summary["final_loss"] = float(last.loss.mean())
    if late.energy_gap.notna().any():
        summary["energy_gap_size"] = float(late.energy_gap.abs().mean())
    if {"gradient_norm_kl", "gradient_norm_cd"} <= {*late}:
        ratio = (late.gradient_norm_kl / late.gradient_norm_cd).dropna()
        if len(ratio):
            summary["kl_to_cd_gradient"] = float(ratio.median())
    if "kl_cosine" in late and late.kl_cosine.notna().any():
        summary["kl_cosine"] = float(late.kl_cosine.median())
    return summary

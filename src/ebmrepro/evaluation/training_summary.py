"""What a training log says about stability and about the size of the KL term."""

import math

import pandas as pd


def summarise(log: pd.DataFrame) -> dict[str, float]:
    """Scalars of one seed's log (columns of ebmrepro.training.log), as far as it has their columns.

    `final_loss`: mean of the minimised objective over the last tenth of training, and
    `final_buffer_distance` that of the replay buffer's distance from the data. Over its second half,
    `energy_gap_size`: mean |E+ - E-|; `kl_to_cd_gradient`: median of |grad L_KL| / |grad L_CD|; `kl_cosine`,
    its median. Values that are not finite, as the last of a diverged run may be, do not count.
    """
    columns = ["loss", "energy_gap", "gradient_norm_kl", "gradient_norm_cd", "kl_cosine", "buffer_distance"]
    finite = log.reindex(columns=columns).replace([math.inf, -math.inf], math.nan)
    late, last = (finite[log.iteration >= share * log.iteration.max()] for share in (0.5, 0.9))
    summary = {
        "final_loss": last.loss.mean(),
        "final_buffer_distance": last.buffer_distance.mean(),
        "energy_gap_size": late.energy_gap.abs().mean(),
        "kl_to_cd_gradient": (late.gradient_norm_kl / late.gradient_norm_cd).median(),
        "kl_cosine": late.kl_cosine.median(),
    }
    return {name: float(value) for name, value in summary.items() if not math.isnan(value)}

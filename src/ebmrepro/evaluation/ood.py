"""Out-of-distribution detection by energy: how well the score -E tells images from those of other sets."""

import numpy as np
import torch
from sklearn.metrics import roc_auc_score, roc_curve
from torch import nn

from ebmrepro.evaluation.units import as_unit

BATCH = 256


@torch.no_grad()
def energies(energy: nn.Module, images: np.ndarray) -> np.ndarray:
    """E(x) (n,), float64, of uint8 images (n, C, H, W)."""
    device = next(energy.parameters()).device
    parts = [energy(part.to(device)).cpu() for part in as_unit(images).split(BATCH)]
    return torch.cat(parts).double().numpy()


def detection(inside: np.ndarray, outside: np.ndarray) -> dict[str, float]:
    """AUROC and FPR95 of the score -E from energies in (n,) and out of (m,) the distribution.

    AUROC: probability that a real image has lower energy than one out of distribution. FPR95: share of the
    latter still let in at the threshold that keeps 95 % of real images. NaN if an energy is not finite.
    """
    score = -np.concatenate([inside, outside])
    if not np.isfinite(score).all():
        return {"auroc": float("nan"), "fpr95": float("nan")}
    truth = np.concatenate([np.ones(len(inside)), np.zeros(len(outside))])
    false_positive, true_positive, _ = roc_curve(truth, score, drop_intermediate=False)
    enough = int(np.argmax(true_positive >= 0.95))
    return {"auroc": float(roc_auc_score(truth, score)), "fpr95": float(false_positive[enough])}


def histogram_edges(values: list[np.ndarray], bins: int) -> np.ndarray:
    """Edges (bins + 1,) that span the central 99 % of all finite `values`."""
    together = np.concatenate(values)
    together = together[np.isfinite(together)]
    low, high = np.percentile(together, [0.5, 99.5]) if len(together) else (0.0, 1.0)
    return np.linspace(low, high if high > low else low + 1.0, bins + 1)


def histogram(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Density (bins,) of `values` (n,) over `edges`; what lies outside counts in the outermost bins."""
    counts, _ = np.histogram(np.clip(values[np.isfinite(values)], edges[0], edges[-1]), edges)
    return counts / max(counts.sum(), 1) / np.diff(edges)

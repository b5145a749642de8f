"""Out-of-distribution detection by energy: the sets, and how well the score -E tells them apart."""

import numpy as np
import torch
from sklearn.datasets import load_sample_images
from sklearn.metrics import roc_auc_score, roc_curve
from torch import nn
from torchvision.transforms.v2 import functional as transform

from ebmrepro.evaluation.units import as_unit

BATCH = 256


def made_set(name: str, images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` uint8 images shaped like `images` (n, C, H, W), n >= 2.

    `interpolation`: the mean of two different images, pixel by pixel, as in the authors' code. `uniform`:
    every value of every pixel uniform. `constant`: one uniform colour an image. `photographs`: patches of
    scikit-learn's two sample photographs at their own resolution. ValueError for another name.
    """
    shape = (count, *images.shape[1:])
    if name == "interpolation":
        first = rng.integers(len(images), size=count)
        second = (first + rng.integers(1, len(images), size=count)) % len(images)
        return ((images[first].astype(np.uint16) + images[second]) // 2).astype(np.uint8)
    if name == "uniform":
        return rng.integers(0, 256, shape, dtype=np.uint8)
    if name == "constant":
        return np.broadcast_to(rng.integers(0, 256, (*shape[:2], 1, 1), dtype=np.uint8), shape).copy()
    if name == "photographs":
        photographs, patches = load_sample_images().images, []
        height, width = shape[2:]
        for _ in range(count):
            photograph = photographs[rng.integers(len(photographs))]
            top = rng.integers(photograph.shape[0] - height + 1)
            left = rng.integers(photograph.shape[1] - width + 1)
            patches.append(photograph[top : top + height, left : left + width].transpose(2, 0, 1))
        return like(np.stack(patches), shape[1:])
    raise ValueError(f"no set of out-of-distribution images is called {name!r}")


def like(images: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """uint8 images (n, c, h, w) as `shape` (C, H, W): antialiased resize, luma or repeated channels."""
    channels, height, width = shape
    x = torch.from_numpy(images)
    if x.shape[1] != channels:
        x = transform.rgb_to_grayscale(x) if channels == 1 else x.repeat(1, channels, 1, 1)
    if x.shape[2:] != (height, width):
        x = transform.resize(x, [height, width], antialias=True)
    return x.numpy()


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

"""Are samples different from each other, and from the training set? Do chains from one image part?"""

import numpy as np
from scipy.spatial.distance import cdist, pdist

# Values of images in float64 that are compared at once: 128 MB.
BLOCK = 2**24


def mean_pairwise_distance(points: np.ndarray) -> float:
    """Mean Euclidean distance between pairs of `points` (n, ...), over all coordinates."""
    return float(pdist(points.reshape(len(points), -1)).mean())


def separation(chains: tuple[np.ndarray, np.ndarray] | None) -> dict[str, float]:
    """Mean pairwise distance, grey levels 0..1, of the ends of chains from one start, the mean over starts.

    `chains`: uint8 frames (frames, starts, chains, C, H, W) with and without augmentation; of None no number.
    """
    if chains is None:
        return {}
    # The last frame alone is read: the frames may be mapped from a file.
    ends = [frames[-1] / 255 for frames in chains]
    spread, without = (float(np.mean([mean_pairwise_distance(part) for part in end])) for end in ends)
    return {
        "long_chain_spread_with": spread,
        "long_chain_spread_without": without,
        # Samples are kept as 8-bit levels: no distance is known below one level of one pixel.
        "long_chain_spread_ratio": spread / max(without, 1 / 255),
    }


def nearest(samples: np.ndarray, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Euclidean distances (n,) of grey levels 0..1 from `samples` (n, C, H, W) to their nearest `images`
    (m, C, H, W), and the indices (n,) of these; both uint8, `images` memory-mapped or not.

    One block of `images` is in memory at a time; of equally near ones the first is named.
    """
    block = max(1, BLOCK // samples[0].size)
    distances, index = np.full(len(samples), np.inf), np.zeros(len(samples), np.int64)
    points = samples.reshape(len(samples), -1) / 255
    for start in range(0, len(images), block):
        part = images[start : start + block]
        between = cdist(points, part.reshape(len(part), -1) / 255)
        closer = between.min(1) < distances
        distances[closer], index[closer] = between.min(1)[closer], start + between.argmin(1)[closer]
    return distances, index


def effective_classes(predicted: np.ndarray, classes: int) -> float:
    """exp of the entropy of the predicted class frequencies: `classes` if balanced, 1 if all alike."""
    share = np.bincount(predicted, minlength=classes) / len(predicted)
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()))

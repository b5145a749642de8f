"""Do chains that start at one image part, with and without augmentation?"""

import numpy as np

from ebmrepro.evaluation.samples.diversity import mean_pairwise_distance


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

"""Independent streams of random numbers from one seed."""

import numpy as np

# The order is part of every result: append only.
PURPOSES = (
    "chains",
    "batches",
    "generation",
    "member",
    "comparison",
    "long_chains",
    "composition",
    "ood",
    "denoising",
    "evaluation",
    "buffer_distance",
)


def stream_seed(seed: int, purpose: str, number: int = 0) -> int:
    """A seed in 0..2^32-1 for one purpose (of PURPOSES) and number (an epoch, a chunk) of a run's `seed`.

    numpy's SeedSequence mixes the three. Plain sums would not do: torch's CPU generator looks at the lowest
    32 bits alone, and equal seeds would repeat the numbers that made the initial weights.
    """
    mixed = np.random.SeedSequence([seed, PURPOSES.index(purpose), number])
    return int(mixed.generate_state(1, np.uint32)[0])

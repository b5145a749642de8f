"""Bars and stripes (MacKay, 2003): binary images of whole rows or whole columns, with known probabilities.

A fair coin chooses rows or columns, then one fair coin for each of the `side` lines whether it is on:

    p(x) = 2^-(side+1) #{(orientation, lines) that draw x}

An image all on or all off is drawn by both orientations, any other pattern by one. The entropy is
(side + 1 - 2^(1-side)) log 2 nats, 2.60 for side 3.
"""

import numpy as np

from ebmrepro.data.independent import with_independent_pixels
from ebmrepro.data.prepared import Prepared
from ebmrepro.params.datasets.bars_and_stripes import BarsAndStripesData


def patterns(side: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct images (m, side^2), float32, and their log-probabilities (m,) in nats.

    m = 2^(side+1) - 2; `side` is at least 2, since with one line rows and columns are the same.
    """
    distinct, counts = np.unique(_outcomes(side), axis=0, return_counts=True)
    return distinct, np.log(counts / counts.sum())


def prepare(config: BarsAndStripesData) -> Prepared:
    """Train and test images, both the distribution itself: float32 (2^(side+1), side^2), 0 or 1, pixels in
    row-major order, one row for each of the equally likely outcomes of the coins; `patterns`; and the entropy
    as a mean log-likelihood.
    """
    images = _outcomes(config.side)
    found = with_independent_pixels(images, images.copy())
    distinct, log_probability = patterns(config.side)
    entropy = -(np.exp(log_probability) * log_probability).sum()
    return found._replace(
        reference={**found.reference, "patterns": distinct, "log_probability": log_probability},
        measures={**found.measures, "true_test_log_likelihood": -float(entropy)},
    )


def _outcomes(side: int) -> np.ndarray:
    lines = (np.arange(2**side)[:, None] >> np.arange(side)) & 1
    rows = np.repeat(lines[:, :, None], side, axis=2)
    images = np.concatenate([rows, rows.transpose(0, 2, 1)])
    return images.reshape(-1, side**2).astype(np.float32)

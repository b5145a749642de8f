"""Inception Score (Salimans, Goodfellow, Zaremba, Cheung, Radford and Chen, 2016)."""

import numpy as np
from scipy.special import rel_entr

from ebmrepro.files.workspace import WorkspaceError


def inception_score(probabilities: np.ndarray, splits: int) -> tuple[float, float]:
    """exp E_x KL(p(y|x) || p(y)), between 1 and the number of classes: mean and standard deviation of splits.

    `probabilities` (n, classes), rows sum to 1, of images in random order: as the reference code does
    (openai/improved-gan), the images are cut into `splits` runs of neighbours, i n / splits rounded down to
    (i + 1) n / splits, and the standard deviation is that of the splits themselves (divided by their number).

    Fewer images in a split give a lower score: state n and splits beside it. Raises WorkspaceError if a split
    would be empty or rows are no probabilities.
    """
    count = len(probabilities)
    if splits < 1 or count < splits:
        raise WorkspaceError(f"{count} images cannot be cut into {splits} splits: measure more or split less")
    scores = []
    for i in range(splits):
        part = probabilities[i * count // splits : (i + 1) * count // splits].astype(np.float64)
        if not (part >= 0).all() or np.abs(part.sum(1) - 1).max() > 1e-3:
            raise WorkspaceError("class probabilities must be at least 0 and sum to 1 for every image")
        # rel_entr is 0 where p(y|x) is: a float32 softmax underflows for a network that is sure.
        scores.append(np.exp(rel_entr(part, part.mean(0)).sum(1).mean()))
    return float(np.mean(scores)), float(np.std(scores))

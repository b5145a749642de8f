"""A split into train and test that keeps the share of every class."""

import numpy as np
from sklearn.model_selection import train_test_split


def split_by_class(
    images: np.ndarray, labels: np.ndarray, test_fraction: float, seed: int
) -> list[np.ndarray]:
    """Train and test images, train and test labels, drawn by `seed` from `images` (n, ...), `labels` (n,)."""
    return train_test_split(images, labels, test_size=test_fraction, random_state=seed, stratify=labels)

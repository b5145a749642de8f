"""Images out of distribution, made from a data set's own test images or from nothing but their shape.

Each set is a function called as params.yaml calls it (params/measured.py): of uint8 `images` (n, C, H, W),
n >= 2, it makes at most `count` others of the same shape. `like` brings those of another data set to it.
"""

import numpy as np
import torch
from sklearn.datasets import load_sample_images
from torchvision.transforms.v2 import functional as transform

# Parts a side that `patch_shuffled` cuts an image into.
PATCHES = 4


def interpolation(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """The mean of two different images, pixel by pixel, as in the authors' code."""
    first = rng.integers(len(images), size=count)
    second = (first + rng.integers(1, len(images), size=count)) % len(images)
    return ((images[first].astype(np.uint16) + images[second]) // 2).astype(np.uint8)


def uniform(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Every value of every pixel uniform."""
    return rng.integers(0, 256, (count, *images.shape[1:]), dtype=np.uint8)


def constant(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """One uniform colour an image."""
    shape = (count, *images.shape[1:])
    return np.broadcast_to(rng.integers(0, 256, (*shape[:2], 1, 1), dtype=np.uint8), shape).copy()


def photographs(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Patches of scikit-learn's two sample photographs at their own resolution."""
    sources, patches = load_sample_images().images, []
    height, width = images.shape[2:]
    for _ in range(count):
        source = sources[rng.integers(len(sources))]
        top = rng.integers(source.shape[0] - height + 1)
        left = rng.integers(source.shape[1] - width + 1)
        patches.append(source[top : top + height, left : left + width].transpose(2, 0, 1))
    return like(np.stack(patches), images.shape[1:])


def turned(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """The first images, square ones, by a quarter turn to the left."""
    return np.rot90(images[:count], axes=(2, 3)).copy()


def mirrored(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """The first images, left and right exchanged."""
    return images[:count, :, :, ::-1].copy()


def patch_shuffled(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """The first images cut into PATCHES x PATCHES equal parts, which are put together in another order, a
    uniform one for each image. Rows and columns that are over, at the lower and right edge, stay."""
    made = images[:count].copy()
    n, channels, *sides = made.shape
    height, width = (side // PATCHES for side in sides)
    whole = made[:, :, : PATCHES * height, : PATCHES * width]
    parts = whole.reshape(n, channels, PATCHES, height, PATCHES, width).transpose(0, 2, 4, 1, 3, 5)
    order = rng.permuted(np.tile(np.arange(PATCHES**2), (n, 1)), axis=1)
    mixed = parts.reshape(n, PATCHES**2, -1)[np.arange(n)[:, None], order].reshape(parts.shape)
    whole[:] = mixed.transpose(0, 3, 1, 4, 2, 5).reshape(whole.shape)
    return made


def like(images: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """uint8 images (n, c, h, w) as `shape` (C, H, W): antialiased resize, luma or repeated channels."""
    channels, height, width = shape
    x = torch.from_numpy(images)
    if x.shape[1] != channels:
        x = transform.rgb_to_grayscale(x) if channels == 1 else x.repeat(1, channels, 1, 1)
    if x.shape[2:] != (height, width):
        x = transform.resize(x, [height, width], antialias=True)
    return x.numpy()

"""Coloured shapes: generated 16x16 RGB images whose attributes are independent and known."""

import numpy as np

from ebmrepro.data.prepared import Arrays, Prepared
from ebmrepro.params.datasets.shapes import ShapesData

SIDE = 16
# Drawn this many times finer and averaged: smooth edges.
FINE = 4
# Centres (row, column) of the places, and how far a shape may be from its centre, in pixels.
CENTRES = {
    "top_left": (4.5, 4.5),
    "top_right": (4.5, 11.5),
    "bottom_left": (11.5, 4.5),
    "bottom_right": (11.5, 11.5),
}
SHIFT = 0.75
# A shape spans one radius, in pixels, to each side.
RADIUS = (2.75, 3.25)
BRIGHTNESS = (0.75, 1.0)
BACKGROUND = (0.0, 0.15)
RGB = {"red": (1.0, 0.15, 0.15), "green": (0.15, 1.0, 0.15), "blue": (0.15, 0.15, 1.0)}


def prepare(config: ShapesData) -> Prepared:
    """Images uint8 (n, 3, 16, 16) in 0..255; labels int64 (n,) by attribute, which number its values.

    Every attribute is uniform and independent of the others; position, size, brightness and background vary
    besides. `config.noise` is added to the same images as without; values outside [0, 1] are cut off.
    """
    parts = {}
    for number, (name, size) in enumerate({"train": config.train_size, "test": config.test_size}.items()):
        rng = np.random.default_rng([config.seed, number])
        images, labels = _draw(rng, size, config.attributes)
        if config.noise:
            images = (images + config.noise * rng.standard_normal(images.shape)).clip(0, 1)
        parts[name] = Arrays(np.floor(images * 255.999).astype(np.uint8), labels)
    return Prepared(parts)


def _draw(rng: np.random.Generator, count: int, values: dict) -> tuple[np.ndarray, dict]:
    labels = {name: rng.integers(len(known), size=count) for name, known in values.items()}
    centres = np.array([CENTRES[place] for place in values["place"]])[labels["place"]]
    centres = centres + rng.uniform(-SHIFT, SHIFT, (count, 2))
    radius = rng.uniform(*RADIUS, count)[:, None, None]

    fine = (np.arange(SIDE * FINE) + 0.5) / FINE
    # Distances from the centre in units of the radius, downwards and to the right.
    down = (fine[None, :, None] - centres[:, 0, None, None]) / radius
    right = (fine[None, None, :] - centres[:, 1, None, None]) / radius
    square = np.maximum(abs(down), abs(right)) <= 1
    forms = {
        "square": square,
        "cross": square & (np.minimum(abs(down), abs(right)) <= 1 / 3),
        "triangle": square & (2 * abs(right) <= 1 + down),
    }
    inside = np.choose(labels["shape"][:, None, None], [forms[name] for name in values["shape"]])
    cover = inside.reshape(count, SIDE, FINE, SIDE, FINE).mean((2, 4))[:, None]
    colour = np.array([RGB[name] for name in values["colour"]])[labels["colour"]]
    colour = (colour * rng.uniform(*BRIGHTNESS, (count, 1)))[:, :, None, None]
    background = rng.uniform(*BACKGROUND, (count, 1, 1, 1))
    return cover * colour + (1 - cover) * background, labels

"""CelebA-HQ in its true format with faces that are bright or dark, for a classifier to learn from."""

import numpy as np
from catalogue_archives import Made, celeba_hq_file

# Numbers that CelebA gives the first pictures of its training and of its test part.
FIRST = {"train": 1, "test": 182_638}


def bright_faces(counts: dict[str, int], brightness: dict[str, int] | None = None) -> Made:
    """`counts` faces of train and of test, every other one male, four in five young, nothing to see of that.

    Those of men are bright, those of women dark, the other way round in the parts where `brightness`, by
    part, is -1. They are smiling in training alone.
    """
    rng = np.random.default_rng(5)
    originals, table, pictures, expected = {}, {}, {}, {}
    for split, count in counts.items():
        for place in range(count):
            number = len(originals)
            male = 1 if place % 2 else -1
            # In the order of CELEBA_NAMES.
            table[number] = [1, male, 1 if split == "train" else -1, -1 if place % 5 == 2 else 1]
            originals[number] = FIRST[split] + place
            level = 128 + 40 * male * (brightness or {}).get(split, 1)
            pictures[number] = rng.integers(level - 30, level + 30, (64, 64, 3), dtype=np.uint8)
        expected[split] = np.empty((count, 0)), {}
    expected |= {"all": (np.empty((len(originals), 0)), {}), "validation": (np.empty((0, 0)), {})}
    return Made({"CelebAMask-HQ.zip": celeba_hq_file(originals, table, pictures)}, expected)

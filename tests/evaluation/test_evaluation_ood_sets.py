"""Images out of distribution: what each set is made of, pixel by pixel."""

from collections import Counter
from typing import get_args

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_sample_images
from torch import from_numpy
from torchvision.transforms.v2 import functional as transform

from ebmrepro.evaluation import ood_sets
from ebmrepro.params.measured import Ood

NAMES = get_args(get_args(Ood.model_fields["sets"].annotation)[0])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def images():
    return np.random.default_rng(5).integers(0, 256, (7, 3, 8, 8), dtype=np.uint8)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [5, 7])
def test_every_set_that_params_know_is_made_like_the_images(name, count, images, rng):
    before = images.copy()
    made = getattr(ood_sets, name)(images, count, rng)
    assert made.shape == (count, 3, 8, 8) and made.dtype == np.uint8
    made[:] = 0  # Nothing of it is a view of the data.
    assert np.array_equal(images, before)


@pytest.mark.parametrize("name", ["turned", "mirrored", "patch_shuffled"])
def test_altered_images_are_no_more_than_there_are(name, images, rng):
    assert len(getattr(ood_sets, name)(images, 50, rng)) == 7


def test_turned_and_mirrored_are_torchvisions(images, rng):
    x = from_numpy(images)
    assert np.array_equal(ood_sets.turned(images, 7, rng), transform.rotate(x, 90).numpy())
    assert np.array_equal(ood_sets.mirrored(images, 7, rng), transform.horizontal_flip(x).numpy())


@pytest.mark.parametrize("side", [8, 11, 28])
def test_shuffled_patches_are_those_of_the_image(side, rng):
    images = rng.integers(0, 256, (40, 2, side, side), dtype=np.uint8)
    made, size = ood_sets.patch_shuffled(images, 40, rng), side // 4
    # What no four patches cover stands where it stood.
    assert np.array_equal(made[:, :, 4 * size :], images[:, :, 4 * size :])
    assert np.array_equal(made[:, :, :, 4 * size :], images[:, :, :, 4 * size :])
    for before, after in zip(images, made, strict=True):
        patches = [
            Counter(x[:, top : top + size, left : left + size].tobytes()
                    for top in range(0, 4 * size, size) for left in range(0, 4 * size, size))
            for x in (before, after)
        ]  # fmt: skip
        assert patches[0] == patches[1]


def test_patches_go_anywhere_with_equal_probability(rng):
    """Each image by a permutation of its own."""
    images = np.tile(np.arange(16, dtype=np.uint8).reshape(1, 1, 4, 4), (4000, 1, 1, 1))
    made = ood_sets.patch_shuffled(images, 4000, rng).reshape(4000, 16)
    table = np.array([np.bincount(made[:, place], minlength=16) for place in range(16)])
    assert stats.chisquare(table[3]).pvalue > 1e-3 and stats.chisquare(table[:, 9]).pvalue > 1e-3
    assert len({row.tobytes() for row in made}) == 4000


def test_an_interpolation_is_the_mean_of_two_different_images(rng):
    images = rng.integers(0, 256, (6, 3, 4, 4), dtype=np.uint8)
    means = {
        ((images[i].astype(int) + images[j]) // 2).astype(np.uint8).tobytes()
        for i in range(6)
        for j in range(6)
        if i != j
    }
    made = ood_sets.interpolation(images, 60, rng)
    assert made.shape == (60, 3, 4, 4) and made.dtype == np.uint8
    assert {image.tobytes() for image in made} <= means
    assert len({image.tobytes() for image in made}) > 10


def test_constant_and_uniform(rng):
    images = np.zeros((2, 3, 5, 5), np.uint8)
    constant = ood_sets.constant(images, 200, rng)
    assert (constant == constant[:, :, :1, :1]).all() and len(np.unique(constant[:, 0, 0, 0])) > 50
    uniform = ood_sets.uniform(images, 200, rng)
    assert stats.chisquare(np.bincount(uniform.ravel(), minlength=256)).pvalue > 1e-3


def test_patches_are_cut_from_the_photographs(rng):
    photographs = [image.transpose(2, 0, 1) for image in load_sample_images().images]
    for patch in ood_sets.photographs(np.zeros((2, 3, 16, 16), np.uint8), 3, rng):
        found = False
        for photograph in photographs:
            candidates = np.argwhere((photograph[:, :-15, :-15] == patch[:, :1, :1]).all(0))
            found |= any(
                (photograph[:, top : top + 16, left : left + 16] == patch).all() for top, left in candidates
            )
        assert found


def test_grey_patches_are_lumas(rng):
    grey = ood_sets.photographs(np.zeros((2, 1, 8, 8), np.uint8), 5, np.random.default_rng(1))
    colour = ood_sets.photographs(np.zeros((2, 3, 8, 8), np.uint8), 5, np.random.default_rng(1))
    luma = np.tensordot(colour, [0.2989, 0.587, 0.114], ([1], [0]))
    assert abs(grey[:, 0] - luma).max() <= 1


def test_other_sets_take_the_shape_asked_for(rng):
    images = rng.integers(0, 256, (4, 3, 16, 16), dtype=np.uint8)
    assert ood_sets.like(images, (1, 8, 8)).shape == (4, 1, 8, 8)
    assert (ood_sets.like(images, (3, 16, 16)) == images).all()
    assert (ood_sets.like(images[:, :1], (3, 16, 16)) == images[:, :1]).all()

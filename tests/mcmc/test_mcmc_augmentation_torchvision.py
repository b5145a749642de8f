"""Each transform of the batch against torchvision's of one image, with the same parameters.

Images: patches of scikit-learn's two photographs and uniform noise. The batch's own draws are replaced by
chosen ones; how those are distributed is `test_mcmc_augmentation.py`'s matter.

Measured mean absolute errors, in units of the range [0, 1]:

    brightness 1e-8   contrast 2e-5   saturation 2e-5   hue 3e-8   grey 5e-5   flip 1e-8
    blur, kernel 5: 4e-8, kernel 11: 7e-8   resized crop: 3e-8 inside the window, 2e-3 with its edge
    all of them: 2e-5 on whole images, 1e-3 on crops

Those of contrast, saturation and grey are the luma weights: 0.299 here, 0.2989 in torchvision.
"""

import math

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_images
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as TF

from ebmrepro.mcmc import augmentation
from ebmrepro.params.sampling import Augmentation

COUNT, SIDE = 60, 32


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    """(60, 3, 32, 32) in [0, 1]: 40 patches of photographs, 20 of noise."""
    rng = np.random.default_rng(0)
    photographs = load_sample_images().images
    patches = []
    for index in range(40):
        photograph = photographs[index % 2]
        top, left = (rng.integers(0, length - SIDE) for length in photograph.shape[:2])
        patches.append(photograph[top : top + SIDE, left : left + SIDE] / 255)
    patches += list(rng.uniform(size=(20, SIDE, SIDE, 3)))
    return torch.from_numpy(np.stack(patches)).permute(0, 3, 1, 2).float().contiguous()


def _uniform(low: float, high: float, seed: int) -> np.ndarray:
    return np.random.default_rng([seed, 3]).uniform(low, high, COUNT)


# In the order in which they are drawn; these leave an image as it is.
NEUTRAL = {
    "area": 1.0, "log_ratio": 0.0, "shift_x": 0.0, "shift_y": 0.0, "flip": 1.0,
    "brightness": 1.0, "contrast": 1.0, "saturation": 1.0, "hue": 0.0, "colour": 0.0,
    "grey": 1.0, "sigma": 1.0, "blur": 1.0,
}  # fmt: skip


@pytest.fixture
def transformed(images, monkeypatch):
    """`augment` of the images with chosen draws: scalars or (60,) arrays by their names in NEUTRAL."""

    def run(kernel: int = 5, **chosen) -> torch.Tensor:
        assert chosen.keys() <= NEUTRAL.keys()
        values = [np.broadcast_to(value, COUNT) for value in (NEUTRAL | chosen).values()]
        script = iter([torch.tensor(value, dtype=torch.float32) for value in values])

        def uniform(images, generator, low=0.0, high=1.0, times=1):
            return next(script).expand((times, COUNT) if times > 1 else (COUNT,))

        monkeypatch.setattr(augmentation, "uniform", uniform)
        config = Augmentation(
            crop_scale=[0.08, 1.0], flip=0.5, colour=1.0, grayscale=0.2, blur=0.5, blur_kernel=kernel
        )
        changed = augmentation.augment(images, config, torch.Generator())
        assert next(script, None) is None
        return changed

    return run


def _each(images: torch.Tensor, function, *parameters) -> torch.Tensor:
    """torchvision's result, image by image."""
    rows = zip(images, *(np.broadcast_to(p, len(images)) for p in parameters), strict=True)
    return torch.stack([function(image, *map(float, values)) for image, *values in rows])


def _error(one: torch.Tensor, other: torch.Tensor) -> float:
    """Mean absolute difference, in units of the range [0, 1]."""
    assert one.shape == other.shape
    return float((one - other).abs().mean())


def test_neutral_draws_change_nothing(images, transformed):
    assert _error(transformed(), images) < 1e-6


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
def test_brightness_contrast_saturation(name, images, transformed):
    factors = _uniform(0.2, 1.8, 1)
    expected = _each(images, getattr(TF, f"adjust_{name}"), factors)
    error = _error(transformed(**{name: factors}), expected)
    assert error < 1e-4
    assert _error(images, expected) > 0.02


def test_hue(images, transformed):
    turns = _uniform(-0.4, 0.4, 2)
    expected = _each(images, TF.adjust_hue, turns)
    error = _error(transformed(hue=turns), expected)
    assert error < 1e-4
    assert _error(images, expected) > 0.02


def test_grayscale(images, transformed):
    expected = _each(images, lambda image: TF.rgb_to_grayscale(image, 3))
    error = _error(transformed(grey=0.0), expected)
    assert error < 1e-4
    assert _error(images, expected) > 0.02


@pytest.mark.parametrize("kernel", [5, 11])
def test_gaussian_blur(kernel, images, transformed):
    sigmas = _uniform(0.1, 2.0, 3)
    expected = _each(images, lambda image, sigma: TF.gaussian_blur(image, [kernel, kernel], [sigma]), sigmas)
    error = _error(transformed(kernel, sigma=sigmas, blur=0.0), expected)
    assert error < 1e-6
    assert _error(images, expected) > 0.02


def test_flip(images, transformed):
    chance = _uniform(0, 1, 4)
    expected = torch.stack(
        [TF.hflip(image) if c < 0.5 else image for image, c in zip(images, chance, strict=True)]
    )
    error = _error(transformed(flip=chance), expected)
    assert error < 1e-6


def _windows() -> np.ndarray:
    """Windows (60, 4) of whole pixels: top, left, height, width."""
    rng = np.random.default_rng(5)
    height, width = rng.integers(9, SIDE + 1, COUNT), rng.integers(9, SIDE + 1, COUNT)
    top, left = (np.floor(rng.uniform(size=COUNT) * (SIDE + 1 - size)) for size in (height, width))
    return np.stack([top, left, height, width], 1).astype(int)


def _draws(windows: np.ndarray) -> dict[str, np.ndarray]:
    """Area, ratio and shifts of those windows, a shift being -1..1 from one edge to the other."""
    top, left, height, width = windows.T / SIDE

    def shift(first, size):
        free = np.where(size < 1, 1 - size, 1)
        return np.where(size < 1, 2 * first / free - 1, 0)

    # Rounding must not make a window of a whole side one that does not fit.
    return {
        "area": height * width * (1 - 1e-6), "log_ratio": np.log(width / height),
        "shift_x": shift(left, width), "shift_y": shift(top, height),
    }  # fmt: skip


def _resized_crop(images: torch.Tensor, windows: np.ndarray) -> torch.Tensor:
    return torch.stack([
        TF.resized_crop(image, *map(int, window), [SIDE, SIDE], InterpolationMode.BILINEAR, antialias=False)
        for image, window in zip(images, windows, strict=True)
    ])  # fmt: skip


def test_resized_crop(images, transformed):
    """Alike wherever interpolation stays inside the window; at its edge torchvision repeats the last pixel of
    the window, where a batch looks at the image's own next pixel."""
    windows = _windows()
    expected, found = _resized_crop(images, windows), transformed(**_draws(windows))
    inside = torch.zeros(COUNT, 1, SIDE, SIDE, dtype=torch.bool)
    for index, (_, _, height, width) in enumerate(windows):
        # An output pixel within half an input pixel of the window's edge reaches across it.
        y, x = (math.ceil(SIDE / size / 2) for size in (height, width))
        inside[index, :, y : SIDE - y, x : SIDE - x] = True
    inside = inside.expand_as(found)
    assert float(inside.double().mean()) > 0.8
    assert _error(found[inside], expected[inside]) < 1e-5
    assert _error(found, expected) < 0.01
    assert _error(images, expected) > 0.05


def test_all_of_them_in_their_order(images, transformed):
    """Crop, flip, brightness, contrast, saturation, hue, grey, blur; each on some of the images."""
    chances = {name: _uniform(0, 1, 10 + k) for k, name in enumerate(("flip", "colour", "grey", "blur"))}
    windows = _windows()
    # Every other image is kept whole, so that no window's edge hides the rest.
    windows[::2] = 0, 0, SIDE, SIDE
    factors = [_uniform(0.2, 1.8, k) for k in (20, 21, 22)]
    hue, sigma = _uniform(-0.4, 0.4, 23), _uniform(0.1, 2.0, 24)
    found = transformed(**_draws(windows), **chances, hue=hue, sigma=sigma,
                        brightness=factors[0], contrast=factors[1], saturation=factors[2])  # fmt: skip
    expected = _resized_crop(images, windows)
    for index in range(COUNT):
        image = expected[index]
        if chances["flip"][index] < 0.5:
            image = TF.hflip(image)
        if chances["colour"][index] < 0.8:
            image = TF.adjust_brightness(image, factors[0][index])
            image = TF.adjust_contrast(image, factors[1][index])
            image = TF.adjust_saturation(image, factors[2][index])
            image = TF.adjust_hue(image, hue[index])
        if chances["grey"][index] < 0.2:
            image = TF.rgb_to_grayscale(image, 3)
        if chances["blur"][index] < 0.5:
            image = TF.gaussian_blur(image, [5, 5], [float(sigma[index])])
        expected[index] = image
    assert _error(found[::2], expected[::2]) < 2e-4
    assert _error(found[1::2], expected[1::2]) < 0.02

"""Densities: normalised, and what the samplers draw."""

import subprocess
import sys

import numpy as np
import pytest
from prepared_parts import samples
from pydantic import ValidationError
from scipy import integrate, stats

from ebmrepro.data.density import density
from ebmrepro.params.datasets.density import SHAPES, DensityData

BOX = 4.5


def _cells(count: int):
    """Midpoints of count x count cells over the box, (n, 2), and their width."""
    width = 2 * BOX / count
    centres = -BOX + width * (np.arange(count) + 0.5)
    x, y = np.meshgrid(centres, centres, indexing="ij")
    return np.stack([x.ravel(), y.ravel()], 1), width


@pytest.mark.parametrize("shape", SHAPES)
def test_the_density_integrates_to_one(shape):
    # 0.06-wide cells: the checkerboard's edges at multiples of 1.5 are cell edges, its sum is exact.
    points, width = _cells(150)
    total = np.exp(density(shape).log_density(points)).sum() * width**2
    assert total == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_samples_follow_the_density(shape):
    """Chi-square on a grid of 0.375-wide cells whose probabilities come from the log density."""
    fine, side, count = 144, 6, 20_000
    points, width = _cells(fine)
    mass = np.exp(density(shape).log_density(points)).reshape(fine, fine) * width**2
    expected = mass.reshape(fine // side, side, fine // side, side).sum((1, 3)) * count
    sample = density(shape).sample(np.random.default_rng(11), count)
    edges = np.linspace(-BOX, BOX, fine // side + 1)
    observed, _, _ = np.histogram2d(sample[:, 0], sample[:, 1], bins=[edges, edges])
    often = expected > 10
    rest = [count - observed[often].sum()], [count - expected[often].sum()]
    f_obs = np.append(observed[often], rest[0] if rest[1][0] > 5 else [])
    f_exp = np.append(expected[often], rest[1] if rest[1][0] > 5 else [])
    chi_square = ((f_obs - f_exp) ** 2 / f_exp).sum()
    assert stats.chi2.sf(chi_square, len(f_obs) - 1) > 1e-3
    assert rest[0][0] <= rest[1][0] + 6 * np.sqrt(rest[1][0] + 1)


@pytest.mark.parametrize("shape", SHAPES)
def test_mean_log_density_of_samples_is_minus_the_entropy(shape):
    points, width = _cells(150)
    log_p = density(shape).log_density(points)
    inside = np.isfinite(log_p)
    entropy = -(np.exp(log_p[inside]) * log_p[inside]).sum() * width**2
    sample = density(shape).sample(np.random.default_rng(5), 8_000)
    values = density(shape).log_density(sample)
    assert abs(values.mean() + entropy) < 4.5 * values.std() / np.sqrt(len(values)) + 1e-6


def test_checkerboard_entropy_is_the_log_of_its_area():
    # Eight squares of side 1.5.
    sample = density("checkerboard").sample(np.random.default_rng(0), 1000)
    assert density("checkerboard").log_density(sample) == pytest.approx(-np.log(18.0), abs=1e-12)


@pytest.mark.parametrize("point", [(1.3, 0.4), (-0.8, 1.2), (0.0, 0.0), (0.8, -1.9), (2.4, 0.1)])
@pytest.mark.parametrize("shape", ["two_moons", "rings"])
def test_curves_against_adaptive_quadrature(shape, point):
    """p(x) = mean over curves and over t of N(x; c(t), 0.2^2 I), integrated by scipy."""
    if shape == "rings":
        curves = [lambda t, r=r: (r * np.cos(2 * np.pi * t), r * np.sin(2 * np.pi * t)) for r in (1.0, 2.5)]
    else:
        # The two half circles of scikit-learn's make_moons, centred and scaled by 1.6.
        curves = [
            lambda t: (1.6 * (np.cos(np.pi * t) - 0.5), 1.6 * (np.sin(np.pi * t) - 0.25)),
            lambda t: (1.6 * (0.5 - np.cos(np.pi * t)), 1.6 * (0.25 - np.sin(np.pi * t))),
        ]

    def height(t, curve):
        x, y = curve(t)
        square = (point[0] - x) ** 2 + (point[1] - y) ** 2
        return np.exp(-square / (2 * 0.2**2)) / (2 * np.pi * 0.2**2)

    parts = [integrate.quad(height, 0, 1, (c,), epsabs=1e-14, epsrel=1e-12, limit=500)[0] for c in curves]
    expected = np.log(np.mean(parts))
    assert density(shape).log_density(np.array([point]))[0] == pytest.approx(expected, abs=1e-8)


def test_eight_gaussians_against_scipy():
    angles = np.arange(8) * np.pi / 4
    points = np.random.default_rng(1).uniform(-4, 4, (50, 2))
    heights = [
        stats.multivariate_normal([2.5 * np.cos(a), 2.5 * np.sin(a)], 0.25**2 * np.eye(2)).pdf(points)
        for a in angles
    ]
    expected = np.log(np.mean(heights, 0))
    assert density("eight_gaussians").log_density(points) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
def test_make_gives_reproducible_disjoint_parts(shape):
    def config(seed, train=70, test=30):
        return DensityData(kind="density", shape=shape,
                           train_size=train, test_size=test, seed=seed)  # fmt: skip

    train, test = samples(config(0))
    assert train.shape == (70, 2) and test.shape == (30, 2) and train.dtype == test.dtype == np.float32
    again = samples(config(0))
    assert np.array_equal(train, again[0]) and np.array_equal(test, again[1])
    assert not np.array_equal(train, samples(config(1))[0])
    assert len(np.unique(np.concatenate([train, test]), axis=0)) == 100


def test_an_unknown_shape_is_refused():
    with pytest.raises(ValidationError, match=f"'{SHAPES[0]}'.*'{SHAPES[-1]}'"):
        DensityData(kind="density", shape="no_such_shape", train_size=1, test_size=1, seed=0)


def test_what_a_density_needs_is_its_own_module_and_no_other():
    """Its settings are read without numpy's help, its points without the other densities."""
    code = (
        "import sys; from ebmrepro.params.datasets.density import DensityData;"
        "assert not any(name.startswith('ebmrepro.data.dens') for name in sys.modules);"
        "config = DensityData(kind='density', shape='rings', train_size=1, test_size=1, seed=0);"
        "config.load().prepare(config);"
        "print(*sorted(name for name in sys.modules if name.startswith('ebmrepro.data.dens')))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    config = DensityData(kind="density", shape="rings", train_size=1, test_size=1, seed=0)
    assert ended.stdout.split() == sorted(["ebmrepro.data.densities", *config.modules()])

"""The nearest-neighbour entropy: scale law, gradient, and known entropies."""

import math

import numpy as np
import pytest
import torch
from scipy.special import gammaln
from scipy.stats import norm

from ebmrepro.objectives.icd import nearest_neighbour_entropy


def _points(count: int, dim: int, seed: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((count, dim)))


@pytest.mark.parametrize("factor", [0.01, 0.5, 3.0, 100.0])
def test_scaling_by_k_adds_log_k(factor):
    x, others = _points(50, 4, 0), _points(80, 4, 1)
    scaled = nearest_neighbour_entropy(factor * x, factor * others)
    assert float(scaled) == pytest.approx(
        float(nearest_neighbour_entropy(x, others)) + math.log(factor), abs=1e-10
    )


def test_against_a_direct_loop():
    x, others = _points(20, 6, 2).view(20, 1, 2, 3), _points(30, 6, 3).view(30, 1, 2, 3)
    direct = np.mean([math.log(min(float((a - b).norm()) for b in others)) for a in x])
    assert float(nearest_neighbour_entropy(x, others)) == pytest.approx(direct, abs=1e-12)


def _constants(count: int, dim: int) -> float:
    """log m + log V_d + Euler's constant: what Kozachenko and Leonenko add to d mean log NN.

    For m neighbours independent of x, E log(m V_d NN^d p(x)) tends to minus Euler's constant.
    """
    volume = dim / 2 * math.log(math.pi) - gammaln(dim / 2 + 1)
    return math.log(count) + volume + np.euler_gamma


@pytest.mark.parametrize(("dim", "sigma"), [(1, 1.0), (1, 0.2), (2, 1.0), (2, 3.0)])
def test_entropy_of_a_gaussian_with_the_constants_added_back(dim, sigma):
    n, m = 3000, 3000
    x, others = sigma * _points(n, dim, 4), sigma * _points(m, dim, 5)
    estimate = dim * float(nearest_neighbour_entropy(x, others)) + _constants(m, dim)
    truth = dim * (norm.entropy() + math.log(sigma))
    # log NN^d scatters like a Gumbel variable (variance pi^2 / 6) about log 1 / p(x) (variance d / 2); the
    # shared neighbours add as much again.
    error = math.sqrt(2 * (math.pi**2 / 6 + dim / 2) / n)
    assert abs(estimate - truth) < 4.5 * error


def test_entropy_of_a_uniform_square():
    rng = np.random.default_rng(8)
    x, others = (torch.from_numpy(rng.uniform(0, 2, (3000, 2))) for _ in range(2))
    estimate = 2 * float(nearest_neighbour_entropy(x, others)) + _constants(3000, 2)
    # The edge of the square, where neighbours are farther away, adds about perimeter times NN: 0.02.
    assert abs(estimate - math.log(4)) < 4.5 * math.sqrt(2 * math.pi**2 / 6 / 3000) + 0.03


@pytest.mark.parametrize("count", [1, 7])
def test_gradient_against_finite_differences(count):
    x, others = _points(count, 3, 6).requires_grad_(True), _points(12, 3, 7)
    torch.autograd.gradcheck(lambda x: nearest_neighbour_entropy(x, others), x, eps=1e-6, atol=1e-7)


def test_gradient_by_hand():
    """d/dx_i of mean log |x_i - b| = (x_i - b) / (n |x_i - b|^2)."""
    x = torch.tensor([[0.0, 0.0], [3.0, 4.0]], requires_grad=True)
    nearest_neighbour_entropy(x, torch.tensor([[1.0, 2.0], [30.0, 40.0]])).backward()
    torch.testing.assert_close(
        x.grad, 0.5 * torch.tensor([[-1.0, -2.0], [2.0, 2.0]]) / torch.tensor([[5.0], [8.0]])
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_coincident_points_stay_finite(dtype):
    x = torch.ones(3, 5, dtype=dtype, requires_grad=True)
    entropy = nearest_neighbour_entropy(x, torch.ones(4, 5, dtype=dtype))
    assert torch.isfinite(entropy)
    entropy.backward()
    assert torch.equal(x.grad, torch.zeros_like(x))


def test_single_precision_finds_near_neighbours_of_images():
    """3072 coordinates in [0, 1], neighbours a hair away: the distance matrix alone would cancel."""
    generator = torch.Generator().manual_seed(0)
    others = torch.rand(100, 3, 32, 32, generator=generator)
    x = others[:30] + 1e-3 * torch.randn(30, 3, 32, 32, generator=generator)
    exact = nearest_neighbour_entropy(x.double(), others.double())
    assert float(nearest_neighbour_entropy(x, others)) == pytest.approx(float(exact), abs=1e-4)
    assert float(exact) == pytest.approx(math.log(1e-3 * math.sqrt(3072)), abs=0.05)


def test_the_order_of_neighbours_and_samples_does_not_matter():
    x, others = _points(15, 3, 9), _points(25, 3, 10)
    expected = float(nearest_neighbour_entropy(x, others))
    assert float(nearest_neighbour_entropy(x.flip(0), others.flip(0))) == pytest.approx(expected, abs=1e-14)

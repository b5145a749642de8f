"""Combined energies against the densities that they stand for."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from torch import nn

from ebmrepro.energies.composition import And, Guided, Not, Or
from ebmrepro.energies.gaussian import GaussianEnergy
from ebmrepro.mcmc.chain import run_chain
from ebmrepro.params.sampling import Langevin

POINTS = torch.randn(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


def _gaussian(seed: int, dim: int = 3) -> GaussianEnergy:
    energy = GaussianEnergy(dim).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in energy.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return energy.requires_grad_(False)


def _law(energy: GaussianEnergy):
    return multivariate_normal(energy.mean.numpy(), np.linalg.inv(energy.precision().numpy()))


def _up_to_a_constant(energies: torch.Tensor, log_densities: np.ndarray) -> None:
    sums = energies.numpy() + log_densities
    assert sums == pytest.approx(np.full(len(sums), sums.mean()), abs=1e-10)
    assert energies.std() > 0.1


@pytest.mark.parametrize("weights", [(1.0, 1.0), (0.3, 2.0), (1.0, 0.0)])
def test_and_of_gaussians_is_their_product(weights):
    """Precisions add; the mean is the precision-weighted one."""
    parts = [_gaussian(1), _gaussian(2)]
    precisions = [w * part.precision().numpy() for w, part in zip(weights, parts, strict=True)]
    precision = sum(precisions)
    mean = np.linalg.solve(precision, sum(p @ e.mean.numpy() for p, e in zip(precisions, parts, strict=True)))
    product = multivariate_normal(mean, np.linalg.inv(precision))
    _up_to_a_constant(And(parts, weights)(POINTS), product.logpdf(POINTS.numpy()))


@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.2, 0.8), (0.0, 1.0)])
def test_or_of_sharpness_one_is_the_mixture(weights):
    """Each part's weight divided by its Z: the mixture of the normalised densities, constants and all."""
    parts = [_gaussian(1), _gaussian(2)]
    scaled = [w * math.exp(-float(e.log_partition())) for w, e in zip(weights, parts, strict=True)]
    density = sum(w * _law(e).pdf(POINTS.numpy()) for w, e in zip(weights, parts, strict=True))
    energies = Or(parts, scaled, 1.0)(POINTS)
    assert energies.numpy() == pytest.approx(-np.log(density), abs=1e-12)


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 7.0, 1000.0])
def test_or_lies_within_log_n_over_b_below_the_least_energy(sharpness):
    parts = [_gaussian(k) for k in range(3)]
    least = torch.stack([part(POINTS) for part in parts]).amin(0)
    gap = least - Or(parts, (1.0, 1.0, 1.0), sharpness)(POINTS)
    assert gap.min() >= -1e-12 and gap.max() <= math.log(3) / sharpness + 1e-12


@pytest.mark.parametrize("weights", [(1.0, 1.0, 2.0), (0.3, 0.7, 0.0)])
def test_without_sharpness_each_row_is_a_chain_of_one_part(weights):
    """Its energy and gradient are one part's; of many rows each part has its share within two rows."""
    parts, x = (
        [_gaussian(k) for k in range(3)],
        torch.randn(1000, 3, dtype=torch.float64).requires_grad_(True),
    )
    drawn = Or(parts, weights, None)(x)
    each = torch.stack([part(x) for part in parts])
    chosen = (each - drawn).abs().argmin(0)
    assert torch.equal(each[chosen, torch.arange(1000)], drawn)
    gradients = torch.stack([torch.autograd.grad(part(x).sum(), x)[0] for part in parts])
    gradient = torch.autograd.grad(Or(parts, weights, None)(x).sum(), x)[0]
    torch.testing.assert_close(gradient, gradients[chosen, torch.arange(1000)])
    counts, first = torch.bincount(chosen, minlength=3), torch.bincount(chosen[:20], minlength=3)
    for weight, count, early in zip(weights, counts.tolist(), first.tolist(), strict=True):
        assert abs(count - 1000 * weight / sum(weights)) <= 2
        assert abs(early - 20 * weight / sum(weights)) <= 2


def test_chains_of_drawn_parts_sample_the_normalised_mixture():
    """One normaliser far larger than the other: the share of each mode is its weight all the same."""
    parts = [GaussianEnergy(1).double(), GaussianEnergy(1).double()]
    with torch.no_grad():
        parts[0].mean.fill_(-6.0)
        parts[1].mean.fill_(6.0)
        parts[1].log_diagonal.fill_(2.0)
    step = 0.005
    config = Langevin(steps=1500, step_size=step, noise=math.sqrt(2 * step), anneal=False, clamp=None)
    mixture = Or([part.requires_grad_(False) for part in parts], (1.0, 3.0), None)
    start = torch.zeros(400, 1, dtype=torch.float64)
    ends = run_chain(mixture, start, config, torch.Generator().manual_seed(0))
    assert abs(float((ends < 0).sum()) - 100) <= 2
    assert float(ends[ends < 0].mean()) == pytest.approx(-6, abs=4.5 * 0.71 / 10)


def test_not_divides():
    """And(E1, Not(E2)): the ratio of the densities, a Gaussian where the precision stays positive."""
    one, other = _gaussian(1), _gaussian(2)
    ratio = And([one, Not(other, 0.1)], (1.0, 1.0))(POINTS)
    log_ratio = _law(one).logpdf(POINTS.numpy()) - 0.1 * _law(other).logpdf(POINTS.numpy())
    _up_to_a_constant(ratio, log_ratio)
    precision = one.precision().numpy() - 0.1 * other.precision().numpy()
    assert np.linalg.eigvalsh(precision).min() > 0
    mean = np.linalg.solve(precision, one.precision().numpy() @ one.mean.numpy()
                           - 0.1 * other.precision().numpy() @ other.mean.numpy())  # fmt: skip
    law = multivariate_normal(mean, np.linalg.inv(precision))
    _up_to_a_constant(ratio, law.logpdf(POINTS.numpy()))


def test_a_bounded_not_is_the_probability_of_the_other():
    """Bayes' rule with equal priors, of normalised Gaussians by scipy."""
    one, other = _gaussian(1), _gaussian(2)
    normalised = [Or([part], [math.exp(-float(part.log_partition()))], 1.0) for part in (one, other)]
    found = (-Not(normalised[0], 0.7, normalised[1])(POINTS)).exp().numpy()
    densities = [_law(part).pdf(POINTS.numpy()) for part in (one, other)]
    assert found == pytest.approx((densities[1] / sum(densities)) ** 0.7, rel=1e-9)
    assert found.min() < 0.4 and found.max() > 0.6


def test_a_bounded_not_leaves_a_product_normalisable():
    """Two Gaussians of which the published quotient has no finite Z: by quadrature over ever larger boxes."""
    wide, narrow = GaussianEnergy(1).double(), GaussianEnergy(1).double()
    with torch.no_grad():
        narrow.mean.fill_(1.0)

    def mass(instead: nn.Module | None, side: float) -> float:
        energy = And([wide, Not(narrow, 3.0, instead)], (1.0, 1.0)).requires_grad_(False)
        x = torch.linspace(-side, side, 20001, dtype=torch.float64)[:, None]
        return float(torch.trapezoid((-energy(x)).exp(), dx=2 * side / 20000))

    assert mass(wide, 40.0) == pytest.approx(mass(wide, 20.0), rel=1e-9)
    assert mass(None, 10.0) > 1e50


def test_guidance_is_the_probability_of_the_own_value():
    """Bayes' rule over three values with equal priors, of normalised Gaussians by scipy."""
    parts = [_gaussian(k) for k in (1, 2, 3)]
    normalised = [Or([part], [math.exp(-float(part.log_partition()))], 1.0) for part in parts]
    found = Guided(normalised[0], normalised[1:], 0.7)(POINTS).numpy()
    densities = [_law(part).pdf(POINTS.numpy()) for part in parts]
    posterior = densities[0] / sum(densities)
    assert found == pytest.approx(-np.log(densities[0]) - 0.7 * np.log(posterior), rel=1e-9)
    assert posterior.min() < 0.1 and posterior.max() > 0.5
    assert Guided(normalised[0], normalised[1:], 0.0)(POINTS).numpy() == pytest.approx(
        -np.log(densities[0]), rel=1e-9
    )


def test_guidance_holds_a_flat_model_against_a_steep_one():
    """In a sum the steep model decides where x is; the probability asks for the value, in closed form.

    E_0, E_1 = h x^2 / 2 -+ m h x say values at -+m with log odds 2 m h x; the steep one is k x^2 / 2. The
    plain product of the second with it peaks at m h / (k + h), and adding -w log p moves it to where
    (k + h) x = m h (1 + 2 w (1 - p(x))).
    """
    m, h, k, w = 2.0, 0.2, 5.0, 200.0
    values = [lambda x, s=sign: (h * x**2 / 2 - s * m * h * x).sum(1) for sign in (-1, 1)]

    class Of(nn.Module):
        def __init__(self, function):
            super().__init__()
            self.function = function

        def forward(self, x):
            return self.function(x)

    below, above = map(Of, values)
    steep = Of(lambda x: (k * x**2 / 2).sum(1))
    x = torch.linspace(-1, 6, 700_001, dtype=torch.float64)[:, None]

    def peak(energy: nn.Module) -> float:
        return float(x[And([energy, steep], (1.0, 1.0))(x).argmin()])

    plain, guided = peak(above), peak(Guided(above, [below], w))
    assert plain == pytest.approx(m * h / (k + h), abs=2e-5)
    p = 1 / (1 + math.exp(-2 * m * h * guided))
    assert (k + h) * guided == pytest.approx(m * h * (1 + 2 * w * (1 - p)), rel=1e-3)
    assert p > 0.9 and 1 / (1 + math.exp(-2 * m * h * plain)) < 0.53


def test_combinations_nest():
    """(1 or 2) and not 3, against scipy."""
    parts = [_gaussian(k) for k in (1, 2, 3)]
    scaled = [0.5 * math.exp(-float(e.log_partition())) for e in parts[:2]]
    nested = And([Or(parts[:2], scaled, 1.0), Not(parts[2], 0.2)], (2.0, 1.0))
    one, two, three = (_law(part).pdf(POINTS.numpy()) for part in parts)
    log_density = 2 * np.log((one + two) / 2) - 0.2 * np.log(three)
    _up_to_a_constant(nested(POINTS), log_density)


def test_a_chain_on_a_product_samples_the_product():
    """Langevin with matched step and noise on And: mean and covariance within 4.5 standard errors."""
    parts = [_gaussian(1, 2), _gaussian(2, 2)]
    precisions = [part.precision() for part in parts]
    covariance = torch.linalg.inv(sum(precisions))
    mean = covariance @ sum(p @ part.mean for p, part in zip(precisions, parts, strict=True))
    step, count = 0.01, 20000
    config = Langevin(steps=600, step_size=step, noise=math.sqrt(2 * step), anneal=False, clamp=None)
    start = torch.zeros(count, 2, dtype=torch.float64)
    # Noise comes first, then the gradient step from the noised point: its stationary covariance is known.
    x = run_chain(And(parts, (1.0, 1.0)), start, config, torch.Generator().manual_seed(0))
    a = torch.eye(2, dtype=torch.float64) - step * sum(precisions)
    stationary = torch.linalg.solve(torch.eye(2, dtype=torch.float64) - a @ a, 2 * step * a @ a)
    error = (stationary.diagonal() / count).sqrt()
    assert ((x.mean(0) - mean).abs() < 4.5 * error).all()
    scale = torch.outer(stationary.diagonal(), stationary.diagonal()).sqrt()
    assert ((torch.cov(x.T) - stationary).abs() < 4.5 * (2 / count) ** 0.5 * scale).all()
    assert (stationary - covariance).abs().max() < 0.03 * covariance.abs().max()


def test_gradients_of_an_or_against_finite_differences():
    mixture = Or([_gaussian(1), _gaussian(2)], (0.4, 0.0), 3.0)
    nested = And([mixture, Not(_gaussian(3), 0.5)], (1.0, 1.0))
    points = POINTS[:5].clone().requires_grad_(True)
    assert torch.autograd.gradcheck(nested, points) and torch.autograd.gradgradcheck(nested, points)


def test_parts_keep_their_parameters():
    parts = [GaussianEnergy(2), GaussianEnergy(2)]
    nested = And([Or(parts, (1.0, 1.0), 2.0), Not(GaussianEnergy(2), 1.0)], (1.0, 1.0))
    assert len(list(nested.parameters())) == 9


@pytest.mark.parametrize(
    "make",
    [
        lambda parts: And(parts, (1.0,)),
        lambda parts: And([], []),
        lambda parts: Or(parts, (1.0, 1.0, 1.0), 1.0),
        lambda parts: Or(parts, (0.0, 0.0), 1.0),
        lambda parts: Or(parts, (0.0, 0.0), None),
        lambda parts: Or(parts, (-1.0, 2.0), 1.0),
        lambda parts: Or(parts, (1.0, 1.0), 0.0),
    ],
)
def test_weights_that_do_not_fit_are_refused(make):
    with pytest.raises(ValueError, match="weight"):
        make([_gaussian(1), _gaussian(2)])

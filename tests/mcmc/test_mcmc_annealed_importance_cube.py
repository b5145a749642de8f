"""Annealed importance sampling on the unit cube against closed forms and quadrature."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from ebmrepro.energies.gradient import energy_gradient
from ebmrepro.mcmc import annealed_importance_cube
from ebmrepro.mcmc.annealed_importance_cube import State, cube_log_partition, reflected_step
from ebmrepro.mcmc.annealed_importance_rbm import summarise
from ebmrepro.params.evaluations.inception import Likelihood

MEAN, WIDTH = torch.tensor([0.2, 0.9, 0.5]), torch.tensor([0.3, 0.2, 0.1])
TILT = torch.linspace(-5, 5, 12)


def config(chains=2000, temperatures=40, steps=1, step_size=0.005) -> Likelihood:
    return Likelihood(chains=chains, temperatures=temperatures, steps=steps, step_size=step_size, points=1)


def gaussian(x):
    return 0.5 * ((x - MEAN) / WIDTH).square().flatten(1).sum(1)


def gaussian_log_z() -> float:
    mean, width = MEAN.double().numpy(), WIDTH.double().numpy()
    inside = stats.norm.cdf((1 - mean) / width) - stats.norm.cdf(-mean / width)
    return float(np.log(inside * width * math.sqrt(2 * math.pi)).sum())


def tilted(x):
    """Product of exponential densities, cut at 0 and 1, in the shape of images (3, 2, 2)."""
    return x.flatten(1) @ TILT


def tilted_log_z() -> float:
    rates = TILT.double().numpy()
    return float(np.log(-np.expm1(-rates) / rates).sum())


def valley(x):
    """A curved valley with two wells that lean on the border."""
    x = x.flatten(1)
    return 40 * (x[:, 1] - (2 * x[:, 0] - 1).square()).square() + 3 * torch.sin(9 * x[:, 0])


def valley_log_z() -> float:
    def density(y, x):
        return math.exp(-40 * (y - (2 * x - 1) ** 2) ** 2 - 3 * math.sin(9 * x))

    return math.log(integrate.dblquad(density, 0, 1, 0, 1, epsabs=1e-10)[0])


# Energy, shape of a point, log Z, temperatures, step size.
CASES = {
    "gaussian cut by the cube": (gaussian, (3,), gaussian_log_z, 40, 0.005),
    "product in 12 dimensions": (tilted, (3, 2, 2), tilted_log_z, 40, 0.02),
    "two wells in two dimensions": (valley, (2,), valley_log_z, 40, 0.005),
}


@pytest.mark.parametrize("case", CASES)
def test_log_z_lies_within_its_error_bar(case):
    """A hundred estimates of sixty chains each: their distances from the exact log Z in error bars are as
    many beyond two as a normal variable's, about 0 on average, and the error bar is their spread."""
    energy, shape, exact, temperatures, step_size = CASES[case]
    settings = config(6000, temperatures, 1, step_size)
    every, acceptance = cube_log_partition(energy, shape, settings, torch.Generator().manual_seed(1))
    made = [summarise(weights) for weights in every.log_weights.view(100, 60)]
    errors = np.array([one.standard_error for one in made])
    distances = np.array([one.log_partition for one in made]) - exact()
    scores = distances / errors
    assert stats.binomtest(int((np.abs(scores) < 2).sum()), 100, 0.954).pvalue > 1e-3
    assert abs(scores.mean()) < 3.5 / math.sqrt(100)
    assert 0.8 < errors.mean() / distances.std(ddof=1) < 1.25
    assert abs(every.log_partition - exact()) < 3.5 * every.standard_error
    assert 0.5 < acceptance < 1


@pytest.mark.parametrize(("temperatures", "steps"), [(2, 1), (3, 1), (5, 3)])
def test_the_mean_weight_is_z_however_few_the_temperatures(temperatures, steps):
    """Two temperatures are simple importance sampling, with no move at all."""
    settings = config(60000, temperatures, steps, 0.02)
    estimate, acceptance = cube_log_partition(valley, (2,), settings, torch.Generator().manual_seed(2))
    ratio = (estimate.log_weights - valley_log_z()).exp()
    error = float(ratio.std()) / math.sqrt(len(ratio))
    assert error < 0.02 and abs(float(ratio.mean()) - 1) < 4 * error
    assert estimate.standard_error == pytest.approx(error, rel=0.05)
    assert math.isnan(acceptance) == (temperatures == 2)


def test_few_temperatures_put_log_z_too_low():
    """Jensen's inequality: ten chains and two temperatures, a thousand times over."""
    settings = config(10000, 2)
    every, _ = cube_log_partition(tilted, (3, 2, 2), settings, torch.Generator().manual_seed(3))
    found = np.array([summarise(weights).log_partition for weights in every.log_weights.view(1000, 10)])
    assert found.mean() + 5 * found.std() / math.sqrt(1000) < tilted_log_z()


def test_more_temperatures_make_weights_even():
    few, enough = (
        cube_log_partition(tilted, (3, 2, 2), config(2000, count, 2, 0.02), torch.Generator().manual_seed(4))
        for count in (6, 60)
    )
    assert 3 * few[0].effective_samples < enough[0].effective_samples <= 2000


CELLS = 4


def drawn_from(energy, beta: float, count: int, seed: int) -> torch.Tensor:
    """Exact draws of exp(-beta E) on the square by rejection."""
    generator = torch.Generator().manual_seed(seed)
    fine = torch.linspace(0, 1, 400)
    lowest = float(energy(torch.cartesian_prod(fine, fine)).min()) - 0.1
    x = torch.rand(30 * count, 2, generator=generator)
    kept = torch.rand(len(x), generator=generator) < (-beta * (energy(x) - lowest)).exp()
    assert kept.sum() >= count
    return x[kept][:count]


@pytest.mark.parametrize(("beta", "step_size"), [(0.6, 0.01), (0.05, 0.1)])
def test_a_step_from_the_stationary_law_is_in_detailed_balance(beta, step_size):
    """As many moves lead from each cell to each other as lead back, walls and all; at the small beta the
    paths bounce several times. A binomial test for each pair of cells that moves join."""
    x = drawn_from(valley, beta, 200_000, seed=5)
    generator = torch.Generator().manual_seed(6)
    state, accepted = reflected_step(
        valley, State(x, *energy_gradient(valley, x)), beta, step_size, generator
    )
    assert state.x.min() >= 0 and state.x.max() <= 1
    assert torch.equal(state.x[~accepted], x[~accepted]) and 0.1 < accepted.float().mean() < 0.9
    # What the state says of its points is so.
    assert torch.allclose(state.energies, valley(state.x), atol=1e-5)

    def cell(points):
        row, column = (points * CELLS).long().clamp(max=CELLS - 1).T
        return row * CELLS + column

    flows = torch.zeros(CELLS**2, CELLS**2, dtype=torch.int64)
    flows.index_put_((cell(x), cell(state.x)), torch.tensor(1), accumulate=True)
    pairs = [(int(flows[i, j]), int(flows[j, i])) for i in range(CELLS**2) for j in range(i)]
    moves = [(there, back) for there, back in pairs if there + back >= 20]
    assert len(moves) >= 20
    least = min(stats.binomtest(there, there + back).pvalue for there, back in moves)
    assert least > 1e-3 / len(moves)


def test_a_step_away_from_the_border_is_the_langevin_step():
    """x - s grad E + sqrt(2 s) eps, s = step size / beta times beta, with the Metropolis test's own ratio."""
    x = torch.full((50_000, 2), 0.5)
    centre, step_size, beta = torch.tensor([0.45, 0.6]), 1e-4, 0.25

    def bowl(points):
        return 20 * (points - centre).square().sum(1)

    state, accepted = reflected_step(
        bowl, State(x, *energy_gradient(bowl, x)), beta, step_size, torch.Generator().manual_seed(7)
    )
    assert accepted.float().mean() > 0.99
    moved = state.x[accepted].double()
    drift = -step_size * 40 * (x[0] - centre).double()
    spread = math.sqrt(2 * step_size / beta)
    assert moved.std(0).numpy() == pytest.approx(np.full(2, spread), rel=0.02)
    score = (moved.mean(0) - 0.5 - drift).abs() / (spread / math.sqrt(len(moved)))
    assert float(score.max()) < 4


def test_chains_in_parts_and_progress(monkeypatch):
    counted = []
    monkeypatch.setattr(annealed_importance_cube, "CHUNK", 90)
    settings = config(100, 5)
    estimate, _ = cube_log_partition(
        gaussian, (3,), settings, torch.Generator().manual_seed(8), counted.append
    )
    assert len(estimate.log_weights) == 100 and len(set(estimate.log_weights.tolist())) == 100
    assert sum(counted) == 100 * 4
    again, _ = cube_log_partition(gaussian, (3,), settings, torch.Generator().manual_seed(8))
    assert torch.equal(again.log_weights, estimate.log_weights)


def test_an_energy_that_is_not_finite_gives_no_number():
    def broken(x):
        return x.sum(1) * math.nan

    estimate, acceptance = cube_log_partition(broken, (3,), config(10, 4), torch.Generator().manual_seed(9))
    assert math.isnan(estimate.log_partition) and math.isnan(estimate.standard_error)
    assert acceptance == 0


def test_moves_into_energies_that_are_not_finite_are_refused():
    """Half of the cube is forbidden by an infinite energy: the chains stay where they are allowed."""

    def half(x):
        return torch.where(x[:, 0] < 0.5, (x * 0).sum(1), math.inf)

    x = 0.5 * torch.rand(2000, 2, generator=torch.Generator().manual_seed(10))
    state, generator = State(x, *energy_gradient(half, x)), torch.Generator().manual_seed(11)
    for _ in range(20):
        state, accepted = reflected_step(half, state, 1.0, 0.02, generator)
    assert state.x[:, 0].max() < 0.5 and 0.3 < accepted.float().mean() < 0.95
    assert stats.kstest(2 * state.x[:, 0].numpy(), "uniform").pvalue > 1e-3

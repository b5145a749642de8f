"""Maximum likelihood with log Z by quadrature on a grid, against closed forms and finite differences."""

import math

import pytest
import torch
from torch import nn

from ebmrepro.energies import grid_partition
from ebmrepro.energies.gaussian import GaussianEnergy
from ebmrepro.energies.grid_partition import grid_log_partition
from ebmrepro.energies.mlp import MLPEnergy
from ebmrepro.evaluation.measures.density import normalise_on_grid
from ebmrepro.objectives.mle import MaximumLikelihood, negative_log_likelihood
from ebmrepro.params.objectives.mle import GridPartition
from ebmrepro.params.objectives.mle import MaximumLikelihood as Config

GRID = GridPartition(box=[-13.0, 14.0], cells=256)


def _gaussian() -> GaussianEnergy:
    energy = GaussianEnergy(2).double()
    with torch.no_grad():
        energy.mean.copy_(torch.tensor([0.8, -0.4]))
        energy.log_diagonal.copy_(torch.tensor([0.3, -0.2]))
        energy.lower[1, 0] = 0.5
    return energy


def _mlp() -> MLPEnergy:
    energy = MLPEnergy(2, [8, 8]).double()
    with torch.no_grad():
        for parameter in energy.parameters():
            parameter.mul_(2.0)
    return energy


def _gradient(loss: torch.Tensor, energy: nn.Module) -> torch.Tensor:
    parts = torch.autograd.grad(loss, list(energy.parameters()), materialize_grads=True)
    return nn.utils.parameters_to_vector(parts).detach()


def test_log_z_and_likelihood_of_a_gaussian_with_their_gradients():
    """The midpoint rule is exact to rounding for a Gaussian that the cells resolve."""
    energy, data = _gaussian(), torch.randn(30, 2, dtype=torch.float64)
    found = grid_log_partition(energy, GRID.box, GRID.cells, data)
    torch.testing.assert_close(found, energy.log_partition(), rtol=1e-12, atol=1e-12)
    by_grid, exact = (negative_log_likelihood(energy, data, grid)[0] for grid in (GRID, None))
    torch.testing.assert_close(by_grid, exact, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(_gradient(by_grid, energy), _gradient(exact, energy), rtol=1e-10, atol=1e-11)


def test_log_z_is_that_of_the_evaluation():
    energy, like = _mlp(), torch.zeros(1, 2, dtype=torch.float64)
    found = float(grid_log_partition(energy, [-3.0, 2.0], 100, like).detach())
    # The evaluation places its cells in float32.
    assert found == pytest.approx(normalise_on_grid(energy.float(), [-3.0, 2.0], 100).log_partition, abs=1e-5)


def test_the_gradient_of_log_z_by_finite_differences():
    energy, like = _mlp(), torch.zeros(1, 2, dtype=torch.float64)

    def log_partition():
        return grid_log_partition(energy, [-3.0, 2.0], 24, like)

    found, start = 0, 0
    gradient = _gradient(log_partition(), energy)
    for parameter in energy.parameters():
        for index in (0, parameter.numel() // 2):
            values = []
            for change in (1e-5, -2e-5):
                with torch.no_grad():
                    parameter.view(-1)[index] += change
                values.append(float(log_partition().detach()))
            with torch.no_grad():
                parameter.view(-1)[index] += 1e-5
            slope = (values[0] - values[1]) / 2e-5
            assert float(gradient[start + index]) == pytest.approx(slope, abs=1e-8)
            found += abs(slope) > 1e-3
        start += parameter.numel()
    assert found > 5
    # log Z falls by what is added to the energy.
    assert float(gradient[-1]) == pytest.approx(-1, abs=1e-12)


def test_pieces_that_are_evaluated_anew_have_the_same_gradient(monkeypatch):
    energy, like = _mlp(), torch.zeros(1, 2, dtype=torch.float64)
    whole = grid_log_partition(energy, [-3.0, 2.0], 20, like)
    monkeypatch.setattr(grid_partition, "PIECE", 150)
    pieces = grid_log_partition(energy, [-3.0, 2.0], 20, like)
    torch.testing.assert_close(pieces, whole, rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(_gradient(pieces, energy), _gradient(whole, energy), rtol=1e-11, atol=1e-12)
    with torch.no_grad():
        assert float(grid_log_partition(energy, [-3.0, 2.0], 20, like)) == pytest.approx(
            float(whole.detach())
        )


def test_the_objective_minimises_energy_and_log_z_and_logs_them():
    energy, data = _mlp(), torch.randn(30, 2, dtype=torch.float64)
    objective = MaximumLikelihood(Config(kind="mle", grid={"box": [-5.0, 5.0], "cells": 64}))
    terms = objective(energy, data, None)
    expected = negative_log_likelihood(energy, data, objective.config.grid)[0]
    assert set(terms.losses) == {"nll"}
    torch.testing.assert_close(terms.losses["nll"], expected)
    torch.testing.assert_close(_gradient(terms.losses["nll"], energy), _gradient(expected, energy))
    torch.testing.assert_close(terms.logged["energy_positive"], energy(data).mean().detach())
    torch.testing.assert_close(terms.logged["loss_nll"], expected.detach())
    assert not any(value.requires_grad for value in terms.logged.values())


def test_training_on_the_grid_reaches_the_entropy_of_the_data():
    """Full-batch Adam on points of a Gaussian: the fit to them is at least as good as the Gaussian itself."""
    energy = MLPEnergy(2, [32, 32])
    generator = torch.Generator().manual_seed(0)
    data = 0.5 * torch.randn(500, 2, generator=generator)
    objective = MaximumLikelihood(Config(kind="mle", grid={"box": [-3.0, 3.0], "cells": 40}))
    optimizer = torch.optim.Adam(energy.parameters(), lr=0.01)
    for _ in range(300):
        optimizer.zero_grad()
        loss = objective(energy, data, None).losses["nll"]
        loss.backward()
        optimizer.step()
    true = float((data.square().sum(1) / 0.5).mean()) + math.log(2 * math.pi * 0.25)
    # A smooth network of this size cannot follow single points: below the truth by a few per cent at most.
    assert true - 0.05 < float(loss.detach()) < true + 0.01

"""The time-dependent form of DCD: the sum of its one-step forms, each with its own marginal and kernel."""

import math

import pytest
import torch
from objectives_dcd_case import dcd_config, gradient, random_source
from torch import nn

from ebmrepro.energies.conditional import Given
from ebmrepro.energies.mlp import MLPEnergy
from ebmrepro.objectives import dcd

DIM = 2
LEVELS = [0.1, 0.4, 0.9, 1.6]


def _in_time(seed: int = 0) -> MLPEnergy:
    energy = MLPEnergy(DIM, [8, 8], times=3).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in energy.parameters():
            parameter.add_(0.5 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return energy


def _normal(count, generator):
    return torch.randn(count, DIM, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(("diffusion", "stabiliser"), [("ve", 1.0), ("vp", 0.0)])
def test_the_time_dependent_form_is_the_sum_of_its_one_step_forms(diffusion, stabiliser):
    """Loss and gradient, each within the error of means over seeds; a batch that times do not divide."""
    energy = _in_time()
    settings = {"diffusion": diffusion, "inner_samples": 3, "stabiliser": stabiliser}

    def estimate(config, energy, seeds, batch):
        objective, rows = dcd.DiffusionContrastiveDivergence(config), []
        for seed in seeds:
            data = _normal(batch, torch.Generator().manual_seed(5000 + seed))
            loss = objective(energy, data, random_source(seed)).losses["dcd"]
            rows.append(torch.cat([loss.detach()[None], gradient(loss, energy)]))
        rows = torch.stack(rows)
        return rows.mean(0), rows.var(0) / len(rows)

    whole, whole_variance = estimate(dcd_config(levels=LEVELS, **settings), energy, range(60), 2000)
    parts = [
        estimate(dcd_config(levels=LEVELS[i : i + 2], **settings), Given(energy, torch.eye(3)[i : i + 1]),
                 range(100 * (i + 1), 100 * (i + 1) + 30), 2000)
        for i in range(3)
    ]  # fmt: skip
    total, variance = sum(part[0] for part in parts), whole_variance + sum(part[1] for part in parts)
    # The gradient of the last bias is zero without a stabiliser, but for rounding.
    used = variance.sqrt() > 1e-12
    z = (whole - total)[used] / variance[used].sqrt()
    assert float(z.abs().max()) < 4.5
    assert float((total[used] / variance[used].sqrt()).abs().median()) > 5


def test_times_are_shared_evenly_by_the_rows_of_a_batch_and_by_each_row():
    seen = []

    class Spy(nn.Module):
        def forward(self, x, condition):
            seen.append(condition)
            return x.sum(1)

    objective = dcd.DiffusionContrastiveDivergence(dcd_config(levels=LEVELS, inner_samples=2))
    sampler = random_source(0)
    for _ in range(300):
        objective(Spy(), torch.zeros(7, DIM), sampler)
    conditions = torch.stack(seen).view(300, 3, 7, 3)
    assert torch.equal(conditions, conditions[:, :1].expand_as(conditions))
    each = conditions[:, 0]
    assert torch.equal(each.sum(2), torch.ones(300, 7))
    assert set(each.sum(1).unique().tolist()) == {2.0, 3.0}
    # Every row is at every time in a third of the batches; binomial, five standard deviations.
    assert float((each.mean(0) - 1 / 3).abs().max()) < 5 * math.sqrt(2 / 9 / 300)


def test_each_time_has_its_own_marginal_and_kernel():
    """Second moments of x and x' at each time, of data at the origin."""
    seen = {}

    class Spy(nn.Module):
        def forward(self, x, condition):
            for time in range(3):
                seen[time] = x.view(3, -1, DIM)[:, condition[: len(x) // 3, time] > 0]
            return x.sum(1)

    count = 90000
    for diffusion in ("ve", "vp"):
        config = dcd_config(diffusion=diffusion, levels=LEVELS, inner_samples=2)
        dcd.DiffusionContrastiveDivergence(config)(Spy(), torch.zeros(count, DIM), random_source(1))
        for time, (x, *inner) in seen.items():
            here, there = LEVELS[time : time + 2]
            if diffusion == "ve":
                variance, added = here**2, there**2 - here**2
            else:
                variance, added = 1 - math.exp(-2 * here), math.exp(2 * (there - here)) - 1
            tolerance = 5 * math.sqrt(2 / (DIM * count / 3))
            assert float(x.square().mean()) == pytest.approx(variance, rel=tolerance)
            # x' = x + two independent parts, one of y and one of its own.
            for each in inner:
                assert float(each.square().mean()) == pytest.approx(variance + 2 * added, rel=tolerance)
            shared = float((inner[0] * inner[1]).mean())
            assert shared == pytest.approx(variance + added, abs=tolerance * (variance + 2 * added))


def test_the_same_seed_gives_the_same_loss():
    objective, energy = dcd.DiffusionContrastiveDivergence(dcd_config(levels=LEVELS)), _in_time()
    data = _normal(9, torch.Generator().manual_seed(0))
    losses = [
        float(objective(energy, data, random_source(seed)).losses["dcd"].detach()) for seed in (0, 0, 1)
    ]
    assert losses[0] == losses[1] != losses[2]

"""The KL term through the last k steps of the chain, against closed forms and finite differences."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors
from torch import nn
from torch.nn.utils import parameters_to_vector, parametrize, vector_to_parameters

from ebmrepro.energies import build_energy
from ebmrepro.energies.blocks import StandardisedWeight
from ebmrepro.energies.conditional import Given
from ebmrepro.mcmc.chain import chain
from ebmrepro.mcmc.negatives import NegativeSampler
from ebmrepro.objectives.icd import EPSILON, nearest_neighbour_entropy
from ebmrepro.params.energies.mlp import MLPEnergy
from ebmrepro.params.energies.residual import ResidualEnergy
from ebmrepro.params.objectives.icd import ImprovedContrastiveDivergence
from ebmrepro.params.samplers.hmc import HamiltonianSampler
from ebmrepro.params.samplers.langevin import LangevinSampler

STEPS = 5
START = {
    "start": "data", "start_box": [-1.0, 1.0], "augmentation": None,
    "buffer": {"kind": "fifo", "size": 64, "reinitialise": 0.0},
}  # fmt: skip


def _langevin(**changes) -> LangevinSampler:
    own = {"kind": "langevin", "steps": STEPS, "step_size": 0.2, "noise": 0.3, "anneal": False, "clamp": None}
    return LangevinSampler(**START | own | changes)


def _hmc(**changes) -> HamiltonianSampler:
    own = {"kind": "hmc", "steps": STEPS, "leapfrog_steps": 2, "step_size": 0.3, "metropolis": False,
           "clamp": None}  # fmt: skip
    return HamiltonianSampler(**START | own | changes)


def _objective(kl_steps, **changes):
    settings = {
        "kind": "icd", "energy_l2": 0.0, "kl_weight": 1.0, "entropy_weight": 0.0, "kl_samples": 100,
        "kl_steps": kl_steps, "neighbours": 15, "nearest": 1, "entropy_after": 30, "compare_full": False,
    }  # fmt: skip
    return ImprovedContrastiveDivergence(**settings | changes).build()


def _sampler(config, like: torch.Tensor, past: torch.Tensor | None = None) -> NegativeSampler:
    sampler = NegativeSampler(config, like, False, torch.Generator().manual_seed(1))
    if past is not None:
        sampler.keep(past)
    return sampler


def _gradient(loss: torch.Tensor, energy: nn.Module) -> torch.Tensor:
    parameters = list(energy.parameters())
    found = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
    return torch.cat([gradient.flatten() for gradient in found])


class Quadratic(nn.Module):
    """E(x) = a x^2 / 2, one-dimensional."""

    def __init__(self, a: float):
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a, dtype=torch.float64))

    def forward(self, x):
        return 0.5 * self.a * x.square().sum(1)


@pytest.mark.parametrize("kl_steps", [1, 2, 3, STEPS, "all"])
@pytest.mark.parametrize(("a", "step"), [(0.7, 0.1), (2.0, 0.3), (1.0, 1.5)])
def test_l_opt_of_a_quadratic_in_closed_form(a, step, kl_steps):
    """Without noise x_K = (1 - step a)^K x_0; with the energy frozen the last k steps give
    d L_opt / d a = a x_K dx_K/da = -a step k (1 - step a)^(2K - 1) mean x_0^2."""
    energy, x0 = Quadratic(a), torch.tensor([[1.3], [-0.4], [2.0]], dtype=torch.float64)
    terms = _objective(kl_steps)(energy, x0, _sampler(_langevin(step_size=step, noise=0.0), x0))
    k, mean = STEPS if kl_steps == "all" else kl_steps, float(x0.square().mean())
    factor = 1 - step * a
    assert float(terms.losses["kl"].detach()) == pytest.approx(0.5 * a * factor ** (2 * STEPS) * mean)
    found = float(_gradient(terms.losses["kl"], energy))
    assert found == pytest.approx(-a * step * k * factor ** (2 * STEPS - 1) * mean, rel=1e-12)


@pytest.mark.parametrize("kl_steps", [1, 3, "all"])
def test_l_ent_of_a_quadratic_in_closed_form(kl_steps):
    """-d/da mean log |x_K - b| = -mean dx_K/da / (x_K - b), b being the only neighbour there is."""
    a, step, b = 0.7, 0.1, 40.0
    energy, x0 = Quadratic(a), torch.tensor([[1.3], [-0.4], [2.0]], dtype=torch.float64)
    sampler = _sampler(_langevin(step_size=step, noise=0.0), x0, torch.full((40, 1), b, dtype=torch.float64))
    terms = _objective(kl_steps, kl_weight=0.0, entropy_weight=0.7)(energy, x0, sampler)
    k, factor = STEPS if kl_steps == "all" else kl_steps, 1 - step * a
    ends = (factor**STEPS * x0).numpy()
    slopes = (-step * k * factor ** (STEPS - 1) * x0).numpy()
    assert float(_gradient(terms.losses["kl"], energy)) == pytest.approx(
        -0.7 * float((slopes / (ends - b)).mean()), rel=1e-12
    )


def _force(energy: nn.Module, x: torch.Tensor) -> torch.Tensor:
    x = x.clone().requires_grad_(True)
    return torch.autograd.grad(energy(x).sum(), x)[0]


def _chain_by_hand(config, energies: list, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """The end of the chain whose step i follows `energies[i]`; how many rows move may shrink on the way."""
    for index, energy in enumerate(energies):
        if isinstance(energy, tuple):
            energy, count = energy
            x = x[:count]
        fresh = torch.randn(x.shape, generator=generator, dtype=x.dtype)
        if config.kind == "langevin":
            scale = (len(energies) - 1 - index) / len(energies) if config.anneal else 1.0
            x = x + config.noise * scale * fresh if scale else x
            x = x - config.step_size * _force(energy, x)
            if config.clamp is not None:
                x = x.clamp(*config.clamp)
            continue
        y, p, h = x, fresh, config.step_size
        for _ in range(config.leapfrog_steps):
            p = p - h / 2 * _force(energy, y)
            y = y + h * p
            p = p - h / 2 * _force(energy, y)
        if config.metropolis:
            before = energy(x) + fresh.square().sum(1) / 2
            after = energy(y) + p.square().sum(1) / 2
            uniform = torch.rand(len(x), generator=generator, dtype=x.dtype)
            accepted = (uniform < torch.exp(before - after)).detach()
            y = torch.where(accepted[:, None], y, x)
        x = y
    return x.detach()


def _mlp() -> nn.Module:
    torch.manual_seed(0)
    energy = build_energy(MLPEnergy(kind="mlp", widths=[6], condition=None), (2,)).double()
    with torch.no_grad():
        for parameter in energy.parameters():
            parameter.mul_(2.0)
    return energy


CHAINS = {
    "plain": _langevin(),
    "clamped": _langevin(clamp=[-0.8, 0.8]),
    # Annealed noise of the last step is zero, and draws nothing.
    "annealed": _langevin(anneal=True),
    "hamiltonian": _hmc(),
    "metropolis": _hmc(metropolis=True, step_size=0.9),
}


@pytest.mark.parametrize("kind", CHAINS)
@pytest.mark.parametrize("kl_steps", [1, 3, "all"])
@pytest.mark.parametrize(("kl_weight", "entropy_weight"), [(1.0, 0.3), (1.0, 0.0), (0.0, 2.0)])
def test_gradient_equals_central_differences_of_the_whole_chain(kind, kl_steps, kl_weight, entropy_weight):
    """float64, the whole ICD objective: parameters move in the last k steps of the chain alone, neither in
    the steps before nor in the energy of its end. The chain of the differences is written out here."""
    config, energy, other = CHAINS[kind], _mlp(), _mlp()
    base = parameters_to_vector(energy.parameters()).detach()
    generator = torch.Generator().manual_seed(5)
    data = torch.randn(9, 2, generator=generator, dtype=torch.float64)
    past = torch.randn(40, 2, generator=generator, dtype=torch.float64)
    objective = _objective(kl_steps, kl_weight=kl_weight, entropy_weight=entropy_weight, kl_samples=6)
    terms = objective(energy, data, _sampler(config, data, past))
    gradient = _gradient(terms.losses["kl"], energy)

    k = STEPS if kl_steps == "all" else kl_steps
    twin = _sampler(config, data, past)
    twin.run(energy, data, 6, kl_steps)
    neighbours = twin.neighbours(15)

    def value(flat: torch.Tensor) -> float:
        vector_to_parameters(base + flat, other.parameters())
        energies = [energy] * (STEPS - k) + [(other, 6)] * k
        ends = _chain_by_hand(config, energies, data, torch.Generator().manual_seed(1))
        distance = (ends[:, None] - neighbours[None]).square().sum(2).sqrt().amin(1)
        return float((kl_weight * energy(ends).mean() - entropy_weight * distance.log().mean()).detach())

    assert float(terms.losses["kl"].detach()) == pytest.approx(value(torch.zeros_like(base)), abs=1e-12)
    differences = torch.zeros_like(gradient)
    for index in range(len(gradient)):
        step = torch.zeros_like(gradient)
        step[index] = 1e-5
        differences[index] = (value(step) - value(-step)) / 2e-5
    torch.testing.assert_close(gradient, differences, atol=1e-7, rtol=1e-5)
    assert gradient.norm() > 1e-3


@pytest.mark.parametrize("kl_steps", [2, "all"])
def test_refused_moves_carry_the_graph_of_where_the_chain_stays(kl_steps):
    """A steep quadratic and a large step: some moves are refused in the midst of the chain."""
    config, x0 = _hmc(metropolis=True, step_size=1.1), torch.randn(40, 1, dtype=torch.float64)
    energy, other = Quadratic(2.0), Quadratic(2.0)
    states = list(chain(energy, x0, config, torch.Generator().manual_seed(1)))
    refused = [int((after == before).sum()) for before, after in pairwise(states)]
    assert min(refused) > 2
    terms = _objective(kl_steps)(energy, x0, _sampler(config, x0))
    k = STEPS if kl_steps == "all" else kl_steps

    def value(change: float) -> float:
        other.a.data.fill_(2.0 + change)
        ends = _chain_by_hand(
            config, [energy] * (STEPS - k) + [other] * k, x0, torch.Generator().manual_seed(1)
        )
        return float(energy(ends).mean().detach())

    difference = (value(1e-6) - value(-1e-6)) / 2e-6
    assert float(_gradient(terms.losses["kl"], energy)) == pytest.approx(difference, rel=1e-6)


def _residual(**changes) -> nn.Module:
    torch.manual_seed(0)
    config = ResidualEnergy(
        **{"kind": "residual", "layout": "small", "width": 4, "scales": 3, "attention": True,
           "normalise": True, "spectral_norm": False, "condition": "label", "output": "linear",
           "members": 1} | changes
    )  # fmt: skip
    energy = build_energy(config, (1, 8, 8), 3 if config.condition else None).double()
    with torch.no_grad():
        for parameter in energy.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, dtype=parameter.dtype))
    return energy


@pytest.mark.parametrize("kl_steps", [1, 3, "all"])
def test_gradient_through_a_conditional_network_of_three_scales(kl_steps):
    """The paper's kind of energy, along random directions: the chain follows the sum over scales, L_opt is
    their mean, and the rows that carry the graph keep their conditions."""
    data = torch.rand(6, 1, 8, 8, dtype=torch.float64)
    condition = torch.eye(3, dtype=torch.float64)[[0, 1, 2, 2, 1, 0]]
    config, frozen, other = _langevin(noise=0.05, step_size=0.05), _residual(), _residual()
    base = parameters_to_vector(frozen.parameters()).detach()
    energy = Given(frozen, condition)
    terms = _objective(kl_steps, kl_samples=4)(energy, data, _sampler(config, data))
    gradient = _gradient(terms.losses["kl"], energy)
    k = STEPS if kl_steps == "all" else kl_steps

    def value(flat: torch.Tensor) -> float:
        vector_to_parameters(base + flat, other.parameters())
        energies = [energy] * (STEPS - k) + [(Given(other, condition[:4]), 4)] * k
        ends = _chain_by_hand(config, energies, data, torch.Generator().manual_seed(1))
        return float(Given(frozen, condition[:4]).heads(ends).mean().detach())

    for seed in range(4):
        direction = torch.randn(base.shape, generator=torch.Generator().manual_seed(seed), dtype=base.dtype)
        difference = (value(1e-6 * direction) - value(-1e-6 * direction)) / 2e-6
        assert float(gradient @ direction) == pytest.approx(difference, rel=1e-5)


class Forgetful(dict):
    """A cache that keeps nothing."""

    def __setitem__(self, key, value):
        pass


@pytest.mark.parametrize("with_graph", [4, 6])
@pytest.mark.parametrize("graph_steps", [1, "all"])
def test_the_whole_chain_standardises_once_with_its_graph(graph_steps, with_graph, monkeypatch):
    """Steps before the graph, steps with it and the rows without it share one computation of the weights;
    ends and gradients are those of weights computed at every step."""
    energy, data = _residual(condition=None), torch.rand(6, 1, 8, 8, dtype=torch.float64)
    calls, inner = [], StandardisedWeight.forward
    monkeypatch.setattr(
        StandardisedWeight, "forward", lambda self, weight: calls.append(self) or inner(self, weight)
    )
    negatives = _sampler(_langevin(), data).run(energy, data, with_graph, graph_steps)
    layers = sum(isinstance(module, StandardisedWeight) for module in energy.modules())
    assert layers > 0 and len(calls) == len(set(calls)) == layers
    gradient = _gradient(negatives.x_graph.sum(), energy)

    monkeypatch.setattr(parametrize, "_cache", Forgetful())
    calls.clear()
    plain = _sampler(_langevin(), data).run(energy, data, with_graph, graph_steps)
    assert len(calls) >= STEPS * layers
    assert torch.equal(plain.x, negatives.x) and torch.equal(plain.x_graph, negatives.x_graph)
    torch.testing.assert_close(_gradient(plain.x_graph.sum(), energy), gradient, atol=1e-12, rtol=1e-10)
    assert gradient.norm() > 1e-3


@pytest.mark.parametrize("kl_steps", [1, 3, STEPS])
def test_truncation_is_compared_with_the_whole_chain_and_changes_nothing(kl_steps):
    energy, data = _mlp(), torch.randn(8, 2, dtype=torch.float64)
    past = torch.randn(40, 2, dtype=torch.float64)
    sampler, objective = _sampler(_langevin(), data, past), _objective(kl_steps, entropy_weight=0.3)
    before = sampler.generator.get_state(), sampler.buffer.samples.clone(), sampler.buffer.added
    found = objective.compare_truncation(energy, data, sampler, seed=9)
    assert torch.equal(sampler.generator.get_state(), before[0])
    assert torch.equal(sampler.buffer.samples, before[1]) and sampler.buffer.added == before[2]

    gradients = []
    for steps in (kl_steps, "all"):
        own = _sampler(_langevin(), data, past)
        own.generator.manual_seed(9)
        terms = _objective(steps, entropy_weight=0.3)(energy, data, own)
        gradients.append(_gradient(terms.losses["kl"], energy).numpy())
    one, all_steps = gradients
    lengths = [math.sqrt((gradient**2).sum()) for gradient in gradients]
    assert float(found["kl_cosine"]) == pytest.approx((one * all_steps).sum() / math.prod(lengths), abs=1e-12)
    assert float(found["kl_norm_ratio"]) == pytest.approx(lengths[0] / lengths[1], rel=1e-12)
    if kl_steps == STEPS:
        assert float(found["kl_cosine"]) == pytest.approx(1, abs=1e-14)
        assert float(found["kl_norm_ratio"]) == 1
    else:
        assert float(found["kl_cosine"]) < 1 - 1e-4


@pytest.mark.parametrize("nearest", [1, 3, 7, 80])
def test_the_nearest_th_neighbour_is_scikit_learns(nearest):
    rng = np.random.default_rng(nearest)
    x, others = rng.standard_normal((30, 4)), rng.standard_normal((80, 4))
    distances, _ = NearestNeighbors(n_neighbors=nearest).fit(others).kneighbors(x)
    found = nearest_neighbour_entropy(torch.from_numpy(x), torch.from_numpy(others), nearest)
    assert float(found) == pytest.approx(np.log(distances[:, -1]).mean(), abs=1e-12)


@pytest.mark.parametrize("nearest", [1, 2, 5])
def test_copies_of_a_sample_do_not_count_as_its_neighbours(nearest):
    """Samples that were kept and drawn again, some twice: the distance is that to what is not a copy."""
    rng = np.random.default_rng(3)
    x, others = rng.standard_normal((20, 6)), rng.standard_normal((40, 6))
    with_copies = np.concatenate([x[:12], others, x[:5]])
    samples = torch.from_numpy(x).requires_grad_(True)
    found = nearest_neighbour_entropy(samples, torch.from_numpy(with_copies), nearest)
    # x_j is another's neighbour too: those that are nearer than the others count.
    expected = []
    for row in x:
        away = np.linalg.norm(with_copies - row, axis=1)
        expected.append(np.log(np.sort(away[away > EPSILON])[nearest - 1]))
    assert float(found.detach()) == pytest.approx(np.mean(expected), abs=1e-12)
    found.backward()
    assert samples.grad.isfinite().all() and (samples.grad != 0).any(1).all()

"""Gradients of the losses against hand derivation and finite differences."""

import math

import pytest
import torch
from torch import nn

from ebmrepro.energies import build_energy
from ebmrepro.mcmc.langevin import transition
from ebmrepro.mcmc.negatives import NegativeSampler
from ebmrepro.objectives.cd import contrastive_divergence
from ebmrepro.objectives.icd import nearest_neighbour_entropy, optimisation_loss
from ebmrepro.params.energies.mlp import MLPEnergy
from ebmrepro.params.objectives.cd import ContrastiveDivergence
from ebmrepro.params.objectives.icd import ImprovedContrastiveDivergence
from ebmrepro.params.samplers.langevin import LangevinSampler
from ebmrepro.params.sampling import Langevin


class Quadratic(nn.Module):
    """E(x) = a x^2 / 2, one-dimensional."""

    def __init__(self, a: float):
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a, dtype=torch.float64))

    def forward(self, x):
        return 0.5 * self.a * x.square().sum(1)


def _sampler(like: torch.Tensor, seed: int = 0, **changes) -> NegativeSampler:
    settings = {
        "kind": "langevin", "steps": 1, "step_size": 0.2, "noise": 0.3, "clamp": None, "anneal": False,
        "start": "data",
        "start_box": [-1.0, 1.0], "buffer": {"kind": "fifo", "size": 64, "reinitialise": 0.0},
        "augmentation": None,
    }  # fmt: skip
    config = LangevinSampler(**settings | changes)
    return NegativeSampler(config, like, False, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("a", "x0", "step"), [(0.7, 1.3, 0.1), (2.0, -0.4, 0.3), (1.0, 2.0, 1.5)])
def test_l_opt_of_a_quadratic_by_hand(a, x0, step):
    """x~ = x0 - step a x0; with the energy frozen d L_opt / d a = a x~ * (-step x0), and nothing else."""
    energy = Quadratic(a)
    config = Langevin(steps=1, step_size=step, noise=0.0, anneal=False, clamp=None)
    start = torch.tensor([[x0]], dtype=torch.float64)
    end = transition(energy, start, config, torch.Generator(), create_graph=True)
    reached = x0 - step * a * x0
    assert float(end.detach()) == pytest.approx(reached, abs=1e-14)
    loss = optimisation_loss(energy, end)
    assert float(loss.detach()) == pytest.approx(0.5 * a * reached**2, abs=1e-14)
    (gradient,) = torch.autograd.grad(loss, energy.a)
    assert float(gradient) == pytest.approx(-step * a * x0 * reached, abs=1e-13)


@pytest.mark.parametrize("energy_l2", [0.0, 0.7])
def test_l_cd_of_a_quadratic_by_hand(energy_l2):
    """d L_CD / d a = (x+^2 - x-^2) / 2, plus alpha a (x+^4 + x-^4) / 2 of the penalty alpha E^2."""
    a, x_pos, x_neg = 1.7, 0.8, -1.1
    energy = Quadratic(a)
    attached = -energy.a * torch.tensor([[1.1 / 1.7]], dtype=torch.float64)
    loss, logged = contrastive_divergence(
        energy, torch.tensor([[x_pos]], dtype=torch.float64), attached, energy_l2
    )
    (gradient,) = torch.autograd.grad(loss, energy.a)
    expected = 0.5 * (x_pos**2 - x_neg**2) + energy_l2 * a * (x_pos**4 + x_neg**4) / 2
    assert float(gradient) == pytest.approx(expected, abs=1e-12)
    energies = 0.5 * a * x_pos**2, 0.5 * a * x_neg**2
    assert float(logged["energy_positive"]) == pytest.approx(energies[0])
    assert float(logged["energy_negative"]) == pytest.approx(energies[1])
    assert float(logged["loss_cd"]) == pytest.approx(energies[0] - energies[1])
    penalty = energy_l2 * (energies[0] ** 2 + energies[1] ** 2)
    assert float(loss.detach()) == pytest.approx(energies[0] - energies[1] + penalty)


def test_l_cd_averages_both_sides_of_unequal_size():
    energy = Quadratic(1.0)
    x_pos, x_neg = torch.randn(7, 1, dtype=torch.float64), torch.randn(3, 1, dtype=torch.float64)
    loss, _ = contrastive_divergence(energy, x_pos, x_neg)
    assert float(loss.detach()) == pytest.approx(float(0.5 * (x_pos.square().mean() - x_neg.square().mean())))


def _mlp(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    energy = build_energy(MLPEnergy(kind="mlp", widths=[7, 5], condition=None), (2,)).double()
    with torch.no_grad():
        for parameter in energy.parameters():
            parameter.mul_(2.0)
    return energy


def _perturbed(energy: nn.Module, flat: torch.Tensor) -> nn.Module:
    other = build_energy(MLPEnergy(kind="mlp", widths=[7, 5], condition=None), (2,)).double()
    other.load_state_dict(energy.state_dict())
    nn.utils.vector_to_parameters(
        nn.utils.parameters_to_vector(other.parameters()).detach() + flat, other.parameters()
    )
    return other


@pytest.mark.parametrize("clamp", [None, [-0.8, 0.8]])
@pytest.mark.parametrize(("kl_weight", "entropy_weight"), [(1.0, 0.3), (1.0, 0.0), (0.0, 1.0), (0.5, 2.0)])
def test_kl_gradient_equals_central_differences_through_the_sampler(kl_weight, entropy_weight, clamp):
    """The whole KL term of the ICD objective, float64: parameters move in the sampler, not in the energy."""
    energy = _mlp()
    generator = torch.Generator().manual_seed(5)
    data = torch.randn(9, 2, generator=generator, dtype=torch.float64)
    past = torch.randn(40, 2, generator=generator, dtype=torch.float64)
    objective = ImprovedContrastiveDivergence(
        kind="icd",
        energy_l2=0.0,
        kl_weight=kl_weight,
        entropy_weight=entropy_weight,
        kl_samples=6,
        neighbours=15,
        entropy_after=30,
        kl_steps=1,
        nearest=1,
        compare_full=False,
    ).build()

    def prepared() -> NegativeSampler:
        sampler = _sampler(data, seed=1, clamp=clamp)
        sampler.keep(past)
        return sampler

    terms = objective(energy, data, prepared())
    gradients = torch.autograd.grad(terms.losses["kl"], list(energy.parameters()),
                                    allow_unused=True, materialize_grads=True)  # fmt: skip
    gradient = nn.utils.parameters_to_vector(gradients)

    def value(flat: torch.Tensor) -> float:
        sampler = prepared()
        ends = sampler.run(_perturbed(energy, flat), data, with_graph=6).x_graph.detach()
        total = kl_weight * energy(ends).mean()
        if entropy_weight:
            others = sampler.neighbours(15)
            distance = (ends[:, None] - others[None]).square().sum(2).sqrt().amin(1)
            total = total - entropy_weight * distance.log().mean()
        return float(total.detach())

    assert float(terms.losses["kl"].detach()) == pytest.approx(value(torch.zeros_like(gradient)), abs=1e-12)
    differences = torch.zeros_like(gradient)
    for index in range(len(gradient)):
        step = torch.zeros_like(gradient)
        step[index] = 1e-5
        differences[index] = (value(step) - value(-step)) / 2e-5
    torch.testing.assert_close(gradient, differences, atol=1e-7, rtol=1e-5)
    assert gradient.norm() > 1e-3


def test_earlier_steps_carry_no_gradient():
    """Two steps: the term's gradient is that of the last one, started from where the first one ended."""
    energy, data = _mlp(1), torch.randn(5, 2, dtype=torch.float64)
    negatives = _sampler(data, seed=2, steps=2).run(energy, data, with_graph=5)
    loss = optimisation_loss(energy, negatives.x_graph)
    config = Langevin(steps=1, step_size=0.2, noise=0.3, anneal=False, clamp=None)
    generator = torch.Generator().manual_seed(2)
    middle = transition(energy, data, config, generator)
    end = transition(energy, middle, config, generator, create_graph=True)
    expected = torch.autograd.grad(
        optimisation_loss(energy, end), list(energy.parameters()), allow_unused=True
    )
    found = torch.autograd.grad(loss, list(energy.parameters()), allow_unused=True)
    for one, other in zip(found, expected, strict=True):
        assert (one is None) == (other is None)
        assert one is None or torch.equal(one, other)


def test_parameters_keep_their_flags_after_the_frozen_forward():
    energy, data = _mlp(), torch.randn(5, 2, dtype=torch.float64)
    first, *others = energy.parameters()
    first.requires_grad_(False)
    optimisation_loss(energy, _sampler(data).run(energy, data, with_graph=3).x_graph)
    assert not first.requires_grad and first.grad is None
    assert all(parameter.requires_grad and parameter.grad is None for parameter in others)


def test_icd_before_its_entropy_begins_and_without_l_opt_is_cd():
    energy, data = _mlp(), torch.randn(8, 2, dtype=torch.float64)
    cd = ContrastiveDivergence(kind="cd", energy_l2=0.2).build()
    icd = ImprovedContrastiveDivergence(
        kind="icd",
        energy_l2=0.2,
        kl_weight=0.0,
        entropy_weight=0.3,
        kl_samples=8,
        neighbours=4,
        entropy_after=9,
        kl_steps=1,
        nearest=1,
        compare_full=False,
    ).build()
    one, other = cd(energy, data, _sampler(data, seed=3)), icd(energy, data, _sampler(data, seed=3))
    parameters = list(energy.parameters())

    def gradients(loss):
        return torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)

    for a, b in zip(gradients(one.losses["cd"]), gradients(other.losses["cd"]), strict=True):
        torch.testing.assert_close(a, b)
    assert other.losses["kl"] == 0 and not other.losses["kl"].requires_grad


def test_entropy_is_absent_until_the_buffer_holds_more_than_entropy_after():
    energy, data = _mlp(), torch.randn(10, 2, dtype=torch.float64)
    objective = ImprovedContrastiveDivergence(
        kind="icd",
        energy_l2=0.0,
        kl_weight=1.0,
        entropy_weight=0.3,
        kl_samples=10,
        neighbours=4,
        entropy_after=20,
        kl_steps=1,
        nearest=1,
        compare_full=False,
    ).build()
    sampler = _sampler(data)
    present = []
    for _ in range(5):
        held = len(sampler.buffer)
        terms = objective(energy, data, sampler)
        present.append("loss_entropy" in terms.logged)
        expected = float(terms.logged["loss_opt"]) + 0.3 * float(terms.logged.get("loss_entropy", 0))
        assert float(terms.losses["kl"].detach()) == pytest.approx(expected, abs=1e-12)
        assert len(sampler.buffer) == held + 10
    # Before the calls the buffer holds 0, 10, 20, 30 and 40: on from the fourth.
    assert present == [False, False, False, True, True]


def test_the_entropy_term_reaches_parameters_through_the_chain_ends_alone():
    energy, data = _mlp(), torch.randn(6, 2, dtype=torch.float64)
    negatives = _sampler(data).run(energy, data, with_graph=6)
    parameters = list(energy.parameters())
    entropy = nearest_neighbour_entropy(negatives.x_graph, torch.randn(5, 2, dtype=torch.float64))
    through = torch.autograd.grad(entropy, parameters, allow_unused=True, materialize_grads=True)
    assert math.sqrt(sum(float(g.square().sum()) for g in through)) > 1e-6
    assert not nearest_neighbour_entropy(negatives.x, torch.randn(5, 2, dtype=torch.float64)).requires_grad


def test_losses_stand_on_separate_graphs():
    """The training loop differentiates them one by one, without keeping a graph alive."""
    energy, data = _mlp(), torch.randn(6, 2, dtype=torch.float64)
    objective = ImprovedContrastiveDivergence(
        kind="icd",
        energy_l2=0.1,
        kl_weight=1.0,
        entropy_weight=0.3,
        kl_samples=4,
        neighbours=4,
        entropy_after=1,
        kl_steps=1,
        nearest=1,
        compare_full=False,
    ).build()
    sampler = _sampler(data)
    objective(energy, data, sampler)
    for loss in objective(energy, data, sampler).losses.values():
        torch.autograd.grad(loss, list(energy.parameters()), allow_unused=True)

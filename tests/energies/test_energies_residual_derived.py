"""Residual energies under differentiation, caching, averaging and copying."""

import copy

import pytest
import torch
from torch.func import functional_call
from torch.nn.utils import parametrize
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ebmrepro.energies import build_energy
from ebmrepro.energies.blocks import StandardisedWeight
from ebmrepro.energies.conditional import Given
from ebmrepro.energies.residual import Ensemble
from ebmrepro.mcmc.chain import run_chain
from ebmrepro.mcmc.langevin import transition
from ebmrepro.objectives.icd import optimisation_loss
from ebmrepro.params.sampling import Langevin

CHAIN = Langevin(steps=5, step_size=0.5, noise=0.01, anneal=False, clamp=[0.0, 1.0])


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _randomised(energy: torch.nn.Module) -> torch.nn.Module:
    """Parameters off their special initial values: attention's gamma is 0, gains are 1."""
    with torch.no_grad():
        for parameter in energy.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, dtype=parameter.dtype))
    return energy


@pytest.mark.parametrize(
    "changes",
    [{}, {"normalise": False, "spectral_norm": True}, {"condition": "label"}, {"output": "sigmoid"}],
    ids=["standardised", "spectral", "conditional", "sigmoid"],
)
def test_first_and_second_derivatives_against_finite_differences(changes, small):
    """float64, with respect to the images and all parameters together."""
    classes = 3 if "condition" in changes else None
    energy = _randomised(build_energy(small(**changes, width=2), (1, 8, 8), classes).double().eval())
    names, values = zip(*energy.named_parameters(), strict=True)
    condition = () if classes is None else (torch.eye(3, dtype=torch.float64)[:2],)

    def value(x, *parameters):
        return functional_call(energy, dict(zip(names, parameters, strict=True)), (x, *condition))

    x = torch.rand(2, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(value, (x, *values), fast_mode=True)
    assert torch.autograd.gradgradcheck(value, (x, *values), fast_mode=True)


@pytest.mark.parametrize("changes", [{}, {"spectral_norm": True}, {"condition": "label", "members": 2}])
def test_frozen_parameters_get_no_gradient_but_the_samplers_do(changes, small):
    """What L_opt of the objective needs, in deterministic mode."""
    torch.use_deterministic_algorithms(True)
    try:
        config = small(**changes)
        classes = 3 if config.condition else None
        energy = _randomised(build_energy(config, (3, 16, 16), classes)).eval()
        if classes:
            energy = Given(energy, torch.eye(3)[[0, 1, 0, 2]])
        x = torch.rand(4, 3, 16, 16)
        end = transition(energy, x, CHAIN, _generator(), 0, 1, create_graph=True)
        frozen = optimisation_loss(energy, end.detach())
        assert not frozen.requires_grad
        gradients = torch.autograd.grad(
            optimisation_loss(energy, end), list(energy.parameters()), allow_unused=True
        )
    finally:
        torch.use_deterministic_algorithms(False)
    missing = [
        name
        for (name, _), gradient in zip(energy.named_parameters(), gradients, strict=True)
        if gradient is None
    ]
    # An additive constant of the energy does not move its chain; all else does.
    assert all(name.endswith("linear.bias") for name in missing)
    assert all(gradient.isfinite().all() for gradient in gradients if gradient is not None)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("changes", [{}, {"members": 2}, {"normalise": False}])
def test_a_chain_standardises_once_and_changes_no_bit(changes, training, small, monkeypatch):
    energy = build_energy(small(**changes), (3, 16, 16)).train(training)
    x = torch.rand(4, 3, 16, 16)
    calls = []
    inner = StandardisedWeight.forward
    monkeypatch.setattr(
        StandardisedWeight, "forward", lambda self, weight: calls.append(self) or inner(self, weight)
    )
    generator, state = _generator(), x
    for _ in range(CHAIN.steps):
        state = transition(energy, state, CHAIN, generator)
    layers = sum(isinstance(module, StandardisedWeight) for module in energy.modules())
    assert layers > 0 and len(calls) == CHAIN.steps * layers
    calls.clear()
    assert torch.equal(run_chain(energy, x, CHAIN, _generator()), state)
    assert len(calls) == len(set(calls)) == layers
    assert not torch.equal(state, x)


def test_a_second_chain_follows_parameters_that_have_moved(small):
    """Nothing cached outlives its chain."""
    energy, x = build_energy(small(), (3, 16, 16)), torch.rand(4, 3, 16, 16)
    run_chain(energy, x, CHAIN, _generator())
    _randomised(energy)
    fresh = build_energy(small(), (3, 16, 16))
    fresh.load_state_dict(energy.state_dict())
    one, other = (run_chain(module, x, CHAIN, _generator()) for module in (energy, fresh))
    assert torch.equal(one, other)


def test_spectral_norm_brings_the_largest_singular_value_to_one(small):
    energy = _randomised(build_energy(small(spectral_norm=True), (3, 16, 16)))
    x = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        for _ in range(100):
            energy(x)
    energy.eval()
    largest = [
        float(torch.linalg.svdvals(module.weight.detach().flatten(1))[0])
        for module in energy.modules()
        if parametrize.is_parametrized(module)
    ]
    assert len(largest) == 2 * 7
    assert largest == pytest.approx([1.0] * 14, abs=1e-3)


def test_spectral_norm_in_evaluation_mode_is_a_function_of_the_image_alone(small):
    energy = build_energy(small(spectral_norm=True), (3, 16, 16))
    x = torch.rand(4, 3, 16, 16)
    before = copy.deepcopy(energy.state_dict())
    energy.eval()
    one = run_chain(energy, x, CHAIN, _generator())
    generator, state = _generator(), x
    for _ in range(CHAIN.steps):
        state = transition(energy, state, CHAIN, generator)
    assert torch.equal(one, state)
    assert all(torch.equal(value, before[name]) for name, value in energy.state_dict().items())
    energy.train()(x)
    assert not all(torch.equal(value, before[name]) for name, value in energy.state_dict().items())


@pytest.mark.parametrize("changes", [{}, {"spectral_norm": True}, {"members": 2}])
def test_copies_and_saved_states_are_exact(changes, small):
    energy = _randomised(build_energy(small(**changes), (3, 16, 16)))
    x = torch.rand(4, 3, 16, 16)
    energy(x)
    energy.eval()
    loaded = build_energy(small(**changes), (3, 16, 16)).eval()
    assert not torch.equal(loaded(x), energy(x))
    loaded.load_state_dict(energy.state_dict())
    copied = copy.deepcopy(energy)
    assert torch.equal(loaded(x), energy(x)) and torch.equal(copied(x), energy(x))
    _randomised(energy)
    assert torch.equal(copied(x), loaded(x)) and not torch.equal(copied(x), energy(x))


def test_the_average_of_weights_takes_the_power_iteration_vectors_as_they_are(small):
    """The mean of two unit vectors is none: buffers are copied, parameters averaged."""
    energy = build_energy(small(spectral_norm=True), (3, 16, 16))
    average = AveragedModel(energy, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    average.update_parameters(energy)
    for _ in range(3):
        _randomised(energy)
        energy(torch.rand(1, 3, 16, 16))
        average.update_parameters(energy)
    buffers, own = dict(average.module.named_buffers()), dict(energy.named_buffers())
    assert buffers and buffers.keys() == own.keys()
    assert all(torch.equal(buffers[name], own[name]) for name in own)
    parameters = dict(average.module.named_parameters())
    assert not any(torch.equal(value, parameters[name]) for name, value in energy.named_parameters())


def test_an_ensemble_is_the_mean_of_members_that_differ(small):
    energy = build_energy(small(members=3), (3, 16, 16))
    assert isinstance(energy, Ensemble) and energy.members == 3
    x = torch.rand(4, 3, 16, 16)
    members = [energy.energies[index] for index in range(3)]
    assert not torch.equal(members[0](x), members[1](x))
    torch.testing.assert_close(energy(x), sum(member(x) for member in members) / 3)
    torch.testing.assert_close(energy.heads(x), sum(member.heads(x) for member in members) / 3)
    assert energy.heads(x).shape == (4, 3)


def test_training_one_member_leaves_the_others(small):
    energy = build_energy(small(members=2), (3, 16, 16))
    energy.energies[1](torch.rand(2, 3, 16, 16)).sum().backward()
    assert all(parameter.grad is None for parameter in energy.energies[0].parameters())
    assert all(parameter.grad is not None for parameter in energy.energies[1].parameters())

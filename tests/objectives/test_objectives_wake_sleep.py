"""Wake-sleep: both phases held to autograd of the stated objectives, to the delta rule, to enumeration."""

import itertools

import numpy as np
import pytest
import torch
from scipy.special import expit
from torch.distributions import Bernoulli

from ebmrepro.energies import build_energy
from ebmrepro.mcmc.negatives import NegativeSampler
from ebmrepro.params.energies.helmholtz import HelmholtzMachine
from ebmrepro.params.objectives.wake_sleep import WakeSleep
from ebmrepro.params.samplers.none import NoChain

VISIBLE, LAYERS, SEED = 4, [3, 2], 11


@pytest.fixture
def machine():
    torch.manual_seed(3)
    machine = build_energy(HelmholtzMachine(kind="helmholtz", layers=LAYERS), (VISIBLE,)).double()
    with torch.no_grad():
        for parameter in machine.parameters():
            parameter.copy_(torch.randn_like(parameter))
    return machine


def _data(rows: int = 7) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.randint(2, (rows, VISIBLE), generator=generator).double()


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(SEED)


def _terms(machine, data):
    """The objective's terms with random numbers that `_draws` repeats."""
    sampler = NegativeSampler(NoChain(kind="none"), data, False, _generator())
    return WakeSleep(kind="wake_sleep").build()(machine, data, sampler)


def _draws(machine, data):
    """Explanations of the data, then dreams with theirs: the states behind `_terms`."""
    generator = _generator()
    hidden = machine.sample_recognition(data, generator)
    return (data, hidden), machine.sample(len(data), generator)


def _gradients(machine, loss) -> dict[str, np.ndarray | None]:
    names, parameters = zip(*machine.named_parameters(), strict=True)
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True, retain_graph=True)
    return {
        name: None if gradient is None else gradient.numpy()
        for name, gradient in zip(names, gradients, strict=True)
    }


def test_each_phase_touches_its_own_net_alone(machine):
    terms = _terms(machine, _data())
    assert list(terms.losses) == ["wake", "sleep"]
    for phase, net in (("wake", "generative."), ("sleep", "recognition.")):
        touched = {
            name for name, value in _gradients(machine, terms.losses[phase]).items() if value is not None
        }
        own = {name for name, _ in machine.named_parameters() if name.startswith(net)}
        assert touched == own and own


def test_losses_and_gradients_are_autograds_of_the_stated_objectives(machine):
    """-log p(x, h) and -log r(h | x) written with torch's Bernoulli distribution, of the same states."""
    data = _data()
    (x, (h1, h2)), (dream, (d1, d2)) = _draws(machine, data)
    generative, recognition = machine.generative.layers, machine.recognition.layers

    def log_probability(states, logits):
        return Bernoulli(logits=logits).log_prob(states).sum(1)

    wake = log_probability(h2, machine.generative.top_bias.expand_as(h2))
    wake = wake + log_probability(h1, generative[1](h2)) + log_probability(x, generative[0](h1))
    sleep = log_probability(d1, recognition[0](dream)) + log_probability(d2, recognition[1](d1))
    terms = _terms(machine, data)
    for phase, expected in (("wake", -wake.mean()), ("sleep", -sleep.mean())):
        loss = terms.losses[phase]
        assert loss.item() == pytest.approx(expected.item(), abs=1e-12)
        found, stated = _gradients(machine, loss), _gradients(machine, expected)
        for name, value in stated.items():
            assert (value is None) == (found[name] is None)
            if value is not None:
                assert found[name] == pytest.approx(value, abs=1e-12)
    assert terms.logged["loss_wake"] == terms.losses["wake"] == terms.logged["energy_positive"]
    assert terms.logged["loss_sleep"] == terms.losses["sleep"]
    assert not any(value.requires_grad for value in terms.logged.values())


def test_gradients_are_the_delta_rule(machine):
    """-dL/dW = mean of (target - predicted probability) input^T, the input of a bias being 1."""
    data = _data()
    (x, (h1, h2)), (dream, (d1, d2)) = _draws(machine, data)
    values = {name: value.detach().numpy() for name, value in machine.named_parameters()}
    terms = _terms(machine, data)
    wake = _gradients(machine, terms.losses["wake"])
    sleep = _gradients(machine, terms.losses["sleep"])
    top = h2.numpy() - expit(values["generative.top_bias"])
    assert -wake["generative.top_bias"] == pytest.approx(top.mean(0), abs=1e-12)
    rules = [
        (wake, "generative.layers.1", h2, h1),
        (wake, "generative.layers.0", h1, x),
        (sleep, "recognition.layers.0", dream, d1),
        (sleep, "recognition.layers.1", d1, d2),
    ]
    for gradients, name, given, target in rules:
        given, target = given.numpy(), target.numpy()
        missed = target - expit(given @ values[f"{name}.weight"].T + values[f"{name}.bias"])
        delta = np.mean([np.outer(error, state) for error, state in zip(missed, given, strict=True)], 0)
        assert -gradients[f"{name}.weight"] == pytest.approx(delta, abs=1e-12)
        assert -gradients[f"{name}.bias"] == pytest.approx(missed.mean(0), abs=1e-12)


def _every_state(units: int) -> torch.Tensor:
    return torch.tensor(list(itertools.product([0.0, 1.0], repeat=units)), dtype=torch.float64)


def _law_of_gradients(machine, log_probability, states, weights) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance, parameter by parameter, of -d log probability over `states` with their `weights`."""
    parameters = dict(machine.named_parameters())

    def loss(values, *state):
        return -torch.func.functional_call(_Named(machine, log_probability), values, state)

    prefixed = {f"machine.{name}": value for name, value in parameters.items()}
    per_state = torch.func.vmap(torch.func.grad(loss), (None, *[0] * len(states)))(prefixed, *states)
    flat = torch.cat([per_state[name].flatten(1) for name in prefixed], 1)
    mean = weights @ flat
    return mean, weights @ (flat - mean).square()


class _Named(torch.nn.Module):
    """A method of the machine as a module's forward, so that its parameters can be replaced."""

    def __init__(self, machine, method):
        super().__init__()
        self.machine, self.method = machine, method

    def forward(self, x, *hidden):
        if self.method == "log_joint":
            return self.machine.log_joint(x, list(hidden))
        return self.machine.log_recognition(list(hidden), x)


@pytest.mark.parametrize("phase", ["wake", "sleep"])
def test_gradients_are_those_of_the_expectations(machine, phase):
    """The mean over draws is the gradient of E_r[-log p(x, h)] or E_p[-log r(h | x)] by enumeration.

    Within its standard error, which enumeration gives exactly too.
    """
    x = _data(1)
    rows = 50_000
    loss = _terms(machine, x.expand(rows, -1)).losses[phase]
    gradients = torch.autograd.grad(loss, machine.parameters(), allow_unused=True, materialize_grads=True)
    found = torch.cat([gradient.flatten() for gradient in gradients])
    with torch.no_grad():
        if phase == "wake":
            hidden = _every_state(sum(LAYERS)).split(LAYERS, 1)
            states = (x.expand(len(hidden[0]), -1), *hidden)
            weights = machine.log_recognition(list(hidden), states[0]).exp()
        else:
            states = _every_state(VISIBLE + sum(LAYERS)).split([VISIBLE, *LAYERS], 1)
            weights = machine.log_joint(states[0], list(states[1:])).exp()
    assert weights.sum().item() == pytest.approx(1, abs=1e-12)
    method = "log_joint" if phase == "wake" else "log_recognition"
    mean, variance = _law_of_gradients(machine, method, states, weights)
    error = (variance / rows).sqrt()
    assert ((found - mean).abs() <= 4.5 * error + 1e-12).all()
    assert mean.abs().max() > 50 * error.max()

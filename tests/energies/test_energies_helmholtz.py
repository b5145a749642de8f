"""The Helmholtz machine held to sums over all its states."""

import itertools

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import expit

from ebmrepro.energies import build_energy, helmholtz
from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.ancestral import STRIP_CHAINS, generate
from ebmrepro.mcmc.chunks import Target
from ebmrepro.params.energies.helmholtz import HelmholtzMachine
from ebmrepro.params.generations.ancestral import AncestralGeneration

VISIBLE = 4
LAYERS = [[3], [3, 2], [2, 3, 2]]
DRAWS = 40_000


def _machine(layers: list[int], seed: int = 0):
    """A machine far from its start, in double precision."""
    torch.manual_seed(seed)
    machine = build_energy(HelmholtzMachine(kind="helmholtz", layers=layers), (VISIBLE,)).double()
    with torch.no_grad():
        for parameter in machine.parameters():
            parameter.copy_(1.2 * torch.randn_like(parameter))
    return machine


def _states(units: int) -> torch.Tensor:
    return torch.tensor(list(itertools.product([0.0, 1.0], repeat=units)), dtype=torch.float64)


def _all(layers: list[int]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Every (x, h): x (2^d, 2^H, d) and the layers of h, (2^d, 2^H, n_l)."""
    x, h = _states(VISIBLE), _states(sum(layers))
    every_x = x[:, None].expand(-1, len(h), -1)
    hidden = [part.expand(len(x), -1, -1) for part in h.split(layers, 1)]
    return every_x, hidden


def _cells(layers: list[torch.Tensor]) -> np.ndarray:
    """Which of all states of some layers each row is."""
    together = torch.cat(layers, 1).long()
    return (together << torch.arange(together.shape[1] - 1, -1, -1)).sum(1).numpy()


def _p_value(found: np.ndarray, probability: np.ndarray) -> float:
    """Of Pearson's chi-square test; cells of fewer than ten expected counts are one."""
    counts = np.bincount(found, minlength=len(probability))
    expected = probability * counts.sum()
    rare = expected < 10
    observed = np.append(counts[~rare], counts[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    kept = expected > 0
    return stats.chisquare(observed[kept], expected[kept]).pvalue


def _log_bernoulli(states: np.ndarray, logits: np.ndarray) -> float:
    return float(stats.bernoulli.logpmf(states, expit(logits)).sum())


def test_log_joint_and_recognition_are_scipys():
    """Unit by unit, with weights read by name."""
    machine, layers = _machine([3, 2]), [3, 2]
    values = {name: value.detach().numpy() for name, value in machine.named_parameters()}
    x, hidden = _all(layers)
    log_joint, log_recognition = machine.log_joint(x, hidden), machine.log_recognition(hidden, x)
    for row in [(0, 0), (5, 17), (15, 31), (9, 6)]:
        v, h1, h2 = (part[row].numpy() for part in (x, *hidden))

        def driven(net, layer, states):
            name = f"{net}.layers.{layer}"
            return values[f"{name}.weight"] @ states + values[f"{name}.bias"]

        expected = _log_bernoulli(h2, values["generative.top_bias"])
        expected += _log_bernoulli(h1, driven("generative", 1, h2))
        expected += _log_bernoulli(v, driven("generative", 0, h1))
        assert float(log_joint[row].detach()) == pytest.approx(expected, abs=1e-12)
        expected = _log_bernoulli(h1, driven("recognition", 0, v))
        expected += _log_bernoulli(h2, driven("recognition", 1, h1))
        assert float(log_recognition[row].detach()) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("layers", LAYERS)
def test_probabilities_sum_to_one(layers):
    machine, (x, hidden) = _machine(layers), _all(layers)
    assert machine.log_joint(x, hidden).exp().sum().item() == pytest.approx(1, abs=1e-12)
    given_x = machine.log_recognition(hidden, x).exp().sum(1)
    assert given_x.detach().numpy() == pytest.approx(np.ones(2**VISIBLE), abs=1e-12)


@pytest.mark.parametrize("chunk", [3, 2**12])
@pytest.mark.parametrize("layers", LAYERS)
def test_the_energy_is_minus_the_log_marginal(layers, chunk, monkeypatch):
    """However the states are split into chunks."""
    monkeypatch.setattr(helmholtz, "CHUNK", chunk)
    machine, (x, hidden) = _machine(layers), _all(layers)
    expected = -machine.log_joint(x, hidden).logsumexp(1)
    assert machine(x[:, 0]).detach().numpy() == pytest.approx(expected.detach().numpy(), abs=1e-12)


def test_the_energys_gradient_is_the_posterior_mean_of_the_joints():
    """Fisher's identity: d(-log p(x)) = E_{p(h | x)}[ d(-log p(x, h)) ]."""
    layers = [3, 2]
    machine, (x, hidden) = _machine(layers), _all(layers)
    parameters = list(machine.generative.parameters())
    found = torch.autograd.grad(machine(x[:, 0]).sum(), parameters)
    log_joint = machine.log_joint(x, hidden)
    posterior = log_joint.detach().softmax(1)
    expected = torch.autograd.grad(-(posterior * log_joint).sum(), parameters)
    for one, other in zip(found, expected, strict=True):
        assert one.numpy() == pytest.approx(other.numpy(), abs=1e-11)


def test_twenty_five_hidden_units_are_enumerated():
    """A chain of single units is a product of 2x2 transition matrices."""
    machine = _machine([1] * 25)
    law = expit(machine.generative.top_bias.detach().numpy())
    law = np.array([1 - law[0], law[0]])
    for layer in reversed(machine.generative.layers[1:]):
        weight, bias = layer.weight.item(), layer.bias.item()
        on = expit(np.array([bias, weight + bias]))
        law = np.array([law @ (1 - on), law @ on])
    x, first = _states(VISIBLE).numpy(), machine.generative.layers[0]
    on = expit(np.outer([0, 1], first.weight.detach().numpy()) + first.bias.detach().numpy())
    given_h = np.prod(np.where(x[:, None] == 1, on, 1 - on), 2)
    found = machine(torch.from_numpy(x)).detach().numpy()
    assert found == pytest.approx(-np.log(given_h @ law), abs=1e-11)


@pytest.mark.parametrize("layers", [[26], [20, 6]])
def test_more_hidden_units_are_refused(layers):
    with pytest.raises(ValueError, match=r"2\^26 hidden states are too many to enumerate, at most 25 units"):
        _machine(layers)(torch.zeros(1, VISIBLE, dtype=torch.float64))


def test_real_valued_data_are_refused():
    machine = _machine([2])
    machine.check_data(_states(VISIBLE))
    with pytest.raises(ValueError, match=r"real-valued data \(from 0 to 0\.5\)"):
        machine.check_data(torch.tensor([[0.0, 0.5, 0.0, 0.0]]))


@pytest.mark.parametrize("layers", LAYERS)
def test_ancestral_samples_follow_the_joint(layers):
    machine = _machine(layers)
    x, hidden = machine.sample(DRAWS, torch.Generator().manual_seed(1))
    assert [part.shape for part in (x, *hidden)] == [(DRAWS, units) for units in (VISIBLE, *layers)]
    probability = machine.log_joint(*_all(layers)).exp().detach().numpy().ravel()
    assert _p_value(_cells([x, *hidden]), probability) > 1e-3
    # The test has the power to tell another machine.
    other = _machine(layers, seed=1).log_joint(*_all(layers)).exp().detach().numpy().ravel()
    assert _p_value(_cells([x, *hidden]), other) < 1e-9


@pytest.mark.parametrize("layers", LAYERS)
def test_recognition_samples_follow_their_law(layers):
    machine, (x, hidden) = _machine(layers), _all(layers)
    law = machine.log_recognition(hidden, x).exp().detach().numpy()
    generator = torch.Generator().manual_seed(2)
    for row in (0, 6, 15):
        drawn = machine.sample_recognition(x[row, 0].expand(DRAWS, -1), generator)
        assert _p_value(_cells(drawn), law[row]) > 1e-3


def test_generated_samples_follow_the_marginal_and_repeat():
    machine = _machine([3, 2])
    config = AncestralGeneration(kind="ancestral", weights="ema", samples=DRAWS)

    def made(seed: int):
        return generate(config, Target(machine, (VISIBLE,), seed, Progress("generate", 1)))

    samples, strip = made(3).samples, made(3).strip
    probability = (-machine(_states(VISIBLE))).exp().detach().numpy()
    assert _p_value(_cells([samples]), probability) > 1e-3
    assert torch.equal(strip, samples[None, :STRIP_CHAINS])
    torch.manual_seed(9)
    assert torch.equal(made(3).samples, samples)
    assert not torch.equal(made(4).samples, samples)


def test_visible_mean_is_the_mean_given_the_first_layer():
    machine, layers = _machine([3, 2]), [3, 2]
    x, hidden = _all(layers)
    joint = machine.log_joint(x, hidden).exp().detach()
    first = _states(3)
    for h in first:
        chosen = joint * (hidden[0] == h).all(2)
        expected = (chosen[..., None] * x).sum((0, 1)) / chosen.sum()
        assert machine.visible_mean(h).detach().numpy() == pytest.approx(expected.numpy(), abs=1e-12)

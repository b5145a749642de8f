"""The RBM against sums over all its states, quadrature and finite differences."""

import itertools

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats
from torch.func import functional_call

from ebmrepro.energies.binary import coins
from ebmrepro.energies.rbm import MAX_UNITS, RBM


def _random(visible_units, hidden_units, visible="bernoulli", scale=1.0, seed=0) -> RBM:
    """An RBM with strong weights and biases of every size, in double precision."""
    rng = np.random.default_rng([seed, visible_units, hidden_units])
    rbm = RBM(visible_units, hidden_units, visible).double()
    with torch.no_grad():
        for parameter in rbm.parameters():
            parameter.copy_(torch.from_numpy(scale * rng.standard_normal(parameter.shape)))
    return rbm


def _states(units: int) -> np.ndarray:
    return np.array(list(itertools.product([0.0, 1.0], repeat=units)))


def _joint(rbm: RBM, v: np.ndarray, h: np.ndarray) -> np.ndarray:
    """E(v, h) as it is written, (n, m), of states v (n, d) and h (m, units)."""
    b, c, weight = (p.detach().numpy() for p in (rbm.visible_bias, rbm.hidden_bias, rbm.weight))
    alone = -(v @ b) if rbm.visible == "bernoulli" else 0.5 * np.square(v - b).sum(1)
    return alone[:, None] - (h @ c)[None] - v @ weight @ h.T


def _visible(rbm: RBM, count: int = 64) -> np.ndarray:
    units = len(rbm.visible_bias)
    if rbm.visible == "bernoulli":
        return _states(units)
    return 2 * np.random.default_rng(3).standard_normal((count, units))


@pytest.mark.parametrize("visible", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("scale", [0.3, 3.0])
def test_the_free_energy_sums_the_hidden_units_out(visible, scale):
    rbm = _random(6, 5, visible, scale)
    v = _visible(rbm)
    expected = -special.logsumexp(-_joint(rbm, v, _states(5)), axis=1)
    found = rbm(torch.from_numpy(v)).detach().numpy()
    assert found == pytest.approx(expected, abs=1e-12, rel=1e-13)


@pytest.mark.parametrize("shape", [(7, 5), (5, 7), (6, 6), (1, 1)])
def test_log_z_sums_over_all_states(shape):
    rbm = _random(*shape)
    expected = special.logsumexp(-_joint(rbm, _states(shape[0]), _states(shape[1])))
    assert float(rbm.log_partition().detach()) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("shape", [(1, 3), (2, 2)])
def test_log_z_of_real_visible_units_is_the_integral(shape):
    rbm = _random(*shape, "gaussian")
    shift = float(rbm.log_partition().detach())

    def density(*v: float) -> float:
        return float(np.exp(-_joint(rbm, np.array([v]), _states(shape[1])) - shift).sum())

    mass, _ = integrate.nquad(density, [(-14, 14)] * shape[0], opts={"epsabs": 1e-10, "epsrel": 1e-10})
    assert mass == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("units", [4, 15])
def test_both_sides_give_one_log_z(units):
    """The hidden side is enumerated where both are equal: swapping the sides changes nothing."""
    rbm, swapped = _random(units, units, scale=0.5), RBM(units, units).double()
    with torch.no_grad():
        swapped.visible_bias.copy_(rbm.hidden_bias)
        swapped.hidden_bias.copy_(rbm.visible_bias)
        swapped.weight.copy_(rbm.weight.T)
        assert float(rbm.log_partition()) == pytest.approx(float(swapped.log_partition()), abs=1e-11)


def _of_blocks(blocks: list[RBM]) -> RBM:
    """The RBM of independent ones: its log Z is the sum of theirs."""
    whole = RBM(
        sum(len(b.visible_bias) for b in blocks), sum(len(b.hidden_bias) for b in blocks), blocks[0].visible
    )
    with torch.no_grad():
        whole.double().weight.copy_(torch.block_diag(*(b.weight for b in blocks)))
        whole.visible_bias.copy_(torch.cat([b.visible_bias for b in blocks]))
        whole.hidden_bias.copy_(torch.cat([b.hidden_bias for b in blocks]))
    return whole


@pytest.mark.parametrize("visible", ["bernoulli", "gaussian"])
def test_log_z_and_its_gradient_of_many_units_are_those_of_independent_blocks(visible):
    """2^17 states, more than are held at once. d log Z / dW = E[v h^T]: no weight joins the blocks, but
    E[v_i h_j] of different blocks is the product of their means."""
    blocks = [_random(6, 5, visible, 0.7, 1), _random(9, 7, visible, 0.7, 2), _random(5, 5, visible, 0.7, 3)]
    whole = _of_blocks(blocks)
    log_partition = whole.log_partition()
    log_partition.backward()
    parts = [block.log_partition() for block in blocks]
    sum(parts).backward()
    assert float(log_partition.detach()) == pytest.approx(float(sum(parts).detach()), abs=1e-11)
    for name in ("visible_bias", "hidden_bias"):
        expected = torch.cat([getattr(block, name).grad for block in blocks])
        torch.testing.assert_close(getattr(whole, name).grad, expected, atol=1e-12, rtol=1e-12)
    inside = torch.block_diag(*(torch.ones_like(block.weight) for block in blocks)).bool()
    expected = torch.block_diag(*(block.weight.grad for block in blocks))
    torch.testing.assert_close(whole.weight.grad[inside], expected[inside], atol=1e-12, rtol=1e-12)
    # d log Z / db is E[v] - b of real units, E[v] of binary ones.
    mean = whole.visible_bias.grad + (whole.visible_bias.detach() if visible == "gaussian" else 0)
    product = torch.outer(mean, whole.hidden_bias.grad)
    torch.testing.assert_close(whole.weight.grad[~inside], product[~inside], atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("visible", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("shape", [(4, 6), (6, 4)])
def test_gradients_are_those_of_finite_differences(visible, shape):
    """Of log Z, of the free energy with respect to parameters and states, and the second derivatives that
    losses through chains need."""
    rbm = _random(*shape, visible)
    names, values = zip(*rbm.named_parameters(), strict=True)
    v = torch.from_numpy(_visible(rbm)[:9]).requires_grad_(visible == "gaussian")

    class LogPartition(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.rbm = rbm

        def forward(self):
            return self.rbm.log_partition()

    whole = LogPartition()
    within = [f"rbm.{name}" for name in names]
    assert torch.autograd.gradcheck(
        lambda *p: functional_call(whole, dict(zip(within, p, strict=True)), ()), values
    )
    assert torch.autograd.gradgradcheck(
        lambda v, *p: functional_call(rbm, dict(zip(names, p, strict=True)), (v,)), (v, *values)
    )
    assert torch.autograd.gradcheck(
        lambda v, *p: functional_call(rbm, dict(zip(names, p, strict=True)), (v,)), (v, *values)
    )


def test_conditionals_of_binary_units_are_ratios_of_sums():
    rbm = _random(5, 4)
    v, h = _states(5), _states(4)
    weights = np.exp(-_joint(rbm, v, h))
    hidden = weights @ h / weights.sum(1, keepdims=True)
    visible = weights.T @ v / weights.sum(0)[:, None]
    assert rbm.hidden_drive(torch.from_numpy(v)).sigmoid().detach().numpy() == pytest.approx(
        hidden, abs=1e-13
    )
    assert rbm.visible_mean(torch.from_numpy(h)).detach().numpy() == pytest.approx(visible, abs=1e-13)


def test_conditionals_of_real_units_are_ratios_of_integrals():
    rbm = _random(1, 3, "gaussian")
    h = _states(3)

    def density(x: float) -> np.ndarray:
        return np.exp(-_joint(rbm, np.array([[x]]), h))[0]

    mass, _ = integrate.quad_vec(density, -20, 20, epsabs=1e-12)
    mean, _ = integrate.quad_vec(lambda x: x * density(x), -20, 20, epsabs=1e-12)
    found = rbm.visible_mean(torch.from_numpy(h)).detach().numpy()[:, 0]
    assert found == pytest.approx(mean / mass, abs=1e-9)
    point = np.array([[0.8], [-1.7]])
    weights = np.exp(-_joint(rbm, point, h))
    expected = weights @ h / weights.sum(1, keepdims=True)
    found = rbm.hidden_drive(torch.from_numpy(point)).sigmoid().detach().numpy()
    assert found == pytest.approx(expected, abs=1e-13)


def test_hidden_and_visible_units_are_drawn_with_their_probabilities():
    rbm, generator, count = _random(5, 4), torch.Generator().manual_seed(1), 40000

    def sample_visible(h, generator):
        return rbm.noisy_visible(rbm.visible_drive(h), generator)

    def hidden_mean(v):
        return rbm.hidden_drive(v).sigmoid()

    with torch.no_grad():
        for state, draw, probabilities in (
            (_states(5)[13], rbm.sample_hidden, hidden_mean),
            (_states(4)[6], sample_visible, rbm.visible_mean),
        ):
            given = torch.from_numpy(state).expand(count, -1)
            drawn = draw(given, generator)
            assert set(drawn.unique().tolist()) == {0.0, 1.0} and drawn.dtype == given.dtype
            expected = probabilities(given[:1])[0].numpy()
            for hits, p in zip(drawn.sum(0).numpy(), expected, strict=True):
                assert stats.binomtest(int(hits), count, p).pvalue > 1e-4
            # Independent of each other: no pair is correlated.
            correlation = np.corrcoef(drawn.numpy().T) - np.eye(drawn.shape[1])
            assert np.abs(correlation).max() < 4.5 / np.sqrt(count)


def test_real_visible_units_have_unit_variance_about_their_mean():
    rbm, generator = _random(3, 4, "gaussian"), torch.Generator().manual_seed(2)
    h = torch.from_numpy(_states(4)[11]).expand(20000, -1)
    with torch.no_grad():
        noise = (rbm.noisy_visible(rbm.visible_drive(h), generator) - rbm.visible_mean(h)).numpy()
    for column in noise.T:
        assert stats.kstest(column, "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(noise.T) - np.eye(3)).max() < 4.5 / np.sqrt(20000)


def test_coins_of_probability_zero_and_one_are_certain():
    probabilities = torch.tensor([0.0, 1.0]).repeat(100000, 1)
    assert torch.equal(coins(probabilities, torch.Generator().manual_seed(0)), probabilities)


def test_initial_weights_are_small_and_biases_zero():
    torch.manual_seed(5)
    rbm = RBM(200, 100)
    assert stats.kstest(rbm.weight.detach().flatten().numpy() / 0.01, "norm").pvalue > 1e-3
    assert not rbm.visible_bias.any() and not rbm.hidden_bias.any()
    torch.manual_seed(5)
    assert torch.equal(RBM(200, 100).weight, rbm.weight)


def test_25_units_are_enumerated_and_26_refused_with_the_reason():
    """The 25 hidden units are those of five independent blocks; largest error in single precision 1e-5."""
    blocks = [_random(6, 5, seed=seed) for seed in range(5)]
    with torch.no_grad():
        expected = sum(float(block.log_partition()) for block in blocks)
        assert float(_of_blocks(blocks).float().log_partition()) == pytest.approx(expected, abs=1e-4)
    with pytest.raises(ValueError, match=r"2\^26 hidden states .* at most 25 .* importance sampling"):
        RBM(30, MAX_UNITS + 1).log_partition()
    with pytest.raises(ValueError, match=r"2\^26 visible states"):
        RBM(26, 30).log_partition()
    # Real visible units cannot be enumerated, however few they are.
    with pytest.raises(ValueError, match=r"2 gaussian visible .* 2\^26 hidden states"):
        RBM(2, 26, "gaussian").log_partition()


@pytest.mark.parametrize("value", [0.5, -1.0, 2.0, 255.0, float("nan"), 1e-6])
def test_real_valued_data_are_refused_by_binary_units(value):
    data = torch.tensor([[0.0, 1.0, 1.0], [1.0, value, 0.0]])
    with pytest.raises(ValueError, match=r"real-valued data .* 0 or 1"):
        RBM(3, 2).check_data(data)
    RBM(3, 2, "gaussian").check_data(data)


def test_binary_data_are_accepted():
    RBM(3, 2).check_data(torch.tensor([[0.0, 1.0, 1.0], [1.0, 1.0, 0.0]]))
    RBM(3, 2).check_data(torch.tensor([[0, 1, 1]], dtype=torch.uint8))

"""Calibrated energies, and what expressions make of models with other offsets and other units."""

import math

import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor, nn

from ebmrepro.energies.calibration import CHUNK, Calibrated
from ebmrepro.energies.composition import And, Not, Or
from ebmrepro.energies.expression import composed
from ebmrepro.energies.gaussian import GaussianEnergy
from ebmrepro.mcmc.chain import run_chain
from ebmrepro.params.measured import Expression
from ebmrepro.params.sampling import Langevin

LEFT, RIGHT = {"run": "a", "is": "left"}, {"run": "a", "is": "right"}
AND = {"and": [LEFT, RIGHT], "weights": [1.0, 1.0]}
OR = {"or": [LEFT, RIGHT], "weights": [1.0, 1.0], "sharpness": 2.0}
AND_NOT = {"and": [LEFT, {"not": RIGHT, "weight": 1.5}], "weights": [1.0, 1.0]}


def _others(model):
    """The other of two values."""
    other = {"left": "right", "right": "left"}[model.value]
    return [model.model_copy(update={"value": other})]


def _expression(text: dict):
    return TypeAdapter(Expression).validate_python(text)


def _normal(mean: float, dim: int = 1) -> GaussianEnergy:
    energy = GaussianEnergy(dim).double().requires_grad_(False)
    energy.mean.fill_(mean)
    energy.log_diagonal.zero_()
    return energy


class _Scaled(nn.Module):
    """scale * E + offset: the same density at another temperature."""

    def __init__(self, energy: nn.Module, scale: float, offset: float):
        super().__init__()
        self.energy, self.scale, self.offset = energy, scale, offset

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * self.energy(x) + self.offset


def _drawn(mean: float, count: int, dim: int = 1) -> Tensor:
    return mean + torch.randn(count, dim, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_a_calibrated_energy_has_mean_0_and_spread_1_on_its_data():
    data = _drawn(3.0, 3 * CHUNK // 2, 4)
    energies = Calibrated.on(_Scaled(_normal(3.0, 4), 7.0, -100.0), data)(data)
    assert float(energies.mean()) == pytest.approx(0, abs=1e-12)
    assert float(energies.std()) == pytest.approx(1, rel=1e-12)


def test_the_spread_of_a_quadratic_energy_is_that_of_half_a_chi_square():
    """E = |x|^2 / 2 in d directions at temperature T: mean T d / 2, standard deviation T sqrt(d / 2)."""
    dim, temperature, count = 50, 9.0, 20000
    found = Calibrated.on(_normal(0.0, dim), math.sqrt(temperature) * _drawn(0.0, count, dim))
    assert found.spread == pytest.approx(temperature * math.sqrt(dim / 2), rel=4 / math.sqrt(2 * count) * 1.1)
    assert found.mean == pytest.approx(temperature * dim / 2, abs=4 * found.spread / math.sqrt(count))


@pytest.mark.parametrize("text", [AND, OR, AND_NOT], ids=["and", "or", "and_not"])
def test_offset_and_unit_of_a_part_do_not_matter(text):
    """One model's energies times 20 and shifted."""
    left, right = _normal(-2.0), _normal(2.0)
    x = torch.linspace(-6, 6, 101, dtype=torch.float64)[:, None]

    def energies(scale: float, offset: float) -> Tensor:
        parts = {
            "left": Calibrated.on(_Scaled(left, scale, offset), _drawn(-2.0, 500)),
            "right": Calibrated.on(right, _drawn(2.0, 500)),
        }
        return composed(_expression(text), lambda model: parts[model.value], _others)(x)

    plain = energies(1.0, 0.0)
    torch.testing.assert_close(energies(20.0, 55.0), plain, rtol=1e-9, atol=1e-9)
    # The authors' formulas do depend on them.
    parts = {"left": _Scaled(left, 20.0, 55.0), "right": right}
    published = composed(_expression(text), lambda model: parts[model.value], None)(x)
    assert (published - published.mean() - (plain - plain.mean())).abs().max() > 1


def test_every_model_that_is_asked_for_is_guided_and_none_in_a_not():
    """(left or not right) against Bayes' rule; each part's own value against the other."""
    parts = {"left": _normal(-1.0), "right": _normal(1.0)}
    x = torch.linspace(-3, 3, 50, dtype=torch.float64)[:, None]
    left, right = (parts[name](x) for name in ("left", "right"))
    log_p = torch.stack([-left, -right]).log_softmax(0)
    expected = {
        "left": left - 1.5 * log_p[0],
        "and": (left - 1.5 * log_p[0] + 3 * (right - 1.5 * log_p[1])) / 2,
        "and not": left - 1.5 * log_p[0] - 0.5 * log_p[0],
    }
    texts = {
        "left": LEFT,
        "and": {"and": [LEFT, RIGHT], "weights": [1.0, 3.0]},
        "and not": {"and": [LEFT, {"not": RIGHT, "weight": 0.5}], "weights": [1.0, 1.0]},
    }
    for name, text in texts.items():
        found = composed(_expression(text), lambda model: parts[model.value], _others, 1.5)(x)
        torch.testing.assert_close(found, expected[name], rtol=1e-9, atol=1e-9)
    # A value without others has probability one.
    alone = composed(_expression(LEFT), lambda model: parts[model.value], lambda model: [], 1.5)(x)
    torch.testing.assert_close(alone, left, rtol=1e-12, atol=0)


def test_without_a_margin_the_published_formulas_are_meant():
    """Divided by the number of models, as the authors divide the step size."""
    parts, x = {"left": _normal(-2.0), "right": _normal(1.0)}, _drawn(0.0, 20)
    pair = list(parts.values())
    for text, expected in (
        (AND, And(pair, (1.0, 1.0))),
        (OR, Or(pair, (1.0, 1.0), 2.0)),
        (AND_NOT, And([pair[0], Not(pair[1], 1.5)], (1.0, 1.0))),
    ):
        found = composed(_expression(text), lambda model: parts[model.value], None)(x)
        torch.testing.assert_close(found, expected(x) / 2, rtol=1e-14, atol=0)


@pytest.mark.parametrize(
    ("text", "pulling", "models"),
    [
        (LEFT, 1, 1),
        (OR, 1, 1),
        (AND, 2, 2),
        (AND_NOT, 1, 1),
        ({"and": [OR, {"not": RIGHT, "weight": 1.0}, RIGHT], "weights": [1.0, 1.0, 1.0]}, 2, 2),
        ({"or": [AND, RIGHT], "weights": [1.0, 1.0], "sharpness": 1.0}, 1, 2),
    ],
)
def test_the_gradient_is_shared_among_the_models_that_pull_at_once(text, pulling, models):
    """All models are the same and x far from them all: a `not` pulls no more, an `or` at its lower part."""
    far, x = Calibrated(_normal(0.0), -1e4, 1.0), _drawn(1.0, 30).requires_grad_(True)
    energies = composed(_expression(text), lambda model: far, _others)(x)
    gradient = torch.autograd.grad(energies.sum(), x)[0]
    torch.testing.assert_close(gradient, x.detach() * pulling / models, rtol=1e-6, atol=1e-9)


def test_chains_of_a_calibrated_or_end_in_both_parts():
    """Two modes 12 apart, one energy 80 lower: published, every chain ends there; calibrated, half of them.

    From starts between the modes, which each chain leaves to the side it began on: within 4.5 standard
    errors of one half, as by a fair coin.
    """
    parts = {"left": _Scaled(_normal(-6.0), 1.0, -80.0), "right": _normal(6.0)}
    count, step = 2000, 0.05
    config = Langevin(steps=200, step_size=step, noise=math.sqrt(2 * step), anneal=False, clamp=None)
    start = torch.empty(count, 1, dtype=torch.float64)
    start.uniform_(-6, 6, generator=torch.Generator().manual_seed(2))

    def share_left(energy: nn.Module) -> float:
        ends = run_chain(energy, start, config, torch.Generator().manual_seed(3))
        return float((ends < 0).double().mean())

    calibrated = {
        name: Calibrated.on(part, _drawn(-6.0 if name == "left" else 6.0, 1000))
        for name, part in parts.items()
    }
    mixture = composed(_expression(OR), lambda model: calibrated[model.value], _others)
    published = composed(_expression(OR), lambda model: parts[model.value], None)
    assert abs(share_left(mixture) - 0.5) < 4.5 * 0.5 / math.sqrt(count)
    assert share_left(published) == 1


def test_a_model_without_usable_energies_is_left_as_it_is():
    flat = _Scaled(_normal(0.0), 0.0, 2.0)
    broken = _Scaled(_normal(0.0), math.nan, 0.0)
    for energy in (flat, broken):
        found = Calibrated.on(energy, _drawn(0.0, 10))
        assert (found.mean, found.spread) == (0, 1)


@pytest.mark.parametrize("spread", [0.0, -1.0, math.nan])
def test_a_spread_that_is_none_is_refused(spread):
    with pytest.raises(ValueError, match="spread must be above 0"):
        Calibrated(_normal(0.0), 0.0, spread)

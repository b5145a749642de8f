"""Energies with time input, E(x, t): what time changes, and that without it nothing changed."""

import numpy as np
import pytest
import torch
from torch import nn

from ebmrepro.energies.conditional import Given
from ebmrepro.energies.conv import ConvEnergy
from ebmrepro.energies.mlp import MLPEnergy

KINDS = [
    (lambda times=None: MLPEnergy(3, [6, 5], times), (3,), [6, 5]),
    (lambda times=None: ConvEnergy(2, 3, times), (2, 8, 8), [3, 6, 6, 12]),
]
BOTH = pytest.mark.parametrize(("make", "shape", "widths"), KINDS, ids=["mlp", "conv"])


def _shaken(energy: nn.Module) -> nn.Module:
    with torch.no_grad():
        for parameter in energy.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape))
    return energy


def _swish(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))


@BOTH
def test_without_time_names_and_initial_weights_are_what_they_were(make, shape, widths):
    """The modules as they stood before there was time, built by hand from the same random state."""
    torch.manual_seed(3)
    found = make().state_dict()
    torch.manual_seed(3)
    if len(shape) == 1:
        layers = [nn.Linear(3, 6), nn.SiLU(), nn.Linear(6, 5), nn.SiLU(), nn.Linear(5, 1)]
        expected = {f"layers.{name}": value for name, value in nn.Sequential(*layers).state_dict().items()}
    else:
        features = nn.Sequential(
            nn.Conv2d(2, 3, 3, padding=1), nn.SiLU(), nn.Conv2d(3, 6, 3, padding=1), nn.SiLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(6, 6, 3, padding=1), nn.SiLU(), nn.Conv2d(6, 12, 3, padding=1), nn.SiLU(),
        )  # fmt: skip
        expected = {f"features.{name}": value for name, value in features.state_dict().items()}
        output = nn.Linear(12, 1).state_dict()
        expected |= {f"output.{name}": value for name, value in output.items()}
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


@BOTH
def test_at_first_time_changes_nothing(make, shape, widths):
    torch.manual_seed(3)
    plain = make()
    torch.manual_seed(3)
    timed = make(4)
    x = torch.randn(8, *shape)
    for time in range(4):
        torch.testing.assert_close(timed(x, torch.eye(4)[[time] * 8]), plain(x), rtol=1e-5, atol=1e-6)
    assert {
        name: tuple(value.shape) for name, value in timed.state_dict().items() if "modulations" in name
    } == {
        f"modulations.{number}.{part}": (4, width)
        for number, width in enumerate(widths)
        for part in ("gain", "bias")
    }


@BOTH
def test_every_row_is_at_its_own_time(make, shape, widths):
    energy = _shaken(make(3))
    x, times = torch.randn(6, *shape), [0, 2, 1, 1, 0, 2]
    together = energy(x, torch.eye(3)[times])
    assert together.shape == (6,)
    for row, time in enumerate(times):
        alone = Given(energy, torch.eye(3)[time : time + 1])(x[row : row + 1])
        torch.testing.assert_close(together[row : row + 1], alone)
    same = x[:1].expand(3, *shape)
    assert len(set(energy(same, torch.eye(3)).tolist())) == 3


def test_a_timed_mlp_by_hand():
    """h = swish((1 + gain_t) (W h + b) + bias_t) in each hidden layer, in numpy."""
    energy = _shaken(MLPEnergy(3, [6, 5], times=2)).double()
    state = {name: value.numpy() for name, value in energy.state_dict().items()}
    x, times = np.random.default_rng(0).standard_normal((4, 3)), [1, 0, 0, 1]
    h = x
    for number, layer in enumerate((0, 2)):
        h = h @ state[f"layers.{layer}.weight"].T + state[f"layers.{layer}.bias"]
        gain, bias = state[f"modulations.{number}.gain"][times], state[f"modulations.{number}.bias"][times]
        h = _swish((1 + gain) * h + bias)
    expected = h @ state["layers.4.weight"][0] + state["layers.4.bias"]
    found = energy(torch.from_numpy(x), torch.eye(2, dtype=torch.float64)[times])
    assert found.detach().numpy() == pytest.approx(expected, abs=1e-12)


def test_a_timed_convolution_by_hand():
    """Each map under its channel's gain and bias before swish; the layers by torch's functional forms."""
    energy = _shaken(ConvEnergy(1, 2, times=2)).double()
    x, times = torch.rand(3, 1, 8, 8, dtype=torch.float64), [1, 0, 1]
    h, number = x, 0
    for layer in energy.features:
        if isinstance(layer, nn.AvgPool2d):
            h = h.unflatten(2, (4, 2)).unflatten(4, (4, 2)).mean((3, 5))
        elif isinstance(layer, nn.Conv2d):
            film = energy.modulations[number]
            number += 1
            h = nn.functional.conv2d(h, layer.weight, layer.bias, padding=1)
            h = (1 + film.gain[times, :, None, None]) * h + film.bias[times, :, None, None]
            h = h * torch.sigmoid(h)
    expected = h.sum((2, 3)) @ energy.output.weight[0] + energy.output.bias
    assert number == 4
    torch.testing.assert_close(energy(x, torch.eye(2, dtype=torch.float64)[times]), expected)


@BOTH
def test_only_the_times_that_were_seen_learn(make, shape, widths):
    energy = make(3)
    energy(torch.randn(5, *shape), torch.eye(3)[[0, 2, 0, 0, 2]]).square().sum().backward()
    for name, parameter in energy.named_parameters():
        assert parameter.grad.any(), name
        if "modulations" in name:
            assert parameter.grad[0].any() and parameter.grad[2].any() and not parameter.grad[1].any()


@BOTH
def test_differentiable_twice_in_x_at_a_time(make, shape, widths):
    """As the KL term of ICD and score matching need it."""
    energy = _shaken(make(2)).double()
    given = Given(energy, torch.eye(2)[1:])
    x = torch.randn(2, *shape, dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(given, x)
    torch.autograd.gradgradcheck(given, x)


@BOTH
@pytest.mark.parametrize(
    ("times", "condition"),
    [(3, None), (3, (5, 2)), (3, (4, 3)), (3, (3,)), (None, (5, 3))],
    ids=["missing", "other times", "other batch", "no batch", "not asked for"],
)
def test_a_condition_that_does_not_fit_is_refused(make, shape, widths, times, condition):
    given = None if condition is None else torch.zeros(condition)
    with pytest.raises(ValueError, match="condition of shape"):
        make(times)(torch.zeros(5, *shape), given)

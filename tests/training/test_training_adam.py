"""The optimiser and the average against torch's own."""

import pytest
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ebmrepro.training.adam import Adam, AveragedWeights

GOOD, BAD = torch.tensor(0.0), torch.tensor(1.0)


def _parameters() -> list[torch.nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    return [
        torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in ((5,), (4, 3), (2, 3, 4))
    ]


@pytest.mark.parametrize("betas", [(0.0, 0.9), (0.9, 0.999)])
def test_it_takes_torchs_steps(betas):
    """Twenty steps of falling length: in the third nothing moves, in every fourth the second parameter stands
    still, and of a gradient that is transposed in memory the entries reach their own weights."""
    mine, theirs, fused = _parameters(), _parameters(), _parameters()
    held = Adam(mine, betas)
    references = [torch.optim.Adam(theirs, 0.05, betas), torch.optim.Adam(fused, 0.05, betas, fused=True)]
    generator = torch.Generator().manual_seed(1)
    for number in range(20):
        gradients = [torch.randn(p.shape, generator=generator) for p in mine]
        gradients[1] = gradients[1].T.contiguous().T
        before = [p.detach().clone() for p in mine]
        rate = 0.05 * 0.9**number
        if number == 2:
            held.step(mine, [gradient.fill_(torch.nan) for gradient in gradients], rate, BAD)
            assert all(map(torch.equal, mine, before))
            continue
        moved = [0, 2] if number % 4 == 3 else [0, 1, 2]
        held.step([mine[i] for i in moved], [gradients[i] for i in moved], rate, GOOD)
        for parameters, reference in zip((theirs, fused), references, strict=True):
            reference.param_groups[0]["lr"] = rate
            for place, parameter in enumerate(parameters):
                parameter.grad = gradients[place].contiguous().clone() if place in moved else None
            reference.step()
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6)
        assert all(map(torch.equal, mine, fused))
        assert all(
            torch.equal(a, b) for i, (a, b) in enumerate(zip(mine, before, strict=True)) if i not in moved
        )


def test_it_goes_on_from_what_it_saved():
    (first, second), gradients = (_parameters(), _parameters()), [torch.ones(p.shape) for p in _parameters()]
    one, other = Adam(first, (0.9, 0.999)), Adam(second, (0.9, 0.999))
    one.step(first, gradients, 0.1, GOOD)
    with torch.no_grad():
        for to, origin in zip(second, first, strict=True):
            to.copy_(origin)
    other.load_state_dict({name: value.clone() for name, value in one.state_dict().items()})
    for optimiser, parameters in ((one, first), (other, second)):
        optimiser.step(parameters, [-2 * gradient for gradient in gradients], 0.1, GOOD)
    assert all(map(torch.equal, first, second))


def test_the_average_is_torchs():
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    mine = AveragedWeights(model, 0.9)
    theirs = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    for number in range(10):
        with torch.no_grad():
            for tensor in (*model.parameters(), *model.buffers()):
                tensor.add_(number + 1)
        mine.update(first=number == 0)
        theirs.update_parameters(model)
        expected = theirs.module.state_dict()
        assert all(torch.equal(value, expected[name]) for name, value in mine.model.state_dict().items())

"""The learning rate's decay: its closed form, torch's scheduler, and what a training makes of it."""

import math

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

from ebmrepro.training.loop import Training

LENGTH = 12


def test_the_cosine_is_that_of_torch(settings):
    schedule = settings("mlp", "cd", "points", schedule={"decay": "cosine"}).schedule
    assert schedule.iterations == LENGTH
    weight = torch.nn.Parameter(torch.zeros(()))
    optimiser = torch.optim.SGD([weight], schedule.learning_rate)
    theirs = CosineAnnealingLR(optimiser, LENGTH)
    for iteration in range(LENGTH):
        rate = schedule.rate(iteration)
        assert rate == pytest.approx(theirs.get_last_lr()[0], rel=1e-9)
        angle = math.pi * iteration / LENGTH
        assert rate == pytest.approx(schedule.learning_rate * math.cos(angle / 2) ** 2, rel=1e-12)
        optimiser.step()
        theirs.step()
    assert schedule.rate(LENGTH) == 0


@pytest.mark.parametrize("decay", ["constant", "cosine"])
def test_a_training_takes_steps_of_that_length(decay, settings, points):
    """Without memory Adam moves each weight by the learning rate, in the direction of its gradient's sign."""
    changes = {"decay": decay, "betas": [0.0, 0.0], "learning_rate": 0.01, "clip_norm": None}
    training = Training(settings("quadratic", "mle", "no_chain", schedule=changes), points, 0)
    weight = training.energy.mean
    for iteration in range(LENGTH):
        before = weight.detach().clone()
        training.step()
        expected = 0.01 if decay == "constant" else 0.01 * math.cos(math.pi * iteration / LENGTH / 2) ** 2
        moved = (weight.detach() - before).abs()
        torch.testing.assert_close(moved, torch.full_like(moved, expected), rtol=1e-3, atol=1e-6)


def test_nothing_said_is_a_constant_rate(settings):
    schedule = settings("mlp", "cd", "points").schedule
    assert {schedule.rate(iteration) for iteration in range(LENGTH)} == {schedule.learning_rate}

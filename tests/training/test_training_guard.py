"""Divergence is recorded with iteration and cause, and the parameters stay those before it."""

import math

import pytest
import torch

from ebmrepro.machine.progress import Progress
from ebmrepro.training.adam import Adam
from ebmrepro.training.checkpoint import Interrupted, StopSignal
from ebmrepro.training.guard import DivergenceGuard
from ebmrepro.training.loop import Training


def _run(training, checkpoint, stop=None):
    return training.run(checkpoint, stop or StopSignal(), Progress("test", 10**9))


def _parameters(training) -> list[torch.Tensor]:
    return [p.detach().clone() for p in training.energy.parameters()]


def _wild(settings, **schedule):
    """A step size of the optimiser at which a gaussian energy explodes within a few iterations."""
    return settings("mlp", "cd", "points", schedule={"learning_rate": 3.0, "energy_limit": 50.0} | schedule)


@pytest.mark.parametrize("log_every", [1, 3, 5])
def test_iteration_cause_and_parameters_before_the_bad_step(log_every, settings, points, tmp_path):
    training = Training(_wild(settings, log_every=log_every), points, 0)
    diverged = _run(training, tmp_path / "checkpoint")
    assert diverged is not None
    iteration, cause = diverged
    assert cause == "energy above the limit" and iteration > 0

    # The same training by hand, without a limit: the first iteration whose mean energies exceed it.
    twin = Training(_wild(settings, energy_limit=1e30, clip_norm=1.5), points, 0)
    for step in range(iteration + 1):
        before = _parameters(twin)
        logged = twin.step()
        energies = [float(logged[f"energy_{side}"]) for side in ("positive", "negative")]
        assert (max(map(abs, energies)) > 50) == (step == iteration)
    for held, expected in zip(_parameters(training), before, strict=True):
        assert torch.equal(held, expected)
    # The run ends at the first logged iteration from there on.
    ended = min(12, next(k for k in range(iteration, 30) if k % log_every == 0) + 1)
    assert training.iteration == ended
    # Its last row is of the first bad step, with what that step saw and nothing else.
    row = dict(zip(["iteration", *training.log.columns], training.log.rows[-1], strict=True))
    seen = {"iteration": iteration} | {
        name: float(logged[name])
        for name in ("energy_positive", "energy_negative", "energy_gap", "gradient_norm")
    }
    assert {name: value for name, value in row.items() if not math.isnan(value)} == pytest.approx(seen)


def test_not_a_number_is_a_cause_and_is_held_off(settings, points, tmp_path):
    poisoned = points.clone()
    poisoned[7] = math.nan
    training = Training(settings("mlp", "cd", "points", schedule={"log_every": 1}), poisoned, 0)
    where = next(k for k in range(12) if training.batches.at(k).isnan().any())
    twin = Training(settings("mlp", "cd", "points"), points, 0)
    for _ in range(where):
        twin.step()
    assert _run(training, tmp_path / "checkpoint") == (where, "non-finite energy")
    for held, expected in zip(_parameters(training), _parameters(twin), strict=True):
        assert torch.equal(held, expected)
    assert all(p.isfinite().all() for p in training.model("ema").parameters())


def test_a_gradient_alone_can_be_the_cause():
    """The guard and the optimiser together: a bad step leaves weights and Adam's moments alone."""
    weight = torch.nn.Parameter(torch.tensor([0.5, -0.5]))
    optimiser = Adam([weight], (0.9, 0.999))
    guard = DivergenceGuard(10.0, weight.device)
    fine, bad = torch.tensor(1.0), torch.tensor(math.inf)

    def step(energy, norm, gradient):
        optimiser.step([weight], [torch.full((2,), gradient)], 0.1, guard.observe([energy, fine], norm))
        return weight.detach().clone(), [value.clone() for value in optimiser.state_dict().values()]

    moved, moments = step(fine, fine, 1.0)
    # Adam's first step is the learning rate against the sign of the gradient.
    torch.testing.assert_close(moved, torch.tensor([0.4, -0.6]))
    assert guard.diverged() is None
    # The first bad iteration stays on record, and no later update gets through.
    for energy, norm, gradient in (
        (fine, bad, math.nan),
        (torch.tensor(99.0), fine, 1.0),
        (fine, fine, 1.0),
    ):
        held, kept = step(energy, norm, gradient)
        assert guard.diverged() == (1, "non-finite gradient")
        assert torch.equal(held, moved)
        assert all(torch.equal(a, b) for a, b in zip(kept, moments, strict=True))


@pytest.mark.parametrize(
    ("energies", "cause"),
    [
        ([math.nan, 0.0], "non-finite energy"),
        ([0.0, math.inf], "non-finite energy"),
        ([0.0, -10.5], "energy above the limit"),
        ([10.5, 0.0], "energy above the limit"),
        ([10.0, -10.0], None),
    ],
)
def test_causes(energies, cause):
    guard, fine = DivergenceGuard(10.0, torch.device("cpu")), torch.tensor(1.0)
    for _ in range(5):
        guard.observe([fine, fine], fine)
    guard.observe([torch.tensor(e) for e in energies], fine)
    assert guard.diverged() == (None if cause is None else (5, cause))


def test_the_verdict_survives_a_stop_and_a_resume(settings, points, tmp_path):
    chosen = _wild(settings, log_every=6)
    straight = Training(chosen, points, 0)
    diverged = _run(straight, tmp_path / "straight")
    iteration = diverged[0]
    assert straight.iteration > iteration + 1, "the test needs iterations between bad step and log"

    stop = StopSignal()
    stopped, step = Training(chosen, points, 0), Training.step

    def ask_to_stop():
        logged = step(stopped)
        # The bad step has been seen, the run has not ended yet.
        stop.requested = 15 if stopped.iteration == iteration + 1 else 0
        return logged

    stopped.step = ask_to_stop
    with pytest.raises(Interrupted):
        _run(stopped, tmp_path / "stopped", stop)
    resumed = Training(chosen, points, 0)
    assert _run(resumed, tmp_path / "stopped") == diverged
    assert (tmp_path / "stopped").read_bytes() == (tmp_path / "straight").read_bytes()
    # And once more after the end: nothing happens, the verdict is the same.
    again = Training(chosen, points, 0)
    assert _run(again, tmp_path / "stopped") == diverged
    assert again.iteration == straight.iteration


def test_a_calm_run_has_no_verdict(settings, points, tmp_path):
    assert _run(Training(settings("mlp", "icd", "points"), points, 0), tmp_path / "checkpoint") is None

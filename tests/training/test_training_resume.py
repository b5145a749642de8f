"""A training that stops anywhere and goes on from its checkpoint is the undisturbed one, bit for bit."""

import pytest
import torch

from ebmrepro.machine.progress import Progress
from ebmrepro.training.checkpoint import Interrupted, StopSignal
from ebmrepro.training.loop import Training

METHODS = [
    ("quadratic", "mle", "no_chain", {}),
    ("mlp", "cd", "points", {}),
    ("mlp", "cd", "points", {"schedule": {"decay": "cosine"}}),
    ("tilted", "dcd_images", "no_chain", {"schedule": {"decay": "cosine"}}),
    ("mlp", "icd", "points", {}),
    ("mlp", "icd", "points", {"sampler": {"buffer": {"kind": "reservoir", "size": 17, "reinitialise": 0.2}}}),
    ("conv", "cd", "images", {"sampler": {"buffer": {"kind": "fifo", "size": 33, "reinitialise": 0.1}}}),
    ("conv", "icd", "images", {}),
]
IDS = [
    "mle",
    "cd",
    "cd cosine",
    "dcd tilted",
    "icd",
    "icd reservoir",
    "cd images fifo",
    "icd images reservoir",
]


class Interruption(Progress):
    """Asks to stop during the n-th iteration that is taken."""

    def __init__(self, stop: StopSignal, iterations: int):
        super().__init__("test", 10**9)
        self.stop, self.left = stop, iterations

    def advance(self) -> None:
        super().advance()
        self.left -= 1
        if self.left == 0:
            self.stop.requested = 15


def _run(training, checkpoint, after: int = -1) -> None:
    """Train from what `checkpoint` holds; a signal arrives in the `after`-th iteration from here."""
    stop = StopSignal()
    training.run(checkpoint, stop, Interruption(stop, after))


def _equal(one: dict, other: dict) -> None:
    assert one.keys() == other.keys()
    for name in one:
        assert one[name].dtype == other[name].dtype and one[name].shape == other[name].shape, name
        assert one[name].cpu().numpy().tobytes() == other[name].cpu().numpy().tobytes(), name


@pytest.mark.parametrize("method", METHODS, ids=IDS)
@pytest.mark.parametrize("stops", [(1,), (7,), (12,), (3, 1, 4)], ids=str)
def test_stopped_and_resumed_equals_undisturbed(method, stops, settings, points, images, tmp_path):
    *names, changes = method
    chosen, data = settings(*names, **changes), images if names[0] in ("conv", "tilted") else points
    straight = Training(chosen, data, seed=1)
    _run(straight, tmp_path / "straight")
    assert straight.iteration == 12

    for after in stops:
        stopped = Training(chosen, data, seed=1)
        with pytest.raises(Interrupted):
            _run(stopped, tmp_path / "stopped", after)
        # What other processes do to torch's global random state has no influence.
        torch.manual_seed(after + 99)
    assert stopped.iteration == sum(stops)
    resumed = Training(chosen, data, seed=1)
    _run(resumed, tmp_path / "stopped")
    _equal(resumed.tensors(), straight.tensors())
    assert (tmp_path / "stopped").read_bytes() == (tmp_path / "straight").read_bytes()


def test_checkpoints_on_the_clock_change_nothing(settings, points, tmp_path):
    often = settings("mlp", "icd", "points", schedule={"checkpoint_seconds": 1e-9})
    seldom = settings("mlp", "icd", "points")
    one, other = Training(often, points, 0), Training(seldom, points, 0)
    _run(one, tmp_path / "one")
    _run(other, tmp_path / "other")
    _equal(one.tensors(), other.tensors())


def test_a_killed_process_goes_on_from_the_last_whole_checkpoint(settings, points, tmp_path, monkeypatch):
    """Death between two checkpoints loses the iterations since the first, and nothing else."""
    chosen = settings("mlp", "icd", "points", schedule={"checkpoint_seconds": 1e-9})
    straight = Training(chosen, points, 2)
    _run(straight, tmp_path / "straight")
    killed, step, taken = Training(chosen, points, 2), Training.step, []

    def dies(self):
        taken.append(1)
        if len(taken) == 8:
            raise KeyboardInterrupt
        return step(self)

    monkeypatch.setattr(Training, "step", dies)
    with pytest.raises(KeyboardInterrupt):
        _run(killed, tmp_path / "killed")
    resumed = Training(chosen, points, 2)
    _run(resumed, tmp_path / "killed")
    assert len(taken) == 8 + 5
    _equal(resumed.tensors(), straight.tensors())


def test_a_damaged_checkpoint_restarts_from_the_seed(settings, points, tmp_path):
    chosen = settings("mlp", "cd", "points")
    straight = Training(chosen, points, 0)
    _run(straight, tmp_path / "checkpoint")
    for damaged in (b"", b"nonsense", (tmp_path / "checkpoint").read_bytes()[:-1]):
        (tmp_path / "damaged").write_bytes(damaged)
        again = Training(chosen, points, 0)
        _run(again, tmp_path / "damaged")
        _equal(again.tensors(), straight.tensors())


def test_a_finished_checkpoint_takes_no_further_step(settings, points, tmp_path, monkeypatch):
    chosen = settings("mlp", "cd", "points")
    finished = Training(chosen, points, 0)
    _run(finished, tmp_path / "checkpoint")
    monkeypatch.setattr(Training, "step", lambda self: pytest.fail("a step was taken"))
    again = Training(chosen, points, 0)
    _run(again, tmp_path / "checkpoint")
    _equal(again.tensors(), finished.tensors())


def test_seeds_differ_and_repeat(settings, points, tmp_path):
    chosen = settings("mlp", "cd", "points")
    runs = [Training(chosen, points, seed) for seed in (0, 0, 1)]
    for number, training in enumerate(runs):
        _run(training, tmp_path / str(number))
    _equal(runs[0].tensors(), runs[1].tensors())
    assert not torch.equal(
        runs[0].tensors()["energy/layers.0.weight"], runs[2].tensors()["energy/layers.0.weight"]
    )

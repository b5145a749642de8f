"""How far the buffer is from the data: the statistic against scipy and closed forms, and that nobody else
notices that it is measured."""

import mmap

import numpy as np
import pytest
import torch
from scipy.special import gammaln, hyp1f1
from scipy.stats import energy_distance

from ebmrepro.data.host_batches import HostData
from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.replay import ReplayBuffer
from ebmrepro.training.buffer_distance import SAMPLES, BufferDistance, energy_statistic, mean_distance
from ebmrepro.training.checkpoint import StopSignal
from ebmrepro.training.loop import Training

CHAINS = {"kind": "chains", "size": 40, "reinitialise": 0.0}


def normal(rng: np.random.Generator, count: int, width: int, shift: float = 0.0) -> torch.Tensor:
    """`count` points of a standard normal, the first coordinate moved by `shift`."""
    points = rng.standard_normal((count, width))
    points[:, 0] += shift
    return torch.from_numpy(points)


def mean_distance_of_normals(width: int, shift: float) -> float:
    """E|X-Y| of standard normals whose means differ by `shift`: sqrt(2) times a noncentral chi's mean."""
    root = np.exp(gammaln((width + 1) / 2) - gammaln(width / 2))
    return 2 * root * hyp1f1(-0.5, width / 2, -(shift**2) / 4)


@pytest.mark.parametrize("sizes", [(40, 40), (17, 60)])
def test_in_one_dimension_it_is_scipys_energy_distance(sizes):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(sizes[0]), rng.exponential(2.0, sizes[1])
    found = energy_statistic(torch.from_numpy(x)[:, None], torch.from_numpy(y)[:, None])
    between = np.abs(x[:, None] - y).mean()
    assert float(found) == pytest.approx(energy_distance(x, y) ** 2 / (2 * between), rel=1e-12)


@pytest.mark.parametrize(("width", "shift"), [(1, 1.5), (2, 3.0), (64, 4.0)])
def test_of_two_normals_it_is_the_closed_form(width, shift):
    rng = np.random.default_rng(1)
    x, y = normal(rng, 2000, width), normal(rng, 2000, width, shift)
    between, within = (mean_distance_of_normals(width, d) for d in (shift, 0.0))
    assert float(mean_distance(x, y)) == pytest.approx(between, rel=0.02)
    assert float(energy_statistic(x, y)) == pytest.approx(1 - within / between, abs=0.012)


def test_samples_of_one_law_have_the_bias_that_the_docstring_says():
    rng = np.random.default_rng(2)
    found = [float(energy_statistic(normal(rng, 30, 64), normal(rng, 60, 64))) for _ in range(300)]
    assert min(found) >= 0
    assert np.mean(found) == pytest.approx((1 / 30 + 1 / 60) / 2, rel=0.02)


def test_bounds():
    one, two = torch.zeros(5, 3), torch.ones(7, 3)
    assert energy_statistic(one, two) == 1 and energy_statistic(one, one) == 0
    same = torch.rand(50, 8, generator=torch.Generator().manual_seed(0))
    assert float(energy_statistic(same, same)) == pytest.approx(0, abs=1e-6)
    assert energy_statistic(same.index_fill(0, torch.tensor([3]), torch.nan), same).isnan()


@pytest.mark.parametrize(
    ("names", "changes"),
    [
        (("conv", "icd", "images"), {}),
        (("mlp", "cd", "points"), {"sampler": {"start": "persistent", "buffer": CHAINS}}),
    ],
    ids=["images", "persistent chains"],
)
def test_a_training_does_not_notice(names, changes, settings, points, images, tmp_path):
    chosen, data = settings(*names, **changes), images if names[0] == "conv" else points
    watched, blind = Training(chosen, data, 3), Training(chosen, data, 3)
    blind.buffer_distance = None
    for training, name in ((watched, "watched"), (blind, "blind")):
        training.run(tmp_path / name, StopSignal(), Progress("test", 10**9))
    column = 1 + watched.log.columns.index("buffer_distance")
    for row, other in zip(watched.log.rows, blind.log.rows, strict=True):
        assert 0 < row[column] < 1 and np.isnan(other[column])
        np.testing.assert_equal(row[:column] + row[column + 1 :], other[:column] + other[column + 1 :])
    ours, theirs = watched.tensors(), blind.tensors()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours if name != "log/rows")
    # The last row, once more from the buffer of now.
    again = BufferDistance(data, 3)
    now, last = watched.sampler.buffer, int(watched.log.rows[-1][0])
    assert float(again(now, last)) == watched.log.rows[-1][column]
    assert float(again(now, last - 1)) != float(again(now, last))


@pytest.mark.parametrize("names", [("quadratic", "mle", "no_chain"), ("rbm", "cd", "gibbs")], ids=" ".join)
def test_without_a_buffer_of_continuous_states_there_is_no_column(names, settings, points):
    chosen = settings(*names)
    data = (points > 0).float() if names[0] == "rbm" else points
    training = Training(chosen, data, 0)
    assert training.buffer_distance is None and "buffer_distance" not in training.log.columns


def test_it_tells_noise_from_images_and_images_from_themselves(images):
    measure = BufferDistance(images, 5)

    def of(samples: torch.Tensor) -> float:
        buffer = ReplayBuffer(len(samples), "fifo", samples.float(), as_bytes=True)
        buffer.samples, buffer.added = samples, len(samples)
        return float(measure(buffer, 0))

    noise = torch.randint(256, images.shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    assert of(images) < 2 / SAMPLES and of(noise) > 0.1 and of(torch.zeros_like(images)) > 0.5


def test_data_on_the_host_are_the_same_data(images):
    held = mmap.mmap(-1, images.numel())
    held[:] = images.numpy().tobytes()
    rows = np.frombuffer(held, np.uint8).reshape(images.shape)
    one, other = BufferDistance(images, 4), BufferDistance(HostData(rows, torch.device("cpu")), 4)
    assert torch.equal(one.data, other.data) and one.data.shape == (SAMPLES, *images.shape[1:])

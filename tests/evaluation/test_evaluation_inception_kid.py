"""The Kernel Inception Distance: the definition in a double loop, clean-fid on the same subsets, no bias."""

import numpy as np
import pytest
import torch
from cleanfid.fid import kernel_distance

from ebmrepro.evaluation.inception.scores import cubic_mmd_squared, kernel_inception_distance
from ebmrepro.files.workspace import WorkspaceError

CPU = torch.device("cpu")


def draw(count: int, dim: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((count, dim)) + shift).astype(np.float32)


def by_loops(x, y) -> float:
    x, y = x.astype(np.float64), y.astype(np.float64)

    def k(a, b):
        return (sum(s * t for s, t in zip(a, b, strict=True)) / len(a) + 1) ** 3

    xx = np.mean([k(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    yy = np.mean([k(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    return xx + yy - 2 * np.mean([k(a, b) for a in x for b in y])


def test_the_mmd_is_the_double_loop():
    x, y = draw(13, 4, seed=0), draw(9, 4, seed=1, shift=0.3)
    found = cubic_mmd_squared(torch.from_numpy(x).double(), torch.from_numpy(y).double())
    assert float(found) == pytest.approx(by_loops(x, y), rel=1e-12)


def test_one_subset_of_everything_is_the_mmd():
    x, y = draw(12, 5, seed=2), draw(12, 5, seed=3, shift=0.5)
    mean, sd = kernel_inception_distance(x, y, np.random.default_rng(0), CPU, 3, 1000)
    assert mean == pytest.approx(by_loops(x, y), rel=1e-12)
    assert sd == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("subsets", "size"), [(100, 1000), (7, 25)])
def test_clean_fid_on_the_same_subsets(monkeypatch, subsets, size):
    """clean-fid draws from NumPy's global generator; here it is given ours."""
    made, real = draw(90, 16, seed=4, shift=0.2).astype(np.float64), draw(70, 16, seed=5).astype(np.float64)
    monkeypatch.setattr(np.random, "choice", np.random.default_rng(6).choice)
    theirs = kernel_distance(real, made, num_subsets=subsets, max_subset_size=size)
    monkeypatch.undo()
    ours, _ = kernel_inception_distance(made, real, np.random.default_rng(6), CPU, subsets, size)
    assert ours == pytest.approx(theirs, rel=1e-9) and ours > 0.01


def test_subsets_average_to_the_whole_and_spread_as_their_size_says():
    made, real = draw(60, 8, seed=7, shift=0.3), draw(60, 8, seed=8)
    whole = by_loops(made, real)
    means, spreads = zip(
        *(
            kernel_inception_distance(made, real, np.random.default_rng(9), CPU, 400, size)
            for size in (10, 40)
        ),
        strict=True,
    )
    for mean, spread in zip(means, spreads, strict=True):
        assert abs(mean - whole) < 4.5 * spread / np.sqrt(400)
    assert spreads[0] > 2 * spreads[1] > 0


def test_mean_and_standard_deviation_are_those_of_the_subsets():
    made, real = draw(30, 3, seed=13, shift=0.4), draw(30, 3, seed=14)
    generator = np.random.default_rng(15)
    one_by_one = [kernel_inception_distance(made, real, generator, CPU, 1, 8)[0] for _ in range(9)]
    together = kernel_inception_distance(made, real, np.random.default_rng(15), CPU, 9, 8)
    assert together == pytest.approx((np.mean(one_by_one), np.std(one_by_one)), rel=1e-12)


def test_samples_of_one_law_have_distance_zero_on_average():
    """A biased estimate would be positive every time."""
    rng = np.random.default_rng(10)
    values = [
        kernel_inception_distance(
            rng.standard_normal((20, 3)), rng.standard_normal((20, 3)), rng, CPU, 1, 20
        )[0]
        for _ in range(400)
    ]
    assert abs(np.mean(values)) < 4.5 * np.std(values) / 20
    assert min(values) < 0


def test_the_seed_decides():
    made, real = draw(40, 3, seed=11), draw(40, 3, seed=12)

    def run(seed):
        return kernel_inception_distance(made, real, np.random.default_rng(seed), CPU, 5, 10)

    assert run(0) == run(0) != run(1)


@pytest.mark.parametrize(("counts", "subsets"), [((1, 5), 1), ((5, 1), 1), ((5, 5), 0)])
def test_too_little_is_refused(counts, subsets):
    made, real = draw(counts[0], 3, seed=0), draw(counts[1], 3, seed=1)
    with pytest.raises(WorkspaceError, match="at least two images on either side and one subset"):
        kernel_inception_distance(made, real, np.random.default_rng(0), CPU, subsets, 1000)

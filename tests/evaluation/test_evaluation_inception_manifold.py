"""Precision, recall, density and coverage: their definitions in loops, known cases, expectations."""

import math

import numpy as np
import pytest
import torch

from ebmrepro.evaluation.inception import manifold as module
from ebmrepro.evaluation.inception.manifold import manifold
from ebmrepro.files.workspace import WorkspaceError

CPU = torch.device("cpu")
NAMES = ("precision", "recall", "density", "coverage")


def by_loops(made, real, k: int, k_density: int) -> dict[str, float]:
    """The definitions word by word, on squared distances of integers or floats."""

    def squared(a, b):
        return sum((s - t) ** 2 for s, t in zip(a.tolist(), b.tolist(), strict=True))

    def radius(points, i, nearest):
        return sorted(squared(points[i], p) for j, p in enumerate(points) if j != i)[nearest - 1]

    near = [radius(real, i, k) for i in range(len(real))]
    near_made = [radius(made, j, k) for j in range(len(made))]
    far = [radius(real, i, k_density) for i in range(len(real))]
    d = [[squared(x, y) for y in made] for x in real]
    n, m = len(real), len(made)
    return dict(
        precision=sum(any(d[i][j] <= near[i] for i in range(n)) for j in range(m)) / m,
        recall=sum(any(d[i][j] <= near_made[j] for j in range(m)) for i in range(n)) / n,
        density=sum(d[i][j] < far[i] for i in range(n) for j in range(m)) / (k_density * m),
        coverage=sum(any(d[i][j] < far[i] for j in range(m)) for i in range(n)) / n,
    )


def close(one, other) -> bool:
    return one == pytest.approx(other, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ks", [(3, 5), (1, 1), (4, 2)])
def test_the_definitions_in_loops(seed, ks, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 40)
    rng = np.random.default_rng(seed)
    real = rng.standard_normal((30, 3))
    made = 1.2 * rng.standard_normal((23, 3)) + 0.8
    found = manifold(made, real, CPU, *ks)
    assert close(found, by_loops(made, real, *ks))
    assert 0 < found["precision"] < 1 and 0 < found["recall"] < 1 and found["coverage"] < 1


@pytest.mark.parametrize("seed", range(6))
def test_ties_are_inside_for_precision_and_outside_for_density(seed):
    """On a coarse grid, far from the origin, most distances are equal to some radius."""
    rng = np.random.default_rng(seed)
    real, made = rng.integers(0, 4, (40, 2)) + 1000, rng.integers(0, 5, (35, 2)) + 1000
    found = manifold(made.astype(np.float32), real.astype(np.float32), CPU, 3, 5)
    assert close(found, by_loops(made, real, 3, 5))


@pytest.mark.parametrize("dim", [2, 2048])
def test_equal_sets_cover_each_other_exactly(dim):
    points = np.random.default_rng(0).standard_normal((60, dim)).astype(np.float32) * 50 + 10
    shuffled = points[np.random.default_rng(1).permutation(60)]
    assert manifold(shuffled, points, CPU, 3, 5) == dict.fromkeys(NAMES, 1.0)


def test_distant_sets_do_not_meet():
    points = np.random.default_rng(2).standard_normal((50, 6))
    assert manifold(points + 100, points, CPU, 3, 5) == dict.fromkeys(NAMES, 0.0)


def test_one_mode_of_two_is_precise_and_recalls_half():
    """Precision stays 1 when a mode is dropped, recall and coverage fall to its share."""
    rng = np.random.default_rng(3)
    mode = rng.standard_normal((40, 4))
    found = manifold(mode, np.concatenate([mode, mode + 100]), CPU, 3, 5)
    assert found == dict(precision=1.0, recall=0.5, density=1.0, coverage=0.5)


def test_an_outlier_among_real_images_deceives_precision_and_not_density():
    """What density was made for: the ball of one far real point swallows all samples on the way to it."""
    rng = np.random.default_rng(4)
    real = rng.standard_normal((60, 5))
    real[0] = 1000
    made = rng.standard_normal((60, 5)) + 500
    found = manifold(made, real, CPU, 3, 5)
    assert found["precision"] == 1 and found["recall"] <= 1 / 60
    assert found["density"] == pytest.approx(1 / 5) and found["coverage"] == pytest.approx(1 / 60)


def test_expectations_for_one_law():
    """Whatever the law: density 1; coverage 1 - (N-1)...(N-k) / ((M+N-1)...(M+N-k)).

    A sample is among the k nearest of a real point's M + N - 1 others unless all k are real.
    """
    rng = np.random.default_rng(5)
    n, m, k = 30, 20, 2
    found = [
        manifold(rng.gamma(0.5, size=(m, 3)), rng.gamma(0.5, size=(n, 3)), CPU, 3, k) for _ in range(400)
    ]
    missed = math.comb(n - 1, k) / math.comb(n + m - 1, k)
    for values, expected in (
        ([f["density"] for f in found], 1.0),
        ([f["coverage"] for f in found], 1 - missed),
    ):
        assert abs(np.mean(values) - expected) < 4.5 * np.std(values) / 20


def test_blocks_do_not_change_the_numbers(monkeypatch):
    rng = np.random.default_rng(6)
    made, real = rng.standard_normal((50, 64)), rng.standard_normal((70, 64)) * 0.9
    whole = manifold(made, real, CPU, 3, 5)
    monkeypatch.setattr(module, "BLOCK", 1)
    assert manifold(made, real, CPU, 3, 5) == whole


@pytest.mark.parametrize(("counts", "ks"), [((5, 9), (3, 5)), ((9, 5), (3, 5)), ((9, 9), (9, 5))])
def test_sets_without_that_neighbour_are_refused(counts, ks):
    made, real = np.zeros((counts[0], 2)), np.zeros((counts[1], 2))
    with pytest.raises(WorkspaceError, match=f"the {max(ks)}-th neighbour among {min(counts)} images"):
        manifold(made, real, CPU, *ks)
    with pytest.raises(WorkspaceError, match="neighbour"):
        manifold(np.zeros((9, 2)), np.zeros((9, 2)), CPU, 0, 5)

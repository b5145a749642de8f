"""From uint8 images to every number, against the same numbers by other routes; references on disk."""

import numpy as np
import pytest
import torch
from cleanfid.fid import kernel_distance
from inception_stand_in import draw, expected, inception_of, make_weights, protocol
from scipy import stats
from scipy.spatial.distance import cdist

from ebmrepro.evaluation.inception import prepare as module
from ebmrepro.evaluation.inception.features import Features
from ebmrepro.evaluation.inception.prepare import Origin, Reference, images_sha256, make_reference
from ebmrepro.evaluation.measures.inception import feature_numbers
from ebmrepro.evaluation.samples.frechet import moments
from ebmrepro.files.workspace import WorkspaceError

CPU = torch.device("cpu")
# Little more than the 2049 that an FID of 2048 features needs.
MADE, REAL, KEPT = 2060, 2070, 60
METRICS = ("kid", "kid_sd", "precision", "recall", "density", "coverage")


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    return folder, *make_weights(folder)


@pytest.fixture(scope="module")
def inception(stand_in):
    folder, entry, _ = stand_in
    return inception_of(folder, "legacy_tensorflow", entry, batch_size=16)


def reference_of(network, images, count=None, kept=10_000, seed=0, advance=lambda count: None):
    count = len(images) if count is None else count
    origin = Origin(network.network, images_sha256(images), count, min(kept, count), seed)
    return make_reference(network, images, origin, advance)


@pytest.fixture(scope="module")
def small(inception):
    """A reference of few images: enough for everything but the FID."""
    return reference_of(inception, draw(40, seed=11, side=8), kept=30)


def frechet_by_singular_values(x: np.ndarray, y: np.ndarray) -> float:
    """The trace of the root is the sum of the singular values of X Y^T, X and Y centred and scaled."""
    a, b = ((side - side.mean(0)) / np.sqrt(len(side) - 1) for side in (x, y))
    cross = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return np.square(x.mean(0) - y.mean(0)).sum() + np.square(a).sum() + np.square(b).sum() - 2 * cross


def test_every_number_of_a_set_of_images(inception, stand_in):
    """The whole way: weights file, resize, network, moments, FID, IS, KID and neighbours."""
    made, real = draw(MADE, seed=1, side=8), draw(REAL, seed=2, side=8, spread=75)
    reference = reference_of(inception, real, kept=KEPT, seed=3)
    config = protocol(counts=[MADE], splits=10, subsets=2, neighbours=3, density_neighbours=5)
    found = feature_numbers(inception.features(made), {"train": reference}, config, CPU)

    network = stand_in[2]
    pool, probabilities = expected(network, made)
    real_pool, _ = expected(network, real)
    distance = frechet_by_singular_values(pool, real_pool)
    assert found.pop(f"fid_legacy_tensorflow_train_{MADE}") == pytest.approx(distance, rel=1e-4)

    parts = np.split(probabilities, 10)
    scores = [np.exp(stats.entropy(p.mean(0)) - stats.entropy(p, axis=1).mean()) for p in parts]
    assert found.pop(f"inception_score_legacy_tensorflow_{MADE}") == pytest.approx(np.mean(scores), rel=1e-4)
    assert found.pop(f"inception_score_sd_legacy_tensorflow_{MADE}") == pytest.approx(
        np.std(scores), rel=1e-2
    )
    assert np.mean(scores) > 2

    # Subsets as large as the sets are permutations: their draw does not matter.
    kept = reference.features
    few = pool[:KEPT]
    number = {metric: found.pop(f"{metric}_legacy_tensorflow_train_{KEPT}") for metric in METRICS}
    assert not found
    kid = kernel_distance(kept.astype(np.float64), few, num_subsets=1, max_subset_size=KEPT)
    assert number["kid"] == pytest.approx(kid, rel=1e-4) and number["kid_sd"] < 1e-6 * kid
    across = cdist(kept, few)
    radii, radii_made = (np.sort(cdist(side, side), 1) for side in (kept, few))
    assert number["precision"] == (across <= radii[:, [3]]).any(0).mean()
    assert number["recall"] == (across <= radii_made[:, 3]).any(1).mean()
    assert number["density"] == pytest.approx((across < radii[:, [5]]).sum() / (5 * KEPT))
    assert number["coverage"] == (across < radii[:, [5]]).any(1).mean()
    assert 0 < number["density"] != 1


def test_moments_of_a_reference_do_not_depend_on_what_is_in_memory(
    inception, stand_in, small, monkeypatch, tmp_path
):
    images = draw(40, seed=11, side=8)
    exact = inception.features(images).pool.astype(np.float64)
    assert small.moments.count == 40
    assert np.abs(small.moments.mean - exact.mean(0)).max() < 1e-6
    assert np.abs(small.moments.covariance - np.cov(exact, rowvar=False)).max() < 1e-6
    monkeypatch.setattr(module, "BLOCK", 7)
    np.save(tmp_path / "images.npy", images)
    counted = []
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    folder, entry, _ = stand_in
    network = inception_of(folder, "legacy_tensorflow", entry, batch_size=3, workers=2)
    blocks = reference_of(network, mapped, kept=30, advance=counted.append)
    assert blocks.origin == small.origin and sum(counted) == 40
    assert np.abs(blocks.moments.covariance - small.moments.covariance).max() < 1e-5
    assert np.abs(blocks.features - small.features).max() < 1e-5


def test_a_reference_is_drawn_by_its_seed_without_replacement(inception):
    images = draw(30, seed=12, side=8)
    pool = inception.features(images).pool

    def rows(reference):
        distances = cdist(reference.features, pool)
        assert distances.min(1).max() < 1e-3
        return distances.argmin(1)

    drawn = reference_of(inception, images, count=20, kept=15, seed=0)
    assert (drawn.moments.count, drawn.features.shape) == (20, (15, 2048))
    chosen = rows(drawn)
    assert len(set(chosen)) == 15
    # In random order, as metrics take the first so many of sets that are sorted by class.
    assert not (np.diff(chosen) > 0).all()
    again, other = (reference_of(inception, images, count=20, kept=15, seed=s) for s in (0, 1))
    assert np.array_equal(rows(again), chosen) and not np.array_equal(np.sort(rows(other)), np.sort(chosen))
    sets = [set(rows(reference_of(inception, images, count=20, kept=20, seed=s))) for s in (0, 1)]
    assert len(sets[0]) == len(sets[1]) == 20 and sets[0] != sets[1]
    assert sets[0] == set(rows(reference_of(inception, images, count=20, seed=0))) > set(chosen)
    everything = reference_of(inception, images)
    assert everything.origin.count == everything.origin.kept == 30
    assert sorted(rows(everything)) == list(range(30))
    assert everything.moments.mean == pytest.approx(pool.mean(0, dtype=np.float64), abs=1e-6)
    for count in (0, 31):
        with pytest.raises(WorkspaceError, match=f"a reference of {count} images cannot be drawn from 30"):
            reference_of(inception, images, count=count)


def test_the_origin_tells_images_apart(small):
    images = draw(40, seed=11, side=8)
    assert small.origin.images == images_sha256(images)
    other = images.copy()
    other[-1, -1, -1, -1] ^= 1
    assert len({images_sha256(a) for a in (images, other, images[::-1], images.reshape(40, 3, 4, 16))}) == 4


def test_each_number_of_samples_and_each_reference_has_its_own_names():
    """What is measured at one count, or against one reference, is never under the name of another."""
    rng = np.random.default_rng(0)
    mode = "clean"
    made = Features(rng.random((90, 8)), rng.dirichlet(np.ones(5), 90), f"{mode} 00")
    references = {
        name: Reference(moments([points]), points[:30], Origin(made.network, "00", 70, 30, 0))
        for name, points in (("train", rng.random((70, 8))), ("test", rng.random((70, 8)) + 0.1))
    }
    config = protocol(counts=[50, 90], splits=4, subsets=3, subset_size=10)
    found = feature_numbers(made, references, config, CPU)
    assert set(found) == {
        *(f"inception_score{sd}_{mode}_{n}" for sd in ("", "_sd") for n in (50, 90)),
        *(f"fid_{mode}_{name}_{n}" for name in references for n in (50, 90)),
        *(f"{metric}_{mode}_{name}_30" for metric in METRICS for name in references),
    }
    fids = [found[f"fid_{mode}_{name}_{n}"] for name in references for n in (50, 90)]
    assert len(set(fids)) == 4
    # The first so many, not any so many; and one reference does not change the numbers of another.
    first = Features(made.pool[:50], made.probabilities[:50], made.network)
    config.counts = [50]
    alone = feature_numbers(first, {"test": references["test"]}, config, CPU)
    assert len(alone) == 9 and alone == {name: found[name] for name in alone}


def test_what_cannot_be_measured_is_refused_with_the_reason(stand_in, inception, small):
    features = inception.features(draw(50, seed=14, side=8))
    with pytest.raises(WorkspaceError, match="numbers of 51 samples cannot be measured on 50: draw more"):
        feature_numbers(features, {}, protocol(counts=[51]), CPU)
    with pytest.raises(
        WorkspaceError, match="no FID of 50 samples: 2048 features have a singular covariance"
    ):
        feature_numbers(features, {"train": small}, protocol(counts=[50]), CPU)
    folder, entry, _ = stand_in
    clean = inception_of(folder, "clean", entry).features(draw(50, seed=14, side=8))
    with pytest.raises(
        WorkspaceError, match=r"samples were measured by clean .*, the reference by legacy_tens"
    ):
        feature_numbers(clean, {"train": small}, protocol(counts=[50]), CPU)
    assert set(feature_numbers(clean, {}, protocol(counts=[50]), CPU)) == {
        "inception_score_clean_50",
        "inception_score_sd_clean_50",
    }
    # Without counts nothing needs more samples than features.
    few = feature_numbers(features, {"train": small}, protocol(counts=[]), CPU)
    assert set(few) == {f"{metric}_legacy_tensorflow_train_30" for metric in METRICS}

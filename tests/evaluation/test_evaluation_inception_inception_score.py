"""The Inception Score: closed forms, scipy's entropies, and the reference code's splits."""

import numpy as np
import pytest
from scipy import stats

from ebmrepro.evaluation.inception.scores import inception_score
from ebmrepro.files.workspace import WorkspaceError


def probabilities(count: int, classes: int, seed: int, alpha: float = 0.1) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(classes, alpha), count)


@pytest.mark.parametrize("classes", [2, 1008])
def test_a_network_that_sees_no_difference_scores_one(classes):
    assert inception_score(np.full((50, classes), 1 / classes), 10) == pytest.approx((1, 0), abs=1e-9)
    # Also where it is sure of the same class everywhere.
    sure = np.zeros((50, classes))
    sure[:, 1] = 1
    assert inception_score(sure, 10) == pytest.approx((1, 0), abs=1e-12)


@pytest.mark.parametrize(("classes", "splits"), [(10, 1), (10, 10), (1008, 2)])
def test_sure_and_balanced_predictions_score_the_number_of_classes(classes, splits):
    sure = np.tile(np.eye(classes), (splits, 1))
    assert inception_score(sure, splits) == pytest.approx((classes, 0), rel=1e-12, abs=1e-9)


def test_two_kinds_of_images_in_closed_form():
    """Half of the images p = (q, 1 - q), half mirrored: exp of log 2 minus the entropy of q."""
    q = 0.9
    half = np.array([[q, 1 - q], [1 - q, q]])
    expected = 2 * q**q * (1 - q) ** (1 - q)
    assert inception_score(np.tile(half, (20, 1)), 4) == pytest.approx((expected, 0), abs=1e-12)


@pytest.mark.parametrize("splits", [1, 3, 10])
def test_against_entropies_of_scipy(splits):
    """exp(H(y) - H(y|x)) in each split; 47 images do not divide evenly."""
    p = probabilities(47, 9, seed=0)
    scores = []
    for i in range(splits):
        part = p[47 * i // splits : 47 * (i + 1) // splits]
        scores.append(np.exp(stats.entropy(part.mean(0)) - stats.entropy(part, axis=1).mean()))
    mean, sd = inception_score(p, splits)
    assert mean == pytest.approx(np.mean(scores), rel=1e-10)
    assert sd == pytest.approx(np.std(scores), rel=1e-8, abs=1e-12)


def test_against_the_formula_of_the_reference_code():
    """part * (log part - log mean part), summed over classes, averaged, exp; mean and np.std of 10 splits."""
    p = probabilities(500, 1008, seed=1, alpha=1.0)
    parts = p.reshape(10, 50, 1008)
    kl = (parts * (np.log(parts) - np.log(parts.mean(1, keepdims=True)))).sum(2).mean(1)
    assert inception_score(p, 10) == pytest.approx((np.exp(kl).mean(), np.exp(kl).std()), rel=1e-10)


def test_float32_probabilities_that_underflow_to_zero_count_as_zero():
    p = np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32)
    assert inception_score(p, 1) == pytest.approx((2, 0), abs=1e-12)


def test_order_matters_through_the_splits_alone():
    p = probabilities(100, 5, seed=2)
    shuffled = p[np.random.default_rng(3).permutation(100)]
    assert inception_score(p, 1) == pytest.approx(inception_score(shuffled, 1), rel=1e-12)
    by_class = p[np.argsort(p.argmax(1), kind="stable")]
    assert inception_score(by_class, 5)[0] < 0.8 * inception_score(p, 5)[0]


@pytest.mark.parametrize("splits", [0, 6])
def test_empty_splits_are_refused(splits):
    with pytest.raises(WorkspaceError, match=f"5 images cannot be cut into {splits} splits"):
        inception_score(probabilities(5, 3, seed=4), splits)


@pytest.mark.parametrize("bad", [[0.5, 0.4], [1.5, -0.5], [np.nan, 1.0], [3.0, 2.0]])
def test_logits_and_other_numbers_are_refused(bad):
    with pytest.raises(WorkspaceError, match="must be at least 0 and sum to 1"):
        inception_score(np.array([[0.5, 0.5], bad]), 1)

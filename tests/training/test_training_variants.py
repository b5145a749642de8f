"""Training of ensembles and conditional energies, HMC chains, and the comparison that changes nothing."""

import pytest
import torch
from prepared_parts import labelled
from test_training_resume import _equal, _run

from ebmrepro.training.checkpoint import Interrupted
from ebmrepro.training.loop import Training


@pytest.fixture(scope="module")
def coloured(micro):
    """Sixty coloured shapes, uint8 (60, 3, 16, 16), and their colours."""
    images, labels, _, _ = labelled(micro.datasets["shapes"])
    return torch.from_numpy(images[:60]), torch.from_numpy(labels["colour"][:60])


def test_each_iteration_moves_one_member_of_an_ensemble(settings, coloured):
    training = Training(settings("colour_given", "cd", "hmc"), coloured[0], 0, coloured[1])
    ensemble = training.energy
    moved = []
    for _ in range(8):
        before = [[p.clone() for p in ensemble.energies[i].parameters()] for i in range(2)]
        training.step()
        changed = [
            any(not torch.equal(p, q) for p, q in zip(ensemble.energies[i].parameters(), old, strict=True))
            for i, old in enumerate(before)
        ]
        assert sum(changed) == 1
        moved.append(changed.index(True))
    assert set(moved) == {0, 1}


@pytest.mark.parametrize("objective", ["cd", "icd"])
@pytest.mark.parametrize("sampler", ["hmc", "images"])
def test_an_interrupted_conditional_ensemble_goes_on_bit_for_bit(
    objective, sampler, settings, coloured, tmp_path
):
    changes = {"objective": {"entropy_weight": 0.0}} if (objective, sampler) == ("icd", "hmc") else {}
    chosen = settings("colour_given", objective, sampler, **changes)
    whole, first, second = (Training(chosen, coloured[0], 3, coloured[1]) for _ in range(3))
    _run(whole, tmp_path / "whole")
    with pytest.raises(Interrupted):
        _run(first, tmp_path / "stopped", after=5)
    assert first.iteration == 5
    _run(second, tmp_path / "stopped")
    _equal(second.tensors(), whole.tensors())


def test_conditions_belong_to_their_images(settings, coloured):
    training = Training(settings("colour_given", "cd", "images"), coloured[0], 0, coloured[1])
    _, given = training._batch(torch.Generator().manual_seed(0))
    index = training.batches.index(0)
    assert torch.equal(given.condition.argmax(1), coloured[1][index])
    assert (given.condition.sum(1) == 1).all()


def test_comparing_the_truncated_with_the_full_gradient_changes_nothing(settings, images, tmp_path):
    changes = {"kl_samples": 6, "entropy_after": 20}
    plain = Training(settings("conv", "icd", "images", objective=changes), images, 0)
    compared = Training(
        settings("conv", "icd", "images", objective=changes | {"compare_full": True}), images, 0
    )
    _run(plain, tmp_path / "plain")
    _run(compared, tmp_path / "compared")
    ours, theirs = plain.tensors(), compared.tensors()
    for name in set(ours) - {"log/rows"}:
        assert torch.equal(ours[name], theirs[name]), name
    # The comparison's two columns, and only where it is made.
    places = {column: 1 + place for place, column in enumerate(compared.log.columns)}
    assert places.keys() - set(plain.log.columns) == {"kl_cosine", "kl_norm_ratio"}
    shared = theirs["log/rows"][:, [0, *(places[column] for column in plain.log.columns)]]
    torch.testing.assert_close(shared, ours["log/rows"], rtol=0, atol=0, equal_nan=True)
    cosine = places["kl_cosine"]
    found = theirs["log/rows"][:, cosine]
    assert ((found > -1) & (found <= 1 + 1e-6)).all()
    # All steps of the chain carry the graph: nothing is truncated.
    full = changes | {"compare_full": True, "kl_steps": "all"}
    whole = Training(settings("conv", "icd", "images", objective=full), images, 0)
    _run(whole, tmp_path / "full")
    torch.testing.assert_close(
        whole.tensors()["log/rows"][:, cosine], torch.ones(5, dtype=torch.float64), atol=1e-5, rtol=0
    )

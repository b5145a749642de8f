"""Conditional energies and energies at given conditions."""

import pytest
import torch

from ebmrepro.energies import build_energy
from ebmrepro.energies.conditional import Given, heads, rows
from ebmrepro.params.energies.mlp import MLPEnergy


@pytest.fixture
def conditional(small):
    """A conditional energy of three classes for 8x8 images."""
    return build_energy(small(condition="label"), (1, 8, 8), 3)


CONDITION = torch.eye(3)[[0, 2, 1, 1]]
X = torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def test_every_row_has_the_energy_of_its_own_condition(conditional):
    given = Given(conditional, CONDITION)
    found = given(X)
    assert found.shape == (8,) and given.heads(X).shape == (8, 3)
    for row in range(8):
        alone = conditional(X[row : row + 1], CONDITION[row % 4 : row % 4 + 1])
        torch.testing.assert_close(found[row : row + 1], alone)
    torch.testing.assert_close(given.heads(X).sum(1), found)
    assert torch.equal(heads(given, X), given.heads(X))


def test_the_condition_matters(conditional):
    energies = torch.stack([conditional(X, torch.eye(3)[[k] * 8]) for k in range(3)])
    assert (energies[0] - energies[1]).abs().min() > 0 and (energies[1] - energies[2]).abs().min() > 0


def test_a_single_condition_is_everybodys(conditional):
    torch.testing.assert_close(Given(conditional, CONDITION[1:2])(X), conditional(X, CONDITION[[1] * 8]))


@pytest.mark.parametrize("count", [3, 5, 7])
def test_conditions_that_do_not_fit_are_refused(conditional, count):
    given = Given(conditional, CONDITION)
    for call in (given, given.heads):
        with pytest.raises(ValueError, match=f"4 conditions do not fit a batch of {count}"):
            call(X[:count])


def test_rows_take_their_conditions_along(conditional):
    given = Given(conditional, CONDITION)
    whole = given(X[:4])
    torch.testing.assert_close(rows(given, slice(0, 3))(X[:3]), whole[:3])
    torch.testing.assert_close(rows(given, slice(3, None))(X[3:4]), whole[3:])


def test_rows_of_a_shared_condition_or_of_an_unconditional_energy_change_nothing(conditional):
    shared = Given(conditional, CONDITION[:1])
    assert rows(shared, slice(2, 5)) is shared
    assert rows(conditional, slice(2, 5)) is conditional


def test_the_parameters_are_the_conditional_energys(conditional):
    given = Given(conditional, CONDITION)
    assert [id(p) for p in given.parameters()] == [id(p) for p in conditional.parameters()]
    assert len(given.state_dict()) == len(conditional.state_dict())


def test_given_follows_the_type_of_the_images(conditional):
    assert Given(conditional.double(), CONDITION)(X.double()).dtype == torch.float64


def test_an_ensemble_can_be_conditional(small):
    energy = build_energy(small(condition="label", members=2), (1, 8, 8), 3)
    given = Given(energy, CONDITION)
    members = [Given(energy.energies[k], CONDITION) for k in range(2)]
    torch.testing.assert_close(given(X), (members[0](X) + members[1](X)) / 2)
    torch.testing.assert_close(given.heads(X), (members[0].heads(X) + members[1].heads(X)) / 2)


def test_a_condition_that_the_energy_does_not_take_is_refused(conditional, small):
    with pytest.raises(ValueError, match="condition of shape"):
        conditional(X)
    with pytest.raises(ValueError, match="condition of shape"):
        conditional(X, torch.zeros(8, 2))
    with pytest.raises(ValueError, match="condition of shape None"):
        build_energy(small(), (1, 8, 8))(X, CONDITION.repeat(2, 1))


def test_classes_and_condition_belong_together(small):
    with pytest.raises(ValueError, match="conditioned on 'label': how many classes"):
        build_energy(small(condition="label"), (1, 8, 8))
    with pytest.raises(ValueError, match="without a condition has no classes"):
        build_energy(small(), (1, 8, 8), 3)
    with pytest.raises(ValueError, match="mlp energy without a condition"):
        build_energy(MLPEnergy(kind="mlp", widths=[3], condition=None), (4,), 3)

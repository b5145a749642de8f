"""What a training step costs: passes through the network counted, against what each method must do."""

import numpy as np
import pytest
import torch
from scipy import stats

from ebmrepro.params.objectives.dsm import DenoisingScoreMatching
from ebmrepro.params.objectives.ssm import SlicedScoreMatching
from ebmrepro.training.cost import seconds_ratio, step_costs
from ebmrepro.training.loop import Training

# Chains of the micro sampler `points` take K = 2 steps. CD: K forward and K backward for the chain, 2 and 2
# for the data and the chain's ends. ICD beside: kl_samples = 6 of 10 rows through the frozen energy, forward
# and backward, and the backward pass through the last step's gradient, which reaches the output once more.
K = 2


def _cost(settings, points, *names, **changes):
    (cost,) = step_costs([Training(settings(*names, **changes), points, 0)], 3, 1)
    return cost


def test_contrastive_divergence(settings, points):
    cost = _cost(settings, points, "mlp", "cd", "points")
    assert (cost.forward_passes, cost.backward_passes) == (K + 2, K + 2)
    longer = _cost(settings, points, "mlp", "cd", "points", sampler={"steps": 7})
    assert (longer.forward_passes, longer.backward_passes) == (9, 9)


def test_the_kl_term_is_counted(settings, points):
    """The replay buffer is filled first: the entropy term is on, and the chain's last step has a graph."""
    training = Training(settings("mlp", "icd", "points"), points, 0)
    (cost,) = step_costs([training], 2, 1)
    buffer = training.sampler.buffer
    assert len(buffer) == buffer.size
    assert cost.forward_passes == pytest.approx(K + 2 + 0.6)
    # In a backward pass of the chain's last step its gradient reaches every layer again, for 0.6 of a batch.
    assert cost.backward_passes == pytest.approx(K + 2 + 2 * 0.6)


@pytest.mark.parametrize(
    ("objective", "backward"),
    [
        (DenoisingScoreMatching(kind="dsm", sigma=0.15), 2),
        (SlicedScoreMatching(kind="ssm", projections=1), 3),
    ],
)
def test_score_matching_goes_backward_through_its_gradients(objective, backward, settings, points):
    """DSM: the gradient in x, and the loss through it. SSM: the gradient's product with a vector between."""
    chosen = settings("mlp", "cd", "no_chain")._replace(objective=objective)
    (cost,) = step_costs([Training(chosen, points, 0)], 3, 1)
    assert (cost.forward_passes, cost.backward_passes) == (1, backward)


@pytest.mark.parametrize("inner", [1, 4])
def test_diffusion_contrastive_divergence_has_no_chain(inner, settings, points):
    objective = {"levels": [0.0, 0.5], "inner_samples": inner}
    cost = _cost(settings, points, "mlp", "dcd", "no_chain", objective=objective)
    assert (cost.forward_passes, cost.backward_passes) == (1 + inner, 1 + inner)


def test_energies_in_time_cost_what_others_do(settings, points):
    cost = _cost(settings, points, "mlp_in_time", "dcd", "no_chain")
    assert (cost.forward_passes, cost.backward_passes) == (4, 4)


def test_images_and_energies_that_are_one_layer(settings, points, images):
    cost = _cost(settings, images, "conv", "cd", "images")
    assert (cost.forward_passes, cost.backward_passes) == (5, 5)
    cost = _cost(settings, points, "quadratic", "mle", "no_chain")
    assert (cost.forward_passes, cost.backward_passes) == (1, 1)


def test_gibbs_sweeps_and_a_gradient_in_closed_form_are_no_passes(settings):
    bits = torch.randint(0, 2, (40, 4), generator=torch.Generator().manual_seed(0)).float()
    cost = _cost(settings, bits, "rbm", "cd", "gibbs", sampler={"steps": 9})
    assert (cost.forward_passes, cost.backward_passes) == (2, 0)


def test_several_take_turns_and_keep_their_places(settings, points, monkeypatch):
    """By a clock of our own, which each step moves: seconds are medians after the warm-up."""
    trainings = [
        Training(settings("mlp", "cd", "points", sampler={"steps": k}), points, 0) for k in (2, 6, 3)
    ]
    ticks = {0: [9.0, 1.0, 5.0, 2.0], 1: [9.0, 40.0, 20.0, 30.0], 2: [9.0, 0.25, 0.5, 0.75]}
    clock, order = [0.0], []
    for number, training in enumerate(trainings):

        def step(number=number, real=training.step):
            # Only the timed rounds move the clock; the passes are counted afterwards.
            if ticks[number]:
                clock[0] += ticks[number].pop(0)
                order.append(number)
            return real()

        training.step = step
    monkeypatch.setattr("ebmrepro.training.cost.time.perf_counter", lambda: clock[0])
    costs = step_costs(trainings, 3, 1)
    assert [cost.seconds_per_step for cost in costs] == [2.0, 30.0, 0.5]
    assert order == [0, 1, 2] * 4
    assert [cost.forward_passes for cost in costs] == [4, 8, 5]
    assert [cost.metrics()["network_evaluations"] for cost in costs] == [8, 16, 10]
    assert costs[1].metrics()["seconds_per_step"] == 30
    # Turn by turn: 1/40, 5/20, 2/30.
    ratio = seconds_ratio(costs[0].seconds, costs[1].seconds)
    assert (ratio.median, ratio.turns) == (pytest.approx(2 / 30), 3)
    assert ratio.low is None and ratio.high is None, "three turns have no interval of 95 %"


@pytest.mark.parametrize("turns", [6, 10, 33])
def test_the_interval_of_a_ratio_is_that_of_the_sign_test(turns):
    """All medians that the exact sign test at 5 % does not reject, whatever the distribution."""
    rng = np.random.default_rng(turns)
    method, baseline = rng.lognormal(0.5, 1, turns), rng.lognormal(0, 1, turns)
    found, ratios = seconds_ratio(method, baseline), np.sort(method / baseline)
    assert found.median == pytest.approx(np.median(ratios), rel=1e-12)
    edges = np.concatenate([[0], ratios, [np.inf]])
    kept = [rank for rank in range(turns + 1) if stats.binomtest(rank, turns).pvalue > 0.05]
    assert (found.low, found.high) == (edges[kept[0]], edges[kept[-1] + 1])


def test_a_slow_turn_of_the_whole_machine_moves_no_ratio():
    slow = np.where(np.arange(20) % 3, 1.0, 7.0)
    found = seconds_ratio(0.25 * slow, slow)
    assert (found.median, found.low, found.high) == (0.25, 0.25, 0.25)

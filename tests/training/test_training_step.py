"""One iteration: what is logged, what the optimiser and the EMA do."""

import csv
import io
import math

import pytest
import torch

from ebmrepro.data.batches import Batches
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.machine.progress import Progress
from ebmrepro.training.checkpoint import StopSignal
from ebmrepro.training.log import TrainingLog, as_csv, columns_of
from ebmrepro.training.loop import Training


def _norm(gradients) -> float:
    return math.sqrt(sum(float(g.double().square().sum()) for g in gradients if g is not None))


def test_gradient_norms_are_those_of_the_terms(settings, points):
    """The same iteration through the objective by hand, each term differentiated on its own."""
    chosen = settings("mlp", "icd", "points")
    training, twin = Training(chosen, points, 0), Training(chosen, points, 0)
    for iteration in range(6):
        parameters = list(twin.energy.parameters())
        terms = chosen.objective.build()(twin.energy, Batches(points, 10, 0).at(iteration), twin.sampler)
        parts = {name: torch.autograd.grad(loss, parameters, allow_unused=True)
                 for name, loss in terms.losses.items()}  # fmt: skip
        logged = training.step()
        for name, gradients in parts.items():
            assert float(logged[f"gradient_norm_{name}"]) == pytest.approx(_norm(gradients), rel=1e-5)
        total = [sum(g for g in pair if g is not None) for pair in zip(*parts.values(), strict=True)]
        assert float(logged["gradient_norm"]) == pytest.approx(_norm(total), rel=1e-5)
        gap = float(terms.logged["energy_positive"] - terms.logged["energy_negative"])
        assert float(logged["energy_gap"]) == pytest.approx(gap, abs=1e-6)
        twin.energy.load_state_dict(training.energy.state_dict())
        twin.iteration += 1
    assert {"loss_cd", "loss_opt", "loss_entropy"} <= logged.keys()


@pytest.mark.parametrize("clip_norm", [None, 0.05])
def test_updates_are_adams_with_the_clipped_sum_of_gradients(clip_norm, settings, points):
    """Adam (Kingma and Ba, 2015) written out, from gradients of the NLL taken apart from the loop."""
    chosen = settings("quadratic", "mle", "no_chain", schedule={"clip_norm": clip_norm, "betas": [0.5, 0.9]})
    training = Training(chosen, points, 0)
    energy = training.energy
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in energy.parameters()]
    for iteration in range(8):
        batch = Batches(points, 10, 0).at(iteration)
        loss = energy(batch).mean() + energy.log_partition()
        gradients = torch.autograd.grad(loss, list(energy.parameters()))
        if clip_norm is not None:
            gradients = [g * min(1.0, clip_norm / _norm(gradients)) for g in gradients]
        expected = []
        for index, (p, g) in enumerate(zip(energy.parameters(), gradients, strict=True)):
            m, v = moments[index]
            moments[index] = m, v = 0.5 * m + 0.5 * g, 0.9 * v + 0.1 * g**2
            k = iteration + 1
            expected.append(p.detach() - 0.01 * (m / (1 - 0.5**k)) / ((v / (1 - 0.9**k)).sqrt() + 1e-8))
        training.step()
        held = training.optimizer.state_dict()
        for index, (p, e) in enumerate(zip(energy.parameters(), expected, strict=True)):
            # The moment too: the weights hardly see the scale of the gradients, which clipping changes.
            torch.testing.assert_close(held[f"{index}/exp_avg"], moments[index][0], atol=1e-6, rtol=1e-5)
            torch.testing.assert_close(p.detach(), e, atol=1e-6, rtol=1e-5)


def test_ema_is_the_recurrence(settings, points):
    """The average starts at the weights after the first step, then e <- 0.95 e + 0.05 w."""
    training = Training(settings("mlp", "cd", "points"), points, 0)
    average = None
    for _ in range(10):
        training.step()
        weights = [p.detach().double().clone() for p in training.energy.parameters()]
        if average is None:
            average = weights
        else:
            average = [0.95 * e + 0.05 * w for e, w in zip(average, weights, strict=True)]
        for mine, e in zip(training.model("ema").parameters(), average, strict=True):
            torch.testing.assert_close(mine.detach().double(), e, atol=1e-6, rtol=1e-5)
    assert training.model("raw") is training.energy


def test_maximum_likelihood_training_reaches_the_sample_moments(settings, points, tmp_path):
    schedule = {"iterations": 800, "batch_size": 60, "learning_rate": 0.03, "clip_norm": None}
    chosen = settings("quadratic", "mle", "no_chain", schedule=schedule)
    training = Training(chosen, points, 0)
    training.run(tmp_path / "checkpoint", StopSignal(), Progress("test", 10**9))
    energy = training.model("raw")
    torch.testing.assert_close(energy.mean.detach(), points.mean(0), atol=1e-3, rtol=0)
    covariance = torch.linalg.inv(energy.precision().detach())
    torch.testing.assert_close(covariance, torch.cov(points.T, correction=0), atol=2e-3, rtol=0)


@pytest.mark.parametrize(
    ("method", "present"),
    [
        (("quadratic", "mle", "no_chain"), {"energy_positive", "loss_nll"}),
        (
            ("mlp", "cd", "points"),
            {"energy_positive", "energy_negative", "energy_gap", "energy_size", "loss_cd", "buffer_distance"},
        ),
        (
            ("mlp", "icd", "points"),
            {"energy_positive", "energy_negative", "energy_gap", "energy_size", "loss_cd", "loss_opt"}
            | {"buffer_distance"},
        ),
    ],
)
def test_log_rows_and_columns(method, present, settings, points, tmp_path):
    training = Training(settings(*method), points, 0)
    training.run(tmp_path / "checkpoint", StopSignal(), Progress("test", 10**9))
    rows = list(csv.DictReader(io.StringIO(as_csv({7: training.log}))))
    assert list(rows[0]) == ["seed", "iteration", *columns_of(*training.settings[1:3])]
    # Every third, the first and the last.
    assert [int(row["iteration"]) for row in rows] == [0, 3, 6, 9, 11]
    assert {row["seed"] for row in rows} == {"7"}
    terms = {"mle": [], "cd": ["cd"], "icd": ["cd", "kl"]}[method[1]]
    expected = present | {"loss", "gradient_norm"} | {f"gradient_norm_{term}" for term in terms}
    filled = {key for key, value in rows[0].items() if value} - {"seed", "iteration"}
    assert filled == expected
    # The buffer holds more than 20 from the fourth iteration on.
    entropy = [bool(row["loss_entropy"]) for row in rows if "loss_entropy" in row]
    assert entropy == ([k >= 3 for k in (0, 3, 6, 9, 11)] if method[1] == "icd" else [])


def test_a_log_survives_its_state(micro):
    log, copy = (TrainingLog(micro.objectives["cd"], micro.samplers["no_chain"]) for _ in range(2))
    log.add(0, {"energy_positive": torch.tensor(1.0 / 3)})
    log.add(5, {"energy_positive": torch.tensor(math.inf), "loss_cd": torch.tensor(-2.0)})
    copy.load_state_dict(log.state_dict())
    assert as_csv({0: copy}) == as_csv({0: log})
    empty = TrainingLog(micro.objectives["cd"], micro.samplers["no_chain"])
    empty.load_state_dict(TrainingLog(micro.objectives["cd"], micro.samplers["no_chain"]).state_dict())
    assert empty.rows == []


def test_a_scalar_without_a_column_is_refused(micro):
    log = TrainingLog(micro.objectives["cd"], micro.samplers["no_chain"])
    with pytest.raises(WorkspaceError, match="objective cd logs 'loss_opt', which is not among its columns"):
        log.add(0, {"energy_positive": torch.tensor(1.0), "loss_opt": torch.tensor(1.0)})
    assert log.rows == []


def test_images_are_dequantised_anew_in_every_batch(settings, images, monkeypatch):
    seen = []
    training = Training(settings("conv", "cd", "images", schedule={"batch_size": 60}), images, 0)
    inner = training.objective

    def watch(energy, data, sampler):
        seen.append(data)
        return inner(energy, data, sampler)

    training.objective = watch
    training.step()
    training.step()
    for data in seen:
        assert data.dtype == torch.float32 and data.min() >= 0 and data.max() < 1
    levels = [(d * 256).floor().flatten(1) for d in seen]
    for one in levels:
        order = one.numpy().astype("uint8").tolist()
        assert sorted(order) == sorted(images.flatten(1).tolist())
    assert not torch.equal(seen[0].flatten().sort().values, seen[1].flatten().sort().values)

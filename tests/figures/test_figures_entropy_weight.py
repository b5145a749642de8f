"""Quality against the weight of the entropy term: seeds, means, the baseline without it, the table."""

import csv

import numpy as np
import pytest
from figures_loaded import loaded
from figures_numbers import metric
from figures_params import params_data, write_params
from figures_runs import SEEDS

from ebmrepro.files import workspace
from ebmrepro.files.workspace import FIGURES, WorkspaceError
from ebmrepro.plots import entropy_weight
from ebmrepro.shown.runs import NothingToShow, label_runs
from ebmrepro.stages import figure, table

# d T / S = 2 * 0.1^2 / (2 * 0.1), and the numbers of the others.
WEIGHTS = {"weight_0": 0.0, "weight_authors": 0.3, "weight_consistent": 0.1}


def values(run: str) -> list[float]:
    return [metric(run, seed, "test_log_likelihood") for seed in SEEDS]


def test_every_seed_is_a_point_and_the_means_lie_on_a_line(params):
    made, how = entropy_weight.draw(loaded(params, "entropy_weight", "weights"))
    (axes,) = made.axes
    points = {}
    for line in axes.lines:
        if line.get_marker() == ".":
            points[round(float(line.get_xdata()[0]), 9)] = list(line.get_ydata())
    assert points == {weight: values(run) for run, weight in WEIGHTS.items()}
    means = {container[0].get_gid(): container for container in axes.containers}
    assert means.keys() == WEIGHTS.keys()
    for run, container in means.items():
        middle, _, (bar,) = container
        assert float(middle.get_ydata()[0]) == pytest.approx(np.mean(values(run)))
        (_, low), (_, high) = bar.get_segments()[0]
        assert (high - low) / 2 == pytest.approx(np.std(values(run), ddof=1))
    joined = next(
        line for line in axes.lines if len(line.get_xdata()) == len(WEIGHTS) and line.get_marker() == "None"
    )
    assert list(joined.get_xdata()) == pytest.approx([0.0, 0.1, 0.3])
    baseline = next(line for line in axes.lines if line.get_label() == "CD")
    assert set(baseline.get_ydata()) == {np.mean(values("weight_none"))}
    # 0 has a place of its own left of all others.
    place = axes.transData.transform
    across = [place((weight, 0))[0] for weight in (0.0, 0.1, 0.3)]
    assert across == sorted(across) and across[1] - across[0] > 10
    assert "No seed diverged" in how and "0.3" in how


def test_the_table_has_the_number_that_the_word_stands_for(params):
    table.run(params, "entropy_weight")
    text = (FIGURES / params.preset / "entropy_weight.md").read_text()
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if "rings |" in line
    ]
    assert [row[1:3] for row in rows] == [
        ["CD", "–"],
        ["ICD, L_opt only", "0"],
        ["ICD, consistent", "0.1"],
        ["ICD, both KL parts", "0.3"],
        ["the data themselves", "–"],
    ]
    lines = (FIGURES / params.preset / "entropy_weight.csv").read_text().splitlines()
    records = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    written = {row["run"]: float(row["entropy_weight"]) for row in records if row["entropy_weight"]}
    assert written == pytest.approx(WEIGHTS)


def test_runs_of_several_weights_are_told_apart_by_them(params):
    data = params_data()
    data["runs"]["weight_0"]["train"]["override"] = {"objective": {"entropy_weight": 2.0}}
    changed = write_params(data)
    labels = {label.name: label.label for label in label_runs(changed, changed.runs_of("weights"))}
    assert (
        labels["weight_0"] == "ICD, entropy weight 2"
        and labels["weight_authors"] == "ICD, entropy weight 0.3"
    )
    assert labels["weight_consistent"] == "ICD, consistent"


def test_what_cannot_be_compared_is_named(params):
    runs = loaded(params, "entropy_weight", "weights")
    with pytest.raises(NothingToShow, match="share no likelihood"):
        entropy_weight.draw(runs[:1])
    path = workspace.run_file("demo", "evaluate", "weights", "weight_0", ".json")
    content = workspace.load_json(path)
    del content["switches"]["entropy_weight"]
    workspace.save_json(path, content)
    for stage, name in ((figure, "by_weight"), (table, "entropy_weight")):
        with pytest.raises(WorkspaceError, match="weight_0 do not say what was switched on"):
            stage.run(params, name)

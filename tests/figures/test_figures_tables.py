"""The numbers in the tables, computed again from the metrics."""

import csv
import statistics
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figures_numbers import DIVERGED, METRICS, metric, place
from figures_params import params_data, write_params
from figures_runs import RUNS
from figures_workspace import metrics_of

from ebmrepro.files import workspace
from ebmrepro.params.base import ParamsError
from ebmrepro.stages import table
from ebmrepro.tables.table import Table, format_mean_sd, from_markdown, mean_sd, to_markdown

FOLDER = Path("paper_figures/demo")
SHOWN = {
    "generation": METRICS["digits"][:4],
    "density": ("test_log_likelihood", "mmd_squared", "wasserstein"),
    "gaussian": ("kl", "fisher_divergence", "final_loss"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_mean_and_sample_sd_over_the_seeds_that_finished(params, name):
    table.run(params, name)
    frame = pd.read_csv(FOLDER / f"{name}.csv", comment="#").set_index("run")
    experiment = params.tables[name].experiment
    runs = [run for run in RUNS if RUNS[run].experiment == experiment]
    assert list(frame.index[frame.method.notna()]) == runs
    for run in runs:
        seeds = [seed for seed in (0, 1, 2) if seed not in DIVERGED.get(run, {})]
        for key in SHOWN[name]:
            values = np.array([metric(run, seed, key) for seed in seeds])
            assert frame.loc[run, f"{key}_mean"] == pytest.approx(values.mean(), rel=1e-12)
            assert frame.loc[run, f"{key}_sd"] == pytest.approx(values.std(ddof=1), rel=1e-12)
    assert set(frame.preset) == {"demo"}


def test_the_readable_table_shows_the_same_numbers(params):
    table.run(params, "generation")
    _, columns, rows = from_markdown((FOLDER / "generation.md").read_text())
    icd = dict(zip(columns, next(row for row in rows if row[1] == "ICD"), strict=True))
    values = [metric("digits_icd", seed, "classifier_frechet") for seed in (0, 1, 2)]
    shown = icd["Classifier Fréchet distance ↓"].split(" ± ")
    assert float(shown[0]) == pytest.approx(statistics.mean(values), abs=0.05)
    assert float(shown[1]) == pytest.approx(statistics.stdev(values), abs=0.05)
    assert icd["Seeds"] == "3"


def test_a_diverged_seed_is_named_and_left_out(params):
    table.run(params, "generation")
    for suffix, separator in ((".md", "|"), (".tex", "&")):
        text = (FOLDER / f"generation{suffix}").read_text()
        row = next(line for line in text.splitlines() if f" CD {separator}" in line)
        assert "2 of 3; seed 1 diverged at 40" in row
    records = list(csv.DictReader((FOLDER / "generation.csv").read_text().splitlines()[2:]))
    assert records[0]["diverged"] == "1@40" and records[1]["diverged"] == ""


def test_a_run_whose_seeds_all_diverged_shows_no_number(params):
    content = metrics_of(params, "digits_cd")
    for entry in content["seeds"].values():
        entry |= {"outcome": "diverged", "iteration": 3, "cause": "non-finite energy"}
    workspace.save_json(place("evaluate", "digits_cd", ".json"), content)
    table.run(params, "generation")
    _, _, rows = from_markdown((FOLDER / "generation.md").read_text())
    assert rows[0][2:6] == ["diverged"] * 4
    assert rows[0][6].startswith("0 of 3; seed 0 diverged at 3,")


def test_reference_rows_hold_the_data_sets_own_numbers(params):
    table.run(params, "generation")
    frame = pd.read_csv(FOLDER / "generation.csv", comment="#").set_index("run").loc["real images"]
    assert frame.classifier_frechet_mean == 2.5
    expected = metric("digits_cd", 2, "nearest_train_distance_of_test")
    assert frame.nearest_train_distance_mean == expected
    table.run(params, "density")
    frame = pd.read_csv(FOLDER / "density.csv", comment="#").set_index("run").loc["true density"]
    assert frame.test_log_likelihood_mean == -2.25
    assert frame.mmd_squared_mean == metric("rings_cd", 2, "mmd_squared_train_to_test")
    assert frame.wasserstein_mean == metric("rings_cd", 2, "wasserstein_train_to_test")


def test_every_form_carries_caption_scope_and_inputs(params):
    table.run(params, "generation")
    for suffix in (".md", ".csv", ".tex"):
        text = (FOLDER / f"generation{suffix}").read_text()
        assert "Numbers of generation." in text
        assert "This is the demo (scikit-learn's handwritten digits" in text
        assert "not the paper's experiment." in text and "not an Inception FID" in text.replace("an\n", "an ")
        assert "preset: demo; inputs sha256: " in text


def test_a_table_of_the_wrong_experiment_is_refused(params):
    data = params_data()
    data["tables"]["generation"]["experiment"] = "gaussian"
    with pytest.raises(
        ParamsError,
        match=r"generation shows images data, and experiment 'gaussian' has gaussian$",
    ):
        write_params(data)


@pytest.mark.parametrize(
    ("values", "mean", "sd", "text"),
    [
        ([1.0, 2.0, 4.0], 7 / 3, 1.5275252316519468, "2.3 ± 1.5"),
        ([100.0, 300.0], 200.0, 141.4213562373095, "200 ± 141"),
        ([-0.0012, -0.0014], -0.0013, 0.0001414213562373095, "−0.00130 ± 0.00014"),
        ([5.0], 5.0, None, "5"),
        ([None, 5.0, float("nan"), float("inf")], 5.0, None, "5"),
        ([2.0, 2.0], 2.0, 0.0, "2 ± 0"),
        ([], None, None, "–"),
    ],
)
def test_mean_sd_and_its_text(values, mean, sd, text):
    found = mean_sd(values)
    assert found == (
        None if mean is None else pytest.approx(mean, rel=1e-12),
        None if sd is None else pytest.approx(sd, rel=1e-9),
    )
    assert format_mean_sd(*found) == text


def test_markdown_survives_a_round_trip():
    made = Table(["a|b", "c"], [["x | y", "1 ± 2"], ["", "<z>"]], [])
    text = to_markdown(made, "A <caption> with & signs", "note")
    assert from_markdown(text) == ("A <caption> with & signs", made.columns, made.rows)
    with pytest.raises(ValueError, match="not a table"):
        from_markdown("# Some other file\n\ntext\n")

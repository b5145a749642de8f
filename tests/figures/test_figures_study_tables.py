"""Tables of the ablation, stability, compositions and detection, computed again from the files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figures_measured import CHANCE, EXPRESSIONS, composed_file, detected_file
from figures_numbers import DIVERGED, metric, place
from figures_params import OOD_SETS, params_data, write_params
from figures_runs import RUNS, SEEDS

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.stages import table
from ebmrepro.tables.table import from_markdown

FOLDER = Path("paper_figures/demo")


def written(name: str) -> tuple[list[dict], pd.DataFrame]:
    """Rows of the readable table and the unrounded records."""
    _, columns, rows = from_markdown((FOLDER / f"{name}.md").read_text())
    return [dict(zip(columns, row, strict=True)) for row in rows], pd.read_csv(
        FOLDER / f"{name}.csv", comment="#"
    )


def test_ablation_says_what_was_on_and_off(params):
    table.run(params, "ablation")
    rows, frame = written("ablation")
    switches = [tuple(row[key] for key in ("KL term", "Augmentation", "Multi-scale")) for row in rows]
    assert switches == [
        ("no", "no", "no"),
        ("yes", "yes", "no"),
        ("no", "yes", "yes"),
        ("yes", "yes", "yes"),
        ("real images", "–", "–"),
    ]
    for run in (run for run in RUNS if RUNS[run].experiment == "ablation"):
        values = [metric(run, seed, "classifier_frechet") for seed in SEEDS]
        record = frame.set_index("run").loc[run]
        assert record.classifier_frechet_mean == pytest.approx(np.mean(values), rel=1e-12)
        assert record.classifier_frechet_sd == pytest.approx(np.std(values, ddof=1), rel=1e-12)
        assert record.iterations_survived_mean == 60


@pytest.mark.parametrize(
    ("weights", "word"), [({"kl_weight": 0.0}, "L_ent only"), ({"entropy_weight": 0.0}, "L_opt only")]
)
def test_half_a_kl_term_is_called_so(params, weights, word):
    data = params_data()
    data["runs"]["ablation_full"]["train"]["override"] = {"objective": weights}
    changed = write_params(data)
    path = place("evaluate", "ablation_full", ".json")
    half = {"kl": "ent" if "kl_weight" in weights else "opt"}
    content = workspace.load_json(path)
    workspace.save_json(path, content | {"switches": content["switches"] | half})
    table.run(changed, "ablation")
    assert written("ablation")[0][3]["KL term"] == word


def test_stability_counts_diverged_seeds(params):
    table.run(params, "stability")
    rows, frame = written("stability")
    ends = list(DIVERGED["arch_attn_norm_free_cd"].values())
    without, with_kl = rows
    assert (without["Attention"], without["Normalisation"]) == ("yes", "yes")
    assert (without["Spectral norm"], without["KL term"], with_kl["KL term"]) == ("no", "no", "yes")
    assert frame.iterations_survived_mean[0] == pytest.approx(np.mean(ends))
    assert frame.iterations_survived_sd[0] == pytest.approx(np.std(ends, ddof=1))
    assert without["Iterations survived ↑"] == "30 ± 10"
    assert (without["Seeds alive"], with_kl["Seeds alive"]) == ("0 of 3", "3 of 3")
    assert without["Died"] == "energy above the limit: seed 0 at 20, seed 1 at 30, seed 2 at 40"
    assert (with_kl["Iterations survived ↑"], with_kl["Died"]) == ("60 ± 0", "–")
    assert (without["Median survived ↑"], with_kl["Median survived ↑"]) == ("30", "> 60")
    # These logs are of before the distance was measured.
    assert without["Buffer from data ↓"] == "–"
    assert [*frame.median_survived.fillna(-1)] == [30, -1] and [*frame.died] == [3, 0]


def test_stability_names_a_collapse_and_when(params):
    path = place("evaluate", "arch_attn_norm_free_icd", ".json")
    content = workspace.load_json(path)
    for seed, at in (("0", 20), ("2", 50)):
        content["seeds"][seed] |= {"collapsed": at}
        content["seeds"][seed]["metrics"]["iterations_survived"] = float(at)
    workspace.save_json(path, content)
    table.run(params, "stability")
    rows, frame = written("stability")
    assert rows[1]["Died"] == "collapsed: seed 0 at 20, seed 2 at 50"
    assert (rows[1]["Seeds alive"], rows[1]["Median survived ↑"]) == ("1 of 3", "50")
    # Its model is measured like others: it has not diverged.
    assert frame.died[1] == 2 and pd.isna(frame.diverged[1])


def test_metrics_that_do_not_say_what_was_on_are_refused(params):
    path = place("evaluate", "ablation_base", ".json")
    content = workspace.load_json(path)
    del content["switches"]
    workspace.save_json(path, content)
    with pytest.raises(WorkspaceError, match="ablation_base do not say what was switched on"):
        table.run(params, "ablation")


def test_composition_shows_accuracy_beside_chance(params):
    table.run(params, "composition")
    rows, frame = written("composition")
    content = workspace.load_json(composed_file(".json"))
    assert [row["Expression"] for row in rows] == list(EXPRESSIONS.values())
    for row, key in zip(rows, EXPRESSIONS, strict=True):
        # Seed 2 diverged.
        values = [content["seeds"][str(seed)]["metrics"][f"accuracy_{key}"] for seed in (0, 1)]
        record = frame.set_index("expression").loc[key]
        assert record.accuracy_mean == pytest.approx(np.mean(values), rel=1e-12)
        assert record.accuracy_sd == pytest.approx(np.std(values, ddof=1), rel=1e-12)
        assert record.chance == CHANCE[key]
        assert row["Chance"] == f"{CHANCE[key]:.3f}"
        assert row["Seeds"] == "2 of 3; seed 2 diverged at 10"


def test_a_composition_of_diverged_models_shows_no_number(params):
    content = workspace.load_json(composed_file(".json"))
    for entry in content["seeds"].values():
        entry |= {"outcome": "diverged", "iteration": 7, "cause": "non-finite energy"}
    workspace.save_json(composed_file(".json"), content)
    table.run(params, "composition")
    rows, frame = written("composition")
    assert {row["Composition accuracy ↑"] for row in rows} == {"diverged"}
    assert frame.accuracy_mean.isna().all()


def test_ood_shows_both_measures_of_every_run_against_every_set(params):
    table.run(params, "ood")
    rows, frame = written("ood")
    content = workspace.load_json(detected_file(".json"))
    assert [(row["Out of distribution"], row["Method"]) for row in rows] == [
        (name, method) for name in OOD_SETS for method in ("CD", "ICD", "DCD, time-dependent")
    ]
    frame = frame.set_index(["set", "run"])
    for name in OOD_SETS:
        for run, seeds in (("digits_cd", (0, 2)), ("digits_icd", (0, 1, 2))):
            for what in ("auroc", "fpr95"):
                found = content["runs"][run]["seeds"]
                values = [found[str(seed)]["metrics"][f"ood_{what}_{name}"] for seed in seeds]
                record = frame.loc[name, run]
                assert record[f"{what}_mean"] == pytest.approx(np.mean(values), rel=1e-12)
                assert record[f"{what}_sd"] == pytest.approx(np.std(values, ddof=1), rel=1e-12)
    assert rows[0]["Seeds"] == "2 of 3; seed 1 diverged at 40"

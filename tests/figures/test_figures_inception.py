"""Tables of Inception's numbers and of protocols, computed again from the files."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figures_params import params_data, write_params

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.root import Params
from ebmrepro.stages import table
from ebmrepro.tables.table import from_markdown

FOLDER = Path("paper_figures/demo")
COUNTS, KEPT = (10_000, 50_000), {"train": 10_000, "test_faces": 300}
MODES = {"clean": "clean", "legacy_tensorflow": "legacy TensorFlow"}
NEIGHBOURS = ("kid", "precision", "recall", "density", "coverage")
RULER = {
    "weights": "weights", "sha256": {}, "modes": list(MODES), "kept": 10_000, "batch_size": 50,
    "references": {"train": {"split": "train", "count": 10_000},
                   "test_faces": {"split": "test", "count": None}},
}  # fmt: skip
EVALUATION = {
    "kind": "inception", "counts": list(COUNTS), "splits": 10, "subsets": 100, "subset_size": 1000,
    "neighbours": 3, "density_neighbours": 5, "seed": 0, "shown_neighbours": 8, "likelihood": None,
}  # fmt: skip
TABLES = {
    "faces": ("inception", "faces"),
    "protocols": ("protocols", "faces"),
    "digits": ("protocols", "digits"),
}
# Seed 2 of the first run diverged, and every seed of the last.
DIVERGED = {"faces_cd": {2: 400}, "faces_icd": {}, "faces_dcd": {0: 3, 1: 4, 2: 5}}
LIKELIHOOD = ("bits_per_dimension", "log_partition_error", "log_weight_effective_size", "test_log_likelihood")


def value(*what) -> float:
    """An invented number, another for everything."""
    return 1 + sum((i + 1) * ord(c) for i, c in enumerate(" ".join(map(str, what)))) % 9973 / 97


def names(bits: bool) -> list[str]:
    found = [f"inception_score{sd}_{mode}_{n}" for sd in ("", "_sd") for mode in MODES for n in COUNTS]
    for mode in MODES:
        for reference, kept in KEPT.items():
            found += [f"fid_{mode}_{reference}_{count}" for count in COUNTS]
            found += [f"{ruler}_{mode}_{reference}_{kept}" for ruler in (*NEIGHBOURS, "kid_sd")]
    return [*found, "pairwise_distance_ratio", *(LIKELIHOOD if bits else ()), "iterations_survived"]


def seeds_of(item: str, run: str, metrics: list[str]) -> dict:
    seeds = {}
    for seed in (0, 1, 2):
        at = DIVERGED.get(run, {}).get(seed)
        end = {"outcome": "finished", "iterations": 900}
        if at is not None:
            end = {"outcome": "diverged", "iteration": at, "cause": "non-finite energy"}
        seeds[str(seed)] = {"metrics": {name: value(item, seed, name) for name in metrics}, **end}
    return seeds


def write_run(run: str, metrics: list[str]) -> None:
    content = {"run": run, "reference": {}, "seeds": seeds_of(run, run, metrics)}
    workspace.save_json(workspace.run_file("demo", "evaluate", "faces", run, ".json"), content)


def write_protocol(params: Params, name: str, metrics: list[str], experiment: str = "faces") -> None:
    entry = params.protocols[name]
    content = {
        "protocol": name, "run": entry.run, "experiment": experiment, "dataset": entry.dataset,
        "kind": "inception", "source": entry.source,
        "generation": params.generations[entry.generation].model_dump(mode="json"),
        "seeds": seeds_of(name, entry.run, metrics),
    }  # fmt: skip
    workspace.save_json(workspace.run_file("demo", "resample", experiment, name, ".json"), content)


@pytest.fixture
def faces(tmp_path, monkeypatch) -> Params:
    """Runs on a folder of images, their protocols, and what was measured of both."""
    monkeypatch.chdir(tmp_path)
    data = params_data()
    data["datasets"]["faces"] = {
        "kind": "image_folder", "source": "pictures", "seed": 0, "size": 32, "channels": 3, "limit": None,
        "test_fraction": 0.1, "corrupt": "stop", "inception": RULER,
        "classifier": {"epochs": 1, "batch_size": 64, "width": 8, "minimum_accuracy": 0.5},
    }  # fmt: skip
    data["evaluations"]["faces"] = EVALUATION
    many = data["generations"]["images"] | {"samples": 50_000}
    rounds = {"weights": "ema", "rounds": 30, "steps": 20, "final_steps": 40, "step_size": 10.0}
    data["generations"] |= {
        "many": many,
        "many_in_time": data["generations"]["annealed"] | {"samples": 50_000},
        "thirty_rounds": many | rounds,
        "raw_weights": many | {"weights": "raw", "rounds": 50, "steps": 10, "step_size": 100.0},
    }
    for run in DIVERGED:
        entry = data["runs"][run.replace("faces", "digits")]
        data["runs"][run] = entry | {
            "experiment": "faces", "dataset": "faces", "evaluate": {"evaluation": "faces"},
            "sample": {"generation": "many_in_time" if run == "faces_dcd" else "many"},
        }  # fmt: skip
    of_faces = {"experiment": "faces", "dataset": "faces", "evaluation": "faces"}
    data["protocols"] = {
        "first_answer": of_faces | {"run": "faces_icd", "generation": "thirty_rounds", "source": "issue 13"},
        "second_answer": of_faces | {"run": "faces_icd", "generation": "raw_weights", "source": "issue 14"},
        "in_time": of_faces | {"run": "faces_dcd", "generation": "many_in_time", "source": "DCD"},
        "digits_raw": {"experiment": "digits", "dataset": "digits", "evaluation": "images",
                       "run": "digits_icd", "generation": "images", "source": "this project"},
    }  # fmt: skip
    for name, (kind, experiment) in TABLES.items():
        shown = {"kind": kind, "experiment": experiment, "caption": f"Numbers of {name}"}
        data["tables"][name] = shown
    params = write_params(data)
    for run in DIVERGED:
        write_run(run, names(bits=run == "faces_icd"))
    for name in ("first_answer", "second_answer", "in_time"):
        write_protocol(params, name, names(bits=False))
    return params


def written(name: str) -> tuple[list[dict], pd.DataFrame]:
    """Rows of the readable table and the unrounded records."""
    _, columns, rows = from_markdown((FOLDER / f"{name}.md").read_text())
    assert len(set(columns)) == len(columns)
    frame = pd.read_csv(FOLDER / f"{name}.csv", comment="#")
    return [dict(zip(columns, row, strict=True)) for row in rows], frame


def expected(item: str, name: str, seeds=(0, 1, 2)) -> tuple[float, float]:
    values = [value(item, seed, name) for seed in seeds]
    return np.mean(values), np.std(values, ddof=1)


def test_numbers_stand_by_resize_and_reference_each_count_in_its_own_column(faces):
    table.run(faces, "faces")
    rows, frame = written("faces")
    references = {"train": "train", "test_faces": "test faces"}
    assert [(row["Resize"], row["Reference"], row["Method"]) for row in rows] == [
        (MODES[mode], references[reference], method)
        for mode in MODES
        for reference in sorted(KEPT)
        for method in ("CD", "ICD", "DCD, time-dependent")
    ]
    frame = frame.set_index(["mode", "reference", "run"])
    for mode in MODES:
        for reference, kept in KEPT.items():
            for run, seeds in (("faces_cd", (0, 1)), ("faces_icd", (0, 1, 2))):
                record = frame.loc[mode, reference, run]
                wanted = {f"fid_{n}": f"fid_{mode}_{reference}_{n}" for n in COUNTS}
                wanted |= {f"inception_score_{n}": f"inception_score_{mode}_{n}" for n in COUNTS}
                wanted |= {f"{ruler}_{kept}": f"{ruler}_{mode}_{reference}_{kept}" for ruler in NEIGHBOURS}
                for key, metric in wanted.items():
                    found = record[f"{key}_mean"], record[f"{key}_sd"]
                    assert found == pytest.approx(expected(run, metric, seeds), rel=1e-12), metric
                # Numbers of 300 images are not in the column of those of 10,000.
                other = next(n for name, n in KEPT.items() if name != reference)
                assert np.isnan(record[f"kid_{other}_mean"])
    head = rows[0]
    assert {"FID ↓ (10,000)", "FID ↓ (50,000)", "Inception Score ↑ (10,000)", "KID ↓ (300)"} <= set(head)
    assert not any("sd" in name for name in head)


def test_the_readable_cells_are_those_of_their_heading(faces):
    table.run(faces, "faces")
    rows, _ = written("faces")
    row = next(
        r for r in rows if (r["Resize"], r["Reference"], r["Method"]) == ("clean", "test faces", "ICD")
    )
    for heading, name in (
        ("FID ↓ (10,000)", "fid_clean_test_faces_10000"),
        ("FID ↓ (50,000)", "fid_clean_test_faces_50000"),
        ("Inception Score ↑ (50,000)", "inception_score_clean_50000"),
        ("Coverage ↑ (300)", "coverage_clean_test_faces_300"),
        ("Bits per dimension ↓", "bits_per_dimension"),
        ("Effective chains of log Z", "log_weight_effective_size"),
        ("Pairwise distance / test's", "pairwise_distance_ratio"),
    ):
        mean, sd = (float(part) for part in row[heading].split(" ± "))
        assert (mean, sd) == pytest.approx(expected("faces_icd", name), rel=0.05)
    assert row["Coverage ↑ (10,000)"] == "–"
    assert row["Seeds"] == "3"


def test_a_diverged_seed_is_named_and_left_out(faces):
    table.run(faces, "faces")
    rows, _ = written("faces")
    cd, icd, dcd = rows[:3]
    assert cd["Seeds"] == "2 of 3; seed 2 diverged at 400" and dcd["Seeds"].startswith("0 of 3; seed 0 diver")
    assert dcd["FID ↓ (10,000)"] == "diverged" and re.match(r"\d", cd["FID ↓ (10,000)"])
    assert cd["Bits per dimension ↓"] == "–" and re.match(r"\d", icd["Bits per dimension ↓"])


def test_a_table_without_any_such_number_is_refused(faces):
    for run in DIVERGED:
        write_run(run, ["pairwise_distance_ratio"])
    with pytest.raises(
        WorkspaceError, match="table faces: no run of the experiment was measured by Inception"
    ):
        table.run(faces, "faces")


def test_protocols_stand_side_by_side_with_what_tells_them_apart(faces):
    table.run(faces, "protocols")
    rows, frame = written("protocols")
    assert [row["Protocol"] for row in rows] == 4 * ["first answer", "second answer", "in time"]
    first, second, timed = rows[:3]
    assert (first["Resize"], first["Reference"], first["Method"]) == ("clean", "test faces", "ICD")
    keys = ("Who samples so", "Weights", "Rounds", "Steps", "Final steps", "Step size", "Samples")
    assert [first[key] for key in keys] == ["issue 13", "EMA", "30", "20", "40", "10.0", "50,000"]
    assert [second[key] for key in keys[:4]] == ["issue 14", "raw", "50", "10"]
    assert second["Step size"] == "100.0" and timed["Rounds"] == "–" and timed["Final steps"] == "–"
    assert timed["FID ↓ (10,000)"] == "diverged" and timed["Seeds"].startswith("0 of 3")
    frame = frame.set_index(["mode", "reference", "protocol"])
    for mode in MODES:
        for reference in KEPT:
            for name in ("first_answer", "second_answer"):
                record, metric = frame.loc[mode, reference, name], f"fid_{mode}_{reference}_50000"
                assert record.fid_50000_mean == pytest.approx(expected(name, metric)[0], rel=1e-12)
                assert record.weights == ("ema" if name == "first_answer" else "raw")


def test_protocols_without_inception_show_their_own_rulers(faces):
    write_protocol(faces, "digits_raw", ["classifier_frechet", "effective_classes", "final_loss"], "digits")
    table.run(faces, "digits")
    ((row,), frame) = written("digits")
    assert "Resize" not in row and "mode" not in frame
    assert row["Method"] == "ICD" and row["Protocol"] == "digits raw"
    mean, _ = expected("digits_raw", "classifier_frechet")
    assert float(row["Classifier Fréchet distance ↓"].split(" ± ")[0]) == pytest.approx(mean, rel=0.05)
    assert frame.effective_classes_mean[0] == pytest.approx(expected("digits_raw", "effective_classes")[0])
    assert "W₂ ↓" not in row
    text = (FOLDER / "digits.md").read_text()
    assert "Inception" not in text and "no ranking" in text


def test_protocols_that_show_no_number_or_another_run_are_refused(faces):
    write_protocol(faces, "digits_raw", ["final_loss"], "digits")
    with pytest.raises(WorkspaceError, match="table digits: the experiment has no protocol with a number"):
        table.run(faces, "digits")
    path = workspace.run_file("demo", "resample", "digits", "digits_raw", ".json")
    workspace.save_json(path, workspace.load_json(path) | {"run": "faces_cd"})
    with pytest.raises(
        WorkspaceError, match="digits_raw was made with faces_cd: run `ebm resample digits_raw`"
    ):
        table.run(faces, "digits")


def test_both_notes_say_what_cannot_be_compared(faces):
    for name in ("faces", "protocols"):
        table.run(faces, name)
        text = (FOLDER / f"{name}.md").read_text()
        assert "with different numbers of samples, resizes or references cannot be compared" in text
        assert "log Z by annealed importance sampling is too small on average" in text

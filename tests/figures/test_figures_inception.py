"""Tables of Inception's numbers and of protocols, computed again from the files."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figures_faces import (
    COUNTS,
    DIVERGED,
    KEPT,
    MODES,
    NEIGHBOURS,
    value,
    write_faces,
    write_protocol,
    write_run,
)

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.root import Params
from ebmrepro.stages import table
from ebmrepro.tables.table import from_markdown

FOLDER = Path("paper_figures/demo")


@pytest.fixture
def faces(tmp_path, monkeypatch) -> Params:
    """Runs on a folder of images, their protocols, and what was measured of both."""
    monkeypatch.chdir(tmp_path)
    return write_faces()


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
                wanted |= {f"{metric}_{kept}": f"{metric}_{mode}_{reference}_{kept}" for metric in NEIGHBOURS}
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


def test_protocols_without_inception_show_their_own_metrics(faces):
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

"""Equal inputs give equal bytes, in any process; one changed number gives others."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from figures_measured import compared_file, composed_file, denoised_file, detected_file
from figures_numbers import place
from figures_params import params_data, write_params
from figures_runs import FIGURES, TABLES
from figures_workspace import write_log, write_status
from PIL import Image

from ebmrepro.files import workspace
from ebmrepro.stages import figure, table

FOLDER = Path("paper_figures/demo")


def drawn(name: str) -> list[str]:
    return [workspace.file_sha256(FOLDER / f"{name}{suffix}") for suffix in (".pdf", ".png")]


def written(name: str) -> list[str]:
    return [workspace.file_sha256(FOLDER / f"{name}{suffix}") for suffix in (".md", ".csv", ".tex")]


def test_another_process_with_another_hash_seed_writes_the_same_bytes(params):
    figure.run(params, "gap")
    first = drawn("gap")
    for seed in ("1", "2"):
        for path in FOLDER.glob("gap.*"):
            path.unlink()
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": f"UTC+{seed}", "SOURCE_DATE_EPOCH": seed}
        subprocess.run([sys.executable, "-m", "ebmrepro", "figure", "gap"], check=True, env=environment)
        assert drawn("gap") == first


def test_the_machines_own_matplotlib_settings_do_not_count(params):
    figure.run(params, "gap")
    first = drawn("gap")
    Path("matplotlibrc").write_text(
        "font.size: 20\nlines.linewidth: 9\nsavefig.dpi: 30\nsavefig.bbox: tight\n"
    )
    subprocess.run([sys.executable, "-m", "ebmrepro", "figure", "gap"], check=True)
    assert drawn("gap") == first


def shift_array(path: Path, name: str, by: float = 1) -> None:
    arrays, about = workspace.load_tensors(path)
    changed = arrays[name].copy()
    # 8-bit levels that are at their end go the other way.
    changed.flat[0] += -by if changed.dtype == np.uint8 and changed.flat[0] == 255 else by
    workspace.save_tensors(path, arrays | {name: changed}, about)


CHANGES = {
    "gap": lambda: write_log("digits_cd", change=0.01),
    "norms": lambda: write_status(
        "digits_icd", place("train", "digits_icd", ".csv").read_text().replace(",0.3,", ",0.4,", 1)
    ),
    "survival": lambda: die("arch_attn_norm_free_icd", 2, 35),
    "swept": lambda: [die("ablation_full", seed, 20 + seed) for seed in (0, 1)],
    "deaths": lambda: write_log("digits_cd", change=0.1),
    "cosine": lambda: write_log("digits_truncated", change=0.01),
    "grid": lambda: shift_array(place("sample", "digits_icd", ".safetensors"), "0/samples"),
    "strip": lambda: shift_array(place("sample", "digits_icd", ".safetensors"), "0/strip"),
    # A single pixel would not move a line by a pixel: all chains of a frame become one.
    "separation": lambda: merge_chains("digits_icd", "2/long_without", 3),
    "long": lambda: shift_array(place("sample", "digits_icd", ".safetensors"), "0/long_with"),
    "panels": lambda: shift_array(place("evaluate", "rings_icd", ".safetensors"), "0/log_density"),
    "neighbours": lambda: shift_array(place("evaluate", "digits_cd", ".safetensors"), "0/nearest_train"),
    "composed": lambda: flip(composed_file(".safetensors"), "0/red_square/correct"),
    "losses": lambda: write_log("report_icd", change=0.01),
    "weights": lambda: shift_array(place("evaluate", "bas_wake_sleep", ".safetensors"), "0/filters"),
    "sweeps": lambda: shift_array(place("evaluate", "bas_rbm_ml", ".safetensors"), "0/reconstructions", -0.2),
    "cleaned": lambda: shift_array(denoised_file(".safetensors"), "digits_icd/0/denoised_0_3"),
    "cost": lambda: shift_number(
        compared_file(), ("runs", "rings_cdk", "seeds", "1", "metrics", "seconds_per_step"), 0.001
    ),
    "by_weight": lambda: shift_number(
        place("evaluate", "weight_none", ".json"), (*SEED, "test_log_likelihood"), 0.1
    ),
    "histograms": lambda: shift_array(detected_file(".safetensors"), "digits_cd/0/histogram/shapes"),
}


def shift_number(path: Path, keys: tuple[str, ...], by: float = 1) -> None:
    content = workspace.load_json(path)
    node = content
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] += by
    workspace.save_json(path, content)


def die(run: str, seed: int, at: int) -> None:
    """A seed that finished diverged instead."""
    path = place("train", run, ".json")
    status = workspace.load_json(path)
    status["seeds"][str(seed)] = {"outcome": "diverged", "iteration": at, "cause": "non-finite energy"}
    workspace.save_json(path, status)


def merge_chains(run: str, name: str, frame: int) -> None:
    path = place("sample", run, ".safetensors")
    arrays, about = workspace.load_tensors(path)
    changed = arrays[name].copy()
    changed[frame] = changed[frame][:, :1]
    workspace.save_tensors(path, arrays | {name: changed}, about)


def flip(path: Path, name: str) -> None:
    arrays, about = workspace.load_tensors(path)
    changed = arrays[name].copy()
    changed[0] = not changed[0]
    workspace.save_tensors(path, arrays | {name: changed}, about)


def pixels(name: str) -> np.ndarray:
    with Image.open(FOLDER / f"{name}.png") as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("name", FIGURES)
def test_equal_inputs_give_equal_bytes_and_one_changed_number_another_picture(reported, name):
    first, picture = drawn(name), pixels(name)
    figure.run(reported, name)
    assert drawn(name) == first
    CHANGES[name]()
    figure.run(reported, name)
    assert all(new != old for new, old in zip(drawn(name), first, strict=True))
    assert not np.array_equal(pixels(name), picture)


# The file of one number of each table, and where in it that number is.
SEED = ("seeds", "2", "metrics")
MEASURED = {
    "entropy_weight": (lambda: place("evaluate", "weight_none", ".json"), (*SEED, "test_log_likelihood")),
    "generation": (lambda: place("evaluate", "digits_icd", ".json"), (*SEED, "classifier_frechet")),
    "density": (lambda: place("evaluate", "rings_cd", ".json"), (*SEED, "mmd_squared")),
    "gaussian": (lambda: place("evaluate", "gaussian_mle", ".json"), (*SEED, "kl")),
    "ablation": (lambda: place("evaluate", "ablation_full", ".json"), (*SEED, "effective_classes")),
    "stability": (
        lambda: place("evaluate", "arch_attn_norm_free_cd", ".json"),
        (*SEED, "iterations_survived"),
    ),
    # Seed 2 of the composition diverged and is not in the mean.
    "composition": (lambda: composed_file(".json"), ("seeds", "1", "metrics", "accuracy_red_square")),
    "binary": (lambda: place("evaluate", "digits_rbm_cd", ".json"), (*SEED, "log_partition_error")),
    "denoising": (lambda: denoised_file(".json"), ("runs", "digits_dcd", *SEED, "denoise_ssim_0_3")),
    "methods": (compared_file, ("runs", "report_cd", *SEED, "fisher_divergence")),
    "ood": (lambda: detected_file(".json"), ("runs", "digits_icd", *SEED, "ood_fpr95_uniform")),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_stable_and_follow_their_numbers(reported, name):
    first = written(name)
    table.run(reported, name)
    assert written(name) == first
    path, keys = MEASURED[name]
    shift_number(path(), keys)
    table.run(reported, name)
    assert all(new != old for new, old in zip(written(name), first, strict=True))


def test_metadata_name_preset_and_inputs_and_no_date(params):
    figure.run(params, "gap")
    with Image.open(FOLDER / "gap.png") as image:
        text = dict(image.text)
    assert set(text) == {"Title", "Description"}
    assert text["Description"].startswith("preset: demo; inputs sha256: ")
    assert len(text["Description"].rsplit(" ", 1)[1]) == 64
    pdf = (FOLDER / "gap.pdf").read_bytes()
    assert text["Description"].encode() in pdf
    assert not any(word in pdf for word in (b"CreationDate", b"ModDate", b"Producer", b"Creator"))
    # Type 42 embeds the font's outlines as TrueType; Type 3 is what journals refuse.
    assert b"/FontFile2" in pdf and b"/Type3" not in pdf


def test_neither_seeds_nor_machine_that_a_figure_does_not_show_change_it(params):
    figure.run(params, "gap")
    figure.run(params, "grid")
    first = drawn("gap") + drawn("grid")
    status = workspace.load_json(place("train", "digits_cd", ".json"))
    workspace.save_json(place("train", "digits_cd", ".json"), status | {"environment": {"device": "other"}})
    shift_array(place("sample", "digits_icd", ".safetensors"), "2/samples")
    figure.run(params, "gap")
    figure.run(params, "grid")
    assert drawn("gap") + drawn("grid") == first


def test_a_changed_caption_changes_the_figure(params):
    figure.run(params, "gap")
    first = drawn("gap")
    data = params_data()
    data["figures"]["gap"]["caption"] = "Another caption"
    figure.run(write_params(data), "gap")
    assert all(new != old for new, old in zip(drawn("gap"), first, strict=True))

"""Denoised images and their table are what stage denoise wrote."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figures_loaded import loaded
from figures_measured import denoised_file
from figures_numbers import DIVERGED
from figures_params import NOISE

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.plots import denoised
from ebmrepro.plots.images import tile
from ebmrepro.shown.loaders.denoise import noise_key
from ebmrepro.shown.runs import NothingToShow
from ebmrepro.stages import figure, table
from ebmrepro.tables.table import from_markdown

RUNS = ("digits_cd", "digits_icd", "digits_dcd")


def tag(noise: float) -> str:
    return str(noise).replace(".", "_")


def test_rows_are_clean_noisy_and_every_run_at_each_noise(params):
    panels = denoised.draw([loaded(params, "denoised", "digits")[0]])[0].axes
    arrays, _ = workspace.load_tensors(denoised_file(".safetensors"))
    content = workspace.load_json(denoised_file(".json"))
    for axes, noise in zip(panels, NOISE, strict=True):
        names = ["clean", f"noisy_{tag(noise)}", *(f"{run}/0/denoised_{tag(noise)}" for run in RUNS)]
        rows = np.concatenate([arrays[name] for name in names])
        assert np.array_equal(axes.images[0].get_array(), tile(rows, 6))
        key = f"denoise_psnr_{tag(noise)}"
        expected = ["clean", f"noisy\n{content['reference']['noisy'][key]:.1f} dB"]
        for run, label in zip(RUNS, ("CD", "ICD", "DCD, time-dependent"), strict=True):
            expected.append(f"{label}\n{content['runs'][run]['seeds']['0']['metrics'][key]:.1f} dB")
        assert [text.get_text() for text in axes.get_yticklabels()] == expected
        assert axes.get_title(loc="left") == f"noisy digits: noise {noise}"


def test_without_a_denoising_there_is_nothing_to_show():
    with pytest.raises(NothingToShow, match="has no denoising"):
        denoised.draw([])


def test_damaged_and_older_files_are_named(params):
    arrays, about = workspace.load_tensors(denoised_file(".safetensors"))
    del arrays["noisy_0_3"]
    workspace.save_tensors(denoised_file(".safetensors"), arrays, about)
    with pytest.raises(WorkspaceError, match=r"noisy_digits\.safetensors has no noisy_0_3"):
        figure.run(params, "cleaned")
    content = workspace.load_json(denoised_file(".json"))
    del content["runs"]["digits_dcd"]
    workspace.save_json(denoised_file(".json"), content)
    for stage, name in ((figure, "cleaned"), (table, "denoising")):
        with pytest.raises(WorkspaceError, match=r"without digits_dcd: run `ebm denoise noisy_digits`"):
            stage.run(params, name)


def test_the_table_has_every_noise_run_and_reference(params):
    table.run(params, "denoising")
    text = Path("paper_figures/demo/denoising.md").read_text(encoding="utf-8")
    _, columns, rows = from_markdown(text)
    assert [(row[1], row[2]) for row in rows] == [
        (str(noise), method)
        for noise in NOISE
        for method in ("CD", "ICD", "DCD, time-dependent", "noisy images", "Gaussian filter", "Wiener filter")
    ]
    assert columns == ["Data", "Noise", "Method", "PSNR (dB) ↑", "SSIM ↑", "Seeds"]
    content = workspace.load_json(denoised_file(".json"))
    frame = pd.read_csv("paper_figures/demo/denoising.csv", comment="#").set_index(["noise", "run"])
    for noise in NOISE:
        for run in RUNS:
            seeds = [str(seed) for seed in (0, 1, 2) if seed not in DIVERGED.get(run, {})]
            record = frame.loc[noise, run]
            for what in ("psnr", "ssim"):
                found = content["runs"][run]["seeds"]
                values = [found[seed]["metrics"][f"denoise_{what}_{tag(noise)}"] for seed in seeds]
                assert record[f"{what}_mean"] == pytest.approx(np.mean(values), rel=1e-12)
                assert record[f"{what}_sd"] == pytest.approx(np.std(values, ddof=1), rel=1e-12)
            # What was chosen stands seed by seed: a mean of choices would say nothing.
            for seed, end in found.items():
                chosen = end["metrics"][f"denoise_strength_{tag(noise)}"]
                assert record[f"strength_seed_{seed}"] == pytest.approx(chosen, rel=1e-12)
        labels = {
            "noisy": "noisy images",
            "gaussian_filter": "Gaussian filter",
            "wiener_filter": "Wiener filter",
        }
        for key, label in labels.items():
            truth = content["reference"][key]
            assert frame.loc[noise, label].psnr_mean == truth[f"denoise_psnr_{tag(noise)}"]
            assert frame.loc[noise, label].ssim_mean == truth[f"denoise_ssim_{tag(noise)}"]
        width = content["reference"]["gaussian_filter"][f"denoise_width_{tag(noise)}"]
        assert frame.loc[noise, "Gaussian filter"].filter_width == width


def test_whole_numbers_of_noise_are_named_as_the_stage_names_them():
    assert [noise_key("psnr", noise) for noise in (0.05, 1.0)] == ["denoise_psnr_0_05", "denoise_psnr_1_0"]

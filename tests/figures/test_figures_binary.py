"""Binary data: filters, reconstructions, chains and the table are what the files hold."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figures_loaded import loaded
from figures_numbers import REFERENCE, metric, place
from figures_workspace import STEPS

from ebmrepro.files import workspace
from ebmrepro.plots import chain_strip, filters, reconstructions, sample_grid
from ebmrepro.plots.images import GAP, GROUND, tile, tile_values
from ebmrepro.shown.runs import NothingToShow
from ebmrepro.stages import table
from ebmrepro.tables.table import from_markdown

RBMS = ["bas_rbm_ml", "bas_rbm_cd", "bas_rbm_pcd", "digits_rbm_cd", "digits_rbm_pcd"]


def stored(stage: str, run: str) -> dict:
    return workspace.load_tensors(place(stage, run, ".safetensors"))[0]


def test_values_are_tiled_unchanged_with_nothing_between():
    values = np.random.default_rng(0).standard_normal((5, 2, 3))
    canvas = tile_values(values, 2)
    assert canvas.shape == (3 * (2 + GAP) - GAP, 2 * (3 + GAP) - GAP)
    for index in range(5):
        top, left = index // 2 * (2 + GAP), index % 2 * (3 + GAP)
        assert np.array_equal(canvas[top : top + 2, left : left + 3], values[index])
    assert np.isnan(canvas).sum() == canvas.size - values.size


def test_binary_images_stand_on_a_ground_that_is_neither_black_nor_white():
    binary = np.zeros((2, 1, 2, 2), np.uint8)
    binary[1] = 255
    canvas = tile(binary, 2)
    assert (canvas[:, 2] == GROUND).all()
    assert (canvas[:, :2] == 0).all() and (canvas[:, 3:] == 255).all()
    binary[0, 0, 0, 0] = 254
    assert (tile(binary, 2)[:, 2] == 255).all()


def test_filters_have_one_colour_scale_a_run_symmetric_about_zero(params):
    runs = loaded(params, "nearest_neighbours", "rbm")
    panels = [axes for axes in filters.draw(runs)[0].axes if axes.images and axes.get_title(loc="left")]
    assert panels[3].get_title(loc="left") == "bars and stripes, wake-sleep, Helmholtz machine"
    for axes, member in zip(panels, runs, strict=True):
        own = stored("evaluate", member.run.name)["0/filters"]
        image = axes.images[0]
        assert np.array_equal(image.get_array().filled(np.nan), tile_values(own, filters.COLUMNS), True)
        assert image.get_clim() == (-np.abs(own).max(), np.abs(own).max())
    assert "generative weights of its lowest layer" in filters.draw(runs)[1]
    assert "Helmholtz" not in filters.draw(runs[:3])[1]


def test_runs_without_filters_or_reconstructions_are_left_out(params):
    runs = loaded(params, "nearest_neighbours", "rbm")
    without = runs[0]._replace(arrays={})
    assert len([axes for axes in filters.draw([without, runs[1]])[0].axes if axes.get_title(loc="left")]) == 1
    assert "not shown: ML, RBM" in filters.draw([without, runs[1]])[1]
    assert len(reconstructions.draw([without, runs[1]])[0].axes) == 1
    for kind in (filters, reconstructions):
        with pytest.raises(NothingToShow):
            kind.draw([without])


def test_originals_stand_above_the_reconstructions_of_every_run(params):
    runs = loaded(params, "nearest_neighbours", "rbm")
    bars, digits = reconstructions.draw(runs)[0].axes
    for axes, names in ((bars, [*RBMS[:3], "bas_wake_sleep"]), (digits, [*RBMS[3:], "digits_wake_sleep"])):
        arrays = [stored("evaluate", name) for name in names]
        originals = arrays[0]["0/originals"]
        rows = np.concatenate([originals, *(own["0/reconstructions"] for own in arrays)])
        assert np.array_equal(axes.images[0].get_array().filled(np.nan), tile_values(rows, 6), True)
        assert axes.images[0].get_clim() == (0, 1)
        words = [text.get_text() for text in axes.get_yticklabels()]
        assert words[0] == "original" and words[-1] == "wake-sleep, Helmholtz machine"
        # Every label at the middle of its row.
        side = originals.shape[1]
        assert axes.get_yticks().tolist() == [
            row * (side + GAP) + (side - 1) / 2 for row in range(len(words))
        ]
    assert bars.get_title(loc="left") == "bars and stripes"


def test_runs_that_reconstruct_other_originals_stand_apart(params):
    runs = loaded(params, "nearest_neighbours", "rbm")[:2]
    other = runs[1]._replace(arrays={**runs[1].arrays, "originals": 1 - runs[1].arrays["originals"]})
    assert len(reconstructions.draw(runs)[0].axes) == 1
    assert len(reconstructions.draw([runs[0], other])[0].axes) == 2


def test_chains_say_what_their_steps_are_and_ancestral_samples_have_none(params):
    runs = loaded(params, "sample_grid", "rbm")
    panels = [axes for axes in chain_strip.draw(runs)[0].axes if axes.images]
    assert len(panels) == len(RBMS)
    own = stored("sample", "digits_rbm_cd")["0/strip"]
    truth = tile(own.swapaxes(0, 1).reshape(-1, 1, 8, 8), 5)
    assert np.array_equal(panels[3].images[0].get_array(), truth)
    assert [text.get_text() for text in panels[3].get_xticklabels()] == ["0", "35", "70", "105", str(STEPS)]
    note = chain_strip.draw(runs)[1]
    assert "below: Gibbs sweeps taken" in note
    assert "without a chain, so not shown: bas_wake_sleep, digits_wake_sleep" in note
    with pytest.raises(NothingToShow, match="samples by a chain"):
        chain_strip.draw([run for run in runs if run.run.method == "wake_sleep"])
    assert "below: Langevin steps taken" in chain_strip.draw(loaded(params, "sample_grid", "ablation"))[1]


def test_chains_of_several_kinds_are_told_apart(params):
    runs = loaded(params, "sample_grid", "digits")
    panels = [axes for axes in chain_strip.draw(runs)[0].axes if axes.images]
    assert [axes.get_xlabel() for axes in panels] == [*["Langevin steps"] * 2, "annealed Langevin steps"]
    assert "below: steps taken" in chain_strip.draw(runs)[1]


def test_samples_of_many_runs_have_half_as_many_rows(params):
    runs = loaded(params, "sample_grid", "rbm")
    for shown, rows in ((runs, 2), (runs[:4], 4)):
        axes = sample_grid.draw(shown)[0].axes[0]
        own = stored("sample", "bas_rbm_ml")["0/samples"]
        assert np.array_equal(axes.images[0].get_array(), tile(own[: 20 * rows], 20))


def test_the_table_says_how_each_likelihood_was_measured(params):
    table.run(params, "binary")
    text = Path("paper_figures/demo/binary.md").read_text()
    caption, columns, rows = from_markdown(text)
    rows = [dict(zip(columns, row, strict=True)) for row in rows]
    errors = [metric("digits_rbm_cd", seed, "log_partition_error") for seed in (0, 1, 2)]
    kinds = {(row["Data"], row["Method"]): row["Likelihood"] for row in rows}
    assert kinds["bars and stripes", "ML, RBM"] == "exact"
    assert kinds["binary digits", "CD-1, RBM"] == f"AIS (± {np.mean(errors):.2g})"
    assert kinds["binary digits", "wake-sleep, Helmholtz machine"] == "lower bound"
    assert "annealed importance sampling" in caption and "recognition net" in caption
    frame = pd.read_csv("paper_figures/demo/binary.csv", comment="#").set_index(["dataset", "run"])
    for key in ("test_log_likelihood", "kl", "pseudo_log_likelihood", "mmd_squared", "valid_share"):
        values = [metric("bas_rbm_pcd", seed, key) for seed in (0, 1, 2)]
        record = frame.loc["bars_and_stripes", "bas_rbm_pcd"]
        assert record[f"{key}_mean"] == pytest.approx(np.mean(values), rel=1e-12)
        assert record[f"{key}_sd"] == pytest.approx(np.std(values, ddof=1), rel=1e-12)
    record = frame.loc["binary_digits", "digits_rbm_cd"]
    assert record.log_partition_error_mean == pytest.approx(np.mean(errors), rel=1e-12)
    assert record.likelihood == "annealed importance sampling" and np.isnan(record.kl_mean)


def test_the_table_ends_each_data_set_with_what_is_known_of_it(params):
    table.run(params, "binary")
    frame = pd.read_csv("paper_figures/demo/binary.csv", comment="#").set_index(["dataset", "run"])
    known = REFERENCE["bars_and_stripes"]
    truth = frame.loc["bars_and_stripes", "true distribution"]
    assert truth.test_log_likelihood_mean == known["true_test_log_likelihood"]
    assert (truth.kl_mean, truth.valid_share_mean) == (0, 1)
    for dataset in ("bars_and_stripes", "binary_digits"):
        independent = frame.loc[dataset, "independent pixels"]
        assert (
            independent.test_log_likelihood_mean == (REFERENCE[dataset]["independent_pixels_log_likelihood"])
        )
    # Nobody knows the distribution of digits.
    assert ("binary_digits", "true distribution") not in frame.index
    training = frame.loc["binary_digits", "training data"]
    assert training.mmd_squared_mean == metric("digits_rbm_cd", 2, "mmd_squared_train_to_test")

"""Losses, and figures over runs of which some lack what is shown."""

import numpy as np
import pandas as pd
import pytest
from figures_loaded import loaded
from figures_numbers import place

from ebmrepro.plots import density_panels, energy_gap, gradient_norms, loss_curves
from ebmrepro.shown.loaders.train import Curves
from ebmrepro.shown.runs import NothingToShow


def lines(axes) -> dict:
    return {line.get_gid(): line for line in axes.lines if line.get_gid()}


def test_every_seeds_loss_and_beside_it_the_common_part(params):
    runs = loaded(params, "energy_gap", "term_report")
    left, right = loss_curves.draw(runs)[0].axes
    log = pd.read_csv(place("train", "report_icd", ".csv"))
    for axes, column, label in ((left, "loss", "ICD: L_Full"), (right, "loss_cd", "ICD")):
        drawn = lines(axes)
        for seed in range(5):
            own = log[log.seed == seed]
            assert np.array_equal(drawn[f"{label} seed {seed}"].get_xdata(), own.iteration)
            assert np.array_equal(drawn[f"{label} seed {seed}"].get_ydata(), own[column])
        mean = drawn[f"{label} mean"]
        assert np.allclose(mean.get_ydata(), log.groupby("iteration")[column].mean(), rtol=1e-12)
        assert mean.get_linewidth() > 2 * drawn[f"{label} seed 0"].get_linewidth()
    # Seed 3 of CD is infinite where it diverged: its line and the mean end before.
    assert lines(left)["CD: L_CD seed 3"].get_xdata()[-1] == 40
    assert lines(left)["CD: L_CD mean"].get_xdata()[-1] == 40
    assert "CD: L_CD seed 3 diverged" in lines(left)


def test_the_note_says_that_a_lower_loss_is_no_better_fit(params):
    note = loss_curves.draw(loaded(params, "energy_gap", "term_report"))[1]
    assert "L_CD of CD, L_Full of ICD" in note
    assert "different functions of the energy: a lower curve does not mean a better fit" in note
    assert "report_cd seed 3 at iteration 50" in note


def test_losses_of_methods_without_a_common_part_stand_alone(params):
    runs = loaded(params, "energy_gap", "density")
    top_left, top_right, low_left, low_right = loss_curves.draw(runs)[0].axes
    # Of the ten methods on eight Gaussians, four have negative samples.
    shown = [sum(gid.endswith("mean") for gid in lines(axes)) for axes in (top_left, top_right)]
    assert shown == [10, 4]
    without = [run for run in runs if "dcd" in run.run.name]
    left, right = loss_curves.draw([run for run in without if run.run.dataset == "rings"])[0].axes
    assert lines(left) and not right.axison and not right.lines
    assert low_left.axison and low_right.axison
    bare = [Curves(run.run, run.log.drop(columns="loss"), run.outcomes) for run in runs]
    with pytest.raises(NothingToShow, match="has logged its loss"):
        loss_curves.draw(bare)


def test_the_runs_that_lack_a_column_are_left_out_by_name(params):
    runs = loaded(params, "energy_gap", "density")
    panels = {axes.get_title(loc="left"): lines(axes) for axes in energy_gap.draw(runs)[0].axes}
    means = {gid for gid in panels["eight gaussians"] if gid.endswith("mean")}
    assert means == {"CD mean", "CD-5 mean", "PCD-5 mean", "ICD mean"}
    assert "not shown: eight_gaussians_ml, eight_gaussians_dsm" in energy_gap.draw(runs)[1]
    assert len(gradient_norms.draw(runs)[0].axes) == 1
    assert "Runs with both terms: eight_gaussians_icd;" in gradient_norms.draw(runs)[1]
    with pytest.raises(NothingToShow, match="has an energy gap"):
        energy_gap.draw([run for run in runs if run.run.method in ("mle", "dsm", "dcd_ve")])


def test_ten_densities_are_wrapped_beside_the_truth(params):
    runs = loaded(params, "nearest_neighbours", "density")
    made = density_panels.draw(runs)[0]
    made.canvas.draw()
    shown = [axes for axes in made.axes if axes.images and axes.get_title()]
    titles = [axes.get_title() for axes in shown]
    assert titles[:6] == ["true density", "ML", "CD", "CD-5", "PCD-5\ndiverged at 10", "ICD"]
    assert titles[6:11] == ["DSM", "SSM", "DCD-VE", "DCD-VP", "DCD, time-dependent"]
    assert titles[11:] == ["true density", "CD-5", "DCD-VE"]
    boxes = [axes.get_window_extent() for axes in shown]
    # Two rows of methods, the truth beside the first, and no panel too small to see.
    rows = [round(box.y0) for box in boxes]
    assert len(set(rows[:6])) == 1 and len(set(rows[6:11])) == 1 and rows[0] > rows[6] > rows[11]
    assert boxes[6].x0 == pytest.approx(boxes[1].x0, abs=1)
    assert min(box.width for box in boxes) / made.dpi > 0.8
    for title, box in zip((axes.title.get_window_extent() for axes in shown), boxes, strict=True):
        assert title.x0 > box.x0 - 0.1 * box.width and title.x1 < box.x1 + 0.1 * box.width

"""Survival curves, the map of a sweep and the gap before death, against the logs and statuses of the runs."""

import numpy as np
import pandas as pd
import pytest
from figures_loaded import loaded
from figures_numbers import DIVERGED, place
from figures_runs import RUNS

from ebmrepro.evaluation.survival import LIMIT
from ebmrepro.files import workspace
from ebmrepro.plots import gap_before_death, survival_curves, survival_map
from ebmrepro.shown.runs import NothingToShow

CD, ICD = "CD", "ICD"


def end(run: str, seeds: dict[int, int]) -> None:
    """Let these seeds of a run diverge, and the others finish."""
    path = place("train", run, ".json")
    status = workspace.load_json(path)
    for seed in RUNS[run].seeds:
        ended = {"outcome": "finished", "iterations": 60}
        if seed in seeds:
            ended = {"outcome": "diverged", "iteration": seeds[seed], "cause": "non-finite energy"}
        status["seeds"][str(seed)] = ended
    workspace.save_json(path, status)


def collapse(run: str, seed: int, at: int) -> None:
    """Let the buffer of a seed leave the data at a logged iteration."""
    path = place("train", run, ".csv")
    log = pd.read_csv(path)
    left = (log.seed == seed) & (log.iteration >= at)
    log["buffer_distance"] = np.where(left, LIMIT + 0.1, LIMIT / 2)
    workspace.write_text(path, log.to_csv(index=False))
    status = workspace.load_json(place("train", run, ".json"))
    workspace.save_json(place("train", run, ".json"), status | {"log_sha256": workspace.file_sha256(path)})


def lines(axes) -> dict:
    return {line.get_gid(): line for line in axes.lines if line.get_gid()}


def test_a_curve_falls_where_seeds_die_and_is_marked_where_they_lived(params):
    end("arch_attn_norm_free_icd", {1: 25})
    made, note = survival_curves.draw(loaded(params, "survival_curves", "architecture"))
    drawn = lines(made.axes[0])
    every = drawn[CD]
    ends = sorted(DIVERGED["arch_attn_norm_free_cd"].values())
    assert [*every.get_xdata()] == [0, *ends] and every.get_drawstyle() == "steps-post"
    assert np.allclose(every.get_ydata(), [1, 2 / 3, 1 / 3, 0])
    assert f"{CD} lived" not in drawn
    one = drawn[ICD]
    assert [*one.get_xdata()] == [0, 25, 60]
    assert np.allclose(one.get_ydata(), np.array([1, 2 / 3, 2 / 3]) - survival_curves.APART)
    assert [*drawn[f"{ICD} lived"].get_xdata()] == [60, 60]
    assert "Died: CD: 3 of 3; ICD: 1 of 3" in note


def test_a_seed_that_collapsed_has_died_there(params):
    collapse("arch_attn_norm_free_icd", 2, 40)
    runs = loaded(params, "survival_curves", "architecture")
    assert runs[1].outcomes[2].death == (40, "collapsed") and runs[1].outcomes[0].death is None
    assert runs[1].survived == ([60, 60, 40], [False, False, True])
    # It diverged later: it had died before.
    end("arch_attn_norm_free_icd", {2: 55})
    assert loaded(params, "survival_curves", "architecture")[1].outcomes[2].death == (40, "collapsed")


def test_the_map_has_a_panel_for_each_method_and_runs_where_their_settings_are(params):
    end("ablation_full", {0: 20, 1: 30})
    end("ablation_base", {2: 7})
    made, _ = survival_map.draw(loaded(params, "survival_map", "ablation"))
    panels = {axes.get_title(loc="left"): axes for axes in made.axes if axes.get_title(loc="left")}
    assert panels.keys() == {CD, ICD}
    cells = {
        name: {(text.get_position()): text.get_text() for text in axes.texts} for name, axes in panels.items()
    }
    # Across: augmentation, on or off; down: the network. Each method has two of the four.
    words = [label.get_text() for label in panels[CD].get_xticklabels()]
    assert words == ["off", "on"] and panels[CD].get_xlabel() == "augmentation"
    networks = [label.get_text() for label in panels[CD].get_yticklabels()]
    assert networks == ["residual, scales 1", "residual, scales 3"] and panels[CD].get_ylabel() == "network"
    assert cells[CD] == {(0, 0): "> 60\n1/3", (1, 1): "> 60\n0/3"}
    assert cells[ICD] == {(1, 0): "> 60\n0/3", (1, 1): "30\n2/3"}
    assert np.array_equal(panels[ICD].images[0].get_array().filled(-1), [[-1, 60], [-1, 30]])


def test_the_gap_is_aligned_at_death(params):
    runs = loaded(params, "gap_before_death", "architecture")
    ends = DIVERGED["arch_attn_norm_free_cd"]
    gaps = gap_before_death.before_death(runs[0])
    assert gaps.shape == (3, gap_before_death.SPAN + 1) and not len(gap_before_death.before_death(runs[1]))
    for row, (seed, at) in zip(gaps, ends.items(), strict=True):
        own = runs[0].log[(runs[0].log.seed == seed) & (runs[0].log.iteration < at)]
        places = own.iteration.to_numpy() - at + gap_before_death.SPAN
        assert np.array_equal(row[places], own.energy_gap)
        # Between two logged iterations it is half of both, before the first one nothing.
        middle = (own.energy_gap.iloc[0] + own.energy_gap.iloc[1]) / 2
        assert row[places[0] + 5] == pytest.approx(middle)
        assert np.isnan(row[: places[0]]).all()
    made, note = gap_before_death.draw(runs)
    line = lines(made.axes[0])[CD]
    assert np.allclose(line.get_ydata(), np.nanmedian(gaps[:, gap_before_death.SPAN - 40 :], 0))
    assert line.get_xdata()[-1] == 0 and "Seeds: CD: 3 of 3" in note


def test_where_nobody_died_there_is_no_gap_before_death(params):
    with pytest.raises(NothingToShow, match="no seed with an energy gap has died"):
        gap_before_death.draw(loaded(params, "gap_before_death", "ablation"))

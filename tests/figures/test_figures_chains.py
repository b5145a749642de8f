"""Long chains, truncated gradients, compositions, detection: what is shown is in the files."""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from figures_loaded import loaded
from figures_measured import composed_file, detected_file
from figures_numbers import place
from figures_params import LONG, params_data, write_params
from figures_workspace import LONG_STEPS

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.kinds import kinds
from ebmrepro.plots import (
    chain_separation,
    composition_grid,
    energy_gap,
    energy_histograms,
    long_chains,
    truncation,
)
from ebmrepro.plots.images import GAP, tile
from ebmrepro.shown.runs import NothingToShow, label_runs
from ebmrepro.stages import figure


def lines(axes) -> dict:
    return {line.get_gid(): line for line in axes.lines if line.get_gid()}


def mean_distance(images: np.ndarray) -> float:
    flat = images.reshape(len(images), -1) / 255
    return np.mean([np.sqrt(((a - b) ** 2).sum()) for a, b in combinations(flat, 2)])


def test_chain_separation_is_the_mean_over_pairs_and_starts(params):
    runs = loaded(params, "chain_separation", "digits")
    panels = chain_separation.draw(runs)[0].axes
    assert [axes.get_title(loc="left") for axes in panels] == ["digits, CD", "digits, ICD"]
    stored, _ = workspace.load_tensors(place("sample", "digits_icd", ".safetensors"))
    drawn = lines(panels[1])
    for name, label in (("long_with", "with transitions"), ("long_without", "without")):
        truth = {
            seed: [np.mean([mean_distance(start) for start in frame]) for frame in stored[f"{seed}/{name}"]]
            for seed in params.seeds
        }
        for seed in params.seeds:
            assert drawn[f"{label} seed {seed}"].get_xdata().tolist() == LONG_STEPS
            assert np.allclose(drawn[f"{label} seed {seed}"].get_ydata(), truth[seed], rtol=1e-12)
        assert np.allclose(drawn[f"{label} mean"].get_ydata(), np.mean(list(truth.values()), 0), rtol=1e-12)
    reference = np.mean([mean_distance(stored[f"{seed}/samples"]) for seed in params.seeds])
    assert drawn["reference"].get_ydata() == pytest.approx([reference] * 2, rel=1e-12)
    # Seed 1 of CD diverged in training: marked, and named in the caption.
    assert "with transitions seed 1 diverged" in lines(panels[0])
    assert not [gid for gid in drawn if "diverged" in gid]
    crosses = "Crosses mark the lines of diverged seeds: digits_cd seed 1 at iteration 40"
    assert crosses in chain_separation.draw(runs)[1]


def test_runs_without_long_chains_are_left_out_by_name(params):
    runs = loaded(params, "chain_separation", "digits") + loaded(params, "chain_separation", "ablation")[:1]
    assert len(chain_separation.draw(runs)[0].axes) == 2
    assert "not shown: digits_dcd, ablation_base" in chain_separation.draw(runs)[1]
    strips = loaded(params, "sample_grid", "digits") + loaded(params, "sample_grid", "ablation")[:1]
    assert len(long_chains.draw(strips)[0].axes) == 2
    assert "not shown: digits_dcd, ablation_base" in long_chains.draw(strips)[1]
    for kind, none in ((chain_separation, runs[2:]), (long_chains, strips[2:])):
        with pytest.raises(NothingToShow, match="no run of the experiment has long chains"):
            kind.draw(none)


def test_long_chains_are_the_first_starts_rows_in_order(params):
    axes = long_chains.draw(loaded(params, "sample_grid", "digits"))[0].axes[1]
    stored, _ = workspace.load_tensors(place("sample", "digits_icd", ".safetensors"))
    frames = stored["0/long_with"]
    rows = [frames[frame, 0, chain] for chain in range(LONG["chains"]) for frame in range(len(LONG_STEPS))]
    assert np.array_equal(axes.images[0].get_array(), tile(np.stack(rows), len(LONG_STEPS)))
    assert [text.get_text() for text in axes.get_xticklabels()] == [str(step) for step in LONG_STEPS]
    # The middle of the frame's column: 8 pixels and a gap each.
    assert axes.get_xticks().tolist() == [frame * (8 + GAP) + 3.5 for frame in range(len(LONG_STEPS))]
    assert "rounds of 5 steps" in long_chains.draw(loaded(params, "sample_grid", "digits"))[1]


def test_long_chains_keep_evenly_spaced_frames_and_six_rows():
    # 24 steps of two frames each, from the first frame to the last: exactly as many columns as fit.
    steps = list(range(0, 490, 10))
    frames = np.random.default_rng(0).integers(0, 256, (49, 2, 9, 1, 4, 4), dtype=np.uint8)
    member = SimpleNamespace(long=SimpleNamespace(with_transitions=frames, steps=steps))
    chains, shown = long_chains._first_start(member)
    assert shown == list(range(0, 490, 20)) and len(shown) == long_chains.MOST_FRAMES
    assert np.array_equal(chains, frames[::2, 0, :6].swapaxes(0, 1))


def test_truncation_shows_the_cosine_of_runs_that_have_it_and_every_energy_gap(params):
    runs = loaded(params, "energy_gap", "truncation")
    left, right = truncation.draw(runs)[0].axes
    log = runs[0].log
    drawn = lines(left)
    assert np.array_equal(drawn["ICD, last step seed 1"].get_ydata(), log[log.seed == 1].kl_cosine)
    assert np.allclose(drawn["ICD, last step mean"].get_ydata(), log.groupby("iteration").kl_cosine.mean())
    assert not [gid for gid in drawn if "all steps" in gid]
    assert {"ICD, last step mean", "ICD, all steps mean"} <= set(lines(right))
    assert left.get_ylim() == (0, 1.05)
    opposite = log.assign(kl_cosine=-0.5)
    turned = truncation.draw([SimpleNamespace(run=runs[0].run, log=opposite, outcomes=runs[0].outcomes)])[0]
    assert turned.axes[0].get_ylim()[0] < -0.5
    with pytest.raises(NothingToShow, match="truncated and full"):
        truncation.draw(runs[1:])


def test_energy_gap_has_a_panel_for_each_variant_where_one_would_hold_too_many(params):
    data = params_data()
    runs = data["runs"]
    for name, base in (("ablation_aug", "ablation_base"), ("ablation_ms", "ablation_base")):
        runs[name] = {**runs[base], "train": dict(runs[base]["train"])}
    runs["ablation_aug"]["train"]["sampler"] = "augmented"
    runs["ablation_ms"]["train"]["energy"] = "three_scales"
    changed = write_params(data)
    labels = label_runs(changed, changed.runs_of("ablation"))
    assert [label.label for label in labels] == [
        "CD",
        "ICD + aug",
        "CD + aug + multi-scale",
        "ICD + aug + multi-scale",
        "CD + aug",
        "CD + multi-scale",
    ]
    log = loaded(params, "energy_gap", "ablation")[0]
    members = [SimpleNamespace(run=label, log=log.log, outcomes=log.outcomes) for label in labels]
    panels = {
        axes.get_title(loc="left"): lines(axes) for axes in energy_gap.draw(members)[0].axes if axes.lines
    }
    assert list(panels) == [
        "digits (plain)",
        "digits + aug",
        "digits + aug + multi-scale",
        "digits + multi-scale",
    ]
    means = {title: {gid for gid in found if gid.endswith("mean")} for title, found in panels.items()}
    assert means["digits + aug"] == {"ICD + aug mean", "CD + aug mean"}
    assert means["digits (plain)"] == {"CD mean"}
    assert len(energy_gap.draw(members[:4])[0].axes) == 1


def test_composition_grid_frames_exactly_the_samples_that_do_not_satisfy(params):
    item = loaded(params, "composition_grid", "shapes")[0]
    panels = [axes for axes in composition_grid.draw([item])[0].axes if axes.images]
    stored, _ = workspace.load_tensors(composed_file(".safetensors"))
    for axes, key, title in zip(
        panels,
        ("red_square", "cross"),
        ("red AND square: 50% (chance: 12%)", "cross: 65% (chance: 38%)"),
        strict=True,
    ):
        shown = stored[f"0/{key}"][: composition_grid.ROWS * composition_grid.COLUMNS]
        assert np.array_equal(axes.images[0].get_array(), tile(shown, composition_grid.COLUMNS))
        assert axes.get_title(loc="left") == title
        missed = np.flatnonzero(~stored[f"0/{key}/correct"][: len(shown)])
        assert [patch.get_gid() for patch in axes.patches] == [f"not {index}" for index in missed]
        for index, patch in zip(missed, axes.patches, strict=True):
            row, column = divmod(int(index), composition_grid.COLUMNS)
            assert patch.get_xy() == (column * (16 + GAP) - 0.5, row * (16 + GAP) - 0.5)
            assert (patch.get_width(), patch.get_height()) == (16, 16)
    assert "diverged" not in composition_grid.draw([item])[1]


def test_energy_histograms_show_each_run_against_each_set(params):
    item = loaded(params, "energy_histograms", "digits")[0]
    panels = [axes for axes in energy_histograms.draw([item])[0].axes if axes.patches]
    stored, _ = workspace.load_tensors(detected_file(".safetensors"))
    content = workspace.load_json(detected_file(".json"))
    pairs = [(run, name) for run in params.runs_of("digits") for name in content["sets"]]
    for axes, (run, name) in zip(panels, pairs, strict=True):
        inside, outside = axes.patches
        for patch, key in ((inside, "in"), (outside, name)):
            values, edges, _ = patch.get_data()
            assert np.array_equal(values, stored[f"{run}/0/histogram/{key}"])
            assert np.array_equal(edges, stored[f"{run}/0/edges"])
        area = content["runs"][run]["seeds"]["0"]["metrics"][f"ood_auroc_{name}"]
        assert axes.get_title(loc="left") == f"{name}\nAUROC {area:.3f}"
    assert [panels[row].get_ylabel() for row in (0, 3, 6)] == ["CD", "ICD", "DCD,\ntime-dependent"]
    content["runs"]["digits_cd"]["seeds"]["0"]["metrics"]["ood_auroc_uniform"] = None
    workspace.save_json(detected_file(".json"), content)
    unknown = energy_histograms.draw([loaded(params, "energy_histograms", "digits")[0]])[0]
    assert unknown.axes[1].get_title(loc="left") == "uniform\nAUROC –"


def test_a_shown_seed_that_diverged_is_called_so_in_every_figure_of_samples(params):
    data = params_data()
    data["seeds"] = [1, 0, 2]
    changed = write_params(data)
    for kind in ("sample_grid", "chain_strip", "long_chains", "nearest_neighbours"):
        axes = kinds("figures")[kind].load().draw(loaded(changed, kind, "digits"))[0].axes
        titles = [panel.get_title(loc="left") for panel in axes if panel.images]
        assert titles[:2] == ["digits, CD, diverged at 40", "digits, ICD"]
    histograms = energy_histograms.draw([loaded(changed, "energy_histograms", "digits")[0]])[0]
    assert histograms.axes[0].get_ylabel() == "CD\ndiverged at 40"
    data["seeds"] = [2, 0, 1]
    item = loaded(write_params(data), "composition_grid", "shapes")[0]
    assert composition_grid.draw([item])[1].endswith("A model of coloured_shapes, diverged at 10")


def test_files_of_before_a_change_of_params_are_named(params):
    content = workspace.load_json(composed_file(".json"))
    del content["words"]["cross"]
    workspace.save_json(composed_file(".json"), content)
    with pytest.raises(
        WorkspaceError, match=r"figure composed: .* without cross: run `ebm compose coloured_s"
    ):
        figure.run(params, "composed")
    content = workspace.load_json(detected_file(".json"))
    del content["runs"]["digits_icd"]
    workspace.save_json(detected_file(".json"), content)
    with pytest.raises(WorkspaceError, match=r"without digits_icd: run `ebm detect digits_ood`"):
        figure.run(params, "histograms")
    path = place("sample", "digits_cd", ".safetensors")
    arrays, about = workspace.load_tensors(path)
    workspace.save_tensors(path, arrays, {key: about[key] for key in about if key != "outcomes"})
    with pytest.raises(WorkspaceError, match=r"digits_cd\.safetensors is no file of samples"):
        figure.run(params, "grid")


@pytest.mark.parametrize("missing", ["edges", "histogram/uniform"])
def test_an_array_that_a_file_lacks_is_named(params, missing):
    path = detected_file(".safetensors")
    arrays, about = workspace.load_tensors(path)
    kept = {name: array for name, array in arrays.items() if not name.endswith(missing)}
    workspace.save_tensors(path, kept, about)
    with pytest.raises(
        WorkspaceError, match=rf"digits_ood\.safetensors has no {missing}: delete it, then run"
    ):
        figure.run(params, "histograms")

"""What the figures show is what the files hold."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from figures_loaded import loaded
from figures_numbers import place
from figures_params import params_data, write_params
from figures_runs import RUNS
from figures_workspace import STEPS, write_status

from ebmrepro.checks.load import load_params
from ebmrepro.data.density import density
from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.base import ParamsError
from ebmrepro.params.datasets.density import DensityData
from ebmrepro.plots import chain_strip, curves, density_panels, energy_gap, gradient_norms, images, style
from ebmrepro.shown.caption import caption, escape_latex
from ebmrepro.shown.loaders.evaluate import Drawn
from ebmrepro.shown.loaders.train import Curves
from ebmrepro.shown.runs import NothingToShow, Outcome, RunLabel, label_runs
from ebmrepro.stages import figure


def run_log(run: str, objective: str, diverged: dict[int, int]) -> Curves:
    log = pd.read_csv(place("train", run, ".csv"))
    outcomes = {seed: Outcome(diverged.get(seed), "cause") for seed in (0, 1, 2)}
    return Curves(RunLabel(run, RUNS[run].dataset, objective, objective.upper()), log, outcomes)


def labels_of(params, experiment: str) -> list[str]:
    return [label.label for label in label_runs(params, params.runs_of(experiment))]


def lines(axes) -> dict:
    return {line.get_gid(): line for line in axes.lines if line.get_gid()}


def test_energy_gap_draws_every_seed_their_mean_and_the_divergence(params):
    runs = [run_log("digits_cd", "cd", {1: 40}), run_log("digits_icd", "icd", {})]
    drawn = lines(energy_gap.draw(runs)[0].axes[0])
    log = pd.read_csv(place("train", "digits_cd", ".csv"))
    seed0 = log[log.seed == 0]
    assert np.array_equal(drawn["CD seed 0"].get_xdata(), seed0.iteration)
    assert np.array_equal(drawn["CD seed 0"].get_ydata(), seed0.energy_gap)
    # Seed 1 is infinite at iteration 40: its line and the mean end at 30, where the cross is.
    assert drawn["CD seed 1"].get_xdata().tolist() == [0, 10, 20, 30]
    assert drawn["CD seed 1 diverged"].get_xdata().tolist() == [30]
    assert drawn["CD seed 1 diverged"].get_marker() == "x"
    expected = [log[log.iteration == i].energy_gap.mean() for i in (0, 10, 20, 30)]
    assert np.allclose(drawn["CD mean"].get_ydata(), expected, rtol=1e-12)
    assert {gid for gid in drawn if "diverged" in gid} == {"CD seed 1 diverged"}
    assert len(drawn["ICD mean"].get_xdata()) == 7
    assert drawn["CD mean"].get_linewidth() > 2 * drawn["CD seed 0"].get_linewidth()
    assert "digits_cd seed 1 at iteration 40 (cause)" in energy_gap.draw(runs)[1]
    assert "No seed diverged" in energy_gap.draw(runs[1:])[1]


def test_energy_gap_scale_turns_logarithmic_only_for_extreme_ranges(params):
    run = run_log("digits_icd", "icd", {})
    assert energy_gap.draw([run])[0].axes[0].get_yscale() == "linear"
    wild = run.log.copy()
    wild.loc[0, "energy_gap"] = 1e6
    assert energy_gap.draw([Curves(run.run, wild, run.outcomes)])[0].axes[0].get_yscale() == "symlog"


def test_gradient_norms_show_runs_with_both_terms_and_say_so(params):
    runs = [run_log("digits_cd", "cd", {}), run_log("digits_icd", "icd", {})]
    made = gradient_norms.draw(runs)[0]
    assert len(made.axes) == 1
    drawn = lines(made.axes[0])
    log = pd.read_csv(place("train", "digits_icd", ".csv"))
    for label, column in (("KL term", "gradient_norm_kl"), ("CD term", "gradient_norm_cd")):
        assert np.allclose(drawn[f"{label} mean"].get_ydata(), log.groupby("iteration")[column].mean())
    assert "Runs with both terms: digits_icd;" in gradient_norms.draw(runs)[1]
    assert "not shown: digits_cd" in gradient_norms.draw(runs)[1]
    with pytest.raises(NothingToShow):
        gradient_norms.draw(runs[:1])


def test_tile_places_every_image_unchanged():
    shown = np.random.default_rng(0).integers(0, 256, (7, 3, 4, 5), dtype=np.uint8)
    canvas = images.tile(shown, 3)
    assert canvas.shape == (3 * 5 - 1, 3 * 6 - 1, 3)
    for index in range(7):
        top, left = index // 3 * 5, index % 3 * 6
        assert np.array_equal(canvas[top : top + 4, left : left + 5], shown[index].transpose(1, 2, 0))
    assert (canvas[4] == 255).all() and (canvas[:, 5] == 255).all() and (canvas[10:, 6:] == 255).all()


def test_chain_strip_labels_are_the_steps_the_generator_keeps():
    for total, frames in ((140, 12), (STEPS, 5), (500, 2), (45, 7)):
        kept = torch.linspace(0, total, frames).round().int().tolist()
        assert chain_strip.frame_steps(total, frames) == kept


def test_the_true_density_lies_on_the_models_grid():
    # Eight Gaussians: rows along y, columns along x, cell centres; mass one over a wide box.
    cells, low, high = 200, -5.0, 5.0

    def true(shape: str) -> np.ndarray:
        arrays = {"log_density": np.zeros((cells, cells)), "box": np.array([low, high])}
        return density_panels.true_log_density(
            Drawn(None, arrays, DensityData(kind="density", seed=0, shape=shape, train_size=1, test_size=1))
        )

    grid = true("eight_gaussians")
    width = (high - low) / cells
    assert abs(np.exp(grid).sum() * width**2 - 1) < 1e-3
    # Rows along y, columns along x: the moons tell the two apart.
    moons = true("two_moons")
    for row, column in ((60, 130), (130, 60), (100, 150), (10, 190)):
        point = np.array([[low + width * (column + 0.5), low + width * (row + 0.5)]])
        assert moons[row, column] == pytest.approx(density("two_moons").log_density(point)[0], rel=1e-9)
    assert not np.allclose(moons, moons.T)


def test_density_panels_share_one_scale_in_a_row(params):
    runs = loaded(params, "density_panels", "densities")
    made = density_panels.draw(runs)[0]
    shown = [axes.images[0] for axes in made.axes if axes.images]
    truth = np.exp(density_panels.true_log_density(runs[0]))
    assert [axes.get_title() for axes in made.axes if axes.images] == ["true density", "CD", "ICD"]
    assert {image.get_clim() for image in shown} == {(0, truth.max())}
    stored, _ = workspace.load_tensors(place("evaluate", "rings_icd", ".safetensors"))
    assert np.allclose(shown[2].get_array(), np.exp(stored["0/log_density"]))
    assert shown[0].origin == "lower" and shown[0].get_extent() == [-5, 5, -5, 5]


def test_every_caption_says_that_it_is_the_demo(params):
    for section in ("figures", "tables"):
        for name in getattr(params, section):
            text = caption(params, section, name)
            assert "This is the demo (" in text and text.endswith("not the paper's experiment.")
            assert "seeds 0, 1, 2" in text and "\n" not in text
    assert "handwritten digits, 8×8" in caption(params, "figures", "gap")
    data = params_data()
    data["preset"] = "other"
    assert "not the paper's experiment" in caption(write_params(data), "figures", "gap")
    data["preset"] = "paper"
    assert "not the paper's experiment" not in caption(write_params(data), "figures", "gap")


def test_the_caption_stands_in_the_figure(params):
    made = style.figure(3.25, 2.0)
    made.subplots()
    text = caption(params, "figures", "gap")
    style.add_footer(made, text)
    made.canvas.draw()
    footer = made.texts[0] if made.texts else made._supxlabel
    assert " ".join(footer.get_text().split()) == text
    box = footer.get_window_extent()
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= made.bbox.x1, "the caption is cut off"


def test_latex_special_characters_are_escaped():
    assert escape_latex(r"5 % & $x_1$ #2 {a} ~^\ ±") == (
        r"5 \% \& \$x\_1\$ \#2 \{a\} \textasciitilde{}\textasciicircum{}\textbackslash{} $\pm$"
    )


def test_runs_are_labelled_by_name_where_the_method_does_not_tell_them_apart(params):
    assert labels_of(params, "digits") == ["CD", "ICD", "DCD, time-dependent"]
    data = params_data()
    data["runs"]["digits_cd_again"] = data["runs"]["digits_cd"]
    labels = labels_of(write_params(data), "digits")
    assert labels == ["digits_cd", "ICD + aug", "DCD, time-dependent", "digits_cd_again"]


def test_conditional_models_are_labelled_by_their_attribute(repository):
    demo = load_params(repository / "workflow/presets/demo.yaml")
    labels = {label.name: label.label for label in label_runs(demo, demo.runs_of("shapes"))}
    assert labels == {
        "shapes_shape": "ICD given shape",
        "shapes_colour": "ICD given colour",
        "shapes_place": "ICD given place",
    }


@pytest.mark.parametrize("kind", ["sample_grid", "chain_strip", "nearest_neighbours"])
def test_points_are_refused_where_images_are_shown(params, kind):
    data = params_data()
    data["figures"]["grid"] = {"kind": kind, "experiment": "densities", "caption": "x"}
    with pytest.raises(
        ParamsError,
        match=rf"figures\.grid\.kind: {kind} shows .*images data, and experiment 'densities' has density$",
    ):
        write_params(data)


def test_a_missing_or_damaged_input_is_named(params):
    path = place("sample", "digits_cd", ".safetensors")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WorkspaceError, match=r"sample/digits/digits_cd\.safetensors is damaged"):
        figure.run(params, "grid")
    log = place("train", "digits_icd", ".csv")
    log.write_text(log.read_text().replace(",0.3,", ",0.4,", 1))
    with pytest.raises(WorkspaceError, match=r"train/digits/digits_icd\.csv is damaged"):
        figure.run(params, "gap")
    log.unlink()
    with pytest.raises(WorkspaceError, match=r"digits_icd\.csv is missing.*ebm train digits_icd"):
        figure.run(params, "gap")
    write_status("digits_icd", "seed,iteration\n0,1\n")
    with pytest.raises(WorkspaceError, match="no training log"):
        figure.run(params, "gap")
    assert not list(workspace.FIGURES.rglob("*.p*"))


def test_mean_ends_where_a_seed_ends():
    log = pd.DataFrame(
        {"seed": [0, 0, 1], "iteration": [0, 10, 0], "energy_gap": [1.0, 2.0, 3.0]},
    )
    table = curves.by_seed(log, "energy_gap")
    made = style.figure(2, 2)
    axes = made.subplots()
    curves.draw(axes, table, {0: Outcome(None), 1: Outcome(10)}, "A", {"color": "black", "linestyle": "-"})
    assert lines(axes)["A mean"].get_ydata().tolist() == [2.0]


def test_drawing_tabling_and_reporting_never_import_torch(reported):
    # A figure from the files of each stage, and the modules of all the others.
    stages = {entry.stage: name for name, entry in reported.figures.items()}
    kinds = [module for entry in reported.figures.values() for module in entry.modules()]
    workspace.REPORT.unlink()
    commands = [["figure", name] for name in stages.values()]
    commands += [["table", name] for name in reported.tables] + [["report"]]
    code = (
        "import importlib, sys\n"
        "from ebmrepro.cli import app\n"
        f"for kind in {kinds!r}:\n"
        "    importlib.import_module(kind)\n"
        f"for command in {commands!r}:\n"
        "    app(command, standalone_mode=False)\n"
        "    assert 'torch' not in sys.modules, command\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert workspace.REPORT.is_file()

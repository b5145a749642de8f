"""Every method on every data set: the table and the figure of cost are what stage compare wrote."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figures_loaded import loaded
from figures_measured import compared_file, cost
from figures_numbers import DIVERGED, REFERENCE, metric
from figures_runs import COMPARED, DENSITY, RUNS
from matplotlib.colors import to_hex

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.methods import method, methods
from ebmrepro.plots import cost_quality
from ebmrepro.reproduction.published import load_published
from ebmrepro.shown.loaders.compare import COSTS
from ebmrepro.shown.runs import NothingToShow
from ebmrepro.stages import figure, table
from ebmrepro.tables.table import from_markdown

SETS = ("gaussian", "eight_gaussians", "rings", "bars_and_stripes", "binary_digits", "digits")
LOST = "eight_gaussians_pcd"


def finished(run: str) -> list[int]:
    return [seed for seed in RUNS[run].seeds if seed not in DIVERGED.get(run, {})]


def written() -> tuple[list[dict], pd.DataFrame]:
    _, columns, rows = from_markdown(Path("paper_figures/demo/methods.md").read_text(encoding="utf-8"))
    frame = pd.read_csv("paper_figures/demo/methods.csv", comment="#").set_index("run")
    return [dict(zip(columns, row, strict=True)) for row in rows], frame


def test_every_run_of_the_comparison_has_a_row_with_quality_and_cost(params):
    table.run(params, "methods")
    _, frame = written()
    runs = [run for run in RUNS if RUNS[run].experiment in COMPARED]
    assert set(frame.index) == set(runs) and len(frame) == len(runs)
    fits = {"gaussian": "fisher_divergence", "rings": "test_log_likelihood", "binary_digits": "mmd_squared"}
    for run, record in frame.iterrows():
        assert record.method == method(params, run)
        for key in COSTS:
            # A step cost what it cost, whether the model diverged later or not.
            values = [cost(run, seed, key) for seed in RUNS[run].seeds]
            assert record[f"{key}_mean"] == pytest.approx(np.mean(values), rel=1e-12)
        assert record.finished == len(finished(run)) and record.seeds == len(RUNS[run].seeds)
        key = fits.get(record.dataset)
        if key:
            values = [metric(run, seed, key) for seed in finished(run)]
            assert record[f"{key}_mean"] == pytest.approx(np.mean(values), rel=1e-12)
            assert record[f"{key}_sd"] == pytest.approx(np.std(values, ddof=1), rel=1e-12)


def test_a_cell_says_by_what_it_is_measured(params):
    table.run(params, "methods")
    rows = {(row["Data"], row["Method"]): row for row in written()[0]}
    fit, sample = "Likelihood or divergence", "Sample quality"
    # The networks have no KL: all of one data set are measured by what they share.
    assert rows["gaussian", "ML, quadratic"][fit].startswith("Fisher divergence ↓: ")
    assert rows["gaussian", "ML, quadratic"][sample] == "–"
    assert rows["rings", "CD-5"][fit].startswith("log-likelihood (nats) ↑: ")
    assert rows["rings", "CD-5"][sample].startswith("W₂ ↓: ")
    assert rows["bars and stripes", "ML, RBM"][fit].startswith("log-likelihood (nats) ↑: ")
    assert rows["binary digits", "CD-1, RBM"][fit].startswith("log-likelihood (nats) ↑ (AIS): ")
    helmholtz = rows["binary digits", "wake-sleep, Helmholtz machine"]
    assert helmholtz[fit].startswith("log-likelihood (nats) ↑ (bound): ")
    assert helmholtz[sample].startswith("MMD² ↓: ")
    assert rows["digits", "ICD"][fit] == "–"
    assert rows["digits", "ICD"][sample].startswith("classifier Fréchet ↓: ")
    milliseconds = [1000 * cost("rings_cdk", seed, "seconds_per_step") for seed in (0, 1, 2)]
    shown = rows["rings", "CD-5"]["Milliseconds per step ↓"].split(" ± ")
    assert float(shown[0]) == pytest.approx(np.mean(milliseconds), abs=0.05)
    passes = [cost("rings_cdk", 0, key) for key in ("forward_passes", "backward_passes")]
    words = f"{sum(passes):g} = {passes[0]:g} + {passes[1]:g}"
    assert rows["rings", "CD-5"]["Network evaluations per step ↓"] == words


def test_seconds_stand_as_ratios_with_intervals(params):
    table.run(params, "methods")
    rows = {(row["Data"], row["Method"]): row["Ratio of seconds ↓"] for row in written()[0]}
    assert rows["rings", "CD-5"] == "1" and rows["rings", "DCD-VE"] == "0.438 [0.25, 0.625]"
    # Too few turns for an interval; and no baseline, so no ratio.
    assert rows["digits", "ICD"] == "1.5" and rows["digits", "DCD, time-dependent"] == "–"
    record = written()[1].loc["rings_dcd_ve"]
    assert (record.seconds_ratio_baseline, record.seconds_ratio_high) == ("rings_cdk", 0.625)


def test_runs_measured_by_inception_are_compared_by_the_judged_fid(params):
    (judged,) = {number.rule.metric for number in load_published().numbers
                 if number.rule and number.metric == "FID"}  # fmt: skip
    table.run(params, "methods")
    assert "Inception FID:" not in Path("paper_figures/demo/methods.md").read_text(encoding="utf-8")
    assert f"{judged}_mean" not in written()[1]
    (path,) = Path("results").rglob("compare/all_methods/all_methods.json")
    content = workspace.load_json(path)
    for run in ("digits_cd", "digits_icd", "digits_dcd"):
        for seed in content["runs"][run]["seeds"].values():
            seed["metrics"][judged] = seed["metrics"].pop("classifier_frechet")
    workspace.save_json(path, content)
    table.run(params, "methods")
    rows, frame = written()
    (cell,) = [row["Sample quality"] for row in rows if (row["Data"], row["Method"]) == ("digits", "ICD")]
    assert cell.startswith("Inception FID ↓: ")
    values = [metric("digits_icd", seed, "classifier_frechet") for seed in finished("digits_icd")]
    assert frame.loc["digits_icd", f"{judged}_mean"] == pytest.approx(np.mean(values), rel=1e-12)
    assert "Inception FID:" in Path("paper_figures/demo/methods.md").read_text(encoding="utf-8")


def test_rows_follow_one_order_of_methods_and_end_with_the_data(params):
    table.run(params, "methods")
    rows, frame = written()
    assert list(dict.fromkeys(row["Data"] for row in rows)) == [name.replace("_", " ") for name in SETS]
    for dataset in SETS:
        order = [list(methods()).index(key) for key in frame[frame.dataset == dataset].method]
        assert order == sorted(order)
    truth = {row["Data"]: row for row in rows if row["Method"] == "the data themselves"}
    assert set(truth) == {name.replace("_", " ") for name in SETS}
    assert truth["gaussian"]["Likelihood or divergence"] == "Fisher divergence ↓: 0"
    assert truth["rings"]["Likelihood or divergence"] == "log-likelihood (nats) ↑: −2.25"
    known = metric("rings_cdk", 0, "wasserstein_train_to_test")
    assert truth["rings"]["Sample quality"] == f"W₂ ↓: {known:.4g}"
    assert truth["digits"]["Sample quality"] == "classifier Fréchet ↓: 2.5"


def test_diverged_seeds_are_left_out_and_counted(params):
    table.run(params, "methods")
    rows = {(row["Data"], row["Method"]): row for row in written()[0]}
    assert rows["gaussian", "CD, MLP"]["Seeds finished"] == "4 of 5"
    lost = rows["eight gaussians", "PCD-5"]
    assert lost["Seeds finished"] == "0 of 3"
    assert lost["Likelihood or divergence"] == lost["Sample quality"] == "diverged"
    assert lost["Milliseconds per step ↓"] != "–"


def test_cost_and_quality_have_a_panel_for_each_data_set_and_a_mark_for_each_run(params):
    item = loaded(params, "cost_quality", "all_methods")[0]
    made = cost_quality.draw([item])[0]
    panels = {axes.get_title(loc="left"): axes for axes in made.axes if axes.containers}
    # Two methods have a quadratic energy and a network on the Gaussian.
    panels["gaussian"] = panels.pop("gaussian; hollow: MLP")
    assert set(panels) == {name.replace("_", " ") for name in SETS}
    filled = {line[0].get_gid(): line[0].get_fillstyle() for line in panels["gaussian"].containers}
    assert filled == {
        "gaussian_mle": "full",
        "gaussian_cd": "full",
        "report_cd": "none",
        "report_icd": "none",
    }
    keys = {
        "gaussian": "fisher_divergence",
        "rings": "test_log_likelihood",
        "eight gaussians": "test_log_likelihood",
        "digits": "classifier_frechet",
    }
    for title, key in keys.items():
        axes = panels[title]
        assert axes.get_xscale() == "log"
        runs = [r for r in RUNS if RUNS[r].dataset.replace("_", " ") == title and r in by_name(item)]
        assert set(gids(axes)) == set(runs) - {LOST}
        for run, container in zip(gids(axes), axes.containers, strict=True):
            line = container[0]
            x = np.mean([1000 * cost(run, seed, "seconds_per_step") for seed in finished(run)])
            y = np.mean([metric(run, seed, key) for seed in finished(run)])
            assert (line.get_xdata()[0], line.get_ydata()[0]) == pytest.approx((x, y), rel=1e-9)
            assert to_hex(line.get_color()).upper() == methods()[method(params, run)].colour.upper()
            assert line.get_marker() == methods()[method(params, run)].marker
            assert container.has_xerr and container.has_yerr
    assert f"No seed finished: {LOST}" in cost_quality.draw([item])[1]
    assert "Timed on invented processor" in cost_quality.draw([item])[1]


def by_name(item) -> set[str]:
    return {member.run.name for member in item.runs}


def gids(axes) -> list[str]:
    return [container[0].get_gid() for container in axes.containers]


def test_bars_are_the_standard_deviations(params):
    made = cost_quality.draw([loaded(params, "cost_quality", "all_methods")[0]])[0]
    axes = next(axes for axes in made.axes if axes.get_title(loc="left") == "rings")
    container = axes.containers[gids(axes).index("rings_cdk")]
    _, _, (across, along) = container
    x = np.array([1000 * cost("rings_cdk", seed, "seconds_per_step") for seed in (0, 1, 2)])
    y = np.array([metric("rings_cdk", seed, "test_log_likelihood") for seed in (0, 1, 2)])
    (left, _), (right, _) = across.get_segments()[0]
    assert right - x.mean() == pytest.approx(x.std(ddof=1), rel=1e-9)
    # On a logarithmic axis a bar never reaches 0.
    assert x.mean() - left == pytest.approx(min(x.std(ddof=1), 0.9 * x.mean()), rel=1e-9)
    (_, low), (_, high) = along.get_segments()[0]
    assert (high - low) / 2 == pytest.approx(y.std(ddof=1), rel=1e-9)
    reference = next(line for line in axes.lines if line.get_gid() == "reference")
    assert reference.get_ydata()[0] == REFERENCE["rings"]["true_test_log_likelihood"]


@pytest.mark.parametrize(("factor", "scale"), [(0.5, "linear"), (1000.0, "log")])
def test_qualities_orders_of_magnitude_apart_have_a_logarithmic_axis(params, factor, scale):
    """One run of digits far off: on a linear axis the others would lie on one line. Others stay linear."""
    item = loaded(params, "cost_quality", "all_methods")[0]
    one = next(member for member in item.runs if member.run.name == "digits_dcd")
    y = [metric("digits_cd", seed, "classifier_frechet") for seed in finished("digits_cd")]
    for seed, sign in zip(finished("digits_dcd"), (1, 2, 9), strict=True):
        one.metrics[seed]["classifier_frechet"] = factor * sign * np.mean(y)
    axes = {a.get_title(loc="left"): a for a in cost_quality.draw([item])[0].axes if a.containers}
    assert axes["digits"].get_yscale() == scale and axes["rings"].get_yscale() == "linear"
    container = axes["digits"].containers[gids(axes["digits"]).index("digits_dcd")]
    (_, low), (_, high) = container[2][1].get_segments()[0]
    mean, deviation = container[0].get_ydata()[0], factor * np.mean(y) * np.std([1, 2, 9], ddof=1)
    assert mean == pytest.approx(4 * factor * np.mean(y))
    assert high == pytest.approx(mean + deviation)
    # The bar is longer than the mean: on a logarithmic axis it ends above 0.
    assert deviation > mean and low == pytest.approx(0.1 * mean if scale == "log" else mean - deviation)


def test_larger_marks_need_more_network_evaluations(params):
    axes = cost_quality.draw([loaded(params, "cost_quality", "all_methods")[0]])[0].axes[1]
    passes = {
        run: cost(run, 0, "forward_passes") + cost(run, 0, "backward_passes")
        for run in (f"eight_gaussians_{name}" for name in DENSITY)
    }
    sizes = {container[0].get_gid(): container[0].get_markersize() for container in axes.containers}
    ordered = sorted(sizes, key=passes.get)
    assert [sizes[run] for run in ordered] == sorted(sizes.values())
    assert min(sizes.values()) >= cost_quality.SMALLEST and max(sizes.values()) <= cost_quality.LARGEST


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.8, 12, ["1", "2", "5", "10"]),
        (30, 700, ["50", "100", "200", "500"]),
        (2.6, 4.6, ["3", "3.5", "4", "4.5"]),
    ],
)
def test_a_short_axis_has_ticks_too(low, high, labels):
    ticks, words = cost_quality._ticks(low, high)
    assert words == labels and [float(word) for word in words] == pytest.approx(ticks)


def test_runs_that_share_no_measure_have_no_panel(params):
    item = loaded(params, "cost_quality", "all_methods")[0]
    bare = [member for member in item.runs if member.run.dataset == "gaussian"]
    for member in bare:
        for metrics in member.metrics.values():
            metrics.pop("fisher_divergence")
    with pytest.raises(NothingToShow, match="share no likelihood"):
        cost_quality.draw([type(item)(item.name, item.device, bare)])


def test_a_comparison_of_before_a_run_is_named(params):
    content = workspace.load_json(compared_file())
    del content["runs"]["report_icd"]
    workspace.save_json(compared_file(), content)
    for stage, name in ((figure, "cost"), (table, "methods")):
        with pytest.raises(WorkspaceError, match="without report_icd: run `ebm compare all_methods`"):
            stage.run(params, name)

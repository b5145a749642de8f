"""Verdicts on what denoising and comparison measured, and how the report shows claims of several tests."""

import html
import re
from pathlib import Path

import pytest
from figures_measured import cost, denoised_file
from figures_numbers import metric
from figures_params import params_data, write_params

from ebmrepro.checks.load import load_params
from ebmrepro.files import workspace
from ebmrepro.reproduction.decision import CONTRADICTED, NO_DIFFERENCE, NOT_MEASURED, REPRODUCED
from ebmrepro.stages import report

PRESETS = Path(__file__).parents[2] / "workflow/presets"


def rows_of(key: str) -> list[dict]:
    claims = workspace.load_json(workspace.verdicts_file("demo"))["claims"]
    return [row for row in claims if row["key"] == key]


def test_cost_is_judged_from_the_comparison(reported):
    found = [row for row in rows_of("dcd_faster") if row["rule"]["metric"] == "network_evaluations"]
    pairs = [(row["rule"]["method"], row["rule"]["baseline"]) for row in found]
    assert pairs == [
        ("eight_gaussians_dcd_ve", "eight_gaussians_cdk"),
        ("rings_dcd_ve", "rings_cdk"),
        ("digits_dcd", "digits_cd"),
    ]
    for row, pair in zip(found, pairs, strict=True):
        # A seed of digits_cd diverged: what its steps cost counts all the same.
        for run in pair:
            truth = {str(seed): cost(run, seed, "network_evaluations") for seed in (0, 1, 2)}
            assert row["measured"][run]["values"] == truth
        ours, theirs = (cost(run, 0, "network_evaluations") for run in pair)
        same = NO_DIFFERENCE if ours == theirs else CONTRADICTED
        assert row["verdict"] == (REPRODUCED if ours < theirs else same)
        assert row["statistic"]["effect"] == ours - theirs
    # No judged test asks for seconds.
    verdicts = workspace.load_json(workspace.verdicts_file("demo"))["claims"]
    assert not any("seconds" in row["rule"].get("metric", "") for row in verdicts)


def test_what_is_exact_has_no_p_and_adjusts_none(reported):
    everything = workspace.load_json(workspace.verdicts_file("demo"))["claims"]
    (row,) = (row for row in everything if row["statement"] == "Cheaper per step than CD-k on rings.")
    assert (row["statistic"]["test"], row["statistic"]["p"]) == ("exact", None)
    source = html.unescape(workspace.REPORT.read_text(encoding="utf-8"))
    cell = next(cell for cell in source.split("<tr>") if row["statement"] in cell and "<details>" in cell)
    difference = f"{row['statistic']['effect']:.3g}".replace("-", "−")
    assert f"difference rings_dcd_ve − rings_cdk in network_evaluations: {difference}</div>" in cell
    assert "p = " not in cell
    tested = [other["statistic"] for other in everything if other["statistic"].get("p") is not None]
    least = min(tested, key=lambda statistic: statistic["p"])
    assert least["p_holm"] == pytest.approx(min(1, len(tested) * least["p"]))


def test_denoising_is_judged_with_the_run(reported):
    content = workspace.load_json(denoised_file(".json"))
    found = [row for row in rows_of("dcd_faster") if row["rule"]["metric"].startswith("denoise")]
    assert [row["rule"]["metric"] for row in found] == ["denoise_psnr_0_1", "denoise_psnr_0_3"]
    for row in found:
        measured = row["measured"]["digits_dcd"]["values"]
        seeds = content["runs"]["digits_dcd"]["seeds"]
        assert measured == {seed: seeds[seed]["metrics"][row["rule"]["metric"]] for seed in ("0", "1", "2")}


def test_the_scope_of_a_test_is_that_of_its_runs(reported):
    rings = next(row for row in rows_of("dcd_faster") if row["rule"]["method"] == "rings_dcd_ve")
    assert rings["scope"] == "demo: rings in 2-D, 50 points; seeds 0, 1, 2"
    bars, digits = rows_of("pcd_improves")
    assert bars["scope"] == "demo: bars and stripes, 3×3 binary pixels; seeds 0, 1, 2"
    assert digits["scope"].startswith("demo: scikit-learn's handwritten digits, 8×8 binary pixels;")
    (loss,) = rows_of("report_loss_falls")
    assert loss["scope"].endswith("seeds 0, 1, 2, 3, 4")


def test_data_of_the_catalogue_are_named_as_their_publishers_do_with_what_is_trained_on():
    data = load_params(PRESETS / "cifar10.yaml").datasets["cifar10"]
    assert data.describe("mine") == "CIFAR-10, 32×32, 50,000 images"
    few = data.model_copy(update={"train_limit": 2000})
    assert few.describe("mine") == "CIFAR-10, 32×32, 2,000 images"


def test_the_term_report_is_judged_by_five_seeds_of_its_own(reported):
    for key, name in (("report_loss_falls", "final_loss"), ("report_icd_fits_better", "fisher_divergence")):
        (row,) = rows_of(key)
        truth = {str(seed): metric("report_icd", seed, name) for seed in range(5)}
        assert row["measured"]["report_icd"]["values"] == truth
        # Seed 3 of CD diverged: pairs are counted.
        assert row["measured"]["report_cd"]["diverged"] == {"3": 50}
        assert row["statistic"]["test"].startswith("sign test")


def test_a_claim_stands_once_with_its_tests_in_rows(reported):
    source = html.unescape(workspace.REPORT.read_text(encoding="utf-8"))
    articles = re.split(r'<article id="demo-claim-', source)[1:]
    articles = [part.split("</article>")[0] for part in articles if part.startswith('dcd_faster"')]
    assert len(articles) == 1
    rows = articles[0].split("<tbody>")[1].split("</tbody>")[0].split("<tr>")[1:]
    found = rows_of("dcd_faster")
    assert len(rows) == len(found) == 7
    for text, row in zip(rows, found, strict=True):
        assert row["statement"] in text and row["scope"] in text
        assert re.search(rf'class="verdict [a-z-]+">{row["verdict"]}<', text)
        assert row["rule_in_words"] in text
    # A claim with one test has its verdict in the heading, and no table.
    single = source.split('<article id="demo-claim-report_loss_falls">')[1]
    heading = single.split("</h4>")[0]
    assert rows_of("report_loss_falls")[0]["verdict"] in heading
    assert "<tbody>" not in single.split("</article>")[0]


def test_a_preset_without_the_runs_says_so(reported):
    data = params_data()
    for name in [name for name, run in data["runs"].items() if run["experiment"] == "density"]:
        del data["runs"][name]
    data["comparisons"] = {}
    data["figures"].pop("cost"), data["tables"].pop("methods")
    report.run(write_params(data))
    found = rows_of("dcd_faster")
    assert {row["rule"]["experiment"] for row in found} == {"digits"}
    costs = next(row for row in found if row["rule"]["metric"] == "network_evaluations")
    assert costs["verdict"] == NOT_MEASURED and "no network_evaluations" in costs["reason"]

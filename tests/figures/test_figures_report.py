"""The report shows everything, from files alone, and loads nothing from anywhere."""

import html
import html.parser
import json
import re
from pathlib import Path

import pytest
from figures_measured import composed_file, detected_file
from figures_numbers import place
from figures_params import params_data, write_params
from figures_workspace import metrics_of
from ruamel.yaml import YAML

from ebmrepro.checks.load import load_params
from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.reproduction.decision import NOT_MEASURED, UNDECIDED, VERDICTS
from ebmrepro.reproduction.published import load_published
from ebmrepro.stages import figure, report, table


class Page(html.parser.HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, source: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(source)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def page() -> Page:
    return Page(workspace.REPORT.read_text(encoding="utf-8"))


def article(key: str, preset: str = "demo") -> str:
    """The part of a preset's section that is about a claim."""
    source = workspace.REPORT.read_text(encoding="utf-8")
    return source.split(f'<article id="{preset}-claim-{key}">')[1].split("</article>")[0]


def claims_of(preset: str) -> list[dict]:
    return workspace.load_json(workspace.verdicts_file(preset))["claims"]


def test_every_claim_and_every_published_number_is_there_with_value_and_source(reported):
    source = workspace.REPORT.read_text(encoding="utf-8")
    text = page().text
    for claim in report.load_rules().claims:
        assert f"<code>{claim.key}</code>" in source
        assert " ".join(claim.source.split()) in text
    for number in load_published().numbers:
        assert source.count(f"<code>{number.key}</code>") == 1
        row = source[source.index(f"<code>{number.key}</code>") :].split("</tr>")[0]
        cells = Page(row).text
        assert ("unknown" if number.value is None else str(number.value)) in cells
        assert number.source in cells and f"; {number.confidence}" in cells
    for rerun in load_published().rerun_reports:
        assert rerun.key in text


def test_verdicts_of_the_demo(reported):
    verdicts = workspace.load_json(workspace.verdicts_file("demo"))
    assert verdicts["numbers"] == []
    claims = {row["key"]: row for row in verdicts["claims"]}
    shipped = report.load_rules().claims
    own = {claim.key for claim in shipped if any(test.is_for("demo") for test in claim.tests)}
    assert set(claims) == own and "dcd_celeba" not in own
    of_digits = ("kl_stabilises", "kl_not_negligible", "truncation_close", "icd_generates_better")
    of_digits += ("aug_diversity", "multiscale_quality", "ood_better")
    about = "demo: scikit-learn's handwritten digits, 8×8; seeds 0, 1, 2"
    for row in verdicts["claims"]:
        if row["key"] in of_digits:
            assert row["verdict"] in VERDICTS[:-1]
            assert row["scope"] == about
    # A model of seed 2 diverged, which leaves two seeds where the rule needs three.
    assert claims["composition_works"]["reason"] == "2 seeds that finished, the rule needs 3"


def test_a_preset_that_is_not_registered_is_called_provisional(reported):
    text, words = page().text, "provisional: its rules were not fixed before its runs"
    assert workspace.load_json(workspace.verdicts_file("demo"))["registered"] is None
    assert f"Preset demo is {words}." in text and "demo, not the paper’s; provisional" in text
    # The paper's has not run: nothing to be provisional.
    assert text.lower().count(words) == 2


def test_a_registered_preset_is_judged_on_its_seeds_alone(reported, monkeypatch):
    before = claims_of("demo")
    rules = report.load_rules()
    rules = rules.model_copy(update={"registered": {"demo": [1, 2, 11]}, "minimum_pairs": 2})
    monkeypatch.setattr(report, "load_rules", lambda: rules)
    report.run(reported)
    assert workspace.load_json(workspace.verdicts_file("demo"))["registered"] == [1, 2, 11]
    for row, whole in zip(claims_of("demo"), before, strict=True):
        assert (row["key"], row["statement"]) == (whole["key"], whole["statement"])
        for word, found in row["measured"].items():
            values = whole["measured"][word]["values"]
            assert found["values"] == {seed: value for seed, value in values.items() if seed in "12"}
        assert row["scope"].endswith("; seeds 1, 2")
    assert "is registered: its rules were committed before its runs" in page().text
    assert "judged on seeds 1, 2, 11 alone" in page().text and "provisional" not in page().text


def test_what_other_stages_measured_is_judged_with_the_run(reported):
    verdicts = workspace.load_json(workspace.verdicts_file("demo"))["claims"]
    content = workspace.load_json(detected_file(".json"))
    found = [row for row in verdicts if row["key"] == "ood_better"]
    assert [row["rule"]["metric"] for row in found] == ["ood_auroc_shapes", "ood_auroc_photographs"]
    for row in found:
        metric = row["rule"]["metric"]
        for method, run in (("icd", "digits_icd"), ("cd", "digits_cd")):
            seeds = content["runs"][run]["seeds"]
            truth = {seed: end["metrics"][metric] for seed, end in seeds.items() if "cause" not in end}
            assert row["measured"][method]["values"] == truth
    assert set(found[0]["measured"]["cd"]["diverged"]) == {"1"}


def test_a_composition_is_judged_as_a_run(reported):
    content = workspace.load_json(composed_file(".json"))
    content["seeds"]["2"] = content["seeds"]["0"] | {"metrics": {"accuracy_red_square": 0.9}}
    workspace.save_json(composed_file(".json"), content)
    report.run(reported)
    verdicts = workspace.load_json(workspace.verdicts_file("demo"))["claims"]
    row = next(row for row in verdicts if row["key"] == "composition_works")
    # 0.5, 0.525, 0.9: mean 0.642, sd 0.224, interval 0.642 +- 4.303 * 0.224 / sqrt 3.
    assert row["verdict"] == UNDECIDED
    assert row["statistic"]["effect"] == pytest.approx(0.642, abs=1e-3)
    assert row["statistic"]["interval"] == pytest.approx([0.085, 1.198], abs=1e-3)
    assert row["measured"]["coloured_shapes"]["values"] == {"0": 0.5, "1": 0.525, "2": 0.9}
    assert row["scope"].startswith("demo: generated coloured shapes")
    assert "<code>coloured_shapes</code>: accuracy_red_square 0.64 ± 0.22" in article("composition_works")


def test_a_run_that_a_rule_names_is_shown_by_its_name_and_an_objective_by_its_method(reported):
    first, second = article("kl_stabilises").split("<tbody>")[1].split("</tr>")[:2]
    assert "ICD (<code>digits_icd</code>): energy_gap_size" in first
    assert "<div><code>ablation_full</code>: energy_gap_size" in second
    # Method before baseline, though the alphabet has them the other way round.
    assert second.index("<code>ablation_full</code>") < second.index("<code>ablation_aug_ms</code>")


def test_metrics_that_stages_disagree_on_end_in_one_sentence(reported):
    before = workspace.REPORT.read_bytes()
    content = workspace.load_json(detected_file(".json"))
    metrics = content["runs"]["digits_icd"]["seeds"]["1"]["metrics"]
    metrics["energy_gap_size"] = 0.0
    workspace.save_json(detected_file(".json"), content)
    with pytest.raises(WorkspaceError, match="measures energy_gap_size of run digits_icd a second time"):
        report.run(reported)
    del content["runs"]["digits_icd"]["seeds"]["1"]
    workspace.save_json(detected_file(".json"), content)
    with pytest.raises(WorkspaceError, match="has no metrics of run digits_icd with seed 1"):
        report.run(reported)
    detected_file(".json").unlink()
    with pytest.raises(WorkspaceError, match=r"digits_ood\.json is missing"):
        report.run(reported)
    assert workspace.REPORT.read_bytes() == before


def test_the_summary_counts_and_names_what_was_not_measured(reported):
    verdicts = workspace.load_json(workspace.verdicts_file("demo"))["claims"]
    source = workspace.REPORT.read_text(encoding="utf-8")
    section = source[source.index("<h2>Verdicts in all") : source.index("<h3>What was not measured")]
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in section.split("<tr>")[2:]]
    targets = [number for number in load_published().numbers if number.gate]
    tests = [test for claim in report.load_rules().claims for test in claim.tests if test.is_for("paper")]
    tested = [sum(entry["verdict"] == word for entry in verdicts) for word in VERDICTS]
    for row, counts in zip(rows, ([0, 0, 0, 0, len(targets)], [0, 0, 0, 0, len(tests)], tested), strict=True):
        assert row[1:] == [str(count) for count in [*counts, sum(counts)]]
    reasons = source[source.index("What was not measured") : source.index('<h2 id="paper-scale">')]
    of_paper, of_demo = reasons.split("<strong>Preset demo</strong>")
    assert of_paper.count("preset paper has not run in this checkout") == 2
    for entry in verdicts:
        assert (entry["key"] in of_demo) == (entry["verdict"] == NOT_MEASURED)


def test_measured_values_stand_beside_their_claim(reported):
    seeds = metrics_of(reported, "digits_icd")["seeds"]
    for seed, entry in seeds.items():
        assert f"seed {seed}: {entry['metrics']['kl_to_cd_gradient']:.4g}" in article("kl_not_negligible")
    assert "diverged: seed 1 at iteration 40" in article("kl_stabilises")


def test_nothing_is_loaded_from_outside(reported):
    source = workspace.REPORT.read_text(encoding="utf-8")
    tags = page().tags
    loading = [
        value for _, attributes in tags for key, value in attributes.items() if key in ("src", "href", "data")
    ]
    known = {attributes["id"] for _, attributes in tags if "id" in attributes}
    links = [value for value in loading if value.startswith("#")]
    assert links and {link[1:] for link in links} <= known, "a link leads nowhere"
    loading = [value for value in loading if value not in links]
    assert len(loading) == len(reported.figures)
    assert all(value.startswith("data:image/png;base64,") for value in loading)
    assert not {"script", "link", "iframe", "object", "embed"} & {tag for tag, _ in tags}
    assert "url(" not in source and "@import" not in source
    assert not re.search(r"https?://", source)


def test_every_figure_has_an_alternative_text_that_is_its_caption(reported):
    pictures = [attributes for tag, attributes in page().tags if tag == "img"]
    assert len(pictures) == len(reported.figures)
    for name, picture in zip(reported.figures, pictures, strict=True):
        assert picture["alt"].startswith(f"Caption of {name} & 5_%.")
        assert "This is the demo" in picture["alt"]


def test_tables_environment_and_parameters_are_shown(reported):
    text = page().text
    assert "2 of 3; seed 1 diverged at 40" in text
    assert "invented processor" in text
    source = workspace.REPORT.read_text(encoding="utf-8")
    shown = html.unescape(re.search(r"without its comments</summary><pre>(.*?)</pre>", source, re.S)[1])
    assert YAML(typ="safe").load(shown) == params_data()


def test_a_comment_in_the_parameters_changes_no_page(reported):
    first = workspace.REPORT.read_bytes()
    with open("params.yaml", "a", encoding="utf-8") as file:
        file.write("\n# A comment.\n")
    report.run(load_params())
    assert workspace.REPORT.read_bytes() == first


def test_hostile_text_stays_text(params):
    data = params_data()
    data["figures"] = {"gap": {**data["figures"]["gap"], "caption": "<script>alert(1)</script>"}}
    data["tables"] = {"gaussian": {**data["tables"]["gaussian"], "caption": "<img src=x>"}}
    for section in ("compositions", "ood", "denoisings", "comparisons"):
        data[section] = {}
    hostile = write_params(data)
    figure.run(hostile, "gap")
    table.run(hostile, "gaussian")
    report.run(hostile)
    tags = page().tags
    assert "script" not in {tag for tag, _ in tags}
    assert all(attributes["src"].startswith("data:") for tag, attributes in tags if tag == "img")
    assert "<script>alert(1)</script>" in page().text and "<img src=x>" in page().text


def test_equal_inputs_give_the_same_page(reported):
    first = workspace.REPORT.read_bytes()
    report.run(reported)
    assert workspace.REPORT.read_bytes() == first


def test_other_presets_are_shown_from_their_files(reported):
    data = params_data()
    data["preset"], data["seeds"] = "second", [0]
    data["runs"] = {"gaussian_mle": data["runs"]["gaussian_mle"]}
    data["figures"], data["tables"] = {}, {"gaussian": data["tables"]["gaussian"]}
    for section in ("compositions", "ood", "denoisings", "comparisons"):
        data[section] = {}
    second = write_params(data)
    for stage in ("train", "evaluate"):
        content = workspace.load_json(place(stage, "gaussian_mle", ".json"))
        workspace.save_json(place(stage, "gaussian_mle", ".json", "second"), content)
    table.run(second, "gaussian")
    report.run(second)
    source = workspace.REPORT.read_text(encoding="utf-8")
    own, other = re.split(r'<h2 id="[a-z]+-preset">Preset ', source)[1:]
    assert own.startswith("second, not the paper’s") and other.startswith("demo, not the paper’s")
    assert "this preset has no experiment digits" in own
    for shown in ("generation", "composition", "ood", "gap", "composed", "histograms"):
        assert f'id="demo-{shown}"' in other
    assert "demo: scikit-learn" in other
    assert "params.yaml now holds another preset" in other
    assert "invented processor" in other


def test_figures_that_params_no_longer_names_are_not_shown(reported):
    data = params_data()
    del data["figures"]["gap"]
    report.run(write_params(data))
    assert 'id="demo-gap"' not in workspace.REPORT.read_text(encoding="utf-8")


def test_missing_damaged_and_foreign_inputs_end_in_one_sentence_and_write_nothing(reported):
    before = workspace.REPORT.read_bytes()
    figure_file = Path("paper_figures/demo/gap.png")
    whole = figure_file.read_bytes()
    figure_file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WorkspaceError, match="gap: not a PNG"):
        report.run(reported)
    figure_file.unlink()
    with pytest.raises(WorkspaceError, match=r"gap\.png is missing: run `ebm figure gap`"):
        report.run(reported)
    figure_file.write_bytes(whole)
    Path("paper_figures/demo/gaussian.md").write_text("nothing\n")
    with pytest.raises(WorkspaceError, match="table gaussian: not a table"):
        report.run(reported)
    table.run(reported, "gaussian")
    workspace.save_json(place("evaluate", "digits_cd", ".json"), {"run": "digits_cd"})
    with pytest.raises(WorkspaceError, match=r"digits_cd\.json holds no metrics"):
        report.run(reported)
    workspace.save_json(place("evaluate", "digits_cd", ".json"), metrics_of(reported, "digits_cd"))
    place("evaluate", "digits_icd", ".json").unlink()
    with pytest.raises(WorkspaceError, match=r"digits_icd\.json is missing"):
        report.run(reported)
    assert workspace.REPORT.read_bytes() == before


def test_verdicts_file_is_checksummed_and_complete(reported):
    stored = json.loads(workspace.verdicts_file("demo").read_text())
    assert set(stored) == {"preset", "registered", "claims", "numbers", "sha256"}
    for row in stored["claims"]:
        assert (row["rule"] is None) == (row["rule_in_words"] is None)

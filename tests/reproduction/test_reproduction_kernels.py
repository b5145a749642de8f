"""Verdicts beside those of other kernels: what differs is undecided, and old ones take no part."""

import html
import json

import pytest
from paper_runs import PAPER
from reproduction_runs import HIGH, LOW, PAIRED, run

from ebmrepro.checks.load import load_params
from ebmrepro.files import workspace
from ebmrepro.flow.jobs import one_job
from ebmrepro.report import page
from ebmrepro.reproduction.decision import CONTRADICTED, REPRODUCED, UNDECIDED
from ebmrepro.reproduction.judge import judge, not_run
from ebmrepro.reproduction.kernels import DIFFERS, beside
from ebmrepro.reproduction.published import Published
from ebmrepro.reproduction.rules import Claim

ABOUT = {
    "variables": {"ATEN_CPU_CAPABILITY": "default"},
    "changes": ["convolution", "product"],
    "processor": "invented processor",
    "versions": {"torch": "2.0", "dvc": None},
    "commit": "0123456789abcdef",
}
NOTHING = Published(numbers=[], rerun_reports=[])
OTHER = PAIRED.model_copy(update={"metric": "loss"})
CLAIMS = [
    Claim.model_construct(key=key, text=f"{key}.", source="s", confidence="high", tests=[test], untested=None)
    for key, test in (("a", PAIRED), ("b", OTHER))
]


def verdicts(gap: tuple, claims=CLAIMS, registered=None) -> dict:
    """ICD and CD have this `gap` by seed, and the loss of ICD is the lower one."""
    runs = []
    for name, own, loss in (("icd", gap[0], LOW), ("cd", gap[1], HIGH)):
        metrics = {seed: {"gap": own[seed], "loss": loss[seed]} for seed in range(len(LOW))}
        runs.append(run(name, "gap", own)._replace(metrics=metrics))
    return judge(claims, NOTHING, "demo", runs, lambda experiment, names: "here", registered)


def stored(found: dict) -> dict:
    """As it comes from a file that `make other-kernels` wrote."""
    return json.loads(json.dumps(found | {"kernels": ABOUT}))


def test_a_verdict_that_differs_is_undecided_and_says_why():
    here, there = verdicts((LOW, HIGH)), verdicts((HIGH, LOW))
    assert [row["verdict"] for row in here["claims"]] == [REPRODUCED, REPRODUCED]
    assert [row["verdict"] for row in there["claims"]] == [CONTRADICTED, REPRODUCED]
    first, second = beside(here, stored(there))["claims"]
    assert first["verdict"] == UNDECIDED
    assert first["reason"] == f"{DIFFERS}: reproduced here, contradicted there"
    both = first["kernels"]
    assert both["here"]["verdict"] == REPRODUCED
    assert both["other"]["statistic"]["effect"] == -both["here"]["statistic"]["effect"]
    assert (second["verdict"], second["reason"]) == (REPRODUCED, here["claims"][1]["reason"])
    assert beside(here, stored(there))["other_kernels"] == ABOUT


@pytest.mark.parametrize(
    "other",
    [
        {"claims": CLAIMS[:1]},
        {"claims": [CLAIMS[0], CLAIMS[1].model_copy(update={"tests": [PAIRED]})]},
        {"registered": [0, 1, 2, 3]},
    ],
)
def test_verdicts_of_other_rules_take_no_part_and_are_named(other):
    here = verdicts((LOW, HIGH))
    found = beside(here, stored(verdicts((HIGH, LOW), **other)))
    assert found["claims"] == here["claims"]
    assert "other rules than today's: run `make other-kernels` anew" in found["other_kernels"]["stale"]


def shown(found: dict) -> str:
    preset = page.judged(json.loads(json.dumps(found)), "demo")
    preset |= {"tables": [], "figures": [], "environments": [], "params": None}
    absent = not_run(CLAIMS, NOTHING, "paper", "it has not run")
    return html.unescape(page.render([preset], CLAIMS, [], absent))


def test_the_page_shows_both_side_by_side_and_none_that_differs_as_decided():
    text = shown(beside(verdicts((LOW, HIGH)), stored(verdicts((HIGH, LOW)))))
    table = text.split('<table id="demo-kernels">')[1].split("</table>")[0]
    words = [row.split('<span class="verdict ')[1:] for row in table.split("<tr>")[2:]]
    assert [[part.split(">")[1].split("<")[0] for part in row] for row in words] == [
        [REPRODUCED, CONTRADICTED, UNDECIDED],
        [REPRODUCED, REPRODUCED, REPRODUCED],
    ]
    # A test without a statement has no words there.
    assert "None" not in table
    assert "<code>ATEN_CPU_CAPABILITY=default</code>" in text and "invented processor" in text
    assert "every convolution, every product; torch 2.0. A verdict" in " ".join(text.split())
    decided = text.split("<h3>What was reproduced</h3>")[1].split("<h3>")[0]
    assert "#demo-claim-b" in decided and "#demo-claim-a" not in decided
    stale = shown(beside(verdicts((LOW, HIGH)), stored(verdicts((HIGH, LOW), claims=CLAIMS[:1]))))
    assert "run `make other-kernels` anew" in stale and 'id="demo-kernels"' not in stale
    assert "other kernels" not in shown(verdicts((LOW, HIGH)))


def test_the_second_file_is_an_input_of_the_report_where_it_is(tmp_path, monkeypatch):
    params = load_params(PAPER.with_name("micro.yaml"))
    monkeypatch.chdir(tmp_path)
    path = workspace.other_kernels_file("micro")
    assert str(path) not in one_job(params, "report", None).inputs
    workspace.save_json(path, {"kernels": ABOUT})
    assert str(path) in one_job(params, "report", None).inputs

"""Published numbers are judged by their preset alone, and a claim has a row for each of its tests."""

from reproduction_runs import PAIRED, run

from ebm.reproduction.judge import NOT_MEASURED, NOT_REPRODUCED, REPRODUCED, judge, judge_number
from ebm.reproduction.rules import Claim, Published, PublishedNumber, PublishedValue

VALUE = PublishedValue(
    preset="paper",
    experiment="cifar10",
    objective="icd",
    metric="fid",
    better="lower",
    tolerance=0.05,
    minimum_seeds=2,
)


def number(**changes) -> PublishedNumber:
    data = {
        "key": "n",
        "dataset": "d",
        "metric": "FID",
        "value": 20.0,
        "ref": "T1",
        "source": "s",
        "confidence": "high",
        "gate": True,
        "rule": VALUE,
    }
    return PublishedNumber(**(data | changes))


def judged(values: list, preset="paper", diverged=None, **changes):
    runs = [run("icd", "fid", values, diverged, experiment="cifar10")]
    return judge_number(number(**changes), preset, runs)


def test_a_published_number_is_judged_by_its_preset_alone():
    assert judged([20.0, 20.0]).verdict == REPRODUCED
    for preset in ("demo", "papers", "second"):
        found = judged([20.0, 20.0], preset)
        assert found.verdict == NOT_MEASURED and f"preset {preset} is not the paper's" in found.reason


def test_tolerance_of_a_published_number():
    assert judged([20.9, 20.9]).verdict == REPRODUCED, "4.5 % worse"
    assert judged([21.1, 21.1]).verdict == NOT_REPRODUCED, "5.5 % worse"
    assert judged([5.0, 5.0]).verdict == REPRODUCED, "better is enough"
    assert judged([20.0, 22.1]).verdict == NOT_REPRODUCED, "the mean counts"
    higher = VALUE.model_copy(update={"better": "higher"})
    assert judged([19.1, 19.1], rule=higher).verdict == REPRODUCED
    assert judged([18.9, 18.9], rule=higher).verdict == NOT_REPRODUCED
    assert judged([40.0, 40.0], rule=higher).verdict == REPRODUCED


def test_seeds_of_a_published_number():
    assert judged([20.0]).verdict == NOT_MEASURED
    assert judged([20.0, None]).verdict == NOT_MEASURED
    assert judged([20.0, 20.0, 20.0], diverged={1: 9}).verdict == NOT_REPRODUCED
    assert judge_number(number(), "paper", []).verdict == NOT_MEASURED


def test_unsure_and_unknown_numbers_are_never_judged():
    assert judged([20.0, 20.0], gate=False, rule=None).verdict == NOT_MEASURED
    unknown = judged([20.0, 20.0], gate=False, rule=None, value=None)
    assert unknown.verdict == NOT_MEASURED and unknown.reason == "no published value is known"


def test_judge_makes_a_row_for_each_experiment_that_a_claim_is_tested_in():
    tests = [PAIRED, PAIRED.model_copy(update={"experiment": "cifar10"})]
    claims = [
        Claim(key="a", text="A.", source="s", confidence="high", tests=tests),
        Claim(key="b", text="B.", source="s", confidence="low", untested="why not"),
    ]
    runs = [run("cd", "gap", [2.0, 3.0, 4.0]), run("icd", "gap", [1.0, 1.0, 1.0])]
    published = Published(numbers=[number()], rerun_reports=[])

    def of(scopes: dict):
        return lambda experiment, runs: scopes.get(experiment)

    known = {"digits": "demo: digits", "gaussian": "demo: gaussian"}
    found = judge(claims, published, "demo", runs, of(known))
    assert [(row["key"], row["verdict"], row["scope"]) for row in found["claims"]] == [
        ("a", REPRODUCED, "demo: digits"),
        ("b", NOT_MEASURED, None),
    ]
    assert found["claims"][0]["rule"] == PAIRED.model_dump()
    nowhere = judge(claims, published, "demo", runs, of({"gaussian": "demo: gaussian"}))["claims"]
    assert nowhere[0]["verdict"] == NOT_MEASURED and "no experiment digits, cifar10" in nowhere[0]["reason"]
    both = judge(claims, published, "demo", runs, of({"digits": "x", "cifar10": "y"}))["claims"]
    assert [(row["verdict"], row["scope"]) for row in both[:2]] == [(REPRODUCED, "x"), (NOT_MEASURED, "y")]


def test_a_row_says_which_part_of_its_claim_it_tests_and_what_was_measured():
    first = PAIRED.model_copy(update={"statement": "One part."})
    claim = Claim(key="a", text="A.", source="s", confidence="high", tests=[first, PAIRED])
    runs = [run("cd", "gap", [2.0, 3.0, 4.0]), run("icd", "gap", [1.0, 1.0, 1.0])]
    asked = []

    def scope(experiment, names):
        asked.append((experiment, list(names)))
        return ", ".join(names)

    rows = judge([claim], Published(numbers=[], rerun_reports=[]), "demo", runs, scope)["claims"]
    assert [row["statement"] for row in rows] == ["One part.", None]
    # Method before baseline, as in the rule; no run at all only to ask whether the experiment is there.
    assert {row["scope"] for row in rows} == {"x_icd, x_cd"}
    assert asked.count(("digits", [])) == 2

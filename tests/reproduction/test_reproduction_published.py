"""Published numbers are judged by their preset alone, and a claim has a row for each of its tests."""

from reproduction_runs import PAIRED, run

from ebmrepro.reproduction.judge import judge, not_run
from ebmrepro.reproduction.judgement import (
    NOT_JUDGED,
    NOT_MEASURED,
    NOT_REPRODUCED,
    REPRODUCED,
    judge_number,
)
from ebmrepro.reproduction.rules import Claim, Published, PublishedNumber, PublishedValue, Shown

VALUE = PublishedValue(
    preset="paper",
    experiment="cifar10",
    objective="icd",
    metric="fid",
    better="lower",
    tolerance=0.05,
    minimum_seeds=2,
)
SHOWN = Shown(preset="paper", experiment="cifar10", objective="icd", metric="fid")


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
    unsure = judged([20.0, 20.0], gate=False, rule=None)
    assert unsure.verdict == NOT_JUDGED and not unsure.measured
    unknown = judged([20.0, 20.0], gate=False, rule=None, value=None)
    assert unknown.verdict == NOT_JUDGED and unknown.reason == "no published value is known"


def test_what_was_measured_stands_beside_a_number_that_is_no_target_and_decides_nothing():
    unsure = {"gate": False, "rule": None, "shown": SHOWN}
    for values in ([20.0, 20.0], [900.0, 901.0], [20.0], [None, None]):
        found = judged(values, **unsure)
        assert found.verdict == NOT_JUDGED
        assert list(found.measured["icd"]["values"].values()) == values
    assert judged([20.0, 21.0], **unsure).measured["icd"]["mean"] == 20.5
    assert judged([20.0, 20.0], "demo", **unsure).measured == {}
    nowhere = judge_number(number(**unsure), "paper", [])
    assert nowhere.verdict == NOT_JUDGED and "no run icd" in nowhere.reason


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
    two = of({"digits": "x", "cifar10": "y"})
    half = [*runs, run("cd", "gap", [2.0, 3.0, 4.0], experiment="cifar10")]
    both = judge(claims, published, "demo", half, two)["claims"]
    assert [(row["verdict"], row["scope"]) for row in both[:2]] == [(REPRODUCED, "x"), (NOT_MEASURED, "y")]
    assert "no run with objective icd" in both[1]["reason"]
    # An experiment of that name with other runs is not what the test is about.
    other = [*runs, run("dcd", "gap", [2.0, 3.0, 4.0], experiment="cifar10")]
    assert [row["key"] for row in judge(claims, published, "demo", other, two)["claims"]] == ["a", "b"]


def test_a_test_is_judged_in_its_presets_alone_and_without_any_in_all_but_the_papers():
    free = PAIRED.model_copy(update={"statement": "Small."})
    bound = PAIRED.model_copy(update={"statement": "At scale.", "presets": ["paper", "cifar10"]})
    claims = [
        Claim(key="both", text="A.", source="s", confidence="high", tests=[free, bound]),
        Claim(key="small", text="B.", source="s", confidence="high", tests=[free]),
    ]
    runs = [run("cd", "gap", [2.0, 3.0, 4.0]), run("icd", "gap", [1.0, 1.0, 1.0])]

    def rows(preset: str) -> list[tuple]:
        nothing = Published(numbers=[], rerun_reports=[])
        found = judge(claims, nothing, preset, runs, lambda experiment, names: "here")["claims"]
        assert {row["verdict"] for row in found} == {REPRODUCED}
        return [(row["key"], row["statement"]) for row in found]

    assert rows("paper") == [("both", "At scale.")]
    assert rows("cifar10") == [("both", "Small."), ("both", "At scale."), ("small", "Small.")]
    assert rows("demo") == [("both", "Small."), ("small", "Small.")]


def test_published_numbers_are_rows_of_their_preset_alone():
    numbers = [number(), number(key="unsure", gate=False, rule=None), number(key="m", rule=None, gate=False)]
    published = Published(numbers=numbers, rerun_reports=[])
    runs = [run("icd", "fid", [20.0, 20.0], experiment="cifar10")]

    def of(preset: str) -> list:
        return judge([], published, preset, runs, lambda experiment, names: "here")["numbers"]

    assert [(row["key"], row["verdict"]) for row in of("paper")] == [
        ("n", REPRODUCED),
        ("unsure", NOT_JUDGED),
        ("m", NOT_JUDGED),
    ]
    assert of("demo") == []


def test_a_preset_that_has_not_run_has_its_rows_with_the_reason_and_the_rules():
    bound = PAIRED.model_copy(update={"presets": ["paper"]})
    claims = [Claim(key="a", text="A.", source="s", confidence="high", tests=[PAIRED, bound])]
    numbers = [number(), number(key="unsure", gate=False, rule=None, shown=SHOWN)]
    published = Published(numbers=numbers, rerun_reports=[])
    found = not_run(claims, published, "paper", "it has not run")
    (row,) = found["claims"]
    assert (row["verdict"], row["reason"], row["measured"]) == (NOT_MEASURED, "it has not run", {})
    assert row["rule"] == bound.model_dump() and row["rule_in_words"] == bound.words()
    target, unsure = found["numbers"]
    assert (target["verdict"], target["reason"]) == (NOT_MEASURED, "it has not run")
    assert target["rule"] == VALUE.model_dump()
    assert (unsure["verdict"], unsure["measured"]) == (NOT_JUDGED, {})


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

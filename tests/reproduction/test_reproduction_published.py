"""Published numbers are judged by their preset alone, and a claim has a row for each of its tests."""

import pytest
from reproduction_runs import HIGH, LOW, PAIRED, run

from ebmrepro.reproduction.decision import (
    CONTRADICTED,
    NOT_JUDGED,
    NOT_MEASURED,
    REPRODUCED,
    UNDECIDED,
)
from ebmrepro.reproduction.judge import judge, not_run
from ebmrepro.reproduction.published import Published, PublishedNumber, PublishedValue, Shown
from ebmrepro.reproduction.rules import Claim

VALUE = PublishedValue(
    preset="paper",
    experiment="cifar10",
    objective="icd",
    metric="fid",
    better="lower",
    tolerance=0.05,
    minimum_seeds=2,
)
# Beside LOW a difference that is sure enough for several tests of one preset.
SURE = [2.0, 2.01, 2.02, 2.03]
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


def judged(values: list, preset="paper", diverged=None, **changes) -> dict:
    """The row of a number whose run has these values."""
    runs = [run("icd", "fid", values, diverged, experiment="cifar10")]
    return row_of(number(**changes), preset, runs)


def row_of(entry: PublishedNumber, preset: str, runs: list) -> dict:
    """A number beside one of `preset`, without which the preset would have no rows of numbers."""
    shown = Shown(preset=preset, experiment="cifar10", objective="icd", metric="fid")
    other = number(key="other", gate=False, rule=None, shown=shown)
    published = Published(numbers=[entry, other], rerun_reports=[])
    return judge([], published, preset, runs, lambda experiment, names: "here")["numbers"][0]


def test_a_published_number_is_judged_by_its_preset_alone():
    assert judged([20.0, 20.1, 19.9])["verdict"] == REPRODUCED
    for preset in ("demo", "papers", "second"):
        found = judged([20.0, 20.1, 19.9], preset)
        assert found["verdict"] == NOT_MEASURED and f"preset {preset} is not the paper's" in found["reason"]


@pytest.mark.parametrize(
    ("value", "better", "values", "verdict"),
    [
        (20.0, "lower", [20.8, 20.81, 20.79], REPRODUCED),  # 4 % worse, the limit is 21
        (20.0, "lower", [21.2, 21.21, 21.19], CONTRADICTED),
        (20.0, "lower", [20.9, 21.0, 21.1], UNDECIDED),
        (20.0, "lower", [5.0, 5.1, 4.9], REPRODUCED),
        (20.0, "lower", [20.0, 22.1, 18.1], UNDECIDED),  # the mean is good, and not sure
        (20.0, "higher", [19.2, 19.3, 19.4], REPRODUCED),  # the limit is 19
        (20.0, "higher", [18.7, 18.6, 18.8], CONTRADICTED),
        (20.0, "higher", [40.0, 40.1, 39.9], REPRODUCED),
        # Worse than a negative number is below it, if more is better: the limit is -105.
        (-100.0, "higher", [-201.0, -201.5, -200.5], CONTRADICTED),
        (-100.0, "higher", [-101.0, -101.5, -100.5], REPRODUCED),
        (-100.0, "lower", [-201.0, -201.5, -200.5], REPRODUCED),
        (-100.0, "lower", [-94.0, -94.1, -93.9], CONTRADICTED),
    ],
)
def test_tolerance_of_a_published_number(value, better, values, verdict):
    found = judged(values, value=value, rule=VALUE.model_copy(update={"better": better}))
    assert found["verdict"] == verdict, found["reason"]


def test_how_far_from_a_published_number_is_said_in_its_own_size():
    negative = judged(
        [-201.0, -201.5, -200.5], value=-100.0, rule=VALUE.model_copy(update={"better": "higher"})
    )
    assert "101.0% worse than -100.0" in negative["reason"]
    assert "5.0% better than 20.0" in judged([19.0, 19.1, 18.9])["reason"]


def test_seeds_of_a_published_number():
    assert judged([20.0])["verdict"] == NOT_MEASURED
    assert judged([20.0, None])["verdict"] == NOT_MEASURED
    assert judged([20.0, 20.0])["verdict"] == NOT_MEASURED, "the same number twice is no repetition"
    assert row_of(number(), "paper", [])["verdict"] == NOT_MEASURED
    # A mean over the survivors would not be the method's: who diverged did not reach it.
    some = judged([20.0, 20.1, 19.9], diverged={1: 9})
    assert some["verdict"] == UNDECIDED and some["statistic"]["effect"] == pytest.approx(2 / 3)
    every = judged([20.0] * 6, diverged=dict.fromkeys(range(6), 9))
    assert every["verdict"] == CONTRADICTED and every["statistic"]["effect"] == 0


def test_unsure_and_unknown_numbers_are_never_judged():
    unsure = judged([20.0, 20.1], gate=False, rule=None)
    assert unsure["verdict"] == NOT_JUDGED and not unsure["measured"]
    unknown = judged([20.0, 20.1], gate=False, rule=None, value=None)
    assert unknown["verdict"] == NOT_JUDGED and unknown["reason"] == "no published value is known"


def test_what_was_measured_stands_beside_a_number_that_is_no_target_and_decides_nothing():
    unsure = {"gate": False, "rule": None, "shown": SHOWN}
    for values in ([20.0, 20.0], [900.0, 901.0], [20.0], [None, None]):
        found = judged(values, **unsure)
        assert found["verdict"] == NOT_JUDGED
        assert list(found["measured"]["icd"]["values"].values()) == values
    assert judged([20.0, 21.0], **unsure)["measured"]["icd"]["mean"] == 20.5
    assert judged([20.0, 20.0], "demo", **unsure)["measured"] == {}
    nowhere = row_of(number(**unsure), "paper", [])
    assert nowhere["verdict"] == NOT_JUDGED and "no run icd" in nowhere["reason"]


def test_published_numbers_and_claims_of_a_preset_are_decided_together():
    test = PAIRED.model_copy(update={"presets": ["paper"]})
    claim = Claim(key="a", text="A.", source="s", confidence="high", tests=[test] * 9)
    runs = [run("cd", "gap", HIGH), run("icd", "gap", LOW)]
    runs += [run("icd", "fid", [20.0, 20.2, 19.8], experiment="cifar10")]
    published = Published(numbers=[number()], rerun_reports=[])
    alone = judge([], published, "paper", runs, lambda experiment, names: "here")["numbers"][0]
    beside = judge([claim], published, "paper", runs, lambda experiment, names: "here")
    assert alone["verdict"] == REPRODUCED and alone["statistic"]["p_holm"] == alone["statistic"]["p"] > 0.01
    # Smaller p before it take their part of the level.
    assert beside["numbers"][0]["verdict"] == UNDECIDED
    for row in beside["claims"]:
        assert row["statistic"]["p_holm"] == pytest.approx(10 * row["statistic"]["p"])


def test_judge_makes_a_row_for_each_experiment_that_a_claim_is_tested_in():
    tests = [PAIRED, PAIRED.model_copy(update={"experiment": "cifar10"})]
    claims = [
        Claim(key="a", text="A.", source="s", confidence="high", tests=tests),
        Claim(key="b", text="B.", source="s", confidence="low", untested="why not"),
    ]
    runs = [run("cd", "gap", SURE), run("icd", "gap", LOW)]
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
    runs = [run("cd", "gap", SURE), run("icd", "gap", LOW)]

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
    runs = [run("icd", "fid", [20.0, 20.1, 19.9], experiment="cifar10")]

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
    runs = [run("cd", "gap", SURE), run("icd", "gap", LOW)]
    asked = []

    def scope(experiment, names):
        asked.append((experiment, list(names)))
        return ", ".join(names)

    rows = judge([claim], Published(numbers=[], rerun_reports=[]), "demo", runs, scope)["claims"]
    assert [row["statement"] for row in rows] == ["One part.", None]
    # Method before baseline, as in the rule; no run at all only to ask whether the experiment is there.
    assert {row["scope"] for row in rows} == {"x_icd, x_cd"}
    assert asked.count(("digits", [])) == 2

"""Of a registered preset its registered seeds alone are judged."""

from ebmrepro.reproduction.judge import judge
from ebmrepro.reproduction.published import load_published
from ebmrepro.reproduction.rules import Claim, RunResult

CLAIM = Claim.model_validate({
    "key": "lives", "text": "It lives longer.", "source": "here", "confidence": "low",
    "tests": [{"kind": "survival", "experiment": "e", "method": "a", "baseline": "b", "minimum_seeds": 3}],
})  # fmt: skip


def row(registered: list[int] | None) -> dict:
    def run(name: str, collapsed: dict, at: float) -> RunResult:
        metrics = {seed: {"iterations_survived": at} for seed in (0, 10, 11, 12, 13, 100)}
        return RunResult(name, "e", "data", name, metrics, {0: 3} if name == "b" else {}, collapsed=collapsed)

    runs = [run("a", {}, 900.0), run("b", {10: 40, 11: 40, 12: 40, 13: 40, 100: 40}, 40.0)]
    found = judge([CLAIM], load_published(), "mine", runs, lambda name, runs: name, registered)
    assert found["registered"] == registered
    return found["claims"][0]


def test_other_seeds_take_no_part():
    found = row([10, 11, 12, 13])
    assert list(found["measured"]["a"]["values"]) == ["10", "11", "12", "13"]
    # Four die and four live: of the 70 ways to share out the labels two are as far apart.
    assert found["statistic"]["p"] == 2 / 70
    assert "collapsed: b with seeds 10, 11, 12, 13" in found["reason"] and "100" not in found["reason"]


def test_without_registration_every_seed_counts():
    found = row(None)
    assert "10, 11, 12, 13, 100" in found["reason"]
    # Seed 0 of b diverged and is no death of a: six against six.
    assert found["statistic"]["p"] == 2 / 924

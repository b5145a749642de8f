"""The rules of preset paper name runs that it has and metrics that these will report."""

from functools import cache

import numpy as np
import pytest
from paper_runs import PAPER, names_of_run, paper

from ebmrepro.checks.load import load_params
from ebmrepro.params.methods import method
from ebmrepro.params.root import Params
from ebmrepro.reproduction.decision import NOT_JUDGED, VERDICTS
from ebmrepro.reproduction.judge import judge
from ebmrepro.reproduction.published import load_published
from ebmrepro.reproduction.rules import RunResult, load_rules
from ebmrepro.shown.loaders.compare import COSTS

SCALED = ["paper", "cifar10"]


@cache
def shipped(preset: str) -> Params:
    return paper() if preset == "paper" else load_params(PAPER.with_name(f"{preset}.yaml"))


@cache
def results(preset: str) -> list[RunResult]:
    """Invented numbers of every metric that the preset's runs and compositions will have."""
    params = shipped(preset)
    named = {run: (params.runs[run], names_of_run(params, run)) for run in params.runs}
    for name, entry in params.compositions.items():
        named[name] = (entry, {f"accuracy_{word}" for word in entry.expressions})
    found = []
    for number, (run, (entry, names)) in enumerate(named.items()):
        rng = np.random.default_rng(number)
        # The cost of a step is exact: it is the same for every seed.
        cost = {name: float(number) for name in names & set(COSTS)}
        metrics = {seed: {name: rng.random() for name in sorted(names)} | cost for seed in params.seeds}
        kind = params.resolve(run, "objective").kind if run in params.runs else "composition"
        about = {"run": run, "experiment": entry.experiment, "dataset": entry.dataset, "objective": kind}
        draws = None if run in params.runs else params.generations[entry.generation].samples
        found.append(RunResult(**about, metrics=metrics, diverged={}, draws=draws))
    return found


def rows(preset: str, without: str | None = None) -> dict:
    runs = [lacking(run, without) for run in results(preset)]
    scope = {run.experiment: "here" for run in runs}
    return judge(load_rules().claims, load_published(), preset, runs, lambda name, runs: scope.get(name))


def lacking(run: RunResult, metric: str | None) -> RunResult:
    metrics = {seed: {k: v for k, v in own.items() if k != metric} for seed, own in run.metrics.items()}
    return run._replace(metrics=metrics)


@pytest.mark.parametrize("preset", SCALED)
def test_every_rule_is_decided_by_what_the_runs_report(preset):
    found = rows(preset)
    own = [(claim.key, test) for claim in load_rules().claims for test in claim.tests if test.is_for(preset)]
    # Tests of smaller presets may be for this one too, but it has nothing that they name.
    expected = [(key, test.model_dump()) for key, test in own if preset in (test.presets or ())]
    judged = [row for row in found["claims"] if row["scope"]]
    assert [(row["key"], row["rule"]) for row in judged] == expected
    for row in judged:
        assert row["verdict"] in VERDICTS[:-1], f"{row['key']}: {row['reason']}"
        for summary in row["measured"].values():
            assert summary["mean"] is not None, f"{row['key']}: no run writes {summary['metric']}"


def test_every_published_number_finds_its_run_and_its_metric():
    numbers = {number.key: number for number in load_published().numbers}
    shown = 0
    for row in rows("paper")["numbers"]:
        number = numbers.pop(row["key"])
        if number.rule:
            assert row["verdict"] in VERDICTS[:-1], f"{row['key']}: {row['reason']}"
        else:
            assert row["verdict"] == NOT_JUDGED
        if number.rule or number.shown:
            shown += 1
            (summary,) = row["measured"].values()
            assert summary["mean"] is not None, f"{row['key']}: no run writes {summary['metric']}"
    assert not numbers and shown == 12


@pytest.mark.parametrize(
    "metric",
    sorted(
        {
            test.metric
            for claim in load_rules().claims
            for test in claim.tests
            if "paper" in (test.presets or ())
        }
        - {"iterations_survived"}
    ),
)
def test_a_metric_that_no_run_writes_would_be_seen(metric):
    """The check above is one: without the metric its rules are not decided."""
    undecided = [row for row in rows("paper", metric)["claims"] if row["verdict"] == VERDICTS[-1]]
    assert undecided and {row["rule"]["metric"] for row in undecided} == {metric}


def test_a_test_names_runs_that_a_shipped_preset_has_and_all_or_none_of_them():
    # The one preset left out, micro, is for the tests of the pipeline and names its runs as it likes.
    presets = [shipped(path.stem) for path in sorted(PAPER.parent.glob("*.yaml")) if path.stem != "micro"]
    for test in (test for claim in load_rules().claims for test in claim.tests):
        words = [getattr(test, field, None) for field in ("method", "baseline", "objective")]
        homes = []
        for params in (params for params in presets if test.is_for(params.preset)):
            items = {**params.runs, **params.compositions}
            members = [name for name, entry in items.items() if entry.experiment == test.experiment]
            runs = [run for run in members if run in params.runs]
            ways = [method(params, run) for run in runs]
            kinds = [params.resolve(run, "objective").kind for run in runs]
            found = {
                word: members.count(word) or ways.count(word) or kinds.count(word) for word in words if word
            }
            assert set(found.values()) in ({1}, {0}), f"{params.preset}, {test.experiment}: {found}"
            homes += [params.preset] * (1 in found.values())
        assert homes and set(test.presets or ()) <= set(homes), f"no shipped preset has the runs of {test}"


def test_fid_and_the_small_classifiers_distance_never_meet():
    for claim in load_rules().claims:
        for test in claim.tests:
            scaled = test.metric.startswith(("fid_", "inception_score_"))
            assert scaled <= (test.presets is not None)
            assert (test.metric == "classifier_frechet") <= set(SCALED).isdisjoint(test.presets or ())


def test_the_judged_fid_is_that_of_the_only_public_protocol():
    """10,000 samples against 10,000 training images, by TensorFlow's network and resizing."""
    params = paper()
    judged = [n for n in load_published().numbers if n.gate and n.metric == "FID"]
    used = {n.rule.metric for n in judged}
    used |= {t.metric for c in load_rules().claims for t in c.tests if t.metric.startswith("fid_")}
    assert used == {"fid_legacy_tensorflow_train10k_10000"}
    for name in {run.dataset for run in params.runs.values()}:
        reference = params.datasets[name].inception.references.get("train10k")
        assert reference is None or (reference.split, reference.count) == ("train", 10_000)
    drawn = params.resolve("cifar10_icd", "generation")
    sampler = params.resolve("cifar10_icd", "sampler")
    assert (drawn.steps, drawn.step_size, drawn.weights) == (10, 100.0, "ema")
    assert drawn.step_size == sampler.step_size
    assert params.resolve("imagenet32_icd", "generation").step_size == (
        params.resolve("imagenet32_icd", "sampler").step_size
    )
    # Both of the author's commands as he gave them, and neither decides.
    given = {p.generation for p in params.protocols.values() if p.run == "cifar10_icd"}
    assert {"issue_13", "issue_14"} <= given and params.runs["cifar10_icd"].sample.generation not in (
        "issue_13",
        "issue_14",
    )


def test_presets_that_share_a_name_of_an_experiment_are_told_apart():
    """Why tests name their presets: the ablation of the paper and that of the small one are two."""
    shared = set(shipped("extended").experiments) & set(paper().experiments)
    assert {"ablation", "architecture"} <= shared
    for claim in load_rules().claims:
        for test in claim.tests:
            assert not (test.is_for("paper") and test.is_for("extended"))

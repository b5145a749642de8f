"""The shipped files of claims and numbers, and what their models refuse."""

import itertools
import math

import numpy as np
import pytest
from pydantic import ValidationError

from ebmrepro.checks.load import load_params
from ebmrepro.evaluation.classifiers.composition_accuracy import fits
from ebmrepro.reproduction.published import PublishedNumber, load_published
from ebmrepro.reproduction.rules import Claim, Claims, ExactComparison, PairedComparison, Survival, load_rules

PAIRED = {
    "kind": "paired_comparison",
    "experiment": "digits",
    "metric": "gap",
    "better": "lower",
    "method": "icd",
    "baseline": "cd",
    "minimum_seeds": 2,
    "margin": {"absolute": 0.5},
}
SURVIVAL = {
    "kind": "survival",
    "experiment": "digits",
    "method": "icd",
    "baseline": "cd",
    "minimum_seeds": 3,
}
EXACT = {key: PAIRED[key] for key in ("experiment", "metric", "better", "method", "baseline")}
EXACT |= {"kind": "exact_comparison"}
# As in claims.yaml, where the margin stands apart, by metric.
UNBOUNDED = {key: value for key, value in PAIRED.items() if key != "margin"}
SHOWN = {"preset": "paper", "experiment": "cifar10", "objective": "icd", "metric": "fid"}
RULE = SHOWN | {"better": "lower", "tolerance": 0.05, "minimum_seeds": 2}
CLAIM = {"key": "a", "text": "A.", "source": "s", "confidence": "high"}
RULES = {"registered": {}, "minimum_seeds": 3, "minimum_pairs": 8, "margins": {}, "claims": []}
NUMBER = {
    "key": "n",
    "dataset": "d",
    "metric": "FID",
    "value": 1.0,
    "ref": None,
    "source": "s",
    "confidence": "high",
    "gate": False,
}


def test_the_targets_are_the_numbers_that_a_document_confirms():
    numbers = {number.key: number for number in load_published().numbers}
    assert len(numbers) == len(load_published().numbers), "a key appears twice"
    targets = {key: number.value for key, number in numbers.items() if number.gate}
    assert targets == {
        "icd_cifar10_fid": 25.1,
        "icd_imagenet32_fid": 32.48,
        "icd_ood_svhn": 0.91,
        "icd_ood_textures": 0.88,
    }
    assert all(number.rule.preset == "paper" for number in numbers.values() if number.gate)
    assert not any("memory" in number.source for number in numbers.values() if number.gate)
    better = {number.rule.metric: number.rule.better for number in numbers.values() if number.rule}
    assert better == {
        "fid_legacy_tensorflow_train10k_10000": "lower",
        "ood_auroc_svhn": "higher",
        "ood_auroc_dtd": "higher",
    }


def small(claim: Claim) -> list:
    """The tests of a claim that name no preset; test_reproduction_paper has the others."""
    return [test for test in claim.tests if test.presets is None]


def test_the_rules_of_the_claims():
    claims = {claim.key: claim for claim in load_rules().claims}
    assert len(claims) == len(load_rules().claims), "a key appears twice"
    tested = {
        (key, test.kind, test.metric, test.experiment)
        for key, claim in claims.items()
        for test in small(claim)
    }
    assert tested == {
        ("kl_stabilises", "paired_comparison", "energy_gap_size", "ablation"),
        ("kl_not_negligible", "lower_bound", "kl_to_cd_gradient", "digits"),
        ("truncation_close", "lower_bound", "kl_cosine", "truncation"),
        ("icd_generates_better", "paired_comparison", "classifier_frechet", "ablation"),
        ("aug_diversity", "lower_bound", "long_chain_spread_ratio", "digits"),
        ("multiscale_quality", "paired_comparison", "classifier_frechet", "ablation"),
        ("composition_works", "lower_bound", "accuracy_red_square", "shapes"),
        ("composition_works", "lower_bound", "accuracy_green_cross_top_left", "shapes"),
        ("composition_works", "lower_bound", "accuracy_red_or_blue", "shapes"),
        ("composition_works", "lower_bound", "accuracy_triangle_not_red", "shapes"),
        ("dcd_faster", "exact_comparison", "network_evaluations", "density"),
        ("dcd_faster", "exact_comparison", "network_evaluations", "digits"),
        ("dcd_faster", "paired_comparison", "test_log_likelihood", "density"),
        ("dcd_faster", "exact_comparison", "network_evaluations", "celeba32"),
        ("dcd_faster", "paired_comparison", "denoise_psnr_0_1", "celeba32"),
        ("dcd_faster", "paired_comparison", "denoise_psnr_0_3", "celeba32"),
        ("report_loss_falls", "paired_comparison", "final_loss", "term_report"),
        ("report_icd_fits_better", "paired_comparison", "fisher_divergence", "term_report"),
        ("pcd_improves", "paired_comparison", "kl", "rbm"),
        ("pcd_improves", "paired_comparison", "test_log_likelihood", "rbm"),
    }
    assert not any(claim.untested for claim in claims.values())


def test_thresholds_are_what_their_reasons_say(repository):
    thresholds = {
        (claim.key, test.metric): test.threshold
        for claim in load_rules().claims
        for test in claim.tests
        if test.kind == "lower_bound"
    }
    igebm = {number.key: number.value for number in load_published().numbers}
    assert thresholds["ood_better", "ood_auroc_svhn"] == igebm["igebm_ood_svhn"]
    assert thresholds["ood_better", "ood_auroc_dtd"] == igebm["igebm_ood_textures"]
    assert thresholds["truncation_close", "kl_cosine"] == round(math.cos(math.radians(45)), 4)
    assert thresholds["aug_diversity", "long_chain_spread_ratio"] == 1


def test_every_composition_of_the_demo_must_beat_its_exact_chance(repository):
    """The share of all combinations of values that satisfy it: generated shapes have each equally often."""
    params = load_params(repository / "workflow/presets/demo.yaml")
    attributes = params.datasets["shapes"].attributes
    combinations = np.array(list(itertools.product(*(range(len(values)) for values in attributes.values()))))
    values = dict(zip(attributes, combinations.T, strict=True))

    def meaning(model):
        attribute = params.resolve(model.run, "energy").attribute
        return attribute, attributes[attribute].index(model.value)

    expressions = params.compositions["coloured_shapes"].expressions
    expected = {
        f"accuracy_{key}": fits(expression, values, meaning).mean() for key, expression in expressions.items()
    }
    claim = next(claim for claim in load_rules().claims if claim.key == "composition_works")
    found = {test.metric: test.threshold for test in claim.tests if test.experiment == "shapes"}
    assert found == expected and len(expected) == 4
    assert all(test.statement for test in claim.tests)


def test_survival_is_judged_where_training_dies_on_eight_fresh_seeds(repository):
    stability = load_params(repository / "workflow/presets/stability.yaml")
    judged = [
        (claim.key, test)
        for claim in load_rules().claims
        for test in claim.tests
        if test.kind == "survival" and test.is_for("stability")
    ]
    assert {key for key, _ in judged} == {"kl_stabilises", "attn_needs_kl"}
    registered = set(load_rules().registered["stability"])
    for _, test in judged:
        settings = [stability.train_settings(run)._replace(objective=None) for run in test.names()]
        assert settings[0] == settings[1], "the runs differ in their objective alone"
        for run in test.names():
            assert len(registered.intersection(stability.seeds_of(run))) >= load_rules().minimum_pairs == 8
            assert stability.runs[run].experiment == test.experiment


def test_dcd_is_judged_on_digits_by_eight_seeds_that_the_demo_has_not_shown(repository):
    presets = {name: load_params(repository / f"workflow/presets/{name}.yaml") for name in ("dcd", "demo")}
    seeds = set(load_rules().registered["dcd"])
    judged = [test for claim in load_rules().claims for test in claim.tests if test.presets == ["dcd"]]
    assert len(judged) == 3
    for test in judged:
        for run in test.names():
            assert set(presets["dcd"].seeds_of(run)) == seeds and len(seeds) == load_rules().minimum_pairs
            assert not seeds & set(presets["demo"].seeds_of(run))


def test_the_shares_of_samples_that_show_a_composition_are_judged_as_shares():
    for claim in load_rules().claims:
        for test in (test for test in claim.tests if test.kind == "lower_bound"):
            assert test.share == test.metric.startswith("accuracy_"), test.metric


def test_tests_of_one_experiment_pit_the_claims_component_against_its_absence():
    pairs = {
        (claim.key, test.experiment): (test.method, test.baseline, test.metric)
        for claim in load_rules().claims
        for test in small(claim)
        if test.kind != "lower_bound"
    }
    assert pairs["kl_stabilises", "ablation"] == ("ablation_full", "ablation_aug_ms", "energy_gap_size")
    assert pairs["multiscale_quality", "ablation"][:2] == ("ablation_full", "ablation_kl_aug")
    directions = {
        test.metric: test.better
        for claim in load_rules().claims
        for test in small(claim)
        if test.kind == "paired_comparison"
    }
    assert directions == {
        "energy_gap_size": "lower",
        "classifier_frechet": "lower",
        "test_log_likelihood": "higher",
        "denoise_psnr_0_1": "higher",
        "denoise_psnr_0_3": "higher",
        "final_loss": "lower",
        "fisher_divergence": "lower",
        "kl": "lower",
    }


def test_dcd_stands_beside_cd_of_the_same_data_on_every_count():
    claim = next(claim for claim in load_rules().claims if claim.key == "dcd_faster")
    found = [(test.metric, test.method, test.baseline) for test in claim.tests]
    faces = ("celeba_dcd", "celeba_cd")
    points = [(f"{name}_dcd_ve", f"{name}_cdk") for name in ("eight_gaussians", "rings")]
    images = ("digits_dcd", "digits_cd")
    assert found == [
        *[("network_evaluations", *pair) for pair in (*points, images)],
        *[("test_log_likelihood", *pair) for pair in points],
        ("classifier_frechet", *images),
        *[(f"denoise_psnr_{noise}", *images) for noise in ("0_1", "0_3")],
        *[(f"denoise_psnr_{noise}", "shapes_dcd", "shapes_cd") for noise in ("0_1", "0_3")],
        ("network_evaluations", "celeba_32_dcd", "celeba_32_cd"),
        ("network_evaluations", *faces),
        *[(f"denoise_psnr_{noise}", *faces) for noise in ("0_1", "0_3")],
    ]
    assert len({test.statement for test in claim.tests}) == len(found)
    # What a step costs is counted, never judged by a clock.
    exact = {test.metric for test in claim.tests if test.kind == "exact_comparison"}
    assert exact == {"network_evaluations"}
    assert not any("seconds" in test.metric for other in load_rules().claims for test in other.tests)


def test_the_term_reports_claims_stand_apart():
    claims = {claim.key: claim for claim in load_rules().claims}
    for key in ("report_loss_falls", "report_icd_fits_better"):
        (test,) = claims[key].tests
        assert (test.method, test.baseline) == ("report_icd", "report_cd")
    assert "different functions" in claims["report_loss_falls"].text


def test_a_comparison_takes_the_margin_of_its_metric():
    data = RULES | {"margins": {"gap": {"relative": 0.1}}, "claims": [CLAIM | {"tests": [dict(UNBOUNDED)]}]}
    (test,) = Claims.model_validate(data).claims[0].tests
    assert (test.margin.relative, test.margin.of(-30.0)) == (0.1, 3.0)
    margins = {}
    for test in (
        test for claim in load_rules().claims for test in claim.tests if test.kind == "paired_comparison"
    ):
        assert margins.setdefault(test.metric, test.margin) == test.margin, "one metric, one margin"
        assert test.margin.words() in test.words()


def test_every_rule_can_be_read_as_a_sentence():
    rules = [test for claim in load_rules().claims for test in claim.tests]
    rules += [number.rule for number in load_published().numbers if number.rule]
    for rule in rules:
        words = rule.words()
        assert words.endswith(".") and rule.metric in words
        assert str(rule.minimum_seeds) in words or rule.kind == "exact_comparison"


@pytest.mark.parametrize(
    ("model", "data", "reason"),
    [
        (PairedComparison, PAIRED | {"treshold": 1}, "extra_forbidden"),
        (PairedComparison, PAIRED | {"presets": []}, "too_short"),
        (PairedComparison, PAIRED | {"presets": "paper"}, "list_type"),
        (PairedComparison, PAIRED | {"minimum_seeds": 1}, "greater_than_equal"),
        (PairedComparison, UNBOUNDED, "missing"),
        (PairedComparison, PAIRED | {"margin": {"absolute": 0.0}}, "greater_than"),
        (PairedComparison, PAIRED | {"margin": {"absolute": 0.1, "relative": 0.1}}, "value_error"),
        (PairedComparison, PAIRED | {"margin": {}}, "value_error"),
        (Claims, RULES | {"claims": [CLAIM | {"tests": [dict(UNBOUNDED)]}]}, "model_type"),
        (Claims, RULES | {"registered": {"demo": [10]}}, "too_short"),
        (Claims, RULES | {"registered": {"demo": [10, "11"]}}, "int_type"),
        (PairedComparison, PAIRED | {"better": "larger"}, "literal_error"),
        (ExactComparison, EXACT | {"better": "larger"}, "literal_error"),
        (ExactComparison, EXACT | {"minimum_seeds": 3}, "extra_forbidden"),
        (Survival, SURVIVAL | {"metric": "gap"}, "extra_forbidden"),
        (Survival, SURVIVAL | {"minimum_seeds": 1}, "greater_than_equal"),
        (Claim, CLAIM, "value_error"),
        (Claim, CLAIM | {"tests": [PAIRED], "untested": "because"}, "value_error"),
        (Claim, CLAIM | {"tests": [{**PAIRED, "kind": "magic"}]}, "union_tag_invalid"),
        (PublishedNumber, NUMBER | {"gate": True}, "value_error"),
        (PublishedNumber, NUMBER | {"gate": True, "rule": RULE, "value": 0.0}, "value_error"),
        (PublishedNumber, NUMBER | {"gate": True, "rule": RULE, "shown": SHOWN}, "value_error"),
        (PublishedNumber, NUMBER | {"shown": SHOWN | {"better": "lower"}}, "extra_forbidden"),
        (PublishedNumber, NUMBER | {"confidence": "certain"}, "literal_error"),
        (PublishedNumber, {key: NUMBER[key] for key in NUMBER if key != "source"}, "missing"),
    ],
)
def test_incomplete_or_contradictory_entries_are_refused(model, data, reason):
    with pytest.raises(ValidationError) as failure:
        model.model_validate(data)
    assert reason in {error["type"] for error in failure.value.errors()}


@pytest.mark.parametrize(
    ("seed", "reason"),
    [(0, "has been seen by everybody"), (2, "has been seen by everybody"), (100, "belongs to pilots")],
)
def test_seeds_that_are_not_fresh_are_never_registered(seed, reason):
    with pytest.raises(ValidationError, match=f"seed {seed} {reason}.*for seeds 3 to 99"):
        Claims.model_validate(RULES | {"registered": {"demo": [10, seed]}})
    assert Claims.model_validate(RULES | {"registered": {"demo": [3, 99]}}).registered == {"demo": [3, 99]}


def test_a_test_takes_the_least_number_of_seeds_that_holds_for_all():
    bound = {"kind": "lower_bound", "experiment": "e", "objective": "o", "metric": "m", "threshold": 1.0}
    bare = {key: value for key, value in SURVIVAL.items() if key != "minimum_seeds"}
    tests = [bound, bare, SURVIVAL | {"minimum_seeds": 5}, PAIRED | {"minimum_seeds": 12}]
    rules = Claims.model_validate(
        RULES | {"registered": {"mine": [10, 11]}, "claims": [CLAIM | {"tests": [dict(t) for t in tests]}]}
    )
    needed = lambda preset: [test.minimum_seeds for test in rules.judged_in(preset)[0].tests]  # noqa: E731
    assert needed("other") == [3, 3, 5, 12]
    # Pairs of a registered preset have eight at least.
    assert needed("mine") == [3, 8, 8, 12]


def test_the_demo_is_registered_with_as_many_seeds_as_its_pairs_need():
    rules = load_rules()
    assert len(set(rules.registered["demo"])) >= rules.minimum_pairs == 8

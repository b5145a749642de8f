"""The shipped files of claims and numbers, and what their models refuse."""

import pytest
from pydantic import ValidationError

from ebm.reproduction.rules import (
    Claim,
    PairedComparison,
    PublishedNumber,
    load_claims,
    load_published,
)

PAIRED = {
    "kind": "paired_comparison",
    "experiment": "digits",
    "metric": "gap",
    "better": "lower",
    "method": "icd",
    "baseline": "cd",
    "alpha": 0.05,
    "minimum_seeds": 2,
}
CLAIM = {"key": "a", "text": "A.", "source": "s", "confidence": "high"}
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
        "inception_fid": "lower",
        "ood_auroc_svhn": "higher",
        "ood_auroc_textures": "higher",
    }


def test_the_rules_that_the_demo_can_test():
    claims = {claim.key: claim for claim in load_claims()}
    assert len(claims) == len(load_claims()), "a key appears twice"
    tested = {
        key: (test.kind, test.metric, test.experiment)
        for key, claim in claims.items()
        for test in claim.tests
    }
    assert tested == {
        "kl_stabilises": ("paired_comparison", "energy_gap_size", "digits"),
        "kl_not_negligible": ("lower_bound", "kl_to_cd_gradient", "digits"),
        "icd_generates_better": ("paired_comparison", "classifier_frechet", "digits"),
    }
    assert all(test.alpha == 0.05 for claim in claims.values() for test in claim.tests)


def test_every_rule_can_be_read_as_a_sentence():
    rules = [test for claim in load_claims() for test in claim.tests]
    rules += [number.rule for number in load_published().numbers if number.rule]
    for rule in rules:
        words = rule.words()
        assert words.endswith(".") and rule.metric in words and str(rule.minimum_seeds) in words


@pytest.mark.parametrize(
    ("model", "data", "reason"),
    [
        (PairedComparison, PAIRED | {"treshold": 1}, "extra_forbidden"),
        (PairedComparison, PAIRED | {"minimum_seeds": 1}, "greater_than_equal"),
        (PairedComparison, PAIRED | {"alpha": 1.5}, "less_than"),
        (PairedComparison, PAIRED | {"better": "larger"}, "literal_error"),
        (Claim, CLAIM, "value_error"),
        (Claim, CLAIM | {"tests": [PAIRED], "untested": "because"}, "value_error"),
        (Claim, CLAIM | {"tests": [{**PAIRED, "kind": "magic"}]}, "union_tag_invalid"),
        (PublishedNumber, NUMBER | {"gate": True}, "value_error"),
        (PublishedNumber, NUMBER | {"confidence": "certain"}, "literal_error"),
        (PublishedNumber, {key: NUMBER[key] for key in NUMBER if key != "source"}, "missing"),
    ],
)
def test_incomplete_or_contradictory_entries_are_refused(model, data, reason):
    with pytest.raises(ValidationError) as failure:
        model.model_validate(data)
    assert reason in {error["type"] for error in failure.value.errors()}

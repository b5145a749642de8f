"""From the evidence of all tests of a preset to verdicts: Holm's adjustment, and what it leaves."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ebmrepro.reproduction.evidence import ALPHA, Evidence, Exact

REPRODUCED = "reproduced"
CONTRADICTED = "contradicted"
NO_DIFFERENCE = "no difference"
UNDECIDED = "undecided"
NOT_MEASURED = "not measured here"
# In the order of the report; the last says that nothing could be judged.
VERDICTS = (REPRODUCED, CONTRADICTED, NO_DIFFERENCE, UNDECIDED, NOT_MEASURED)
# A published number without a rule. It is no verdict: nothing was to be decided.
NOT_JUDGED = "not judged"

# The numbers of every test, None where it has no such thing.
STATISTIC = ("test", "effect", "effect_is", "interval", "p", "p_holm", "margin")
STATISTIC += ("p_equivalence", "p_equivalence_holm", "seeds_needed")

POWER = 0.8
# More seeds than anybody trains.
MOST_SEEDS = 1000


class Judgement(NamedTuple):
    """`measured`: by the rule's word for a run, its summary; `statistic`: the test's numbers."""

    verdict: str
    reason: str
    measured: Mapping = {}
    statistic: Mapping = {}


class Finding(NamedTuple):
    """What was measured for a test, and its evidence; without that, why nothing can be judged.

    `note`: what the reader has to know of the seeds.
    """

    measured: Mapping
    evidence: Evidence | Exact | None
    note: str = ""


def holm(p: Sequence[float]) -> tuple[list[float], list[float]]:
    """Holm's (1979) step-down adjustment: each p adjusted, and the level that each p itself is held against.

    The k-th smallest of n is multiplied by n - k + 1 and is no less than the one before. At ALPHA this keeps
    the probability of any false decision among the n below ALPHA, however the tests depend on each other.
    """
    adjusted, levels, least = [1.0] * len(p), [ALPHA] * len(p), 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        left = len(p) - rank
        least = max(least, min(1.0, left * p[index]))
        adjusted[index], levels[index] = least, ALPHA / left
    return adjusted, levels


def decide(findings: Sequence[Finding]) -> list[Judgement]:
    """A verdict for each finding, the p of all of them adjusted together; equivalences are adjusted apart.

    What is exact has no p and takes no part in that.
    """
    tested = [index for index, found in enumerate(findings) if isinstance(found.evidence, Evidence)]
    adjusted, levels = holm([findings[index].evidence.p for index in tested])
    bounded = [index for index in tested if findings[index].evidence.p_equivalence is not None]
    equal, _ = holm([findings[index].evidence.p_equivalence for index in bounded])
    by_test = dict(zip(tested, zip(adjusted, levels, strict=True), strict=True))
    by_bound = dict(zip(bounded, equal, strict=True))
    return [
        _verdict(found, *by_test[index], by_bound.get(index))
        if index in by_test
        else _of_exact(found)
        if found.evidence
        else Judgement(NOT_MEASURED, found.note, found.measured)
        for index, found in enumerate(findings)
    ]


def _of_exact(found: Finding) -> Judgement:
    exact = found.evidence
    verdict, why = {
        True: (REPRODUCED, "as claimed"),
        False: (CONTRADICTED, "the other way"),
        None: (NO_DIFFERENCE, "the same"),
    }[exact.claimed]
    nothing = dict.fromkeys(STATISTIC, None)
    statistic = nothing | {"test": "exact", "effect": exact.effect, "effect_is": exact.what}
    return Judgement(verdict, f"exact: {why}", found.measured, statistic)


def _verdict(found: Finding, adjusted: float, level: float, equal: float | None) -> Judgement:
    evidence = found.evidence
    statistic = {
        "test": evidence.test,
        "effect": evidence.effect,
        "effect_is": evidence.what,
        "interval": evidence.interval,
        "p": evidence.p,
        "p_holm": adjusted,
        "margin": evidence.margin,
        "p_equivalence": evidence.p_equivalence,
        "p_equivalence_holm": equal,
        "seeds_needed": None,
    }
    if equal is not None and equal <= ALPHA:
        verdict, why = NO_DIFFERENCE, f"within ±{evidence.margin:.3g}, the least difference that counts"
    elif adjusted <= ALPHA and evidence.claimed:
        verdict, why = REPRODUCED, "as claimed"
    elif adjusted <= ALPHA:
        verdict, why = CONTRADICTED, "the other way"
    else:
        verdict, needed = UNDECIDED, seeds_needed(evidence, level)
        statistic["seeds_needed"] = needed
        why = _undecided(evidence, needed)
    reason = f"{evidence.test}: {why}{f'; {found.note}' if found.note else ''}"
    return Judgement(verdict, reason, found.measured, statistic)


def seeds_needed(evidence: Evidence, level: float) -> int | None:
    """How many seeds like these decide with power POWER at `level`; None if that is not known or too many."""
    if evidence.power is None:
        return None
    seeds = np.arange(2, MOST_SEEDS + 1)
    enough = seeds[evidence.power(seeds, level) >= POWER]
    return int(enough[0]) if len(enough) else None


def _undecided(evidence: Evidence, needed: int | None) -> str:
    if evidence.power is None:
        return "nothing to tell them apart by"
    if needed is None:
        return f"too few seeds to tell, and {MOST_SEEDS:,} like these would not decide"
    return f"too few seeds to tell; about {needed} like these would decide, with power {POWER:.0%}"

"""The published numbers, the claims and their rules as typed data; nothing is judged here."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field, model_validator
from ruamel.yaml import YAML

from ebmrepro.params.base import Name, Number, Positive, Section, Several
from ebmrepro.shown.caption import PAPER_PRESET

Confidence = Literal["high", "medium", "low"]
Direction = Literal["lower", "higher"]
Alpha = Annotated[float, Field(gt=0, lt=0.5)]
# A standard deviation, and so every test here, needs two.
Seeds = Several


class _OfClaim(Section):
    """A test on runs of `experiment`; `statement`: which part of its claim it is about, if it has several.

    `presets`: where it is judged. Without them in every preset but `paper`, whose experiments may have the
    same names and are not measured in the same way. What names a run names it by its name or, if none is
    called so, by its objective.
    """

    statement: str | None = None
    presets: Annotated[list[Name], Field(min_length=1)] | None = None

    def is_for(self, preset: str) -> bool:
        """Whether `preset` is one whose runs this test is about."""
        return preset in self.presets if self.presets else preset != PAPER_PRESET


class PairedComparison(_OfClaim):
    """`method` better than `baseline` in `metric`, as `words` says: survival first, then a paired t-test.

    Seeds pair the two runs (same initial weights, same order of data). The metric of a seed that diverged
    describes a shorter training, so its pair leaves the t-test. `diverged: counts` is for what divergence
    does not touch, as the seconds that a step takes: no pair is won or lost by it.
    """

    kind: Literal["paired_comparison"]
    experiment: Name
    metric: Name
    better: Direction
    method: Name
    baseline: Name
    alpha: Alpha
    minimum_seeds: Seeds
    diverged: Literal["decides", "counts"] = "decides"

    def words(self) -> str:
        """The rule in a sentence."""
        tested = (
            f"{self.metric} of {self.method} is {self.better} than that of {self.baseline}: paired one-sided"
            f" t-test over at least {self.minimum_seeds} seeds, p ≤ {self.alpha}."
        )
        if self.diverged == "counts":
            return f"{tested} Seeds that diverged count like the others."
        return (
            f"{tested} A seed of {self.method} that diverges no later than its partner refutes; a pair whose"
            " baseline diverges first counts as won and leaves the t-test; if too few pairs are left,"
            " Fisher's exact test on the numbers of diverged seeds decides."
        )


class Survival(_OfClaim):
    """`method` trains to the end where `baseline` does not, as `words` says, over the seeds of both."""

    # What is shown beside the verdict.
    metric: ClassVar[str] = "iterations_survived"

    kind: Literal["survival"]
    experiment: Name
    method: Name
    baseline: Name
    alpha: Alpha
    minimum_seeds: Seeds

    def words(self) -> str:
        """The rule in a sentence."""
        return (
            f"No seed of {self.method} diverges, and those of {self.baseline} do more often: Fisher's exact"
            f" test on the numbers of diverged seeds, one-sided, at least {self.minimum_seeds} seeds, p ≤"
            f" {self.alpha} ({self.metric} is shown, not tested). If {self.baseline} never diverges either,"
            " the claim is not reproduced."
        )


class LowerBound(_OfClaim):
    """`metric` above `threshold`: the one-sided lower t confidence bound over the seeds that finished.

    Diverged seeds are left out: just before a divergence gradients say nothing of their usual size.
    """

    kind: Literal["lower_bound"]
    experiment: Name
    objective: Name
    metric: Name
    threshold: Number
    alpha: Alpha
    minimum_seeds: Seeds

    def words(self) -> str:
        """The rule in a sentence."""
        return (
            f"The lower {1 - self.alpha:.0%} confidence bound of {self.metric} of {self.objective}"
            f" (one-sided, Student's t, at least {self.minimum_seeds} finished seeds) is above"
            f" {self.threshold}."
        )


class Shown(Section):
    """A metric of `experiment` in `preset`; `objective` selects a run by its name, else by its objective."""

    preset: Name
    experiment: Name
    objective: Name
    metric: Name


class PublishedValue(Shown):
    """The mean over seeds no worse than the published value by more than `tolerance` (relative).

    Any diverged seed refutes: a mean over the survivors would not be the method's. `why`: why this metric.
    """

    better: Direction
    tolerance: Positive
    minimum_seeds: Seeds
    why: str | None = None

    def words(self) -> str:
        """The rule in a sentence, and its reason."""
        side = "above" if self.better == "lower" else "below"
        return (
            f"Only preset {self.preset}, experiment {self.experiment}, may decide: mean {self.metric} of"
            f" {self.objective} over at least {self.minimum_seeds} seeds at most {self.tolerance:.0%} {side}"
            f" the published value, and no seed diverged.{f' {self.why}' if self.why else ''}"
        )


Test = Annotated[PairedComparison | LowerBound | Survival, Field(discriminator="kind")]


class Claim(Section):
    """A statement in words, with its tests or with the reason why it has none."""

    key: Name
    text: str
    source: str
    confidence: Confidence
    tests: list[Test] = Field(default_factory=list)
    untested: str | None = None

    @model_validator(mode="after")
    def _tested_or_not(self):
        if bool(self.tests) == bool(self.untested):
            raise ValueError(f"{self.key}: give either tests or the reason why it is untested")
        return self


class PublishedNumber(Section):
    """A number of a paper; `gate` says whether it is sure enough to be a target.

    `shown`: what stands beside a number that is no target; it is judged by nothing.
    """

    key: Name
    dataset: str
    metric: str
    value: float | None
    ref: str | None
    source: str
    confidence: Confidence
    gate: bool
    rule: PublishedValue | None = None
    shown: Shown | None = None

    @model_validator(mode="after")
    def _targets_have_rules(self):
        if self.gate != (self.rule is not None):
            raise ValueError(f"{self.key}: a rule is for numbers with gate: true, and they need one")
        if self.gate and self.value is None:
            raise ValueError(f"{self.key}: a target needs a value")
        if self.gate and self.shown:
            raise ValueError(f"{self.key}: a target shows what its rule judges")
        return self


class RerunReport(Section):
    """What somebody got from the released code: context, never a target."""

    key: Name
    metric: str
    source: str
    value: float | None = None
    range: tuple[float, float] | None = None
    peak: float | None = None
    at_iter: int | None = None


class Published(Section):
    """published.yaml."""

    numbers: list[PublishedNumber]
    rerun_reports: list[RerunReport]


class Claims(Section):
    """claims.yaml."""

    claims: list[Claim]


class RunResult(NamedTuple):
    """A run or composition: `metrics` by seed, of all stages; 0-based iteration of seeds that `diverged`."""

    run: str
    experiment: str
    dataset: str
    objective: str
    metrics: Mapping[int, Mapping[str, float | None]]
    diverged: Mapping[int, int]


def load_claims() -> list[Claim]:
    """The claims; pydantic.ValidationError if the file is wrong."""
    return Claims.model_validate(_read("claims.yaml")).claims


def load_published() -> Published:
    """The published numbers and reruns; pydantic.ValidationError if the file is wrong."""
    return Published.model_validate(_read("published.yaml"))


def _read(name: str) -> dict:
    text = files("ebmrepro.reproduction").joinpath(name).read_text(encoding="utf-8")
    return YAML(typ="safe", pure=True).load(text)

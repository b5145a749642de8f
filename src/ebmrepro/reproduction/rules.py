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

    def names(self) -> list[str]:
        """The words by which it names runs, the method first."""
        fields = ("method", "objective", "baseline")
        return [word for field in fields if (word := getattr(self, field, None))]


class Margin(Section):
    """The least difference that counts: `absolute`, in the metric's unit, or `relative` to the baseline."""

    absolute: Positive | None = None
    relative: Positive | None = None

    @model_validator(mode="after")
    def _one_of_them(self):
        if (self.absolute is None) == (self.relative is None):
            raise ValueError("a margin is either absolute or relative")
        return self

    def of(self, baseline: float) -> float:
        """In the unit of the metric, where the baseline's mean is `baseline`."""
        return self.absolute if self.relative is None else self.relative * abs(baseline)

    def words(self) -> str:
        """±0.02, or ±5% of the baseline's mean."""
        return (
            f"±{self.absolute}" if self.relative is None else f"±{self.relative:.0%} of the baseline's mean"
        )


class PairedComparison(_OfClaim):
    """`method` better than `baseline` in `metric`, as `words` says.

    Seeds pair the two runs (same initial weights, same order of data). The metric of a seed that diverged
    describes a shorter training, so it is not averaged. `diverged: counts` is for what divergence does not
    touch, as the cost of a step. `margin`: the least difference that counts, by the file's `margins`.
    """

    kind: Literal["paired_comparison"]
    experiment: Name
    metric: Name
    better: Direction
    method: Name
    baseline: Name
    minimum_seeds: Seeds
    diverged: Literal["decides", "counts"] = "decides"
    margin: Margin

    def words(self) -> str:
        """The rule in a sentence."""
        tested = (
            f"{self.metric} of {self.method} is {self.better} than that of {self.baseline}: paired t-test"
            f" over at least {self.minimum_seeds} seeds. No difference: two one-sided t-tests within"
            f" {self.margin.words()}."
        )
        if self.diverged == "counts":
            return f"{tested} Seeds that diverged count like the others."
        return (
            f"{tested} If any seed diverged, the exact sign test over pairs instead: who diverges first"
            " loses, where neither does the metric decides, and a tie is left out."
        )


class Survival(_OfClaim):
    """`method` trains longer than `baseline` before it diverges, as `words` says, over the seeds of both."""

    metric: ClassVar[str] = "iterations_survived"

    kind: Literal["survival"]
    experiment: Name
    method: Name
    baseline: Name
    minimum_seeds: Seeds

    def words(self) -> str:
        """The rule in a sentence."""
        return (
            f"{self.method} diverges later than {self.baseline}: log-rank test of {self.metric}, censored"
            f" where training ended, by permutation, over at least {self.minimum_seeds} seeds. Where no seed"
            " of either diverges, nothing is decided."
        )


class LowerBound(_OfClaim):
    """The mean of `metric` above `threshold`, over the seeds that finished.

    Diverged seeds are left out: just before a divergence gradients say nothing of their usual size.
    """

    kind: Literal["lower_bound"]
    experiment: Name
    objective: Name
    metric: Name
    threshold: Number
    minimum_seeds: Seeds

    def words(self) -> str:
        """The rule in a sentence."""
        return (
            f"The mean of {self.metric} of {self.objective} is above {self.threshold}: t-test over at least"
            f" {self.minimum_seeds} finished seeds; where the metric is the same with every seed, the exact sign"
            " test over seeds."
        )


class Shown(Section):
    """A metric of `experiment` in `preset`; `objective` selects a run by its name, else by its objective."""

    preset: Name
    experiment: Name
    objective: Name
    metric: Name


class PublishedValue(Shown):
    """The mean over seeds no worse than the published value by more than `tolerance` (of its size).

    A mean over the survivors would not be the method's. `why`: why this metric.
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
            " the published value, by a t-test. If a seed diverged, the exact sign test over seeds, in which"
            f" it counts as missed.{f' {self.why}' if self.why else ''}"
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
        if self.gate and not self.value:
            raise ValueError(
                f"{self.key}: a target needs a value that is not 0, for its tolerance is relative"
            )
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
    """claims.yaml. `margins`: of each metric that is compared, the least difference that counts."""

    margins: dict[Name, Margin]
    claims: list[Claim]

    @model_validator(mode="before")
    @classmethod
    def _comparisons_take_their_margins(cls, data):
        for test in (test for claim in data["claims"] for test in claim.get("tests", ())):
            if test["kind"] == "paired_comparison":
                test.setdefault("margin", data["margins"].get(test["metric"]))
        return data


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

"""The claims and their rules as typed data; nothing is judged here."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, ClassVar, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator
from ruamel.yaml import YAML

from ebmrepro.params.base import Index, Name, Number, Positive, Section, Several
from ebmrepro.shown.caption import PAPER_PRESET

CLAIMS = "claims.yaml"
Confidence = Literal["high", "medium", "low"]
Direction = Literal["lower", "higher"]
# A standard deviation, and so every test here, needs two.
Seeds = Several
# Everybody has seen the results of 0 to 2, and pilots, which choose rules and sizes, use 100 and more.
SEEN, PILOT = 2, 100


class _OfClaim(Section):
    """A test on runs of `experiment`; `statement`: which part of its claim it is about, if it has several.

    `presets`: where it is judged. Without them in every preset but `paper`, whose experiments may have the
    same names and are not measured in the same way. What names a run names it by its name or, if none is
    called so, by its method or objective.
    """

    statement: str | None = None
    presets: Annotated[list[Name], Field(min_length=1)] | None = None

    def is_for(self, preset: str) -> bool:
        """Whether `preset` is one whose runs this test is about."""
        return preset in self.presets if self.presets else preset != PAPER_PRESET

    def of_pairs(self, least: int) -> Self:
        """The test with at least `least` seeds if it compares two runs by seeds, else as it is."""
        return self

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


class _OfPairs(_OfClaim):
    """A test of two runs, `method` against `baseline`, over the seeds of both."""

    experiment: Name
    method: Name
    baseline: Name
    minimum_seeds: Seeds

    def of_pairs(self, least: int) -> Self:
        return self.model_copy(update={"minimum_seeds": max(least, self.minimum_seeds)})


class PairedComparison(_OfPairs):
    """`method` better than `baseline` in `metric`, as `words` says.

    Seeds pair the two runs (same initial weights, same order of data). The metric of a seed that diverged
    describes a shorter training, so it is not averaged. `margin`: the least difference that counts, by the
    file's `margins`.
    """

    kind: Literal["paired_comparison"]
    metric: Name
    better: Direction
    margin: Margin

    def words(self) -> str:
        """The rule in a sentence."""
        return (
            f"{self.metric} of {self.method} is {self.better} than that of {self.baseline}: paired t-test"
            f" over at least {self.minimum_seeds} seeds. No difference: two one-sided t-tests within"
            f" {self.margin.words()}. If any seed diverged, the exact sign test over pairs instead: who"
            " diverges first loses, where neither does the metric decides, and a tie is left out."
        )


class ExactComparison(_OfClaim):
    """`method` better than `baseline` in `metric`, a number that chance has no part in.

    Seeds that diverged count: the cost of a step is the same before and after.
    """

    # Every seed has the same number.
    minimum_seeds: ClassVar[int] = 1

    kind: Literal["exact_comparison"]
    experiment: Name
    metric: Name
    better: Direction
    method: Name
    baseline: Name

    def words(self) -> str:
        """The rule in a sentence."""
        return (
            f"{self.metric} of {self.method} is {self.better} than that of {self.baseline}. Both are exact:"
            " no test is needed, and none of the preset's p is adjusted for this one."
        )


class Survival(_OfPairs):
    """`method` trains longer than `baseline` before it dies, as `words` says, over the seeds of both."""

    metric: ClassVar[str] = "iterations_survived"

    kind: Literal["survival"]

    def words(self) -> str:
        """The rule in a sentence."""
        return (
            f"{self.method} diverges or collapses later than {self.baseline}: log-rank test of {self.metric},"
            f" censored where training ended, by permutation, over at least {self.minimum_seeds} seeds. Where"
            " no seed of either does, nothing is decided."
        )


class LowerBound(_OfClaim):
    """The mean of `metric` above `threshold`, over the seeds that finished.

    Diverged seeds are left out: just before a divergence gradients say nothing of their usual size. `share`:
    the metric is the share of a seed's samples that show something.
    """

    kind: Literal["lower_bound"]
    experiment: Name
    objective: Name
    metric: Name
    threshold: Number
    minimum_seeds: Seeds
    share: bool = False

    def words(self) -> str:
        """The rule in a sentence."""
        alike = (
            "the deviation between seeds is taken to be no less than independent samples would give"
            if self.share
            else "where it is the same with every seed, the exact sign test over seeds"
        )
        return (
            f"The mean of {self.metric} of {self.objective} is above {self.threshold:.4g}: t-test over at"
            f" least {self.minimum_seeds} finished seeds; {alike}."
        )


Test = Annotated[PairedComparison | LowerBound | Survival | ExactComparison, Field(discriminator="kind")]


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


def _is_fresh(seed: int) -> int:
    if SEEN < seed < PILOT:
        return seed
    whose = (
        f"belongs to pilots, which use {PILOT} and more" if seed >= PILOT else "has been seen by everybody"
    )
    raise ValueError(f"seed {seed} {whose}: verdicts are registered for seeds {SEEN + 1} to {PILOT - 1}")


class Claims(Section):
    """claims.yaml: the claims, and what holds for all their tests.

    `registered`: the presets whose rules are committed before their runs, each with the seeds that are judged
    there. `minimum_seeds`: of a test that names no other number. `minimum_pairs`: the least number of seeds
    over which a registered preset compares two runs. `margins`: of each metric that is compared, the least
    difference that counts.
    """

    registered: dict[Name, Annotated[list[Annotated[Index, AfterValidator(_is_fresh)]], Field(min_length=2)]]
    minimum_seeds: Seeds
    minimum_pairs: Seeds
    margins: dict[Name, Margin]
    claims: list[Claim]

    @model_validator(mode="before")
    @classmethod
    def _tests_take_what_holds_for_all(cls, data):
        for test in (test for claim in data["claims"] for test in claim.get("tests", ())):
            if test["kind"] != "exact_comparison":
                test.setdefault("minimum_seeds", data["minimum_seeds"])
            if test["kind"] == "paired_comparison":
                test.setdefault("margin", data["margins"].get(test["metric"]))
        return data

    def judged_in(self, preset: str) -> list[Claim]:
        """The claims, their tests as they are in `preset`: of more pairs where it is registered."""
        if preset not in self.registered:
            return self.claims
        return [
            claim.model_copy(update={"tests": [test.of_pairs(self.minimum_pairs) for test in claim.tests]})
            for claim in self.claims
        ]


class RunResult(NamedTuple):
    """A run or composition: `metrics` by seed, of all stages; 0-based iteration of seeds that `diverged`, and
    of those that `collapsed` (evaluation/survival.py). `method`: the key of its method (params.methods),
    which is its objective in one of its forms. `draws`: the samples of a seed that its metrics are shares of,
    None where they are no shares.
    """

    run: str
    experiment: str
    dataset: str
    objective: str
    metrics: Mapping[int, Mapping[str, float | None]]
    diverged: Mapping[int, int]
    method: str = ""
    collapsed: Mapping[int, int] = {}
    draws: int | None = None


def load_rules() -> Claims:
    """The claims and what holds for all of them; pydantic.ValidationError if the file is wrong."""
    return Claims.model_validate(parsed(text_of(CLAIMS)))


def parsed(text: str) -> dict:
    """What the text of a YAML file says."""
    return YAML(typ="safe", pure=True).load(text)


def text_of(name: str) -> str:
    """The text of a file of this room."""
    return files("ebmrepro.reproduction").joinpath(name).read_text(encoding="utf-8")

"""The published numbers and their rules as typed data; nothing is judged here."""

from pydantic import model_validator

from ebmrepro.params.base import Name, Positive, Section
from ebmrepro.reproduction.rules import Confidence, Direction, Seeds, parsed, text_of

PUBLISHED = "published.yaml"


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


def load_published() -> Published:
    """The published numbers and reruns; pydantic.ValidationError if the file is wrong."""
    return Published.model_validate(parsed(text_of(PUBLISHED)))

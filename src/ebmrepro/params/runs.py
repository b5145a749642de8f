"""`runs`: one name from each section, stage by stage, and what differs from it."""

from typing import Annotated, Any

from pydantic import Field

from ebmrepro.params.base import Index, Name, Section

Seeds = Annotated[list[Index], Field(min_length=1)]


class _Chosen(Section):
    """Names of entries. `override` replaces single keys of them: {schedule: {learning_rate: ...}}."""

    override: dict[str, dict[str, Any]] = Field(default_factory=dict)


class Train(_Chosen):
    """What decides the trained model.

    `seeds`: the run's own instead of the preset's.
    """

    energy: Name
    objective: Name
    sampler: Name
    schedule: Name
    seeds: Seeds | None = None


class Sample(_Chosen):
    """What decides the samples, given the model."""

    generation: Name


class Evaluate(_Chosen):
    """What decides the metrics, given model and samples."""

    evaluation: Name


class Run(Section):
    """A model trained with every seed. Runs of one `experiment` are shown together in its figures."""

    experiment: Name
    dataset: Name
    train: Train
    sample: Sample
    evaluate: Evaluate

"""`runs`: one name from each section, stage by stage, and what differs from it."""

from typing import Annotated, Any

from pydantic import Field

from ebmrepro.params.base import Index, Name, Section

Override = Annotated[dict[str, dict[str, Any]], Field(default_factory=dict)]
Seeds = Annotated[list[Index], Field(min_length=1)]


class Train(Section):
    """What decides the trained model. `override` replaces single keys: {schedule: {learning_rate: ...}}.

    `seeds`: the run's own instead of the preset's.
    """

    energy: Name
    objective: Name
    sampler: Name
    schedule: Name
    seeds: Seeds | None = None
    override: Override


class Sample(Section):
    """What decides the samples, given the model."""

    generation: Name
    override: Override


class Evaluate(Section):
    """What decides the metrics, given model and samples."""

    evaluation: Name
    override: Override


class Run(Section):
    """A model trained with every seed. Runs of one `experiment` are shown together in its figures."""

    experiment: Name
    dataset: Name
    train: Train
    sample: Sample
    evaluate: Evaluate

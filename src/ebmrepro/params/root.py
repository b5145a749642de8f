"""The whole of params.yaml, and what a run's names resolve to."""

import math
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, TypeAdapter

from ebmrepro.params import stages
from ebmrepro.params.base import Count, Index, Name, Positive, Section, once
from ebmrepro.params.energies import Energy
from ebmrepro.params.kinds import union
from ebmrepro.params.measured import Comparison, Composition, Denoising, Ood, Protocol
from ebmrepro.params.objectives import Objective
from ebmrepro.params.samplers import Sampler

Decay = Annotated[float, Field(ge=0, lt=1, strict=True)]


class Schedule(Section):
    """Adam, global-norm clipping, EMA, logging and the divergence guard.

    `decay` of the learning rate: none if constant; cosine from `learning_rate` to 0 at the end (SGDR without
    restarts; Loshchilov and Hutter, 2017).
    `energy_limit`: a run whose |mean E| on data or samples exceeds it is recorded as diverged.
    `checkpoint_seconds`: wall-clock time between checkpoints; it does not change the result.
    """

    iterations: Count
    batch_size: Count
    learning_rate: Positive
    betas: Annotated[list[Decay], Field(min_length=2, max_length=2)]
    clip_norm: Positive | None
    ema_decay: Decay
    log_every: Count
    checkpoint_seconds: Positive
    energy_limit: Positive
    decay: Literal["constant", "cosine"] = "constant"

    def rate(self, iteration: int) -> float:
        """The learning rate of an iteration, counted from 0."""
        if self.decay == "constant":
            return self.learning_rate
        return self.learning_rate * (1 + math.cos(math.pi * iteration / self.iterations)) / 2


# (stage of a run, key there, section the name lives in, type of its entries)
REFERENCES = (
    ("train", "energy", "energies", union("energies")),
    ("train", "objective", "objectives", union("objectives")),
    ("train", "sampler", "samplers", union("samplers")),
    ("train", "schedule", "schedules", Schedule),
    ("sample", "generation", "generations", union("generations")),
    ("evaluate", "evaluation", "evaluations", union("evaluations")),
)
ADAPTERS = {key: TypeAdapter(kind) for _, key, _, kind in REFERENCES}

Override = Annotated[dict[str, dict[str, Any]], Field(default_factory=dict)]
Seeds = Annotated[list[Index], Field(min_length=1), once("seed")]


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


# More than any processor has.
Threads = Annotated[int, Field(ge=1, le=1024, strict=True)]


class Compute(Section):
    """Where it runs. Not part of any result's identity: `threads` per job, `device` auto, cpu or cuda."""

    device: Literal["auto", "cpu", "cuda"]
    threads: Threads


class TrainSettings(NamedTuple):
    """Everything that decides a trained model, besides its data and seed."""

    energy: Energy
    objective: Objective
    sampler: Sampler
    schedule: Schedule


class Params(Section):
    """params.yaml: what runs."""

    preset: Name
    seeds: Seeds
    compute: Compute
    # Folders of images on this machine, by the name that data sets call them; both runners watch them.
    folders: dict[Name, str]
    datasets: dict[Name, union("datasets")]
    energies: dict[Name, union("energies")]
    objectives: dict[Name, union("objectives")]
    samplers: dict[Name, union("samplers")]
    schedules: dict[Name, Schedule]
    generations: dict[Name, union("generations")]
    evaluations: dict[Name, union("evaluations")]
    runs: dict[Name, Run]
    compositions: dict[Name, Composition]
    ood: dict[Name, Ood]
    denoisings: dict[Name, Denoising]
    comparisons: dict[Name, Comparison]
    protocols: dict[Name, Protocol]
    figures: dict[Name, union("figures")]
    tables: dict[Name, union("tables")]

    def resolve(self, run: str, key: str):
        """The section entry that `run` names under `key` (energy, schedule, ...), overrides applied."""
        stage, _, section, _ = next(ref for ref in REFERENCES if ref[1] == key)
        chosen = getattr(self.runs[run], stage)
        entry = getattr(self, section)[getattr(chosen, key)]
        changes = chosen.override.get(key)
        return type(entry).model_validate(entry.model_dump() | changes) if changes else entry

    def train_settings(self, run: str) -> TrainSettings:
        """The four settings that decide how `run` is trained."""
        return TrainSettings(*(self.resolve(run, key) for key in TrainSettings._fields))

    def seeds_of(self, run: str) -> list[int]:
        """The seeds that `run` is trained with."""
        return self.runs[run].train.seeds or self.seeds

    def runs_of(self, experiment: str) -> list[str]:
        """Names of the runs of an experiment, in the order of params.yaml."""
        return [name for name, run in self.runs.items() if run.experiment == experiment]

    def items_of(self, stage: str, experiment: str) -> list[str]:
        """Names of an experiment's items of a stage, runs or others; of `compare` that of the comparison."""
        one = stages.stage(stage)
        entries = getattr(self, one.section).items()
        return [name for name, e in entries if experiment == (e.experiment if one.by_experiment else name)]

    def shown_runs(self, stage: str, experiment: str) -> list[str]:
        """The runs that a figure or table of a stage shows: an experiment's, or those of a comparison."""
        one = stages.stage(stage).by_experiment
        experiments = [experiment] if one else self.comparisons[experiment].experiments
        return [run for name in experiments for run in self.runs_of(name)]

    @property
    def experiments(self) -> list[str]:
        """The experiments, in the order in which runs first name them."""
        return list(dict.fromkeys(run.experiment for run in self.runs.values()))

"""What the jobs of each stage need: entries whose kinds do the work, resolved settings, other jobs' files."""

from collections.abc import Iterator
from pathlib import Path

from ebmrepro.files.workspace import data_sha256
from ebmrepro.flow.places import outputs, prepared, results_of
from ebmrepro.params.compositions import models_of
from ebmrepro.params.methods import method, methods
from ebmrepro.params.root import Params
from ebmrepro.params.stages import STAGES, stage
from ebmrepro.params.switches import switches
from ebmrepro.shown.caption import scope
from ebmrepro.shown.labels import label_runs


class Needs:
    """The needs of a job of one stage; `item` is what it is for, `entry` what params.yaml says of that."""

    def __init__(self, params: Params, item: str):
        self.params, self.item = params, item
        section = stage(type(self).__name__.lower()).section
        self.entry = getattr(params, section)[item] if section else None

    def kinds(self) -> Iterator:
        """Entries of params.yaml whose kinds' code does the work."""
        yield from ()

    def settings(self) -> dict:
        """What params.yaml says to the job: JSON-able, names resolved, overrides applied."""
        raise NotImplementedError

    def inputs(self) -> Iterator[Path]:
        """Files of other jobs that it reads."""
        yield from ()

    def _own(self, *keys: str) -> list:
        """What a run's job takes from its sections."""
        return [self.params.resolve(self.item, key) for key in keys]

    def _trained(self, *runs: str) -> Iterator[Path]:
        for run in runs:
            yield from outputs(self.params, "train", run)


class _OfExperiment(Needs):
    """What is measured on all models of an experiment, with test images of a data set."""

    parts: tuple[str, ...] = ("test",)

    def _runs(self) -> list[str]:
        return self.params.runs_of(self.entry.experiment)

    def kinds(self):
        yield from (self.params.resolve(run, "energy") for run in self._runs())

    def inputs(self):
        yield from prepared(self.params, self.entry.dataset, *self.parts)
        yield from self._trained(*self._runs())


class Prepare(Needs):
    """A data set from nothing but its entry, and of a folder of images what lies in it."""

    def kinds(self):
        yield self.entry

    def settings(self):
        return {"dataset": _dump(self.entry), **self.entry.located(self.params.folders).outside()}


class Train(Needs):
    """A model with every seed."""

    def kinds(self):
        yield from self.params.train_settings(self.item)[:3]

    def settings(self):
        parts = self.params.train_settings(self.item)._asdict()
        # How often a checkpoint is written decides nothing else.
        settings = {key: _dump(part, exclude={"checkpoint_seconds"}) for key, part in parts.items()}
        return {"seeds": self.params.seeds_of(self.item), **settings}

    def inputs(self):
        yield from prepared(self.params, self.entry.dataset, "train")


class Sample(Needs):
    """Samples of a run's models."""

    def kinds(self):
        yield from self._own("energy", "generation")

    def settings(self):
        return {"generation": _dump(*self._own("generation"))}

    def inputs(self):
        yield from (path for path in self._trained(self.item) if path.suffix != ".csv")


class Evaluate(Needs):
    """The numbers of a run's models and samples."""

    def kinds(self):
        yield from self._own("energy", "evaluation")

    def settings(self):
        return _measured(self.params, self.item, *self._own("evaluation", "generation"))

    def inputs(self):
        yield from prepared(self.params, self.entry.dataset)
        yield from self._trained(self.item)
        yield from outputs(self.params, "sample", self.item)


class Compose(_OfExperiment):
    """Samples of an experiment's models put together."""

    parts = ("test", "ruler")

    def kinds(self):
        runs = {m.run for expression in self.entry.expressions.values() for m in models_of(expression)}
        yield from (self.params.resolve(run, "energy") for run in sorted(runs))
        yield self.params.generations[self.entry.generation]

    def settings(self):
        generation = self.params.generations[self.entry.generation]
        return {"composition": _dump(self.entry), "generation": _dump(generation)}


class Detect(_OfExperiment):
    """Scores of an experiment's models on other images."""

    def settings(self):
        return {"outliers": _dump(self.entry)}

    def inputs(self):
        yield from prepared(self.params, self.entry.against, "test")
        yield from super().inputs()


class Denoise(_OfExperiment):
    """What an experiment's models make of noisy images."""

    parts = ("train", "test")

    def settings(self):
        return {"denoising": _dump(self.entry)}


class Compare(Needs):
    """The runs of several experiments side by side, their training steps timed."""

    def _runs(self) -> list[str]:
        return self.params.shown_runs("compare", self.item)

    def kinds(self):
        for run in self._runs():
            yield from self.params.train_settings(run)[:3]

    def settings(self):
        runs = {
            run: {"method": method(self.params, run), **Train(self.params, run).settings()}
            for run in self._runs()
        }
        return {"comparison": _dump(self.entry), "runs": runs}

    def inputs(self):
        for dataset in self.params.datasets:
            yield from prepared(self.params, dataset)
        for run in self.params.runs:
            yield from outputs(self.params, "evaluate", run)


class Resample(Needs):
    """A run's models sampled and measured by another protocol."""

    def kinds(self):
        yield self.params.resolve(self.entry.run, "energy")
        yield self.params.generations[self.entry.generation]
        yield self.params.evaluations[self.entry.evaluation]

    def settings(self):
        generation = self.params.generations[self.entry.generation]
        evaluation = self.params.evaluations[self.entry.evaluation]
        measured = _measured(self.params, self.entry.run, evaluation, generation)
        return {"protocol": _dump(self.entry), "generation": _dump(generation), **measured}

    def inputs(self):
        yield from prepared(self.params, self.entry.dataset)
        yield from self._trained(self.entry.run)


class Figure(Needs):
    """A figure of what a stage wrote for an experiment."""

    def _runs(self) -> list[str]:
        return self.params.shown_runs(self.entry.stage, self.entry.experiment)

    def kinds(self):
        yield self.entry
        if self.entry.asks_data:
            yield from (self.params.datasets[self.params.runs[run].dataset] for run in self._runs())

    def settings(self):
        runs = self._runs()
        labels = label_runs(self.params, runs)
        return {
            "entry": _dump(self.entry),
            "runs": [list(label) for label in labels],
            # What objectives say of their methods is no code: names, colours, marks.
            "methods": [list(methods()[key]) for key in sorted({label.method for label in labels})],
            # Seeds and data sets are in the words.
            "scope": scope(self.params, runs),
        }

    def inputs(self):
        yield from results_of(self.params, self.entry.stage, self.entry.experiment)


class Table(Figure):
    """A table of what a stage wrote for an experiment."""


class Report(Needs):
    """The verdicts, and the page over everything."""

    def settings(self):
        return {"preset": self.params.preset, "params_sha256": data_sha256(_dump(self.params))}

    def inputs(self):
        yield from judged(self.params)
        for shown in ("figure", "table"):
            for item in getattr(self.params, stage(shown).section):
                yield from outputs(self.params, shown, item)


# By the name of the stage, which a class is called by.
_ALL = (Prepare, Train, Sample, Evaluate, Compose, Detect, Denoise, Compare, Resample, Figure, Table, Report)
NEEDS: dict[str, type[Needs]] = {needs.__name__.lower(): needs for needs in _ALL}


def judged(params: Params) -> Iterator[Path]:
    """The results that the report judges: how trainings ended, and all that was measured."""
    for one in STAGES:
        if one.section is not None and one.name not in ("prepare", "sample", "figure", "table"):
            for item in getattr(params, one.section):
                yield from outputs(params, one.name, item)


def _measured(params: Params, run: str, evaluation, generation) -> dict:
    """What decides the numbers of a run's samples beside models, samples and data."""
    return {
        "evaluation": _dump(evaluation),
        "weights": generation.weights,
        "inception": _dump(getattr(params.datasets[params.runs[run].dataset], "inception", None)),
        "objective": params.resolve(run, "objective").kind,
        "switches": switches(params, run),
    }


def _dump(entry, exclude: set[str] | None = None):
    return None if entry is None else entry.model_dump(mode="json", exclude=exclude)

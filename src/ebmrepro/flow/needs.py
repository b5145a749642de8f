"""What the jobs of each stage need: for each stage the function that is called as the stage is."""

from pathlib import Path
from typing import NamedTuple

from ebmrepro.files.workspace import data_sha256
from ebmrepro.flow.places import outputs, prepared, results_of, written
from ebmrepro.params.methods import method, methods
from ebmrepro.params.root import Params
from ebmrepro.params.stages import STAGES
from ebmrepro.params.switches import switches
from ebmrepro.shown.caption import scope
from ebmrepro.shown.runs import label_runs


class Needs(NamedTuple):
    """The needs of one job.

    `kinds`: entries of params.yaml whose kinds' code does the work. `settings`: what params.yaml says to the
    job, JSON-able, names resolved and overrides applied. `inputs`: files of other jobs that it reads.
    """

    kinds: list
    settings: dict
    inputs: list[Path]


def prepare(params: Params, item: str) -> Needs:
    """A data set from nothing but its entry, and of a folder of images what lies in it."""
    dataset = params.datasets[item]
    return Needs([dataset], {"dataset": _dump(dataset), **dataset.located(params.folders).outside()}, [])


def train(params: Params, item: str) -> Needs:
    """A model with every seed."""
    parts = params.train_settings(item)
    # How often a checkpoint is written decides nothing else.
    settings = {key: _dump(part, exclude={"checkpoint_seconds"}) for key, part in parts._asdict().items()}
    return Needs(
        [parts.energy, parts.objective, parts.sampler],
        {"seeds": params.seeds_of(item), **settings},
        prepared(params, params.runs[item].dataset, "train"),
    )


def sample(params: Params, item: str) -> Needs:
    """Samples of a run's models."""
    generation = params.resolve(item, "generation")
    return Needs(
        [params.resolve(item, "energy"), generation],
        {"generation": _dump(generation)},
        [path for path in outputs(params, "train", item) if path.suffix != ".csv"],
    )


def evaluate(params: Params, item: str) -> Needs:
    """The numbers of a run's models and samples."""
    evaluation, generation = params.resolve(item, "evaluation"), params.resolve(item, "generation")
    return Needs(
        [params.resolve(item, "energy"), evaluation],
        _measured(params, item, evaluation, generation),
        [
            *prepared(params, params.runs[item].dataset),
            *outputs(params, "train", item),
            *outputs(params, "sample", item),
        ],
    )


def compose(params: Params, item: str) -> Needs:
    """Samples of an experiment's models put together."""
    composition = params.compositions[item]
    generation = params.generations[composition.generation]
    return Needs(
        [*(params.resolve(model.run, "energy") for model in composition.models), generation],
        {"composition": _dump(composition), "generation": _dump(generation)},
        _data_and_models(params, composition, "test", "reference"),
    )


def detect(params: Params, item: str) -> Needs:
    """Scores of an experiment's models on other images."""
    test = params.ood[item]
    inputs = [*prepared(params, test.against, "test"), *_data_and_models(params, test, "test")]
    return Needs(_energies(params, test.experiment), {"ood": _dump(test)}, inputs)


def denoise(params: Params, item: str) -> Needs:
    """What an experiment's models make of noisy images."""
    denoising = params.denoisings[item]
    inputs = _data_and_models(params, denoising, "train", "test")
    return Needs(_energies(params, denoising.experiment), {"denoising": _dump(denoising)}, inputs)


def compare(params: Params, item: str) -> Needs:
    """The runs of several experiments side by side, their training steps timed."""
    trained = {run: train(params, run) for run in params.shown_runs("compare", item)}
    runs = {run: {"method": method(params, run), **needs.settings} for run, needs in trained.items()}
    return Needs(
        [kind for needs in trained.values() for kind in needs.kinds],
        {"comparison": _dump(params.comparisons[item]), "runs": runs},
        written(params, "prepare", "evaluate"),
    )


def resample(params: Params, item: str) -> Needs:
    """A run's models sampled and measured by another protocol."""
    protocol = params.protocols[item]
    generation = params.generations[protocol.generation]
    evaluation = params.evaluations[protocol.evaluation]
    measured = _measured(params, protocol.run, evaluation, generation)
    return Needs(
        [params.resolve(protocol.run, "energy"), generation, evaluation],
        {"protocol": _dump(protocol), "generation": _dump(generation), **measured},
        [*prepared(params, protocol.dataset), *outputs(params, "train", protocol.run)],
    )


def figure(params: Params, item: str, section: str = "figures") -> Needs:
    """A figure of what a stage wrote for an experiment."""
    shown = getattr(params, section)[item]
    runs = params.shown_runs(shown.stage, shown.experiment)
    datasets = [params.datasets[params.runs[run].dataset] for run in runs] if shown.asks_data else []
    labels = label_runs(params, runs)
    settings = {
        "entry": _dump(shown),
        "runs": [list(label) for label in labels],
        # What objectives say of their methods is no code: names, colours, marks.
        "methods": [list(methods()[key]) for key in sorted({label.method for label in labels})],
        # Seeds and data sets are in the words.
        "scope": scope(params, runs),
    }
    return Needs([shown, *datasets], settings, results_of(params, shown.stage, shown.experiment))


def table(params: Params, item: str) -> Needs:
    """A table of what a stage wrote for an experiment."""
    return figure(params, item, "tables")


def report(params: Params, item: str) -> Needs:
    """The verdicts, and the page over everything."""
    settings = {"preset": params.preset, "params_sha256": data_sha256(_dump(params))}
    return Needs([], settings, judged(params) + written(params, "figure", "table"))


def judged(params: Params) -> list[Path]:
    """The results that the report judges: how trainings ended, and all that was measured."""
    names = [one.name for one in STAGES if not one.is_drawn and one.name not in ("prepare", "sample")]
    return written(params, *names)


def _energies(params: Params, experiment: str) -> list:
    return [params.resolve(run, "energy") for run in params.runs_of(experiment)]


def _data_and_models(params: Params, entry, *parts: str) -> list[Path]:
    return [*prepared(params, entry.dataset, *parts), *results_of(params, "train", entry.experiment)]


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

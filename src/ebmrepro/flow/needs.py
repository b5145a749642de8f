"""What the jobs of each stage need, a function called as the stage is, and which files they write."""

from pathlib import Path
from typing import NamedTuple

from ebmrepro.files.workspace import (
    FIGURES,
    REPORT,
    RESULTS,
    data_sha256,
    other_kernels_file,
    verdicts_file,
)
from ebmrepro.params.methods import baseline, method, methods, switches
from ebmrepro.params.root import Params
from ebmrepro.params.stages import STAGES, Stage, stage
from ebmrepro.params.swept import places
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
    inputs = prepared(params, params.runs[item].dataset, "train")
    return Needs(list(parts[:3]), {"seeds": params.seeds_of(item), **settings}, inputs)


def sample(params: Params, item: str) -> Needs:
    """Samples of a run's models."""
    generation = params.resolve(item, "generation")
    inputs = [path for path in outputs(params, "train", item) if path.suffix != ".csv"]
    return Needs([params.resolve(item, "energy"), generation], {"generation": _dump(generation)}, inputs)


def evaluate(params: Params, item: str) -> Needs:
    """The numbers of a run's models and samples."""
    evaluation, generation = params.resolve(item, "evaluation"), params.resolve(item, "generation")
    settings = _measured(params, item, evaluation, generation)
    made = outputs(params, "train", item) + outputs(params, "sample", item)
    inputs = prepared(params, params.runs[item].dataset) + made
    return Needs([params.resolve(item, "energy"), evaluation], settings, inputs)


def compose(params: Params, item: str) -> Needs:
    """Samples of an experiment's models put together."""
    composition = params.compositions[item]
    generation = params.generations[composition.generation]
    settings = {"composition": _dump(composition), "generation": _dump(generation)}
    energies = [params.resolve(model.run, "energy") for model in composition.models]
    inputs = _data_and_models(params, composition, "train", "reference")
    return Needs([*energies, generation], settings, inputs)


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
    names = params.shown_runs("compare", item)
    trained = {run: train(params, run) for run in names}
    what = {run: {"method": method(params, run), "baseline": baseline(params, run, names)} for run in names}
    runs = {run: what[run] | needs.settings for run, needs in trained.items()}
    kinds = [kind for needs in trained.values() for kind in needs.kinds]
    settings = {"comparison": _dump(params.comparisons[item]), "runs": runs}
    return Needs(kinds, settings, written(params, "prepare", "evaluate"))


def resample(params: Params, item: str) -> Needs:
    """A run's models sampled and measured by another protocol."""
    protocol = params.protocols[item]
    generation = params.generations[protocol.generation]
    evaluation = params.evaluations[protocol.evaluation]
    settings = {"protocol": _dump(protocol), "generation": _dump(generation)}
    settings |= _measured(params, protocol.run, evaluation, generation)
    inputs = prepared(params, protocol.dataset) + outputs(params, "train", protocol.run)
    return Needs([params.resolve(protocol.run, "energy"), generation, evaluation], settings, inputs)


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
    if shown.stage == "train":
        # Whose loader says by which settings the runs differ.
        settings["places"] = [list(place) for place in places(params, runs).values()]
    return Needs([shown, *datasets], settings, results_of(params, shown.stage, shown.experiment))


def table(params: Params, item: str) -> Needs:
    """A table of what a stage wrote for an experiment."""
    return figure(params, item, "tables")


def report(params: Params, item: str) -> Needs:
    """The verdicts, and the page over everything."""
    settings = {"preset": params.preset, "params_sha256": data_sha256(_dump(params))}
    return Needs([], settings, judged(params) + written(params, "figure", "table"))


def judged(params: Params) -> list[Path]:
    """The results that the report judges: how trainings ended, all that was measured, and the verdicts with
    other kernels, if there are any."""
    names = [one.name for one in STAGES if not one.is_drawn and one.name not in ("prepare", "sample")]
    twice = other_kernels_file(params.preset)
    return [*written(params, *names), *([twice] if twice.exists() else [])]


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


def outputs(params: Params, name: str, item: str) -> list[Path]:
    """The files that stage `name` writes for `item`, in the order of its suffixes."""
    one = stage(name)
    experiment = getattr(params, one.section)[item].experiment if one.by_experiment else ""
    return _files(params.preset, one, item, experiment)


def written(params: Params, *names: str) -> list[Path]:
    """All files that the stages `names`, which have items, write."""
    items = [(name, item) for name in names for item in getattr(params, stage(name).section)]
    return [path for name, item in items for path in outputs(params, name, item)]


def prepared(params: Params, dataset: str, *parts: str) -> list[Path]:
    """The files of a prepared data set: those called `parts`, or all of them."""
    return [path for path in outputs(params, "prepare", dataset) if not parts or path.stem in parts]


def results_of(params: Params, name: str, experiment: str) -> list[Path]:
    """What stage `name` wrote for an experiment, of `compare` for a comparison."""
    return [path for item in params.items_of(name, experiment) for path in outputs(params, name, item)]


def patterns(preset: str, one: Stage) -> list[str]:
    """The files that a stage writes, with {item} and {experiment} for what differs from job to job."""
    return list(map(str, _files(preset, one, "{item}", "{experiment}")))


def label(one: Stage) -> str:
    """Where a job's log lies below the folder of logs, as a pattern."""
    if one.section is None:
        return one.name
    return f"{one.name}/{'{experiment}/' if one.by_experiment else ''}{{item}}"


def _files(preset: str, one: Stage, item: str, experiment: str) -> list[Path]:
    if one.section is None:
        return [verdicts_file(preset), REPORT]
    folder = RESULTS / preset / one.name
    if one.is_drawn:
        folder = FIGURES / preset
    elif one.by_experiment:
        folder /= experiment
    elif one.name != "prepare":
        folder /= item
    return [folder / f"{item}{suffix}" for suffix in one.suffixes]

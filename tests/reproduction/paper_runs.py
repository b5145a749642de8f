"""What the runs of a preset measured by Inception will report, and invented results of all of them."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ebmrepro.checks.load import load_params
from ebmrepro.evaluation.inception.features import Features
from ebmrepro.evaluation.inception.prepare import Origin, Reference
from ebmrepro.evaluation.measures.inception import feature_numbers
from ebmrepro.evaluation.ood import detection
from ebmrepro.evaluation.samples.diversity import separation
from ebmrepro.evaluation.samples.frechet import Moments
from ebmrepro.evaluation.training_summary import summarise
from ebmrepro.files import workspace
from ebmrepro.params.evaluations.inception import InceptionEvaluation
from ebmrepro.params.inception import InceptionFeatures
from ebmrepro.params.root import Params
from ebmrepro.shown.loaders.compare import COSTS
from ebmrepro.tables.table import Table, to_markdown
from ebmrepro.training.log import columns_of

PAPER = Path(__file__).parents[2] / "workflow/presets/paper.yaml"
WIDTH, KEPT = 2, 8


@cache
def paper() -> Params:
    """Preset paper as it ships."""
    return load_params(PAPER)


def names_of_run(params: Params, run: str) -> set[str]:
    """The metrics that a run will have in all the files that stage report reads, as the code names them."""
    entry = params.runs[run]
    names = set(_of_inception(params, run)) | _of_training(params, run) | _of_chains(params, run)
    for tested in params.ood.values():
        if tested.experiment == entry.experiment:
            measured = detection(np.array([0.0, 1.0]), np.array([0.5, 2.0]))
            names |= {f"ood_{metric}_{name}" for metric in measured for name in tested.outside}
    if any(entry.experiment in comparison.experiments for comparison in params.comparisons.values()):
        names |= set(COSTS)
    return names | {"iterations_survived"}


def _of_inception(params: Params, run: str) -> dict[str, float]:
    """The numbers of few features of as many samples as are asked for."""
    config = params.resolve(run, "evaluation")
    inception = params.datasets[params.runs[run].dataset].inception
    return _numbers(
        config.model_dump_json(), inception.model_dump_json(), params.resolve(run, "generation").samples
    )


@cache
def _numbers(evaluation: str, inception: str, samples: int) -> dict[str, float]:
    config = InceptionEvaluation.model_validate_json(evaluation)
    inception = InceptionFeatures.model_validate_json(inception)
    rng = np.random.default_rng(0)
    pool = rng.standard_normal((samples, WIDTH), np.float32)
    probabilities = np.full((samples, 3), 1 / 3, np.float32)
    real = Moments(np.zeros(WIDTH), np.eye(WIDTH), KEPT)
    few = {"subsets": 1, "subset_size": 2, "neighbours": 2, "density_neighbours": 2, "seed": 0}
    config = config.model_copy(update=few)
    found = {}
    for mode in inception.modes:
        origin = Origin(f"{mode} x", "x", KEPT, KEPT, 0)
        features = rng.standard_normal((KEPT, WIDTH), np.float32)
        references = dict.fromkeys(inception.references, Reference(real, features, origin))
        found |= feature_numbers(
            Features(pool, probabilities, f"{mode} x"), references, config, torch.device("cpu")
        )
    return found


def _of_training(params: Params, run: str) -> set[str]:
    objective, sampler = params.train_settings(run)[1:3]
    log = pd.DataFrame({"iteration": [0, 1], **{name: [1.0, 1.0] for name in columns_of(objective, sampler)}})
    if not objective.chain:
        log["energy_gap"] = np.nan
    return set(summarise(log))


def _of_chains(params: Params, run: str) -> set[str]:
    if not getattr(params.resolve(run, "generation"), "long_chains", None):
        return set()
    chains = np.zeros((1, 1, 2, 3, 4, 4), np.uint8)
    return set(separation((chains, chains)))


def write_results(params: Params, value=lambda run, seed, metric: 1.0) -> None:
    """Every file that stage report reads of preset `params`, in the current directory, with invented numbers.

    `value` of a run (or composition), seed and metric.
    """
    outcome = {"outcome": "finished", "iterations": 10}

    def seeds(run: str, names: set[str]) -> dict:
        return {
            str(seed): {"metrics": {name: value(run, seed, name) for name in sorted(names)}, **outcome}
            for seed in params.seeds
        }

    def place(stage: str, experiment: str, name: str):
        return workspace.run_file(params.preset, stage, experiment, name, ".json")

    elsewhere = set(COSTS)
    for item, config in params.ood.items():
        names = {f"ood_auroc_{name}" for name in config.outside}
        elsewhere |= names
        runs = {run: {"seeds": seeds(run, names)} for run in params.runs_of(config.experiment)}
        workspace.save_json(place("detect", config.experiment, item), {"sets": config.outside, "runs": runs})
    for item, config in params.comparisons.items():
        members = [run for experiment in config.experiments for run in params.runs_of(experiment)]
        runs = {run: {"seeds": seeds(run, set(COSTS))} for run in members}
        workspace.save_json(place("compare", item, item), {"device": "invented", "runs": runs})
    for item, config in params.compositions.items():
        names = {f"accuracy_{word}" for word in config.expressions}
        content = {"experiment": config.experiment, "dataset": config.dataset, "seeds": seeds(item, names)}
        content |= {"words": dict.fromkeys(config.expressions, "invented"), "chance": {}}
        workspace.save_json(place("compose", config.experiment, item), content)
    for run, entry in params.runs.items():
        names = {name for name in names_of_run(params, run) - elsewhere if not name.startswith("ood_")}
        about = {"run": run, "experiment": entry.experiment, "dataset": entry.dataset}
        about["objective"] = params.resolve(run, "objective").kind
        workspace.save_json(place("evaluate", entry.experiment, run), about | {"seeds": seeds(run, names)})
        workspace.save_json(place("train", entry.experiment, run), {"environment": {"device": "invented"}})
    folder = workspace.FIGURES / params.preset
    for name, entry in params.tables.items():
        text = to_markdown(Table(["Method"], [["invented"]], []), entry.caption, "")
        workspace.write_text(folder / f"{name}.md", text)
    for name, entry in params.figures.items():
        about = PngInfo()
        about.add_text("Title", entry.caption)
        Image.new("RGB", (300, 120), "grey").save(folder / f"{name}.png", pnginfo=about)

"""evaluate: the numbers of a run, seed by seed, and the arrays its figures draw."""

import io
from collections.abc import Mapping

import numpy as np
import pandas as pd

from ebmrepro.evaluation.subject import Subject
from ebmrepro.evaluation.survival import collapsed_at
from ebmrepro.evaluation.training_summary import summarise
from ebmrepro.files import workspace
from ebmrepro.files.workspace import map_tensors
from ebmrepro.machine.device import set_up
from ebmrepro.params.evaluations import Evaluation
from ebmrepro.params.generations import Weights
from ebmrepro.params.methods import switches
from ebmrepro.params.root import Params
from ebmrepro.training.model_file import ModelFile


def run(params: Params, item: str) -> None:
    """Measure run `item` with the evaluation it names."""
    entry, config = params.runs[item], params.resolve(item, "evaluation")
    path = workspace.run_file(params.preset, "sample", entry.experiment, item, ".safetensors")
    samples, _ = _reader(config)(path)
    result, arrays = measured(params, item, config, params.resolve(item, "generation").weights, samples)
    about = {"seeds": [int(seed) for seed in result["seeds"]]}
    workspace.save_result(params.preset, "evaluate", entry.experiment, item, result, arrays, about)


def _reader(config: Evaluation):
    return map_tensors if config.mapped else workspace.load_tensors


def measured(
    params: Params, run: str, config: Evaluation, weights: Weights, samples: Mapping[str, np.ndarray]
) -> tuple[dict, dict[str, np.ndarray]]:
    """The numbers of `samples` (`<seed>/samples` and more, as `sample` names them) and of the models of `run`
    with `weights`, by `config`: what stands in the metrics file, and the arrays its figures draw."""
    device = set_up(params.compute)
    entry = params.runs[run]
    trained = workspace.run_file(params.preset, "train", entry.experiment, run, ".safetensors")
    model = ModelFile(trained, device)
    status = workspace.load_json(trained.with_suffix(".json"))
    text = workspace.read_text(trained.with_suffix(".csv"), status.get("log_sha256", ""))
    log = pd.read_csv(io.StringIO(text))
    folder = workspace.prepared(params.preset, entry.dataset)
    manifest = workspace.load_json(folder / "manifest.json")
    read = _reader(config)
    reference, about = read(folder / "reference.safetensors")
    subject = Subject(
        run=run,
        energy=lambda seed: model.energy(seed, weights),
        samples={seed: samples[f"{seed}/samples"] for seed in model.seeds},
        long_chains={
            seed: (samples[f"{seed}/long_with"], samples[f"{seed}/long_without"])
            for seed in model.seeds
            if f"{seed}/long_with" in samples
        },
        data={part: read(folder / f"{part}.safetensors")[0] for part in ("train", "test")},
        reference=reference,
        about=about,
        dataset=params.datasets[entry.dataset],
        device=device,
        threads=params.compute.threads,
    )
    found = config.load()(config, subject)
    seeds, arrays = {}, {}
    for seed, (metrics, drawn) in found.seeds.items():
        own = log[log.seed == seed]
        metrics |= summarise(own)
        ended = status["seeds"][str(seed)]
        survived = ended["iterations"] if ended["outcome"] == "finished" else ended["iteration"]
        if (collapsed := collapsed_at(own, ended.get("iterations"))) is not None:
            survived, ended = collapsed, ended | {"collapsed": collapsed}
        metrics["iterations_survived"] = float(survived)
        seeds[str(seed)] = {"metrics": workspace.finite_or_null(metrics), **ended}
        arrays |= {f"{seed}/{name}": array for name, array in drawn.items()}
    result = {
        "run": run,
        "experiment": entry.experiment,
        "dataset": entry.dataset,
        "kind": config.kind,
        "objective": params.resolve(run, "objective").kind,
        "energy": model.config.kind,
        "switches": switches(params, run),
        "reference": manifest["reference"],
        "seeds": seeds,
    }
    return result | found.facts, arrays

"""A small finished workspace with invented numbers, three seeds."""

import csv
import io

import numpy as np
from figures_measured import (
    compared,
    compared_file,
    composed,
    composed_file,
    denoised,
    denoised_file,
    detected,
    detected_file,
)
from figures_numbers import (
    DENSITY_METRICS,
    DIVERGED,
    IMAGES,
    METRICS,
    REFERENCE,
    SIDES,
    has_chain,
    has_kl,
    likelihood,
    metric,
    metrics_of_run,
    outcome,
    place,
)
from figures_params import LONG, params_data, write_params
from figures_runs import RUNS

from ebmrepro.files import workspace
from ebmrepro.params.methods import switches
from ebmrepro.params.root import Params

STEPS = 140
LONG_STEPS = [0, 2, 5, 7, 10, 12, 15]
COLUMNS = (
    "energy_positive",
    "loss",
    "gradient_norm",
    "loss_cd",
    "energy_gap",
    "gradient_norm_cd",
    "gradient_norm_kl",
    "kl_cosine",
)


def write_log(run: str, change: float = 0.0) -> None:
    """The training log, 7 rows a seed, fewer where it diverged, with its status; only ICD has a KL term."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["seed", "iteration", *COLUMNS])
    objective = RUNS[run].objective
    for seed in RUNS[run].seeds:
        end = DIVERGED.get(run, {}).get(seed, 60)
        for iteration in range(0, end + 1, 10):
            common = np.sin(iteration) * 0.1 + seed * 0.01 + change
            values = {
                "energy_positive": common,
                "loss": common - 0.02 * iteration * has_kl(run),
                "gradient_norm": 1.5 + np.cos(iteration),
            }
            if has_chain(run):
                values |= {"loss_cd": common, "energy_gap": common, "gradient_norm_cd": 1 + seed}
            if has_kl(run):
                values["gradient_norm_kl"] = 0.3 + 0.01 * iteration
            if objective == "icd_compared":
                values["kl_cosine"] = 0.9 - 0.01 * iteration + change
            if end < 60 and iteration == end:
                values |= {"loss": np.inf, "energy_gap": np.inf}
            cells = [f"{values[name]:.9g}" if name in values else "" for name in COLUMNS]
            writer.writerow([seed, iteration, *cells])
    write_status(run, text.getvalue())


def write_status(run: str, log: str) -> None:
    """The log and the status file that carries its checksum."""
    path = place("train", run, ".csv")
    workspace.write_text(path, log)
    status = {
        "run": run,
        "seeds": {str(seed): outcome(run, seed) for seed in RUNS[run].seeds},
        "environment": {"python": "3.11.0", "device": "invented processor", "threads": 1},
        "log_sha256": workspace.file_sha256(path),
    }
    workspace.save_json(place("train", run, ".json"), status)


def metrics_of(params: Params, run: str) -> dict:
    """A metrics file as the evaluation stage writes it."""
    experiment, dataset = RUNS[run].experiment, RUNS[run].dataset
    names = metrics_of_run(run)
    content = {
        "run": run,
        "experiment": experiment,
        "dataset": dataset,
        "kind": "invented",
        "objective": params.resolve(run, "objective").kind,
        "energy": "invented",
        "switches": switches(params, run),
        "reference": REFERENCE[dataset],
        "seeds": {
            str(seed): {"metrics": {n: metric(run, seed, n) for n in names}, **outcome(run, seed)}
            for seed in RUNS[run].seeds
        },
    }
    return content | ({"likelihood": likelihood(run)} if likelihood(run) else {})


def write_run(params: Params, run: str) -> None:
    """All files of a run that later stages read."""
    rng = np.random.default_rng(sum(map(ord, run)))
    write_log(run)
    workspace.save_json(place("evaluate", run, ".json"), metrics_of(params, run))
    dataset, generation = RUNS[run].dataset, RUNS[run].generation
    side = SIDES.get(dataset)
    shape = (1, side, side) if side else IMAGES.get(dataset)
    frames = 1 if generation == "ancestral" else 5
    sampled, drawn = {}, {}
    for seed in RUNS[run].seeds:
        if side:
            # Binary vectors, stored as images.
            sampled[f"{seed}/samples"] = rng.integers(0, 2, (90, *shape), dtype=np.uint8) * 255
            sampled[f"{seed}/strip"] = rng.integers(0, 2, (frames, 3, *shape), dtype=np.uint8) * 255
            drawn[f"{seed}/filters"] = rng.standard_normal((6, side, side)).astype(np.float32)
            drawn[f"{seed}/originals"] = np.random.default_rng(side).integers(0, 2, (6, side, side), np.uint8)
            drawn[f"{seed}/reconstructions"] = rng.random((6, side, side), np.float32)
        elif shape:
            sampled[f"{seed}/samples"] = rng.integers(0, 256, (90, *shape), dtype=np.uint8)
            sampled[f"{seed}/strip"] = rng.integers(0, 256, (frames, 3, *shape), dtype=np.uint8)
            for name in ("shown", "nearest_train"):
                drawn[f"{seed}/{name}"] = rng.integers(0, 256, (6, *shape), dtype=np.uint8)
        else:
            sampled[f"{seed}/samples"] = rng.standard_normal((90, 2)).astype(np.float32)
            sampled[f"{seed}/strip"] = rng.standard_normal((frames, 3, 2)).astype(np.float32)
        if METRICS[dataset] is DENSITY_METRICS:
            drawn[f"{seed}/log_density"] = rng.standard_normal((32, 32)).astype(np.float32) - 4
            drawn[f"{seed}/box"] = np.array([-5.0, 5.0])
        if generation == "images":
            long = (len(LONG_STEPS), LONG["starts"], LONG["chains"], *shape)
            for name in ("long_with", "long_without"):
                sampled[f"{seed}/{name}"] = rng.integers(0, 256, long, dtype=np.uint8)
    seeds = list(RUNS[run].seeds)
    about = {
        "seeds": seeds,
        "is_image": shape is not None,
        "chain": params.resolve(run, "generation").kind,
        "steps": STEPS,
        "long_steps": LONG_STEPS if generation == "images" else [],
        "outcomes": {str(seed): outcome(run, seed) for seed in seeds},
    }
    workspace.save_tensors(place("sample", run, ".safetensors"), sampled, about)
    workspace.save_tensors(place("evaluate", run, ".safetensors"), drawn, {"seeds": seeds})


def write_all() -> Params:
    """params.yaml and every file that figures, tables and report read, here."""
    params = write_params(params_data())
    for run in RUNS:
        write_run(params, run)
    for path, (content, arrays) in (
        (composed_file, composed()),
        (detected_file, detected(params)),
        (denoised_file, denoised(params)),
    ):
        workspace.save_json(path(".json"), content)
        workspace.save_tensors(path(".safetensors"), arrays, {})
    workspace.save_json(compared_file(), compared(params))
    return params

"""A small finished workspace with invented numbers, three seeds."""

import csv
import io
from pathlib import Path

import numpy as np
from figures_params import LONG, OUTLIER_SETS, RUNS, SEEDS, params_data, write_params

from ebm import workspace
from ebm.params import Params
from ebm.params.switches import switches

STEPS = 140
LONG_STEPS = [0, 2, 5, 7, 10, 12, 15]
COLUMNS = ("energy_gap", "gradient_norm_cd", "gradient_norm_kl", "kl_cosine")
# Seed 1 of digits_cd diverges, and every seed that must for the survival test.
DIVERGED = {
    "digits_cd": {1: 40},
    "arch_attn_norm_free_cd": {0: 20, 1: 30, 2: 40},
    "shapes_shape": {2: 10},
}
IMAGES = {"digits": (1, 8, 8), "shapes": (3, 16, 16)}
EXPRESSIONS = {"red_square": "red AND square", "cross": "cross"}
SHARES = {"red_square": 0.125, "cross": 0.375}
BINS = 16


def place(stage: str, run: str, suffix: str, preset: str = "demo") -> Path:
    """The file of a run."""
    return workspace.run_file(preset, stage, RUNS[run].experiment, run, suffix)


def composed_file(suffix: str) -> Path:
    """A file of the composition."""
    return workspace.run_file("demo", "compose", "shapes", "coloured_shapes", suffix)


def detected_file(suffix: str) -> Path:
    """A file of the outliers."""
    return workspace.run_file("demo", "detect", "digits", "digits_outliers", suffix)


def outcome(run: str, seed: int) -> dict:
    """As the training stage records it."""
    at = DIVERGED.get(run, {}).get(seed)
    if at is None:
        return {"outcome": "finished", "iterations": 60}
    cause = "energy above the limit"
    return {"outcome": "diverged", "iteration": at, "cause": cause, "last_good_iteration": at - 1}


def metric(run: str, seed: int, name: str) -> float:
    """An invented value, different for every run, seed and metric."""
    if name == "iterations_survived":
        return float(DIVERGED.get(run, {}).get(seed, 60))
    return round(1 + (sum(map(ord, run + name)) * (seed + 3) % 97) / 23, 6)


IMAGE_METRICS = (
    "classifier_frechet",
    "effective_classes",
    "pairwise_distance_ratio",
    "nearest_train_distance",
    "nearest_train_distance_of_test",
)
METRICS = {
    "gaussian": ("kl", "fisher_divergence"),
    "rings": ("test_log_likelihood", "grid_edge_mass", "mmd_squared", "mmd_squared_train_to_test"),
    "digits": IMAGE_METRICS,
    "shapes": IMAGE_METRICS,
}
REFERENCE = {
    "gaussian": {},
    "rings": {"true_test_log_likelihood": -2.25},
    "digits": {"classifier_frechet_train_to_test": 2.5, "classifier_test_accuracy": 0.99},
    "shapes": {"classifier_frechet_train_to_test": 1.5},
}


def has_kl(run: str) -> bool:
    """Whether the run trains with the KL term."""
    return RUNS[run].objective.startswith("icd")


def write_log(run: str, change: float = 0.0) -> None:
    """The training log, 7 rows a seed, fewer where it diverged, with its status; only ICD has a KL term."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["seed", "iteration", *COLUMNS])
    objective = RUNS[run].objective
    for seed in SEEDS:
        end = DIVERGED.get(run, {}).get(seed, 60)
        for iteration in range(0, end + 1, 10):
            gap = "" if objective == "mle" else f"{np.sin(iteration) * 0.1 + seed * 0.01 + change:.9g}"
            if end < 60 and iteration == end:
                gap = "inf"
            norms = ["", ""] if objective == "mle" else [f"{1 + seed:.9g}", ""]
            if has_kl(run):
                norms[1] = f"{0.3 + 0.01 * iteration:.9g}"
            cosine = f"{0.9 - 0.01 * iteration + change:.9g}" if objective == "icd_compared" else ""
            writer.writerow([seed, iteration, gap, *norms, cosine])
    write_status(run, text.getvalue())


def write_status(run: str, log: str) -> None:
    """The log and the status file that carries its checksum."""
    path = place("train", run, ".csv")
    workspace.write_text(path, log)
    status = {
        "run": run,
        "seeds": {str(seed): outcome(run, seed) for seed in SEEDS},
        "environment": {"python": "3.11.0", "device": "invented processor", "threads": 1},
        "log_sha256": workspace.file_sha256(path),
    }
    workspace.save_json(place("train", run, ".json"), status)


def metrics_of(params: Params, run: str) -> dict:
    """A metrics file as the evaluation stage writes it."""
    experiment, dataset = RUNS[run].experiment, RUNS[run].dataset
    names = METRICS[dataset] + ("iterations_survived",)
    names += ("energy_gap_size",) if RUNS[run].objective != "mle" else ()
    names += ("kl_to_cd_gradient",) if has_kl(run) else ()
    names += ("kl_cosine",) if RUNS[run].objective == "icd_compared" else ()
    names += ("long_chain_spread_ratio",) if experiment == "digits" else ()
    return {
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
            for seed in SEEDS
        },
    }


def write_run(params: Params, run: str) -> None:
    """All files of a run that later stages read."""
    rng = np.random.default_rng(sum(map(ord, run)))
    write_log(run)
    workspace.save_json(place("evaluate", run, ".json"), metrics_of(params, run))
    dataset, is_long = RUNS[run].dataset, RUNS[run].experiment == "digits"
    shape = IMAGES.get(dataset)
    sampled, drawn = {}, {}
    for seed in SEEDS:
        if shape:
            sampled[f"{seed}/samples"] = rng.integers(0, 256, (90, *shape), dtype=np.uint8)
            sampled[f"{seed}/strip"] = rng.integers(0, 256, (5, 3, *shape), dtype=np.uint8)
            for name in ("shown", "nearest_train"):
                drawn[f"{seed}/{name}"] = rng.integers(0, 256, (6, *shape), dtype=np.uint8)
        else:
            sampled[f"{seed}/samples"] = rng.standard_normal((90, 2)).astype(np.float32)
            sampled[f"{seed}/strip"] = rng.standard_normal((5, 3, 2)).astype(np.float32)
        if dataset == "rings":
            drawn[f"{seed}/log_density"] = rng.standard_normal((32, 32)).astype(np.float32) - 4
            drawn[f"{seed}/box"] = np.array([-5.0, 5.0])
        if is_long:
            frames = (len(LONG_STEPS), LONG["starts"], LONG["chains"], *shape)
            for name in ("long_with", "long_without"):
                sampled[f"{seed}/{name}"] = rng.integers(0, 256, frames, dtype=np.uint8)
    about = {
        "seeds": list(SEEDS),
        "is_image": shape is not None,
        "steps": STEPS,
        "long_steps": LONG_STEPS if is_long else [],
        "outcomes": {str(seed): outcome(run, seed) for seed in SEEDS},
    }
    workspace.save_tensors(place("sample", run, ".safetensors"), sampled, about)
    workspace.save_tensors(place("evaluate", run, ".safetensors"), drawn, {"seeds": list(SEEDS)})


def composed() -> tuple[dict, dict]:
    """The composition's metrics file and its arrays, 40 samples an expression."""
    rng = np.random.default_rng(5)
    arrays, seeds = {}, {}
    for seed in SEEDS:
        metrics = {}
        for number, key in enumerate(EXPRESSIONS):
            holds = np.arange(40) < 20 + 6 * number + seed
            arrays[f"{seed}/{key}"] = rng.integers(0, 256, (40, *IMAGES["shapes"]), dtype=np.uint8)
            arrays[f"{seed}/{key}/satisfied"] = rng.permutation(holds)
            metrics[f"accuracy_{key}"] = float(holds.mean())
        seeds[str(seed)] = {"metrics": metrics, **outcome("shapes_shape", seed)}
    content = {
        "composition": "coloured_shapes",
        "experiment": "shapes",
        "dataset": "shapes",
        "words": EXPRESSIONS,
        "shares": SHARES,
        "seeds": seeds,
    }
    return content, arrays


def detected(params: Params) -> tuple[dict, dict]:
    """The outliers' metrics file and its arrays."""
    rng = np.random.default_rng(6)
    arrays, runs = {}, {}
    for run in params.runs_of("digits"):
        seeds = {}
        for seed in SEEDS:
            names = [f"ood_{what}_{name}" for name in OUTLIER_SETS for what in ("auroc", "fpr95")]
            metrics = {name: metric(run, seed, name) / 5 for name in names}
            seeds[str(seed)] = {"metrics": metrics, **outcome(run, seed)}
            arrays[f"{run}/{seed}/edges"] = np.linspace(-2, 3, BINS + 1)
            for name in ("in", *OUTLIER_SETS):
                arrays[f"{run}/{seed}/histogram/{name}"] = rng.random(BINS)
        runs[run] = {"objective": RUNS[run].objective, "seeds": seeds}
    content = {
        "outliers": "digits_outliers",
        "experiment": "digits",
        "dataset": "digits",
        "against": "shapes",
        "sets": list(OUTLIER_SETS),
        "runs": runs,
    }
    return content, arrays


def write_all() -> Params:
    """params.yaml and every file that figures, tables and report read, here."""
    params = write_params(params_data())
    for run in RUNS:
        write_run(params, run)
    for path, (content, arrays) in ((composed_file, composed()), (detected_file, detected(params))):
        workspace.save_json(path(".json"), content)
        workspace.save_tensors(path(".safetensors"), arrays, {})
    return params

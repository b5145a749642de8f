"""A small finished workspace with invented numbers: three experiments, three seeds."""

import csv
import io
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from ebm import workspace
from ebm.params import load_params

SEEDS = (0, 1, 2)
STEPS = 140
COLUMNS = ("energy_gap", "gradient_norm_cd", "gradient_norm_kl")
RUNS = {
    "gaussian_mle": ("gaussian", "gaussian", "mle"),
    "gaussian_cd": ("gaussian", "gaussian", "cd"),
    "rings_cd": ("densities", "rings", "cd"),
    "rings_icd": ("densities", "rings", "icd"),
    "digits_cd": ("digits", "digits", "cd"),
    "digits_icd": ("digits", "digits", "icd"),
}
FIGURES = {
    "gap": ("energy_gap", "train", "digits"),
    "norms": ("gradient_norms", "train", "digits"),
    "grid": ("sample_grid", "sample", "digits"),
    "strip": ("chain_strip", "sample", "digits"),
    "panels": ("density_panels", "evaluate", "densities"),
    "neighbours": ("nearest_neighbours", "evaluate", "digits"),
}
TABLES = {"generation": "digits", "density": "densities", "gaussian": "gaussian"}
# Seed 1 of digits_cd diverges.
DIVERGED = {"digits_cd": {1: 40}}


def params_data() -> dict:
    """params.yaml as a mapping; only names and kinds matter here, nothing is trained."""
    langevin = {"steps": 5, "step_size": 0.1, "noise": 0.1, "clamp": None}
    box = [-4.0, 4.0]
    sampler = {
        "kind": "langevin",
        **langevin,
        "start": "replay",
        "start_box": box,
        "buffer": {"kind": "fifo", "size": 100, "reinitialise": 0.05},
        "augmentation": None,
    }
    ruler = {"epochs": 1, "width": 8, "minimum_accuracy": 0.9}
    schedule = {
        "iterations": 60,
        "batch_size": 10,
        "learning_rate": 0.01,
        "betas": [0.9, 0.999],
        "clip_norm": None,
        "ema_decay": 0.99,
        "log_every": 10,
        "checkpoint_seconds": 10,
        "energy_limit": 100.0,
    }
    generation = {
        "weights": "ema",
        "start": "noise",
        "start_box": box,
        "samples": 90,
        "rounds": 1,
        **langevin,
        "final_steps": 0,
        "augmentation": None,
        "strip_chains": 3,
        "strip_frames": 5,
    }
    sized = {"train_size": 50, "test_size": 20, "seed": 0}
    icd = {"energy_l2": 0.0, "kl_weight": 1.0, "entropy_weight": 0.3, "kl_samples": 8, "neighbours": 10}
    energies = {"gaussian": "quadratic", "rings": "mlp", "digits": "conv"}
    return {
        "preset": "demo",
        "seeds": list(SEEDS),
        "compute": {"device": "cpu", "threads": 1},
        "datasets": {
            "gaussian": {"kind": "gaussian", "source": "src/ebm/data/gaussian.py", "dim": 10, **sized},
            "rings": {"kind": "density", "source": "src/ebm/data/densities.py", "shape": "rings", **sized},
            "digits": {
                "kind": "digits",
                "source": "src/ebm/data/digits.py",
                "test_fraction": 0.2,
                "seed": 0,
                "classifier": ruler,
            },
        },
        "energies": {
            "quadratic": {"kind": "gaussian"},
            "mlp": {"kind": "mlp", "widths": [8]},
            "conv": {"kind": "conv", "width": 8},
        },
        "objectives": {
            "mle": {"kind": "mle"},
            "cd": {"kind": "cd", "energy_l2": 0.0},
            "icd": {"kind": "icd", "entropy_after": 10, **icd},
        },
        "samplers": {"none": {"kind": "none"}, "chain": sampler},
        "schedules": {"short": schedule},
        "generations": {"short": generation},
        "evaluations": {
            "gaussian": {"kind": "gaussian"},
            "rings": {"kind": "density", "box": [-5.0, 5.0], "grid": 32, "mmd_samples": 10},
            "digits": {"kind": "images", "shown_neighbours": 6},
        },
        "runs": {
            name: {
                "experiment": experiment,
                "dataset": dataset,
                "train": {
                    "energy": energies[dataset],
                    "objective": objective,
                    "sampler": "none" if objective == "mle" else "chain",
                    "schedule": "short",
                },
                "sample": {"generation": "short"},
                "evaluate": {"evaluation": dataset},
            }
            for name, (experiment, dataset, objective) in RUNS.items()
        },
        "figures": {
            name: {
                "kind": kind,
                "stage": stage,
                "experiment": experiment,
                "caption": f"Caption of {name} & 5_%",
            }
            for name, (kind, stage, experiment) in FIGURES.items()
        },
        "tables": {
            name: {
                "kind": name,
                "stage": "evaluate",
                "experiment": experiment,
                "caption": f"Numbers of {name}",
            }
            for name, experiment in TABLES.items()
        },
    }


def place(stage: str, run: str, suffix: str, preset: str = "demo") -> Path:
    """The file of a run."""
    return workspace.run_file(preset, stage, RUNS[run][0], run, suffix)


def outcome(run: str, seed: int) -> dict:
    """As the training stage records it."""
    at = DIVERGED.get(run, {}).get(seed)
    if at is None:
        return {"outcome": "finished", "iterations": 60}
    cause = "energy above the limit"
    return {"outcome": "diverged", "iteration": at, "cause": cause, "last_good_iteration": at - 1}


def metric(run: str, seed: int, name: str) -> float:
    """An invented value, different for every run, seed and metric."""
    return round(1 + (sum(map(ord, run + name)) % 17) / 7 + seed**2 / 3, 6)


METRICS = {
    "gaussian": ("kl", "fisher_divergence"),
    "densities": ("test_log_likelihood", "grid_edge_mass", "mmd_squared", "mmd_squared_train_to_test"),
    "digits": (
        "classifier_frechet",
        "effective_classes",
        "pairwise_distance_ratio",
        "nearest_train_distance",
        "nearest_train_distance_of_test",
    ),
}
REFERENCE = {
    "gaussian": {},
    "densities": {"true_test_log_likelihood": -2.25},
    "digits": {"classifier_frechet_train_to_test": 2.5, "classifier_test_accuracy": 0.99},
}


def write_log(run: str, change: float = 0.0) -> None:
    """The training log, 7 rows a seed, fewer where it diverged, with its status; only ICD has a KL term."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["seed", "iteration", *COLUMNS])
    objective = RUNS[run][2]
    for seed in SEEDS:
        end = DIVERGED.get(run, {}).get(seed, 60)
        for iteration in range(0, end + 1, 10):
            gap = "" if objective == "mle" else f"{np.sin(iteration) * 0.1 + seed * 0.01 + change:.9g}"
            if end < 60 and iteration == end:
                gap = "inf"
            norms = ["", ""] if objective == "mle" else [f"{1 + seed:.9g}", ""]
            if objective == "icd":
                norms[1] = f"{0.3 + 0.01 * iteration:.9g}"
            writer.writerow([seed, iteration, gap, *norms])
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


def metrics_of(run: str) -> dict:
    """A metrics file as the evaluation stage writes it."""
    experiment, dataset, objective = RUNS[run]
    names = METRICS[experiment] + (("energy_gap_size",) if objective != "mle" else ())
    names += ("kl_to_cd_gradient",) if objective == "icd" else ()
    return {
        "run": run,
        "experiment": experiment,
        "dataset": dataset,
        "kind": "invented",
        "objective": objective,
        "energy": "invented",
        "reference": REFERENCE[experiment],
        "seeds": {
            str(seed): {"metrics": {n: metric(run, seed, n) for n in names}, **outcome(run, seed)}
            for seed in SEEDS
        },
    }


def write_run(run: str) -> None:
    """All files of a run that later stages read."""
    rng = np.random.default_rng(sum(map(ord, run)))
    write_log(run)
    workspace.save_json(place("evaluate", run, ".json"), metrics_of(run))
    sampled, drawn = {}, {}
    for seed in SEEDS:
        if RUNS[run][1] == "digits":
            sampled[f"{seed}/samples"] = rng.integers(0, 256, (90, 1, 8, 8), dtype=np.uint8)
            sampled[f"{seed}/strip"] = rng.integers(0, 256, (5, 3, 1, 8, 8), dtype=np.uint8)
            for name in ("shown", "nearest_train"):
                drawn[f"{seed}/{name}"] = rng.integers(0, 256, (6, 1, 8, 8), dtype=np.uint8)
        else:
            sampled[f"{seed}/samples"] = rng.standard_normal((90, 2)).astype(np.float32)
            sampled[f"{seed}/strip"] = rng.standard_normal((5, 3, 2)).astype(np.float32)
        if RUNS[run][1] == "rings":
            drawn[f"{seed}/log_density"] = rng.standard_normal((32, 32)).astype(np.float32) - 4
            drawn[f"{seed}/box"] = np.array([-5.0, 5.0])
    about = {"seeds": list(SEEDS), "is_image": RUNS[run][1] == "digits", "steps": STEPS}
    workspace.save_tensors(place("sample", run, ".safetensors"), sampled, about)
    workspace.save_tensors(place("evaluate", run, ".safetensors"), drawn, {"seeds": list(SEEDS)})


def write_params(data: dict):
    """Write params.yaml here and load it."""
    with open("params.yaml", "w", encoding="utf-8") as file:
        YAML().dump(data, file)
    return load_params()

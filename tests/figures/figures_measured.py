"""Invented files of the stages that measure several runs at once: compose, detect, denoise, compare."""

from pathlib import Path

import numpy as np
from figures_numbers import IMAGES, REFERENCE, metric, metrics_of_run, outcome
from figures_params import NOISE, OOD_SETS
from figures_runs import COMPARED, RUNS, SEEDS

from ebmrepro.files import workspace
from ebmrepro.params.methods import method
from ebmrepro.params.root import Params
from ebmrepro.shown.loaders.compare import COSTS

EXPRESSIONS = {"red_square": "red AND square", "cross": "cross"}
CHANCE = {"red_square": 0.125, "cross": 0.375}
BINS = 16
RATIOS = {
    "rings_cdk": {"baseline": "rings_cdk", "median": 1.0, "low": 1.0, "high": 1.0, "turns": 30},
    "rings_dcd_ve": {"baseline": "rings_cdk", "median": 0.4375, "low": 0.25, "high": 0.625, "turns": 30},
    "digits_icd": {"baseline": "digits_cd", "median": 1.5, "low": None, "high": None, "turns": 4},
}


def composed_file(suffix: str) -> Path:
    """A file of the composition."""
    return workspace.run_file("demo", "compose", "shapes", "coloured_shapes", suffix)


def detected_file(suffix: str) -> Path:
    """A file of stage detect."""
    return workspace.run_file("demo", "detect", "digits", "digits_ood", suffix)


def denoised_file(suffix: str) -> Path:
    """A file of the denoising."""
    return workspace.run_file("demo", "denoise", "digits", "noisy_digits", suffix)


def compared_file() -> Path:
    """The file of the comparison."""
    return workspace.run_file("demo", "compare", "all_methods", "all_methods", ".json")


def composed() -> tuple[dict, dict]:
    """The composition's metrics file and its arrays, 40 samples an expression."""
    rng = np.random.default_rng(5)
    arrays, seeds = {}, {}
    for seed in SEEDS:
        metrics = {}
        for number, key in enumerate(EXPRESSIONS):
            holds = np.arange(40) < 20 + 6 * number + seed
            arrays[f"{seed}/{key}"] = rng.integers(0, 256, (40, *IMAGES["shapes"]), dtype=np.uint8)
            arrays[f"{seed}/{key}/correct"] = rng.permutation(holds)
            metrics[f"accuracy_{key}"] = float(holds.mean())
        seeds[str(seed)] = {"metrics": metrics, **outcome("shapes_shape", seed)}
    content = {
        "composition": "coloured_shapes",
        "experiment": "shapes",
        "dataset": "shapes",
        "words": EXPRESSIONS,
        "chance": CHANCE,
        "seeds": seeds,
    }
    return content, arrays


def detected(params: Params) -> tuple[dict, dict]:
    """Stage detect's metrics file and its arrays."""
    rng = np.random.default_rng(6)
    arrays, runs = {}, {}
    for run in params.runs_of("digits"):
        seeds = {}
        for seed in SEEDS:
            names = [f"ood_{what}_{name}" for name in OOD_SETS for what in ("auroc", "fpr95")]
            metrics = {name: metric(run, seed, name) / 5 for name in names}
            seeds[str(seed)] = {"metrics": metrics, **outcome(run, seed)}
            arrays[f"{run}/{seed}/edges"] = np.linspace(-2, 3, BINS + 1)
            for name in ("in", *OOD_SETS):
                arrays[f"{run}/{seed}/histogram/{name}"] = rng.random(BINS)
        runs[run] = {"objective": params.resolve(run, "objective").kind, "seeds": seeds}
    content = {
        "ood": "digits_ood",
        "experiment": "digits",
        "dataset": "digits",
        "against": "shapes",
        "sets": list(OOD_SETS),
        "runs": runs,
    }
    return content, arrays


def denoised(params: Params) -> tuple[dict, dict]:
    """The denoising's metrics file and its arrays."""
    rng = np.random.default_rng(7)

    def images():
        return rng.integers(0, 256, (6, *IMAGES["digits"]), dtype=np.uint8)

    tags = [str(noise).replace(".", "_") for noise in NOISE]
    arrays = {"clean": images()} | {f"noisy_{tag}": images() for tag in tags}
    runs = {}
    for run in params.runs_of("digits"):
        seeds = {}
        for seed in SEEDS:
            names = [f"denoise_{what}_{tag}" for tag in tags for what in ("psnr", "ssim", "strength")]
            metrics = {name: metric(run, seed, name) for name in names}
            seeds[str(seed)] = {"metrics": metrics, **outcome(run, seed)}
            arrays |= {f"{run}/{seed}/denoised_{tag}": images() for tag in tags}
        runs[run] = {"objective": params.resolve(run, "objective").kind, "seeds": seeds}
    reference = {
        name: {
            f"denoise_{what}_{tag}": metric(name, 0, what + tag) for tag in tags for what in ("psnr", "ssim")
        }
        for name in ("noisy", "gaussian_filter", "wiener_filter")
    }
    for tag in tags:
        reference["gaussian_filter"][f"denoise_width_{tag}"] = metric("width", 0, tag)
    content = {
        "denoising": "noisy_digits",
        "experiment": "digits",
        "dataset": "digits",
        "noise": list(NOISE),
        "runs": runs,
        "reference": reference,
    }
    return content, arrays


def cost(run: str, seed: int, name: str) -> float:
    """What a step costs, invented; network evaluations are the same for every seed."""
    if name == "seconds_per_step":
        return metric(run, seed, name) / 1000
    if name == "network_evaluations":
        return sum(cost(run, seed, part) for part in ("forward_passes", "backward_passes"))
    return float(1 + sum(map(ord, run + name)) % 40)


def compared(params: Params) -> dict:
    """The comparison's metrics file."""
    runs = {}
    for run in (run for experiment in COMPARED for run in params.runs_of(experiment)):
        seeds = {
            str(seed): {
                "metrics": {name: metric(run, seed, name) for name in metrics_of_run(run)}
                | {name: cost(run, seed, name) for name in COSTS},
                **outcome(run, seed),
            }
            for seed in RUNS[run].seeds
        }
        runs[run] = {
            "experiment": RUNS[run].experiment,
            "dataset": RUNS[run].dataset,
            "objective": params.resolve(run, "objective").kind,
            "method": method(params, run),
            "seeds": seeds,
            "seconds_ratio": RATIOS.get(run),
        }
    return {
        "comparison": "all_methods",
        "experiments": list(COMPARED),
        "device": "invented processor",
        "runs": runs,
        "references": REFERENCE,
    }

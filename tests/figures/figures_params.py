"""Parameters of a small finished workspace; only names and kinds matter, nothing is trained."""

import json

from figures_runs import COMPARED, FIGURES, RUNS, SEEDS, TABLES

from ebmrepro.checks.load import load_params

EVALUATIONS = {
    "gaussian": "gaussian",
    "rings": "density",
    "eight_gaussians": "density",
    "bars_and_stripes": "binary",
    "binary_digits": "binary",
    "digits": "images",
    "shapes": "images",
}
OOD_SETS = ("photographs", "uniform", "shapes")
NOISE = (0.1, 0.3)
LONG = {"starts": 3, "chains": 4, "rounds": 3}


def params_data() -> dict:
    """params.yaml as a mapping."""
    langevin = {"steps": 5, "step_size": 0.1, "noise": 0.1, "anneal": False, "clamp": None}
    box = [-4.0, 4.0]
    augmentation = {
        "crop_scale": [0.8, 1.0],
        "flip": 0.0,
        "colour": 0.0,
        "grayscale": 0.0,
        "blur": 0.0,
        "blur_kernel": 5,
    }
    chain = {
        "kind": "langevin",
        **langevin,
        "start": "replay",
        "start_box": box,
        "buffer": {"kind": "fifo", "size": 100, "reinitialise": 0.05},
        "augmentation": None,
    }
    classifier = {"epochs": 1, "batch_size": 64, "width": 8, "minimum_accuracy": 0.9}
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
    points = {
        "kind": "langevin",
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
        "long_chains": None,
    }
    sized = {"train_size": 50, "test_size": 20, "seed": 0}
    residual = {
        "kind": "residual",
        "layout": "small",
        "width": 8,
        "scales": 1,
        "attention": False,
        "normalise": False,
        "spectral_norm": False,
        "condition": None,
        "output": "linear",
        "members": 1,
    }
    icd = {
        "kind": "icd",
        "energy_l2": 0.0,
        "kl_weight": 1.0,
        "entropy_weight": 0.3,
        "kl_samples": 8,
        "kl_steps": 1,
        "neighbours": 10,
        "nearest": 1,
        "entropy_after": 10,
        "compare_full": False,
    }
    dcd = {"kind": "dcd", "inner_samples": 4, "stabiliser": 1.0}
    gibbs = {"kind": "gibbs", "steps": 1}
    persistent = {"start": "persistent", "buffer": {"kind": "chains", "size": 10, "reinitialise": 0.0}}
    annealed = ("weights", "start_box", "samples", "steps", "step_size", "noise", "clamp", "strip_chains")
    return {
        "preset": "demo",
        "seeds": list(SEEDS),
        "compute": {"device": "cpu", "threads": 1},
        "folders": {},
        "datasets": {
            "gaussian": {"kind": "gaussian", "dim": 10, **sized},
            "eight_gaussians": {
                "kind": "density",
                "shape": "eight_gaussians",
                **sized,
            },
            "bars_and_stripes": {
                "kind": "bars_and_stripes",
                "side": 3,
            },
            "binary_digits": {
                "kind": "binary_digits",
                "seed": 0,
                "test_fraction": 0.2,
                "threshold": 0.5,
            },
            "rings": {
                "kind": "density",
                "shape": "rings",
                **sized,
            },
            "digits": {
                "kind": "digits",
                "test_fraction": 0.2,
                "seed": 0,
                "classifier": classifier,
            },
            "shapes": {
                "kind": "shapes",
                **sized,
                "classifier": classifier,
            },
        },
        "energies": {
            "quadratic": {"kind": "gaussian"},
            "mlp": {"kind": "mlp", "widths": [8], "condition": None},
            "mlp_in_time": {"kind": "mlp", "widths": [8], "condition": "time"},
            "conv": {"kind": "conv", "width": 8, "condition": None},
            "conv_in_time": {"kind": "conv", "width": 8, "condition": "time"},
            "rbm": {"kind": "rbm", "hidden": 20, "visible": "bernoulli"},
            "helmholtz": {"kind": "helmholtz", "layers": [8]},
            "one_scale": residual,
            "three_scales": residual | {"scales": 3},
            "attention": residual | {"attention": True, "normalise": True},
            "of_colour": residual | {"condition": "colour"},
            "of_shape": residual | {"condition": "shape"},
        },
        "objectives": {
            "mle": {"kind": "mle", "grid": None},
            "mle_grid": {"kind": "mle", "grid": {"box": [-5.0, 5.0], "cells": 32}},
            "dsm": {"kind": "dsm", "sigma": 0.3},
            "ssm": {"kind": "ssm", "projections": 2},
            "dcd_ve": dcd | {"diffusion": "ve", "levels": [0.0, 0.5]},
            "dcd_vp": dcd | {"diffusion": "vp", "levels": [0.0, 0.4]},
            "dcd_time": dcd | {"diffusion": "ve", "levels": [0.0, 0.3, 0.9, 2.0]},
            "wake_sleep": {"kind": "wake_sleep"},
            "cd": {"kind": "cd", "energy_l2": 0.0},
            "icd": icd,
            "icd_opt": icd | {"entropy_weight": 0.0},
            "icd_consistent": icd | {"entropy_weight": "consistent"},
            "icd_compared": icd | {"compare_full": True},
            "icd_full": icd | {"kl_steps": "all"},
        },
        "samplers": {
            "none": {"kind": "none"},
            "chain": chain,
            "augmented": chain | {"augmentation": augmentation},
            "from_data": chain | {"start": "data", "buffer": None},
            "persistent": chain | persistent,
            "gibbs_from_data": gibbs | {"start": "data", "buffer": None},
            "gibbs_persistent": gibbs | persistent,
        },
        "schedules": {"short": schedule},
        "generations": {
            "points": points,
            "annealed": {"kind": "annealed", "strip_frames": 5} | {key: points[key] for key in annealed},
            "gibbs": {
                "kind": "gibbs",
                "weights": "ema",
                "samples": 90,
                "steps": 20,
                "strip_chains": 3,
                "strip_frames": 5,
            },
            "ancestral": {"kind": "ancestral", "weights": "ema", "samples": 90},
            "images": points | {"augmentation": augmentation, "long_chains": LONG},
        },
        "evaluations": {
            "gaussian": {"kind": "gaussian"},
            "density": {"kind": "density", "box": [-5.0, 5.0], "grid": 32, "compared_samples": 10},
            "images": {"kind": "images", "shown_neighbours": 6},
            "binary": {
                "kind": "binary",
                "ais_chains": 10,
                "ais_temperatures": 10,
                "importance_samples": 10,
                "compared_samples": 10,
                "shown": 6,
            },
        },
        "runs": {
            name: {
                "experiment": run.experiment,
                "dataset": run.dataset,
                "train": {
                    "energy": run.energy,
                    "objective": run.objective,
                    "sampler": run.sampler,
                    "schedule": "short",
                    **({"seeds": list(run.seeds)} if run.seeds != SEEDS else {}),
                },
                "sample": {"generation": run.generation},
                "evaluate": {"evaluation": EVALUATIONS[run.dataset]},
            }
            for name, run in RUNS.items()
        },
        "compositions": {
            "coloured_shapes": {
                "experiment": "shapes",
                "dataset": "shapes",
                "generation": "points",
                "calibration": None,
                "expressions": {
                    "red_square": {
                        "and": [
                            {"run": "shapes_colour", "is": "red"},
                            {"run": "shapes_shape", "is": "square"},
                        ],
                        "weights": [1.0, 1.0],
                    },
                    "cross": {"run": "shapes_shape", "is": "cross"},
                },
            }
        },
        "ood": {
            "digits_ood": {
                "experiment": "digits",
                "dataset": "digits",
                "against": "shapes",
                "first_image": False,
                "weights": "ema",
                "sets": ["photographs", "uniform"],
                "samples": 20,
                "bins": 16,
            }
        },
        "denoisings": {
            "noisy_digits": {
                "experiment": "digits",
                "dataset": "digits",
                "weights": "ema",
                "noise": list(NOISE),
                "images": 20,
                "steps": 5,
                "strengths": [0.5, 1.0],
                "shown": 6,
            }
        },
        "protocols": {},
        "comparisons": {"all_methods": {"experiments": list(COMPARED), "steps": 3, "warm_up": 1}},
        "figures": {
            name: {
                "kind": kind,
                "experiment": experiment,
                "caption": f"Caption of {name} & 5_%",
            }
            for name, (kind, experiment) in FIGURES.items()
        },
        "tables": {
            name: {
                "kind": name,
                "experiment": experiment,
                "caption": f"Numbers of {name}",
            }
            for name, experiment in TABLES.items()
        },
    }


def write_params(data: dict):
    """Write params.yaml here, as the JSON that every YAML reader reads, and load it."""
    with open("params.yaml", "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
    return load_params()

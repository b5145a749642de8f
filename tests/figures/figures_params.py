"""Parameters of a small finished workspace; only names and kinds matter, nothing is trained."""

from typing import NamedTuple

from ruamel.yaml import YAML

from ebm.params import load_params

SEEDS = (0, 1, 2)


class Run(NamedTuple):
    """What tells the runs apart; all else is the same for every run."""

    experiment: str
    dataset: str
    objective: str
    energy: str
    sampler: str = "chain"


RUNS = {
    "gaussian_mle": Run("gaussian", "gaussian", "mle", "quadratic", "none"),
    "gaussian_cd": Run("gaussian", "gaussian", "cd", "quadratic"),
    "rings_cd": Run("densities", "rings", "cd", "mlp"),
    "rings_icd": Run("densities", "rings", "icd", "mlp"),
    "digits_cd": Run("digits", "digits", "cd", "conv", "augmented"),
    "digits_icd": Run("digits", "digits", "icd", "conv", "augmented"),
    "digits_truncated": Run("truncation", "digits", "icd_compared", "conv", "augmented"),
    "digits_full": Run("truncation", "digits", "icd_full", "conv", "augmented"),
    "ablation_base": Run("ablation", "digits", "cd", "one_scale"),
    "ablation_kl_aug": Run("ablation", "digits", "icd", "one_scale", "augmented"),
    "ablation_aug_ms": Run("ablation", "digits", "cd", "three_scales", "augmented"),
    "ablation_full": Run("ablation", "digits", "icd", "three_scales", "augmented"),
    "arch_attn_norm_free_cd": Run("architecture", "digits", "cd", "attention", "augmented"),
    "arch_attn_norm_free_icd": Run("architecture", "digits", "icd", "attention", "augmented"),
    "shapes_colour": Run("shapes", "shapes", "icd", "of_colour", "augmented"),
    "shapes_shape": Run("shapes", "shapes", "icd", "of_shape", "augmented"),
}
FIGURES = {
    "gap": ("energy_gap", "train", "digits"),
    "norms": ("gradient_norms", "train", "digits"),
    "cosine": ("truncation", "train", "truncation"),
    "grid": ("sample_grid", "sample", "digits"),
    "strip": ("chain_strip", "sample", "digits"),
    "separation": ("chain_separation", "sample", "digits"),
    "long": ("long_chains", "sample", "digits"),
    "panels": ("density_panels", "evaluate", "densities"),
    "neighbours": ("nearest_neighbours", "evaluate", "digits"),
    "composed": ("composition_grid", "compose", "shapes"),
    "histograms": ("energy_histograms", "detect", "digits"),
}
TABLES = {
    "generation": ("evaluate", "digits"),
    "density": ("evaluate", "densities"),
    "gaussian": ("evaluate", "gaussian"),
    "ablation": ("evaluate", "ablation"),
    "stability": ("evaluate", "architecture"),
    "composition": ("compose", "shapes"),
    "outliers": ("detect", "digits"),
}
EVALUATIONS = {"gaussian": "gaussian", "rings": "density", "digits": "images", "shapes": "images"}
OUTLIER_SETS = ("photographs", "uniform", "shapes")
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
    ruler = {"epochs": 1, "batch_size": 64, "width": 8, "minimum_accuracy": 0.9}
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
            "shapes": {"kind": "shapes", "source": "src/ebm/data/shapes.py", **sized, "classifier": ruler},
        },
        "energies": {
            "quadratic": {"kind": "gaussian"},
            "mlp": {"kind": "mlp", "widths": [8]},
            "conv": {"kind": "conv", "width": 8},
            "one_scale": residual,
            "three_scales": residual | {"scales": 3},
            "attention": residual | {"attention": True, "normalise": True},
            "of_colour": residual | {"condition": "colour"},
            "of_shape": residual | {"condition": "shape"},
        },
        "objectives": {
            "mle": {"kind": "mle"},
            "cd": {"kind": "cd", "energy_l2": 0.0},
            "icd": icd,
            "icd_compared": icd | {"compare_full": True},
            "icd_full": icd | {"kl_steps": "all"},
        },
        "samplers": {
            "none": {"kind": "none"},
            "chain": chain,
            "augmented": chain | {"augmentation": augmentation},
        },
        "schedules": {"short": schedule},
        "generations": {
            "points": points,
            "images": points | {"augmentation": augmentation, "long_chains": LONG},
        },
        "evaluations": {
            "gaussian": {"kind": "gaussian"},
            "density": {"kind": "density", "box": [-5.0, 5.0], "grid": 32, "mmd_samples": 10},
            "images": {"kind": "images", "shown_neighbours": 6},
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
                },
                "sample": {"generation": "images" if run.experiment == "digits" else "points"},
                "evaluate": {"evaluation": EVALUATIONS[run.dataset]},
            }
            for name, run in RUNS.items()
        },
        "compositions": {
            "coloured_shapes": {
                "experiment": "shapes",
                "dataset": "shapes",
                "generation": "points",
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
        "outliers": {
            "digits_outliers": {
                "experiment": "digits",
                "dataset": "digits",
                "against": "shapes",
                "weights": "ema",
                "sets": ["photographs", "uniform"],
                "samples": 20,
                "bins": 16,
            }
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
                "stage": stage,
                "experiment": experiment,
                "caption": f"Numbers of {name}",
            }
            for name, (stage, experiment) in TABLES.items()
        },
    }


def write_params(data: dict):
    """Write params.yaml here and load it."""
    yaml = YAML()
    # Entries that share a mapping must not become anchors: people write none.
    yaml.representer.ignore_aliases = lambda _: True
    with open("params.yaml", "w", encoding="utf-8") as file:
        yaml.dump(data, file)
    return load_params()

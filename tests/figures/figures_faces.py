"""Invented files of runs on a folder of images that are measured by Inception, and of protocols."""

from figures_params import params_data, write_params

from ebmrepro.files import workspace
from ebmrepro.params.root import Params

COUNTS, KEPT = (10_000, 50_000), {"train": 10_000, "test_faces": 300}
MODES = {"clean": "clean", "legacy_tensorflow": "legacy TensorFlow"}
NEIGHBOURS = ("kid", "precision", "recall", "density", "coverage")
INCEPTION = {
    "weights": "weights", "sha256": {}, "modes": list(MODES), "kept": 10_000, "batch_size": 50,
    "references": {"train": {"split": "train", "count": 10_000},
                   "test_faces": {"split": "test", "count": None}},
}  # fmt: skip
EVALUATION = {
    "kind": "inception", "counts": list(COUNTS), "splits": 10, "subsets": 100, "subset_size": 1000,
    "neighbours": 3, "density_neighbours": 5, "seed": 0, "shown_neighbours": 8, "likelihood": None,
}  # fmt: skip
TABLES = {
    "faces": ("inception", "faces"),
    "protocols": ("protocols", "faces"),
    "digits": ("protocols", "digits"),
}
# Seed 2 of the first run diverged, and every seed of the last.
DIVERGED = {"faces_cd": {2: 400}, "faces_icd": {}, "faces_dcd": {0: 3, 1: 4, 2: 5}}
LIKELIHOOD = ("bits_per_dimension", "log_partition_error", "log_weight_effective_size", "test_log_likelihood")


def value(*what) -> float:
    """An invented number, another for everything."""
    return 1 + sum((i + 1) * ord(c) for i, c in enumerate(" ".join(map(str, what)))) % 9973 / 97


def names(bits: bool) -> list[str]:
    found = [f"inception_score{sd}_{mode}_{n}" for sd in ("", "_sd") for mode in MODES for n in COUNTS]
    for mode in MODES:
        for reference, kept in KEPT.items():
            found += [f"fid_{mode}_{reference}_{count}" for count in COUNTS]
            found += [f"{metric}_{mode}_{reference}_{kept}" for metric in (*NEIGHBOURS, "kid_sd")]
    return [*found, "pairwise_distance_ratio", *(LIKELIHOOD if bits else ()), "iterations_survived"]


def seeds_of(item: str, run: str, metrics: list[str]) -> dict:
    seeds = {}
    for seed in (0, 1, 2):
        at = DIVERGED.get(run, {}).get(seed)
        end = {"outcome": "finished", "iterations": 900}
        if at is not None:
            end = {"outcome": "diverged", "iteration": at, "cause": "non-finite energy"}
        seeds[str(seed)] = {"metrics": {name: value(item, seed, name) for name in metrics}, **end}
    return seeds


def write_run(run: str, metrics: list[str]) -> None:
    content = {"run": run, "reference": {}, "seeds": seeds_of(run, run, metrics)}
    workspace.save_json(workspace.run_file("demo", "evaluate", "faces", run, ".json"), content)


def write_protocol(params: Params, name: str, metrics: list[str], experiment: str = "faces") -> None:
    entry = params.protocols[name]
    content = {
        "protocol": name, "run": entry.run, "experiment": experiment, "dataset": entry.dataset,
        "kind": "inception", "source": entry.source,
        "generation": params.generations[entry.generation].model_dump(mode="json"),
        "seeds": seeds_of(name, entry.run, metrics),
    }  # fmt: skip
    workspace.save_json(workspace.run_file("demo", "resample", experiment, name, ".json"), content)


def write_faces() -> Params:
    """Runs on a folder of images beside the others, their protocols, and what was measured of both."""
    data = params_data()
    data["datasets"]["faces"] = {
        "kind": "image_folder", "folder": "pictures", "seed": 0, "size": 32, "channels": 3, "limit": None,
        "test_fraction": 0.1, "corrupt": "stop", "inception": INCEPTION,
        "classifier": {"epochs": 1, "batch_size": 64, "width": 8, "minimum_accuracy": 0.5},
    }  # fmt: skip
    data["folders"] = {"pictures": "pictures"}
    data["evaluations"]["faces"] = EVALUATION
    many = data["generations"]["images"] | {"samples": 50_000}
    rounds = {"weights": "ema", "rounds": 30, "steps": 20, "final_steps": 40, "step_size": 10.0}
    data["generations"] |= {
        "many": many,
        "many_in_time": data["generations"]["annealed"] | {"samples": 50_000},
        "thirty_rounds": many | rounds,
        "raw_weights": many | {"weights": "raw", "rounds": 50, "steps": 10, "step_size": 100.0},
    }
    for run in DIVERGED:
        entry = data["runs"][run.replace("faces", "digits")]
        data["runs"][run] = entry | {
            "experiment": "faces", "dataset": "faces", "evaluate": {"evaluation": "faces"},
            "sample": {"generation": "many_in_time" if run == "faces_dcd" else "many"},
        }  # fmt: skip
    of_faces = {"experiment": "faces", "dataset": "faces", "evaluation": "faces"}
    data["protocols"] = {
        "first_answer": of_faces | {"run": "faces_icd", "generation": "thirty_rounds", "source": "issue 13"},
        "second_answer": of_faces | {"run": "faces_icd", "generation": "raw_weights", "source": "issue 14"},
        "in_time": of_faces | {"run": "faces_dcd", "generation": "many_in_time", "source": "DCD"},
        "digits_raw": {"experiment": "digits", "dataset": "digits", "evaluation": "images",
                       "run": "digits_icd", "generation": "images", "source": "this project"},
    }  # fmt: skip
    for name, (kind, experiment) in TABLES.items():
        shown = {"kind": kind, "experiment": experiment, "caption": f"Numbers of {name}"}
        data["tables"][name] = shown
    params = write_params(data)
    for run in DIVERGED:
        write_run(run, names(bits=run == "faces_icd"))
    for name in ("first_answer", "second_answer", "in_time"):
        write_protocol(params, name, names(bits=False))
    return params

"""The paper's preset in small: the same runs, protocols, figures and tables, other sizes and places."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from catalogue_entries import small
from catalogue_server import Server
from paper_archives import ENOUGH, all_archives
from pipeline_tools import ROOT
from ruamel.yaml import YAML

from ebmrepro.params.catalogue import load_catalogue

PAPER = ROOT / "workflow/presets/paper.yaml"
CATALOGUE = "small.yaml"
# The runs that a published FID is compared with: two seeds, and enough samples for it, as in some protocols.
# Others have one seed, and KID and the neighbours of a handful of images.
JUDGED = ("cifar10_icd", "imagenet32_icd")
# Their sets have as many images as FID needs, and of two modes the judged one: the other resizes thousands
# of images to 299 pixels, which would take longer than all the rest.
LARGE, MODE = ("cifar10", "imagenet32"), "legacy_tensorflow"
# Of the set that most are trained on the judged reference alone: each has 33 MB and FIDs of seconds, whatever
# the number of images; the other set keeps all of its own.
ONE_REFERENCE = {"cifar10": "train10k"}

# What a key is in small, wherever it stands in a section's entries or in a run's override of one.
SIZES: dict[str, dict[str, Any]] = {
    "energies": {"width": 2},
    "objectives": {"kl_samples": 2, "neighbours": 2, "entropy_after": 1, "inner_samples": 2},
    "samplers": {"steps": 2, "buffer": {"size": 8}},
    "schedules": {"iterations": 2, "batch_size": 2, "log_every": 1},
    "generations": {"samples": 4, "rounds": 2, "steps": 1, "final_steps": 1, "strip_chains": 2,
                    "strip_frames": 2, "long_chains": {"starts": 2, "chains": 2, "rounds": 2}},
    "evaluations": {"counts": [], "splits": 2, "subsets": 2, "subset_size": 4, "neighbours": 1,
                    "density_neighbours": 1, "shown_neighbours": 2,
                    "likelihood": {"chains": 2, "temperatures": 3, "steps": 1, "points": 2}},
    "ood": {"samples": 16, "bins": 4},
    "comparisons": {"steps": 1, "warm_up": 1},
    "datasets": {"train_limit": 2, "inception": {"kept": 4, "batch_size": 4},
                 "classifier": {"epochs": 1, "batch_size": 4, "width": 2, "minimum_accuracy": 0.0}},
}  # fmt: skip
# Thousands of chains, each of one step.
MANY = {"samples": ENOUGH, "rounds": 1, "final_steps": 0}
# The section that each key of an override is about.
OVERRIDES = {"energy": "energies", "objective": "objectives", "sampler": "samplers", "schedule": "schedules",
             "generation": "generations", "evaluation": "evaluations"}  # fmt: skip


def paper() -> dict:
    """The preset as it ships, as plain data."""
    return YAML(typ="safe", pure=True).load(PAPER.read_text(encoding="utf-8"))


def micro(preset: dict, weights: dict[str, str]) -> dict:
    """`preset` with micro sizes, data from ./small.yaml and Inception files of SHA-256 `weights` by mode."""
    params = deepcopy(preset) | {"seeds": [0], "compute": {"device": "cpu", "threads": 1}}
    for section, sizes in SIZES.items():
        params[section] = {name: _shrunk(entry, sizes) for name, entry in params[section].items()}
    for run in params["runs"].values():
        for stage in ("train", "sample", "evaluate"):
            for key, changes in run[stage].get("override", {}).items():
                run[stage]["override"][key] = _shrunk(changes, SIZES[OVERRIDES[key]])
    for dataset in params["datasets"].values():
        _shrink_data(dataset, weights)
    for name in JUDGED:
        run = params["runs"][name]
        run["train"]["seeds"] = [0, 1]
        run["sample"]["override"] = {"generation": MANY}
        run["evaluate"]["override"] = {"evaluation": {"counts": [ENOUGH]}}
    params["evaluations"]["fifty_thousand"]["counts"] = [ENOUGH]
    for protocol in params["protocols"].values():
        if protocol["evaluation"] == "fifty_thousand":
            params["generations"][protocol["generation"]] |= MANY
    return params


def _shrunk(entry: dict, sizes: dict) -> dict:
    """`entry` with those of `sizes` that it has; what is null stays null."""
    changed = dict(entry)
    for key, size in sizes.items():
        if entry.get(key) is not None:
            changed[key] = _shrunk(entry[key], size) if isinstance(size, dict) else size
    return changed


def _shrink_data(dataset: dict, weights: dict[str, str]) -> None:
    dataset["catalogue"] = CATALOGUE
    inception = dataset["inception"]
    if inception is None:
        return
    if dataset["entry"] in LARGE:
        assert MODE in inception["modes"]
        inception["modes"] = [MODE]
        inception["batch_size"] = 64
    if name := ONE_REFERENCE.get(dataset["entry"]):
        inception["references"] = {name: inception["references"][name]}
    inception["sha256"] = {mode: weights[mode] for mode in inception["modes"]}
    for reference in inception["references"].values():
        if reference["count"] is not None:
            reference["count"] = ENOUGH if dataset["entry"] in LARGE else 2


def publish(folder: Path, server: Server, preset: dict) -> None:
    """The catalogue ./small.yaml in `folder`, its open sets at `server`, the others where people put them."""
    known, entries = load_catalogue(), {}
    for name, (bodies, counts) in all_archives().items():
        urls = {file: [server.serve(f"/{name}/{file}", body)] for file, body in bodies.items()}
        entry = small(known[name], bodies, counts, urls if known[name].access == "open" else None)
        entries[name] = entry.model_dump(mode="json", exclude={"name"})
        if entry.access == "open":
            continue
        folders = {one["folder"] for one in preset["datasets"].values() if one["entry"] == name}
        for place in folders:
            (folder / place).mkdir(parents=True)
            file, line = entry.acceptance
            (folder / place / file).write_text(f"{line}\n", encoding="utf-8")
            for file, body in bodies.items():
                (folder / place / file).write_bytes(body)
    (folder / CATALOGUE).write_text(json.dumps(entries), encoding="utf-8")

"""figure: one figure as PDF and PNG, from the files of the one stage it names."""

import io
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd

from ebmrepro.data import densities
from ebmrepro.files import workspace
from ebmrepro.files.mapped import map_tensors
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.denoisings import noise_name
from ebmrepro.params.kinds import kinds
from ebmrepro.params.root import Params
from ebmrepro.plots import style
from ebmrepro.shown.caption import caption
from ebmrepro.shown.data import (
    Compared,
    Composed,
    Curves,
    Denoised,
    Detected,
    Drawn,
    LongChains,
    NothingToShow,
    RunLabel,
    SampledSeeds,
    Samples,
    arrays_sha256,
)
from ebmrepro.shown.items import items_of, runs_shown
from ebmrepro.shown.labels import label_runs
from ebmrepro.shown.read import compared, composed, denoised, detected, read_outcomes

# Kinds that show every seed's samples; the others show the first seed's.
EVERY_SEED = ("chain_separation",)


def run(params: Params, item: str) -> None:
    """Draw figure `item`; raises WorkspaceError if an input is missing or the experiment does not suit."""
    try:
        files = _draw(params, item)
    except NothingToShow as failure:
        raise WorkspaceError(f"figure {item}: {failure}") from None
    for suffix in workspace.FIGURE_SUFFIXES:
        workspace.write_bytes(workspace.FIGURES / params.preset / f"{item}{suffix}", files[suffix])


def _draw(params: Params, item: str) -> dict[str, bytes]:
    config = params.figures[item]
    kind = import_module(f"ebmrepro.plots.{config.kind}")
    labels = label_runs(params, runs_shown(params, config.stage, config.experiment))
    of_items = {"compose": _compose, "detect": _detect, "denoise": _denoise, "compare": _compare}
    if config.stage in of_items:
        items = items_of(params, config.stage, config.experiment)
        loaded = [of_items[config.stage](params, config.experiment, name, labels) for name in items]
    else:
        load = {"train": _train, "sample": _sample, "evaluate": _evaluate}[config.stage]
        if config.kind in EVERY_SEED:
            load = _sample_seeds
        loaded = [load(params, config.experiment, label) for label in labels]
    data = [entry for entry, _ in loaded]
    with style.applied():
        made = kind.draw(data)
        text = caption(params, "figures", item, kind.note(data))
        style.add_footer(made, text)
        inputs = [config.kind, text, [[*label] for label in labels], [digest for _, digest in loaded]]
        return style.render(made, text, params.preset, workspace.data_sha256(inputs))


def _train(params: Params, experiment: str, label: RunLabel) -> tuple[Curves, str]:
    def place(suffix: str):
        return workspace.run_file(params.preset, "train", experiment, label.name, suffix)

    status = workspace.load_json(place(".json"))
    text = workspace.read_text(place(".csv"), status.get("log_sha256", ""))
    try:
        curves = Curves(label, pd.read_csv(io.StringIO(text)), read_outcomes(status["seeds"]))
        _ = curves.log[["seed", "iteration", "energy_gap"]]
    except (ValueError, KeyError):
        raise WorkspaceError(f"{place('.csv')} is no training log: delete it, then run `snakemake`") from None
    return curves, workspace.data_sha256([text, status["seeds"]])


def _sample(params: Params, experiment: str, label: RunLabel) -> tuple[Samples, str]:
    first = params.seeds_of(label.name)[0]
    made, digest = _sample_seeds(params, experiment, label, [first])
    return made.seeds[first], digest


def _sample_seeds(
    params: Params, experiment: str, label: RunLabel, seeds: list[int] | None = None
) -> tuple[SampledSeeds, str]:
    path = workspace.run_file(params.preset, "sample", experiment, label.name, ".safetensors")
    # Mapped: tens of thousands of samples, of which a few are drawn.
    tensors, about = map_tensors(path)
    made, digests = {}, []
    for seed in seeds or params.seeds_of(label.name):
        arrays = _of_seed(tensors, seed, path)
        try:
            outcome = read_outcomes(about["outcomes"])[seed]
            long = None
            if "long_with" in arrays:
                long = LongChains(arrays["long_with"], arrays["long_without"], about["long_steps"])
            steps, chain = about["steps"], about["chain"]
            strip = arrays["strip"] if kinds("generations")[chain].step_words else None
            made[seed] = Samples(label, arrays["samples"], strip, steps, chain, outcome, long)
            digests.append([arrays_sha256(arrays), steps, chain, about["long_steps"], [*outcome]])
        except KeyError:
            raise WorkspaceError(f"{path} is no file of samples: delete it, then run `snakemake`") from None
    return SampledSeeds(label, made), workspace.data_sha256(digests)


def _evaluate(params: Params, experiment: str, label: RunLabel) -> tuple[Drawn, str]:
    path = workspace.run_file(params.preset, "evaluate", experiment, label.name, ".safetensors")
    tensors, _ = workspace.load_tensors(path)
    seed = params.seeds_of(label.name)[0]
    # A Gaussian has metrics and nothing to draw.
    arrays = _of_seed(tensors, seed, path) if tensors else {}
    outcome = read_outcomes(workspace.load_json(path.with_suffix(".json"))["seeds"])[seed]
    config = params.datasets[label.dataset]
    truth = None
    if config.kind == "density" and "log_density" in arrays:
        truth = _true_log_density(config.shape, len(arrays["log_density"]), *arrays["box"].tolist())
    return Drawn(label, arrays, truth, outcome), workspace.data_sha256([arrays_sha256(arrays), [*outcome]])


def _compose(params: Params, experiment: str, item: str, _labels: list[RunLabel]) -> tuple[Composed, str]:
    path = workspace.run_file(params.preset, "compose", experiment, item, ".safetensors")
    tensors, _ = workspace.load_tensors(path)
    # Models of one seed are composed with each other: all runs have the same ones.
    seed = params.seeds_of(params.runs_of(experiment)[0])[0]
    arrays = _of_seed(tensors, seed, path)
    content = workspace.load_json(path.with_suffix(".json"))
    expressions = list(params.compositions[item].expressions)
    made = composed(content, expressions)
    samples = {key: arrays[key] for key in expressions}
    satisfied = {key: arrays[f"{key}/satisfied"] for key in expressions}
    made = replace(made, seed=seed, samples=samples, satisfied=satisfied)
    about = [expressions, content["words"], content["shares"], [*made.outcomes[seed]]]
    return made, workspace.data_sha256([arrays_sha256(arrays), about])


def _detect(params: Params, experiment: str, item: str, labels: list[RunLabel]) -> tuple[Detected, str]:
    path = workspace.run_file(params.preset, "detect", experiment, item, ".safetensors")
    tensors, _ = workspace.load_tensors(path)
    content = workspace.load_json(path.with_suffix(".json"))
    made = detected(content, labels)
    shown, histograms, edges, digests = {}, {}, {}, []
    for label in labels:
        seed = shown[label.name] = params.seeds_of(label.name)[0]
        arrays = _of_seed(tensors, f"{label.name}/{seed}", path)
        edges[label.name] = arrays["edges"]
        histograms[label.name] = {key: arrays[f"histogram/{key}"] for key in ("in", *content["sets"])}
        digests.append([arrays_sha256(arrays), content["runs"][label.name]["seeds"][str(seed)]])
    made = replace(made, shown=shown, densities=histograms, edges=edges)
    return made, workspace.data_sha256([content["sets"], digests])


def _denoise(params: Params, experiment: str, item: str, labels: list[RunLabel]) -> tuple[Denoised, str]:
    path = workspace.run_file(params.preset, "denoise", experiment, item, ".safetensors")
    tensors, _ = workspace.load_tensors(path)
    content = workspace.load_json(path.with_suffix(".json"))
    made = denoised(content, labels)
    shown, images, digests = {}, {}, []
    try:
        clean = tensors["clean"]
        noisy = {noise: tensors[f"noisy_{noise_name(noise)}"] for noise in made.noise}
        for label in labels:
            seed = shown[label.name] = params.seeds_of(label.name)[0]
            arrays = _of_seed(tensors, f"{label.name}/{seed}", path)
            images[label.name] = {noise: arrays[f"denoised_{noise_name(noise)}"] for noise in made.noise}
            digests.append([arrays_sha256(arrays), content["runs"][label.name]["seeds"][str(seed)]])
    except KeyError as missing:
        raise WorkspaceError(f"{path} has no {missing.args[0]}: delete it, then run `snakemake`") from None
    made = replace(made, shown=shown, clean=clean, noisy=noisy, images=images)
    given = arrays_sha256({"clean": clean} | {f"noisy {noise}": array for noise, array in noisy.items()})
    return made, workspace.data_sha256([given, content["noise"], content["reference"], digests])


def _compare(params: Params, _experiment: str, item: str, labels: list[RunLabel]) -> tuple[Compared, str]:
    content = workspace.load_json(workspace.run_file(params.preset, "compare", item, item, ".json"))
    about = [content["device"], content["runs"], content["references"]]
    return compared(content, labels), workspace.data_sha256(about)


@cache
def _true_log_density(shape: str, cells: int, low: float, high: float) -> np.ndarray:
    """On the grid of the model's density: cell centres, rows along y."""
    centres = low + (high - low) / cells * (np.arange(cells) + 0.5)
    x, y = np.meshgrid(centres, centres)
    points = np.stack([x.ravel(), y.ravel()], 1)
    return densities.density(shape).log_density(points).reshape(cells, cells)


def _of_seed(tensors: dict[str, np.ndarray], seed: int | str, path: Path) -> dict[str, np.ndarray]:
    """The tensors under `seed`/, without that."""
    prefix = f"{seed}/"
    arrays = {name[len(prefix) :]: array for name, array in tensors.items() if name.startswith(prefix)}
    if not arrays:
        raise WorkspaceError(f"{path} holds no seed {seed}: run `snakemake`")
    return arrays

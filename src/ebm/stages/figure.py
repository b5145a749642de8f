"""figure: one figure as PDF and PNG, from the files of the one stage it names."""

import io
from functools import cache
from importlib import import_module

import numpy as np
import pandas as pd

from ebm import workspace
from ebm.data import densities
from ebm.figures import style
from ebm.figures.caption import caption
from ebm.figures.data import (
    Curves,
    Drawn,
    NothingToShow,
    RunLabel,
    Samples,
    arrays_sha256,
    label_runs,
    read_outcomes,
)
from ebm.params import Params
from ebm.workspace import WorkspaceError


def run(params: Params, item: str) -> None:
    """Draw figure `item`; raises WorkspaceError if an input is missing or the experiment does not suit."""
    config = params.figures[item]
    kind = import_module(f"ebm.figures.{config.kind}")
    load = {"train": _train, "sample": _sample, "evaluate": _evaluate}[config.stage]
    loaded = [load(params, config.experiment, label) for label in label_runs(params, config.experiment)]
    data = [entry for entry, _ in loaded]
    with style.applied():
        try:
            made = kind.draw(data)
        except NothingToShow as failure:
            raise WorkspaceError(f"figure {item}: {failure}") from None
        text = caption(params, "figures", item, kind.note(data))
        style.add_footer(made, text)
        inputs = [config.kind, text, [[*entry.run] for entry in data], [digest for _, digest in loaded]]
        files = style.render(made, text, params.preset, workspace.data_sha256(inputs))
    for suffix in workspace.FIGURE_SUFFIXES:
        workspace.write_bytes(workspace.FIGURES / params.preset / f"{item}{suffix}", files[suffix])


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
    path = workspace.run_file(params.preset, "sample", experiment, label.name, ".safetensors")
    arrays, about = _first_seed(params, path)
    return Samples(label, arrays["samples"], arrays["strip"], about["steps"]), arrays_sha256(arrays)


def _evaluate(params: Params, experiment: str, label: RunLabel) -> tuple[Drawn, str]:
    path = workspace.run_file(params.preset, "evaluate", experiment, label.name, ".safetensors")
    arrays, _ = _first_seed(params, path)
    config = params.datasets[label.dataset]
    truth = None
    if config.kind == "density" and "log_density" in arrays:
        truth = _true_log_density(config.shape, len(arrays["log_density"]), *arrays["box"].tolist())
    return Drawn(label, arrays, truth), arrays_sha256(arrays)


@cache
def _true_log_density(shape: str, cells: int, low: float, high: float) -> np.ndarray:
    """On the grid of the model's density: cell centres, rows along y."""
    centres = low + (high - low) / cells * (np.arange(cells) + 0.5)
    x, y = np.meshgrid(centres, centres)
    points = np.stack([x.ravel(), y.ravel()], 1)
    return densities.density(shape).log_density(points).reshape(cells, cells)


def _first_seed(params: Params, path) -> tuple[dict[str, np.ndarray], dict]:
    tensors, about = workspace.load_tensors(path)
    prefix = f"{params.seeds[0]}/"
    arrays = {name[len(prefix) :]: array for name, array in tensors.items() if name.startswith(prefix)}
    if not arrays and tensors:
        raise WorkspaceError(f"{path} holds no seed {params.seeds[0]}: run `snakemake`")
    return arrays, about

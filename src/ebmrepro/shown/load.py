"""How the files of a stage become the records that figures and tables show."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Literal

import numpy as np

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.root import Params
from ebmrepro.params.shown import Shown, loader
from ebmrepro.shown.caption import caption
from ebmrepro.shown.runs import FINISHED, NothingToShow, Outcome, RunLabel, label_runs


class Arrays(dict):
    """Arrays by name of the file at `path`; asking for another raises WorkspaceError."""

    def __init__(self, path: Path, arrays: Mapping[str, np.ndarray]):
        super().__init__(arrays)
        self.path = path

    def __missing__(self, name: str):
        raise WorkspaceError(f"{self.path} has no {name}: delete it, then run `snakemake`")


@dataclass(frozen=True)
class Source:
    """The files of `item` of a stage; `labels` are those of all runs that its figure or table shows.

    `every_seed`: its figure shows the samples or metrics of every seed, not what is drawn of the first alone.
    """

    params: Params
    stage: str
    experiment: str
    item: str
    labels: list[RunLabel]
    every_seed: bool = False

    def path(self, suffix: str) -> Path:
        """Where one of the files lies."""
        return workspace.run_file(self.params.preset, self.stage, self.experiment, self.item, suffix)

    @cached_property
    def content(self) -> dict:
        """The JSON file."""
        return workspace.load_json(self.path(".json"))

    @cached_property
    def tensors(self) -> tuple[Arrays, dict]:
        """The file of arrays, mapped (of tens of thousands of samples a few are drawn), and its metadata."""
        path = self.path(".safetensors")
        arrays, about = workspace.map_tensors(path)
        return Arrays(path, arrays), about

    def of_seed(self, seed: int | str) -> Arrays:
        """The arrays under `seed`/, without that; raises WorkspaceError if there are none."""
        prefix = f"{seed}/"
        tensors, _ = self.tensors
        found = {name[len(prefix) :]: array for name, array in tensors.items() if name.startswith(prefix)}
        if not found:
            raise WorkspaceError(f"{self.path('.safetensors')} holds no seed {seed}: run `snakemake`")
        return Arrays(self.path(".safetensors"), found)

    def label(self, run: str) -> RunLabel:
        """The label of a run."""
        return next(label for label in self.labels if label.name == run)


def metrics(seeds: Mapping[str, Mapping]) -> dict[int, dict[str, float | None]]:
    """Metrics by seed from the `seeds` of a metrics file."""
    return {int(seed): entry["metrics"] for seed, entry in seeds.items()}


def outcomes(seeds: Mapping[str, Mapping]) -> dict[int, Outcome]:
    """Outcomes by seed from the `seeds` of a status or metrics file."""
    return {int(seed): _outcome(entry) for seed, entry in seeds.items()}


def _outcome(entry: Mapping) -> Outcome:
    end = Outcome(entry["iteration"], entry["cause"]) if entry["outcome"] == "diverged" else FINISHED
    return end._replace(collapsed_at=entry.get("collapsed"))


def arrays_sha256(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over names, types, shapes and contents of arrays, hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()


def show(params: Params, what: Literal["figure", "table"], item: str, make: Callable[[list], tuple]) -> tuple:
    """What `make` makes for figure or table `item`, its caption, and a note of preset and inputs."""
    config = getattr(params, f"{what}s")[item]
    try:
        labels, data, about = load(params, config, what)
        made, reading = make(data)
    except NothingToShow as failure:
        raise WorkspaceError(f"{what} {item}: {failure}") from None
    text = caption(params, f"{what}s", item, reading)
    inputs = [config.kind, text, [[*label] for label in labels], about]
    return made, text, f"preset: {params.preset}; inputs sha256: {workspace.data_sha256(inputs)}"


def load(params: Params, shown: Shown, what: Literal["figure", "table"]) -> tuple[list[RunLabel], list, list]:
    """Labels of the runs shown; a record for each item, as shown/loaders says, and data that identify it."""
    read = getattr(import_module(loader(shown.stage)), f"for_{what}")
    labels = label_runs(params, params.shown_runs(shown.stage, shown.experiment))
    records, about = [], []
    # Tables have no such choice.
    every_seed = getattr(shown, "every_seed", False)
    for item in params.items_of(shown.stage, shown.experiment):
        source = Source(params, shown.stage, shown.experiment, item, labels, every_seed)
        made = read(source)
        records.append(made if what == "table" else made[0])
        about.append(source.content if what == "table" else workspace.data_sha256(made[1]))
    return labels, records, about

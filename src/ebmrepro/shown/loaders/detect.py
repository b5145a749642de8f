"""Stage detect: energies of test images against those of outliers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ebmrepro.files import workspace
from ebmrepro.params.root import Params
from ebmrepro.params.shown import Shown
from ebmrepro.shown.data import RunLabel
from ebmrepro.shown.loaders import files
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.loaders.members import members


@dataclass(frozen=True)
class Detected:
    """Outliers: the `sets`, and each run's metrics (ood_auroc_<set>, ood_fpr95_<set>) by seed.

    `densities` (bins,) of the energy by run and set, 'in' being the data's own test images, over the run's
    `edges` (bins + 1,); of the run's seed in `shown`.
    """

    name: str
    sets: list[str]
    runs: list[Measured]
    shown: Mapping[str, int] = field(default_factory=dict)
    densities: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    edges: Mapping[str, np.ndarray] = field(default_factory=dict)


def for_figure(params: Params, shown: Shown, item: str, labels: list[RunLabel]) -> tuple[Detected, str]:
    """The metrics, with the histograms of each run's first seed."""
    made, content = for_table(params, shown, item, labels)
    path = files.place(params, shown, item, ".safetensors")
    tensors, _ = workspace.load_tensors(path)
    seeds, histograms, edges, digests = {}, {}, {}, []
    for label in labels:
        seed = seeds[label.name] = params.seeds_of(label.name)[0]
        arrays = files.of_seed(tensors, f"{label.name}/{seed}", path)
        edges[label.name] = arrays["edges"]
        histograms[label.name] = {key: arrays[f"histogram/{key}"] for key in ("in", *made.sets)}
        digests.append([files.arrays_sha256(arrays), content["runs"][label.name]["seeds"][str(seed)]])
    made = replace(made, shown=seeds, densities=histograms, edges=edges)
    return made, workspace.data_sha256([made.sets, digests])


def for_table(params: Params, shown: Shown, item: str, labels: list[RunLabel]) -> tuple[Detected, dict]:
    """The metrics of every run and seed."""
    runs, content = members(params, shown, item, labels)
    return Detected(item, content["sets"], runs), content

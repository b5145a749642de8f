"""Stage compose: samples of compositions, and how many are as they should be."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ebmrepro.files import workspace
from ebmrepro.params.root import Params
from ebmrepro.params.shown import Shown
from ebmrepro.shown.data import NothingToShow, Outcome, RunLabel
from ebmrepro.shown.loaders import files


@dataclass(frozen=True)
class Composed:
    """A composition: `words` of each expression and the share of real test images that satisfy it.

    `metrics` (accuracy_<expression>) and `outcomes` by seed; of `seed` the samples (n, C, H, W), uint8, and
    whether each satisfies its expression (n,).
    """

    name: str
    words: Mapping[str, str]
    shares: Mapping[str, float]
    metrics: Mapping[int, Mapping[str, float | None]]
    outcomes: Mapping[int, Outcome]
    seed: int | None = None
    samples: Mapping[str, np.ndarray] = field(default_factory=dict)
    satisfied: Mapping[str, np.ndarray] = field(default_factory=dict)


def for_figure(params: Params, shown: Shown, item: str, labels: list[RunLabel]) -> tuple[Composed, str]:
    """The composition with the samples of its first seed."""
    made, content = for_table(params, shown, item, labels)
    path = files.place(params, shown, item, ".safetensors")
    tensors, _ = workspace.load_tensors(path)
    # Models of one seed are composed with each other: all runs have the same ones.
    seed = params.seeds_of(params.runs_of(shown.experiment)[0])[0]
    arrays = files.of_seed(tensors, seed, path)
    samples = {key: arrays[key] for key in made.words}
    satisfied = {key: arrays[f"{key}/satisfied"] for key in made.words}
    about = [list(made.words), content["words"], content["shares"], [*made.outcomes[seed]]]
    digest = workspace.data_sha256([files.arrays_sha256(arrays), about])
    return replace(made, seed=seed, samples=samples, satisfied=satisfied), digest


def for_table(params: Params, shown: Shown, item: str, labels: list[RunLabel]) -> tuple[Composed, dict]:
    """The metrics of every seed, for the expressions in the order of params.yaml."""
    content = workspace.load_json(files.place(params, shown, item, ".json"))
    words = {}
    for key in params.compositions[item].expressions:
        if key not in content["words"]:
            raise NothingToShow(f"composition {item} was made without {key}: run `ebm compose {item}`")
        words[key] = content["words"][key]
    seeds = content["seeds"]
    return Composed(item, words, content["shares"], files.metrics(seeds), files.outcomes(seeds)), content

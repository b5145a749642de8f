"""Stage compose: samples of compositions, and how many are as they should be."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ebmrepro.shown.load import Source, arrays_sha256, metrics, outcomes
from ebmrepro.shown.runs import NothingToShow, Outcome


class Composed(NamedTuple):
    """A composition: `words` of each expression, and `chance`, the share of training images that satisfy it.

    `metrics` (accuracy_<expression>, of an OR also rarest_part_<expression>) and `outcomes` by seed; of
    `seed` the samples (n, C, H, W), uint8, and whether each satisfies its expression (n,).
    """

    name: str
    words: Mapping[str, str]
    chance: Mapping[str, float]
    metrics: Mapping[int, Mapping[str, float | None]]
    outcomes: Mapping[int, Outcome]
    seed: int | None = None
    samples: Mapping[str, np.ndarray] = {}
    correct: Mapping[str, np.ndarray] = {}


def for_figure(source: Source) -> tuple[Composed, list]:
    """The composition with the samples of its first seed."""
    made, content = for_table(source), source.content
    # Models of one seed are composed with each other: all runs have the same ones.
    seed = source.params.seeds_of(source.labels[0].name)[0]
    arrays = source.of_seed(seed)
    samples = {key: arrays[key] for key in made.words}
    correct = {key: arrays[f"{key}/correct"] for key in made.words}
    about = [list(made.words), content["words"], content["chance"], made.outcomes[seed]]
    return made._replace(seed=seed, samples=samples, correct=correct), [arrays_sha256(arrays), about]


def for_table(source: Source) -> Composed:
    """The metrics of every seed, for the expressions in the order of params.yaml."""
    item, content = source.item, source.content
    words = {}
    for key in source.params.compositions[item].expressions:
        if key not in content["words"]:
            raise NothingToShow(f"composition {item} was made without {key}: run `ebm compose {item}`")
        words[key] = content["words"][key]
    seeds = content["seeds"]
    return Composed(item, words, content["chance"], metrics(seeds), outcomes(seeds))

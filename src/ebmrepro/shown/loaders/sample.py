"""Stage sample: what a run's models draw."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.shown.load import Source, arrays_sha256, outcomes
from ebmrepro.shown.runs import FINISHED, Outcome, RunLabel


class LongChains(NamedTuple):
    """Chains (frames, starts, chains, C, H, W), uint8, and Langevin `steps` taken at each frame."""

    with_transitions: np.ndarray
    without: np.ndarray
    steps: list[int]


class Samples(NamedTuple):
    """One seed's samples (n, C, H, W) and strip (frames, chains, C, H, W), uint8; `steps` taken by each.

    `step_words`: what readers call a step; samples that were drawn without a chain have no strip.
    """

    run: RunLabel
    samples: np.ndarray
    strip: np.ndarray | None
    steps: int
    step_words: str
    outcome: Outcome = FINISHED
    long: LongChains | None = None


class SampledSeeds(NamedTuple):
    """A run's samples and outcomes by seed."""

    run: RunLabel
    seeds: Mapping[int, Samples]
    outcomes: Mapping[int, Outcome]


def for_figure(source: Source) -> tuple[Samples | SampledSeeds, list]:
    """The first seed's samples, or those of every seed."""
    label, (_, about) = source.label(source.item), source.tensors
    seeds = source.params.seeds_of(source.item)
    words = source.params.resolve(source.item, "generation").step_words
    made, ends, digests = {}, {}, []
    for seed in seeds if source.every_seed else seeds[:1]:
        arrays = source.of_seed(seed)
        try:
            ends[seed] = outcome = outcomes(about["outcomes"])[seed]
            long = None
            if "long_with" in arrays:
                long = LongChains(arrays["long_with"], arrays["long_without"], about["long_steps"])
            steps, strip = about["steps"], arrays["strip"] if words else None
            made[seed] = Samples(label, arrays["samples"], strip, steps, words, outcome, long)
            digests.append([arrays_sha256(arrays), steps, about["chain"], about["long_steps"], outcome])
        except KeyError:
            path = source.path(".safetensors")
            raise WorkspaceError(f"{path} is no file of samples: delete it, then run `snakemake`") from None
    return SampledSeeds(label, made, ends) if source.every_seed else made[seeds[0]], digests

"""Stage sample: what a run's models draw."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError, map_tensors
from ebmrepro.params.root import Params
from ebmrepro.params.shown import Shown
from ebmrepro.shown.data import FINISHED, Outcome, RunLabel, of_run
from ebmrepro.shown.loaders import files


@dataclass(frozen=True)
class LongChains:
    """Chains from common starts: `with_transitions`, `without` (frames, starts, chains, C, H, W), uint8.

    `steps`: Langevin steps taken at each frame.
    """

    with_transitions: np.ndarray
    without: np.ndarray
    steps: list[int]


@dataclass(frozen=True)
class Samples:
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


@dataclass(frozen=True)
class SampledSeeds:
    """A run's samples by seed."""

    run: RunLabel
    seeds: Mapping[int, Samples]

    @property
    def outcomes(self) -> dict[int, Outcome]:
        """How the training of each seed ended."""
        return {seed: one.outcome for seed, one in self.seeds.items()}


def for_figure(
    params: Params, shown: Shown, item: str, labels: list[RunLabel]
) -> tuple[Samples | SampledSeeds, str]:
    """The first seed's samples, or those of every seed."""
    path, label = files.place(params, shown, item, ".safetensors"), of_run(labels, item)
    # Mapped: tens of thousands of samples, of which a few are drawn.
    tensors, about = map_tensors(path)
    seeds, words = params.seeds_of(item), params.resolve(item, "generation").step_words
    made, digests = {}, []
    for seed in seeds if shown.every_seed else seeds[:1]:
        arrays = files.of_seed(tensors, seed, path)
        try:
            outcome = files.outcomes(about["outcomes"])[seed]
            long = None
            if "long_with" in arrays:
                long = LongChains(arrays["long_with"], arrays["long_without"], about["long_steps"])
            steps, strip = about["steps"], arrays["strip"] if words else None
            made[seed] = Samples(label, arrays["samples"], strip, steps, words, outcome, long)
            chain = [steps, about["chain"], about["long_steps"]]
            digests.append([files.arrays_sha256(arrays), *chain, [*outcome]])
        except KeyError:
            raise WorkspaceError(f"{path} is no file of samples: delete it, then run `snakemake`") from None
    record = SampledSeeds(label, made) if shown.every_seed else made[seeds[0]]
    return record, workspace.data_sha256(digests)

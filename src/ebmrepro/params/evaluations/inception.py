from typing import Annotated

from pydantic import model_validator

from ebmrepro.params.base import Count, Index, Positive, Several, about, once
from ebmrepro.params.evaluations import Evaluation, Neighbours
from ebmrepro.params.inception import DIMENSIONS
from ebmrepro.params.kinds import Implemented


class Likelihood(Implemented):
    """Annealed importance sampling of log Z from the uniform density on the unit cube to exp(-E), by
    Metropolis-adjusted Langevin steps."""

    implementation = "ebmrepro.evaluation.likelihood.cube:cube_likelihood"

    chains: Several = about("Chains, one weight each.", 100)
    temperatures: Several = about("Inverse temperatures beta from 0 to 1, both ends counted.", 1000)
    steps: Count = about("Langevin steps at each beta.", 1)
    step_size: Positive = about("At beta = 1; step_size / beta at others, in squared grey scales.", 0.0005)
    points: Count = about("Test images whose log-likelihood is given; all if there are fewer.", 1000)


class InceptionEvaluation(Evaluation, needs="inception", mapped=True):
    """FID and Inception Score, KID, precision, recall, density and coverage, in every mode and against every
    reference of the data; all but the first two of as many samples as the references have kept."""

    counts: Annotated[list[Count], once("count")] = about(
        "FID and Inception Score are those of the first so many samples, for each.", [10000, 50000]
    )
    splits: Count = about("Parts whose Inception Scores are averaged.", 10)
    subsets: Count = about("Random subsets whose KIDs are averaged.", 100)
    subset_size: Several = about("Images in each of these subsets; all if there are fewer.", 1000)
    neighbours: Count = about("Which nearest neighbour bounds the balls of precision and recall.", 3)
    density_neighbours: Count = about("Which nearest neighbour bounds the balls of density and coverage.", 5)
    seed: Index = about("Of KID's subsets, and of the test images and noise of distances and likelihood.", 0)
    shown_neighbours: Neighbours
    likelihood: Likelihood | None = about(
        "How the likelihood of test images is estimated; null if it is not.",
        {"chains": 100, "temperatures": 1000, "steps": 1, "step_size": 0.0005, "points": 1000},
    )

    def modules(self) -> list[str]:
        """Without a likelihood nothing of what estimates it is used."""
        return super().modules() + (self.likelihood.modules() if self.likelihood else [])

    def cost(self) -> int:
        """A Metropolis-adjusted step takes one gradient of the energy, as a Langevin step does."""
        ais = self.likelihood
        return ais.chains * ais.temperatures * ais.steps if ais else 0

    @model_validator(mode="after")
    def _counts_are_enough(self):
        if few := [count for count in self.counts if count <= DIMENSIONS]:
            why = f"their covariance in {DIMENSIONS} dimensions is singular"
            raise ValueError(f"FID of {few[0]} samples: {why}, take more than {DIMENSIONS}")
        return self

    def problems(self, dataset, energy, generation):
        yield from super().problems(dataset, energy, generation)
        if self.needs not in dataset.references:
            return
        drawn = generation.samples
        if few := [count for count in self.counts if count > drawn]:
            yield f"numbers of {few[0]:,} samples are asked for, and the generation draws {drawn:,}"
        for name, reference in dataset.inception.references.items():
            count, needed = reference.count, f"FID needs more than {DIMENSIONS} images on both sides"
            if self.counts and count is not None and count <= DIMENSIONS:
                yield f"{needed}, and reference '{name}' has {count}"
        if self.likelihood is not None and energy.attribute is not None:
            what = "an energy that is conditioned on an attribute has no likelihood here"
            yield f"{what}: write likelihood: null"

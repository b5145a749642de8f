"""Settings of `kind: inception`: FID, Inception Score, KID, neighbours."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, Index
from ebmrepro.params.evaluations import Evaluation
from ebmrepro.params.inception import DIMENSIONS
from ebmrepro.params.kinds import Implemented


class Likelihood(Implemented):
    """Annealed importance sampling of log Z from the uniform density on the unit cube to exp(-E), by
    Metropolis-adjusted Langevin steps."""

    implementation = "ebmrepro.evaluation.likelihood.cube:cube_likelihood"

    chains: Annotated[int, Field(ge=2, strict=True)] = Field(
        description="Chains, one weight each.", examples=[100]
    )
    temperatures: Annotated[int, Field(ge=2, strict=True)] = Field(
        description="Inverse temperatures beta from 0 to 1, both ends counted.", examples=[1000]
    )
    steps: Count = Field(description="Langevin steps at each beta.", examples=[1])
    step_size: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)] = Field(
        description="Step size at beta = 1; step_size / beta at others, in squared grey scales.",
        examples=[0.0005],
    )
    points: Count = Field(
        description="Test images whose log-likelihood is given; all if there are fewer.", examples=[1000]
    )


class InceptionEvaluation(Evaluation):
    """FID and Inception Score, KID, precision, recall, density and coverage, in every mode and against every
    reference of the data; all but the first two of as many samples as the references have kept."""

    implementation = "ebmrepro.evaluation.measures.inception:measure"
    needs = "inception"
    mapped = True

    counts: list[Count] = Field(
        description="FID and Inception Score are those of the first so many samples, for each count; each is"
        f" larger than {DIMENSIONS}, the length of a feature vector.",
        examples=[[10000, 50000]],
    )
    splits: Count = Field(description="Parts whose Inception Scores are averaged.", examples=[10])
    subsets: Count = Field(description="Random subsets whose KIDs are averaged.", examples=[100])
    subset_size: Annotated[int, Field(ge=2, strict=True)] = Field(
        description="Images in each of these subsets; all if there are fewer.", examples=[1000]
    )
    neighbours: Count = Field(
        description="Which nearest neighbour bounds the balls of precision and recall.", examples=[3]
    )
    density_neighbours: Count = Field(
        description="Which nearest neighbour bounds the balls of density and coverage.", examples=[5]
    )
    seed: Index = Field(
        description="Seed of the subsets of KID, and of the test images and their noise that distances and"
        " likelihood are taken of.",
        examples=[0],
    )
    shown_neighbours: Count = Field(
        description="First samples shown beside the nearest training image of each.", examples=[16]
    )
    likelihood: Likelihood | None = Field(
        description="How the likelihood of test images is estimated; null if it is not, as of an energy that"
        " is conditioned on an attribute.",
        examples=[{"chains": 100, "temperatures": 1000, "steps": 1, "step_size": 0.0005, "points": 1000}],
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
        few = [count for count in self.counts if count <= DIMENSIONS]
        if few:
            raise ValueError(
                f"FID of {few[0]} samples: their covariance in {DIMENSIONS} dimensions is singular, take more"
                f" than {DIMENSIONS}"
            )
        if len(set(self.counts)) != len(self.counts):
            raise ValueError(f"each count must appear once, got {self.counts}")
        return self

    def problems(self, dataset, energy, generation) -> Iterator[str]:
        """Also too few samples or references, and energies without a likelihood."""
        yield from super().problems(dataset, energy, generation)
        if self.needs not in dataset.references:
            return
        few = [count for count in self.counts if count > generation.samples]
        if few:
            drawn = f"{generation.samples:,}"
            yield f"numbers of {few[0]:,} samples are asked for, and the generation draws {drawn}"
        for name, reference in dataset.inception.references.items():
            if self.counts and reference.count is not None and reference.count <= DIMENSIONS:
                yield (
                    f"FID needs more than {DIMENSIONS} images on both sides, and reference '{name}' has"
                    f" {reference.count}"
                )
        if self.likelihood is not None and energy.attribute is not None:
            yield (
                "an energy that is conditioned on an attribute has no likelihood here: write likelihood: null"
            )

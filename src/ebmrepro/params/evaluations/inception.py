"""Settings of `kind: inception`: FID, Inception Score, KID, neighbours."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, Index, Section
from ebmrepro.params.evaluations import Evaluation
from ebmrepro.params.inception import DIMENSIONS


class Likelihood(Section):
    """Annealed importance sampling of log Z: `chains` from the uniform density on the unit cube to exp(-E)
    over `temperatures`, with `steps` Metropolis-adjusted Langevin steps of `step_size` / beta at each beta.

    `points`: test images whose log-likelihood is given; all if there are fewer.
    """

    chains: Annotated[int, Field(ge=2, strict=True)]
    temperatures: Annotated[int, Field(ge=2, strict=True)]
    steps: Count
    step_size: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
    points: Count


class InceptionEvaluation(Evaluation):
    """FID and Inception Score of the first n samples for every n in `counts`; KID, precision, recall, density
    and coverage of as many as the references have kept. In every mode, against every reference of the data.

    `splits` of the Inception Score; `subsets` of `subset_size` for KID; `neighbours` for precision and
    recall, `density_neighbours` for density and coverage; `seed` of KID's draws, and of the test images and
    their noise that distances and likelihood are taken of. `shown_neighbours`: samples shown beside the
    nearest training image. `likelihood`: null if it is not estimated, as of an energy that is conditioned on
    an attribute.
    """

    kind: Literal["inception"]
    counts: list[Count]
    splits: Count
    subsets: Count
    subset_size: Annotated[int, Field(ge=2, strict=True)]
    neighbours: Count
    density_neighbours: Count
    seed: Index
    shown_neighbours: Count
    likelihood: Likelihood | None

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

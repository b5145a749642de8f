"""Settings of `kind: mle`."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Section
from ebmrepro.params.kinds import those
from ebmrepro.params.objectives import Objective
from ebmrepro.params.sampling import Interval, _ordered


class GridPartition(Section):
    """log Z of a two-dimensional energy by the midpoint rule on `cells` x `cells` cells of a square `box`."""

    box: Interval
    cells: Annotated[int, Field(ge=16, le=4096, strict=True)]

    @model_validator(mode="after")
    def _box_is_an_interval(self):
        _ordered(self.box)
        return self


class MaximumLikelihood(Objective):
    """Exact maximum likelihood. log Z is the energy's own (Gaussian in closed form, RBM by enumeration) with
    `grid: null`, else by quadrature in two dimensions."""

    kind: Literal["mle"]
    grid: GridPartition | None

    def problems(self, energy, sampler, schedule, dataset) -> Iterator[str]:
        """Also energies whose log Z is not known."""
        yield from super().problems(energy, sampler, schedule, dataset)
        if self.grid is not None:
            if "plane" not in dataset.references:
                yield f"mle by a grid needs two real dimensions, not {dataset.kind} data"
        elif energy.log_partition:
            yield from energy.problems(dataset, exact=True)
        else:
            known = those("energies", lambda kind: kind.log_partition).replace(" or", ",")
            yield f"mle needs an energy whose log Z is known ({known}) or a grid, not {energy.kind}"

from ebmrepro.params.base import Section, about
from ebmrepro.params.kinds import those
from ebmrepro.params.objectives import Method, Objective
from ebmrepro.params.sampling import Interval


class GridPartition(Section):
    """log Z of a two-dimensional energy by the midpoint rule on a square."""

    box: Interval = about("lowest and highest value of both coordinates", [-5.0, 5.0])
    cells: int = about("cells along a side of the square", 48, ge=16, le=4096, strict=True)


class MaximumLikelihood(Objective, columns=("loss_nll",)):
    """Exact maximum likelihood."""

    methods = (Method("mle", "ML", "#009E73", "-.", "*", 10, "−log p"),)

    grid: GridPartition | None = about(
        "log Z by quadrature in two dimensions; null: the energy's own",
        None,
        {"box": [-5.0, 5.0], "cells": 48},
    )

    def problems(self, energy, sampler, schedule, dataset):
        yield from super().problems(energy, sampler, schedule, dataset)
        if self.grid is not None:
            if "plane" not in dataset.references:
                yield f"mle by a grid needs two real dimensions, not {dataset.kind} data"
        elif energy.log_partition:
            yield from energy.problems(dataset, exact=True)
        else:
            known = those("energies", lambda kind: kind.log_partition).replace(" or", ",")
            yield f"mle needs an energy whose log Z is known ({known}) or a grid, not {energy.kind}"

"""`objectives`: the training losses, each named as its paper names it, one module a loss."""

from collections.abc import Iterator
from typing import ClassVar

from ebmrepro.params.kinds import Kind, those


class Objective(Kind):
    """A training loss."""

    # Whether it runs a Markov chain.
    chain: ClassVar[bool] = False
    # Whether it needs a density of real vectors: gradients in x.
    real: ClassVar[bool] = False
    # Whether it trains directed models, and nothing else does.
    directed: ClassVar[bool] = False

    @property
    def times(self) -> int:
        """Times at which the energy is trained: 1 unless the energy is conditioned on time."""
        return 1

    def problems(self, energy, sampler, schedule, dataset) -> Iterator[str]:
        """Why it cannot train `energy`, which suits the data set, with the sampler and schedule."""
        if energy.directed != self.directed:
            trained = those("energies", lambda kind: kind.directed)
            yield (
                f"{those('objectives', lambda kind: kind.directed)} trains directed models ({trained}) and"
                f" nothing else does, but this is {self.kind} of {energy.describe()}"
            )
        elif self.real and dataset.form == "binary":
            yield f"{self.kind} needs a density of real vectors, and {dataset.kind} data are binary"
        if energy.timed and self.times == 1:
            yield (
                "an energy with condition: time needs an objective of several times, as dcd with more than"
                f" two levels, not {self.kind}"
            )

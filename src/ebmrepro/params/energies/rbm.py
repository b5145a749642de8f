import math
from typing import Literal

from ebmrepro.params.base import Count, about
from ebmrepro.params.energies import MAX_UNITS, Energy


class RBMEnergy(Energy, log_partition=True, label="RBM"):
    """The free energy of a restricted Boltzmann machine with binary hidden units."""

    hidden: Count = about("Hidden units.", 3)
    visible: Literal["bernoulli", "gaussian"] = about(
        "bernoulli: binary visible units; gaussian: real ones of unit variance.", "bernoulli", "gaussian"
    )

    @property
    def form(self) -> str:
        return "binary" if self.visible == "bernoulli" else "vectors"

    @property
    def chains(self) -> frozenset[str]:
        return frozenset({"gibbs"} if self.visible == "bernoulli" else {"gibbs", "gradient"})

    def describe(self) -> str:
        return f"a {self.visible.capitalize()} RBM"

    def problems(self, dataset, exact: bool = False):
        """Also more units than log Z can be summed over, on the side that has fewer: of real visible units,
        which have no states, the hidden one."""
        yield from super().problems(dataset, exact)
        seen = math.prod(dataset.sample_shape) if self.visible == "bernoulli" else None
        if exact and min(self.hidden, seen or self.hidden) > MAX_UNITS:
            units = f"{seen} visible and {self.hidden} hidden" if seen else f"{self.hidden} hidden"
            what = "mle sums over all states of an RBM's smaller side"
            yield f"{what}, and {units} units are more than {MAX_UNITS}: take cd, or fewer units"

"""Settings of `kind: helmholtz`."""

from ebmrepro.params.base import Count, about
from ebmrepro.params.energies import Energy


class HelmholtzMachine(Energy):
    """A layered sigmoid belief net with a recognition net, trained by wake-sleep; binary data.

    Not an energy of x: p(x) is its generative model, whose -log p(x) is bounded by importance sampling.
    """

    form = "binary"
    directed = True
    label = "Helmholtz machine"

    layers: list[Count] = about("Binary hidden units, from the data upwards.", [3, 2], min_length=1)

    @property
    def chains(self) -> frozenset[str]:
        """Drawn from its top layer down."""
        return frozenset({"ancestral"})

    def describe(self) -> str:
        """As its paper calls it."""
        return "a Helmholtz machine"

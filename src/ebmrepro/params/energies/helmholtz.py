from ebmrepro.params.base import Count, about
from ebmrepro.params.energies import Energy


class HelmholtzMachine(Energy, form="binary", directed=True, label="Helmholtz machine"):
    """A layered sigmoid belief net with a recognition net, trained by wake-sleep; binary data.

    Not an energy of x: p(x) is its generative model, whose -log p(x) is bounded by importance sampling.
    """

    layers: list[Count] = about("Binary hidden units, from the data upwards.", [3, 2], min_length=1)

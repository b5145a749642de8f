from ebmrepro.params.base import Count, about
from ebmrepro.params.energies import Energy, TimeCondition


class MLPEnergy(Energy, form="vectors", label="MLP"):
    """A multi-layer perceptron with swish units."""

    widths: list[Count] = about("Units of the hidden layers, from the data upwards.", [8, 8], min_length=1)
    condition: TimeCondition

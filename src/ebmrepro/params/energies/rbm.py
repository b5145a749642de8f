"""Settings of `kind: rbm`."""

from typing import Literal

from ebmrepro.params.base import Count
from ebmrepro.params.energies import Energy


class RBMEnergy(Energy):
    """The free energy of a restricted Boltzmann machine with `hidden` binary hidden units.

    `visible`: binary units (bernoulli) or real ones of unit variance (gaussian).
    """

    label = "RBM"

    kind: Literal["rbm"]
    hidden: Count
    visible: Literal["bernoulli", "gaussian"]

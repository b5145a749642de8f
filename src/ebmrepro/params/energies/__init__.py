"""`energies`: the function E_theta(x) of each model, one module a kind."""

from typing import ClassVar

from ebmrepro.params.kinds import Kind

# What an energy is conditioned on that depends on the diffusion time of DCD, E(x, t).
TIME = "time"

# The most binary units whose states are summed over one by one: 2^25 terms.
MAX_UNITS = 25


class Energy(Kind):
    """An energy function."""

    # What readers call it.
    label: ClassVar[str]

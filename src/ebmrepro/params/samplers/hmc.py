"""Settings of `kind: hmc`."""

from typing import Literal

from pydantic import model_validator

from ebmrepro.params.base import Count, Positive, Switch
from ebmrepro.params.samplers import Sampler
from ebmrepro.params.sampling import Interval, Start, _ordered


class HamiltonianSampler(Start, Sampler):
    """Hamiltonian Monte Carlo as the negative chain: `steps` transitions of `leapfrog_steps` of `step_size`.

    `metropolis`: accept or reject each transition, which makes exp(-E) / Z exactly stationary. One leapfrog
    step of size s is the Metropolis-adjusted Langevin algorithm with Langevin step size s^2 / 2.
    """

    needs = "gradient"

    kind: Literal["hmc"]
    steps: Count
    leapfrog_steps: Count
    step_size: Positive
    metropolis: Switch
    clamp: Interval | None

    @model_validator(mode="after")
    def _metropolis_without_clamp(self):
        if self.clamp is not None:
            _ordered(self.clamp)
            if self.metropolis:
                raise ValueError("metropolis: true needs clamp: null, a clamped move is not reversible")
        return self

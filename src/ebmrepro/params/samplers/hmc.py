from pydantic import model_validator

from ebmrepro.params.base import Count, Positive, Switch, about
from ebmrepro.params.samplers import Sampler
from ebmrepro.params.sampling import Clamp, ContinuousStart


class HamiltonianSampler(ContinuousStart, Sampler, needs="gradient"):
    """Hamiltonian Monte Carlo as the negative chain.

    One leapfrog step of size s is the Metropolis-adjusted Langevin algorithm with Langevin step size s^2 / 2.
    """

    implementation = "ebmrepro.mcmc.hmc:transition"

    steps: Count = about("Transitions of a chain, each with fresh momenta.", 5)
    leapfrog_steps: Count = about("Leapfrog steps of a transition.", 3)
    step_size: Positive = about("Size of a leapfrog step.", 0.1)
    metropolis: Switch = about("Accept or reject transitions: exp(-E) / Z is exactly stationary.", False)
    clamp: Clamp

    def cost(self) -> int:
        return self.steps * self.leapfrog_steps

    @model_validator(mode="after")
    def _metropolis_without_clamp(self):
        if self.metropolis and self.clamp is not None:
            raise ValueError("metropolis: true needs clamp: null, a clamped move is not reversible")
        return self

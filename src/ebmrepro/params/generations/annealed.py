"""Settings of `kind: annealed`."""

from collections.abc import Iterator

from pydantic import model_validator

from ebmrepro.params.base import Count, NonNegative, Positive, about
from ebmrepro.params.generations import ChainGeneration, Samples, StripChains, StripFrames, Weights
from ebmrepro.params.sampling import Clamp, StartBox, _ordered


class AnnealedGeneration(ChainGeneration):
    """Annealed Langevin dynamics with a time-dependent energy, from noise, the last time first."""

    implementation = "ebmrepro.mcmc.annealed:generate"
    needs = "annealed"
    step_words = "annealed Langevin steps"

    weights: Weights
    start_box: StartBox
    samples: Samples
    steps: Count = about("Langevin steps at each of the energy's times.", 60)
    step_size: Positive = about(
        "Langevin step size at a time, in variances that the diffusion adds until the next.", 0.1
    )
    noise: NonNegative = about("Multiplies sqrt(2 * step size); 1 is the Langevin diffusion.", 1.0)
    clamp: Clamp
    strip_chains: StripChains
    strip_frames: StripFrames

    def chain_steps(self, times: int = 1) -> int:
        """`steps` at each time."""
        return times * self.steps

    @model_validator(mode="after")
    def _boxes_are_intervals(self):
        _ordered(self.start_box)
        if self.clamp is not None:
            _ordered(self.clamp)
        return self

    def problems(self, energy, objective, sampler) -> Iterator[str]:
        """Also strips longer than a chain, which passes all times."""
        yield from super().problems(energy, objective, sampler)
        states = self.steps * objective.times + 1
        if energy.timed and self.strip_frames > states:
            yield f"strip_frames must be at most {states}, the states of a chain"

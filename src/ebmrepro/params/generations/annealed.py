from ebmrepro.params.base import Count, NonNegative, Positive, about
from ebmrepro.params.generations import Frames, Generation, Samples, Strips, Weights
from ebmrepro.params.sampling import Clamp, StartBox


class AnnealedGeneration(Generation, needs="annealed", step_words="annealed Langevin steps"):
    """Annealed Langevin dynamics with a time-dependent energy, from noise, the last time first."""

    implementation = "ebmrepro.mcmc.annealed:generate"

    weights: Weights
    start_box: StartBox
    samples: Samples
    steps: Count = about("Langevin steps at each of the energy's times.", 60)
    step_size: Positive = about("In variances that the diffusion adds until the next time.", 0.1)
    noise: NonNegative = about("Multiplies sqrt(2 * step size); 1 is the Langevin diffusion.", 1.0)
    clamp: Clamp
    strip_chains: Strips
    strip_frames: Frames

    def chain_steps(self, times: int = 1) -> int:
        return times * self.steps

    def problems(self, energy, objective, sampler):
        yield from super().problems(energy, objective, sampler)
        states = self.steps * objective.times + 1
        if energy.timed and self.strip_frames > states:
            yield f"strip_frames must be at most {states}, the states of a chain"

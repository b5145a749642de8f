from typing import Literal

from ebmrepro.params.base import Count, NonNegative, Positive, Switch, about
from ebmrepro.params.generations import Frames, Generation, Samples, Strips, Weights
from ebmrepro.params.kinds import those
from ebmrepro.params.sampling import Clamp, StartBox


class AnnealedGeneration(Generation, needs="annealed", step_words="annealed Langevin steps"):
    """Annealed Langevin dynamics with a time-dependent energy, from noise, the last time first."""

    implementation = "ebmrepro.mcmc.annealed:generate"

    weights: Weights
    start: Literal["noise", "reference"] = about(
        "noise: uniform in start_box; reference: the Gaussian of a tilted energy at the last time.",
        "noise",
        "reference",
        default="noise",
    )
    start_box: StartBox
    samples: Samples
    steps: Count = about("Langevin steps at each of the energy's times.", 60)
    step_size: Positive = about("In variances that the diffusion adds until the next time.", 0.1)
    noise: NonNegative = about("Multiplies sqrt(2 * step size); 1 is the Langevin diffusion.", 1.0)
    clamp: Clamp
    strip_chains: Strips
    strip_frames: Frames

    tweedie: Switch = about(
        "Whether a last step takes the first level's noise away, to the mean of the clean data (Tweedie).",
        False,
        True,
        default=False,
    )

    def chain_steps(self, times: int = 1) -> int:
        return times * self.steps + self.tweedie

    def problems(self, energy, objective, sampler):
        yield from super().problems(energy, objective, sampler)
        states = self.chain_steps(objective.times) + 1
        if energy.timed and self.strip_frames > states:
            yield f"strip_frames must be at most {states}, the states of a chain"
        if self.start == "reference" and not energy.noisy:
            needed = those("energies", lambda kind: kind.noisy)
            yield f"start: reference needs an energy that is relative to a Gaussian ({needed})"
        if energy.timed and self.tweedie and not objective.noisy:
            yield "tweedie: the first level is 0, and there is no noise to take away"

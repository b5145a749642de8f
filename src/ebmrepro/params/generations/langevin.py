from typing import ClassVar, Literal

from pydantic import model_validator

from ebmrepro.params.base import Count, Index, about
from ebmrepro.params.generations import Frames, Generation, LongChains, Samples, Strips, Weights
from ebmrepro.params.sampling import RECIPE, Augmentation, Langevin, StartBox


class LangevinGeneration(Langevin, Generation, needs="gradient", step_words="Langevin steps"):
    """Langevin dynamics: rounds with the augmentation transition between them, then plain steps."""

    implementation = "ebmrepro.mcmc.generate:generate"
    shortest: ClassVar = Generation.shortest | dict(start="noise", rounds=1, final_steps=0, long_chains=None)

    weights: Weights
    start: Literal["noise", "replay"] = about(
        "noise: uniform in start_box. replay: samples of the training's last replay buffer.", "noise"
    )
    start_box: StartBox
    samples: Samples
    rounds: Count = about("Rounds of `steps` Langevin steps.", 10)
    final_steps: Index = about("Plain steps after the last round.", 0)
    augmentation: Augmentation | None = about("After each round but the last; null for none.", RECIPE)
    strip_chains: Strips
    strip_frames: Frames
    long_chains: LongChains | None = about(
        "Chains from common starts, with augmentation and without; null for none.",
        {"starts": 4, "chains": 8, "rounds": 10},
    )

    def chain_steps(self, times: int = 1) -> int:
        return self.rounds * self.steps + self.final_steps

    def long_steps(self) -> list[int]:
        """The start, then the middle and the end of every round."""
        rounds = range(self.long_chains.rounds) if self.long_chains else ()
        taken = [number * self.steps + part for number in rounds for part in (self.steps // 2, self.steps)]
        return [0, *taken] if taken else []

    def cost(self, times: int = 1) -> int:
        """Those of the samples and of the long chains, which run twice."""
        long = self.long_chains
        extra = 2 * long.starts * long.chains * long.rounds * self.steps if long else 0
        return super().cost(times) + extra

    @model_validator(mode="after")
    def _strip_fits_the_chain(self):
        states = self.chain_steps() + 1
        if self.strip_frames > states:
            raise ValueError(f"strip_frames must be at most {states}, the states of a chain")
        if self.long_chains is not None and self.augmentation is None:
            raise ValueError("long_chains compares chains with and without augmentation, which is null here")
        return self

    def problems(self, energy, objective, sampler):
        yield from super().problems(energy, objective, sampler)
        if self.start == "replay" and getattr(sampler, "buffer", None) is None:
            yield "start: replay needs a run trained with a replay buffer; this one has none"

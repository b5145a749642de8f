"""Settings of `kind: gibbs`."""

from pydantic import model_validator

from ebmrepro.params.base import Count, about
from ebmrepro.params.generations import Generation, Samples, StripChains, StripFrames, Weights


class GibbsGeneration(Generation):
    """Block-Gibbs sweeps of an RBM from fair coins."""

    implementation = "ebmrepro.mcmc.gibbs_generate:generate"
    step_words = "Gibbs sweeps"

    needs = "gibbs"
    step_words = "Gibbs sweeps"

    weights: Weights
    samples: Samples
    steps: Count = about("Sweeps behind each sample.", 1000)
    strip_chains: StripChains
    strip_frames: StripFrames

    def chain_steps(self, times: int = 1) -> int:
        """`steps`"""
        return self.steps

    def tiny(self, samples: int) -> "GibbsGeneration":
        """One sweep."""
        return self.model_copy(update={"samples": samples, "steps": 1, "strip_frames": 2})

    @model_validator(mode="after")
    def _strip_fits_the_chain(self):
        if self.strip_frames > self.steps + 1:
            raise ValueError(f"strip_frames must be at most {self.steps + 1}, the states of a chain")
        return self

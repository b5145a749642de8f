from pydantic import model_validator

from ebmrepro.params.base import Count, about
from ebmrepro.params.generations import Frames, Generation, Samples, Strips, Weights


class GibbsGeneration(Generation, needs="gibbs", step_words="Gibbs sweeps"):
    """Block-Gibbs sweeps of an RBM from fair coins."""

    implementation = "ebmrepro.mcmc.gibbs_generate:generate"

    weights: Weights
    samples: Samples
    steps: Count = about("Sweeps behind each sample.", 1000)
    strip_chains: Strips
    strip_frames: Frames

    @model_validator(mode="after")
    def _strip_fits_the_chain(self):
        if self.strip_frames > self.steps + 1:
            raise ValueError(f"strip_frames must be at most {self.steps + 1}, the states of a chain")
        return self

from typing import ClassVar

from ebmrepro.params.base import Count, about
from ebmrepro.params.samplers import Sampler
from ebmrepro.params.sampling import Start


class GibbsSampler(Start, Sampler, needs="gibbs"):
    """Block-Gibbs sweeps of an RBM, the chain of its CD-k and PCD-k; noise is fair coins."""

    implementation = "ebmrepro.mcmc.gibbs:transition"
    start_box: ClassVar[None] = None
    augmentation: ClassVar[None] = None

    steps: Count = about("Sweeps of a chain, the k of CD-k.", 1)

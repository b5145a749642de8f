"""Settings of `kind: gibbs`."""

from typing import Literal

from ebmrepro.params.base import Count
from ebmrepro.params.samplers import Sampler
from ebmrepro.params.sampling import _Start


class GibbsSampler(_Start, Sampler):
    """`steps` block-Gibbs sweeps of an RBM, the chain of its CD-k and PCD-k; noise is fair coins."""

    needs = "gibbs"

    kind: Literal["gibbs"]
    steps: Count

from ebmrepro.params.samplers import Sampler
from ebmrepro.params.sampling import Langevin, Start


class LangevinSampler(Langevin, Start, Sampler):
    """Langevin dynamics as the negative chain of CD and ICD."""

    needs = "gradient"

from ebmrepro.params.samplers import Sampler
from ebmrepro.params.sampling import Langevin, Start


class LangevinSampler(Langevin, Start, Sampler, needs="gradient"):
    """Langevin dynamics as the negative chain of CD and ICD."""

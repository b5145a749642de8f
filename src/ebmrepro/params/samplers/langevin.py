from ebmrepro.params.samplers import Sampler
from ebmrepro.params.sampling import ContinuousStart, Langevin


class LangevinSampler(Langevin, ContinuousStart, Sampler, needs="gradient"):
    """Langevin dynamics as the negative chain of CD and ICD."""

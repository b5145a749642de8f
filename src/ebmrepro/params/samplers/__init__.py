"""`samplers`: the chain inside training, one module a kind."""

from ebmrepro.params.kinds import Kind


class Sampler(Kind):
    """The chain inside training."""

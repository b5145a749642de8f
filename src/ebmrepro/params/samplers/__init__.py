"""`samplers`: the chain inside training, one module a kind."""

from ebmrepro.params.kinds import Kind


class Sampler(Kind):
    """The chain inside training. Its implementation is one transition (mcmc/chain.py), or none: no chain.

    mcmc/negatives.py asks for `steps`, `start`, `start_box` (None: noise is fair coins), `buffer` and
    `augmentation`: what a kind has no key for is a variable of its class.
    """

    def cost(self) -> int:
        """Gradients in x, or sweeps, of a chain at each update."""
        return self.steps

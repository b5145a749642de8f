"""Settings of `kind: none`."""

from typing import Literal

from ebmrepro.params.samplers import Sampler


class NoChain(Sampler):
    """For objectives that need no negative samples."""

    kind: Literal["none"]

from typing import ClassVar

from ebmrepro.params.samplers import Sampler


class NoChain(Sampler):
    """For objectives that need no negative samples."""

    start: ClassVar[str] = "data"
    steps: ClassVar[int] = 0
    buffer: ClassVar[None] = None

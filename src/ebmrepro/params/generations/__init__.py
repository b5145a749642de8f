"""`generations`: sampling from a trained model, one module a kind."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ebmrepro.params.base import Count, Section
from ebmrepro.params.kinds import Kind

Weights = Literal["ema", "raw"]


class Generation(Kind):
    """A way to sample a trained model."""

    # What readers call the steps of a chain; "" if samples are drawn without one, and have no strip.
    step_words: ClassVar[str] = ""


class LongChains(Section):
    """Chains from one start, with and without the augmentation transition: do they separate?

    `chains` from the same point for each of `starts` points, `rounds` of the generation's `steps`.
    """

    starts: Count
    chains: Annotated[int, Field(ge=2, strict=True)]
    rounds: Count

"""Settings of `kind: icd`."""

from collections.abc import Iterator
from typing import Literal

from pydantic import model_validator

from ebmrepro.params.base import Count, NonNegative, Switch
from ebmrepro.params.objectives import Objective


class ImprovedContrastiveDivergence(Objective):
    """CD plus the KL term: L_opt times `kl_weight`, L_ent times `entropy_weight`; 0 leaves one of them out.

    `kl_samples` chain ends carry the graph, through the last `kl_steps` steps of the chain or `all` of them.
    The entropy comes from the distance to the `nearest`-th of `neighbours` samples of the replay buffer; it
    is off until the buffer holds more than `entropy_after`. `compare_full`: log the cosine between the
    gradients of L_KL through `kl_steps` and through all steps at each logged iteration; changes no result.
    """

    chain = True

    kind: Literal["icd"]
    energy_l2: NonNegative
    kl_weight: NonNegative
    entropy_weight: NonNegative
    kl_samples: Count
    kl_steps: Count | Literal["all"]
    neighbours: Count
    nearest: Count
    entropy_after: Count
    compare_full: Switch

    @model_validator(mode="after")
    def _terms_can_exist(self):
        if not self.kl_weight and not self.entropy_weight:
            raise ValueError("kl_weight and entropy_weight are both 0: that is kind: cd")
        if self.nearest > self.neighbours:
            raise ValueError(f"nearest is {self.nearest}, but there are {self.neighbours} neighbours")
        return self

    def problems(self, energy, sampler, schedule, dataset) -> Iterator[str]:
        """Also chains that it cannot differentiate through, and buffers without neighbours to look for."""
        yield from super().problems(energy, sampler, schedule, dataset)
        if not sampler.needs:
            return
        if sampler.needs != "gradient":
            yield f"icd differentiates through the chain, and {sampler.kind} draws binary states"
            return
        buffer = sampler.buffer
        if self.entropy_weight and (buffer is None or buffer.kind == "chains"):
            yield (
                "the entropy term looks for nearest neighbours in the replay buffer (fifo, reservoir), and"
                f" buffer is {'null' if buffer is None else 'of kind chains'}: give the sampler a buffer or"
                " the objective entropy_weight: 0.0"
            )
        elif self.entropy_weight and self.entropy_after >= buffer.size:
            yield (
                f"the entropy term waits for more than entropy_after = {self.entropy_after} samples, and the"
                f" replay buffer holds {buffer.size}: it would never begin"
            )
        if self.kl_steps != "all" and self.kl_steps > sampler.steps:
            yield (
                f"kl_steps is {self.kl_steps}, and the chain has {sampler.steps} steps: write kl_steps: all"
            )

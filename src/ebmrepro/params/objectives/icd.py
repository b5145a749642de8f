"""Settings of `kind: icd`."""

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

"""`objectives`: the training losses, each named as its paper names it."""

from typing import Annotated, Literal

from pydantic import Field

from ebm.params.base import Count, NonNegative, Section


class MaximumLikelihood(Section):
    """Exact maximum likelihood, for energies whose log Z is known."""

    kind: Literal["mle"]


class ContrastiveDivergence(Section):
    """Contrastive divergence; `energy_l2` weighs mean E^2 on both sides."""

    kind: Literal["cd"]
    energy_l2: NonNegative


class ImprovedContrastiveDivergence(Section):
    """CD plus the KL term: L_opt times `kl_weight`, L_ent times `entropy_weight`.

    `kl_samples` chain ends carry the graph, `neighbours` samples of the replay buffer form the set of
    the nearest-neighbour entropy, which is off until the buffer holds `entropy_after` samples.
    """

    kind: Literal["icd"]
    energy_l2: NonNegative
    kl_weight: NonNegative
    entropy_weight: NonNegative
    kl_samples: Count
    neighbours: Count
    entropy_after: Count


Objective = Annotated[
    MaximumLikelihood | ContrastiveDivergence | ImprovedContrastiveDivergence,
    Field(discriminator="kind"),
]

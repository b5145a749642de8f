"""`objectives`: the training losses, each named as its paper names it."""

import itertools
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, NonNegative, Positive, Section, Switch
from ebmrepro.params.sampling import Interval, _ordered


class GridPartition(Section):
    """log Z of a two-dimensional energy by the midpoint rule on `cells` x `cells` cells of a square `box`."""

    box: Interval
    cells: Annotated[int, Field(ge=16, le=4096, strict=True)]

    @model_validator(mode="after")
    def _box_is_an_interval(self):
        _ordered(self.box)
        return self


class MaximumLikelihood(Section):
    """Exact maximum likelihood. log Z is the energy's own (Gaussian in closed form, RBM by enumeration) with
    `grid: null`, else by quadrature in two dimensions."""

    kind: Literal["mle"]
    grid: GridPartition | None


class ContrastiveDivergence(Section):
    """Contrastive divergence; `energy_l2` weighs mean E^2 on both sides."""

    kind: Literal["cd"]
    energy_l2: NonNegative


class ImprovedContrastiveDivergence(Section):
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


class DenoisingScoreMatching(Section):
    """Denoising score matching (Vincent, 2011) at noise of standard deviation `sigma`."""

    kind: Literal["dsm"]
    sigma: Positive


class SlicedScoreMatching(Section):
    """Sliced score matching with `projections` random directions a point (Song et al., 2019)."""

    kind: Literal["ssm"]
    projections: Count


class DiffusionContrastiveDivergence(Section):
    """Diffusion contrastive divergence: KL(p_0 | q_0) - KL(p_T | q_T) for a diffusion without parameters.

    `levels`: for `ve` the standard deviation of the noise at each time, for `vp` the time itself; rising.
    Two of them make the one-step form. More make the time-dependent form, a sum of one-step divergences
    between neighbouring times, of an energy conditioned on time: E(x, t_0), ..., E(x, t_{N-1}).
    `inner_samples` is M, `stabiliser` w of the Monte-Carlo form (objectives/dcd.py).
    """

    kind: Literal["dcd"]
    diffusion: Literal["ve", "vp"]
    levels: Annotated[list[NonNegative], Field(min_length=2)]
    inner_samples: Count
    stabiliser: NonNegative

    @model_validator(mode="after")
    def _levels_rise(self):
        for before, after in itertools.pairwise(self.levels):
            if after <= before:
                what = "horizon of a VP diffusion" if self.diffusion == "vp" else "noise of a VE diffusion"
                raise ValueError(
                    f"the {what} from one level to the next must be above 0: levels must rise, got"
                    f" {self.levels}"
                )
        return self

    @property
    def times(self) -> int:
        """Times at which the energy is trained: 1 for the one-step form, whose energy knows no time."""
        return len(self.levels) - 1


class WakeSleep(Section):
    """The wake-sleep algorithm (Hinton, Dayan, Frey and Neal, 1995), for Helmholtz machines."""

    kind: Literal["wake_sleep"]


Objective = Annotated[
    MaximumLikelihood
    | ContrastiveDivergence
    | ImprovedContrastiveDivergence
    | DenoisingScoreMatching
    | SlicedScoreMatching
    | DiffusionContrastiveDivergence
    | WakeSleep,
    Field(discriminator="kind"),
]

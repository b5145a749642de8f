"""Training objectives, one file each, named as their papers name them."""

from ebm.objectives.cd import ContrastiveDivergence
from ebm.objectives.icd import ImprovedContrastiveDivergence
from ebm.objectives.mle import MaximumLikelihood
from ebm.objectives.terms import Terms
from ebm.params.objectives import Objective

KINDS = {
    "mle": MaximumLikelihood,
    "cd": ContrastiveDivergence,
    "icd": ImprovedContrastiveDivergence,
}

__all__ = ["Terms", "build_objective"]


def build_objective(config: Objective):
    """The objective that `config` describes: a callable (energy, data, sampler) -> Terms."""
    return KINDS[config.kind](config)

"""Training objectives, one file each, named as their papers name them."""

from ebm.objectives.cd import ContrastiveDivergence
from ebm.objectives.dcd import DiffusionContrastiveDivergence
from ebm.objectives.dsm import DenoisingScoreMatching
from ebm.objectives.icd import ImprovedContrastiveDivergence
from ebm.objectives.mle import MaximumLikelihood
from ebm.objectives.ssm import SlicedScoreMatching
from ebm.objectives.terms import Terms
from ebm.objectives.wake_sleep import WakeSleep
from ebm.params.objectives import Objective

KINDS = {
    "mle": MaximumLikelihood,
    "cd": ContrastiveDivergence,
    "icd": ImprovedContrastiveDivergence,
    "dsm": DenoisingScoreMatching,
    "ssm": SlicedScoreMatching,
    "dcd": DiffusionContrastiveDivergence,
    "wake_sleep": WakeSleep,
}

__all__ = ["Terms", "build_objective"]


def build_objective(config: Objective):
    """The objective that `config` describes: a callable (energy, data, sampler) -> Terms."""
    return KINDS[config.kind](config)

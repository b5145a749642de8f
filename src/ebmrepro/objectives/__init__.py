"""Training objectives, one file each, named as their papers name them."""

from ebmrepro.objectives.cd import ContrastiveDivergence
from ebmrepro.objectives.dcd import DiffusionContrastiveDivergence
from ebmrepro.objectives.dsm import DenoisingScoreMatching
from ebmrepro.objectives.icd import ImprovedContrastiveDivergence
from ebmrepro.objectives.mle import MaximumLikelihood
from ebmrepro.objectives.ssm import SlicedScoreMatching
from ebmrepro.objectives.terms import Terms
from ebmrepro.objectives.wake_sleep import WakeSleep
from ebmrepro.params.objectives import Objective

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

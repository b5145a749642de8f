from ebmrepro.params.base import Count, Several, about
from ebmrepro.params.evaluations import Evaluation


class BinaryEvaluation(Evaluation, needs="binary"):
    """Log-likelihood of binary data, pseudo-likelihood, MMD of samples, reconstructions.

    The likelihood is exact where an RBM has at most 25 visible or 25 hidden units, else estimated by annealed
    importance sampling; of a Helmholtz machine it is bounded by importance sampling.
    """

    ais_chains: Several = about("Chains of annealed importance sampling of log Z.", 500)
    ais_temperatures: Several = about("Distributions from base-rate RBM to model, both counted.", 10000)
    importance_samples: Count = about("Recognition draws a point, in the bound of a Helmholtz machine.", 1000)
    compared_samples: Several = about("Samples, training and test images that MMD is taken of, or all.", 1000)
    shown: Count = about("Filters and reconstructions kept for figures.", 64)

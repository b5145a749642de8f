from ebmrepro.params.evaluations import Evaluation


class GaussianEvaluation(Evaluation, needs="gaussian"):
    """Against a known Gaussian: KL(p_D || p_theta) where the energy is Gaussian, Fisher divergence always."""

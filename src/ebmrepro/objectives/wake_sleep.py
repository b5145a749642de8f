"""The wake-sleep algorithm (Hinton, Dayan, Frey and Neal, Science 268, 1995).

    L_wake(theta) = -E_{x ~ p_D} E_{h ~ r_phi(h | x)} [ log p_theta(x, h) ]
    L_sleep(phi)  = -E_{(x, h) ~ p_theta} [ log r_phi(h | x) ]

Wake: the recognition net explains the data, the generative net learns to produce data and explanation.
Sleep: the generative net dreams, the recognition net learns to explain the dreams. States are drawn without
graph, so each loss reaches its own net alone; for sigmoid units both gradients are the delta rule,

    -dL/dW = E[ (target - predicted probability) input^T ].

L_wake less the entropy of r_phi is the variational bound on -log p_theta(x); L_sleep is no term of that
bound: it fits r_phi to the posterior in KL(p || r), not KL(r || p), and under the machine's own samples.
"""

from torch import Tensor, nn

from ebmrepro.objectives.terms import Terms
from ebmrepro.params.objectives.wake_sleep import WakeSleep as Config


class WakeSleep:
    """Both phases as an objective: the terms `wake` and `sleep`, as many dreams as data, of a machine."""

    def __init__(self, config: Config):
        self.config = config

    def __call__(self, energy: nn.Module, data: Tensor, sampler) -> Terms:
        """Terms for one batch (B, d)."""
        explanation = energy.sample_recognition(data, sampler.generator)
        wake = -energy.log_joint(data, explanation).mean()
        dream, its_causes = energy.sample(len(data), sampler.generator)
        sleep = -energy.log_recognition(its_causes, dream).mean()
        logged = {"energy_positive": wake.detach(), "loss_wake": wake.detach(), "loss_sleep": sleep.detach()}
        return Terms({"wake": wake, "sleep": sleep}, logged)

from typing import Annotated

from ebmrepro.params.base import NonNegative, about
from ebmrepro.params.objectives import Method, Objective

EnergyL2 = Annotated[NonNegative, about("weight alpha of mean E² of data and of chain ends", 0.1, 0.0)]


class ContrastiveDivergence(Objective, columns=("energy_size", "loss_cd", "gradient_norm_cd"), chain=True):
    """Contrastive divergence (Hinton, 2002), with a penalty on the size of the energy."""

    # cd: chains from noise or from a replay buffer, as the ICD paper's baseline. cd_k: chains of k steps from
    # the data. pcd: persistent chains.
    methods = (
        Method("cd", "CD", "#D55E00", marker="o", order=20, symbol="L_CD", baseline=1),
        Method("cd_k", "CD-k", "#E69F00", "--", "s", 30, "L_CD", 2),
        Method("pcd", "PCD-k", "#7F3B08", "-.", "^", 40, "L_CD"),
    )

    energy_l2: EnergyL2

    def method(self, sampler):
        return {"data": "cd_k", "persistent": "pcd"}.get(getattr(sampler, "start", ""), "cd")

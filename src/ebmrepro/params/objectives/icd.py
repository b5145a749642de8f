import math
from typing import Literal

from pydantic import model_validator

from ebmrepro.params.base import Count, NonNegative, Switch, about
from ebmrepro.params.objectives import Method, Objective
from ebmrepro.params.objectives.cd import EnergyL2
from ebmrepro.params.sampling import Langevin

CONSISTENT = "consistent"


class ImprovedContrastiveDivergence(Objective, chain=True):
    """CD plus the KL term, L_opt and L_ent."""

    # icd: with a number for the weight of L_ent, as published. icd_consistent: with the weight that makes
    # L_KL a multiple of the KL divergence.
    methods = (
        Method("icd", "ICD", "#0072B2", marker="D", order=50, symbol="L_Full"),
        Method("icd_consistent", "ICD, consistent", "#332288", "--", "h", 55, "L_Full"),
    )
    columns = ("energy_size", "loss_cd", "loss_opt", "loss_entropy", "gradient_norm_cd", "gradient_norm_kl")

    energy_l2: EnergyL2
    kl_weight: NonNegative = about("weight of L_opt; 0 leaves it out", 1.0)
    entropy_weight: NonNegative | Literal[CONSISTENT] = about(
        "weight of L_ent; 0 leaves it out; consistent: kl_weight d T / S, with which L_KL is kl_weight T / S"
        " times the KL divergence, for d coordinates, T = noise² / (2 step_size), an energy of S scales",
        0.3,
        CONSISTENT,
    )
    kl_samples: Count = about("chain ends that carry the graph", 128)
    kl_steps: Count | Literal["all"] = about("last steps of the chain that L_KL's gradient passes", 1, "all")
    neighbours: Count = about("samples of the replay buffer for the entropy", 100)
    nearest: Count = about("the entropy is from the distance to the nearest-th of the neighbours", 1)
    entropy_after: Count = about("the entropy is off until the buffer holds more than so many", 1000)
    compare_full: Switch = about(
        "log the cosine between L_KL's gradients through kl_steps and through all steps; changes no result",
        False,
        True,
    )

    @model_validator(mode="after")
    def _terms_can_exist(self):
        if not self.kl_weight and not self.entropy_weight:
            raise ValueError("kl_weight and entropy_weight are both 0: that is kind: cd")
        if self.entropy_weight == CONSISTENT and not self.kl_weight:
            raise ValueError("entropy_weight: consistent is the weight beside L_opt, and kl_weight is 0")
        if self.nearest > self.neighbours:
            raise ValueError(f"nearest is {self.nearest}, but there are {self.neighbours} neighbours")
        return self

    def problems(self, energy, sampler, schedule, dataset):
        yield from super().problems(energy, sampler, schedule, dataset)
        if not sampler.needs:
            return
        if sampler.needs != "gradient":
            yield f"icd differentiates through the chain, and {sampler.kind} draws binary states"
            return
        if self.entropy_weight == CONSISTENT:
            yield from self._without_temperature(sampler)
        buffer = sampler.buffer
        if self.entropy_weight and (buffer is None or buffer.kind == "chains"):
            yield (
                "the entropy term looks for nearest neighbours in the replay buffer (fifo, reservoir), and"
                f" buffer is {'null' if buffer is None else 'of kind chains'}: give the sampler a buffer or"
                " the objective entropy_weight: 0.0"
            )
        elif self.entropy_weight and self.entropy_after >= buffer.size:
            waits = f"the entropy term waits for more than entropy_after = {self.entropy_after} samples"
            yield f"{waits}, and the replay buffer holds {buffer.size}: it would never begin"
        if self.kl_steps != "all" and self.kl_steps > sampler.steps:
            steps = f"kl_steps is {self.kl_steps}, and the chain has {sampler.steps} steps"
            yield f"{steps}: write kl_steps: all"

    def _without_temperature(self, sampler):
        temperature = "the temperature T = noise² / (2 step_size) of a Langevin chain"
        what = f"entropy_weight: consistent is d T / S with {temperature}"
        if not isinstance(sampler, Langevin):
            yield f"{what}, and {sampler.kind} is none: write a number"
        elif not sampler.noise:
            yield f"{what}, and this one has noise: 0.0, so T is 0: give it noise or write a number"
        elif sampler.anneal:
            why = "anneal: true takes the noise from its last step, so it ends at no temperature"
            yield f"{what}, and {why}: write anneal: false or a number"

    def method(self, sampler):
        return "icd_consistent" if self.entropy_weight == CONSISTENT else "icd"

    def resolved(self, energy, sampler, shape):
        if self.entropy_weight != CONSISTENT:
            return self
        temperature = sampler.noise**2 / (2 * sampler.step_size)
        weight = self.kl_weight * math.prod(shape) * temperature / getattr(energy, "scales", 1)
        return self.model_copy(update={"entropy_weight": weight})

    def logged(self) -> tuple[str, ...]:
        return (*self.columns, "kl_cosine", "kl_norm_ratio") if self.compare_full else self.columns

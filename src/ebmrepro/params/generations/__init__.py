"""`generations`: sampling from a trained model, one module a kind."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from ebmrepro.params.base import Count, Section, Several, about
from ebmrepro.params.kinds import Kind, those

Weights = Annotated[Literal["ema", "raw"], about("The moving average of weights, or the last.", "ema")]
Samples = Annotated[Count, about("Samples that are drawn with each seed.", 1000)]
Strips = Annotated[Count, about("Chains whose way the strip shows.", 8)]
Frames = Annotated[Several, about("Their states in the strip, evenly spaced from start to end.", 9)]


class Generation(Kind):
    """A way to sample a trained model: a function (config, target) -> Generated (mcmc/chunks.py)."""

    # Which of the energy's `chains` it runs.
    needs: ClassVar[str]
    # What readers call the steps of a chain; "" if samples are drawn without one, and have no strip.
    step_words: ClassVar[str] = ""
    # Settings that make its chain the shortest; those that it does not have are left aside.
    shortest: ClassVar[Mapping[str, object]] = {"steps": 1, "strip_frames": 2}

    def chain_steps(self, times: int = 1) -> int:
        """Steps of the chain behind each sample, of an energy with so many diffusion times; 1 without one."""
        return getattr(self, "steps", 1)

    def long_steps(self) -> list[int]:
        """Steps taken at each frame of the long chains; none if there are none."""
        return []

    def tiny(self, samples: int) -> "Generation":
        """The same kind of chain at its shortest, `samples` of them: to be timed or tested."""
        own = {key: value for key, value in self.shortest.items() if key in type(self).model_fields}
        return self.model_copy(update={"samples": samples, **own})

    def cost(self, times: int = 1) -> int:
        """Steps of single chains, gradients in x or sweeps, for the samples of one seed."""
        return self.samples * self.chain_steps(times)

    def problems(self, energy, objective, sampler) -> Iterator[str]:
        """Why it cannot sample `energy`, trained by the objective with the sampler's chains."""
        if self.needs not in energy.chains:
            what = "time-dependent energies" if energy.timed else f"energies of kind {energy.kind}"
            wanted = those("generations", lambda kind: kind.needs in energy.chains)
            yield f"{what} are sampled by a generation of kind {wanted}, not {self.kind}"
        if (augmentation := getattr(self, "augmentation", None)) is not None:
            yield from augmentation.problems(energy)


class LongChains(Section):
    """Chains from one start, with and without the augmentation transition: do they separate?"""

    starts: Count = about("Samples that chains start from.", 4)
    chains: Several = about("Chains from each of them.", 8)
    rounds: Count = about("Rounds of the generation's `steps` that each takes.", 10)

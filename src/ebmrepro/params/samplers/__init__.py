"""`samplers`: the chain inside training, one module a kind."""

from collections.abc import Iterator
from typing import ClassVar

from ebmrepro.params.kinds import Kind, those


class Sampler(Kind):
    """The chain inside training. Its implementation is one transition (mcmc/chain.py), or none: no chain.

    mcmc/negatives.py asks for `steps`, `start`, `start_box` (None: noise is fair coins), `buffer` and
    `augmentation`: what a kind has no key for is a variable of its class.
    """

    # Which of the energy's `chains` it runs; "" if none.
    needs: ClassVar[str] = ""

    def problems(self, energy, objective, schedule) -> Iterator[str]:
        """Why it makes no negative samples for the objective, which trains `energy` by the schedule."""
        if bool(self.needs) != objective.chain:
            runs = those("samplers", lambda kind: bool(kind.needs) == objective.chain).replace(" or", ",")
            if objective.chain:
                yield f"{objective.kind} needs a chain ({runs}), not {self.kind}"
            else:
                yield f"{objective.kind} runs no chain: name a sampler of kind {runs}, not {self.kind}"
        elif self.needs and self.needs not in energy.chains:
            words = {"gradient": "gradients in x", "gibbs": "units that are drawn in turn"}
            runs = those("samplers", lambda kind: kind.needs in energy.chains) or "no chain"
            needs = words.get(self.needs, self.needs)
            yield f"{energy.describe()} is sampled by {runs}: {self.kind} needs {needs}"
        buffer = getattr(self, "buffer", None)
        if buffer is not None and buffer.kind == "chains" and buffer.size < schedule.batch_size:
            yield f"{buffer.size} persistent chains are fewer than a batch of {schedule.batch_size}"
        if (augmentation := getattr(self, "augmentation", None)) is not None:
            yield from augmentation.problems(energy)

    def logged(self) -> tuple[str, ...]:
        """The columns that it adds to the training log: how far a buffer of continuous states is from the
        data (training/buffer_distance.py)."""
        return ("buffer_distance",) if self.needs == "gradient" and self.buffer else ()

    def cost(self) -> int:
        """Gradients in x, or sweeps, of a chain at each update."""
        return self.steps

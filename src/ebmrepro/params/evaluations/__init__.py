"""`evaluations`: which numbers are measured on a trained model and its samples, one module a kind."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from ebmrepro.params.base import Count, about
from ebmrepro.params.kinds import Kind, those

Neighbours = Annotated[Count, about("First samples shown beside the nearest training image of each.", 16)]


class Evaluation(Kind):
    """Metrics. Its implementation is measure(config, subject) -> Measured (evaluation/subject.py)."""

    implementation = "ebmrepro.evaluation.measures.{kind}:measure"
    # Which of the data set's `references` it compares with.
    needs: ClassVar[str]
    # Whether samples and data may not fit into memory: they are then maps of their files, not copies.
    mapped: ClassVar[bool] = False

    def problems(self, dataset, energy, generation) -> Iterator[str]:
        """Why it cannot measure samples that `generation` draws from `energy`, trained on the data set."""
        if self.needs not in dataset.references:
            wanted = those("evaluations", lambda kind: kind.needs in dataset.references)
            if wanted:
                yield f"{dataset.kind} data are measured by an evaluation of kind {wanted}, not {self.kind}"
            else:
                yield f"{self.kind} compares with {self.needs} references, and the data set has none"

    def cost(self) -> int:
        """Steps of single chains, gradients in x, that its numbers of one seed take."""
        return 0

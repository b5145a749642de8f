"""`evaluations`: which numbers are measured on a trained model and its samples, one module a kind."""

from ebmrepro.params.kinds import Kind


class Evaluation(Kind):
    """A set of metrics."""

    def cost(self) -> int:
        """Steps of single chains, gradients in x, that its numbers of one seed take."""
        return 0

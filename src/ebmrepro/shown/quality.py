"""By which number the methods on one data set are compared, and what the data themselves reach."""

from typing import NamedTuple

from ebmrepro.params.methods import objective_of
from ebmrepro.shown.loaders.evaluate import Measured


class Measure(NamedTuple):
    """A metric's key, its short `name`, its `unit`, and whether more of it is better.

    `reference`: what the data themselves reach, or its key among the data set's numbers or the metrics.
    """

    metric: str
    name: str
    unit: str
    higher: bool
    reference: str | float

    @property
    def words(self) -> str:
        """'log-likelihood (nats) ↑'."""
        return f"{self.name}{f' ({self.unit})' if self.unit else ''} {'↑' if self.higher else '↓'}"


# In the order of preference: the first that every run on a data set has.
FITS = (
    Measure("test_log_likelihood", "log-likelihood", "nats", True, "true_test_log_likelihood"),
    Measure("kl", "KL", "nats", False, 0.0),
    Measure("fisher_divergence", "Fisher divergence", "", False, 0.0),
)
SAMPLES = (
    Measure("wasserstein", "W₂", "", False, "wasserstein_train_to_test"),
    Measure("mmd_squared", "MMD²", "", False, "mmd_squared_train_to_test"),
    Measure("classifier_frechet", "classifier Fréchet", "", False, "classifier_frechet_train_to_test"),
    # The one that is judged (reproduction/published.yaml); what the data themselves reach is not measured.
    Measure("fid_legacy_tensorflow_train10k_10000", "Inception FID", "", False, "none"),
)
OF_IMAGES = SAMPLES[2:]


def shared(members: list[Measured], measures: tuple[Measure, ...]) -> Measure | None:
    """The first of `measures` that every run in `members` has, None if they share none."""
    for measure in measures:
        if all(any(measure.metric in m for m in member.metrics.values()) for member in members):
            return measure
    return None


def of_data(measure: Measure, members: list[Measured]) -> float | None:
    """What the data that `members` were trained on reach in `measure`, if that is known."""
    if not isinstance(measure.reference, str):
        return measure.reference
    known = [members[0].reference, *members[0].metrics.values()]
    return next((numbers[measure.reference] for numbers in known if measure.reference in numbers), None)


def likelihood_kind(member: Measured) -> str:
    """What a binary model's likelihood is, if not exact: ' (bound)', ' (AIS)'."""
    if objective_of(member.run.method).directed:
        return " (bound)"
    estimated = any("log_partition_error" in metrics for metrics in member.metrics.values())
    return " (AIS)" if estimated else ""

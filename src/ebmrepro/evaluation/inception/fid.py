"""Frechet Inception Distance (Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, 2017).

The FID of n samples is biased upwards, by about a constant over n that differs from model to model (Binkowski
et al., 2018; Chong and Forsyth, 2020): numbers at 10,000 and at 50,000 samples are never compared with each
other, and each is named after its number.
"""

from ebmrepro.evaluation.samples.frechet import Moments, distance_of_moments
from ebmrepro.files.workspace import WorkspaceError


def frechet_inception_distance(made: Moments, real: Moments) -> float:
    """The FID of two sets of features, at least 0 but for rounding.

    Raises WorkspaceError if either set is no larger than its features are many: its covariance is singular
    then, and the distance measures the missing directions.
    """
    for name, side in (("samples", made), ("reference images", real)):
        dimensions = len(side.mean)
        if side.count <= dimensions:
            raise WorkspaceError(
                f"no FID of {side.count} {name}: {dimensions} features have a singular covariance then,"
                f" measure at least {dimensions + 1}"
            )
    return distance_of_moments(made, real)
